"""Charts of flows: yen bought by population, and position reductions by investor and cause."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection

from simulation.results.figures.style import (
    GREY,
    INK,
    LIGHT,
    Columns,
    Dates,
    Drawing,
    FloatArray,
    Heading,
    date_number,
    format_date_axis,
    legend_line,
    mark_policy_dates,
    new_figure,
    panel_title,
    policy_dates,
    population_colour,
    remove_frame,
    run_count_text,
    source_line,
)
from simulation.results.estimates import EstimateWithError
from simulation.results.findings import format_percent, format_usd_bn, unwind_finding, yen_finding
from simulation.results.metrics import LEVERED, RESIDENT, RETAIL, FinishedRuns
from simulation.values.labels import readable_name
from simulation.values.orders import CAUSES

if TYPE_CHECKING:
    from simulation.day.recorder import Record

MOST_BARS = 140
"""Longer scenarios are summed over groups of days, because thinner bars are not legible."""
BAR_SHARE = 0.8
PALE = 0.4
BAR_HEIGHT = 0.55


# Yen flows


def mean_yen_bought(finished: FinishedRuns) -> dict[str, FloatArray]:
    """Return yen bought per day by population, USD bn, mean over runs, shape (T,); largest volume first."""
    means = {name: -finished.flow("spot_usd_bn", [name]).mean(axis=0)[1:] + 0.0 for name in finished.customers()}
    return dict(sorted(means.items(), key=lambda item: -float(np.abs(item[1]).sum())))


def sum_over_groups(values: FloatArray, days: int) -> FloatArray:
    """Sum a daily series over groups of days; the last group may be shorter."""
    return np.add.reduceat(values, np.arange(0, len(values), days))


def stack_edges(series: list[FloatArray]) -> list[tuple[FloatArray, FloatArray]]:
    """Return bottom and top of the bars of each series; purchases stack above zero, sales below."""
    above, below = np.zeros_like(series[0]), np.zeros_like(series[0])
    edges = []
    for values in series:
        base = np.where(values >= 0, above, below)
        edges.append((base, base + values))
        above, below = above + np.maximum(values, 0.0), below + np.minimum(values, 0.0)
    return edges


def draw_bars(axes: Axes, at: FloatArray, edges: tuple[FloatArray, FloatArray], shade: str) -> None:
    """Draw the bars of one population as a single collection, which is much faster than one patch per bar."""
    half = 0.5 * BAR_SHARE * float(np.median(np.diff(at))) if len(at) > 1 else 0.4
    bottom, top = edges
    left, right = at - half, at + half
    corners = [(left, bottom), (left, top), (right, top), (right, bottom)]
    outlines = np.stack([np.stack(corner, axis=-1) for corner in corners], axis=1)
    axes.add_collection(PolyCollection(list(outlines), facecolors=shade, linewidths=0))


def draw_stack(axes: Axes, dates: Dates, series: dict[str, FloatArray]) -> None:
    """Draw series of shape ``(days,)`` as stacked bars with a diamond at their sum."""
    at = np.array([date_number(day) for day in dates])
    for name, edges in zip(series, stack_edges(list(series.values())), strict=True):
        draw_bars(axes, at, edges, population_colour(name))
    net = np.sum(list(series.values()), axis=0)
    axes.plot(at, net, "D", markersize=3.2, color=INK, markeredgecolor="white", markeredgewidth=0.5)
    axes.autoscale_view()
    axes.axhline(0.0, color=INK, linewidth=0.8)
    remove_frame(axes)


def yen_flows_chart(record: Record) -> Drawing | None:
    """Draw yen bought by population and day; None in a scenario without customers."""
    finished = FinishedRuns(record)
    if not finished.customers():
        return None
    daily = mean_yen_bought(finished)
    days = -(-len(record.dates) // MOST_BARS)
    series = {name: sum_over_groups(values, days) for name, values in daily.items()}
    dates = record.dates[1:][::days]
    net = np.sum(list(series.values()), axis=0)
    finding = yen_finding({name: -finished.flow("spot_usd_bn", [name])[:, 1:].sum(axis=1) for name in series})
    per = "day" if days == 1 else f"{days} business days"
    subtitle = (
        f"Yen bought per {per} in USD bn (below zero: sold), mean of {run_count_text(finished)}; "
        "counterparties are dealers, value investors and officials"
    )
    figure = new_figure(Heading(finding, subtitle, source_line(record)))
    axes = figure.add_axes((0.03, 0.105, 0.91, 0.66))
    draw_stack(axes, dates, series)
    format_date_axis(axes, record.dates, margin_days=0.7 * days)
    lines = mark_policy_dates(axes, policy_dates(record.scenario, record.dates))
    shown = [(f"■ {readable_name(name)}", population_colour(name)) for name, values in series.items() if np.any(values)]
    legend_line(axes, [*shown, ("◆ net", INK)], lines)
    return Drawing(figure, {"date": dates, **series, "net": net})


# Position reductions


@dataclass(frozen=True)
class PositionReductions:
    """Reductions of carry positions over the scenario, USD bn; levered populations come first.

    Attributes
    ----------
    names, roles
        Populations and their roles.
    unwound, repatriated
        Reduction in positions, and the part that residents repatriated, ``(populations, runs)``.
    causes
        Mean reduction over runs by cause, ``(causes, populations)``.
    stock
        Mean initial position, ``(populations,)``.
    home
        Repatriation by all residents of Japan, those without carry positions included, ``(runs,)``.
    """

    names: list[str]
    roles: list[str]
    unwound: FloatArray
    repatriated: FloatArray
    causes: FloatArray
    stock: FloatArray
    home: FloatArray


def position_reductions(finished: FinishedRuns) -> PositionReductions:
    """Return the position reductions of all levered, retail and resident populations."""
    names = [*finished.populations(LEVERED), *finished.populations(RETAIL), *finished.populations(RESIDENT)]

    def totals(column: str) -> FloatArray:
        return np.stack([finished.flow(column, [name]).sum(axis=1) for name in names])

    causes = np.stack([totals(f"{cause}_usd_bn").mean(axis=1) for cause in CAUSES])
    stock = np.array([finished.flow("stock_usd_bn", [name])[:, 0].mean() for name in names])
    roles = [finished.record.roles[name] for name in names]
    home = finished.flow("repatriated_usd_bn", finished.residents()).sum(axis=1)
    return PositionReductions(names, roles, totals("unwound_usd_bn"), totals("repatriated_usd_bn"), causes, stock, home)


def reduction_finding(reductions: PositionReductions) -> str:
    """Return the finding of the chart."""
    levered = np.array([role == LEVERED for role in reductions.roles])
    sold = EstimateWithError.of_median(reductions.unwound[levered].sum(axis=0))
    home = EstimateWithError.of_median(reductions.home)
    return unwind_finding(sold, float(reductions.stock[levered].sum()), home)


def _bar_panel(axes: Axes, labels: list[str], reach: FloatArray, room: float) -> None:
    """Format a panel of horizontal bars, with room for a label beside the longest bar."""
    low, high = min(0.0, float(reach.min())), max(0.0, float(reach.max()))
    span = (high - low) or 1.0
    axes.set_xlim(low - 0.05 * span, high + room * span)
    remove_frame(axes)
    axes.grid(visible=False, axis="y")
    axes.grid(visible=True, axis="x", color=LIGHT, linewidth=0.7)
    axes.yaxis.tick_left()
    axes.set_yticks(range(len(labels)), labels)
    axes.tick_params(axis="y", length=0, labelsize=9, labelcolor=INK)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.axvline(0.0, color=INK, linewidth=0.8)


def _annotate_right(axes: Axes, row: int, end: float, text: str) -> None:
    place = (max(end, 0.0), row)
    axes.annotate(text, place, xytext=(6, 0), textcoords="offset points", va="center", fontsize=8.5, color=GREY)


def _draw_populations(axes: Axes, reductions: PositionReductions) -> None:
    rows = np.arange(len(reductions.names))
    low, middle, high = np.quantile(reductions.unwound, (0.1, 0.5, 0.9), axis=1)
    repatriated = np.median(reductions.repatriated, axis=1)
    shades = [population_colour(name) for name in reductions.names]
    axes.barh(rows, middle, height=BAR_HEIGHT, color=shades, alpha=PALE)
    axes.barh(rows, repatriated, height=BAR_HEIGHT, color=shades)
    axes.hlines(rows, low, high, color=INK, linewidth=1.2)
    for row, stock in enumerate(reductions.stock):
        share = f" ({format_percent(middle[row] / stock)})" if stock else ""
        direction = "repatriated" if repatriated[row] >= 0.0 else "net outflow"
        amount = f"{format_usd_bn(abs(repatriated[row]))} {direction}"
        use = "yen loans repaid" if reductions.roles[row] in (LEVERED, RETAIL) else amount
        _annotate_right(
            axes, row, max(high[row], middle[row], repatriated[row]), f"{format_usd_bn(middle[row])}{share}\n{use}"
        )
    _bar_panel(
        axes, [readable_name(name) for name in reductions.names], np.concatenate([low, high, middle, repatriated]), 0.5
    )


def _draw_causes(axes: Axes, reductions: PositionReductions) -> None:
    rows = np.arange(len(CAUSES))
    above, below = np.zeros(len(CAUSES)), np.zeros(len(CAUSES))
    for name, values in zip(reductions.names, reductions.causes.T, strict=True):
        axes.barh(
            rows, values, left=np.where(values >= 0, above, below), height=BAR_HEIGHT, color=population_colour(name)
        )
        above, below = above + np.maximum(values, 0.0), below + np.minimum(values, 0.0)
    for row, value in enumerate(reductions.causes.sum(axis=1)):
        _annotate_right(axes, row, float(above[row]), format_usd_bn(float(value)))
    _bar_panel(axes, [cause.replace("_", " ") for cause in CAUSES], np.concatenate([above, below]), 0.3)


def unwound_chart(record: Record) -> Drawing | None:
    """Draw position reductions and repatriation by population, and by cause; None without carry positions."""
    finished = FinishedRuns(record)
    if not finished.populations(LEVERED, RESIDENT):
        return None
    reductions = position_reductions(finished)
    subtitle = (
        f"USD bn at start-date prices, {run_count_text(finished)}; left: median, black line the middle 80 %; right: mean; "
        "below zero: increase"
    )
    figure = new_figure(Heading(reduction_finding(reductions), subtitle, source_line(record)))
    left, right = figure.add_axes((0.14, 0.13, 0.39, 0.66)), figure.add_axes((0.67, 0.13, 0.30, 0.66))
    _draw_populations(left, reductions)
    panel_title(left, "By population: reduction (pale), of which repatriated (solid)")
    _draw_causes(right, reductions)
    panel_title(right, "By cause (colours as on the left)")
    return Drawing(figure, reduction_columns(reductions))


def reduction_columns(reductions: PositionReductions) -> Columns:
    """Return the plotted data, one row per population."""
    low, middle, high = np.quantile(reductions.unwound, (0.1, 0.5, 0.9), axis=1)
    columns: Columns = {
        "population": np.array(reductions.names),
        "role": np.array(reductions.roles),
        "start_stock_usd_bn": reductions.stock,
        "unwound_usd_bn_p10": low,
        "unwound_usd_bn_p50": middle,
        "unwound_usd_bn_p90": high,
        "repatriated_usd_bn_p50": np.median(reductions.repatriated, axis=1),
    }
    return columns | {f"{cause}_usd_bn_mean": row for cause, row in zip(CAUSES, reductions.causes, strict=True)}
