"""What a scenario or event file may say, and batches of scenarios."""
