"""What the number a command ends with means."""

DONE = 0
INTERNAL_ERROR = 1
USAGE = 2
FAILED_RUNS = 3
DIFFERS = 4
INTERRUPTED = 130
BROKEN_PIPE = 141
