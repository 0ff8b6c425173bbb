"""Plots of the page: exchange rate, unwound share and yen flows to the current day of the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from simulation.day.capital_flows import CapitalFlows
from simulation.day.recorder import Record
from simulation.results.figures.flow_charts import draw_stack, mean_yen_bought
from simulation.results.figures.style import (
    ACCENT,
    INK,
    Dates,
    FloatArray,
    date_number,
    figure_style,
    format_date_axis,
    legend_line,
    mark_policy_dates,
    panel_title,
    policy_dates,
    population_colour,
    remove_frame,
)
from simulation.results.findings import format_percent, format_usd_bn
from simulation.results.metrics import FinishedRuns
from simulation.values.labels import readable_name

SIZE_INCHES = (4.1, 3.5)
"""Small, so that text stays readable if a phone scales the plot to its width."""
PANEL = (0.02, 0.09, 0.85, 0.64)
NAMES_IN_A_ROW = 3
BAR_MARGIN_DAYS = 0.7
"""Margin of the date axis on both sides, to fit the outer bars."""
ROLES = {
    "levered": ("levered", "#D55E00"),
    "resident": ("residents", "#0072B2"),
    "retail": ("retail", "#AA4499"),
}


def record_to_date(model: CapitalFlows) -> Record:
    """Record up to the current day of the model."""
    record, days = model.result(), slice(0, model.day + 1)
    flows = {
        name: {column: values[:, days] for column, values in table.items()} for name, table in record.flows.items()
    }
    market = {name: values[:, days] for name, values in record.market.items()}
    return replace(record, dates=record.dates[days], market=market, flows=flows)


def plot_usdjpy(model: CapitalFlows) -> Figure:
    """USDJPY: each run and the median."""
    record = record_to_date(model)
    paths = record.market["usdjpy"][FinishedRuns(record).rows]
    if not len(paths):
        return message_figure("USDJPY: all runs have stopped")
    figure, axes = new_panel(model)
    draw_paths(axes, record.dates, paths, ACCENT)
    last = float(np.median(paths[:, -1]))
    finish_panel(axes, model, f"USDJPY, yen per dollar: {last:.1f} on {format_model_day(model)}")
    return figure


def plot_unwound(model: CapitalFlows) -> Figure:
    """Share of the initial stock unwound to date by each kind of carry holder."""
    record = record_to_date(model)
    finished = FinishedRuns(record)
    if not finished.count:
        return message_figure("Unwound share: all runs have stopped")
    figure, axes = new_panel(model)
    entries = []
    for role, (label, shade) in ROLES.items():
        names = finished.populations(role)
        if names:
            shares = unwound_share(finished, names)
            draw_paths(axes, record.dates, 100.0 * shares, shade)
            entries.append((f"■ {label} {format_percent(float(np.median(shares[:, -1])))}", shade))
    axes.axhline(0.0, color=INK, linewidth=0.8)
    finish_panel(axes, model, f"Unwound, % of initial stock, {format_model_day(model)}", entries)
    return figure


def plot_flows(model: CapitalFlows) -> Figure:
    """Yen bought per day by population, mean over runs."""
    record = record_to_date(model)
    finished = FinishedRuns(record)
    if not finished.count:
        return message_figure("Yen flows: all runs have stopped")
    figure, axes = new_panel(model)
    series = mean_yen_bought(finished)
    if model.day:
        draw_stack(axes, record.dates[1:], series)
    total = float(sum(values.sum() for values in series.values()))
    traders = [
        (f"■ {readable_name(name)}", population_colour(name)) for name, values in series.items() if np.any(values)
    ][:4]
    finish_panel(axes, model, f"Yen bought per day, USD bn; to date {format_usd_bn(total)}", traders, BAR_MARGIN_DAYS)
    return figure


def unwound_share(finished: FinishedRuns, names: list[str]) -> FloatArray:
    """Cumulative unwind as a share of the initial stock, decimal, ``(runs, days)``."""
    stock = finished.flow("stock_usd_bn", names)[:, :1]
    unwound = np.cumsum(finished.flow("unwound_usd_bn", names), axis=1)
    return np.divide(unwound, stock, out=np.zeros_like(unwound), where=stock > 0.0)


def draw_paths(axes: Axes, dates: Dates, paths: FloatArray, shade: str) -> None:
    """Draw each run as a thin line and the median as a thick line with a dot on the last day."""
    axes.plot(dates, paths.T, color=shade, linewidth=0.8, alpha=0.35)
    middle = np.median(paths, axis=0)
    axes.plot(dates, middle, color=shade, linewidth=2.0)
    axes.plot([date_number(dates[-1])], middle[-1:], "o", color=shade, markersize=4.5)


def new_panel(model: CapitalFlows) -> tuple[Figure, Axes]:
    """Empty plot in the style of the figures."""
    with figure_style():
        figure = Figure(figsize=SIZE_INCHES)
        FigureCanvasAgg(figure)
        return figure, figure.add_axes(PANEL)


def finish_panel(
    axes: Axes,
    model: CapitalFlows,
    title: str,
    entries: Sequence[tuple[str, str]] = (),
    margin_days: float = 0.0,
) -> None:
    """Add the date axis of the whole scenario, policy dates, legend entries (label, colour) and the title."""
    remove_frame(axes)
    format_date_axis(axes, model.dates, ticks=5, margin_days=margin_days)
    lines = mark_policy_dates(axes, policy_dates(model.scenario, model.dates))
    for row in reversed(range(0, len(entries), NAMES_IN_A_ROW)):
        legend_line(axes, entries[row : row + NAMES_IN_A_ROW], lines)
        lines += 1
    panel_title(axes, title, lines)


def message_figure(message: str) -> Figure:
    """Figure with a message in place of a plot."""
    figure = Figure(figsize=SIZE_INCHES)
    FigureCanvasAgg(figure)
    figure.text(0.5, 0.5, message, ha="center", color=INK)
    return figure


def format_model_day(model: CapitalFlows) -> str:
    """Current day of the model."""
    return f"{model.today.day} {model.today:%b %Y}"
