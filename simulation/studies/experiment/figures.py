"""Drawing functions that the studies share: heat maps, bars, bands, and the files of a figure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from simulation.results.figures.charts import png_bytes, write_figure_data
from simulation.results.figures.style import (
    COLOURS,
    GREY,
    INK,
    LIGHT,
    Drawing,
    FloatArray,
    figure_style,
    remove_frame,
    text_colour_on,
)
from simulation.results.findings import format_usd_bn
from simulation.values.conventions import Flags

LEVERED_COLOUR, RESIDENT_COLOUR = COLOURS["carry_funds"], COLOURS["life_insurers"]
HEDGED_COLOUR, RETAIL_COLOUR = "#a6a6a6", COLOURS["retail_fx"]
EXIT_COLOURS = {
    "levered": LEVERED_COLOUR,
    "retail": RETAIL_COLOUR,
    "brought home": RESIDENT_COLOUR,
    "kept abroad, hedged": HEDGED_COLOUR,
}
"""Colours of closed positions by holder and by use of the proceeds."""
SERIES_COLOURS = ("#332288", "#88CCEE")
"""Colours of two series other than populations."""
STRONGER_YEN, WEAKER_YEN = "#0072B2", "#D55E00"
DIVERGING = LinearSegmentedColormap.from_list("yen", [STRONGER_YEN, "#9ecae1", "#f7f7f7", "#fdbf8a", WEAKER_YEN])
RISING = LinearSegmentedColormap.from_list("unwound", ["#f7f7f7", "#fdbf8a", WEAKER_YEN, "#7f3300"])
HASH_SALT = "carryflow"
FEW_RUNS = 15
"""With fewer finished runs than this the median of a cell is uncertain; the cell is hatched."""


@dataclass(frozen=True)
class HeatMapCells:
    """Cells of a heat map: one value per row and column, with the labels of rows and columns."""

    values: FloatArray
    rows: Sequence[str]
    columns: Sequence[str]


def band_description(table: pd.DataFrame) -> str:
    """Return the sources of the spread over runs in an experiment's table."""
    return "noise and parameters" if table["parameter_sets"].iat[0] else "noise"


def draw_heat_map(
    axes: Axes, grid: HeatMapCells, limits: tuple[float, float], colours: LinearSegmentedColormap
) -> None:
    """Draw a heat map with the value in each cell; cells without a value stay white."""
    low, high = limits
    axes.imshow(np.ma.masked_invalid(grid.values), cmap=colours, vmin=low, vmax=high, aspect="auto")
    for row, column in np.argwhere(np.isfinite(grid.values)):
        value = float(grid.values[row, column])
        shade = colours(float(np.clip((value - low) / ((high - low) or 1.0), 0.0, 1.0)))
        text = format_signed(value) if low < 0 < high else format_signed(value, 0).removeprefix("+")
        axes.text(column, row, text, ha="center", va="center", fontsize=9, color=text_colour_on(shade))
    axes.set_xticks(range(len(grid.columns)), list(grid.columns))
    axes.set_yticks(range(len(grid.rows)), list(grid.rows))
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0, labelsize=8.5, labelcolor=INK)


def format_signed(value: float, decimals: int = 1) -> str:
    """Return a number with its sign; no sign if it rounds to zero."""
    text = f"{value:+.{decimals}f}".replace("-", "−")
    return text[1:] if float(f"{value:.{decimals}f}") == 0.0 else text


def hatch_cells(axes: Axes, cells: Flags) -> None:
    """Hatch the cells of a heat map for which `cells` is true."""
    for row, column in np.argwhere(cells):
        box = Rectangle(
            (column - 0.5, row - 0.5), 1, 1, fill=False, hatch="////", edgecolor=GREY, linewidth=0, alpha=0.6
        )
        axes.add_patch(box)


def draw_boundary(axes: Axes, inside: Flags) -> None:
    """Draw a line between cells for which `inside` is true and the others."""
    rows, columns = inside.shape
    for row in range(rows):
        for column in range(columns):
            if column + 1 < columns and inside[row, column] != inside[row, column + 1]:
                axes.plot([column + 0.5] * 2, [row - 0.5, row + 0.5], color=INK, linewidth=2.2, solid_capstyle="butt")
            if row + 1 < rows and inside[row, column] != inside[row + 1, column]:
                axes.plot(
                    [column - 0.5, column + 0.5], [row + 0.5] * 2, color=INK, linewidth=2.2, solid_capstyle="butt"
                )


def style_bar_axes(axes: Axes, labels: Sequence[str]) -> None:
    """Style a panel of horizontal bars: first bar at the top, vertical line at zero."""
    remove_frame(axes)
    axes.grid(visible=False, axis="y")
    axes.grid(visible=True, axis="x", color=LIGHT, linewidth=0.7)
    axes.yaxis.tick_left()
    axes.set_yticks(range(len(labels)), list(labels))
    axes.tick_params(axis="y", length=0, labelsize=9, labelcolor=INK)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.axvline(0.0, color=INK, linewidth=0.8)


def label_beside(axes: Axes, place: tuple[float, float], text: str) -> None:
    """Write a label to the right of the end of a bar, or of zero for a negative bar."""
    at = (max(place[0], 0.0), place[1])
    axes.annotate(text, at, xytext=(5, 0), textcoords="offset points", va="center", fontsize=8.5, color=GREY)


def draw_banded_line(
    axes: Axes, places: ArrayLike, heights: tuple[ArrayLike, ArrayLike, ArrayLike], shade: str
) -> None:
    """Draw a line with its band; `heights` are low, middle and high."""
    low, middle, high = heights
    axes.fill_between(places, low, high, color=shade, alpha=0.25, linewidth=0)
    axes.plot(places, middle, color=shade, linewidth=1.8)


def mark_position(axes: Axes, at: float, text: str) -> None:
    """Draw a dashed vertical line with a label at its upper end."""
    axes.axvline(at, color=GREY, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1.5)
    axes.text(at, 0.97, f" {text}", transform=axes.get_xaxis_transform(), fontsize=8, color=GREY, va="top")


def draw_stacked_bars(axes: Axes, parts: Mapping[str, Mapping[str, float]], colours: Mapping[str, str]) -> None:
    """Draw one stacked horizontal bar per name, amounts in $bn, with the total beside it."""
    for row, sums in enumerate(parts.values()):
        left = 0.0
        for part, shade in colours.items():
            axes.barh(row, sums[part], left=left, height=0.6, color=shade)
            left += sums[part]
        label_beside(axes, (left, row), format_usd_bn(left))
    style_bar_axes(axes, list(parts))
    axes.set_xlim(0.0, 1.25 * max(sum(sums.values()) for sums in parts.values()))


def write_figure(drawing: Drawing, directory: Path) -> None:
    """Write the figure as PNG and SVG and the plotted values as CSV."""
    (directory / "figure.png").write_bytes(png_bytes(drawing.figure))
    (directory / "figure.svg").write_bytes(svg_bytes(drawing))
    write_figure_data(drawing, directory / "figure.csv")


def svg_bytes(drawing: Drawing) -> bytes:
    """Return a figure as SVG, without dates and random identifiers so that its bytes are reproducible."""
    buffer = BytesIO()
    with figure_style(), matplotlib.rc_context({"svg.hashsalt": HASH_SALT}):
        drawing.figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()
