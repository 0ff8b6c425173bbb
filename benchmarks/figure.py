"""Figure of a benchmark: one dot per contestant on a logarithmic axis."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullLocator

from benchmarks.contestants import INVESTOR_DAY
from benchmarks.models import KERNEL, REFERENCE
from benchmarks.report import Report
from benchmarks.rounds import Result
from simulation.results.figures.style import (
    ACCENT,
    COLOURS,
    GREY,
    INK,
    LIGHT,
    Drawing,
    Heading,
    figure_style,
    new_figure,
    remove_frame,
)

ENGINE, TWIN, LIMIT, PEER = ACCENT, COLOURS["carry_funds"], COLOURS["pension_funds"], GREY
SUBTITLE = (
    "Processor time, log scale; dot: median, line: lowest to highest round; ×: relative to the engine's 64 runs; peers: own "
    "examples, per agent decision"
)


def contestant_colour(name: str, unit: str) -> str:
    """Colour of the engine, the kernel, the twin or a peer."""
    if unit != INVESTOR_DAY:
        return PEER
    return ENGINE if name.startswith("engine") else LIMIT if name == KERNEL else TWIN


def finding(report: Report) -> str:
    """Title of the figure."""
    ratios = [(report.times_reference(result), result) for result in report.results]
    twins = [
        (ratio, result)
        for ratio, result in ratios
        if ratio and contestant_colour(result.contestant.name, INVESTOR_DAY) == TWIN
    ]
    if not twins:
        return "Time per investor-day"
    ratio, _ = twins[0]
    return f"An investor-day in the engine's batches of 64 takes 1/{round(ratio):,} of the time of a Mesa agent"


def skipped_note(report: Report) -> str:
    """Skipped contestants with reasons, for the source line."""
    skipped = [result.contestant for result in report.results if result.contestant.skipped]
    return "".join(f"; {contestant.name} skipped: {contestant.skipped}" for contestant in skipped)


def chart(report: Report) -> Drawing:
    """Draw the measured contestants in their order."""
    shown = [result for result in report.results if result.middle is not None]
    with figure_style():
        source = f"Source: python -m benchmarks; {report.machine}{skipped_note(report)}"
        figure = new_figure(Heading(finding(report), SUBTITLE, source))
        axes = figure.add_axes((0.23, 0.10, 0.65, 0.74))
        _frame(axes, shown)
        for place, result in enumerate(shown):
            _draw(axes, -place, result, report.times_reference(result))
    return Drawing(figure, chart_columns(shown))


def _frame(axes: Axes, shown: Sequence[Result]) -> None:
    remove_frame(axes)
    axes.grid(visible=False, axis="y")
    axes.grid(visible=True, axis="x", color=LIGHT, linewidth=0.7)
    axes.set_xscale("log")
    values = [value for result in shown for value in result.nanoseconds]
    axes.set_xlim(10 ** np.floor(np.log10(min(values))), 10 ** np.ceil(np.log10(max(values)) + 0.35))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f} ns"))
    axes.set_ylim(-len(shown) + 0.4, 0.6)
    axes.yaxis.tick_left()
    axes.set_yticks([-place for place in range(len(shown))], [result.contestant.name for result in shown])
    axes.tick_params(axis="y", labelcolor=INK, labelsize=9.5)


def _draw(axes: Axes, height: float, result: Result, ratio: float | None) -> None:
    colour = contestant_colour(result.contestant.name, result.contestant.unit)
    low, high, middle = min(result.nanoseconds), max(result.nanoseconds), result.middle or 0.0
    axes.plot([low, high], [height, height], color=colour, linewidth=2.2, alpha=0.45, solid_capstyle="round")
    axes.plot([middle], [height], "o", color=colour, markersize=7.5)
    text = f"{middle:,.0f} ns"
    if result.contestant.unit != INVESTOR_DAY:
        text += " per decision"
    elif ratio is not None and result.contestant.name != REFERENCE:
        text += f"   × {ratio:,.0f}" if ratio >= 10 else f"   × {ratio:.1f}"
        text += " of the engine on the same funds" if result.contestant.against else ""
    axes.annotate(text, (high, height), xytext=(9, 0), textcoords="offset points", va="center", fontsize=9, color=INK)


def chart_columns(shown: Sequence[Result]) -> dict[str, np.ndarray[tuple[int], np.dtype[np.generic]]]:
    """Data of the figure by column."""
    return {
        "contestant": np.array([result.contestant.name for result in shown]),
        "median_ns": np.array([result.middle for result in shown]),
        "lowest_ns": np.array([min(result.nanoseconds) for result in shown]),
        "highest_ns": np.array([max(result.nanoseconds) for result in shown]),
    }
