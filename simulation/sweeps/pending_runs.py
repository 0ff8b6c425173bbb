"""The runs that a store still lacks: how many replications each point needs, and missing runs grouped into batches.

The number of replications is fixed, or follows from the standard error of the mean of a metric.
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
RunBatch = tuple[PointRuns, ...]
PointShare = tuple[int, int]
"""The share of the points that a process computes: its number from 0, and the number of shares."""
ALL_POINTS: PointShare = (0, 1)
WORKERS_PER_RUN = 5
"""Workers that a scheduler serves per run of a task: handing out a task takes about one fifth of the time of a run.
Source: docs/scaling.md."""
FEWEST_RUNS = 2
"""Minimum number of finished runs for a standard error."""


def required_replications(sweep: Sweep, stored: StoredRuns) -> NDArray[np.int64]:
    """Number of replications that each point needs according to the runs so far, ``(points,)``."""
    points = len(stored.done)
    if sweep.until is None:
        return np.full(points, sweep.replications, dtype=np.int64)
    pairs = zip(stored.done, stored.watched, strict=True)
    return np.array([point_replications(sweep.until, sweep.replications, done, values) for done, values in pairs])


@dataclass(frozen=True)
class PointPrecision:
    """Precision of the mean of the metric of the stopping rule at each point.

    Attributes
    ----------
    error
        Standard error of the mean over finished runs, ``(points,)``; not-a-number for fewer than two runs.
    reached
        Whether it is within the limit, ``(points,)``.
    short
        Number of points that have the maximum number of runs without reaching the limit.
    """

    error: FloatArray
    reached: NDArray[np.bool_]
    short: int


def point_precision(sweep: Sweep, stored: StoredRuns) -> PointPrecision | None:
    """Precision of the points; None if they have a fixed number of replications."""
    if sweep.until is None:
        return None
    rows = zip(required_replications(sweep, stored), stored.done, stored.watched, strict=True)
    error = np.array([standard_error(values[:count][done[:count]]) for count, done, values in rows])
    reached = error <= sweep.until.standard_error
    return PointPrecision(error, reached, int((stored.done.all(axis=1) & ~reached).sum()))


def standard_error(values: FloatArray) -> float:
    """Standard error of the mean of finished runs; failed runs (not-a-number) are excluded."""
    finished = values[~np.isnan(values)]
    return float(finished.std(ddof=1) / np.sqrt(len(finished))) if len(finished) >= FEWEST_RUNS else np.nan


def point_replications(until: Until, first: int, done: NDArray[np.bool_], values: FloatArray) -> int:
    """Return the number of replications of one point under a stopping rule.

    The rule is evaluated at checkpoints: at the first n runs, then at the number that the standard error of these runs requires
    by the square-root law, at most twice as many at a time. The result depends on the runs, not on the order of their completion.

    Parameters
    ----------
    until
        Metric, precision, and maximum number of replications.
    first
        Replications at the first checkpoint.
    done, values
        Stored replications and their metric, each ``(replications,)``.
    """
    count = first
    while count < until.max_replications and done[:count].all():
        needed = runs_for_precision(until, values[:count])
        if needed <= count:
            break
        count = min(needed, 2 * count, until.max_replications)
    return count


def runs_for_precision(until: Until, values: FloatArray) -> int:
    """Number of runs required by the standard error of these values; failed runs (not-a-number) are excluded."""
    error = standard_error(values)
    if np.isnan(error):
        return until.max_replications
    if error <= until.standard_error:
        return len(values)
    return max(len(values) + 1, int(np.ceil(len(values) * (error / until.standard_error) ** 2)))


def missing_runs(plan: SweepPlan, stored: StoredRuns, part: PointShare = ALL_POINTS) -> NDArray[np.bool_]:
    """Runs still to be computed, ``(points, replications)``.

    If daily series are kept, a finished run without its series counts as missing.
    """
    points, most = stored.done.shape
    required = np.arange(most)[None, :] < required_replications(plan.sweep, stored)[:, None]
    required &= (np.arange(points) % part[1] == part[0])[:, None]
    complete = stored.done if not stored.series.size else stored.done & (stored.series | stored.failed)
    return np.asarray(required & ~complete)


def runs_in_batches(plan: SweepPlan, missing: NDArray[np.bool_], size: int) -> Iterator[RunBatch]:
    """Yield the missing runs in batches of at most `size` runs, of equal size within a structure, points in order."""
    for structure in np.unique(plan.structures):
        points = np.flatnonzero(plan.structures == structure)
        point, replication = np.nonzero(missing[points])
        if len(point) == 0:
            continue
        count = -(-len(point) // size)
        for chunk in np.array_split(np.arange(len(point)), count):
            yield group_by_point(plan, points[point[chunk]], replication[chunk])


def group_by_point(plan: SweepPlan, point: NDArray[np.intp], replication: NDArray[np.intp]) -> RunBatch:
    """Batch of runs given by point and replication, sorted by point."""
    starts = np.flatnonzero(np.diff(point, prepend=-1))
    parts = np.split(replication, starts[1:])
    return tuple(
        PointRuns(int(at), int(plan.point_keys[at]), canonical_json(plan.points[at]), tuple(part.tolist()))
        for at, part in zip(point[starts], parts, strict=True)
    )


def batch_size(runs: int, workers: int) -> int:
    """Number of runs in a batch: small enough to occupy every worker, large enough for a scheduler to serve all of them."""
    most = max(BLOCK_RUNS, workers // WORKERS_PER_RUN)
    return max(1, min(most, -(-runs // max(1, workers))))
