"""A sweep made ready to run: its base, its points, and what its results are identified by."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simulation.scenario.config.blame import blamed
from simulation.scenario.config.catalog import path_of
from simulation.scenario.config.errors import ConfigError
from simulation.scenario.config.loading import Loaded, load
from simulation.scenario.config.posterior import load_cloud
from simulation.scenario.config.tree import nearest_node
from simulation.sweeps.basing import base_of, based, beside, check_settings
from simulation.sweeps.checking import check_points, check_series, problems_of_axes
from simulation.sweeps.design import Values, jsonable, points_of
from simulation.sweeps.points import Base, point_key, structure, text_of
from simulation.sweeps.schema import Sweep
from simulation.sweeps.table import rows_of
from simulation.sweeps.tidying import without_base, without_repetition

if TYPE_CHECKING:
    from simulation.scenario.cloud import Cloud


@dataclass(frozen=True)
class Plan:
    """A sweep made ready to run.

    Attributes
    ----------
    sweep
        What the file says.
    base
        The scenario that is varied.
    points
        Values of each point in the order of the design.
    cloud
        Calibrated parameter sets of the replications, none where all have the scenario's numbers.
    remarks
        What was dropped from the file's design because it stands there twice.
    """

    sweep: Sweep
    base: Base
    points: tuple[Values, ...]
    cloud: Cloud | None = None
    remarks: tuple[str, ...] = ()

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """Config keys that are varied, in the order of the axes or of the table's columns."""
        return tuple(dict.fromkeys([*self.sweep.axes, *(key for point in self.points for key in point)]))

    @cached_property
    def identity(self) -> str:
        """Digest of what the runs of a point follow from beside its values."""
        content = [self.base.digest, None if self.cloud is None else self.cloud.digest, self.sweep.independent]
        return hashlib.sha256(text_of(content).encode()).hexdigest()

    @cached_property
    def point_keys(self) -> NDArray[np.uint64]:
        """Key of each point, ``(points,)``; equal points are told apart by their order."""
        seen: Counter[str] = Counter()
        keys = np.empty(len(self.points), dtype=np.uint64)
        for at, values in enumerate(self.points):
            text = text_of(values)
            keys[at] = point_key(self.identity, values, seen[text])
            seen[text] += 1
        return keys

    @cached_property
    def structures(self) -> NDArray[np.int64]:
        """Number of the structure of each point, ``(points,)``: points of one structure may share a batch."""
        known: dict[str, int] = {}
        return np.array([known.setdefault(structure(values), len(known)) for values in self.points], dtype=np.int64)

    @cached_property
    def mixing(self) -> str:
        """Digest of what two stores must share for their rows to stand in one table."""
        content: list[Any] = [self.identity, self.sweep.measured, self.sweep.record]
        if self.sweep.series:
            content.append(self.sweep.kept_series)
        return hashlib.sha256(text_of(jsonable(content)).encode()).hexdigest()

    @cached_property
    def hash(self) -> str:
        """Digest of everything that the finished tables follow from."""
        until = None if self.sweep.until is None else self.sweep.until.model_dump(mode="json")
        content = [self.mixing, self.sweep.replications, until, [f"{key:x}" for key in self.point_keys.tolist()]]
        return hashlib.sha256(text_of(content).encode()).hexdigest()

    @property
    def most_runs(self) -> int:
        """Runs in all, at most where points stop by precision."""
        return len(self.points) * self.sweep.most_replications


def plan_of(name: str | Path, settings: Iterable[str] = ()) -> Plan:
    """Return the plan of a sweep by name or by file.

    Parameters
    ----------
    name : str or Path
        A shipped sweep or a file.
    settings : iterable of str
        Changes to the sweep file, such as ``replications=10``.

    Raises
    ------
    ConfigError
        With every mistake that was found in the sweep or in the scenarios of its points.
    """
    texts = tuple(settings)
    check_settings(texts)
    loaded = load(name, texts, root=Sweep, kind="sweeps")
    folder = path_of("sweeps", name).parent
    sweep, remarks = without_repetition(loaded.scenario)
    base = checked_base(loaded, folder)
    cloud = None if sweep.posterior is None else load_cloud(beside(sweep.posterior, folder))
    points = points_from(sweep, loaded, folder)
    check_points(base, loaded, points)
    if sweep.design.kind == "one_at_a_time":
        points, more = without_base(points, base.scenario)
        remarks = (*remarks, *more)
    return Plan(sweep, base_of(base, sweep), tuple(points), cloud, remarks)


def checked_base(loaded: Loaded[Sweep], folder: Path) -> Loaded[Any]:
    """The base scenario; where it cannot be used, the mistakes of the axes are told with its own."""
    try:
        base = based(loaded, folder)
    except ConfigError as error:
        raise ConfigError([*error.problems, *problems_of_axes(loaded, folder)]) from None
    check_series(base, loaded)
    return base


def points_from(sweep: Sweep, loaded: Loaded[Sweep], folder: Path) -> list[Values]:
    """Points of a design; what a table says of them stands in its own file.

    Raises
    ------
    ConfigError
        If the table cannot be read, or has more points than one sweep may run so often.
    """
    if sweep.design.file is None:
        return points_of(sweep.axes, sweep.design)
    points = rows_of(Path(beside(sweep.design.file, folder)))
    try:
        sweep.check_runs_at(len(points))
    except ValueError as error:
        path, message = blamed(loaded.tree, (), str(error))
        raise ConfigError([nearest_node(loaded.tree, path).head.problem(path, message)]) from None
    return points
