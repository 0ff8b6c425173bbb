"""The tables of points and of runs. The table of runs depends on the runs alone, not on the order or grouping of the shards."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from simulation.scenario.config.errors import ConfigError
from simulation.sweeps.pending_runs import required_replications
from simulation.sweeps.points import (
    as_number,
    as_text,
    canonical_json,
    run_id,
    run_number,
    scenario_at,
    value_with_unit,
)
from simulation.sweeps.schema import SAMPLED, Range, rate_bp
from simulation.sweeps.shards import REASON, REPLICATION, chunks, read_shard, replace_durably, temporary_path

if TYPE_CHECKING:
    from simulation.sweeps.plan import SweepPlan
    from simulation.sweeps.shards import StoredRuns

PARAMETER_PREFIX = "param:"
POINT = "point"
RUN_ID, SEED, RUN, STATUS, DONE, FAILED = "run_id", "seed", "run", "status", "done", "failed"
TEXT_COLUMNS = (STATUS, REASON)
GROUP_ROWS = 65_536
"""Rows collected and written at a time."""
OPEN_SHARDS = 64
NOT_GIVEN: Any = object()


class PointColumns:
    """Columns of the axes of a plan, one value per point."""

    def __init__(self, plan: SweepPlan) -> None:
        self.plan = plan

    @cached_property
    def base(self) -> Any:
        """The base scenario; None if it is valid only with values of the axes."""
        try:
            return scenario_at(self.plan.base, {})
        except ConfigError:
            return None

    @cached_property
    def params(self) -> dict[str, pa.Array]:
        """Column of each key, numbers or text, ``(points,)``."""
        return {key: self._param(key) for key in self.plan.keys}

    def _param(self, key: str) -> pa.Array:
        given = [values.get(key, NOT_GIVEN) for values in self.plan.points]
        numbers = [as_number(value) for value in given if value is not NOT_GIVEN]
        if None not in numbers:
            base = as_number(self.base_value(key)[0])
            filled = [base if value is NOT_GIVEN else as_number(value) for value in given]
            return pa.array(filled, pa.float64())
        return pa.array([None if value is NOT_GIVEN else as_text(value) for value in given], pa.string())

    def is_numeric(self, key: str) -> bool:
        """Whether the column of a key holds numbers."""
        return bool(self.params[key].type == pa.float64())

    def base_value(self, key: str) -> tuple[Any, str]:
        """Value and unit of a key in the base scenario; the value is None if the base does not have the key."""
        return value_with_unit(self.base, key)

    def table(self, more: Mapping[str, pa.Array]) -> pa.Table:
        """Return the table of points: number, key, values as JSON, the column of each axis, and the columns of `more`."""
        columns = {
            POINT: pa.array(np.arange(len(self.plan.points))),
            "key": pa.array([f"{key:016x}" for key in self.plan.point_keys.tolist()]),
            "values": pa.array([canonical_json(values) for values in self.plan.points]),
        }
        return pa.table(
            columns | {f"{PARAMETER_PREFIX}{key}": column for key, column in self.params.items()} | dict(more)
        )

    def axes(self) -> dict[str, dict[str, Any]]:
        """Description of each axis for the manifest."""
        return {key: self._axis(key) for key in self.plan.keys}

    def _axis(self, key: str) -> dict[str, Any]:
        axis, (value, unit) = self.plan.sweep.axes.get(key), self.base_value(key)
        rate = any(rate_bp(values.get(key)) is not None for values in self.plan.points[:1])
        description: dict[str, Any] = {
            "unit": "bp" if rate else unit,
            "numeric": self.is_numeric(key),
            "base": as_number(value),
        }
        if isinstance(axis, Range):
            description["scale"] = axis.scale
            if self.plan.sweep.design.kind in SAMPLED:
                description["low"], description["high"] = axis.ends
        elif axis is not None:
            description["values"] = [item if (number := as_number(item)) is None else number for item in axis]
        return description


def run_schema(columns: PointColumns) -> pa.Schema:
    """Columns and types of the table of runs."""
    fixed = [
        (RUN_ID, pa.string()),
        (POINT, pa.int64()),
        (REPLICATION, pa.int64()),
        (SEED, pa.int64()),
        (RUN, pa.int64()),
    ]
    texts = [(name, pa.string()) for name in TEXT_COLUMNS]
    params = [(f"{PARAMETER_PREFIX}{key}", column.type) for key, column in columns.params.items()]
    metrics = [(name, pa.float64()) for name in columns.plan.sweep.measured]
    return pa.schema([*fixed, *texts, *params, *metrics])


def write_runs(path: Path, columns: PointColumns, stored: StoredRuns) -> int:
    """Write the table of runs atomically and return its number of rows."""
    place, file, row = stored.locations()
    required = (
        place % stored.done.shape[1] < required_replications(columns.plan.sweep, stored)[place // stored.done.shape[1]]
    )
    place, file, row = place[required], file[required], row[required]
    schema = run_schema(columns)
    read_rows = ShardReader(stored.files, columns.plan.sweep.measured)
    temporary = temporary_path(path)
    dictionary = [
        name for name, kind in zip(schema.names, schema.types, strict=True) if kind == pa.string() and name != RUN_ID
    ]
    with pq.ParquetWriter(temporary, schema, compression="zstd", use_dictionary=dictionary) as writer:
        for part in chunks(len(place), GROUP_ROWS):
            results = read_rows(file[part], row[part])
            at = np.unravel_index(place[part], stored.done.shape)
            writer.write_table(run_rows_table(columns, at, results).cast(schema), row_group_size=GROUP_ROWS)
    with temporary.open("rb") as written:
        os.fsync(written.fileno())
    replace_durably(temporary, path)
    return len(place)


class ShardReader:
    """Reads rows from shards and keeps a few shards open."""

    def __init__(self, files: list[Path], metrics: tuple[str, ...]) -> None:
        self.files, self.metrics = files, metrics
        self.shard = lru_cache(maxsize=OPEN_SHARDS)(self._shard)

    def _shard(self, number: int) -> tuple[NDArray[np.object_], NDArray[np.float64]]:
        table = read_shard(self.files[number])
        if table is None:
            raise OSError(f"{self.files[number]} was damaged or removed while it was in use; repeat the command")
        reasons = np.array(table.column(REASON).to_pylist(), dtype=object)
        values = [table.column(name).to_numpy() for name in self.metrics]
        return reasons, np.column_stack(values) if values else np.zeros((len(reasons), 0))

    def __call__(
        self, file: NDArray[np.int64], row: NDArray[np.int64]
    ) -> tuple[NDArray[np.object_], NDArray[np.float64]]:
        """Return the reasons ``(rows,)`` and metrics ``(rows, metrics)`` of rows given by shard and row number."""
        reasons = np.empty(len(file), dtype=object)
        metrics = np.empty((len(file), len(self.metrics)))
        for number in np.unique(file):
            at = np.flatnonzero(file == number)
            shard_reasons, shard_metrics = self.shard(int(number))
            reasons[at], metrics[at] = shard_reasons[row[at]], shard_metrics[row[at]]
        return reasons, metrics


def run_rows_table(
    columns: PointColumns, at: Any, results: tuple[NDArray[np.object_], NDArray[np.float64]]
) -> pa.Table:
    """Return rows of the table of runs.

    Parameters
    ----------
    columns
        Columns of the axes.
    at
        Point and replication of each row, each ``(rows,)``.
    results
        Reasons ``(rows,)`` and metrics ``(rows, metrics)``.
    """
    plan, (point, replication), (reasons, metrics) = columns.plan, at, results
    keys = plan.point_keys[point].tolist()
    pairs = list(zip(keys, replication.tolist(), strict=True))
    table = {
        RUN_ID: pa.array([run_id(*pair) for pair in pairs]),
        POINT: pa.array(point.astype(np.int64)),
        REPLICATION: pa.array(replication.astype(np.int64)),
        SEED: pa.array(np.full(len(pairs), sweep_seed(plan), dtype=np.int64)),
        RUN: pa.array([run_number(*pair, plan.sweep.independent) for pair in pairs], pa.int64()),
        STATUS: pa.array(np.where(reasons == "", DONE, FAILED).tolist(), pa.string()),
        REASON: pa.array(reasons.tolist(), pa.string()),
    }
    rows = pa.array(point)
    table |= {f"{PARAMETER_PREFIX}{key}": column.take(rows) for key, column in columns.params.items()}
    names = plan.sweep.measured
    # A missing number is stored as null, which DuckDB and polars exclude from a mean as pandas does.
    table |= {name: pa.array(metrics[:, at], mask=np.isnan(metrics[:, at])) for at, name in enumerate(names)}
    return pa.table(table)


def sweep_seed(plan: SweepPlan) -> int:
    """Seed of the random streams of a sweep."""
    return int(json.loads(plan.base.config)["seed"])
