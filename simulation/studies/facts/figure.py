"""Figure of the stylised facts: historical and simulated values with errors, and accept ranges."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from simulation.results.figures.style import (
    ACCENT,
    GREY,
    INK,
    LIGHT,
    Columns,
    Drawing,
    Heading,
    figure_style,
    legend_line,
    new_figure,
    panel_title,
    remove_frame,
)

if TYPE_CHECKING:
    from simulation.studies.facts.comparison import AcceptRange, FactComparison, FactRow

ERRORS_SHOWN: Final = 2.0
"""Half-length of the error bars in standard errors."""
ACCEPTED_COLOUR: Final = "#cfe8dc"
MODEL_COLOUR, HISTORY_COLOUR = ACCENT, INK
ROW_OFFSET: Final = 0.17
"""Distance of historical and simulated values from the centre of a row, in rows."""
Panel = tuple[str, Mapping[str, str]]
PANELS: Final[tuple[Panel, ...]] = (
    (
        "Skewness",
        {
            "daily_skew": "daily",
            "weekly_skew": "weekly",
            "monthly_skew": "monthly",
            "skew_large_gap": "gap 3–4 pp",
            "skew_no_gap": "gap 0–0.5 pp",
        },
    ),
    (
        "Volatility and tails",
        {
            "daily_sd_pct": "sd daily, %",
            "weekly_sd_pct": "sd weekly, %",
            "monthly_sd_pct": "sd monthly, %",
            "daily_kurtosis": "kurtosis daily",
            "tail_index": "tail index",
        },
    ),
    (
        "Days per year beyond",
        {"days_below_2": "−2 %", "days_above_2": "+2 %", "days_below_3": "−3 %", "days_above_3": "+3 %"},
    ),
    (
        "Autocorrelation",
        {
            "acf_1": "return, 1",
            "acf_20": "return, 20",
            "acf_size_1": "size, 1",
            "acf_size_20": "size, 20",
            "acf_size_100": "size, 100",
        },
    ),
    (
        "Skewness and co-movement",
        {
            "skew_slope": "skew per pp",
            "skew_on_position": "skew per sd",
            "spread_r2_2020_2024": "R² spread",
            "equity_calm": "equity, calm",
            "equity_stress": "equity, stress",
            "carry_sharpe": "Sharpe ratio",
        },
    ),
    (
        "Carry and amplification",
        {
            "carry_pct": "carry, % p.a.",
            "spread_beta_2013_2019": "beta 2013–19",
            "spread_beta_2020_2024": "beta 2020–24",
            "amplification_ratio": "4 % over 1 %",
            "amplification_in_news": "in daily news",
            "amplification_frozen": "frozen",
        },
    ),
)
"""Facts in each panel with a short label, grouped so that the values share one axis."""
LEGEND_ENTRIES: Final = (("● model", MODEL_COLOUR), ("○ history", HISTORY_COLOUR), ("■ accepted", "#5fae87"))


def facts_chart(comparison: FactComparison, source: str) -> Drawing:
    """Draw all facts in panels of comparable scale; `source` is the line below the figure."""
    subtitle = (
        f"Points with bars of ±{ERRORS_SHOWN:.0f} standard errors; thin line: middle 80 % of single runs; "
        "units as labelled"
    )
    rows = {row.name: row for row in comparison.rows}
    with figure_style():
        figure = new_figure(Heading(comparison.finding, subtitle, source))
        for place, (title, labels) in enumerate(PANELS):
            panel_rows = {label: rows[name] for name, label in labels.items() if name in rows}
            if panel_rows:
                _draw_panel(_panel_axes(figure, place), title, panel_rows)
        legend_line(figure.axes[0], LEGEND_ENTRIES, 1) if figure.axes else None
    return Drawing(figure, plotted_columns(comparison))


def _panel_axes(figure: Figure, place: int) -> Axes:
    row, column = divmod(place, 3)
    return figure.add_axes((0.115 + 0.32 * column, 0.505 - 0.405 * row, 0.205, 0.265))


def _draw_panel(axes: Axes, title: str, panel_rows: Mapping[str, FactRow]) -> None:
    for at, row in enumerate(panel_rows.values()):
        _draw_row(axes, at, row)
    remove_frame(axes)
    axes.grid(visible=False, axis="y")
    axes.grid(visible=True, axis="x", color=LIGHT, linewidth=0.7)
    axes.axvline(0.0, color=GREY, linewidth=0.8)
    axes.yaxis.tick_left()
    axes.set_yticks(range(len(panel_rows)), list(panel_rows))
    axes.tick_params(axis="y", length=0, labelsize=8.5, labelcolor=INK)
    axes.set_ylim(len(panel_rows) - 0.5, -0.5)
    # Open accept ranges extend to the edge of the panel, so its limits must be final.
    limits = axes.get_xlim()
    axes.set_xlim(*limits)
    for at, row in enumerate(panel_rows.values()):
        if row.fact.accept is not None:
            _draw_accept_range(axes, at, row.fact.accept)
    panel_title(axes, title)


def _draw_row(axes: Axes, at: int, row: FactRow) -> None:
    fact, estimate = row.fact, row.estimate
    if fact.value is not None:
        error = 0.0 if fact.standard_error is None else ERRORS_SHOWN * fact.standard_error
        axes.plot([fact.value - error, fact.value + error], [at - ROW_OFFSET] * 2, color=HISTORY_COLOUR, linewidth=1.6)
        axes.plot(fact.value, at - ROW_OFFSET, "o", color=HISTORY_COLOUR, markerfacecolor="white", markersize=4.5)
    if estimate is not None:
        error = ERRORS_SHOWN * estimate.error if np.isfinite(estimate.error) else 0.0
        axes.plot([estimate.p10, estimate.p90], [at + ROW_OFFSET] * 2, color=MODEL_COLOUR, linewidth=0.8)
        axes.plot(
            [estimate.value - error, estimate.value + error], [at + ROW_OFFSET] * 2, color=MODEL_COLOUR, linewidth=2.6
        )
        axes.plot(estimate.value, at + ROW_OFFSET, "o", color=MODEL_COLOUR, markersize=4.5)


def _draw_accept_range(axes: Axes, at: int, accept: AcceptRange) -> None:
    left, right = axes.get_xlim()
    low = left if accept.low is None else max(left, accept.low)
    high = right if accept.high is None else min(right, accept.high)
    axes.add_patch(Rectangle((low, at - 0.45), high - low, 0.9, facecolor=ACCEPTED_COLOUR, linewidth=0, zorder=0.5))


def plotted_columns(comparison: FactComparison) -> Columns:
    """Return the plotted values, one row per fact; missing values are not-a-number."""
    plotted = {name for _, labels in PANELS for name in labels}
    rows = [row for row in comparison.rows if row.name in plotted]
    missing = float("nan")

    def column(values: list[float | None]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        return np.array([missing if value is None else value for value in values])

    estimates = [row.estimate for row in rows]
    return {
        "fact": np.array([row.name for row in rows]),
        "historical": column([row.fact.value for row in rows]),
        "historical_se": column([row.fact.standard_error for row in rows]),
        "simulated": column([None if one is None else one.value for one in estimates]),
        "simulated_se": column([None if one is None else one.error for one in estimates]),
        "single_run_p10": column([None if one is None else one.p10 for one in estimates]),
        "single_run_p50": column([None if one is None else one.p50 for one in estimates]),
        "single_run_p90": column([None if one is None else one.p90 for one in estimates]),
    }
