"""What `ciokit spool` does and shows."""
