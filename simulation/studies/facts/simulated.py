"""The simulated column: long histories run in blocks that fit into memory, and what is measured on them.

How much of its own fall a shock to USDJPY reproduces: pairs of runs with and without the shock, the same otherwise.

Large shocks reach stops and margin calls, so they should be amplified more than small ones; with every reaction
switched off a shock passes through unchanged (CALIBRATION section 3).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

import numpy as np

from simulation.compute.ensemble import load_scenario, run_ensemble, simulate_block, with_seed
from simulation.compute.workers import map_in_order
from simulation.day.capital_flows import scenario_days
from simulation.results.metrics import LEVERED, QUANTILES, FinishedRuns
from simulation.studies.facts.history import HISTORY_COLUMNS, History, concatenate_runs
from simulation.studies.facts.measures import MEASURES, MIN_JACKKNIFE_RUNS, FactMeasure, jackknife_error, pooled_value
from simulation.values.conventions import DAYS_PER_YEAR, PERCENT, Array, business_days

if TYPE_CHECKING:
    from simulation.day.recorder import Record
    from simulation.scenario.config.parameter_sets import Cloud
    from simulation.scenario.scenario import Scenario

MOST_RUN_DAYS: Final = 100_000
"""Runs times days of one block: a record of all its 230 columns would take about 0.2 GB; of READ it takes 14 MB."""
WARM_UP_SHARE, MAX_WARM_UP_DAYS = 1 / 6, 2 * DAYS_PER_YEAR
"""Part of a scenario, and most calendar days, that are not measured: investors start at their targets and have to leave
their common start first.  `long_history` is two years longer for it (assumption)."""
MIN_POOLED_YEARS: Final = 1990.0
"""Simulated years below which pooled skewness is too noisy (CALIBRATION section 3: at least 200 decades)."""
RECORD_COLUMNS: Final = frozenset(HISTORY_COLUMNS) - {"position"} | {"stock_usd_bn"}
"""Columns of a record that a history is made of."""
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class SimulatedHistories:
    """Histories of the runs that reached their last day, and how many were asked for."""

    history: History
    runs: int

    @property
    def failed(self) -> int:
        """Number of runs that stopped early and are left out."""
        return self.runs - self.history.runs

    @property
    def years(self) -> float:
        """Simulated years of all finished runs together."""
        span = (self.history.dates[-1] - self.history.dates[0]) / np.timedelta64(1, "D")
        return float(span) * self.history.runs / DAYS_PER_YEAR


@dataclass(frozen=True)
class FactEstimate:
    """A statistic of all runs pooled, its jackknife error over runs, and how single runs scatter.

    Not a number where the statistic cannot be measured; `error` is not a number for a single run.
    """

    value: float
    error: float
    p10: float
    p50: float
    p90: float


def history_from_record(record: Record) -> History:
    """Return the finished runs of a record as a history; the position is the levered holders' stock in $bn."""
    finished = FinishedRuns(record)
    names = finished.populations(LEVERED)
    columns = {name: record.market[name][finished.rows] for name in HISTORY_COLUMNS if name in record.market}
    position = finished.flow("stock_usd_bn", names) if names else None
    return History(record.dates, **columns, position=position)


def simulate_histories(
    scenario: Scenario,
    runs: int,
    workers: int = 1,
    progress: Progress | None = None,
    cloud: Cloud | None = None,
) -> SimulatedHistories:
    """Simulate runs 0 to runs - 1 of a scenario and keep what the statistics need.

    Parameters
    ----------
    scenario : Scenario
        A long history; its seed counts.
    runs : int
        Number of runs, at least 1.
    workers : int
        Processes to use; the result does not depend on it.
    progress : callable, optional
        Called with (done, total) runs after every block.
    cloud : Cloud, optional
        Calibrated parameter sets: run i takes set i.
    """
    tasks = [(scenario, block, cloud) for block in run_blocks(scenario, runs, workers)]
    found = map_in_order(block_history, tasks, workers) if workers > 1 else (block_history(*task) for task in tasks)
    return SimulatedHistories(
        concatenate_runs(list(_with_progress(found, [len(task[1]) for task in tasks], progress))), runs
    )


def run_blocks(scenario: Scenario, runs: int, workers: int = 1) -> list[range]:
    """Return the run numbers in consecutive blocks, small enough for memory and one at least for each worker."""
    largest = max(1, MOST_RUN_DAYS // len(scenario_days(scenario)))
    size = min(largest, -(-runs // workers))
    return [range(first, min(first + size, runs)) for first in range(0, runs, size)]


def block_history(scenario: Scenario, block: range, cloud: Cloud | None) -> History:
    """Simulate one block and leave out its warming up; its record is given up here."""
    return history_from_record(simulate_block(scenario, block, cloud, RECORD_COLUMNS)).between(
        first_measured_day(scenario), scenario.end
    )


def first_measured_day(scenario: Scenario) -> date:
    """Return the day from which a scenario is measured, after it has warmed up."""
    warm_up = min(MAX_WARM_UP_DAYS, (scenario.end - scenario.start).days * WARM_UP_SHARE)
    return scenario.start + timedelta(days=int(warm_up))


def _with_progress(parts: Iterator[History], sizes: Sequence[int], progress: Progress | None) -> Iterator[History]:
    done = 0
    for part, size in zip(parts, sizes, strict=True):
        done += size
        if progress is not None:
            progress(done, sum(sizes))
        yield part


def fact_estimate(measure: FactMeasure, history: History) -> FactEstimate:
    """Return one statistic of a batch of histories."""
    sums = measure.terms(history).sum(axis=1)
    return FactEstimate(
        pooled_value(measure, sums), jackknife_error(measure, sums), *single_run_quantiles(measure.statistic(sums))
    )


def fact_estimates(history: History) -> dict[str, FactEstimate]:
    """Return every statistic of a batch of histories, by name; none where no run finished."""
    return {measure.name: fact_estimate(measure, history) for measure in MEASURES} if history.runs else {}


def single_run_quantiles(values: Array) -> tuple[float, float, float]:
    """Return the 10, 50 and 90 % quantiles of the runs in which a statistic can be measured."""
    known = values[np.isfinite(values)]
    low, middle, high = np.quantile(known, QUANTILES) if known.size else np.full(3, np.nan)
    return float(low), float(middle), float(high)


SMALL_SHOCK_PCT, LARGE_SHOCK_PCT = 1.0, 4.0
"""Falls of USDJPY whose amplification is compared, CALIBRATION section 3."""
SHOCK_DAY, DAYS_AFTER = 10, 40
"""Business days before the shock, in which the model settles, and after it, in which it is to unfold."""


@dataclass(frozen=True)
class ScenarioInputs:
    """What is run: a scenario by name or file, with overrides, another seed and parameter sets if they are given."""

    scenario: str | Path
    settings: tuple[str, ...] = ()
    seed: int | None = None
    cloud: Cloud | None = None

    def resolved(self, settings: tuple[str, ...] = ()) -> Scenario:
        """Return the scenario with further settings."""
        found = load_scenario(self.scenario, (*self.settings, *settings))
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


def mean_ratio(large: Array, small: Array) -> FactEstimate:
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
        return FactEstimate(*[float("nan")] * 5)
    value, error = float(large.mean() / small.mean()), float("nan")
    if large.size >= MIN_JACKKNIFE_RUNS:
        residual = (large - value * small) / small.mean()
        error = float(np.sqrt((residual**2).sum() / (large.size * (large.size - 1))))
    return FactEstimate(value, error, *single_run_quantiles(large / small))


def shock_amplifications(base: ScenarioInputs, runs: int, workers: int | None = 1) -> dict[float, Array]:
    """Peak amplification by size of the shock in percent, ``(runs,)`` each, from the start of a scenario.

    All runs that finished with every shock; shocked and unshocked runs meet the same news on all other days.
    """
    scenario, sizes = base.resolved(), (0.0, SMALL_SHOCK_PCT, LARGE_SHOCK_PCT)
    records = {
        size: run_ensemble(base.resolved(shock_settings(scenario, size)), runs, workers, cloud=base.cloud)
        for size in sizes
    }
    # A run counts when it finished with every shock, so that ratios are taken run by run.
    stopped = {row: stop for record in records.values() for row, stop in record.stopped.items()}
    whole = {size: replace(record, stopped=stopped) for size, record in records.items()}
    twin = whole.pop(0.0)
    return {size: peak_amplification(record, twin, size) for size, record in whole.items()}


def amplification_estimates(base: ScenarioInputs, runs: int, workers: int | None = 1) -> dict[str, FactEstimate]:
    """Return the three statistics of amplification, by name.

    ``amplification_ratio``
        Large over small shock when nothing else happens: runs differ only in who holds what.
    ``amplification_in_news``
        The same among the scenario's daily news: small shocks then tip over what news had brought near its stop.
    ``amplification_frozen``
        Amplification of the large shock when only populations with switches are there, and all their switches are off.
        The others have no switches: 4 % reach retail traders' margins, which alone makes about 1.06.
    """
    calm = shock_amplifications(base.with_settings("noise.scale_x=0"), runs, workers)
    news = shock_amplifications(base, runs, workers)
    frozen = shock_amplifications(base.with_settings(*frozen_settings(base.resolved())), runs, workers)
    return {
        "amplification_ratio": mean_ratio(calm[LARGE_SHOCK_PCT], calm[SMALL_SHOCK_PCT]),
        "amplification_in_news": mean_ratio(news[LARGE_SHOCK_PCT], news[SMALL_SHOCK_PCT]),
        "amplification_frozen": mean_ratio(frozen[LARGE_SHOCK_PCT], np.ones_like(frozen[LARGE_SHOCK_PCT])),
    }


def shock_settings(scenario: Scenario, size_pct: float) -> tuple[str, ...]:
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
