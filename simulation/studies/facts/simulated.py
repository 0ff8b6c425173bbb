"""The simulated column: long histories run in blocks that fit into memory, and what is measured on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np

from simulation.compute.ensemble import simulated_block
from simulation.compute.workers import in_order
from simulation.day.capital_flows import scenario_days
from simulation.results.metrics import LEVERED, QUANTILES, FinishedRuns
from simulation.studies.facts.history import COLUMNS, History, joined
from simulation.studies.facts.measured import MEASURES, Measure
from simulation.studies.facts.resampling import jackknife_error, pooled
from simulation.values.conventions import DAYS_PER_YEAR, Array

if TYPE_CHECKING:
    from simulation.day.recorder import Record
    from simulation.scenario.cloud import Cloud
    from simulation.scenario.scenario import Scenario

MOST_RUN_DAYS: Final = 100_000
"""Runs times days of one block: a record of all its 230 columns would take about 0.2 GB; of READ it takes 14 MB."""
WARM_UP_SHARE, MOST_WARM_UP_DAYS = 1 / 6, 2 * DAYS_PER_YEAR
"""Part of a scenario, and most calendar days, that are not measured: investors start at their targets and have to leave
their common start first.  `long_history` is two years longer for it (assumption)."""
FEWEST_YEARS: Final = 1990.0
"""Simulated years below which pooled skewness is too noisy (CALIBRATION section 3: at least 200 decades)."""
READ: Final = frozenset(COLUMNS) - {"position"} | {"stock_usd_bn"}
"""Columns of a record that a history is made of."""
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Simulated:
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
class Estimate:
    """A statistic of all runs pooled, its jackknife error over runs, and how single runs scatter.

    Not a number where the statistic cannot be measured; `error` is not a number for a single run.
    """

    value: float
    error: float
    p10: float
    p50: float
    p90: float


def history_of(record: Record) -> History:
    """Return the finished runs of a record as a history; the position is the levered holders' stock in $bn."""
    finished = FinishedRuns(record)
    names = finished.populations(LEVERED)
    columns = {name: record.market[name][finished.rows] for name in COLUMNS if name in record.market}
    position = finished.flow("stock_usd_bn", names) if names else None
    return History(record.dates, **columns, position=position)


def simulated(
    scenario: Scenario,
    runs: int,
    workers: int = 1,
    progress: Progress | None = None,
    cloud: Cloud | None = None,
) -> Simulated:
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
    tasks = [(scenario, block, cloud) for block in blocks(scenario, runs, workers)]
    found = in_order(block_history, tasks, workers) if workers > 1 else (block_history(*task) for task in tasks)
    return Simulated(joined(list(_counted(found, [len(task[1]) for task in tasks], progress))), runs)


def blocks(scenario: Scenario, runs: int, workers: int = 1) -> list[range]:
    """Return the run numbers in consecutive blocks, small enough for memory and one at least for each worker."""
    largest = max(1, MOST_RUN_DAYS // len(scenario_days(scenario)))
    size = min(largest, -(-runs // workers))
    return [range(first, min(first + size, runs)) for first in range(0, runs, size)]


def block_history(scenario: Scenario, block: range, cloud: Cloud | None) -> History:
    """Simulate one block and leave out its warming up; its record is given up here."""
    return history_of(simulated_block(scenario, block, cloud, READ)).between(first_day(scenario), scenario.end)


def first_day(scenario: Scenario) -> date:
    """Return the day from which a scenario is measured, after it has warmed up."""
    warm_up = min(MOST_WARM_UP_DAYS, (scenario.end - scenario.start).days * WARM_UP_SHARE)
    return scenario.start + timedelta(days=int(warm_up))


def _counted(parts: Iterator[History], sizes: Sequence[int], progress: Progress | None) -> Iterator[History]:
    done = 0
    for part, size in zip(parts, sizes, strict=True):
        done += size
        if progress is not None:
            progress(done, sum(sizes))
        yield part


def estimate(measure: Measure, history: History) -> Estimate:
    """Return one statistic of a batch of histories."""
    sums = measure.terms(history).sum(axis=1)
    return Estimate(pooled(measure, sums), jackknife_error(measure, sums), *single_runs(measure.statistic(sums)))


def estimates(history: History) -> dict[str, Estimate]:
    """Return every statistic of a batch of histories, by name; none where no run finished."""
    return {measure.name: estimate(measure, history) for measure in MEASURES} if history.runs else {}


def single_runs(values: Array) -> tuple[float, float, float]:
    """Return the 10, 50 and 90 % quantiles of the runs in which a statistic can be measured."""
    known = values[np.isfinite(values)]
    low, middle, high = np.quantile(known, QUANTILES) if known.size else np.full(3, np.nan)
    return float(low), float(middle), float(high)
