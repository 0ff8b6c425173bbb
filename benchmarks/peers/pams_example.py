"""PAMS on its CI2002 sample, Chiarella and Iori (2002); runs in the environment of PAMS.

One market, 100 fundamentalist-chartist-noise agents, 100 steps to fill the order book and 500 with trading; one agent
submits orders in each step.  Prints a JSON object: processor seconds, decisions of agents, version.
"""

import contextlib
import io
import json
import random
import time
import warnings
from importlib.metadata import version
from typing import Any

from pams.agents import FCNAgent
from pams.runners.sequential import SequentialRunner

MARKET, AGENTS = "Market", "FCNAgents"
SESSION = {"withOrderPlacement": True, "withPrint": False}
SETTING: dict[str, Any] = {
    "simulation": {
        "markets": [MARKET],
        "agents": [AGENTS],
        "sessions": [
            SESSION | {"sessionName": 0, "iterationSteps": 100, "withOrderExecution": False},
            SESSION | {"sessionName": 1, "iterationSteps": 500, "withOrderExecution": True},
        ],
    },
    MARKET: {"class": "Market", "tickSize": 1e-5, "marketPrice": 300.0},
    AGENTS: {
        "class": "FCNAgent",
        "numAgents": 100,
        "markets": [MARKET],
        "assetVolume": 50,
        "cashAmount": 10000,
        "fundamentalWeight": {"expon": [1.0]},
        "chartWeight": {"expon": [0.0]},
        "noiseWeight": {"expon": [1.0]},
        "meanReversionTime": {"uniform": [50, 100]},
        "noiseScale": 0.001,
        "timeWindowSize": [100, 200],
        "orderMargin": [0.0, 0.1],
    },
}
REPEATS = 5
"""Simulations per measurement; one takes some tens of milliseconds."""


class Counting(FCNAgent):
    """The same agent with a counter of its decisions."""

    asked = 0

    def submit_orders(self, markets: list[Any]) -> list[Any]:
        """Count and decide."""
        Counting.asked += 1
        return super().submit_orders(markets)


def simulate(counting: bool = False) -> None:
    """One simulation, set-up included, without output."""
    setting = SETTING | {AGENTS: SETTING[AGENTS] | {"class": "Counting"}} if counting else SETTING
    runner = SequentialRunner(settings=setting, prng=random.Random(1))
    runner.class_register(Counting)
    with contextlib.redirect_stdout(io.StringIO()):
        runner.main()


def main() -> None:
    """Count decisions once, measure and print."""
    warnings.simplefilter("ignore")
    simulate(counting=True)
    start = time.process_time()
    for _ in range(REPEATS):
        simulate()
    seconds = time.process_time() - start
    print(json.dumps({"seconds": seconds, "decisions": REPEATS * Counting.asked, "version": version("pams")}))


if __name__ == "__main__":
    main()
