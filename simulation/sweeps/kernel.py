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
from simulation.day.recorder import Record, Stop
from simulation.results.metrics import METRICS, FinishedRuns, read_by
from simulation.results.tables import reached
from simulation.scenario.batch import BLOCK_RUNS
from simulation.scenario.cloud import Cloud, parsed_cloud
from simulation.sweeps.daily import daily_values, read_for
from simulation.sweeps.design import Values
from simulation.sweeps.points import Base, run_number, scenario_at
from simulation.sweeps.rows import Piece, Rows, Series, failed_rows, joined, labels

if TYPE_CHECKING:
    from simulation.scenario.scenario import Scenario

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Work:
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

    base: Base
    independent: bool
    metrics: tuple[str, ...]
    series: tuple[str, ...] = ()
    cloud: str = ""

    @property
    def columns(self) -> frozenset[str]:
        """The columns of a record that are read for it."""
        return read_by(self.metrics).union(*(read_for(name) for name in self.series))


def simulated(work: Work, pieces: Sequence[Piece]) -> Rows:
    """Run some pieces, in passes of at most `BLOCK_RUNS` runs each."""
    return joined([_attempted(work, block) for block in blocks_of(pieces, BLOCK_RUNS)])


def blocks_of(pieces: Sequence[Piece], size: int) -> list[list[Piece]]:
    """Pieces in groups of at most `size` runs, in their order; a piece may be cut."""
    blocks: list[list[Piece]] = []
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


def _attempted(work: Work, pieces: Sequence[Piece]) -> Rows:
    """Run pieces together; where that fails each on its own, then run by run, so that only what fails is lost."""
    try:
        return _measured(work, pieces)
    except MemoryError:
        raise
    except Exception as error:
        smaller = halves(pieces)
        if not smaller:
            return failed_rows(pieces, reason_of(error), len(work.metrics))
    return joined([_attempted(work, part) for part in smaller])


def reason_of(error: Exception) -> str:
    """An error as the reason of a failed run, in one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


def halves(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """The points of a batch one by one; the runs of a single point one by one; nothing for a single run."""
    if len(pieces) > 1:
        return [[piece] for piece in pieces]
    (piece,) = pieces
    if len(piece.replications) == 1:
        return []
    return [[replace(piece, replications=(number,))] for number in piece.replications]


def _measured(work: Work, pieces: Sequence[Piece]) -> Rows:
    record = simulated_rows(*scenarios_of(work, pieces), work.columns)
    point, key, replication = labels(pieces)
    stops = [record.stopped.get(row) for row in range(len(point))]
    reasons = tuple("" if stop is None else told(stop) for stop in stops)
    series = ((0, series_of(record, work.series)),) if work.series else ()
    return Rows(point, key, replication, reasons, metrics_of(record, work.metrics), series)


def told(stop: Stop) -> str:
    """A named stop as the reason of a failed run."""
    return f"{stop.name}: {stop.message} ({stop.date})"


def scenarios_of(work: Work, pieces: Sequence[Piece]) -> tuple[list[Scenario], list[int]]:
    """The scenario and the run number of every run of some pieces."""
    scenarios: list[Scenario] = []
    cloud = _cloud(work.cloud)
    for piece in pieces:
        scenario, wanted = scenario_of(work.base, piece.values), piece.replications
        scenarios += [scenario] * len(wanted) if cloud is None else cloud.variants(scenario, wanted)
    numbers = [run_number(piece.key, at, work.independent) for piece in pieces for at in piece.replications]
    return scenarios, numbers


@lru_cache(maxsize=256)
def scenario_of(base: Base, values: str) -> Scenario:
    """The scenario of a point by its values as JSON; those of the last batches are remembered."""
    import json

    given: Values = json.loads(values)
    return scenario_at(base, given)


@lru_cache(maxsize=2)
def _cloud(text: str) -> Cloud | None:
    return parsed_cloud("the sweep's parameter sets", text) if text else None


def simulated_rows(scenarios: Sequence[Scenario], numbers: Sequence[int], columns: frozenset[str]) -> Record:
    """Run scenarios side by side, each with its run number, and record some columns.

    Raises
    ------
    ValueError
        If the scenarios differ in what may not differ within a batch.
    """
    first = scenarios[0]
    alike = all(scenario is first for scenario in scenarios)
    return simulate(first, numbers, None if alike else scenarios, columns)


def metrics_of(record: Record, names: Sequence[str]) -> FloatArray:
    """Metrics of every run, ``(runs, metrics)``; not-a-number where a run failed or cannot have the metric."""
    finished = FinishedRuns(record)
    values = np.full((len(record.runs), len(names)), np.nan)
    wanted = {metric.name: metric for metric in METRICS}
    for column, name in enumerate(names):
        found = wanted[name].per_run(finished)
        # A metric that not all runs of the batch can have is read run by run: a row never depends on its neighbours.
        values[finished.rows, column] = _one_by_one(record, name) if found is None else found
    return values


def _one_by_one(record: Record, name: str) -> FloatArray:
    (metric,) = (metric for metric in METRICS if metric.name == name)
    rows = np.flatnonzero(record.finished).tolist()
    found = [metric.per_run(FinishedRuns(only(record, row))) for row in rows]
    return np.array([np.nan if value is None else value[0] for value in found])


def only(record: Record, row: int) -> Record:
    """The record of one row, which finished."""
    rows = slice(row, row + 1)
    market = {name: values[rows] for name, values in record.market.items()}
    flows = {name: {key: values[rows] for key, values in table.items()} for name, table in record.flows.items()}
    return replace(record, runs=record.runs[rows], market=market, flows=flows, stopped={})


def series_of(record: Record, names: Sequence[str]) -> Series:
    """The daily values of some series for every run."""
    columns = [daily_values(record, name) for name in names]
    return Series(record.dates.astype("datetime64[D]").astype(np.int32), np.stack(columns, axis=-1), reached(record))
