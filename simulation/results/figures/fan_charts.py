"""Fan charts of prices: USDJPY and the 10-year spread, all assets, and two scenarios side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from simulation.results.figures.style import (
    GREY,
    INK,
    Columns,
    Drawing,
    FloatArray,
    Heading,
    band_description,
    draw_fan,
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
from simulation.results.findings import comparison_finding, fan_finding, format_usd_bn, prices_finding
from simulation.results.metrics import LEVERED, RESIDENT, FinishedRuns

if TYPE_CHECKING:
    from simulation.day.recorder import Record

LEVELS = (0.1, 0.25, 0.5, 0.75, 0.9)
PANELS = (
    ("usdjpy", "USDJPY, yen per dollar (down: stronger yen)", "#0072B2"),
    ("spread_10y_pp", "US minus Japan 10-year yield, percentage points", "#7A6A4F"),
)


def fan_quantiles(values: FloatArray) -> FloatArray:
    """Return the 10, 25, 50, 75 and 90 % quantiles over runs, shape (5, T+1)."""
    return np.asarray(np.quantile(values, LEVELS, axis=0))


def quantile_columns(name: str, levels: FloatArray) -> dict[str, FloatArray]:
    """Return quantiles as named columns."""
    return {f"{name}_p{100 * level:.0f}": row for level, row in zip(LEVELS, levels, strict=True)}


def fan_chart(record: Record) -> Drawing:
    """Draw USDJPY and the 10-year spread with their quantile bands and the policy dates."""
    finished = FinishedRuns(record)
    source_of_spread = band_description(record.parameter_sets)
    subtitle = f"Median, middle 50 % and middle 80 % of {run_count_text(finished)}; bands show {source_of_spread}"
    figure = new_figure(Heading(fan_finding(record), subtitle, source_line(record)))
    numbers: Columns = {"date": record.dates}
    marks = policy_dates(record.scenario, record.dates)
    for at, (name, title, shade) in enumerate(PANELS):
        axes = figure.add_axes((0.03, 0.42, 0.91, 0.335) if at == 0 else (0.03, 0.105, 0.91, 0.24))
        levels = fan_quantiles(record.market[name][finished.rows])
        draw_fan(axes, record.dates, levels, shade)
        remove_frame(axes)
        format_date_axis(axes, record.dates)
        label_lines = mark_policy_dates(axes, marks, labels=at == 0)
        panel_title(axes, title, label_lines)
        numbers |= quantile_columns(name, levels)
    return Drawing(figure, numbers)


ASSETS = (
    ("usdjpy", "USDJPY, yen", "%"),
    ("ust10_pct", "US 10-year yield, %", "bp"),
    ("jgb10_pct", "Japan 10-year yield, %", "bp"),
    ("us_equity", "US equity, start = 100", "%"),
    ("japan_equity", "Japan equity, start = 100", "%"),
    ("bitcoin_usd", "Bitcoin, thousand USD", "%"),
)
ASSET_COLOURS = ("#0072B2", "#7A6A4F", "#7A6A4F", "#009E73", "#009E73", "#882255")
DISPLAY_SCALE = {"bitcoin_usd": 1e-3}
PANEL_COLUMNS = 3


def change_text(values: FloatArray, unit: str) -> str:
    """Return the median change from start to end with sign and unit."""
    start, end = values[:, 0], values[:, -1]
    change = 100.0 * (end - start) if unit == "bp" else 100.0 * (end / start - 1.0)
    digits = 0 if unit == "bp" else 1
    return f"{np.median(change):+.{digits}f} {unit}".replace("-", "−")


def prices_panel(record: Record) -> Drawing:
    """Draw each asset of the scenario in its own panel."""
    finished = FinishedRuns(record)
    runs = run_count_text(finished)
    subtitle = f"Median, middle 50 % and middle 80 % of {runs}; dashed: policy meetings; titles: median change"
    figure = new_figure(Heading(prices_finding(record), subtitle, source_line(record)))
    marks = policy_dates(record.scenario, record.dates)
    numbers: Columns = {"date": record.dates}
    for at, (name, title, unit) in enumerate(ASSETS):
        values = finished.market(name)
        if values is None:
            continue
        row, column = divmod(at, PANEL_COLUMNS)
        axes = figure.add_axes((0.03 + 0.325 * column, 0.50 if row == 0 else 0.105, 0.265, 0.28))
        levels = fan_quantiles(values * DISPLAY_SCALE.get(name, 1.0))
        draw_fan(axes, record.dates, levels, ASSET_COLOURS[at])
        remove_frame(axes)
        format_date_axis(axes, record.dates, ticks=4)
        mark_policy_dates(axes, marks, labels=False)
        panel_title(axes, f"{title}: {change_text(values, unit)}")
        numbers |= quantile_columns(name, fan_quantiles(values))
    return Drawing(figure, numbers)


MOST_TICKS = 5
ROLE_COLOURS = {LEVERED: population_colour("carry_funds"), RESIDENT: population_colour("life_insurers")}


def cumulative_unwound(finished: FinishedRuns, role: str) -> FloatArray:
    """Return quantiles over runs of a role's cumulative reduction in positions, USD bn, shape (5, T+1)."""
    flow = finished.flow("unwound_usd_bn", finished.populations(role))
    return fan_quantiles(np.cumsum(flow, axis=1))


def _fan_panel(axes: Axes, record: Record, name: str) -> Columns:
    finished = FinishedRuns(record)
    path = record.market["usdjpy"][finished.rows]
    levels = fan_quantiles(100.0 * (path / path[:, :1] - 1.0))
    draw_fan(axes, record.dates, levels)
    axes.axhline(0.0, color=INK, linewidth=0.8)
    remove_frame(axes)
    format_date_axis(axes, record.dates, ticks=5)
    lines = mark_policy_dates(axes, policy_dates(record.scenario, record.dates))
    panel_title(axes, f"{name}: USDJPY, % since the start", lines)
    return quantile_columns("usdjpy_change_pct", levels)


def _unwound_panel(axes: Axes, record: Record) -> Columns:
    finished = FinishedRuns(record)
    by_role = {role: cumulative_unwound(finished, role) for role in ROLE_COLOURS}
    for role, levels in by_role.items():
        draw_fan(axes, record.dates, levels, ROLE_COLOURS[role])
    axes.axhline(0.0, color=INK, linewidth=0.8)
    remove_frame(axes)
    format_date_axis(axes, record.dates, ticks=5)
    axes.yaxis.set_major_locator(MaxNLocator(MOST_TICKS))
    mark_policy_dates(axes, policy_dates(record.scenario, record.dates), labels=False)
    panel_title(axes, "Cumulative reduction in positions, USD bn", 1)
    means = {
        role: float(finished.flow("unwound_usd_bn", finished.populations(role)).sum(axis=1).mean()) for role in by_role
    }
    legend_line(axes, [(f"■ {role}, mean {format_usd_bn(means[role])}", ROLE_COLOURS[role]) for role in by_role])
    columns = [quantile_columns(f"{role}_unwound_usd_bn", levels) for role, levels in by_role.items()]
    return {name: values for part in columns for name, values in part.items()}


def _comparison_heading(records: Mapping[str, Record], shown: Mapping[str, Record]) -> Heading:
    counts = "; ".join(f"{name}: {run_count_text(FinishedRuns(record))}" for name, record in shown.items())
    sources = ", ".join(f"{record.scenario.name} (seed {record.scenario.seed})" for record in records.values())
    return Heading(
        comparison_finding(records),
        f"Median, middle 50 % and middle 80 % of runs; same scale on both sides; title: mean differences. {counts}",
        f"Source: carryflow simulation, scenarios {sources}",
    )


def comparison_chart(records: Mapping[str, Record]) -> Drawing:
    """Draw two scenarios side by side, titled with the keys of `records`."""
    shown = {name: record for name, record in records.items() if FinishedRuns(record).count}
    figure = new_figure(_comparison_heading(records, shown))
    numbers: Columns = {}
    tops: list[Axes] = []
    bottoms: list[Axes] = []
    for column, (name, record) in enumerate(shown.items()):
        left = 0.03 + 0.49 * column
        tops.append(figure.add_axes((left, 0.47, 0.42, 0.30), sharey=tops[0] if tops else None))
        bottoms.append(figure.add_axes((left, 0.10, 0.42, 0.24), sharey=bottoms[0] if bottoms else None))
        data = {"date": record.dates} | _fan_panel(tops[-1], record, name) | _unwound_panel(bottoms[-1], record)
        numbers |= {f"{name.lower()}_{key}": values for key, values in data.items()}
    if not shown:
        figure.text(0.5, 0.5, "No run reached its last day", ha="center", color=GREY)
    return Drawing(figure, numbers)
