"""When a point has runs enough: by count, or when the mean of a metric is known well enough.

Which missing runs share a batch: points whose scenarios differ only in numbers, in one pass.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simulation.scenario.batch import BLOCK_RUNS
from simulation.sweeps.points import canonical_json
from simulation.sweeps.run_rows import PointRuns

if TYPE_CHECKING:
    from simulation.sweeps.plan import SweepPlan
    from simulation.sweeps.schema import Sweep, Until
    from simulation.sweeps.shards import StoredRuns

FloatArray = NDArray[np.float64]
FEWEST_RUNS = 2
"""Finished runs that a standard error needs."""


def required_replications(sweep: Sweep, have: StoredRuns) -> NDArray[np.int64]:
    """How many replications each point is to have, as far as the runs so far tell, ``(points,)``."""
    points = len(have.done)
    if sweep.until is None:
        return np.full(points, sweep.replications, dtype=np.int64)
    pairs = zip(have.done, have.watched, strict=True)
    return np.array([point_replications(sweep.until, sweep.replications, done, values) for done, values in pairs])


@dataclass(frozen=True)
class PointPrecision:
    """How well each point knows the mean of the metric that its runs are counted by.

    Attributes
    ----------
    error
        Standard error of the mean over finished runs, ``(points,)``; not-a-number below two of them.
    reached
        Whether it is as small as was asked for, ``(points,)``.
    short
        Number of points that have all the runs they may get and are less precise than asked for.
    """

    error: FloatArray
    reached: NDArray[np.bool_]
    short: int


def point_precision(sweep: Sweep, have: StoredRuns) -> PointPrecision | None:
    """How precise the points are; none where they stop by count."""
    if sweep.until is None:
        return None
    rows = zip(required_replications(sweep, have), have.done, have.watched, strict=True)
    error = np.array([standard_error(values[:count][done[:count]]) for count, done, values in rows])
    reached = error <= sweep.until.standard_error
    return PointPrecision(error, reached, int((have.done.all(axis=1) & ~reached).sum()))


def standard_error(values: FloatArray) -> float:
    """Standard error of the mean of finished runs; failed ones have no value and are left out."""
    finished = values[~np.isnan(values)]
    return float(finished.std(ddof=1) / np.sqrt(len(finished))) if len(finished) >= FEWEST_RUNS else np.nan


def point_replications(until: Until, first: int, done: NDArray[np.bool_], values: FloatArray) -> int:
    """Replications of one point: as many as the rule asks for when it is read at its checkpoints, from the first on.

    The rule looks at the first n runs, then at more, up to twice as many at a time, as the standard error of the n runs
    says: the square-root law.  So the number follows from the runs themselves, not from the order in which they came.

    Parameters
    ----------
    until
        Metric, precision, and most replications.
    first
        Replications at the first checkpoint.
    done, values
        Which replications are there, and their metric, each ``(replications,)``.
    """
    count = first
    while count < until.max_replications and done[:count].all():
        needed = runs_for_precision(until, values[:count])
        if needed <= count:
            break
        count = min(needed, 2 * count, until.max_replications)
    return count


def runs_for_precision(until: Until, values: FloatArray) -> int:
    """How many runs the standard error of these values asks for; failed runs have no value and are left out."""
    error = standard_error(values)
    if np.isnan(error):
        return until.max_replications
    if error <= until.standard_error:
        return len(values)
    return max(len(values) + 1, int(np.ceil(len(values) * (error / until.standard_error) ** 2)))


RunBatch = tuple[PointRuns, ...]
PointShare = tuple[int, int]
"""Which share of the points a process computes: number from 0, and how many shares."""
ALL_POINTS: PointShare = (0, 1)
WORKERS_PER_RUN = 5
"""A scheduler needs about a fifth of a run's time for a task: so many workers ask for their next task while it hands one out.
Source: docs/scaling.md."""


def missing_runs(plan: SweepPlan, have: StoredRuns, part: PointShare = ALL_POINTS) -> NDArray[np.bool_]:
    """Which runs are still to be computed, ``(points, replications)``.

    A run without its daily series is missing too where these are kept, unless it failed.
    """
    points, most = have.done.shape
    asked = np.arange(most)[None, :] < required_replications(plan.sweep, have)[:, None]
    asked &= (np.arange(points) % part[1] == part[0])[:, None]
    there = have.done if not have.series.size else have.done & (have.series | have.failed)
    return np.asarray(asked & ~there)


def runs_in_batches(plan: SweepPlan, todo: NDArray[np.bool_], size: int) -> Iterator[RunBatch]:
    """Missing runs in batches of at most `size` runs, equally large within a structure, points in order."""
    for structure in np.unique(plan.structures):
        points = np.flatnonzero(plan.structures == structure)
        point, replication = np.nonzero(todo[points])
        if len(point) == 0:
            continue
        count = -(-len(point) // size)
        for chunk in np.array_split(np.arange(len(point)), count):
            yield group_by_point(plan, points[point[chunk]], replication[chunk])


def group_by_point(plan: SweepPlan, point: NDArray[np.intp], replication: NDArray[np.intp]) -> RunBatch:
    """Runs, given by point and replication and sorted by point, as pieces."""
    starts = np.flatnonzero(np.diff(point, prepend=-1))
    parts = np.split(replication, starts[1:])
    return tuple(
        PointRuns(int(at), int(plan.point_keys[at]), canonical_json(plan.points[at]), tuple(part.tolist()))
        for at, part in zip(point[starts], parts, strict=True)
    )


def batch_size(runs: int, workers: int) -> int:
    """Runs to a batch: enough for every worker, no more than a pass takes unless a scheduler could not feed the workers."""
    most = max(BLOCK_RUNS, workers // WORKERS_PER_RUN)
    return max(1, min(most, -(-runs // max(1, workers))))
