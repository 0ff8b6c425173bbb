"""The calibration of carryflow: the path of August 2024 and the stylised facts of USDJPY, and nothing else.

Two plain functions ``simulate(theta, runs, seed) -> moments`` stand here, one for each group of moments.  Both run all
parameter sets in one batch, a run having parameters of its own.  Targets are those of CALIBRATION sections 1 and 3.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final

import numpy as np

from simulation import __version__
from simulation.compute.ensemble import with_seed
from simulation.day.capital_flows import simulate
from simulation.day.recorder import Record
from simulation.scenario.cloud import with_values
from simulation.scenario.config.loading import load
from simulation.scenario.event import Event, Expectation
from simulation.scenario.scenario import Scenario
from simulation.studies.calibration.prior_table import PRIORS, PRODUCT
from simulation.studies.calibration.problem import Problem, Simulator, Target
from simulation.studies.facts.amplification import LARGE_PCT, SMALL_PCT, peak_amplification, shock
from simulation.studies.facts.measured import BY_NAME
from simulation.studies.facts.simulated import READ, first_day, history_of
from simulation.studies.facts.stored import load_facts
from simulation.studies.replay import measures
from simulation.values.conventions import Array

NAME: Final = "august_2024"
EVENT: Final = "august_2024"
HISTORY: Final = "long_history"
COARSE: Final = {
    "carry_funds": 300, "yen_borrowers": 60, "retail_fx": 60, "crypto_traders": 60, "life_insurers": 30, "pension_funds": 30,
    "banks": 30, "investment_trusts": 30, "bitcoin_etf_holders": 30, "foreigners_in_japan": 30,
}  # fmt: skip
"""Investors of each kind while fitting: a resolution, not a quantity; measures differ from the shipped numbers by less than
their tolerance (tested)."""
BLOCK: Final = 96
"""Runs of a history simulated in one pass, for memory."""
HISTORY_RUNS: Final = 3
"""Decades of a history for each set: about as long as 1990-2024, so that its moments scatter as the observed ones do."""
EPISODE_SETS, SHOCK_SETS, HISTORY_SETS = 12_288, 4_096, 768


def episode_targets() -> tuple[Target, ...]:
    """Section 1: the fit to the path, its trough, the share unwound, the retracement, and the day of the decision.

    Discrepancies are half of the accepted range where one is given: a central path cannot hold the unknown news of the days.
    """
    source = "CALIBRATION section 1; Federal Reserve H.10"
    return (
        Target("path_rmse", 0.0, 0.6, "pp", source, "Distance from the path", "episode", (0.0, 1.5)),
        Target("trough", -10.99, 1.0, "%", source, "Trough", "episode", (-14.0, -9.0)),
        Target("unwound", 0.625, 0.06, "share", "street estimates, 50-75 %", "Levered unwind", "episode", (0.5, 0.75)),
        Target("retrace", 0.355, 0.1, "share", source, "Retracement", "episode", (0.3, 1.0)),
        Target("decision_day", -2.17, 0.8, "%", source, "31 July 2024", "episode"),
    )


EPISODE_MEASURES: Final = (
    {"measure": "path_rmse_pp"},
    {"measure": "trough_pct"},
    {"measure": "unwound_share", "last_day": "2024-08-05"},
    {"measure": "retrace_share", "first_day": "2024-07-30", "turning_day": "2024-08-05", "last_day": "2024-08-08"},
    {"measure": "move_pct", "first_day": "2024-07-31", "last_day": "2024-07-31"},
)
"""How each target of the episode is measured, in their order."""
HISTORY_TARGETS: Final = {
    "daily_sd_pct": 0.02,
    "daily_skew": 0.1,
    "daily_kurtosis": 1.0,
    "weekly_skew": 0.2,
    "tail_index": 0.2,
    "acf_size_1": 0.02,
    "acf_size_20": 0.02,
    "acf_size_100": 0.02,
    "days_below_2": 0.3,
    "days_above_2": 0.2,
    "skew_slope": 0.02,
}
"""Statistics of section 3 that are fitted, each with the discrepancy that the model is allowed, in its unit.  Sampling error
comes on top by itself: a simulated history is as long as the observed one."""


SHOCK_TARGET: Final = Target(
    "amplification", 2.0, 0.12, "ratio", "CALIBRATION section 3: at least 1.7; 2.0 leaves a margin (assumption)",
    "Amplification, 4 % over 1 %", "shock", (1.7, 10.0),
)  # fmt: skip


def history_targets() -> tuple[Target, ...]:
    """Section 3: moments of 1990-2024 as stored.

    Raises
    ------
    ValueError
        If a fitted statistic has no historical value.
    """
    facts, targets = load_facts().facts, []
    for name, sd in HISTORY_TARGETS.items():
        fact = facts[name]
        if fact.value is None:
            raise ValueError(f"{name} has no historical value to fit: write the stored facts anew (make facts-history)")
        targets.append(Target(name, fact.value, sd, fact.unit, fact.source, fact.label, "history"))
    return tuple(targets)


@lru_cache(maxsize=8)
def episode(seed: int) -> Event:
    """The event without drawn news, at the resolution of the fit."""
    settings = ["noise.scale_x=0", *(f"populations.{name}.investors={count}" for name, count in COARSE.items())]
    event: Event = load(EVENT, settings, root=Event, kind="events").scenario
    return event.model_copy(update={"seed": seed})


@lru_cache(maxsize=8)
def history(seed: int) -> Scenario:
    """The long history with its seed."""
    return with_seed(load(HISTORY).scenario, seed)


def variants(scenario: Scenario, theta: Array) -> list[Scenario]:
    """The scenario of each parameter set; `theta` is ``(sets, parameters)`` in the order of `PRIORS`."""
    return [
        with_values(scenario, {prior.key: float(value) for prior, value in zip(PRIORS, row, strict=True)})
        for row in theta
    ]


def simulate_episode(theta: Array, runs: int, seed: int) -> Array:
    """Moments of August 2024 of each parameter set, ``(sets, 5)``: means over `runs` draws of the investors.

    Parameters
    ----------
    theta
        Parameter sets ``(sets, parameters)`` in the order and units of `PRIORS`.
    runs
        Draws of the investors for each set; no news is drawn.
    seed
        Seed of all draws.
    """
    event = episode(seed)
    numbers = range(len(theta) * runs)
    wanted = [Expectation.model_validate(item) for item in EPISODE_MEASURES]
    columns = frozenset(measures.read_for(item) for item in wanted)
    record = simulate(event, numbers, variants(event, np.repeat(theta, runs, axis=0)), columns)
    found = (measures.simulated(event, record, item) for item in wanted)
    placed_values = [placed(record, None if values is None else values[:, None]) for values in found]
    return np.asarray(np.concatenate(placed_values, axis=1).reshape(len(theta), runs, len(wanted)).mean(axis=1))


def placed(record: Record, finished: Array | None) -> Array:
    """Values of the finished runs ``(finished, k)`` at the places of all runs, not-a-number for the others, ``(runs, k)``."""
    whole = np.full((len(record.runs), 1 if finished is None else finished.shape[1]), np.nan)
    if finished is not None:
        whole[record.finished] = finished
    return whole


def simulate_history(theta: Array, runs: int, seed: int) -> Array:
    """Moments of a long history of each parameter set, ``(sets, moments)``: of `runs` decades taken together.

    Parameters are those of `simulate_episode`; news and rate paths are drawn.
    """
    scenario = history(seed)
    repeated = np.repeat(theta, runs, axis=0)
    parts = [_sums(scenario, repeated, block) for block in _blocks(len(repeated))]
    found = []
    for place, name in enumerate(HISTORY_TARGETS):
        sums = np.concatenate([part[place] for part in parts])
        pooled = sums.reshape(len(theta), runs, -1).sum(axis=1)
        found.append(BY_NAME[name].statistic(pooled))
    return np.stack(found, axis=1)


def _blocks(count: int) -> Iterator[range]:
    return (range(first, min(first + BLOCK, count)) for first in range(0, count, BLOCK))


def _sums(scenario: Scenario, repeated: Array, block: range) -> list[Array]:
    """Sums of terms of every fitted statistic in one block of runs, each ``(runs, terms)``; not-a-number where a run stopped."""
    record = simulate(scenario, block, variants(scenario, repeated[block.start : block.stop]), READ)
    past = history_of(record).between(first_day(scenario), scenario.end)
    return [placed(record, BY_NAME[name].terms(past).sum(axis=1)) for name in HISTORY_TARGETS]


def simulate_shock(theta: Array, runs: int, seed: int) -> Array:
    """Amplification of a fall of 4 % over that of 1 %, ``(sets, 1)``: no other news, means over `runs` draws of investors.

    Parameters are those of `simulate_episode`.
    """
    repeated, numbers = np.repeat(theta, runs, axis=0), range(len(theta) * runs)
    records = {}
    for size in (0.0, SMALL_PCT, LARGE_PCT):
        scenario = shocked(size, seed)
        records[size] = simulate(scenario, numbers, variants(scenario, repeated), frozenset({"usdjpy"}))
    # A run counts when it finished with every shock.
    stopped = {row: stop for record in records.values() for row, stop in record.stopped.items()}
    twin, small, large = (replace(record, stopped=stopped) for record in records.values())
    peaks = (peak_amplification(record, twin, size) for record, size in ((small, SMALL_PCT), (large, LARGE_PCT)))
    by_small, by_large = (placed(twin, values[:, None]) for values in peaks)
    return np.asarray((by_large / by_small).reshape(len(theta), runs).mean(axis=1)[:, None])


@lru_cache(maxsize=8)
def shocked(size_pct: float, seed: int) -> Scenario:
    """The long history's start with a fall of USDJPY's value and no other news."""
    base = load(HISTORY).scenario
    return with_seed(load(HISTORY, ("noise.scale_x=0", *shock(base, size_pct))).scenario, seed)


def problem() -> Problem:
    """The problem that ``carryflow calibrate`` solves."""
    simulators: Sequence[Simulator] = (
        Simulator("episode", simulate_episode, EPISODE_SETS, batch=128, runs=1),
        Simulator("shock", simulate_shock, SHOCK_SETS, batch=128, runs=1),
        Simulator("history", simulate_history, HISTORY_SETS, batch=32, runs=HISTORY_RUNS, checks=256),
    )
    targets = (*episode_targets(), SHOCK_TARGET, *history_targets())
    return Problem(NAME, __version__, PRIORS, targets, tuple(simulators), (PRODUCT,), (EVENT,))
