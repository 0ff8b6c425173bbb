"""Two scenarios side by side on the same axes: the exchange rate, and what was unwound."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from simulation.results.figures.fan import quantile_columns, quantiles
from simulation.results.figures.policy_dates import mark_policy_dates, policy_dates
from simulation.results.figures.sources import over_runs
from simulation.results.figures.style import (
    GREY,
    INK,
    Columns,
    Drawing,
    FloatArray,
    Heading,
    colour,
    date_axis,
    fan,
    legend_line,
    new_figure,
    panel_title,
    plain,
)
from simulation.results.findings import amount, comparison_finding
from simulation.results.metrics import LEVERED, RESIDENT, FinishedRuns

if TYPE_CHECKING:
    from simulation.day.recorder import Record

MOST_TICKS = 5
SHADES = {LEVERED: colour("carry_funds"), RESIDENT: colour("life_insurers")}


def cumulative_unwound(finished: FinishedRuns, role: str) -> FloatArray:
    """Return quantiles over runs of what a role has unwound since the start, $bn, shape (5, T+1)."""
    flow = finished.flow("unwound_usd_bn", finished.populations(role))
    return quantiles(np.cumsum(flow, axis=1))


def _fan_panel(axes: Axes, record: Record, name: str) -> Columns:
    finished = FinishedRuns(record)
    path = record.market["usdjpy"][finished.rows]
    levels = quantiles(100.0 * (path / path[:, :1] - 1.0))
    fan(axes, record.dates, levels)
    axes.axhline(0.0, color=INK, linewidth=0.8)
    plain(axes)
    date_axis(axes, record.dates, ticks=5)
    lines = mark_policy_dates(axes, policy_dates(record.scenario, record.dates))
    panel_title(axes, f"{name}: USDJPY, % since the start", lines)
    return quantile_columns("usdjpy_change_pct", levels)


def _unwound_panel(axes: Axes, record: Record) -> Columns:
    finished = FinishedRuns(record)
    found = {role: cumulative_unwound(finished, role) for role in SHADES}
    for role, levels in found.items():
        fan(axes, record.dates, levels, SHADES[role])
    axes.axhline(0.0, color=INK, linewidth=0.8)
    plain(axes)
    date_axis(axes, record.dates, ticks=5)
    axes.yaxis.set_major_locator(MaxNLocator(MOST_TICKS))
    mark_policy_dates(axes, policy_dates(record.scenario, record.dates), labels=False)
    panel_title(axes, "Unwound since the start, USD bn", 1)
    legend_line(axes, [(f"■ {role} {amount(float(levels[2, -1]))}", SHADES[role]) for role, levels in found.items()])
    columns = [quantile_columns(f"{role}_unwound_usd_bn", levels) for role, levels in found.items()]
    return {name: values for part in columns for name, values in part.items()}


def _heading(records: Mapping[str, Record], shown: Mapping[str, Record]) -> Heading:
    counts = "; ".join(f"{name}: {over_runs(FinishedRuns(record))}" for name, record in shown.items())
    sources = ", ".join(f"{record.scenario.name} (seed {record.scenario.seed})" for record in records.values())
    return Heading(
        comparison_finding(records),
        f"Medians, middle 50 and 80 % of runs; same scale on both sides; the title counts retail holders too. {counts}",
        f"Source: carryflow simulation, scenarios {sources}",
    )


def comparison_chart(records: Mapping[str, Record]) -> Drawing:
    """Draw two scenarios side by side; the records are named as the columns should be."""
    shown = {name: record for name, record in records.items() if FinishedRuns(record).count}
    figure = new_figure(_heading(records, shown))
    numbers: Columns = {}
    tops: list[Axes] = []
    bottoms: list[Axes] = []
    for column, (name, record) in enumerate(shown.items()):
        left = 0.03 + 0.49 * column
        tops.append(figure.add_axes((left, 0.47, 0.42, 0.30), sharey=tops[0] if tops else None))
        bottoms.append(figure.add_axes((left, 0.10, 0.42, 0.24), sharey=bottoms[0] if bottoms else None))
        found = {"date": record.dates} | _fan_panel(tops[-1], record, name) | _unwound_panel(bottoms[-1], record)
        numbers |= {f"{name.lower()}_{key}": values for key, values in found.items()}
    if not shown:
        figure.text(0.5, 0.5, "No run reached its last day", ha="center", color=GREY)
    return Drawing(figure, numbers)
