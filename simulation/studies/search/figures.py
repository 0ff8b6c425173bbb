"""Figures of a search: a tipping point on its curve, tipping points by a second key, and frontiers of shocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from simulation.results.figures.style import (
    ACCENT,
    GREY,
    INK,
    LIGHT,
    SIZE_INCHES,
    Columns,
    Drawing,
    Heading,
    display_scale,
    figure_style,
    new_figure,
    panel_title,
    remove_frame,
)
from simulation.studies.experiment.figures import SERIES_COLOURS, mark_position
from simulation.studies.search.reverse_stress import ReverseStress, ShockFrontier
from simulation.studies.search.shocks import SHOCKS
from simulation.studies.search.tipping import TippingPoint

FloatArray = NDArray[np.float64]
REACHED_COLOUR = "#D55E00"
RING_DISTANCES = (1.0, 2.0, 4.0, 6.0, 8.0)


@dataclass(frozen=True)
class SearchOutcome:
    """The outcome of a search: metric, level, unit, the key with its unit, and the source line."""

    metric: str
    level: float
    unit: str
    key: str
    source: str

    @property
    def scale(self) -> float:
        """Factor for display: 100 for a share, shown in percent."""
        return display_scale(self.unit)

    @property
    def label(self) -> str:
        """The outcome as text: ``unwound_share = 50 %``."""
        unit = self.unit.replace("share of start stock", "%").replace("share", "%")
        return f"{self.metric} = {self.scale * self.level:g} {unit}"


def tipping_figure(tipping: TippingPoint, outcome: SearchOutcome) -> Drawing:
    """The mean of the metric over the key, with the level and the interval of the crossing."""
    title = f"{outcome.label} at {outcome.key} = {tipping.value:.4g} ({tipping.low:.4g} to {tipping.high:.4g})"
    subtitle = (
        f"Mean over {tipping.runs} runs with the same news at every point; dark band: 95 % interval of the crossing; "
    )
    subtitle += "light band: middle 80 % of single runs"
    with figure_style():
        figure = new_figure(Heading(title, subtitle, outcome.source))
        axes = figure.add_axes((0.05, 0.13, 0.88, 0.68))
        remove_frame(axes)
        _draw_single_runs(axes, tipping)
        axes.axvspan(tipping.low, tipping.high, color=ACCENT, alpha=0.3, linewidth=0)
        axes.plot(tipping.points, outcome.scale * tipping.means, "o-", color=ACCENT, markersize=3.5, linewidth=1.6)
        axes.axhline(outcome.scale * outcome.level, color=GREY, linewidth=0.9)
        mark_position(axes, tipping.value, f"{tipping.value:.4g}")
        axes.set_xlabel(outcome.key, color=INK)
    return Drawing(figure, {outcome.key: tipping.points, outcome.metric: tipping.means})


def _draw_single_runs(axes: Axes, tipping: TippingPoint) -> None:
    low, high = float(tipping.points[0]), float(tipping.points[-1])
    ends = (max(tipping.history_low, low), min(tipping.history_high, high))
    if ends[0] < ends[1]:
        axes.axvspan(ends[0], ends[1], color=ACCENT, alpha=0.1, linewidth=0)
    axes.set_xlim(low, high)


def tipping_curve_figure(
    values: Sequence[str], tippings: Sequence[TippingPoint | None], outcome: SearchOutcome, second: str
) -> Drawing:
    """Tipping points with intervals by a second key; values without a tipping point are blank."""
    title = f"Where {outcome.label}, by {second}"
    subtitle = (
        f"Tipping value of {outcome.key}; thick: 95 % interval of the mean over runs; thin: middle 80 % of single runs"
    )
    places = np.arange(len(values), dtype=np.float64)
    numbers = {name: _point_column(tippings, name) for name in ("value", "low", "high", "history_low", "history_high")}
    with figure_style():
        figure = new_figure(Heading(title, subtitle, outcome.source))
        axes = figure.add_axes((0.05, 0.13, 0.88, 0.70))
        remove_frame(axes)
        axes.vlines(places, numbers["history_low"], numbers["history_high"], color=ACCENT, alpha=0.35, linewidth=1.5)
        axes.vlines(places, numbers["low"], numbers["high"], color=ACCENT, alpha=0.5, linewidth=8)
        axes.plot(places, numbers["value"], "o-", color=ACCENT, markersize=5, linewidth=1.2)
        axes.set_xticks(places, list(values))
        axes.set_xlim(-0.5, len(values) - 0.5)
        axes.set_xlabel(second, color=INK)
    columns: Columns = {second: np.array(values)}
    return Drawing(figure, columns | numbers)


def _point_column(tippings: Sequence[TippingPoint | None], name: str) -> FloatArray:
    values = np.array([np.nan if one is None else float(getattr(one, name)) for one in tippings])
    return np.where(np.isfinite(values), values, np.nan)


def reverse_stress_figure(stress: ReverseStress, outcome: SearchOutcome) -> Drawing:
    """Frontiers of pairs of shocks with rings of equal distance, and the mildest combination as bars."""
    mildest = stress.mildest
    title = f"{outcome.label} is reached at a distance of {mildest.distance.value:.2g} standard deviations"
    subtitle = "Standard deviations of each prior; beyond the line the two shocks alone bring the mean to the outcome; "
    subtitle += "rings: equal distance"
    count = max(1, len(stress.frontiers))
    width = min(0.63 / count, 0.42)
    with figure_style():
        figure = new_figure(Heading(title, subtitle, outcome.source))
        # Same height as the square frontier panels.
        height = min(0.62, (width - 0.035) * SIZE_INCHES[0] / SIZE_INCHES[1])
        _draw_bars(figure.add_axes((0.14, 0.75 - height, 0.17, height)), stress)
        for at, one in enumerate(stress.frontiers):
            axes = figure.add_axes((0.36 + at * width, 0.13, width - 0.035, 0.62))
            _draw_frontier(axes, one, stress)
    return Drawing(figure, _stress_columns(stress))


def _draw_bars(axes: Axes, stress: ReverseStress) -> None:
    remove_frame(axes)
    rows = np.arange(len(stress.space.names))
    labels = [SHOCKS[name].label if name in SHOCKS else name for name in stress.space.names]
    axes.barh(rows, stress.mildest.sizes, height=0.5, color=REACHED_COLOUR)
    for row, (name, size) in enumerate(stress.sizes().items()):
        shock = SHOCKS.get(name)
        amount = "" if shock is None else shock.in_words(size).removeprefix(f"{shock.label} ")
        axes.annotate(f"{size:.1f} sd, {amount}", (0.0, row + 0.27), xytext=(2, -3), textcoords="offset points",
                      fontsize=8, color=GREY, va="top")  # fmt: skip
    axes.yaxis.tick_left()
    axes.grid(visible=False, axis="y")
    axes.set_yticks(rows, labels)
    axes.set_ylim(len(labels) - 0.4, -0.5)
    axes.set_xlim(0.0, 1.15 * max(1.0, float(stress.mildest.sizes.max())))
    panel_title(axes, "Mildest combination, sd")


def _draw_frontier(axes: Axes, one: ShockFrontier, stress: ReverseStress) -> None:
    remove_frame(axes)
    at = [stress.space.names.index(name) for name in one.pair]
    largest = float(max(stress.space.most[at]))
    points = np.array([reached.sizes[at] for reached in one.reached if reached is not None]).reshape(-1, 2)
    limit = min(largest, 1.25 * float(points.max())) if points.size else largest
    _draw_rings(axes, stress, at, limit)
    if points.size:
        axes.plot(points[:, 0], points[:, 1], "o-", color=REACHED_COLOUR, markersize=3.5, linewidth=1.8)
        nearest = min((reached for reached in one.reached if reached), key=lambda reached: reached.distance.value)
        axes.plot(*nearest.sizes[at], "o", markersize=9, markerfacecolor="none", color=SERIES_COLOURS[0])
    else:
        axes.text(0.5, 0.5, "not reached", transform=axes.transAxes, ha="center", color=GREY)
    axes.set_xlim(0.0, limit)
    axes.set_ylim(0.0, limit)
    # Equal scales show rings of the Euclidean distance as circles.
    axes.set_aspect("equal", anchor="NW")
    labels = [SHOCKS[name].label if name in SHOCKS else name for name in one.pair]
    axes.set_xlabel(labels[0], color=INK)
    panel_title(axes, labels[1])


def _draw_rings(axes: Axes, stress: ReverseStress, at: Sequence[int], limit: float) -> None:
    """Draw lines of equal distance for the two shocks alone."""
    angles = np.radians(np.linspace(0.0, 90.0, 91))
    for ring in RING_DISTANCES:
        line = []
        for angle in angles:
            direction = np.zeros(len(stress.space.names))
            direction[list(at)] = (np.cos(angle), np.sin(angle))
            line.append(ring * stress.space.unit(direction)[list(at)])
        places = np.array(line)
        if places.min() <= limit:
            axes.plot(places[:, 0], places[:, 1], color=LIGHT, linewidth=1.0, zorder=0.5)


def _stress_columns(stress: ReverseStress) -> Columns:
    """The mildest combination, then the points of each frontier."""
    rows = [("mildest", stress.mildest)]
    for one in stress.frontiers:
        rows += [(" + ".join(one.pair), reached) for reached in one.reached if reached is not None]
    columns: Columns = {"what": np.array([name for name, _ in rows])}
    sizes = np.array([reached.sizes for _, reached in rows])
    columns |= {f"{name}_sd": sizes[:, at] for at, name in enumerate(stress.space.names)}
    for name in ("value", "low", "high"):
        columns[f"distance_{name}"] = np.array([float(getattr(reached.distance, name)) for _, reached in rows])
    return columns
