"""Scenarios and events: schema, checks, configuration files and batches of runs."""
