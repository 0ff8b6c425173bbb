"""Two scenarios compared run by run with the same news."""
