"""Batches of runs on one or several processes."""
