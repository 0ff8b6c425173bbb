"""The runs of a sweep as one table, and what its columns are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulation.results.output_folder import OutputError
from simulation.sweeps.store import read_manifest, read_runs
from simulation.values.labels import readable_name

FloatArray = NDArray[np.float64]
PARAMETER_PREFIX = "param:"
"""Columns that begin with this hold the value of an axis."""
DONE = "done"


@dataclass(frozen=True)
class SweepAxis:
    """A key that a sweep varies.

    Attributes
    ----------
    key
        Key of the config.
    unit
        Unit of its values; empty for words and pure numbers.
    numeric
        Whether its values are numbers.
    """

    key: str
    unit: str = ""
    numeric: bool = True

    @property
    def column(self) -> str:
        """Its column in the table of runs."""
        return PARAMETER_PREFIX + self.key

    @property
    def name(self) -> str:
        """The key in as few words as tell it: ``USDJPY fast impact pct per USD bn``, ``carry funds leverage median``."""
        parts = self.key.replace("populations.", "").replace("markets.", "").split(".")
        return readable_name(" ".join(part.removesuffix("_x") for part in parts))


@dataclass(frozen=True)
class SweepTable:
    """The runs of a sweep.

    Attributes
    ----------
    name
        Name of the sweep.
    runs
        One row a run: ``point``, ``replication``, ``status``, a column ``param:<key>`` an axis and a column a metric.
    axes
        What varies, in the order of the design.
    units
        Unit of each metric.
    design
        Kind of the design: ``factorial``, ``one_at_a_time``, ``latin_hypercube``, ``sobol``, ``halton``, ``saltelli``, ``table``.
    independent
        Whether each point drew noise of its own; otherwise replication i met the same news at every point.
    facts
        What else the manifest says: scenario, seed, versions.
    """

    name: str
    runs: pd.DataFrame
    axes: tuple[SweepAxis, ...]
    units: Mapping[str, str]
    design: str
    independent: bool = False
    facts: Mapping[str, Any] | None = None

    @property
    def finished(self) -> pd.DataFrame:
        """The runs that reached their last day."""
        return self.runs[self.runs["status"] == DONE]

    @property
    def failed(self) -> int:
        """Number of runs that did not."""
        return int((self.runs["status"] != DONE).sum())

    def axis(self, key: str) -> SweepAxis:
        """Return the axis of a key.

        Raises
        ------
        OutputError
            If the sweep does not vary it.
        """
        for axis in self.axes:
            if axis.key == key:
                return axis
        raise OutputError(f"{self.name} does not vary {key}; it varies {', '.join(axis.key for axis in self.axes)}")

    def check_metric(self, metric: str) -> None:
        """Refuse a metric that was not measured.

        Raises
        ------
        OutputError
            With the metrics that were.
        """
        if metric not in self.units:
            raise OutputError(f"{self.name} has not measured {metric}; it has {', '.join(self.units)}")

    def measured(self, metric: str) -> pd.DataFrame:
        """Finished runs in which a metric has a value."""
        self.check_metric(metric)
        rows = self.finished
        return rows[rows[metric].notna()]


def read_sweep(folder: Path) -> SweepTable:
    """Return the runs in a folder that ``carryflow sweep`` wrote.

    Raises
    ------
    OutputError
        If the folder holds no sweep.
    """
    manifest, runs = read_manifest(folder), read_runs(folder)
    axes = tuple(
        SweepAxis(key, str(about.get("unit", "")), bool(about.get("numeric", True)))
        for key, about in manifest["axes"].items()
    )
    units = {name: str(about["unit"]) for name, about in manifest["metrics"].items()}
    design = str(manifest["design"]["kind"])
    return SweepTable(manifest["name"], runs, axes, units, design, bool(manifest["independent"]), manifest)


def point_means(runs: pd.DataFrame, axes: Sequence[SweepAxis], metric: str) -> pd.DataFrame:
    """One row a point: the mean of a metric over its runs, how many there are, and the values of the axes."""
    groups = runs.groupby("point", sort=True)
    columns = {axis.column: groups[axis.column].first() for axis in axes}
    return pd.DataFrame(columns | {"mean": groups[metric].mean(), "runs": groups[metric].count()})


def metric_matrix(runs: pd.DataFrame, metric: str) -> FloatArray:
    """A metric as ``(points, replications)``; points or replications that are not complete are left out."""
    wide = runs.pivot(index="point", columns="replication", values=metric)
    # A replication that is short at many points goes first, then points that still lack one.
    wide = wide.loc[:, wide.notna().mean() > 0.5].dropna()
    return np.ascontiguousarray(wide.to_numpy(dtype=np.float64))


def without_common_noise(runs: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Runs under common random numbers with a metric less what its replication's news do on average.

    The means of points whose runs all finished stay as they are relative to each other; where some failed, the mean of the
    others is not that of other news.
    """
    own = runs.groupby("replication")[metric].transform("mean")
    return runs.assign(**{metric: runs[metric] - own + runs[metric].mean()})
