"""The work of a worker on a batch: build the scenarios of its points, simulate them in one pass, compute the metrics.

The row of a run depends on its point and replication alone, not on the other runs of its batch, nor on the process or
machine (of one type) that computes it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simulation.day.capital_flows import simulate
from simulation.day.recorder import Record, RunStop
from simulation.results.metrics import EFFECT_PREFIX, METRICS, FinishedRuns, columns_read_by, level_name
from simulation.results.tables import reached_days
from simulation.scenario.batch import BLOCK_RUNS
from simulation.scenario.config.parameter_sets import Cloud, parse_cloud
from simulation.scenario.counterfactual import without_policy
from simulation.sweeps.points import BaseScenario, PointValues, run_number, scenario_at
from simulation.sweeps.run_rows import (
    DailySeries,
    PointRuns,
    RunRows,
    concatenate_rows,
    daily_values,
    failed_rows,
    record_columns,
    run_labels,
)

if TYPE_CHECKING:
    from simulation.scenario.scenario import Scenario

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class SweepWork:
    """Inputs common to all batches of a sweep; small, because it is sent with each batch.

    Attributes
    ----------
    base
        The scenario that is varied.
    independent
        Whether each point has its own noise.
    metrics
        Names of the metrics.
    series
        Names of the daily series to return; empty for none.
    cloud
        Calibrated parameter sets as the text of their file; empty for none.
    """

    base: BaseScenario
    independent: bool
    metrics: tuple[str, ...]
    series: tuple[str, ...] = ()
    cloud: str = ""

    @property
    def columns(self) -> frozenset[str]:
        """Columns of a record that the metrics and series need."""
        return columns_read_by(self.metrics).union(*(record_columns(name) for name in self.series))


def simulate_batch(work: SweepWork, batch: Sequence[PointRuns]) -> RunRows:
    """Simulate a batch in passes of at most `BLOCK_RUNS` runs each."""
    return concatenate_rows([_simulate_with_retries(work, block) for block in split_into_passes(batch, BLOCK_RUNS)])


def split_into_passes(batch: Sequence[PointRuns], size: int) -> list[list[PointRuns]]:
    """Split a batch into groups of at most `size` runs, in order; the replications of a point may be divided."""
    passes: list[list[PointRuns]] = []
    free = 0
    for point_runs in batch:
        rest = point_runs.replications
        while rest:
            if free == 0:
                passes.append([])
                free = size
            passes[-1].append(replace(point_runs, replications=rest[:free]))
            taken, rest = min(free, len(rest)), rest[free:]
            free -= taken
    return passes


def _simulate_with_retries(work: SweepWork, batch: Sequence[PointRuns]) -> RunRows:
    """Simulate runs together; if that fails, each point separately, then each run, so that only the failing runs are lost."""
    try:
        return _simulate_pass(work, batch)
    except MemoryError:
        raise
    except Exception as error:
        smaller = split_batch(batch)
        if not smaller:
            return failed_rows(batch, failure_reason(error), len(work.metrics))
    return concatenate_rows([_simulate_with_retries(work, part) for part in smaller])


def failure_reason(error: Exception) -> str:
    """An error as the one-line reason of a failed run."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


def split_batch(batch: Sequence[PointRuns]) -> list[list[PointRuns]]:
    """The points of a batch one by one, or the runs of a single point one by one; empty for a single run."""
    if len(batch) > 1:
        return [[point_runs] for point_runs in batch]
    (point_runs,) = batch
    if len(point_runs.replications) == 1:
        return []
    return [[replace(point_runs, replications=(number,))] for number in point_runs.replications]


def _simulate_pass(work: SweepWork, batch: Sequence[PointRuns]) -> RunRows:
    scenarios, numbers = run_scenarios(work, batch)
    record = simulate_scenarios(scenarios, numbers, work.columns)
    point, key, replication = run_labels(batch)
    stops = [record.stopped.get(row) for row in range(len(point))]
    reasons = tuple("" if stop is None else stop_reason(stop) for stop in stops)
    series = ((0, recorded_series(record, work.series)),) if work.series else ()
    metrics = metric_values(record, work.metrics, partial(_record_without_policy, work, scenarios, numbers))
    return RunRows(point, key, replication, reasons, metrics, series)


def _record_without_policy(work: SweepWork, scenarios: Sequence[Scenario], numbers: Sequence[int]) -> Record:
    """The runs of a pass without policy, with the same news; one scenario object for each that the pass has."""
    rest = {id(scenario): without_policy(scenario) for scenario in scenarios}
    return simulate_scenarios([rest[id(scenario)] for scenario in scenarios], numbers, columns_read_by(work.metrics))


def stop_reason(stop: RunStop) -> str:
    """A named stop as the reason of a failed run."""
    return f"{stop.name}: {stop.message} ({stop.date})"


def run_scenarios(work: SweepWork, batch: Sequence[PointRuns]) -> tuple[list[Scenario], list[int]]:
    """Scenario and run number of every run of a batch."""
    scenarios: list[Scenario] = []
    cloud = _cached_cloud(work.cloud)
    for point_runs in batch:
        scenario, replications = cached_scenario(work.base, point_runs.values), point_runs.replications
        scenarios += [scenario] * len(replications) if cloud is None else cloud.variants(scenario, replications)
    numbers = [
        run_number(point_runs.key, at, work.independent) for point_runs in batch for at in point_runs.replications
    ]
    return scenarios, numbers


@lru_cache(maxsize=256)
def cached_scenario(base: BaseScenario, values: str) -> Scenario:
    """Scenario of a point from its values as JSON; recent scenarios are cached."""
    point_values: PointValues = json.loads(values)
    return scenario_at(base, point_values)


@lru_cache(maxsize=2)
def _cached_cloud(text: str) -> Cloud | None:
    return parse_cloud("the sweep's parameter sets", text) if text else None


def simulate_scenarios(scenarios: Sequence[Scenario], numbers: Sequence[int], columns: frozenset[str]) -> Record:
    """Simulate scenarios in one batch, each with its run number, and record the given columns.

    Raises
    ------
    ValueError
        If the scenarios differ in an input that must be equal within a batch.
    """
    first = scenarios[0]
    identical = all(scenario is first for scenario in scenarios)
    return simulate(first, numbers, None if identical else scenarios, columns)


def metric_values(
    record: Record, names: Sequence[str], without_policy_record: Callable[[], Record] | None = None
) -> FloatArray:
    """Outcomes of every run, ``(runs, names)``; not-a-number if a run failed or does not have the metric.

    An effect is the metric less that of the same run without policy; `without_policy_record` simulates those runs, and is
    called only if an effect is asked for.
    """
    if not any(name.startswith(EFFECT_PREFIX) for name in names):
        return level_values(record, names)
    if without_policy_record is None:
        raise ValueError("effects need the runs without policy: give without_policy_record")
    levels = [level_name(name) for name in names]
    values, others = level_values(record, levels), level_values(without_policy_record(), levels)
    is_effect = np.array([name.startswith(EFFECT_PREFIX) for name in names])
    return np.asarray(np.where(is_effect, values - others, values))


def level_values(record: Record, names: Sequence[str]) -> FloatArray:
    """Metrics of every run, ``(runs, metrics)``; not-a-number if a run failed or does not have the metric."""
    finished = FinishedRuns(record)
    values = np.full((len(record.runs), len(names)), np.nan)
    metrics = {metric.name: metric for metric in METRICS}
    for column, name in enumerate(names):
        together = metrics[name].per_run(finished)
        # A metric that some runs of the batch lack is computed run by run, so that no row depends on another.
        values[finished.rows, column] = _metric_run_by_run(record, name) if together is None else together
    return values


def _metric_run_by_run(record: Record, name: str) -> FloatArray:
    (metric,) = (metric for metric in METRICS if metric.name == name)
    rows = np.flatnonzero(record.finished).tolist()
    values = [metric.per_run(FinishedRuns(single_run_record(record, row))) for row in rows]
    return np.array([np.nan if value is None else value[0] for value in values])


def single_run_record(record: Record, row: int) -> Record:
    """Record of one finished run, given by its row."""
    rows = slice(row, row + 1)
    market = {name: values[rows] for name, values in record.market.items()}
    flows = {name: {key: values[rows] for key, values in table.items()} for name, table in record.flows.items()}
    return replace(record, runs=record.runs[rows], market=market, flows=flows, stopped={})


def recorded_series(record: Record, names: Sequence[str]) -> DailySeries:
    """Daily values of some series for every run."""
    columns = [daily_values(record, name) for name in names]
    return DailySeries(
        record.dates.astype("datetime64[D]").astype(np.int32), np.stack(columns, axis=-1), reached_days(record)
    )
