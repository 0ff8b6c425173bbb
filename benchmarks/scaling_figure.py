"""Scaling figure: time against each size on logarithmic axes with the fitted power, and memory per investor."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator

from simulation.results.figures.style import (
    ACCENT,
    GREY,
    INK,
    LIGHT,
    Drawing,
    Heading,
    figure_style,
    new_figure,
    panel_title,
    remove_frame,
)

FIT_FROM = {"investors": 100_000, "days": 10, "runs": 128, "assets": 6, "populations": 1}
"""Smallest size in the fit of the exponent; below it the fixed cost of a pass dominates."""
MEMORY = "memory"
HELD = {
    "investors": "one run of carry funds, 20 days",
    "days": "one run, default populations with 100,000 carry funds",
    "runs": "default populations, 10 days",
    "assets": "one run, default populations, 20 days",
    "populations": "one run, 20 days",
    MEMORY: "above the imports, runs of the first panel",
}
"""Settings that are constant along an axis."""
SUBTITLE = "Processor seconds of all steps against size, log scales; dots: measured, lines: fitted powers of size"
LEFT, BOTTOM, WIDTH, HEIGHT = 0.05, 0.10, 0.25, 0.265
Row = Mapping[str, Any]


def points(rows: Sequence[Row], axis: str) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Sizes and seconds of an axis."""
    found = [(row["value"], row["seconds"]) for row in rows if row["axis"] == axis]
    sizes, seconds = np.array(found, dtype=float).reshape(-1, 2).T
    return sizes, seconds


def power(rows: Sequence[Row], axis: str) -> tuple[float, float]:
    """Slope and intercept of log time on log size from `FIT_FROM` on; NaN for fewer than two points."""
    sizes, seconds = points(rows, axis)
    fitted = sizes >= FIT_FROM[axis]
    if fitted.sum() < 2:
        return float("nan"), float("nan")
    slope, level = np.polyfit(np.log(sizes[fitted]), np.log(seconds[fitted]), 1)
    return float(slope), float(level)


def exponent(rows: Sequence[Row], axis: str) -> float:
    """Slope of log time against log size."""
    return power(rows, axis)[0]


def bytes_each(rows: Sequence[Row]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Investors, and peak memory above the imports in bytes per investor, for the fitted sizes."""
    found = [row for row in rows if row["axis"] == "investors" and row["value"] >= FIT_FROM["investors"]]
    each = [(row["peak_mb"] - row["before_mb"]) * 2**20 / row["value"] for row in found]
    return np.array([row["value"] for row in found], dtype=float), np.array(each)


def short(number: float) -> str:
    """Abbreviated size: 1k, 10M."""
    for unit, letter in ((1e6, "M"), (1e3, "k")):
        if number >= unit:
            return f"{number / unit:g}{letter}"
    return f"{number:g}"


def seconds_text(value: float) -> str:
    """Seconds with two significant digits."""
    return f"{value:.0f} s" if value >= 10.0 else f"{value:.2g} s"


def finding(rows: Sequence[Row]) -> str:
    """Title of the figure."""
    sizes, seconds = points(rows, "investors")
    if not len(sizes):
        return "Time against size"
    slopes = [exponent(rows, axis) for axis in ("investors", "days", "runs") if len(points(rows, axis)[0]) > 1]
    span = f"; exponents of investors, days, runs {min(slopes):.2f} to {max(slopes):.2f}" if slopes else ""
    return f"{short(sizes[-1])} investors over 20 days take {seconds_text(seconds[-1])}{span}"


def chart(rows: Sequence[Row], machine: str) -> Drawing:
    """Draw a panel per measured axis, and one for memory."""
    axes = list(dict.fromkeys(row["axis"] for row in rows))
    panels = [*axes, MEMORY] if "investors" in axes else axes
    with figure_style():
        figure = new_figure(Heading(finding(rows), SUBTITLE, f"Source: python -m benchmarks.scaling; {machine}"))
        for place, axis in enumerate(panels):
            row, column = divmod(place, 3)
            panel = figure.add_axes((LEFT + 0.315 * column, BOTTOM + 0.41 * (1 - row), WIDTH, HEIGHT))
            _memory(panel, rows) if axis == MEMORY else _time(panel, rows, axis)
    names = ("axis", "value", "seconds", "peak_mb", "before_mb")
    return Drawing(figure, {name: np.array([row[name] for row in rows]) for name in names})


def _time(panel: Axes, rows: Sequence[Row], axis: str) -> None:
    sizes, seconds = points(rows, axis)
    slope, level = power(rows, axis)
    fitted = sizes[sizes >= FIT_FROM[axis]]
    _frame(panel, sizes)
    panel.set_yscale("log")
    panel.yaxis.set_minor_locator(NullLocator())
    lowest, highest = np.floor(np.log10(seconds.min())), np.ceil(np.log10(seconds.max()))
    panel.set_ylim(10**lowest * 0.8, 10**highest * 2.0)  # room for the label of the last dot
    ticks = 10.0 ** np.arange(lowest, highest + 1)
    panel.yaxis.set_major_locator(FixedLocator(list(ticks)))
    panel.set_yticks(list(ticks), [f"{tick:g} s" for tick in ticks])
    panel.plot(fitted, np.exp(level) * fitted**slope, color=GREY, linewidth=1.4, zorder=1)
    panel.plot(sizes, seconds, "o", color=ACCENT, markersize=5.5, zorder=2)
    _label(panel, sizes[-1], seconds[-1], seconds_text(float(seconds[-1])))
    since = f" from {short(FIT_FROM[axis])}" if FIT_FROM[axis] > sizes.min() else ""
    _title(panel, axis, f"{axis.capitalize()}: exponent {slope:.2f}{since}")


def _memory(panel: Axes, rows: Sequence[Row]) -> None:
    sizes, each = bytes_each(rows)
    _frame(panel, sizes)
    panel.set_ylim(0, max(150.0, float(each.max()) * 1.25))
    panel.plot(sizes, each, "o", color=ACCENT, markersize=5.5)
    _label(panel, sizes[-1], each[-1], f"{each[-1]:.0f}")
    _title(panel, MEMORY, "Peak memory, bytes per investor")


def _title(panel: Axes, axis: str, text: str) -> None:
    panel_title(panel, text, lines_below=1)
    panel.annotate(
        HELD[axis], (0, 1), xycoords="axes fraction", xytext=(0, 6), textcoords="offset points", color=GREY, fontsize=9,
        va="baseline",
    )  # fmt: skip


def _frame(panel: Axes, sizes: np.ndarray[Any, Any]) -> None:
    remove_frame(panel)
    panel.set_xscale("log")
    margin = (sizes.max() / sizes.min()) ** 0.06
    panel.set_xlim(sizes.min() / margin, sizes.max() * margin)
    panel.xaxis.set_minor_locator(NullLocator())
    panel.set_xticks(list(sizes), [short(size) for size in sizes])
    panel.tick_params(axis="both", labelsize=8, labelcolor=INK)
    panel.grid(visible=True, axis="y", color=LIGHT, linewidth=0.7)


def _label(panel: Axes, size: float, value: float, text: str) -> None:
    panel.annotate(text, (size, value), (-7, 5), textcoords="offset points", ha="right", color=ACCENT, fontsize=9)
