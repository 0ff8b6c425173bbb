"""The part of PAMS that a benchmark uses."""
