"""Response of a metric to one or two parameters, and the influence of each parameter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulation.sweeps.analysis.sweep_table import SweepAxis, SweepTable, point_means

MOST_LEVELS = 15
"""Up to this many distinct values are kept as levels; more are grouped into bins of equal numbers of points."""
MOST_NAMED = 3
CLEAR_SHARE = 0.02
"""Keys that explain less than this share alone are not listed."""
CLEAR_ERRORS = 2.0
"""Keys whose swing is below this many standard errors are not listed."""
CURVE_BINS, MAP_BINS = 12, 6
LOW, HIGH = 0.1, 0.9


@dataclass(frozen=True)
class ResponseMap:
    """A metric over two parameters: medians and numbers of runs, ``(rows, columns)``. Row values fall, column values rise."""

    rows: SweepAxis
    columns: SweepAxis
    row_values: tuple[Any, ...]
    column_values: tuple[Any, ...]
    median: NDArray[np.float64]
    runs: NDArray[np.int64]


def axis_levels(values: pd.Series[Any], bins: int) -> pd.Series[Any]:
    """Level of each value: the value itself for text or few distinct values, otherwise the mean of its bin."""
    if values.nunique() <= MOST_LEVELS or not pd.api.types.is_numeric_dtype(values):
        return values
    binned = pd.qcut(values, bins, labels=False, duplicates="drop")
    return values.groupby(binned).transform("mean")


def runs_along_axis(sweep: SweepTable, axis: SweepAxis, metric: str) -> pd.DataFrame:
    """Finished runs that show the response of a metric to one axis.

    All runs, except for a one-at-a-time design: there the runs with all other keys at the base scenario.
    """
    runs = sweep.runs_with(metric)
    if sweep.design != "one_at_a_time" or runs.empty:
        return runs
    base = sweep.runs.iloc[int(sweep.runs["point"].argmin())]
    others = [other.column for other in sweep.axes if other.column != axis.column]
    at_base = [(runs[column] == base[column]) | (runs[column].isna() & pd.isna(base[column])) for column in others]
    return runs[np.logical_and.reduce(at_base)] if at_base else runs


def response_curve(sweep: SweepTable, axis: SweepAxis, metric: str) -> pd.DataFrame:
    """Return a metric by level of one axis.

    Returns
    -------
    DataFrame
        ``value`` of the axis; ``points`` and ``runs``; ``mean`` over runs with ``error``, its standard error over the points of
        the level, or over runs if the level has one point; quantiles ``p10``, ``p50``, ``p90`` over runs, which include noise and
        the other axes; ``means_p10``, ``means_p90`` over the means of points, which include the other axes only.
    """
    runs = runs_along_axis(sweep, axis, metric).dropna(subset=[axis.column])
    by_point = point_means(runs, [axis], metric)
    level = axis_levels(by_point[axis.column], CURVE_BINS)
    by_run = runs.groupby(runs["point"].map(level), sort=True)[metric]
    means = by_point["mean"].groupby(level, sort=True)
    quantiles = {f"p{round(100 * q)}": by_run.quantile(q) for q in (LOW, 0.5, HIGH)}
    spread = {"means_p10": means.quantile(LOW), "means_p90": means.quantile(HIGH)}
    error = means.sem().fillna(by_run.sem())
    sizes = {"points": means.size(), "runs": by_run.size()}
    table = pd.DataFrame(sizes | {"mean": means.mean(), "error": error} | quantiles | spread)
    return table.rename_axis("value").reset_index()


def response_map(sweep: SweepTable, pair: tuple[SweepAxis, SweepAxis], metric: str) -> ResponseMap:
    """Return the median of a metric over the runs of each cell of two axes.

    Parameters
    ----------
    pair
        The axis of the rows and the axis of the columns.
    """
    rows, columns = pair
    runs = sweep.runs_with(metric).dropna(subset=[rows.column, columns.column])
    points = point_means(runs, pair, metric)
    cells = [runs["point"].map(axis_levels(points[axis.column], MAP_BINS)).rename(axis.key) for axis in pair]
    groups = runs[metric].groupby(cells, sort=True)
    median = groups.median().unstack().sort_index(ascending=False)
    count = groups.size().unstack(fill_value=0).reindex(index=median.index, columns=median.columns)
    return ResponseMap(
        rows, columns, tuple(median.index), tuple(median.columns),
        median.to_numpy(dtype=np.float64), count.to_numpy(dtype=np.int64),
    )  # fmt: skip


def is_grid(sweep: SweepTable, axis: SweepAxis) -> bool:
    """Whether an axis has few values, so that each gets its own row or column."""
    return 2 <= sweep.runs[axis.column].nunique() <= MOST_LEVELS


def explained_share(points: pd.DataFrame, axis: SweepAxis) -> float:
    """Share of the variance between point means explained by one axis alone (correlation ratio), decimal.

    Corrected for the share explained by chance, so that the expected value of an axis without influence is zero.
    Source: Kelley (1935), An unbiased correlation ratio measure.
    """
    means = points["mean"]
    level = axis_levels(points[axis.column], CURVE_BINS).fillna("")
    groups, count = level.nunique(), len(means)
    if groups < 2 or count <= groups or not float(means.var()) > 0.0:
        return 0.0
    within = float(((means - means.groupby(level).transform("mean")) ** 2).sum()) / (count - groups)
    return max(0.0, 1.0 - within / float(means.var(ddof=1)))


def influence_table(sweep: SweepTable, metric: str) -> pd.DataFrame:
    """Return the influence of every axis on a metric, largest first.

    Returns
    -------
    DataFrame
        ``key``; ``share`` of the variance between points explained by the axis alone (missing for one-at-a-time designs);
        ``lowest`` and ``highest`` mean of the metric along the axis, at values ``at_lowest`` and ``at_highest``; ``swing``,
        highest minus lowest, and its standard error ``swing_error``; ``direction``: rises, falls, bends or stays (for a
        numeric axis).
    """
    rows = [_axis_influence(sweep, axis, metric) for axis in sweep.axes]
    by = "swing" if sweep.design == "one_at_a_time" else "share"
    return pd.DataFrame(rows).sort_values([by, "key"], ascending=[False, True], ignore_index=True)


def _axis_influence(sweep: SweepTable, axis: SweepAxis, metric: str) -> dict[str, Any]:
    curve = response_curve(sweep, axis, metric)
    alone = sweep.design == "one_at_a_time"
    share = (
        np.nan if alone else explained_share(point_means(runs_along_axis(sweep, axis, metric), [axis], metric), axis)
    )
    if curve.empty:
        return {"key": axis.key, "share": share, "swing": 0.0, "swing_error": np.nan, "direction": "unknown"}
    low, high = curve.iloc[int(curve["mean"].argmin())], curve.iloc[int(curve["mean"].argmax())]
    ends = {"lowest": low["mean"], "at_lowest": low["value"], "highest": high["mean"], "at_highest": high["value"]}
    swing = {"swing": high["mean"] - low["mean"], "swing_error": float(np.hypot(low["error"], high["error"]))}
    return {"key": axis.key, "share": share} | ends | swing | {"direction": _direction(curve, axis)}


def _direction(curve: pd.DataFrame, axis: SweepAxis) -> str:
    if not axis.numeric:
        return "differs"
    steps = curve["mean"].diff().dropna()
    up, down = float(steps[steps > 0.0].sum()), float(-steps[steps < 0.0].sum())
    if up + down == 0.0:
        return "stays"
    # Small steps in the opposite direction are noise of the bins.
    return "rises" if up > 4.0 * down else "falls" if down > 4.0 * up else "bends"


def describe_influence(
    table: pd.DataFrame,
    metric: str,
    unit: str,
    indices: pd.DataFrame | None = None,
    names: Mapping[str, str] | None = None,
) -> str:
    """Describe the most influential parameters of a metric in one or two sentences.

    Parameters
    ----------
    table
        Result of `influence_table`.
    indices
        First-order and total indices of the keys (`sobol.SobolIndices.table`), used instead of shares of the variance between
        points.
    names
        Names of keys and of the metric; the key itself then follows in brackets.
    """
    names = names or {}
    label = f"{names[metric]} ({metric})" if metric in names else metric
    clear = table[table["swing"] > CLEAR_ERRORS * table["swing_error"].fillna(0.0)]
    clear = clear[~(clear["share"] < CLEAR_SHARE)]
    if clear.empty:
        return f"{label} responds to none of the parameters by more than noise."
    shares = _sobol_texts(indices) if indices is not None else _explained_texts(table)
    described = [
        _describe_axis(row, unit, shares[str(row["key"])], names.get(str(row["key"])))
        for _, row in clear.head(MOST_NAMED).iterrows()
    ]
    others = [names.get(str(key), str(key)) for key in table["key"] if key not in set(clear["key"])]
    tail = f" No main effect distinguishable from noise: {', '.join(others)}." if others else ""
    return f"{label} depends most on {'; then on '.join(described)}.{tail}"


def _explained_texts(table: pd.DataFrame) -> dict[str, str]:
    """Text of the share of each key; empty for one-at-a-time designs."""
    text = "{:.0f} % of the variance between points"
    texts = ["" if np.isnan(share) else text.format(100.0 * share) for share in table["share"]]
    return dict(zip(table["key"], texts, strict=True))


def _sobol_texts(indices: pd.DataFrame) -> dict[str, str]:
    """Text of the Sobol indices of each key."""
    text = "first-order index {:.0f} %, total index {:.0f} % of the variance of the mean"
    shares = 100.0 * indices[["first", "total"]] + 0.0
    return {key: text.format(*pair) for key, pair in zip(indices["key"], shares.to_numpy(), strict=True)}


def _describe_axis(row: Any, unit: str, share: str, name: str | None) -> str:
    details = "; ".join(part for part in (row["key"] if name else "", share) if part)
    head = f"{name or row['key']}{f' ({details})' if details else ''}"
    scale, suffix = (100.0, " %") if unit.startswith("share") else (1.0, f" {unit}" if unit else "")
    low, high = (_format_value(scale * row[name]) for name in ("lowest", "highest"))
    at_low, at_high = (_format_value(row[name]) for name in ("at_lowest", "at_highest"))
    return f"{head}: mean {low}{suffix} at {at_low}, {high}{suffix} at {at_high}"


def _format_value(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, int | float | np.number) else str(value)
