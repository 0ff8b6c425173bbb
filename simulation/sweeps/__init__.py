"""Sweeps: one scenario at many points of its parameter space, with many runs each; they can be interrupted and reproduced."""
