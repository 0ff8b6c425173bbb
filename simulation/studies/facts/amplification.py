"""How much of its own fall a shock to USDJPY reproduces: pairs of runs with and without the shock, the same otherwise.

Large shocks reach stops and margin calls, so they should be amplified more than small ones; with every reaction
switched off a shock passes through unchanged (CALIBRATION section 3).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from simulation.compute.ensemble import resolved, run_ensemble, with_seed
from simulation.results.metrics import FinishedRuns
from simulation.studies.facts.resampling import LEAST_RUNS
from simulation.studies.facts.simulated import Estimate, single_runs
from simulation.values.calendar import business_days
from simulation.values.conventions import PERCENT, Array

if TYPE_CHECKING:
    from simulation.day.recorder import Record
    from simulation.scenario.cloud import Cloud
    from simulation.scenario.scenario import Scenario

SMALL_PCT, LARGE_PCT = 1.0, 4.0
"""Falls of USDJPY whose amplification is compared, CALIBRATION section 3."""
SHOCK_DAY, DAYS_AFTER = 10, 40
"""Business days before the shock, in which the model settles, and after it, in which it is to unfold."""


@dataclass(frozen=True)
class Base:
    """What is run: a scenario by name or file, with overrides, another seed and parameter sets if they are given."""

    scenario: str | Path
    settings: tuple[str, ...] = ()
    seed: int | None = None
    cloud: Cloud | None = None

    def resolved(self, settings: tuple[str, ...] = ()) -> Scenario:
        """Return the scenario with further settings."""
        found = resolved(self.scenario, (*self.settings, *settings))
        return found if self.seed is None else with_seed(found, self.seed)

    def with_settings(self, *settings: str) -> Self:
        """Return the same with further settings."""
        return replace(self, settings=(*self.settings, *settings))


def peak_amplification(shocked: Record, twin: Record, shock_pct: float) -> Array:
    """Largest fall of log USDJPY below its twin over the size of the shock, ``(runs,)``.

    ``max_t (ln S'_t - ln S_t) / -ln(1 - shock)``, S with the shock, S' without.

    Parameters
    ----------
    shocked, twin : Record
        The same runs of the same scenario with and without the shock, so that they meet the same news otherwise.  Only
        runs that finished in both count.
    shock_pct : float
        By how many percent the shock lowers the fundamental USDJPY, positive.

    Raises
    ------
    ValueError
        If the records do not pair, or the shock has no size.
    """
    if not 0.0 < shock_pct < 100.0:
        raise ValueError(f"shock_pct must lie between 0 and 100, got {shock_pct}: the size of a fall in percent")
    if not np.array_equal(shocked.runs, twin.runs) or not np.array_equal(shocked.dates, twin.dates):
        raise ValueError("the records must hold the same runs and days: simulate both from one scenario")
    both = FinishedRuns(shocked).rows & FinishedRuns(twin).rows
    fall = np.log(twin.market["usdjpy"][both]) - np.log(shocked.market["usdjpy"][both])
    return np.asarray(fall.max(axis=1) / -np.log1p(-shock_pct * PERCENT))


def mean_ratio(large: Array, small: Array) -> Estimate:
    """Mean amplification of the large shock over that of the small one, its error, and the ratio of single runs.

    ``var = sum [(a_r - R b_r) / mean b]^2 / (n (n - 1))``, the delta method for paired runs.

    Parameters
    ----------
    large, small : array
        Peak amplification of each run, ``(runs,)``.

    Raises
    ------
    ValueError
        If the runs differ in number.
    """
    if large.shape != small.shape:
        raise ValueError(f"{large.size} and {small.size} runs: a ratio needs the same runs of both shocks")
    if not large.size:
        return Estimate(*[float("nan")] * 5)
    value, error = float(large.mean() / small.mean()), float("nan")
    if large.size >= LEAST_RUNS:
        residual = (large - value * small) / small.mean()
        error = float(np.sqrt((residual**2).sum() / (large.size * (large.size - 1))))
    return Estimate(value, error, *single_runs(large / small))


def amplifications(base: Base, runs: int, workers: int | None = 1) -> dict[float, Array]:
    """Peak amplification by size of the shock in percent, ``(runs,)`` each, from the start of a scenario.

    All runs that finished with every shock; shocked and unshocked runs meet the same news on all other days.
    """
    scenario, sizes = base.resolved(), (0.0, SMALL_PCT, LARGE_PCT)
    records = {
        size: run_ensemble(base.resolved(shock(scenario, size)), runs, workers, cloud=base.cloud) for size in sizes
    }
    # A run counts when it finished with every shock, so that ratios are taken run by run.
    stopped = {row: stop for record in records.values() for row, stop in record.stopped.items()}
    whole = {size: replace(record, stopped=stopped) for size, record in records.items()}
    twin = whole.pop(0.0)
    return {size: peak_amplification(record, twin, size) for size, record in whole.items()}


def amplification_estimates(base: Base, runs: int, workers: int | None = 1) -> dict[str, Estimate]:
    """Return the three statistics of amplification, by name.

    ``amplification_ratio``
        Large over small shock when nothing else happens: runs differ only in who holds what.
    ``amplification_in_news``
        The same among the scenario's daily news: small shocks then tip over what news had brought near its stop.
    ``amplification_frozen``
        Amplification of the large shock when only populations with switches are there, and all their switches are off.
        The others have no switches: 4 % reach retail traders' margins, which alone makes about 1.06.
    """
    calm = amplifications(base.with_settings("noise.scale_x=0"), runs, workers)
    news = amplifications(base, runs, workers)
    frozen = amplifications(base.with_settings(*frozen_settings(base.resolved())), runs, workers)
    return {
        "amplification_ratio": mean_ratio(calm[LARGE_PCT], calm[SMALL_PCT]),
        "amplification_in_news": mean_ratio(news[LARGE_PCT], news[SMALL_PCT]),
        "amplification_frozen": mean_ratio(frozen[LARGE_PCT], np.ones_like(frozen[LARGE_PCT])),
    }


def shock(scenario: Scenario, size_pct: float) -> tuple[str, ...]:
    """Return the settings of a short scenario in which USDJPY's value falls by `size_pct` on one day, or does not move.

    The day's own news is given in both, so that only the shock tells them apart.
    """
    days = business_days(scenario.start, scenario.end)
    last = min(SHOCK_DAY + DAYS_AFTER, len(days) - 1)
    day = days[min(SHOCK_DAY, last)]
    return (f"end={days[last]}", f"news=[{{date: {day}, value_pct: {{usdjpy: {-size_pct}}}}}]")


def frozen_settings(scenario: Scenario) -> tuple[str, ...]:
    """Return the settings that leave nobody who reacts.

    Every switch is off: stops, volatility targets, margin calls, covenants; incentives, momentum and risk budgets.
    Populations without switches are left out.
    """
    tables = {name: getattr(population, "switches", None) for name, population in scenario.populations.items()}
    left_out = (f"populations.{name}=null" for name, table in tables.items() if table is None)
    switched_off = (
        f"populations.{name}.switches.{switch}=false"
        for name, table in tables.items()
        if table is not None
        for switch in type(table).model_fields
    )
    return (*left_out, *switched_off)
