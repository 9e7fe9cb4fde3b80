"""Run the command line as `python -m ciokit`."""

from ciokit.cli import main

if __name__ == "__main__":
    main()
