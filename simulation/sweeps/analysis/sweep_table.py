"""The runs of a sweep as one table, with its axes and metrics."""

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
"""Prefix of the columns that hold the values of an axis."""
DONE = "done"


@dataclass(frozen=True)
class SweepAxis:
    """A key that a sweep varies.

    Attributes
    ----------
    key
        Key of the config.
    unit
        Unit of its values; empty for text and dimensionless numbers.
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
        """Short name of the key: ``USDJPY fast impact pct per USD bn``, ``carry funds leverage median``."""
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
        One row per run: ``point``, ``replication``, ``status``, a column ``param:<key>`` per axis and a column per metric.
    axes
        The axes in the order of the design.
    units
        Unit of each metric.
    design
        Kind of the design: ``factorial``, ``one_at_a_time``, ``latin_hypercube``, ``sobol``, ``halton``, ``saltelli``, ``table``.
    independent
        Whether each point has its own noise; otherwise replication i has the same news at every point.
    facts
        The manifest: scenario, seed, versions and more.
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
        """Runs that reached their last day."""
        return self.runs[self.runs["status"] == DONE]

    @property
    def failed(self) -> int:
        """Number of failed runs."""
        return int((self.runs["status"] != DONE).sum())

    def axis(self, key: str) -> SweepAxis:
        """Return the axis of a key.

        Raises
        ------
        OutputError
            If the sweep does not vary the key.
        """
        for axis in self.axes:
            if axis.key == key:
                return axis
        raise OutputError(f"{self.name} does not vary {key}; it varies {', '.join(axis.key for axis in self.axes)}")

    def check_metric(self, metric: str) -> None:
        """Reject a metric that the sweep does not have.

        Raises
        ------
        OutputError
            With the metrics that it has.
        """
        if metric not in self.units:
            raise OutputError(f"{self.name} has no metric {metric}; it has {', '.join(self.units)}")

    def runs_with(self, metric: str) -> pd.DataFrame:
        """Finished runs with a value of a metric."""
        self.check_metric(metric)
        rows = self.finished
        return rows[rows[metric].notna()]


def read_sweep(folder: Path) -> SweepTable:
    """Return the runs in a folder written by ``carryflow sweep``.

    Raises
    ------
    OutputError
        If the folder holds no sweep.
    """
    manifest, runs = read_manifest(folder), read_runs(folder)
    axes = tuple(
        SweepAxis(key, str(description.get("unit", "")), bool(description.get("numeric", True)))
        for key, description in manifest["axes"].items()
    )
    units = {name: str(description["unit"]) for name, description in manifest["metrics"].items()}
    design = str(manifest["design"]["kind"])
    return SweepTable(manifest["name"], runs, axes, units, design, bool(manifest["independent"]), manifest)


def point_means(runs: pd.DataFrame, axes: Sequence[SweepAxis], metric: str) -> pd.DataFrame:
    """One row per point: mean of a metric over its runs, number of runs, and the values of the axes."""
    groups = runs.groupby("point", sort=True)
    columns = {axis.column: groups[axis.column].first() for axis in axes}
    return pd.DataFrame(columns | {"mean": groups[metric].mean(), "runs": groups[metric].count()})


def metric_matrix(runs: pd.DataFrame, metric: str) -> FloatArray:
    """A metric as ``(points, replications)``; incomplete points and replications are excluded."""
    wide = runs.pivot(index="point", columns="replication", values=metric)
    # First drop replications missing at most points, then the points that still lack one.
    wide = wide.loc[:, wide.notna().mean() > 0.5].dropna()
    return np.ascontiguousarray(wide.to_numpy(dtype=np.float64))


def without_common_noise(runs: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Runs with common random numbers, with the metric adjusted for the mean effect of the news of each replication.

    The adjustment does not change differences between the means of points whose runs all finished. Where runs failed, it removes
    the effect of averaging over different news.
    """
    of_replication = runs.groupby("replication")[metric].transform("mean")
    return runs.assign(**{metric: runs[metric] - of_replication + runs[metric].mean()})
