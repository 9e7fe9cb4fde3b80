"""Tools that write parts of the sources."""
