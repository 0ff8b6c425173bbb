"""bamengine on the example of its start page: 100 firms, 500 households, 100 periods; runs in its own environment.

Every firm, household and bank acts at least once per period; a period of an agent counts as one decision.  The log is off.
Prints a JSON object: processor seconds, decisions of agents, version.
"""

import json
import time
from importlib.metadata import version

import bamengine

FIRMS, HOUSEHOLDS, BANKS, PERIODS = 100, 500, 10, 100


def simulate(periods: int) -> None:
    """One simulation, set-up included."""
    economy = bamengine.Simulation.init(
        n_firms=FIRMS, n_households=HOUSEHOLDS, n_banks=BANKS, seed=42, log_level="ERROR"
    )
    economy.run(n_periods=periods)


def main() -> None:
    """Warm up, measure and print."""
    simulate(2)
    start = time.process_time()
    simulate(PERIODS)
    seconds = time.process_time() - start
    decisions = (FIRMS + HOUSEHOLDS + BANKS) * PERIODS
    print(json.dumps({"seconds": seconds, "decisions": decisions, "version": version("bamengine")}))


if __name__ == "__main__":
    main()
