"""Make the table of runs from the shards: the same bytes from the same runs, whatever their way into the store."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from simulation.sweeps.columns import PARAM, POINT, Columns
from simulation.sweeps.have import REASON, REPLICATION, chunks
from simulation.sweeps.points import run_id, run_number
from simulation.sweeps.precision import wanted
from simulation.sweeps.shards import put_in_place, read_shard, temporary_of

if TYPE_CHECKING:
    from simulation.sweeps.have import Have
    from simulation.sweeps.plan import Plan

RUN_ID, SEED, RUN, STATUS, DONE, FAILED = "run_id", "seed", "run", "status", "done", "failed"
GROUP_ROWS = 65_536
"""Rows that are gathered and written at a time."""
OPEN_SHARDS = 64
TEXTS = (STATUS, REASON)


def schema_of(columns: Columns) -> pa.Schema:
    """Columns of the table of runs with their types."""
    fixed = [
        (RUN_ID, pa.string()),
        (POINT, pa.int64()),
        (REPLICATION, pa.int64()),
        (SEED, pa.int64()),
        (RUN, pa.int64()),
    ]
    texts = [(name, pa.string()) for name in TEXTS]
    params = [(f"{PARAM}{key}", column.type) for key, column in columns.params.items()]
    metrics = [(name, pa.float64()) for name in columns.plan.sweep.measured]
    return pa.schema([*fixed, *texts, *params, *metrics])


def write_runs(path: Path, columns: Columns, have: Have) -> int:
    """Write the table of runs, whole or not at all, and return the number of its rows."""
    place, file, row = have.in_order()
    kept = place % have.done.shape[1] < wanted(columns.plan.sweep, have)[place // have.done.shape[1]]
    place, file, row = place[kept], file[kept], row[kept]
    schema = schema_of(columns)
    gather = Gather(have.files, columns.plan.sweep.measured)
    temporary = temporary_of(path)
    dictionary = [
        name for name, kind in zip(schema.names, schema.types, strict=True) if kind == pa.string() and name != RUN_ID
    ]
    with pq.ParquetWriter(temporary, schema, compression="zstd", use_dictionary=dictionary) as writer:
        for part in chunks(len(place), GROUP_ROWS):
            reasons, metrics = gather(file[part], row[part])
            at = np.unravel_index(place[part], have.done.shape)
            writer.write_table(rows_table(columns, at, (reasons, metrics)).cast(schema), row_group_size=GROUP_ROWS)
    with temporary.open("rb") as written:
        os.fsync(written.fileno())
    put_in_place(temporary, path)
    return len(place)


class Gather:
    """Reads rows from shards, a few of which are kept open."""

    def __init__(self, files: list[Path], metrics: tuple[str, ...]) -> None:
        self.files, self.metrics = files, metrics
        self.shard = lru_cache(maxsize=OPEN_SHARDS)(self._shard)

    def _shard(self, number: int) -> tuple[NDArray[np.object_], NDArray[np.float64]]:
        table = read_shard(self.files[number])
        if table is None:
            raise OSError(f"{self.files[number]} was whole a moment ago and is not any more; repeat the command")
        reasons = np.array(table.column(REASON).to_pylist(), dtype=object)
        values = [table.column(name).to_numpy() for name in self.metrics]
        return reasons, np.column_stack(values) if values else np.zeros((len(reasons), 0))

    def __call__(
        self, file: NDArray[np.int64], row: NDArray[np.int64]
    ) -> tuple[NDArray[np.object_], NDArray[np.float64]]:
        """Return the reasons ``(rows,)`` and metrics ``(rows, metrics)`` of rows given by shard and place."""
        reasons = np.empty(len(file), dtype=object)
        metrics = np.empty((len(file), len(self.metrics)))
        for number in np.unique(file):
            here = np.flatnonzero(file == number)
            found, values = self.shard(int(number))
            reasons[here], metrics[here] = found[row[here]], values[row[here]]
        return reasons, metrics


def rows_table(columns: Columns, at: Any, found: tuple[NDArray[np.object_], NDArray[np.float64]]) -> pa.Table:
    """Rows of the table of runs.

    Parameters
    ----------
    columns
        Columns of the axes.
    at
        Point and replication of each row, each ``(rows,)``.
    found
        Reasons ``(rows,)`` and metrics ``(rows, metrics)``.
    """
    plan, (point, replication), (reasons, metrics) = columns.plan, at, found
    keys = plan.point_keys[point].tolist()
    pairs = list(zip(keys, replication.tolist(), strict=True))
    table = {
        RUN_ID: pa.array([run_id(*pair) for pair in pairs]),
        POINT: pa.array(point.astype(np.int64)),
        REPLICATION: pa.array(replication.astype(np.int64)),
        SEED: pa.array(np.full(len(pairs), seed_of(plan), dtype=np.int64)),
        RUN: pa.array([run_number(*pair, plan.sweep.independent) for pair in pairs], pa.int64()),
        STATUS: pa.array(np.where(reasons == "", DONE, FAILED).tolist(), pa.string()),
        REASON: pa.array(reasons.tolist(), pa.string()),
    }
    where = pa.array(point)
    table |= {f"{PARAM}{key}": column.take(where) for key, column in columns.params.items()}
    names = plan.sweep.measured
    # A missing number is a null, which DuckDB and polars leave out of a mean as pandas does.
    table |= {name: pa.array(metrics[:, at], mask=np.isnan(metrics[:, at])) for at, name in enumerate(names)}
    return pa.table(table)


def seed_of(plan: Plan) -> int:
    """Seed of the random streams of a sweep."""
    import json

    return int(json.loads(plan.base.config)["seed"])
