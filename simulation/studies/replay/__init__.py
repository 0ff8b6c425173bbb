"""Replays of historical episodes: simulation from dated inputs, compared with observations."""
