"""Columns that describe the points of a sweep: the value of each axis, in numbers where they are numbers.

Make the table of runs from the shards: the same bytes from the same runs, whatever their way into the store.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from pydantic import BaseModel

from simulation.scenario.config.errors import ConfigError
from simulation.scenario.config.tree import parse_key_path
from simulation.sweeps.pending_runs import required_replications
from simulation.sweeps.points import canonical_json, is_number, run_id, run_number, scenario_at
from simulation.sweeps.schema import SAMPLED, Range, rate_bp
from simulation.sweeps.shards import REASON, REPLICATION, chunks, read_shard, replace_durably, temporary_path

if TYPE_CHECKING:
    from simulation.sweeps.plan import SweepPlan
    from simulation.sweeps.shards import StoredRuns

PARAMETER_PREFIX = "param:"
POINT = "point"
NOT_GIVEN: Any = object()


class PointColumns:
    """Columns of the axes of a plan, one value a point."""

    def __init__(self, plan: SweepPlan) -> None:
        self.plan = plan

    @cached_property
    def base(self) -> Any:
        """The base scenario, none where it needs the axes to be whole."""
        try:
            return scenario_at(self.plan.base, {})
        except ConfigError:
            return None

    @cached_property
    def params(self) -> dict[str, pa.Array]:
        """The column of each key, numbers or text, ``(points,)``."""
        return {key: self._param(key) for key in self.plan.keys}

    def _param(self, key: str) -> pa.Array:
        given = [values.get(key, NOT_GIVEN) for values in self.plan.points]
        numbers = [as_number(value) for value in given if value is not NOT_GIVEN]
        if None not in numbers:
            own = as_number(self.base_value(key)[0])
            filled = [own if value is NOT_GIVEN else as_number(value) for value in given]
            return pa.array(filled, pa.float64())
        return pa.array([None if value is NOT_GIVEN else as_text(value) for value in given], pa.string())

    def is_numeric(self, key: str) -> bool:
        """Whether a key's column holds numbers."""
        return bool(self.params[key].type == pa.float64())

    def base_value(self, key: str) -> tuple[Any, str]:
        """Value of a key in the base scenario with its unit; nothing where the base does not have it."""
        return value_with_unit(self.base, key)

    def table(self, more: Mapping[str, pa.Array]) -> pa.Table:
        """The table of points: number, key, values as JSON, the column of each axis, and more columns as given."""
        columns = {
            POINT: pa.array(np.arange(len(self.plan.points))),
            "key": pa.array([f"{key:016x}" for key in self.plan.point_keys.tolist()]),
            "values": pa.array([canonical_json(values) for values in self.plan.points]),
        }
        return pa.table(
            columns | {f"{PARAMETER_PREFIX}{key}": column for key, column in self.params.items()} | dict(more)
        )

    def axes(self) -> dict[str, dict[str, Any]]:
        """What a manifest says of each axis."""
        return {key: self._axis(key) for key in self.plan.keys}

    def _axis(self, key: str) -> dict[str, Any]:
        axis, (value, unit) = self.plan.sweep.axes.get(key), self.base_value(key)
        rate = any(rate_bp(values.get(key)) is not None for values in self.plan.points[:1])
        about: dict[str, Any] = {
            "unit": "bp" if rate else unit,
            "numeric": self.is_numeric(key),
            "base": as_number(value),
        }
        if isinstance(axis, Range):
            about["scale"] = axis.scale
            if self.plan.sweep.design.kind in SAMPLED:
                about["low"], about["high"] = axis.ends
        elif axis is not None:
            about["values"] = [item if (number := as_number(item)) is None else number for item in axis]
        return about


def value_with_unit(base: Any, key: str) -> tuple[Any, str]:
    """Value of a key in a scenario with its unit; nothing where the scenario does not have it."""
    part, unit = base, ""
    for step in parse_key_path(key):
        unit = key_unit(part, step)
        try:
            part = getattr(part, str(step)) if isinstance(part, BaseModel) else part[step]
        except (AttributeError, KeyError, IndexError, TypeError):
            return None, unit
    return part, unit


def as_number(value: Any) -> float | None:
    """A value as a number, rates in basis points; none where it is no number."""
    return float(value) if is_number(value) else rate_bp(value)


def as_text(value: Any) -> str:
    """A value as text."""
    return value if isinstance(value, str) else canonical_json(value)


def key_unit(part: Any, name: str | int) -> str:
    """Unit that a model gives for one of its keys, empty where it gives none."""
    field = type(part).model_fields.get(str(name)) if isinstance(part, BaseModel) else None
    extra = None if field is None else field.json_schema_extra
    return str(extra.get("unit", "")) if isinstance(extra, dict) else ""


RUN_ID, SEED, RUN, STATUS, DONE, FAILED = "run_id", "seed", "run", "status", "done", "failed"
GROUP_ROWS = 65_536
"""Rows that are gathered and written at a time."""
OPEN_SHARDS = 64
TEXT_COLUMNS = (STATUS, REASON)


def run_schema(columns: PointColumns) -> pa.Schema:
    """Columns of the table of runs with their types."""
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


def write_runs(path: Path, columns: PointColumns, have: StoredRuns) -> int:
    """Write the table of runs, whole or not at all, and return the number of its rows."""
    place, file, row = have.in_order()
    kept = place % have.done.shape[1] < required_replications(columns.plan.sweep, have)[place // have.done.shape[1]]
    place, file, row = place[kept], file[kept], row[kept]
    schema = run_schema(columns)
    gather = ShardReader(have.files, columns.plan.sweep.measured)
    temporary = temporary_path(path)
    dictionary = [
        name for name, kind in zip(schema.names, schema.types, strict=True) if kind == pa.string() and name != RUN_ID
    ]
    with pq.ParquetWriter(temporary, schema, compression="zstd", use_dictionary=dictionary) as writer:
        for part in chunks(len(place), GROUP_ROWS):
            reasons, metrics = gather(file[part], row[part])
            at = np.unravel_index(place[part], have.done.shape)
            writer.write_table(run_rows_table(columns, at, (reasons, metrics)).cast(schema), row_group_size=GROUP_ROWS)
    with temporary.open("rb") as written:
        os.fsync(written.fileno())
    replace_durably(temporary, path)
    return len(place)


class ShardReader:
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


def run_rows_table(columns: PointColumns, at: Any, found: tuple[NDArray[np.object_], NDArray[np.float64]]) -> pa.Table:
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
        SEED: pa.array(np.full(len(pairs), sweep_seed(plan), dtype=np.int64)),
        RUN: pa.array([run_number(*pair, plan.sweep.independent) for pair in pairs], pa.int64()),
        STATUS: pa.array(np.where(reasons == "", DONE, FAILED).tolist(), pa.string()),
        REASON: pa.array(reasons.tolist(), pa.string()),
    }
    where = pa.array(point)
    table |= {f"{PARAMETER_PREFIX}{key}": column.take(where) for key, column in columns.params.items()}
    names = plan.sweep.measured
    # A missing number is a null, which DuckDB and polars leave out of a mean as pandas does.
    table |= {name: pa.array(metrics[:, at], mask=np.isnan(metrics[:, at])) for at, name in enumerate(names)}
    return pa.table(table)


def sweep_seed(plan: SweepPlan) -> int:
    """Seed of the random streams of a sweep."""
    import json

    return int(json.loads(plan.base.config)["seed"])
