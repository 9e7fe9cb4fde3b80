"""Measures ciokit beside the libraries it is compared with: `make bench`, or `python -m benchmarks --help`."""
