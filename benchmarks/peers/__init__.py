"""Other agent-based libraries on their own examples, each in an environment of its own; the scripts here run in those."""
