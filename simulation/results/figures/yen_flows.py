"""Stacked daily yen flows by population, with the net of all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection

from simulation.results.figures.policy_dates import mark_policy_dates, policy_dates
from simulation.results.figures.sources import over_runs, source_line
from simulation.results.figures.style import (
    INK,
    Dates,
    Drawing,
    FloatArray,
    Heading,
    colour,
    date_axis,
    date_number,
    legend_line,
    new_figure,
    plain,
)
from simulation.results.findings import yen_finding
from simulation.results.metrics import FinishedRuns
from simulation.values.spelling import spoken

if TYPE_CHECKING:
    from simulation.day.recorder import Record

MOST_BARS = 140
"""A longer scenario is shown in groups of days: thinner bars cannot be told apart on a slide."""
BAR_SHARE = 0.8


def mean_yen_bought(finished: FinishedRuns) -> dict[str, FloatArray]:
    """Return each customer's yen bought per day in $bn, mean over runs, shape (T,), largest traders first."""
    means = {name: -finished.flow("spot_usd_bn", [name]).mean(axis=0)[1:] + 0.0 for name in finished.customers()}
    return dict(sorted(means.items(), key=lambda item: -float(np.abs(item[1]).sum())))


def grouped(values: FloatArray, days: int) -> FloatArray:
    """Sum a daily series over groups of days; the last group may be shorter."""
    return np.add.reduceat(values, np.arange(0, len(values), days))


def stacked(series: list[FloatArray]) -> list[tuple[FloatArray, FloatArray]]:
    """Return bottom and top of every series: purchases pile up above zero, sales below."""
    above, below = np.zeros_like(series[0]), np.zeros_like(series[0])
    edges = []
    for values in series:
        base = np.where(values >= 0, above, below)
        edges.append((base, base + values))
        above, below = above + np.maximum(values, 0.0), below + np.minimum(values, 0.0)
    return edges


def draw_bars(axes: Axes, at: FloatArray, edges: tuple[FloatArray, FloatArray], shade: str) -> None:
    """Draw one population's bars as a single collection, much faster than one patch per bar."""
    half = 0.5 * BAR_SHARE * float(np.median(np.diff(at))) if len(at) > 1 else 0.4
    bottom, top = edges
    left, right = at - half, at + half
    corners = [(left, bottom), (left, top), (right, top), (right, bottom)]
    outlines = np.stack([np.stack(corner, axis=-1) for corner in corners], axis=1)
    axes.add_collection(PolyCollection(list(outlines), facecolors=shade, linewidths=0))


def draw_stack(axes: Axes, dates: Dates, series: dict[str, FloatArray]) -> None:
    """Draw the series as stacked bars, a diamond for their sum; each is ``(days,)``."""
    at = np.array([date_number(day) for day in dates])
    for name, edges in zip(series, stacked(list(series.values())), strict=True):
        draw_bars(axes, at, edges, colour(name))
    net = np.sum(list(series.values()), axis=0)
    axes.plot(at, net, "D", markersize=3.2, color=INK, markeredgecolor="white", markeredgewidth=0.5)
    axes.autoscale_view()
    axes.axhline(0.0, color=INK, linewidth=0.8)
    plain(axes)


def yen_flows_chart(record: Record) -> Drawing | None:
    """Draw who bought yen, day by day; none in a scenario without customers."""
    finished = FinishedRuns(record)
    if not finished.customers():
        return None
    daily = mean_yen_bought(finished)
    days = -(-len(record.dates) // MOST_BARS)
    series = {name: grouped(values, days) for name, values in daily.items()}
    dates = record.dates[1:][::days]
    net = np.sum(list(series.values()), axis=0)
    finding = yen_finding(net, {name: float(values.sum()) for name, values in series.items()})
    per = "day" if days == 1 else f"{days} business days"
    subtitle = (
        f"Yen bought per {per} in USD bn (below zero: sold), mean of {over_runs(finished)}; "
        "dealers, value investors and officials take the other side"
    )
    figure = new_figure(Heading(finding, subtitle, source_line(record)))
    axes = figure.add_axes((0.03, 0.105, 0.91, 0.66))
    draw_stack(axes, dates, series)
    date_axis(axes, record.dates, margin_days=0.7 * days)
    lines = mark_policy_dates(axes, policy_dates(record.scenario, record.dates))
    shown = [(f"■ {spoken(name)}", colour(name)) for name, values in series.items() if np.any(values)]
    legend_line(axes, [*shown, ("◆ net of all", INK)], lines)
    return Drawing(figure, {"date": dates, **series, "net": net})
