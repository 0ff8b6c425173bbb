"""Who unwound how much, levered holders against residents, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes

from simulation.results.figures.sources import over_runs, source_line
from simulation.results.figures.style import (
    GREY,
    INK,
    LIGHT,
    Columns,
    Drawing,
    FloatArray,
    Heading,
    colour,
    new_figure,
    panel_title,
    plain,
)
from simulation.results.findings import amount, percent, unwind_finding
from simulation.results.metrics import LEVERED, RESIDENT, RETAIL, FinishedRuns
from simulation.values.spelling import spoken

if TYPE_CHECKING:
    from simulation.day.recorder import Record

CAUSES = ("incentive", "volatility_target", "margin", "stop", "liquidation", "slow_repatriation")
PALE = 0.4
BAR_HEIGHT = 0.55
MENTIONED_USD_BN = 0.05


@dataclass(frozen=True)
class Unwound:
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


def unwound_of(finished: FinishedRuns) -> Unwound:
    """Return what every levered, retail and resident holder unwound."""
    names = [*finished.populations(LEVERED), *finished.populations(RETAIL), *finished.populations(RESIDENT)]

    def totals(column: str) -> FloatArray:
        return np.stack([finished.flow(column, [name]).sum(axis=1) for name in names])

    causes = np.stack([totals(f"{cause}_usd_bn").mean(axis=1) for cause in CAUSES])
    stock = np.array([finished.flow("stock_usd_bn", [name])[:, 0].mean() for name in names])
    roles = [finished.record.roles[name] for name in names]
    return Unwound(names, roles, totals("unwound_usd_bn"), totals("repatriated_usd_bn"), causes, stock)


def finding(found: Unwound) -> str:
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
    plain(axes)
    axes.grid(visible=False, axis="y")
    axes.grid(visible=True, axis="x", color=LIGHT, linewidth=0.7)
    axes.yaxis.tick_left()
    axes.set_yticks(range(len(labels)), labels)
    axes.tick_params(axis="y", length=0, labelsize=9, labelcolor=INK)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.axvline(0.0, color=INK, linewidth=0.8)


def _beside(axes: Axes, row: int, end: float, text: str) -> None:
    place = (max(end, 0.0), row)
    axes.annotate(text, place, xytext=(6, 0), textcoords="offset points", va="center", fontsize=8.5, color=GREY)


def _draw_holders(axes: Axes, found: Unwound) -> None:
    rows = np.arange(len(found.names))
    low, middle, high = np.quantile(found.unwound, (0.1, 0.5, 0.9), axis=1)
    home = np.median(found.home, axis=1)
    shades = [colour(name) for name in found.names]
    axes.barh(rows, middle, height=BAR_HEIGHT, color=shades, alpha=PALE)
    axes.barh(rows, home, height=BAR_HEIGHT, color=shades)
    axes.hlines(rows, low, high, color=INK, linewidth=1.2)
    for row, stock in enumerate(found.stock):
        share = f" ({percent(middle[row] / stock)})" if stock else ""
        went = "brought home" if home[row] >= 0.0 else "sent abroad"
        fate = "yen loans repaid" if found.roles[row] in (LEVERED, RETAIL) else f"{amount(abs(home[row]))} {went}"
        _beside(axes, row, max(high[row], middle[row], home[row]), f"{amount(middle[row])}{share}\n{fate}")
    _bar_panel(axes, [spoken(name) for name in found.names], np.concatenate([low, high, middle, home]), 0.5)


def _draw_causes(axes: Axes, found: Unwound) -> None:
    rows = np.arange(len(CAUSES))
    above, below = np.zeros(len(CAUSES)), np.zeros(len(CAUSES))
    for name, values in zip(found.names, found.causes.T, strict=True):
        axes.barh(rows, values, left=np.where(values >= 0, above, below), height=BAR_HEIGHT, color=colour(name))
        above, below = above + np.maximum(values, 0.0), below + np.minimum(values, 0.0)
    for row, value in enumerate(found.causes.sum(axis=1)):
        _beside(axes, row, float(above[row]), amount(float(value)))
    _bar_panel(axes, [cause.replace("_", " ") for cause in CAUSES], np.concatenate([above, below]), 0.3)


def unwound_chart(record: Record) -> Drawing | None:
    """Draw what each holder unwound and brought home, and why; none in a scenario without such holders."""
    finished = FinishedRuns(record)
    if not finished.populations(LEVERED, RESIDENT):
        return None
    found = unwound_of(finished)
    subtitle = (
        f"USD bn at start-date prices, {over_runs(finished)}; left: median, black line the middle 80 %; right: mean; "
        "below zero: rebuilt"
    )
    figure = new_figure(Heading(finding(found), subtitle, source_line(record)))
    left, right = figure.add_axes((0.14, 0.13, 0.39, 0.66)), figure.add_axes((0.67, 0.13, 0.30, 0.66))
    _draw_holders(left, found)
    panel_title(left, "Who: unwound (pale), of it brought home (full)")
    _draw_causes(right, found)
    panel_title(right, "Why: by cause, colours as left")
    return Drawing(figure, numbers(found))


def numbers(found: Unwound) -> Columns:
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
