"""What a worker does with a batch: build the scenarios of its points, run them in one pass, measure every run.

A row depends on its point and replication alone, never on the runs it shares a batch with, nor on the process or machine
of one kind that computes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simulation.day.capital_flows import simulate
from simulation.day.recorder import Record, RunStop
from simulation.results.metrics import METRICS, FinishedRuns, columns_read_by
from simulation.results.tables import reached_days
from simulation.scenario.batch import BLOCK_RUNS
from simulation.scenario.config.parameter_sets import Cloud, parse_cloud
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
    """What is common to all batches of a sweep; small, so that it travels with each.

    Attributes
    ----------
    base
        The scenario that is varied.
    independent
        Whether points draw noise of their own.
    metrics
        Names of what is measured.
    series
        Names of the daily series that come back; empty for none.
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
        """The columns of a record that are read for it."""
        return columns_read_by(self.metrics).union(*(record_columns(name) for name in self.series))


def simulate_batch(work: SweepWork, pieces: Sequence[PointRuns]) -> RunRows:
    """Run some pieces, in passes of at most `BLOCK_RUNS` runs each."""
    return concatenate_rows([_simulate_with_retries(work, block) for block in split_into_passes(pieces, BLOCK_RUNS)])


def split_into_passes(pieces: Sequence[PointRuns], size: int) -> list[list[PointRuns]]:
    """Pieces in groups of at most `size` runs, in their order; a piece may be cut."""
    blocks: list[list[PointRuns]] = []
    room = 0
    for piece in pieces:
        rest = piece.replications
        while rest:
            if room == 0:
                blocks.append([])
                room = size
            blocks[-1].append(replace(piece, replications=rest[:room]))
            taken, rest = min(room, len(rest)), rest[room:]
            room -= taken
    return blocks


def _simulate_with_retries(work: SweepWork, pieces: Sequence[PointRuns]) -> RunRows:
    """Run pieces together; where that fails each on its own, then run by run, so that only what fails is lost."""
    try:
        return _simulate_pass(work, pieces)
    except MemoryError:
        raise
    except Exception as error:
        smaller = split_batch(pieces)
        if not smaller:
            return failed_rows(pieces, failure_reason(error), len(work.metrics))
    return concatenate_rows([_simulate_with_retries(work, part) for part in smaller])


def failure_reason(error: Exception) -> str:
    """An error as the reason of a failed run, in one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


def split_batch(pieces: Sequence[PointRuns]) -> list[list[PointRuns]]:
    """The points of a batch one by one; the runs of a single point one by one; nothing for a single run."""
    if len(pieces) > 1:
        return [[piece] for piece in pieces]
    (piece,) = pieces
    if len(piece.replications) == 1:
        return []
    return [[replace(piece, replications=(number,))] for number in piece.replications]


def _simulate_pass(work: SweepWork, pieces: Sequence[PointRuns]) -> RunRows:
    record = simulate_scenarios(*run_scenarios(work, pieces), work.columns)
    point, key, replication = run_labels(pieces)
    stops = [record.stopped.get(row) for row in range(len(point))]
    reasons = tuple("" if stop is None else stop_reason(stop) for stop in stops)
    series = ((0, recorded_series(record, work.series)),) if work.series else ()
    return RunRows(point, key, replication, reasons, metric_values(record, work.metrics), series)


def stop_reason(stop: RunStop) -> str:
    """A named stop as the reason of a failed run."""
    return f"{stop.name}: {stop.message} ({stop.date})"


def run_scenarios(work: SweepWork, pieces: Sequence[PointRuns]) -> tuple[list[Scenario], list[int]]:
    """The scenario and the run number of every run of some pieces."""
    scenarios: list[Scenario] = []
    cloud = _cached_cloud(work.cloud)
    for piece in pieces:
        scenario, wanted = cached_scenario(work.base, piece.values), piece.replications
        scenarios += [scenario] * len(wanted) if cloud is None else cloud.variants(scenario, wanted)
    numbers = [run_number(piece.key, at, work.independent) for piece in pieces for at in piece.replications]
    return scenarios, numbers


@lru_cache(maxsize=256)
def cached_scenario(base: BaseScenario, values: str) -> Scenario:
    """The scenario of a point by its values as JSON; those of the last batches are remembered."""
    import json

    given: PointValues = json.loads(values)
    return scenario_at(base, given)


@lru_cache(maxsize=2)
def _cached_cloud(text: str) -> Cloud | None:
    return parse_cloud("the sweep's parameter sets", text) if text else None


def simulate_scenarios(scenarios: Sequence[Scenario], numbers: Sequence[int], columns: frozenset[str]) -> Record:
    """Run scenarios side by side, each with its run number, and record some columns.

    Raises
    ------
    ValueError
        If the scenarios differ in what may not differ within a batch.
    """
    first = scenarios[0]
    alike = all(scenario is first for scenario in scenarios)
    return simulate(first, numbers, None if alike else scenarios, columns)


def metric_values(record: Record, names: Sequence[str]) -> FloatArray:
    """Metrics of every run, ``(runs, metrics)``; not-a-number where a run failed or cannot have the metric."""
    finished = FinishedRuns(record)
    values = np.full((len(record.runs), len(names)), np.nan)
    wanted = {metric.name: metric for metric in METRICS}
    for column, name in enumerate(names):
        found = wanted[name].per_run(finished)
        # A metric that not all runs of the batch can have is read run by run: a row never depends on its neighbours.
        values[finished.rows, column] = _metric_run_by_run(record, name) if found is None else found
    return values


def _metric_run_by_run(record: Record, name: str) -> FloatArray:
    (metric,) = (metric for metric in METRICS if metric.name == name)
    rows = np.flatnonzero(record.finished).tolist()
    found = [metric.per_run(FinishedRuns(single_run_record(record, row))) for row in rows]
    return np.array([np.nan if value is None else value[0] for value in found])


def single_run_record(record: Record, row: int) -> Record:
    """The record of one row, which finished."""
    rows = slice(row, row + 1)
    market = {name: values[rows] for name, values in record.market.items()}
    flows = {name: {key: values[rows] for key, values in table.items()} for name, table in record.flows.items()}
    return replace(record, runs=record.runs[rows], market=market, flows=flows, stopped={})


def recorded_series(record: Record, names: Sequence[str]) -> DailySeries:
    """The daily values of some series for every run."""
    columns = [daily_values(record, name) for name in names]
    return DailySeries(
        record.dates.astype("datetime64[D]").astype(np.int32), np.stack(columns, axis=-1), reached_days(record)
    )
