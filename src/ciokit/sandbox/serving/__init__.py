"""The shells around the world: sockets, certificates, the page, the store on disk, errands."""
