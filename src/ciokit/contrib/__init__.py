"""What ties ciokit to a framework: a module for each, which alone needs it installed."""
