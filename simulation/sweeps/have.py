"""Which runs of a sweep there are, and in which shard each of them stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from simulation.sweeps.rows import Rows

if TYPE_CHECKING:
    from simulation.sweeps.plan import Plan

KEY, REPLICATION, REASON = "key", "replication", "reason"
FloatArray = NDArray[np.float64]


def table_of(rows: Rows, metrics: tuple[str, ...]) -> pa.Table:
    """Rows as the table of a shard."""
    columns = {
        KEY: pa.array(rows.key),
        REPLICATION: pa.array(rows.replication),
        REASON: pa.array(list(rows.reason), pa.string()),
    }
    return pa.table(columns | {name: pa.array(rows.metrics[:, at]) for at, name in enumerate(metrics)})


@dataclass
class Have:
    """Which runs there are.

    Attributes
    ----------
    keys
        Key of each point, ``(points,)``.
    done
        Whether a run is there, finished or failed, ``(points, replications)``.
    failed
        Whether it failed, ``(points, replications)``.
    watched
        The metric that decides when a point has enough runs, ``(points, replications)``; empty where none does.
    series
        Whether its daily series are there, ``(points, replications)``; empty where none are kept.
    files
        Shards in the order in which they were read.
    """

    keys: NDArray[np.uint64]
    done: NDArray[np.bool_]
    failed: NDArray[np.bool_]
    watched: FloatArray
    series: NDArray[np.bool_]
    files: list[Path] = field(default_factory=list)
    _places: list[tuple[NDArray[np.int64], NDArray[np.int64], int]] = field(default_factory=list)

    @classmethod
    def nothing(cls, plan: Plan) -> Have:
        """Nothing yet of a plan."""
        shape = (len(plan.points), plan.sweep.most_replications)
        watched = np.full(shape if plan.sweep.until is not None else (0, 0), np.nan)
        series = np.zeros(shape if plan.sweep.record != "none" else (0, 0), dtype=bool)
        return cls(plan.point_keys, np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool), watched, series)

    def note(self, rows: Rows, watched: int | None) -> None:
        """Take rows for done; `watched` is the column of the metric that decides when a point has enough runs."""
        at = (rows.point, rows.replication)
        self.done[at] = True
        self.failed[at] = [bool(reason) for reason in rows.reason]
        if watched is not None:
            self.watched[at] = rows.metrics[:, watched]
        if self.series.size:
            for first, part in rows.series:
                here = slice(first, first + len(part.values))
                self.series[rows.point[here], rows.replication[here]] = True

    def add_shard(self, path: Path, table: pa.Table, watched: str | None) -> None:
        """Take the rows of a shard for done; those of points that the plan does not have are passed over."""
        point = self.points_of(table.column(KEY).to_numpy())
        replication = table.column(REPLICATION).to_numpy()
        rows = np.flatnonzero((point >= 0) & (replication < self.done.shape[1]))
        at = (point[rows], replication[rows])
        self.done[at] = True
        self.failed[at] = (np.array(table.column(REASON).to_pylist(), dtype=object) != "")[rows]
        if watched is not None:
            self.watched[at] = table.column(watched).to_numpy()[rows]
        self._places.append((np.ravel_multi_index(at, self.done.shape), rows, len(self.files)))
        self.files.append(path)

    def points_of(self, keys: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Number of the point of each key, -1 for a key that no point has."""
        order = np.argsort(self.keys)
        place = np.minimum(np.searchsorted(self.keys, keys, sorter=order), len(order) - 1)
        found = order[place]
        return np.where(self.keys[found] == keys, found, -1).astype(np.int64)

    def in_order(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Every run once, by point and replication: its place in ``(points, replications)``, its shard and its row there."""
        if not self._places:
            return (np.zeros(0, dtype=np.int64),) * 3
        place = np.concatenate([places for places, _, _ in self._places])
        row = np.concatenate([rows for _, rows, _ in self._places])
        file = np.concatenate([np.full(len(rows), number) for _, rows, number in self._places])
        unique, first = np.unique(place, return_index=True)
        return unique, file[first], row[first]

    def counts(self, wanted: NDArray[np.int64]) -> tuple[int, int]:
        """Number of runs that are there and of those that failed, among so many replications of each point."""
        asked = np.arange(self.done.shape[1])[None, :] < wanted[:, None]
        return int((self.done & asked).sum()), int((self.failed & asked).sum())


def chunks(count: int, size: int) -> Iterator[slice]:
    """Slices that cover `count` items, `size` at a time."""
    return (slice(first, min(first + size, count)) for first in range(0, count, size))
