"""How a metric answers to one parameter, or to two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulation.sweeps.analysis.sweep_table import Axis, SweepTable, point_means

MOST_LEVELS = 15
"""Up to so many different values are shown one by one; more are put into bins of equally many points."""
CURVE_BINS, MAP_BINS = 12, 6
LOW, HIGH = 0.1, 0.9


@dataclass(frozen=True)
class ResponseMap:
    """A metric over two parameters: medians and numbers of runs, ``(rows, columns)``; rows fall, columns rise."""

    rows: Axis
    columns: Axis
    row_values: tuple[Any, ...]
    column_values: tuple[Any, ...]
    median: NDArray[np.float64]
    runs: NDArray[np.int64]


def levels_of(values: pd.Series[Any], bins: int) -> pd.Series[Any]:
    """The level of each value: itself where values are few or words, else the mean of a bin of equally many of them."""
    if values.nunique() <= MOST_LEVELS or not pd.api.types.is_numeric_dtype(values):
        return values
    binned = pd.qcut(values, bins, labels=False, duplicates="drop")
    return values.groupby(binned).transform("mean")


def along(sweep: SweepTable, axis: Axis, metric: str) -> pd.DataFrame:
    """Finished runs that tell how a metric answers to one axis.

    All runs, unless the design moves one key at a time: then those in which the other keys are at the base.
    """
    runs = sweep.measured(metric)
    if sweep.design != "one_at_a_time" or runs.empty:
        return runs
    base = sweep.runs.iloc[int(sweep.runs["point"].argmin())]
    others = [other.column for other in sweep.axes if other.column != axis.column]
    at_base = [(runs[column] == base[column]) | (runs[column].isna() & pd.isna(base[column])) for column in others]
    return runs[np.logical_and.reduce(at_base)] if at_base else runs


def response_curve(sweep: SweepTable, axis: Axis, metric: str) -> pd.DataFrame:
    """A metric along one axis, by level of the axis.

    Returns
    -------
    DataFrame
        ``value`` of the axis; ``points`` and ``runs``; ``mean`` over runs with ``error``, its standard error over the
        points of the level where there are several, else over runs; ``p10``, ``p50``, ``p90`` over runs, which hold noise
        and the other axes; ``means_p10``, ``means_p90`` over the means of points, which hold the other axes alone.
    """
    runs = along(sweep, axis, metric).dropna(subset=[axis.column])
    by_point = point_means(runs, [axis], metric)
    level = levels_of(by_point[axis.column], CURVE_BINS)
    by_run = runs.groupby(runs["point"].map(level), sort=True)[metric]
    means = by_point["mean"].groupby(level, sort=True)
    quantiles = {f"p{round(100 * q)}": by_run.quantile(q) for q in (LOW, 0.5, HIGH)}
    spread = {"means_p10": means.quantile(LOW), "means_p90": means.quantile(HIGH)}
    error = means.sem().fillna(by_run.sem())
    sizes = {"points": means.size(), "runs": by_run.size()}
    table = pd.DataFrame(sizes | {"mean": means.mean(), "error": error} | quantiles | spread)
    return table.rename_axis("value").reset_index()


def response_map(sweep: SweepTable, pair: tuple[Axis, Axis], metric: str) -> ResponseMap:
    """A metric over two axes: median over the runs of each cell.

    Parameters
    ----------
    pair
        The axis of the rows and that of the columns.
    """
    rows, columns = pair
    runs = sweep.measured(metric).dropna(subset=[rows.column, columns.column])
    points = point_means(runs, pair, metric)
    cells = [runs["point"].map(levels_of(points[axis.column], MAP_BINS)).rename(axis.key) for axis in pair]
    groups = runs[metric].groupby(cells, sort=True)
    median = groups.median().unstack().sort_index(ascending=False)
    count = groups.size().unstack(fill_value=0).reindex(index=median.index, columns=median.columns)
    return ResponseMap(
        rows, columns, tuple(median.index), tuple(median.columns),
        median.to_numpy(dtype=np.float64), count.to_numpy(dtype=np.int64),
    )  # fmt: skip


def is_grid(sweep: SweepTable, axis: Axis) -> bool:
    """Whether an axis has few values, so that each gets a row or a column."""
    return 2 <= sweep.runs[axis.column].nunique() <= MOST_LEVELS
