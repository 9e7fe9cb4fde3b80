"""Other libraries' own interfaces over ciokit, for programs that move over by changing an import."""
