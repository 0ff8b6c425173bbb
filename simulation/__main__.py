"""``python -m simulation`` is ``carryflow``."""

from simulation.cli import main

main()
