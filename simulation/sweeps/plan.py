"""A sweep ready to run: its base scenario, its points (from a design or a table), and the digests that identify its results."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simulation.scenario.config.catalog import find_file
from simulation.scenario.config.errors import ConfigError, ConfigProblem
from simulation.scenario.config.loading import LoadedConfig, load
from simulation.scenario.config.parameter_sets import load_cloud, sets_beside
from simulation.scenario.config.tree import Source, locate_message, nearest_node, plain_values
from simulation.scenario.config.yaml_reader import display_path, parse_yaml
from simulation.scenario.inert_keys import stated_reasons
from simulation.sweeps.checking import (
    axis_problems,
    check_effects,
    check_points,
    check_series,
    check_settings,
    drop_base_points,
    drop_repeated_values,
    load_base_scenario,
    resolve_sweep_path,
    serialized_base,
)
from simulation.sweeps.points import (
    BaseScenario,
    PointValues,
    batch_structure,
    canonical_json,
    design_points,
    jsonable,
    point_key,
    scenario_at,
)
from simulation.sweeps.schema import MOST_POINTS, Sweep

if TYPE_CHECKING:
    import pandas as pd

    from simulation.scenario.config.parameter_sets import Cloud

EMPTY_CELL: Any = object()
MOST_LOOKED_AT = 16
"""Points looked at for keys that move no outcome, about 5 ms each."""


def table_points(path: Path) -> list[PointValues]:
    """Return the points of a CSV or Parquet table whose columns are config keys, one point per row.

    An empty cell keeps the value of the base scenario. Cells of a CSV file are read as config values, such as ``25bp``,
    ``true`` and ``null``.

    Raises
    ------
    ConfigError
        If the file cannot be read, has no rows or has too many.
    """
    frame = _read_table(path)
    columns = {str(name): _column_values(path, frame, str(name)) for name in frame.columns}
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return [{key: value for key, value in row.items() if value is not EMPTY_CELL} for row in rows]


def _read_table(path: Path) -> pd.DataFrame:
    import pandas as pd

    try:
        if path.suffix == ".parquet":
            check_row_count(path, parquet_row_count(path))
            return pd.read_parquet(path)
        frame = pd.read_csv(path, dtype=str, keep_default_na=False, comment="#", nrows=MOST_POINTS + 1)
    except (OSError, ValueError) as error:
        message = f"the table cannot be read: {error}"
        raise ConfigError(
            [ConfigProblem(display_path(path), None, None, "", message, "a CSV or Parquet file of config keys")]
        ) from None
    check_row_count(path, len(frame))
    return frame


def parquet_row_count(path: Path) -> int:
    """Number of rows of a Parquet file, read from its footer only."""
    import pyarrow.parquet as pq

    file = pq.ParquetFile(path)
    try:
        return file.metadata.num_rows
    finally:
        file.close()


def check_row_count(path: Path, rows: int) -> None:
    """Reject a table without rows, or with more rows than a sweep may have points.

    Raises
    ------
    ConfigError
        With the number of rows counted.
    """
    if not rows:
        raise ConfigError(
            [ConfigProblem(display_path(path), None, None, "", "the table has no rows", "write one row per point")]
        )
    if rows > MOST_POINTS:
        counted = f"{rows:,}" if path.suffix == ".parquet" else f"more than {MOST_POINTS:,}"
        message = f"the table has {counted} rows; allowed: at most {MOST_POINTS:,}"
        raise ConfigError(
            [ConfigProblem(display_path(path), None, None, "", message, "divide it into several tables and sweeps")]
        )


def _column_values(path: Path, frame: pd.DataFrame, name: str) -> list[Any]:
    """Values of a column; equal texts are parsed once."""
    known: dict[str, Any] = {}
    cells = []
    for row, cell in enumerate(frame[name].tolist()):
        if isinstance(cell, str):
            if cell not in known:
                known[cell] = _parse_cell(path, row, name, cell)
            cells.append(known[cell])
        else:
            # Only NaN differs from itself.
            cells.append(EMPTY_CELL if cell is None or cell != cell else jsonable(cell))
    return cells


def _parse_cell(path: Path, row: int, name: str, text: str) -> Any:
    if not text.strip():
        return EMPTY_CELL
    reading = parse_yaml(text, Source(f"{display_path(path)}: row {row + 1}, {name}", (text,), inline=True))
    if reading.problems:
        raise ConfigError(reading.problems)
    return jsonable(plain_values(reading.tree))


@dataclass(frozen=True)
class SweepPlan:
    """A sweep ready to run.

    Attributes
    ----------
    sweep
        Content of the sweep file.
    base
        The scenario that is varied.
    points
        Values of each point in the order of the design.
    cloud
        Calibrated parameter sets of the replications; None if all replications use the parameters of the scenario.
    remarks
        Notes on repeated points that were dropped from the design.
    """

    sweep: Sweep
    base: BaseScenario
    points: tuple[PointValues, ...]
    cloud: Cloud | None = None
    remarks: tuple[str, ...] = ()

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """Config keys that are varied, in the order of the axes or of the columns of the table."""
        return tuple(dict.fromkeys([*self.sweep.axes, *(key for point in self.points for key in point)]))

    @cached_property
    def identity(self) -> str:
        """Digest of all inputs to the runs of a point other than its values."""
        content = [self.base.digest, None if self.cloud is None else self.cloud.digest, self.sweep.independent]
        return hashlib.sha256(canonical_json(content).encode()).hexdigest()

    @cached_property
    def point_keys(self) -> NDArray[np.uint64]:
        """Key of each point, ``(points,)``; equal points are distinguished by their order."""
        seen: Counter[str] = Counter()
        keys = np.empty(len(self.points), dtype=np.uint64)
        for at, values in enumerate(self.points):
            text = canonical_json(values)
            keys[at] = point_key(self.identity, values, seen[text])
            seen[text] += 1
        return keys

    @cached_property
    def structures(self) -> NDArray[np.int64]:
        """Number of the structure of each point, ``(points,)``. Points of one structure may share a batch."""
        known: dict[str, int] = {}
        return np.array(
            [known.setdefault(batch_structure(values), len(known)) for values in self.points], dtype=np.int64
        )

    @cached_property
    def mixing(self) -> str:
        """Digest of the inputs that two stores must share for their rows to be combined in one table."""
        content: list[Any] = [self.identity, self.sweep.measured, self.sweep.record]
        if self.sweep.series:
            content.append(self.sweep.kept_series)
        return hashlib.sha256(canonical_json(jsonable(content)).encode()).hexdigest()

    @cached_property
    def hash(self) -> str:
        """Digest of all inputs to the finished tables."""
        until = None if self.sweep.until is None else self.sweep.until.model_dump(mode="json")
        content = [self.mixing, self.sweep.replications, until, [f"{key:x}" for key in self.point_keys.tolist()]]
        return hashlib.sha256(canonical_json(content).encode()).hexdigest()

    @property
    def most_runs(self) -> int:
        """Number of runs; the maximum if points stop by precision."""
        return len(self.points) * self.sweep.most_replications


def load_plan(name: str | Path, settings: Iterable[str] = ()) -> SweepPlan:
    """Return the plan of a sweep given by name or file.

    Parameters
    ----------
    name : str or Path
        A shipped sweep or a file.
    settings : iterable of str
        Changes to the sweep file, such as ``replications=10``.

    Raises
    ------
    ConfigError
        With all problems of the sweep and of the scenarios of its points.
    """
    texts = tuple(settings)
    check_settings(texts)
    loaded = load(name, texts, root=Sweep, kind="sweeps")
    folder = find_file("sweeps", name).parent
    sweep, remarks = drop_repeated_values(loaded.scenario)
    base = load_checked_base(loaded, folder)
    sets = None if sweep.posterior is None else load_cloud(resolve_sweep_path(sweep.posterior, folder))
    cloud = sets_beside(sets, sweep.settings)
    points = load_points(sweep, loaded, folder)
    check_points(base, loaded, points)
    if sweep.design.kind == "one_at_a_time":
        points, base_remarks = drop_base_points(points, base.scenario)
        remarks = (*remarks, *base_remarks)
    serialized = serialized_base(base, sweep)
    return SweepPlan(sweep, serialized, tuple(points), cloud, (*remarks, *inert_key_remarks(serialized, points)))


def inert_key_remarks(base: BaseScenario, points: Sequence[PointValues]) -> tuple[str, ...]:
    """Notes on varied keys that move no outcome at any of some points spread over the design."""
    step = max(1, -(-len(points) // MOST_LOOKED_AT))
    found: list[dict[str, str]] = []
    for values in points[::step]:
        try:
            found.append(stated_reasons(scenario_at(base, values), values))
        except ConfigError:
            continue
    keys = dict.fromkeys(key for values in points[::step] for key in values)
    always = [key for key in keys if found and all(key in reasons for reasons in found)]
    return tuple(f"axes.{key}: it is varied but {found[0][key]}" for key in always)


def load_checked_base(loaded: LoadedConfig[Sweep], folder: Path) -> LoadedConfig[Any]:
    """The base scenario; if it is invalid, problems of the axes are reported together with those of the base."""
    try:
        base = load_base_scenario(loaded, folder)
    except ConfigError as error:
        raise ConfigError([*error.problems, *axis_problems(loaded, folder)]) from None
    check_series(base, loaded)
    check_effects(base, loaded)
    return base


def load_points(sweep: Sweep, loaded: LoadedConfig[Sweep], folder: Path) -> list[PointValues]:
    """Return the points of a design or of its table.

    Raises
    ------
    ConfigError
        If the table cannot be read, or has more points than allowed for this number of replications.
    """
    if sweep.design.file is None:
        return design_points(sweep.axes, sweep.design)
    points = table_points(Path(resolve_sweep_path(sweep.design.file, folder)))
    try:
        sweep.check_runs_at(len(points))
    except ValueError as error:
        path, message = locate_message(loaded.tree, (), str(error))
        raise ConfigError([nearest_node(loaded.tree, path).head.problem(path, message)]) from None
    return points
