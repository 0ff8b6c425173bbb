"""Guard against a slower engine: ratio of engine time to the time of a fixed NumPy loop, measured alternately."""

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
"""Investors per default population, largest first: widths of the arrays of a day."""
PASSES = 40
"""Passes of the reference over every block per day; chosen once so that it takes about as long as the engine."""
BOUND = 1.4
"""Largest allowed median ratio, as printed by ``python -m benchmarks guard --measure-bound``."""
MARGIN = 1.4
"""Bound relative to the measured ratio; the median varies by a tenth between hours."""
ROUNDS = 11
TRIES = 3
"""Number of measurements that must all exceed the bound for a failure."""
MEASUREMENTS = 3
"""Number of measurements for a new bound."""


def reference_day(blocks: list[Array], personal: list[Array]) -> float:
    """One day of the reference: the array operations of a rule (arithmetic, limits, choices, sums) over every block.

    Must not change: the bound is relative to it.
    """
    total = 0.0
    for _ in range(PASSES):
        for state, own in zip(blocks, personal, strict=True):
            target = np.minimum(own * 1.01, 15.0) * state
            gap = np.where(np.abs(target - state) > 0.1 * state, target - state, 0.0)
            hit = (state < 0.5 * own) & (state > 0.0)
            moved = np.where(hit, np.maximum(0.9 - gap, 0.0), gap * 0.05)
            state += moved * 1e-3
            total += float(np.ascontiguousarray(moved).sum(axis=1, keepdims=True)[0, 0])
    return total


def reference_seconds(days: int) -> float:
    """Processor seconds of the reference over `days`."""
    drawn = np.random.default_rng(1)
    blocks = [drawn.random((RUNS, width)) + 0.5 for width in BLOCKS]
    personal = [drawn.random((RUNS, width)) + 0.5 for width in BLOCKS]
    start = process_time()
    for _ in range(days):
        reference_day(blocks, personal)
    return process_time() - start


def guard_scenario() -> Scenario:
    """December 2025 with the default populations, to `DAYS_END`."""
    return load_scenario("december_2025_official", [f"end={DAYS_END}"])


def engine_seconds(scenario: Scenario) -> float:
    """Processor seconds of the engine."""
    start = process_time()
    simulate(scenario, range(RUNS))
    return process_time() - start


def ratios(rounds: int, engine: Callable[[], float], reference: Callable[[], float]) -> list[float]:
    """Engine time over reference time in each round, after one warm-up round; the order alternates."""
    engine(), reference()
    values = []
    for turn in range(rounds):
        if turn % 2:
            above, below = engine(), reference()
        else:
            below, above = reference(), engine()
        values.append(above / below)
    return values


def measure_ratios(rounds: int) -> list[float]:
    """Measure the ratios on this machine."""
    scenario = guard_scenario()
    days = len(scenario_days(scenario)) - 1
    return ratios(rounds, lambda: engine_seconds(scenario), lambda: reference_seconds(days))


def repeated_checks(rounds: int, bound: float) -> Iterator[tuple[bool, str]]:
    """Yield results until one is within the bound, at most `TRIES`."""
    for _ in range(TRIES):
        passed, message = check_ratios(measure_ratios(rounds), bound)
        yield passed, message
        if passed:
            return


def measure_bound(rounds: int) -> Iterator[str]:
    """Yield a line per measured median, then the resulting bound."""
    medians = []
    for _ in range(MEASUREMENTS):
        medians.append(median(measure_ratios(rounds)))
        yield f"median {medians[-1]:.3f} of {rounds} rounds"
    yield f"BOUND = {MARGIN * median(medians):.2g}"


def check_ratios(values: list[float], bound: float) -> tuple[bool, str]:
    """Whether the median ratio is within the bound, and a message."""
    middle = median(values)
    passed = middle <= bound
    span = f"{min(values):.2f} to {max(values):.2f} over {len(values)} rounds"
    comparison = "within" if passed else "beyond"
    return passed, f"engine / NumPy reference: median {middle:.2f} ({span}), {comparison} the bound {bound:g}"
