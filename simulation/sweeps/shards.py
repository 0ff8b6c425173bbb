"""Shards: files of results named after their checksum, and the index of the runs that they hold.

A shard is written under a temporary name, flushed to the disk and renamed, so that a crash or power failure leaves a complete
shard or none. A file whose content does not match its name is damaged and ignored.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from simulation.sweeps.run_rows import RunRows

if TYPE_CHECKING:
    from simulation.sweeps.plan import SweepPlan

FloatArray = NDArray[np.float64]

KEY, REPLICATION, REASON = "key", "replication", "reason"
TEMPORARY_PREFIX = ".writing-"
CHECKSUM_DIGITS = 32


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file completely or not at all; the data are on the disk on return."""
    temporary = temporary_path(path)
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    replace_durably(temporary, path)


def temporary_path(path: Path) -> Path:
    """Temporary name under which a file is written."""
    return path.with_name(f"{TEMPORARY_PREFIX}{os.getpid()}-{path.name}")


def replace_durably(temporary: Path, path: Path) -> None:
    """Rename a file that was flushed to the disk, and flush the renaming too."""
    os.replace(temporary, path)
    if os.name != "nt":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def write_shard(folder: Path, kind: str, table: pa.Table) -> Path:
    """Write a table as a shard and return its path; equal tables give the same file."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    data = sink.getvalue().to_pybytes()
    path = folder / f"{kind}-{shard_checksum(data)}.parquet"
    write_atomically(path, data)
    return path


def shard_checksum(data: bytes) -> str:
    """Digits of the SHA-256 in the name of a shard."""
    return hashlib.sha256(data).hexdigest()[:CHECKSUM_DIGITS]


def read_shards(folder: Path, kind: str) -> Iterator[tuple[Path, pa.Table]]:
    """Yield the complete shards of a kind with their tables, sorted by name."""
    for path in sorted(folder.glob(f"{kind}-*.parquet")):
        table = read_shard(path)
        if table is not None:
            yield path, table


def read_shard(path: Path) -> pa.Table | None:
    """The table of a shard; None if it is damaged or missing."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    if path.stem.rpartition("-")[2] != shard_checksum(data):
        return None
    return pq.read_table(pa.BufferReader(data))


def remove_temporary_files(folder: Path) -> None:
    """Remove incomplete files of an interrupted process."""
    for path in folder.glob(f"{TEMPORARY_PREFIX}*"):
        path.unlink(missing_ok=True)


def shard_table(rows: RunRows, metrics: tuple[str, ...]) -> pa.Table:
    """Rows as the table of a shard."""
    columns = {
        KEY: pa.array(rows.key),
        REPLICATION: pa.array(rows.replication),
        REASON: pa.array(list(rows.reason), pa.string()),
    }
    return pa.table(columns | {name: pa.array(rows.metrics[:, at]) for at, name in enumerate(metrics)})


@dataclass
class StoredRuns:
    """Index of the runs in a store.

    Attributes
    ----------
    keys
        Key of each point, ``(points,)``.
    done
        Whether a run is stored, finished or failed, ``(points, replications)``.
    failed
        Whether it failed, ``(points, replications)``.
    watched
        The metric of the stopping rule, ``(points, replications)``; empty without a rule.
    series
        Whether its daily series are stored, ``(points, replications)``; empty if none are kept.
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
    def empty(cls, plan: SweepPlan) -> StoredRuns:
        """Index of a store without runs."""
        shape = (len(plan.points), plan.sweep.most_replications)
        watched = np.full(shape if plan.sweep.until is not None else (0, 0), np.nan)
        series = np.zeros(shape if plan.sweep.record != "none" else (0, 0), dtype=bool)
        return cls(plan.point_keys, np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool), watched, series)

    def record(self, rows: RunRows, watched: int | None) -> None:
        """Mark rows as done; `watched` is the column of the metric of the stopping rule."""
        runs = (rows.point, rows.replication)
        self.done[runs] = True
        self.failed[runs] = [bool(reason) for reason in rows.reason]
        if watched is not None:
            self.watched[runs] = rows.metrics[:, watched]
        if self.series.size:
            for first, part in rows.series:
                at = slice(first, first + len(part.values))
                self.series[rows.point[at], rows.replication[at]] = True

    def add_shard(self, path: Path, table: pa.Table, watched: str | None) -> None:
        """Mark the rows of a shard as done; rows of points outside the plan are ignored."""
        point = self.point_numbers(table.column(KEY).to_numpy())
        replication = table.column(REPLICATION).to_numpy()
        rows = np.flatnonzero((point >= 0) & (replication < self.done.shape[1]))
        at = (point[rows], replication[rows])
        self.done[at] = True
        self.failed[at] = (np.array(table.column(REASON).to_pylist(), dtype=object) != "")[rows]
        if watched is not None:
            self.watched[at] = table.column(watched).to_numpy()[rows]
        self._places.append((np.ravel_multi_index(at, self.done.shape), rows, len(self.files)))
        self.files.append(path)

    def point_numbers(self, keys: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Number of the point of each key; -1 for an unknown key."""
        order = np.argsort(self.keys)
        place = np.minimum(np.searchsorted(self.keys, keys, sorter=order), len(order) - 1)
        candidate = order[place]
        return np.where(self.keys[candidate] == keys, candidate, -1).astype(np.int64)

    def locations(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Location of every run, by point and replication: index in ``(points, replications)``, shard, row in the shard."""
        if not self._places:
            return (np.zeros(0, dtype=np.int64),) * 3
        place = np.concatenate([places for places, _, _ in self._places])
        row = np.concatenate([rows for _, rows, _ in self._places])
        file = np.concatenate([np.full(len(rows), number) for _, rows, number in self._places])
        unique, first = np.unique(place, return_index=True)
        return unique, file[first], row[first]

    def counts(self, required: NDArray[np.int64]) -> tuple[int, int]:
        """Number of stored runs and of failed runs among the required replications of each point."""
        counted = np.arange(self.done.shape[1])[None, :] < required[:, None]
        return int((self.done & counted).sum()), int((self.failed & counted).sum())


def chunks(count: int, size: int) -> Iterator[slice]:
    """Slices that cover `count` items, `size` at a time."""
    return (slice(first, min(first + size, count)) for first in range(0, count, size))
