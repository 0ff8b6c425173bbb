"""Figures of a batch of runs, in one style, each with its numbers as CSV."""
