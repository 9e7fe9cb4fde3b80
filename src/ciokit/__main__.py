"""Run the command line as `python -m ciokit`."""

from ciokit_command import main

if __name__ == "__main__":
    main()
