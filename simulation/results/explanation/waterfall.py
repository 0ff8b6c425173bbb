"""Waterfall chart of a price change: from the previous close to the close, one bar per part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from simulation.results.figures.style import (
    ACCENT,
    GREY,
    INK,
    LIGHT,
    Drawing,
    Heading,
    figure_style,
    new_figure,
    population_colour,
    with_minus_sign,
)

BAR_HEIGHT = 0.62


@dataclass(frozen=True)
class WaterfallBar:
    """One bar.

    Attributes
    ----------
    label, change, text
        Row label, change in the unit of the chart, and the change as text.
    population
        Population that determines the colour; empty for other parts.
    news
        Whether the bar shows news, which have their own colour.
    """

    label: str
    change: float
    text: str
    population: str = ""
    news: bool = False

    @property
    def colour(self) -> str:
        """Colour of the population, blue for news, grey for other parts."""
        if self.population:
            return population_colour(self.population)
        return ACCENT if self.news else GREY


def waterfall_chart(
    headings: tuple[str, str, str], bars: Sequence[WaterfallBar], closes: tuple[float, float], unit: str
) -> Drawing:
    """Return the chart of a change.

    Parameters
    ----------
    headings
        Finding, subtitle and source line.
    closes
        Previous close and close as recorded; yields in %.
    unit
        Unit of the bars; with ``bp`` the closes are scaled by 100.
    """
    scale = 100.0 if unit == "bp" else 1.0
    start = closes[0] * scale
    ends = start + np.cumsum([bar.change for bar in bars])
    starts = np.concatenate([[start], ends[:-1]])
    with figure_style():
        figure = new_figure(Heading(*headings))
        axes = figure.add_axes((0.40, 0.09, 0.55, 0.75))
        _draw_bars(axes, bars, starts, ends)
        _label_rows(axes, bars, closes, scale)
    numbers = {
        "part": np.array([bar.label for bar in bars]),
        f"change_{'usd' if unit == '$' else unit}": np.array([bar.change for bar in bars]),
        "from": starts,
        "to": ends,
    }
    return Drawing(figure, numbers)


def _draw_bars(axes: Axes, bars: Sequence[WaterfallBar], starts: np.ndarray, ends: np.ndarray) -> None:
    """Draw bars in rows 1 to n with connecting lines; row 0 is for the previous close and row n + 1 for the close."""
    rows = np.arange(1, len(bars) + 1)
    axes.barh(rows, ends - starts, left=starts, height=BAR_HEIGHT, color=[bar.colour for bar in bars])
    for row, value in enumerate([starts[0], *ends]):
        axes.plot(
            [value, value], [row + BAR_HEIGHT / 2 * (row > 0), row + 1 - BAR_HEIGHT / 2], color=GREY, linewidth=0.7
        )
    low, high = float(min(starts.min(), ends.min())), float(max(starts.max(), ends.max()))
    room = (high - low or 1.0) * 0.16
    axes.set_xlim(low - room, high + room)


def _label_rows(axes: Axes, bars: Sequence[WaterfallBar], closes: tuple[float, float], scale: float) -> None:
    last = len(bars) + 1
    axes.set_yticks(range(last + 1), ["Previous close", *(bar.label for bar in bars), "Close"])
    axes.set_ylim(last + 0.6, -0.6)
    axes.tick_params(length=0, labelsize=8.5, labelcolor=INK)
    for row, value in zip((0, last), closes, strict=True):
        text = f"{value:,.3f} %" if scale > 1 else f"{value:,.2f}"
        axes.plot([value * scale], [row], marker="D", color=INK, markersize=5)
        _annotate_right(axes, row, value * scale, text)
    for row, (bar, patch) in enumerate(zip(bars, axes.patches, strict=True), start=1):
        right = max(patch.get_x(), patch.get_x() + patch.get_width())  # type: ignore[attr-defined]
        _annotate_right(axes, row, right, with_minus_sign(bar.text))
    axes.spines[["left", "right", "top"]].set_visible(False)
    axes.spines["bottom"].set_color(LIGHT)
    axes.grid(axis="x", color=LIGHT, linewidth=0.7)
    axes.set_axisbelow(True)


def _annotate_right(axes: Axes, row: int, right: float, text: str) -> None:
    axes.annotate(text, (right, row), xytext=(6, 0), textcoords="offset points", va="center", fontsize=8.5, color=GREY)
