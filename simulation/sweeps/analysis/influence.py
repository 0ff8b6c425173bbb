"""Which parameters matter most for a metric: numbers for any design, and the same in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from simulation.sweeps.analysis.curves import CURVE_BINS, along, levels_of, response_curve
from simulation.sweeps.analysis.sweep_table import Axis, SweepTable, point_means

MOST_NAMED = 3
CLEAR_SHARE = 0.02
"""A key that explains less than this share by itself is not named."""
CLEAR_ERRORS = 2.0


def explained_share(points: pd.DataFrame, axis: Axis) -> float:
    """Share of the variance between point means that one axis explains by itself (correlation ratio).

    Corrected for what as many levels explain by chance, so that an axis without influence comes out at zero on average.
    Source: Kelley (1935), An unbiased correlation ratio measure.
    """
    means = points["mean"]
    level = levels_of(points[axis.column], CURVE_BINS).fillna("")
    groups, count = level.nunique(), len(means)
    if groups < 2 or count <= groups or not float(means.var()) > 0.0:
        return 0.0
    inside = float(((means - means.groupby(level).transform("mean")) ** 2).sum()) / (count - groups)
    return max(0.0, 1.0 - inside / float(means.var(ddof=1)))


def influence(sweep: SweepTable, metric: str) -> pd.DataFrame:
    """Every axis with what it does to a metric, the most influential first.

    Returns
    -------
    DataFrame
        ``key``; ``share`` of the variance between points that it explains by itself (not for a design that moves one key at
        a time); ``lowest`` and ``highest`` mean of the metric along it, ``at_lowest`` and ``at_highest`` value of the axis;
        ``swing``, highest less lowest, and ``swing_error``, its standard error; ``direction``: rises, falls or bends, words for
        an axis of numbers.
    """
    rows = [_one(sweep, axis, metric) for axis in sweep.axes]
    by = "swing" if sweep.design == "one_at_a_time" else "share"
    return pd.DataFrame(rows).sort_values([by, "key"], ascending=[False, True], ignore_index=True)


def _one(sweep: SweepTable, axis: Axis, metric: str) -> dict[str, Any]:
    curve = response_curve(sweep, axis, metric)
    alone = sweep.design == "one_at_a_time"
    share = np.nan if alone else explained_share(point_means(along(sweep, axis, metric), [axis], metric), axis)
    if curve.empty:
        return {"key": axis.key, "share": share, "swing": 0.0, "swing_error": np.nan, "direction": "unknown"}
    low, high = curve.iloc[int(curve["mean"].argmin())], curve.iloc[int(curve["mean"].argmax())]
    ends = {"lowest": low["mean"], "at_lowest": low["value"], "highest": high["mean"], "at_highest": high["value"]}
    swing = {"swing": high["mean"] - low["mean"], "swing_error": float(np.hypot(low["error"], high["error"]))}
    return {"key": axis.key, "share": share} | ends | swing | {"direction": _direction(curve, axis)}


def _direction(curve: pd.DataFrame, axis: Axis) -> str:
    if not axis.numeric:
        return "differs"
    steps = curve["mean"].diff().dropna()
    up, down = float(steps[steps > 0.0].sum()), float(-steps[steps < 0.0].sum())
    if up + down == 0.0:
        return "stays"
    # Small steps the other way are noise of the bins.
    return "rises" if up > 4.0 * down else "falls" if down > 4.0 * up else "bends"


def in_words(
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
        First-order and total indices of the keys (`simulation.sweeps.analysis.sobol.Indices.table`), told in the place of shares of
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
    shares = _first_orders(indices) if indices is not None else _explained(table)
    named = [
        _told(row, unit, shares[str(row["key"])], names.get(str(row["key"])))
        for _, row in clear.head(MOST_NAMED).iterrows()
    ]
    left = [names.get(str(key), str(key)) for key in table["key"] if key not in set(clear["key"])]
    tail = f" No influence by itself that stands out of the noise: {', '.join(left)}." if left else ""
    return f"{told} depends most on {'; then on '.join(named)}.{tail}"


def _explained(table: pd.DataFrame) -> dict[str, str]:
    """Share of each key by name; empty for a design that moves one key at a time."""
    text = "{:.0f} % of the variance between points by itself"
    told = ["" if np.isnan(share) else text.format(100.0 * share) for share in table["share"]]
    return dict(zip(table["key"], told, strict=True))


def _first_orders(indices: pd.DataFrame) -> dict[str, str]:
    """Sobol indices of each key by name."""
    text = "{:.0f} % of the variance of the mean by itself, {:.0f} % with others"
    shares = 100.0 * indices[["first", "total"]] + 0.0
    return {key: text.format(*pair) for key, pair in zip(indices["key"], shares.to_numpy(), strict=True)}


def _told(row: Any, unit: str, share: str, name: str | None) -> str:
    inside = "; ".join(part for part in (row["key"] if name else "", share) if part)
    head = f"{name or row['key']}{f' ({inside})' if inside else ''}"
    scale, measured = (100.0, " %") if unit.startswith("share") else (1.0, f" {unit}" if unit else "")
    low, high = (_value(scale * row[name]) for name in ("lowest", "highest"))
    at_low, at_high = (_value(row[name]) for name in ("at_lowest", "at_highest"))
    return f"{head}: mean {low}{measured} at {at_low}, {high}{measured} at {at_high}"


def _value(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, int | float | np.number) else str(value)
