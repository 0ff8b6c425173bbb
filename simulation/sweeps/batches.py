"""Which missing runs share a batch: points whose scenarios differ only in numbers, in one pass."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simulation.scenario.batch import BLOCK_RUNS
from simulation.sweeps.points import text_of
from simulation.sweeps.precision import wanted
from simulation.sweeps.rows import Piece

if TYPE_CHECKING:
    from simulation.sweeps.have import Have
    from simulation.sweeps.plan import Plan

Batch = tuple[Piece, ...]
Part = tuple[int, int]
"""Which share of the points a process computes: number from 0, and how many shares."""
WHOLE: Part = (0, 1)
WORKERS_PER_RUN = 5
"""A scheduler needs about a fifth of a run's time for a task: so many workers ask for their next task while it hands one out.
Source: docs/scaling.md."""


def missing(plan: Plan, have: Have, part: Part = WHOLE) -> NDArray[np.bool_]:
    """Which runs are still to be computed, ``(points, replications)``.

    A run without its daily series is missing too where these are kept, unless it failed.
    """
    points, most = have.done.shape
    asked = np.arange(most)[None, :] < wanted(plan.sweep, have)[:, None]
    asked &= (np.arange(points) % part[1] == part[0])[:, None]
    there = have.done if not have.series.size else have.done & (have.series | have.failed)
    return np.asarray(asked & ~there)


def batches(plan: Plan, todo: NDArray[np.bool_], size: int) -> Iterator[Batch]:
    """Missing runs in batches of at most `size` runs, equally large within a structure, points in order."""
    for structure in np.unique(plan.structures):
        points = np.flatnonzero(plan.structures == structure)
        point, replication = np.nonzero(todo[points])
        if len(point) == 0:
            continue
        count = -(-len(point) // size)
        for chunk in np.array_split(np.arange(len(point)), count):
            yield pieces(plan, points[point[chunk]], replication[chunk])


def pieces(plan: Plan, point: NDArray[np.intp], replication: NDArray[np.intp]) -> Batch:
    """Runs, given by point and replication and sorted by point, as pieces."""
    starts = np.flatnonzero(np.diff(point, prepend=-1))
    parts = np.split(replication, starts[1:])
    return tuple(
        Piece(int(at), int(plan.point_keys[at]), text_of(plan.points[at]), tuple(part.tolist()))
        for at, part in zip(point[starts], parts, strict=True)
    )


def block_size(runs: int, workers: int) -> int:
    """Runs to a batch: enough for every worker, no more than a pass takes unless a scheduler could not feed the workers."""
    most = max(BLOCK_RUNS, workers // WORKERS_PER_RUN)
    return max(1, min(most, -(-runs // max(1, workers))))
