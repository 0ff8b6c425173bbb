"""Measurements side by side: ``python -m benchmarks`` writes a table and a figure, ``guard`` watches one ratio."""
