"""Files that are either whole or not there: what came from the workers, named after its own checksum.

A shard is written under a temporary name, forced to the disk and renamed, so that an end of the process, of the machine or
of the power leaves a whole shard or none.  A file whose content does not fit its name is torn and counts as missing.

Which runs of a sweep there are, and in which shard each of them stands.
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

TEMPORARY_PREFIX = ".writing-"
CHECKSUM_DIGITS = 32


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file whole or not at all; it is on the disk when this returns."""
    temporary = temporary_path(path)
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    replace_durably(temporary, path)


def temporary_path(path: Path) -> Path:
    """Name under which a file is written before it gets its own."""
    return path.with_name(f"{TEMPORARY_PREFIX}{os.getpid()}-{path.name}")


def replace_durably(temporary: Path, path: Path) -> None:
    """Give a finished file, already forced to the disk, its name, and force the name to the disk too."""
    os.replace(temporary, path)
    if os.name != "nt":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def write_shard(folder: Path, kind: str, table: pa.Table) -> Path:
    """Write a table as a shard and return its path; the same rows written twice are one file."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    data = sink.getvalue().to_pybytes()
    path = folder / f"{kind}-{shard_checksum(data)}.parquet"
    write_atomically(path, data)
    return path


def shard_checksum(data: bytes) -> str:
    """SHA-256 of a shard as its name has it."""
    return hashlib.sha256(data).hexdigest()[:CHECKSUM_DIGITS]


def read_shards(folder: Path, kind: str) -> Iterator[tuple[Path, pa.Table]]:
    """Yield the whole shards of a kind with their tables, by name; torn ones are passed over."""
    for path in sorted(folder.glob(f"{kind}-*.parquet")):
        table = read_shard(path)
        if table is not None:
            yield path, table


def read_shard(path: Path) -> pa.Table | None:
    """The table of a shard, none if it is torn or gone."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    if path.stem.rpartition("-")[2] != shard_checksum(data):
        return None
    return pq.read_table(pa.BufferReader(data))


def remove_temporary_files(folder: Path) -> None:
    """Remove what a process that was killed had begun to write."""
    for path in folder.glob(f"{TEMPORARY_PREFIX}*"):
        path.unlink(missing_ok=True)


KEY, REPLICATION, REASON = "key", "replication", "reason"
FloatArray = NDArray[np.float64]


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
    def nothing(cls, plan: SweepPlan) -> StoredRuns:
        """Nothing yet of a plan."""
        shape = (len(plan.points), plan.sweep.most_replications)
        watched = np.full(shape if plan.sweep.until is not None else (0, 0), np.nan)
        series = np.zeros(shape if plan.sweep.record != "none" else (0, 0), dtype=bool)
        return cls(plan.point_keys, np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool), watched, series)

    def note(self, rows: RunRows, watched: int | None) -> None:
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
