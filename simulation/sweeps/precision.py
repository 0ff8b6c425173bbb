"""When a point has runs enough: by count, or when the mean of a metric is known well enough."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from simulation.sweeps.have import Have
    from simulation.sweeps.schema import Sweep, Until

FloatArray = NDArray[np.float64]
FEWEST = 2
"""Finished runs that a standard error needs."""


def wanted(sweep: Sweep, have: Have) -> NDArray[np.int64]:
    """How many replications each point is to have, as far as the runs so far tell, ``(points,)``."""
    points = len(have.done)
    if sweep.until is None:
        return np.full(points, sweep.replications, dtype=np.int64)
    pairs = zip(have.done, have.watched, strict=True)
    return np.array([replications(sweep.until, sweep.replications, done, values) for done, values in pairs])


@dataclass(frozen=True)
class Precision:
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


def precision(sweep: Sweep, have: Have) -> Precision | None:
    """How precise the points are; none where they stop by count."""
    if sweep.until is None:
        return None
    rows = zip(wanted(sweep, have), have.done, have.watched, strict=True)
    error = np.array([standard_error(values[:count][done[:count]]) for count, done, values in rows])
    reached = error <= sweep.until.standard_error
    return Precision(error, reached, int((have.done.all(axis=1) & ~reached).sum()))


def standard_error(values: FloatArray) -> float:
    """Standard error of the mean of finished runs; failed ones have no value and are left out."""
    finished = values[~np.isnan(values)]
    return float(finished.std(ddof=1) / np.sqrt(len(finished))) if len(finished) >= FEWEST else np.nan


def replications(until: Until, first: int, done: NDArray[np.bool_], values: FloatArray) -> int:
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
        needed = enough(until, values[:count])
        if needed <= count:
            break
        count = min(needed, 2 * count, until.max_replications)
    return count


def enough(until: Until, values: FloatArray) -> int:
    """How many runs the standard error of these values asks for; failed runs have no value and are left out."""
    error = standard_error(values)
    if np.isnan(error):
        return until.max_replications
    if error <= until.standard_error:
        return len(values)
    return max(len(values) + 1, int(np.ceil(len(values) * (error / until.standard_error) ** 2)))
