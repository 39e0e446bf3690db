"""Benchmarks: the executables beside bare loops and other frameworks, on one local server. `python -m bench --help` tells how."""
