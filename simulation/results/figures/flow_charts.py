"""Stacked daily yen flows by population, with the net of all of them.

Who unwound how much, levered holders against residents, and why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from simulation.results.figures.style import mark_policy_dates, policy_dates
from simulation.results.figures.style import run_count_text, source_line
from simulation.results.figures.style import INK, Dates, Drawing, FloatArray, Heading, population_colour, format_date_axis, date_number, legend_line, new_figure, remove_frame
from simulation.results.findings import yen_finding
from simulation.results.metrics import FinishedRuns
from simulation.values.labels import readable_name
from dataclasses import dataclass
from simulation.results.figures.style import GREY, INK, LIGHT, Columns, Drawing, FloatArray, Heading, population_colour, new_figure, panel_title, remove_frame
from simulation.results.findings import format_usd_bn, format_percent, unwind_finding
from simulation.results.metrics import LEVERED, RESIDENT, RETAIL, FinishedRuns

if TYPE_CHECKING:
    from simulation.day.recorder import Record

MOST_BARS = 140
"""A longer scenario is shown in groups of days: thinner bars cannot be told apart on a slide."""
BAR_SHARE = 0.8


def mean_yen_bought(finished: FinishedRuns) -> dict[str, FloatArray]:
    """Return each customer's yen bought per day in $bn, mean over runs, shape (T,), largest traders first."""
    means = {name: -finished.flow("spot_usd_bn", [name]).mean(axis=0)[1:] + 0.0 for name in finished.customers()}
    return dict(sorted(means.items(), key=lambda item: -float(np.abs(item[1]).sum())))


def sum_over_groups(values: FloatArray, days: int) -> FloatArray:
    """Sum a daily series over groups of days; the last group may be shorter."""
    return np.add.reduceat(values, np.arange(0, len(values), days))


def stack_edges(series: list[FloatArray]) -> list[tuple[FloatArray, FloatArray]]:
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
    for name, edges in zip(series, stack_edges(list(series.values())), strict=True):
        draw_bars(axes, at, edges, population_colour(name))
    net = np.sum(list(series.values()), axis=0)
    axes.plot(at, net, "D", markersize=3.2, color=INK, markeredgecolor="white", markeredgewidth=0.5)
    axes.autoscale_view()
    axes.axhline(0.0, color=INK, linewidth=0.8)
    remove_frame(axes)


def yen_flows_chart(record: Record) -> Drawing | None:
    """Draw who bought yen, day by day; none in a scenario without customers."""
    finished = FinishedRuns(record)
    if not finished.customers():
        return None
    daily = mean_yen_bought(finished)
    days = -(-len(record.dates) // MOST_BARS)
    series = {name: sum_over_groups(values, days) for name, values in daily.items()}
    dates = record.dates[1:][::days]
    net = np.sum(list(series.values()), axis=0)
    finding = yen_finding(net, {name: float(values.sum()) for name, values in series.items()})
    per = "day" if days == 1 else f"{days} business days"
    subtitle = (
        f"Yen bought per {per} in USD bn (below zero: sold), mean of {run_count_text(finished)}; "
        "dealers, value investors and officials take the other side"
    )
    figure = new_figure(Heading(finding, subtitle, source_line(record)))
    axes = figure.add_axes((0.03, 0.105, 0.91, 0.66))
    draw_stack(axes, dates, series)
    format_date_axis(axes, record.dates, margin_days=0.7 * days)
    lines = mark_policy_dates(axes, policy_dates(record.scenario, record.dates))
    shown = [(f"■ {readable_name(name)}", population_colour(name)) for name, values in series.items() if np.any(values)]
    legend_line(axes, [*shown, ("◆ net of all", INK)], lines)
    return Drawing(figure, {"date": dates, **series, "net": net})


CAUSES = ("incentive", "volatility_target", "margin", "stop", "liquidation", "slow_repatriation")
PALE = 0.4
BAR_HEIGHT = 0.55
MENTIONED_USD_BN = 0.05


@dataclass(frozen=True)
class PositionReductions:
    """What the holders of the carry gave up over the scenario, $bn; levered holders come first.

    Attributes
    ----------
    unwound, home
        Unwound and brought home, ``(holders, runs)``.
    causes
        Mean over runs by cause, ``(causes, holders)``.
    stock
        Mean start stock, ``(holders,)``.
    """

    names: list[str]
    roles: list[str]
    unwound: FloatArray
    home: FloatArray
    causes: FloatArray
    stock: FloatArray


def position_reductions(finished: FinishedRuns) -> PositionReductions:
    """Return what every levered, retail and resident holder unwound."""
    names = [*finished.populations(LEVERED), *finished.populations(RETAIL), *finished.populations(RESIDENT)]

    def totals(column: str) -> FloatArray:
        return np.stack([finished.flow(column, [name]).sum(axis=1) for name in names])

    causes = np.stack([totals(f"{cause}_usd_bn").mean(axis=1) for cause in CAUSES])
    stock = np.array([finished.flow("stock_usd_bn", [name])[:, 0].mean() for name in names])
    roles = [finished.record.roles[name] for name in names]
    return PositionReductions(names, roles, totals("unwound_usd_bn"), totals("repatriated_usd_bn"), causes, stock)


def reduction_finding(found: PositionReductions) -> str:
    """Return what the chart shows in one sentence."""
    levered = np.array([role == LEVERED for role in found.roles])
    sold = float(np.median(found.unwound[levered].sum(axis=0)))
    stock = float(found.stock[levered].sum())
    return unwind_finding(sold, sold / stock if stock else 0.0, float(np.median(found.home[~levered].sum(axis=0))))


def _bar_panel(axes: Axes, labels: list[str], reach: FloatArray, room: float) -> None:
    """Style a panel of horizontal bars, with room beside the longest one for its label."""
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


def _draw_holders(axes: Axes, found: PositionReductions) -> None:
    rows = np.arange(len(found.names))
    low, middle, high = np.quantile(found.unwound, (0.1, 0.5, 0.9), axis=1)
    home = np.median(found.home, axis=1)
    shades = [population_colour(name) for name in found.names]
    axes.barh(rows, middle, height=BAR_HEIGHT, color=shades, alpha=PALE)
    axes.barh(rows, home, height=BAR_HEIGHT, color=shades)
    axes.hlines(rows, low, high, color=INK, linewidth=1.2)
    for row, stock in enumerate(found.stock):
        share = f" ({format_percent(middle[row] / stock)})" if stock else ""
        went = "brought home" if home[row] >= 0.0 else "sent abroad"
        fate = "yen loans repaid" if found.roles[row] in (LEVERED, RETAIL) else f"{format_usd_bn(abs(home[row]))} {went}"
        _annotate_right(axes, row, max(high[row], middle[row], home[row]), f"{format_usd_bn(middle[row])}{share}\n{fate}")
    _bar_panel(axes, [readable_name(name) for name in found.names], np.concatenate([low, high, middle, home]), 0.5)


def _draw_causes(axes: Axes, found: PositionReductions) -> None:
    rows = np.arange(len(CAUSES))
    above, below = np.zeros(len(CAUSES)), np.zeros(len(CAUSES))
    for name, values in zip(found.names, found.causes.T, strict=True):
        axes.barh(rows, values, left=np.where(values >= 0, above, below), height=BAR_HEIGHT, color=population_colour(name))
        above, below = above + np.maximum(values, 0.0), below + np.minimum(values, 0.0)
    for row, value in enumerate(found.causes.sum(axis=1)):
        _annotate_right(axes, row, float(above[row]), format_usd_bn(float(value)))
    _bar_panel(axes, [cause.replace("_", " ") for cause in CAUSES], np.concatenate([above, below]), 0.3)


def unwound_chart(record: Record) -> Drawing | None:
    """Draw what each holder unwound and brought home, and why; none in a scenario without such holders."""
    finished = FinishedRuns(record)
    if not finished.populations(LEVERED, RESIDENT):
        return None
    found = position_reductions(finished)
    subtitle = (
        f"USD bn at start-date prices, {run_count_text(finished)}; left: median, black line the middle 80 %; right: mean; "
        "below zero: rebuilt"
    )
    figure = new_figure(Heading(reduction_finding(found), subtitle, source_line(record)))
    left, right = figure.add_axes((0.14, 0.13, 0.39, 0.66)), figure.add_axes((0.67, 0.13, 0.30, 0.66))
    _draw_holders(left, found)
    panel_title(left, "Who: unwound (pale), of it brought home (full)")
    _draw_causes(right, found)
    panel_title(right, "Why: by cause, colours as left")
    return Drawing(figure, reduction_columns(found))


def reduction_columns(found: PositionReductions) -> Columns:
    """Return the plotted numbers, one row per holder."""
    low, middle, high = np.quantile(found.unwound, (0.1, 0.5, 0.9), axis=1)
    columns: Columns = {
        "population": np.array(found.names),
        "role": np.array(found.roles),
        "start_stock_usd_bn": found.stock,
        "unwound_usd_bn_p10": low,
        "unwound_usd_bn_p50": middle,
        "unwound_usd_bn_p90": high,
        "repatriated_usd_bn_p50": np.median(found.home, axis=1),
    }
    return columns | {f"{cause}_usd_bn_mean": row for cause, row in zip(CAUSES, found.causes, strict=True)}
