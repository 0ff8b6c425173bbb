"""What comes back from a batch of runs: a row each, in arrays that cross a process border cheaply."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Piece:
    """Some replications of one point.

    Attributes
    ----------
    point
        Number of the point in the design.
    key
        Key of the point.
    values
        Values of the point, as JSON.
    replications
        Numbers of the replications.
    """

    point: int
    key: int
    values: str
    replications: tuple[int, ...]


@dataclass(frozen=True)
class Series:
    """Daily values of some runs.

    Attributes
    ----------
    days
        Days since 1970 of each day, ``(days,)``.
    values
        ``(runs, days, series)``; not-a-number where the scenario lacks the asset.
    reached
        Which days each run reached before it ended, ``(runs, days)``.
    """

    days: NDArray[np.int32]
    values: NDArray[np.float64]
    reached: NDArray[np.bool_]


@dataclass(frozen=True)
class Rows:
    """One row a run.

    Attributes
    ----------
    point
        Number of the point, ``(runs,)``.
    key
        Key of the point, ``(runs,)``.
    replication
        ``(runs,)``.
    reason
        Why the run failed; empty for a finished run.
    metrics
        ``(runs, metrics)``, not-a-number where the run failed or the scenario cannot have the metric.
    series
        Daily values with the first row they belong to; runs that gave none are in none of them.
    """

    point: NDArray[np.int64]
    key: NDArray[np.uint64]
    replication: NDArray[np.int64]
    reason: tuple[str, ...]
    metrics: NDArray[np.float64]
    series: tuple[tuple[int, Series], ...] = ()

    def __len__(self) -> int:
        """Return the number of runs."""
        return len(self.point)

    @property
    def failed(self) -> int:
        """Number of runs that failed."""
        return sum(bool(reason) for reason in self.reason)


def joined(parts: Sequence[Rows]) -> Rows:
    """Rows one after the other."""
    before = np.cumsum([0, *(len(part) for part in parts)]).tolist()
    return Rows(
        np.concatenate([part.point for part in parts]),
        np.concatenate([part.key for part in parts]),
        np.concatenate([part.replication for part in parts]),
        tuple(reason for part in parts for reason in part.reason),
        np.concatenate([part.metrics for part in parts]),
        tuple((first + at, series) for first, part in zip(before, parts, strict=False) for at, series in part.series),
    )


def failed_rows(pieces: Sequence[Piece], reason: str, metrics: int) -> Rows:
    """Rows of runs that gave nothing, all for one reason."""
    point, key, replication = labels(pieces)
    runs = len(point)
    return Rows(point, key, replication, (reason,) * runs, np.full((runs, metrics), np.nan))


def labels(pieces: Sequence[Piece]) -> tuple[NDArray[np.int64], NDArray[np.uint64], NDArray[np.int64]]:
    """Point, key and replication of every run of some pieces, each ``(runs,)``."""
    counts = [len(piece.replications) for piece in pieces]
    point = np.repeat(np.array([piece.point for piece in pieces], dtype=np.int64), counts)
    key = np.repeat(np.array([piece.key for piece in pieces], dtype=np.uint64), counts)
    replication = np.array([number for piece in pieces for number in piece.replications], dtype=np.int64)
    return point, key, replication
