"""The waterfall of a day: from yesterday's close to today's, one bar a part."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes

from simulation.results.explanation.day_explanation import (
    ASSET_NAMES,
    SMALL_SHARE,
    DayExplanation,
    format_change,
    part_label,
    visible_parts,
)
from simulation.results.explanation.decomposition import NEWS, ORDERS, ROUNDING, Part
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
from simulation.values.labels import capitalized_name

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_BARS = 11
BAR_HEIGHT = 0.62
Bar = tuple[str, float, str]
"""Words, change, colour."""


def waterfall_bars(day: DayExplanation) -> list[Bar]:
    """News first, then the rest, each in the order of the day; the smallest are one bar, so that all add up."""
    parts = list(visible_parts(day.parts))
    least = SMALL_SHARE / 2.0 * max((abs(part.change) for part in parts), default=0.0)
    kept = sorted((part for part in parts if abs(part.change) >= least), key=lambda part: -abs(part.change))[:MOST_BARS]
    drawn = [(part_label(day.asset, part), part.change, part_colour(part)) for part in parts if part in kept]
    rest = [part for part in parts if part not in kept]
    rounding = sum(part.change for part in day.parts if part.group == ROUNDING)
    if rest:
        drawn.append((f"{len(rest)} smaller parts", sum(part.change for part in rest) + rounding, GREY))
    return drawn


def part_colour(part: Part) -> str:
    """The colour of a population, blue for news, grey for the rest."""
    if part.group == ORDERS:
        return population_colour(part.key.partition(":")[0])
    return ACCENT if part.group == NEWS else GREY


def waterfall(day: DayExplanation) -> Drawing:
    """Bars from yesterday's close to today's."""
    drawn = waterfall_bars(day)
    in_bp = day.unit == "bp"
    start, scale = day.before * (100.0 if in_bp else 1.0), day.unit
    ends = start + np.cumsum([change for _, change, _ in drawn])
    starts = np.concatenate([[start], ends[:-1]])
    with figure_style():
        figure = new_figure(waterfall_heading(day))
        axes = figure.add_axes((0.40, 0.09, 0.55, 0.75))
        draw_waterfall(axes, drawn, starts, ends)
        label_waterfall(axes, day, [name for name, _, _ in drawn])
    numbers = {
        "part": np.array([name for name, _, _ in drawn]),
        f"change_{'usd' if scale == '$' else scale}": np.array([change for _, change, _ in drawn]),
        "from": starts,
        "to": ends,
    }
    return Drawing(figure, numbers)


def waterfall_heading(day: DayExplanation) -> Heading:
    """The finding: the move, and the part that did most of it."""
    name = ASSET_NAMES.get(day.asset, capitalized_name(day.asset)).removeprefix("The ")
    largest = max(day.parts, key=lambda part: part.change * (1.0 if day.change >= 0 else -1.0))
    first = part_label(day.asset, largest)
    names_a_country = largest.group == NEWS and ":" in largest.key
    first = first if names_a_country else first[0].lower() + first[1:]
    verb = "rises" if day.change >= 0 else "falls"
    size = format_change(abs(day.change), day.unit).lstrip("+")
    finding = f"{name} {verb} {size} {day.unit}; most from {first}"
    subtitle = f"What moved it on {day.date.day} {day.date:%B %Y}, {day.unit}; the bars add up to the recorded change"
    return Heading(finding, subtitle, f"Source: carryflow simulation, scenario {day.scenario}, run {day.run}")


def draw_waterfall(axes: Axes, drawn: Sequence[Bar], starts: np.ndarray, ends: np.ndarray) -> None:
    """Bars with their changes beside them; the row above holds yesterday's close, the one below today's."""
    rows = np.arange(1, len(drawn) + 1)
    axes.barh(rows, ends - starts, left=starts, height=BAR_HEIGHT, color=[shade for _, _, shade in drawn])
    for row, value in enumerate([starts[0], *ends]):
        axes.plot(
            [value, value], [row + BAR_HEIGHT / 2 * (row > 0), row + 1 - BAR_HEIGHT / 2], color=GREY, linewidth=0.7
        )
    low, high = float(min(starts.min(), ends.min())), float(max(starts.max(), ends.max()))
    room = (high - low or 1.0) * 0.16
    axes.set_xlim(low - room, high + room)


def label_waterfall(axes: Axes, day: DayExplanation, names: Sequence[str]) -> None:
    """Names, closes and changes."""
    rows = len(names)
    scale = 100.0 if day.unit == "bp" else 1.0
    closes = [f"{value:,.{3 if scale > 1 else 2}f}{' %' if scale > 1 else ''}" for value in (day.before, day.after)]
    axes.set_yticks(range(rows + 2), ["Close before", *names, "Close"])
    axes.set_ylim(rows + 1.6, -0.6)
    axes.tick_params(length=0, labelsize=8.5, labelcolor=INK)
    for row, value, text in ((0, day.before, closes[0]), (rows + 1, day.after, closes[1])):
        axes.plot([value * scale], [row], marker="D", color=INK, markersize=5)
        annotate_right(axes, row, value * scale, text)
    for row, bar in enumerate(axes.patches, start=1):
        right = max(bar.get_x(), bar.get_x() + bar.get_width())  # type: ignore[attr-defined]
        annotate_right(axes, row, right, with_minus_sign(format_change(bar.get_width(), day.unit)))  # type: ignore[attr-defined]
    axes.spines[["left", "right", "top"]].set_visible(False)
    axes.spines["bottom"].set_color(LIGHT)
    axes.grid(axis="x", color=LIGHT, linewidth=0.7)
    axes.set_axisbelow(True)


def annotate_right(axes: Axes, row: int, right: float, text: str) -> None:
    """A number at the right of a mark."""
    axes.annotate(text, (right, row), xytext=(6, 0), textcoords="offset points", va="center", fontsize=8.5, color=GREY)
