"""A guard against a slower engine that knows no absolute time: engine and a fixed NumPy loop in turn, and their ratio."""

from collections.abc import Callable, Iterator
from statistics import median
from time import process_time

import numpy as np

from simulation.compute.ensemble import load_scenario
from simulation.day.capital_flows import scenario_days, simulate
from simulation.scenario.scenario import Scenario
from simulation.values.conventions import Array

RUNS = 32
DAYS_END = "2025-12-12"
BLOCKS = (1000, 600, 200, 200, 200, 100, 100, 100, 100, 100)
"""Investors of the default cast, largest first: the widths of the arrays that a day works on."""
PASSES = 40
"""Times that the reference goes over every block in a day; set once so that it takes about as long as the engine."""
BOUND = 1.4
"""Largest allowed median of engine time over reference time, as ``python -m benchmarks guard --measure-bound`` prints it."""
MARGIN = 1.4
"""The bound over the ratio measured: noise between hours moves the median by a tenth, a loss of half the speed by a half."""
ROUNDS = 11
TRIES = 3
"""Measurements that must all be beyond the bound: other work on a machine comes and goes, a slower engine stays."""
MEASUREMENTS = 3
"""Measurements that a new bound is the middle of."""


def reference_day(blocks: list[Array], personal: list[Array]) -> float:
    """One day of the reference: the array work of a rule (arithmetic, limits, choices, sums) over every block.

    It must never change: the bound is a ratio to it.
    """
    total = 0.0
    for _ in range(PASSES):
        for state, own in zip(blocks, personal, strict=True):
            wanted = np.minimum(own * 1.01, 15.0) * state
            gap = np.where(np.abs(wanted - state) > 0.1 * state, wanted - state, 0.0)
            hit = (state < 0.5 * own) & (state > 0.0)
            moved = np.where(hit, np.maximum(0.9 - gap, 0.0), gap * 0.05)
            state += moved * 1e-3
            total += float(np.ascontiguousarray(moved).sum(axis=1, keepdims=True)[0, 0])
    return total


def reference_seconds(days: int) -> float:
    """Processor time of the reference over so many days."""
    drawn = np.random.default_rng(1)
    blocks = [drawn.random((RUNS, width)) + 0.5 for width in BLOCKS]
    personal = [drawn.random((RUNS, width)) + 0.5 for width in BLOCKS]
    start = process_time()
    for _ in range(days):
        reference_day(blocks, personal)
    return process_time() - start


def guard_scenario() -> Scenario:
    """December 2025 with the default cast, its first four weeks."""
    return load_scenario("december_2025_official", [f"end={DAYS_END}"])


def engine_seconds(scenario: Scenario) -> float:
    """Processor time of the engine."""
    start = process_time()
    simulate(scenario, range(RUNS))
    return process_time() - start


def ratios(rounds: int, engine: Callable[[], float], reference: Callable[[], float]) -> list[float]:
    """Engine time over reference time in each round, after a round that does not count; who goes first alternates."""
    engine(), reference()
    found = []
    for turn in range(rounds):
        if turn % 2:
            above, below = engine(), reference()
        else:
            below, above = reference(), engine()
        found.append(above / below)
    return found


def measured_ratios(rounds: int) -> list[float]:
    """Ratios on this machine, now."""
    scenario = guard_scenario()
    days = len(scenario_days(scenario)) - 1
    return ratios(rounds, lambda: engine_seconds(scenario), lambda: reference_seconds(days))


def watched(rounds: int, bound: float) -> Iterator[tuple[bool, str]]:
    """Verdicts until one is within the bound, at most `TRIES`."""
    for _ in range(TRIES):
        passed, said = verdict(measured_ratios(rounds), bound)
        yield passed, said
        if passed:
            return


def measured_bound(rounds: int) -> Iterator[str]:
    """The medians of several measurements, a line each, and the bound that follows from them."""
    medians = []
    for _ in range(MEASUREMENTS):
        medians.append(median(measured_ratios(rounds)))
        yield f"median {medians[-1]:.3f} of {rounds} rounds"
    yield f"BOUND = {MARGIN * median(medians):.2g}"


def verdict(found: list[float], bound: float) -> tuple[bool, str]:
    """Whether the engine is as fast as it was, and a sentence."""
    middle = median(found)
    passed = middle <= bound
    span = f"{min(found):.2f} to {max(found):.2f} over {len(found)} rounds"
    said = "within" if passed else "beyond"
    return passed, f"engine / NumPy reference: median {middle:.2f} ({span}), {said} the bound {bound:g}"
