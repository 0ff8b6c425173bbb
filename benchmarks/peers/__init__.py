"""Other agent-based libraries on their own examples; each script runs in the environment of its library."""
