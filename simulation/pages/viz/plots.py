"""The page's three plots: the model's days so far on the axis of the whole scenario."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from simulation.day.capital_flows import CapitalFlows
from simulation.day.recorder import Record
from simulation.results.figures.policy_dates import mark_policy_dates, policy_dates
from simulation.results.figures.style import (
    ACCENT,
    INK,
    Dates,
    FloatArray,
    colour,
    date_axis,
    date_number,
    house_style,
    legend_line,
    panel_title,
    plain,
)
from simulation.results.figures.yen_flows import draw_stack, mean_yen_bought
from simulation.results.findings import amount, percent
from simulation.results.metrics import FinishedRuns
from simulation.values.spelling import spoken

SIZE_INCHES = (4.1, 3.5)
"""Small, so that letters are large enough where a phone shows the plot over its whole width."""
PANEL = (0.02, 0.09, 0.85, 0.64)
NAMES_IN_A_ROW = 3
BAR_MARGIN_DAYS = 0.7
"""Half the width of a bar and some air, on both sides of the dates."""
ROLES = {
    "levered": ("levered", "#D55E00"),
    "resident": ("residents", "#0072B2"),
    "retail": ("retail", "#AA4499"),
}


def so_far(model: CapitalFlows) -> Record:
    """What has been recorded up to the model's day, as a record that ends there."""
    record, days = model.result(), slice(0, model.day + 1)
    flows = {
        name: {column: values[:, days] for column, values in table.items()} for name, table in record.flows.items()
    }
    market = {name: values[:, days] for name, values in record.market.items()}
    return replace(record, dates=record.dates[days], market=market, flows=flows)


def usdjpy(model: CapitalFlows) -> Figure:
    """USDJPY of every run and its median."""
    record = so_far(model)
    paths = record.market["usdjpy"][FinishedRuns(record).rows]
    if not len(paths):
        return empty("USDJPY: no run is left")
    figure, axes = panel(model)
    draw_paths(axes, record.dates, paths, ACCENT)
    last = float(np.median(paths[:, -1]))
    finish(axes, model, f"USDJPY, yen per dollar: {last:.1f} on {day_text(model)}")
    return figure


def unwound(model: CapitalFlows) -> Figure:
    """Share of its start stock that each kind of carry holder has given up so far."""
    record = so_far(model)
    finished = FinishedRuns(record)
    if not finished.count:
        return empty("Unwound share: no run is left")
    figure, axes = panel(model)
    entries = []
    for role, (words, shade) in ROLES.items():
        names = finished.populations(role)
        if names:
            shares = unwound_share(finished, names)
            draw_paths(axes, record.dates, 100.0 * shares, shade)
            entries.append((f"■ {words} {percent(float(np.median(shares[:, -1])))}", shade))
    axes.axhline(0.0, color=INK, linewidth=0.8)
    finish(axes, model, f"Unwound, % of start stock, {day_text(model)}", entries)
    return figure


def flows(model: CapitalFlows) -> Figure:
    """Yen bought each day by population, mean over runs."""
    record = so_far(model)
    finished = FinishedRuns(record)
    if not finished.count:
        return empty("Yen flows: no run is left")
    figure, axes = panel(model)
    series = mean_yen_bought(finished)
    if model.day:
        draw_stack(axes, record.dates[1:], series)
    total = float(sum(values.sum() for values in series.values()))
    traders = [(f"■ {spoken(name)}", colour(name)) for name, values in series.items() if np.any(values)][:4]
    finish(axes, model, f"Yen bought a day, USD bn; so far {amount(total)}", traders, BAR_MARGIN_DAYS)
    return figure


def unwound_share(finished: FinishedRuns, names: list[str]) -> FloatArray:
    """Cumulative share of the start stock given up, decimal, ``(runs, days)``."""
    stock = finished.flow("stock_usd_bn", names)[:, :1]
    gone = np.cumsum(finished.flow("unwound_usd_bn", names), axis=1)
    return np.divide(gone, stock, out=np.zeros_like(gone), where=stock > 0.0)


def draw_paths(axes: Axes, dates: Dates, paths: FloatArray, shade: str) -> None:
    """Every run as a thin line, the median as a thick one with a dot on the last day."""
    axes.plot(dates, paths.T, color=shade, linewidth=0.8, alpha=0.35)
    middle = np.median(paths, axis=0)
    axes.plot(dates, middle, color=shade, linewidth=2.0)
    axes.plot([date_number(dates[-1])], middle[-1:], "o", color=shade, markersize=4.5)


def panel(model: CapitalFlows) -> tuple[Figure, Axes]:
    """An empty plot on the dates of the whole scenario."""
    with house_style():
        figure = Figure(figsize=SIZE_INCHES)
        FigureCanvasAgg(figure)
        return figure, figure.add_axes(PANEL)


def finish(
    axes: Axes,
    model: CapitalFlows,
    title: str,
    entries: Sequence[tuple[str, str]] = (),
    margin_days: float = 0.0,
) -> None:
    """Frame, dates of the whole scenario, meetings, names behind their signs and the title."""
    plain(axes)
    date_axis(axes, model.dates, ticks=5, margin_days=margin_days)
    lines = mark_policy_dates(axes, policy_dates(model.scenario, model.dates))
    for row in reversed(range(0, len(entries), NAMES_IN_A_ROW)):
        legend_line(axes, entries[row : row + NAMES_IN_A_ROW], lines)
        lines += 1
    panel_title(axes, title, lines)


def empty(words: str) -> Figure:
    """A figure that only says why there is nothing to see."""
    figure = Figure(figsize=SIZE_INCHES)
    FigureCanvasAgg(figure)
    figure.text(0.5, 0.5, words, ha="center", color=INK)
    return figure


def day_text(model: CapitalFlows) -> str:
    """The model's day as one writes it."""
    return f"{model.today.day} {model.today:%b %Y}"
