"""Figures of a sweep: response curves, a heat map of two parameters, and bars of Sobol indices."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from simulation.results.estimates import EstimateWithError, join_names, leading_names
from simulation.results.figures.style import (
    ACCENT,
    INK,
    Drawing,
    Heading,
    display_scale,
    figure_style,
    legend_line,
    new_figure,
    remove_frame,
)
from simulation.studies.experiment.figures import (
    DIVERGING,
    FEW_RUNS,
    RISING,
    SERIES_COLOURS,
    HeatMapCells,
    draw_boundary,
    draw_heat_map,
    hatch_cells,
    style_bar_axes,
)
from simulation.sweeps.analysis.response_curves import ResponseMap
from simulation.sweeps.analysis.sobol import SobolIndices
from simulation.sweeps.analysis.sweep_table import SweepAxis
from simulation.values.labels import capitalized, readable_name

MOST_PANELS = 6
OUTER, INNER = 0.18, 0.36
TITLE_POINTS, TITLE_LETTERS = 9.5, 34
"""Font size of a panel title, and the number of letters that fit."""
NORMAL_95 = 1.959964
"""Half width of a 95 % interval in standard errors (normal distribution)."""


@dataclass(frozen=True)
class FigureMetric:
    """The metric of a figure with its unit, and the source line."""

    metric: str
    unit: str
    source: str

    @property
    def scale(self) -> float:
        """Factor for display: 100 for a share, shown in percent."""
        return display_scale(self.unit)

    @property
    def shown_unit(self) -> str:
        """The unit as shown on an axis."""
        return self.unit.replace("share", "%", 1)

    @property
    def words(self) -> str:
        """The metric without its unit: ``USDJPY trough``."""
        ends = ("_pct", "_usd_bn", "_bp", "_share")
        return readable_name(
            next((self.metric.removesuffix(end) for end in ends if self.metric.endswith(end)), self.metric)
        )


def axis_title(axis: SweepAxis) -> str:
    """Name and unit of an axis."""
    return f"{axis.name}, {axis.unit}" if axis.unit and axis.unit not in axis.name else axis.name


def curves_figure(curves: Sequence[tuple[SweepAxis, pd.DataFrame]], metric: FigureMetric, title: str) -> Drawing:
    """Response curves side by side, with one scale of the metric, most influential axis first."""
    some = list(curves)[:MOST_PANELS]
    subtitle = (
        f"{metric.metric}, {metric.shown_unit}; line: mean; inner band: 10-90 % of point means (other parameters); "
        "outer band: 10-90 % of runs (including noise)"
    )
    with figure_style():
        figure = new_figure(Heading(title, subtitle, metric.source))
        panels = _panel_axes(figure, len(some))
        for axes, (axis, curve) in zip(panels, some, strict=True):
            _draw_curve(axes, axis, curve, metric.scale)
        low, high = min(axes.get_ylim()[0] for axes in panels), max(axes.get_ylim()[1] for axes in panels)
        for axes in panels:
            axes.set_ylim(low, high)
    return Drawing(figure, _curve_columns(some))


def _panel_axes(figure: Figure, count: int) -> list[Axes]:
    columns = min(count, 3)
    rows = math.ceil(count / columns)
    width, height = 0.92 / columns, 0.76 / rows
    place = [(0.03 + width * (at % columns), 0.10 + height * (rows - 1 - at // columns)) for at in range(count)]
    return [figure.add_axes((left, bottom, width - 0.045, height - 0.11)) for left, bottom in place]


def _draw_curve(axes: Axes, axis: SweepAxis, curve: pd.DataFrame, scale: float) -> None:
    remove_frame(axes)
    places = curve["value"].to_numpy() if axis.numeric else np.arange(len(curve))
    numbers = {name: scale * curve[name].to_numpy(dtype=np.float64) for name in curve if name != "value"}
    if axis.numeric:
        axes.fill_between(places, numbers["p10"], numbers["p90"], color=ACCENT, alpha=OUTER, linewidth=0)
        axes.fill_between(places, numbers["means_p10"], numbers["means_p90"], color=ACCENT, alpha=INNER, linewidth=0)
        axes.plot(places, numbers["mean"], color=ACCENT, linewidth=1.8)
    else:
        axes.vlines(places, numbers["p10"], numbers["p90"], color=ACCENT, alpha=OUTER, linewidth=9)
        axes.vlines(places, numbers["means_p10"], numbers["means_p90"], color=ACCENT, alpha=INNER, linewidth=9)
        axes.plot(places, numbers["mean"], "o", color=ACCENT, markersize=5)
        axes.set_xticks(places, [str(value) for value in curve["value"]])
        axes.set_xlim(-0.5, len(curve) - 0.5)
    # The name of the key includes the unit; a long name gets a smaller font.
    axes.set_title(
        axis.name, loc="left", fontsize=TITLE_POINTS * min(1.0, TITLE_LETTERS / len(axis.name)), fontweight="bold"
    )


def _curve_columns(curves: Sequence[tuple[SweepAxis, pd.DataFrame]]) -> dict[str, Any]:
    parts = [curve.assign(value=curve["value"].astype(str)).assign(key=axis.key) for axis, curve in curves]
    rows = pd.concat(parts, ignore_index=True)
    return {name: rows[name].to_numpy() for name in ("key", *rows.columns.drop("key"))}


def map_figure(response: ResponseMap, metric: FigureMetric, level: float | None = None) -> Drawing:
    """Heat map of the median over two axes. A line surrounds cells above `level`; cells with few runs are hatched."""
    values = metric.scale * response.median
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    signed = low < 0.0
    limits = (-max(-low, high), max(-low, high)) if signed else (min(low, 0.0), high or 1.0)
    line = "" if level is None else f"; line: {metric.scale * level:g} {metric.shown_unit}"
    subtitle = f"Median of {metric.metric}, {metric.shown_unit}{line}; hatched: fewer than {FEW_RUNS} runs"
    title = f"{capitalized(metric.words)}: {low:.3g} to {high:.3g} {metric.shown_unit} over the two parameters"
    with figure_style():
        figure = new_figure(Heading(title, subtitle, metric.source))
        axes = figure.add_axes((0.17, 0.16, 0.78, 0.66))
        names = [[_level_text(value) for value in side] for side in (response.row_values, response.column_values)]
        draw_heat_map(axes, HeatMapCells(values, names[0], names[1]), limits, DIVERGING if signed else RISING)
        hatch_cells(axes, response.runs < FEW_RUNS)
        if level is not None:
            draw_boundary(axes, np.asarray(response.median > level))
        axes.set_xlabel(axis_title(response.columns), color=INK)
        axes.set_ylabel(axis_title(response.rows), color=INK)
    return Drawing(figure, _map_columns(response))


def _level_text(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, int | float | np.number) else str(value)


def _map_columns(response: ResponseMap) -> dict[str, Any]:
    rows, columns = np.indices(response.median.shape)
    row_names = np.array([_level_text(value) for value in response.row_values])[rows.ravel()]
    column_names = np.array([_level_text(value) for value in response.column_values])[columns.ravel()]
    cells = {"median": response.median.ravel(), "runs": response.runs.ravel()}
    return {response.rows.key: row_names, response.columns.key: column_names} | cells


def sobol_title(table: pd.DataFrame, names: Mapping[str, str]) -> str:
    """Return which axis has the largest total index, or those not clearly below it; errors from the 95 % intervals.

    `table` has the largest total first.
    """
    rows = {str(row["key"]): row for row in table.to_dict("records")}
    errors = {key: (row["total_high"] - row["total_low"]) / (2.0 * NORMAL_95) for key, row in rows.items()}

    def difference(first: str, second: str) -> EstimateWithError:
        step = float(rows[first]["total"] - rows[second]["total"])
        return EstimateWithError(step, float(np.hypot(errors[first], errors[second])))

    leaders = leading_names({key: float(row["total"]) for key, row in rows.items()}, difference)
    words = capitalized(join_names([names[key] for key in leaders]))
    alone, in_all = 100.0 * rows[leaders[0]]["first"], 100.0 * rows[leaders[0]]["total"]
    shares = f"{alone:.0f} % alone, {in_all:.0f} % with interactions"
    if len(leaders) == 1:
        return f"{words} has the largest effect: {shares}"
    return f"{words} have the largest effects, without a clear difference: {shares}"


def sobol_figure(indices: SobolIndices, axes_of: Sequence[SweepAxis], metric: FigureMetric) -> Drawing:
    """First-order and total indices as bars with intervals, largest total on top."""
    table = indices.table.sort_values(["total", "key"], ascending=[False, True], ignore_index=True)
    names = {axis.key: axis.name for axis in axes_of}
    title = sobol_title(table, names)
    subtitle = f"Share of the variance of the mean of {metric.metric}, %; lines: 95 % bootstrap intervals over rows"
    with figure_style():
        figure = new_figure(Heading(title, subtitle, metric.source))
        axes = figure.add_axes((0.32, 0.12, 0.63, 0.68))
        style_bar_axes(axes, [names[key] for key in table["key"]])
        for part, shade, shift in zip(("first", "total"), SERIES_COLOURS, (-0.19, 0.19), strict=True):
            places = np.arange(len(table)) + shift
            axes.barh(places, 100.0 * table[part], height=0.34, color=shade)
            axes.hlines(places, 100.0 * table[f"{part}_low"], 100.0 * table[f"{part}_high"], color=INK, linewidth=1.0)
        legend_line(
            axes, [("■ alone (first order)", SERIES_COLOURS[0]), ("■ with interactions (total)", SERIES_COLOURS[1])]
        )
        axes.set_xlabel(f"{indices.in_words()}", fontsize=8.5)
    return Drawing(figure, {str(name): table[name].to_numpy() for name in table})
