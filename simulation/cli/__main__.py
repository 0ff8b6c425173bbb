"""``python -m simulation.cli`` is ``carryflow``."""

from simulation.cli import main

main()
