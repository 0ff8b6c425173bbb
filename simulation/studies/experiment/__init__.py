"""Experiments: their definition, the runner, and drawing functions that studies share."""
