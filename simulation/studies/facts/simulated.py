"""Stylised facts of the model: long histories simulated in blocks, and amplification of shocks to USDJPY.

Amplification is measured on pairs of runs with and without a shock that are otherwise identical.  Large shocks reach stops
and margin calls, so they should be amplified more than small ones; without behavioural reactions a shock passes through
unchanged (CALIBRATION section 3).
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
from simulation.scenario.config.parameter_sets import sets_beside
from simulation.studies.facts.history import HISTORY_COLUMNS, History, concatenate_runs
from simulation.studies.facts.measures import MEASURES, MIN_JACKKNIFE_RUNS, FactMeasure, jackknife_error, pooled_value
from simulation.values.conventions import DAYS_PER_YEAR, PERCENT, Array, business_days

if TYPE_CHECKING:
    from simulation.day.recorder import Record
    from simulation.scenario.config.parameter_sets import Cloud
    from simulation.scenario.scenario import Scenario

MAX_RUN_DAYS: Final = 100_000
"""Runs times days of one block: a record of all 230 columns would need about 0.2 GB; one of RECORD_COLUMNS needs 14 MB."""
WARM_UP_SHARE, MAX_WARM_UP_DAYS = 1 / 6, 2 * DAYS_PER_YEAR
"""Share of a scenario, and maximum number of calendar days, that are excluded: all investors start at their targets and
need time to diverge.  `long_history` is two years longer for this reason (assumption)."""
MIN_POOLED_YEARS: Final = 1990.0
"""Simulated years below which pooled skewness is too noisy (CALIBRATION section 3: at least 200 decades)."""
RECORD_COLUMNS: Final = frozenset(HISTORY_COLUMNS) - {"position"} | {"stock_usd_bn"}
"""Columns of a record that a history needs."""
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class SimulatedHistories:
    """Histories of the runs that reached their last day, and the number of runs requested."""

    history: History
    runs: int

    @property
    def failed(self) -> int:
        """Number of runs that stopped early and are excluded."""
        return self.runs - self.history.runs

    @property
    def years(self) -> float:
        """Simulated years of all finished runs together."""
        span = (self.history.dates[-1] - self.history.dates[0]) / np.timedelta64(1, "D")
        return float(span) * self.history.runs / DAYS_PER_YEAR


@dataclass(frozen=True)
class FactEstimate:
    """Pooled statistic, its jackknife error over runs, and quantiles over single runs.

    Values are not-a-number where the statistic cannot be computed; `error` is not-a-number for a single run.
    """

    value: float
    error: float
    p10: float
    p50: float
    p90: float


def history_from_record(record: Record) -> History:
    """Return the finished runs of a record as a history; the position is the stock of levered holders, $bn."""
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
    """Simulate runs 0 to runs - 1 of a scenario and keep the columns that the statistics need.

    Parameters
    ----------
    scenario : Scenario
        A long history, with its seed.
    runs : int
        Number of runs, at least 1.
    workers : int
        Processes to use; the result does not depend on it.
    progress : callable, optional
        Called with (done, total) runs after every block.
    cloud : Cloud, optional
        Calibrated parameter sets: run i uses set i.
    """
    tasks = [(scenario, block, cloud) for block in run_blocks(scenario, runs, workers)]
    histories = map_in_order(block_history, tasks, workers) if workers > 1 else (block_history(*task) for task in tasks)
    return SimulatedHistories(
        concatenate_runs(list(_with_progress(histories, [len(task[1]) for task in tasks], progress))), runs
    )


def run_blocks(scenario: Scenario, runs: int, workers: int = 1) -> list[range]:
    """Return run numbers in consecutive blocks that fit into memory, at least one per worker if there are enough runs."""
    largest = max(1, MAX_RUN_DAYS // len(scenario_days(scenario)))
    size = min(largest, -(-runs // workers))
    return [range(first, min(first + size, runs)) for first in range(0, runs, size)]


def block_history(scenario: Scenario, block: range, cloud: Cloud | None) -> History:
    """Simulate one block and exclude its warm-up; the record is discarded to save memory."""
    return history_from_record(simulate_block(scenario, block, cloud, RECORD_COLUMNS)).between(
        first_measured_day(scenario), scenario.end
    )


def first_measured_day(scenario: Scenario) -> date:
    """Return the first day after the warm-up."""
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
    """Return all statistics of a batch of histories by name; an empty dictionary if no run finished."""
    return {measure.name: fact_estimate(measure, history) for measure in MEASURES} if history.runs else {}


def single_run_quantiles(values: Array) -> tuple[float, float, float]:
    """Return the 10, 50 and 90 % quantiles over the runs in which the statistic can be computed."""
    known = values[np.isfinite(values)]
    low, middle, high = np.quantile(known, QUANTILES) if known.size else np.full(3, np.nan)
    return float(low), float(middle), float(high)


SMALL_SHOCK_PCT, LARGE_SHOCK_PCT = 1.0, 4.0
"""Falls of USDJPY in percent whose amplification is compared, CALIBRATION section 3."""
SHOCK_DAY, DAYS_AFTER = 10, 40
"""Business days before the shock, for the model to settle, and after it, for the effects to unfold."""


@dataclass(frozen=True)
class ScenarioInputs:
    """Scenario by name or file, with overrides and optionally another seed and parameter sets."""

    scenario: str | Path
    settings: tuple[str, ...] = ()
    seed: int | None = None
    cloud: Cloud | None = None

    def resolved(self, settings: tuple[str, ...] = ()) -> Scenario:
        """Return the scenario with additional settings."""
        scenario = load_scenario(self.scenario, (*self.settings, *settings))
        return scenario if self.seed is None else with_seed(scenario, self.seed)

    def with_settings(self, *settings: str) -> Self:
        """Return a copy with additional settings, which hold against the parameter sets."""
        return replace(self, settings=(*self.settings, *settings), cloud=sets_beside(self.cloud, settings))


def peak_amplification(shocked: Record, twin: Record, shock_pct: float) -> Array:
    """Largest fall of log USDJPY relative to the run without the shock, over the size of the shock, ``(runs,)``.

    ``max_t (ln S'_t - ln S_t) / -ln(1 - shock)``, with S with the shock and S' without.

    Parameters
    ----------
    shocked, twin : Record
        The same runs of a scenario with and without the shock, with the same news otherwise.  Only runs that finished in both
        are used.
    shock_pct : float
        Fall of the fundamental value of USDJPY in percent, positive.

    Raises
    ------
    ValueError
        If the records have different runs or days, or the size of the shock is outside its range.
    """
    if not 0.0 < shock_pct < 100.0:
        raise ValueError(
            f"shock_pct is {shock_pct} %; allowed is above 0 and below 100: give the size of the fall in percent"
        )
    if not np.array_equal(shocked.runs, twin.runs) or not np.array_equal(shocked.dates, twin.dates):
        raise ValueError("the records have different runs or days: simulate both from the same scenario")
    both = FinishedRuns(shocked).rows & FinishedRuns(twin).rows
    fall = np.log(twin.market["usdjpy"][both]) - np.log(shocked.market["usdjpy"][both])
    return np.asarray(fall.max(axis=1) / -np.log1p(-shock_pct * PERCENT))


def mean_ratio(large: Array, small: Array) -> FactEstimate:
    """Ratio of mean amplification, large over small shock, its standard error, and quantiles of the ratio of single runs.

    ``var = sum [(a_r - R b_r) / mean b]^2 / (n (n - 1))``, the delta method for paired runs.

    Parameters
    ----------
    large, small : array
        Peak amplification of each run, ``(runs,)``.

    Raises
    ------
    ValueError
        If the numbers of runs differ.
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
    """Peak amplification by size of the shock in percent, ``(runs,)`` each, for shocks near the start of a scenario.

    Only runs that finished with every shock are used; news on all other days is the same with and without the shock.
    """
    scenario, sizes = base.resolved(), (0.0, SMALL_SHOCK_PCT, LARGE_SHOCK_PCT)
    records = {
        size: run_ensemble(base.resolved(shock_settings(scenario, size)), runs, workers, cloud=base.cloud)
        for size in sizes
    }
    # Ratios are taken run by run, so a run must have finished with every shock.
    stopped = {row: stop for record in records.values() for row, stop in record.stopped.items()}
    paired = {size: replace(record, stopped=stopped) for size, record in records.items()}
    twin = paired.pop(0.0)
    return {size: peak_amplification(record, twin, size) for size, record in paired.items()}


def amplification_estimates(base: ScenarioInputs, runs: int, workers: int | None = 1) -> dict[str, FactEstimate]:
    """Return the three statistics of amplification by name.

    ``amplification_ratio``
        Large over small shock without other news: runs differ only in the distribution of positions.
    ``amplification_in_news``
        The same with the scenario's daily news, where a small shock can trigger stops that news has brought near.
    ``amplification_frozen``
        Amplification of the large shock if only populations with switches exist and all switches are off.  Populations
        without switches are excluded: a shock of 4 % triggers margin calls of retail traders, which alone gives about 1.06.
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
    """Return settings of a short scenario in which the value of USDJPY falls by `size_pct` percent on one day, or not at all.

    News of that day is given in both cases, so that the shock is the only difference.
    """
    days = business_days(scenario.start, scenario.end)
    last = min(SHOCK_DAY + DAYS_AFTER, len(days) - 1)
    day = days[min(SHOCK_DAY, last)]
    return (f"end={days[last]}", f"news=[{{date: {day}, value_pct: {{usdjpy: {-size_pct}}}}}]")


def frozen_settings(scenario: Scenario) -> tuple[str, ...]:
    """Return settings that remove all behavioural reactions.

    All switches are off: stops, volatility targets, margin calls, covenants, incentives, momentum and risk budgets.
    Populations without switches are removed.
    """
    tables = {name: getattr(population, "switches", None) for name, population in scenario.populations.items()}
    removed = (f"populations.{name}=null" for name, table in tables.items() if table is None)
    switched_off = (
        f"populations.{name}.switches.{switch}=false"
        for name, table in tables.items()
        if table is not None
        for switch in type(table).model_fields
    )
    return (*removed, *switched_off)
