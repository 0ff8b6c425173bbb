"""Replay an episode: a scenario with dated inputs, held against what was observed."""
