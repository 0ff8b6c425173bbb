"""How a metric answers to one parameter, or to two.

Which parameters matter most for a metric: numbers for any design, and the same in words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulation.sweeps.analysis.sweep_table import SweepAxis, SweepTable, point_means

MOST_LEVELS = 15
"""Up to so many different values are shown one by one; more are put into bins of equally many points."""
CURVE_BINS, MAP_BINS = 12, 6
LOW, HIGH = 0.1, 0.9


@dataclass(frozen=True)
class ResponseMap:
    """A metric over two parameters: medians and numbers of runs, ``(rows, columns)``; rows fall, columns rise."""

    rows: SweepAxis
    columns: SweepAxis
    row_values: tuple[Any, ...]
    column_values: tuple[Any, ...]
    median: NDArray[np.float64]
    runs: NDArray[np.int64]


def axis_levels(values: pd.Series[Any], bins: int) -> pd.Series[Any]:
    """The level of each value: itself where values are few or words, else the mean of a bin of equally many of them."""
    if values.nunique() <= MOST_LEVELS or not pd.api.types.is_numeric_dtype(values):
        return values
    binned = pd.qcut(values, bins, labels=False, duplicates="drop")
    return values.groupby(binned).transform("mean")


def runs_along_axis(sweep: SweepTable, axis: SweepAxis, metric: str) -> pd.DataFrame:
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


def response_curve(sweep: SweepTable, axis: SweepAxis, metric: str) -> pd.DataFrame:
    """A metric along one axis, by level of the axis.

    Returns
    -------
    DataFrame
        ``value`` of the axis; ``points`` and ``runs``; ``mean`` over runs with ``error``, its standard error over the
        points of the level where there are several, else over runs; ``p10``, ``p50``, ``p90`` over runs, which hold noise
        and the other axes; ``means_p10``, ``means_p90`` over the means of points, which hold the other axes alone.
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
    """A metric over two axes: median over the runs of each cell.

    Parameters
    ----------
    pair
        The axis of the rows and that of the columns.
    """
    rows, columns = pair
    runs = sweep.measured(metric).dropna(subset=[rows.column, columns.column])
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
    """Whether an axis has few values, so that each gets a row or a column."""
    return 2 <= sweep.runs[axis.column].nunique() <= MOST_LEVELS


MOST_NAMED = 3
CLEAR_SHARE = 0.02
"""A key that explains less than this share by itself is not named."""
CLEAR_ERRORS = 2.0


def explained_share(points: pd.DataFrame, axis: SweepAxis) -> float:
    """Share of the variance between point means that one axis explains by itself (correlation ratio).

    Corrected for what as many levels explain by chance, so that an axis without influence comes out at zero on average.
    Source: Kelley (1935), An unbiased correlation ratio measure.
    """
    means = points["mean"]
    level = axis_levels(points[axis.column], CURVE_BINS).fillna("")
    groups, count = level.nunique(), len(means)
    if groups < 2 or count <= groups or not float(means.var()) > 0.0:
        return 0.0
    inside = float(((means - means.groupby(level).transform("mean")) ** 2).sum()) / (count - groups)
    return max(0.0, 1.0 - inside / float(means.var(ddof=1)))


def influence_table(sweep: SweepTable, metric: str) -> pd.DataFrame:
    """Every axis with what it does to a metric, the most influential first.

    Returns
    -------
    DataFrame
        ``key``; ``share`` of the variance between points that it explains by itself (not for a design that moves one key at
        a time); ``lowest`` and ``highest`` mean of the metric along it, ``at_lowest`` and ``at_highest`` value of the axis;
        ``swing``, highest less lowest, and ``swing_error``, its standard error; ``direction``: rises, falls or bends, words for
        an axis of numbers.
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
    # Small steps the other way are noise of the bins.
    return "rises" if up > 4.0 * down else "falls" if down > 4.0 * up else "bends"


def describe_influence(
    table: pd.DataFrame,
    metric: str,
    unit: str,
    indices: pd.DataFrame | None = None,
    names: Mapping[str, str] | None = None,
) -> str:
    """The most influential parameters of a metric in a sentence or two.

    Parameters
    ----------
    table
        As from `influence`.
    indices
        First-order and total indices of the keys (`simulation.sweeps.analysis.sobol.SobolIndices.table`), told in the place of shares of
        the variance between points where a design has them.
    names
        Words for keys and the metric; what has some is told in them, with the key in brackets.
    """
    names = names or {}
    told = f"{names[metric]} ({metric})" if metric in names else metric
    clear = table[table["swing"] > CLEAR_ERRORS * table["swing_error"].fillna(0.0)]
    clear = clear[~(clear["share"] < CLEAR_SHARE)]
    if clear.empty:
        return f"{told} answers to none of the parameters by more than noise."
    shares = _sobol_texts(indices) if indices is not None else _explained_texts(table)
    named = [
        _describe_axis(row, unit, shares[str(row["key"])], names.get(str(row["key"])))
        for _, row in clear.head(MOST_NAMED).iterrows()
    ]
    left = [names.get(str(key), str(key)) for key in table["key"] if key not in set(clear["key"])]
    tail = f" No influence by itself that stands out of the noise: {', '.join(left)}." if left else ""
    return f"{told} depends most on {'; then on '.join(named)}.{tail}"


def _explained_texts(table: pd.DataFrame) -> dict[str, str]:
    """Share of each key by name; empty for a design that moves one key at a time."""
    text = "{:.0f} % of the variance between points by itself"
    told = ["" if np.isnan(share) else text.format(100.0 * share) for share in table["share"]]
    return dict(zip(table["key"], told, strict=True))


def _sobol_texts(indices: pd.DataFrame) -> dict[str, str]:
    """Sobol indices of each key by name."""
    text = "{:.0f} % of the variance of the mean by itself, {:.0f} % with others"
    shares = 100.0 * indices[["first", "total"]] + 0.0
    return {key: text.format(*pair) for key, pair in zip(indices["key"], shares.to_numpy(), strict=True)}


def _describe_axis(row: Any, unit: str, share: str, name: str | None) -> str:
    inside = "; ".join(part for part in (row["key"] if name else "", share) if part)
    head = f"{name or row['key']}{f' ({inside})' if inside else ''}"
    scale, measured = (100.0, " %") if unit.startswith("share") else (1.0, f" {unit}" if unit else "")
    low, high = (_format_value(scale * row[name]) for name in ("lowest", "highest"))
    at_low, at_high = (_format_value(row[name]) for name in ("at_lowest", "at_highest"))
    return f"{head}: mean {low}{measured} at {at_low}, {high}{measured} at {at_high}"


def _format_value(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, int | float | np.number) else str(value)
