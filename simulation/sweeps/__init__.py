"""Sweeps: one scenario at many points of its parameter space, many times each, safe to interrupt, the same bytes anywhere."""
