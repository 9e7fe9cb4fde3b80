"""Where entries wait until they are delivered: in memory or in a spool on disk, behind one small contract."""
