"""The figure of the mechanisms' shares: bars with their standard errors, and what each adds alone and last."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulation.results.figures.style import ACCENT, GREY, INK, Drawing, Heading, house_style, minus, new_figure
from simulation.results.metrics import SHARE
from simulation.studies.experiment.experiment_figures import bar_axes
from simulation.studies.paired.paired_words import shown_unit
from simulation.studies.shapley.switches import WORDS
from simulation.studies.shapley.telling import error, lower, shown

if TYPE_CHECKING:
    from simulation.studies.shapley.shares import Attribution, Mechanisms

BAR_HEIGHT = 0.5
INTERVAL = 2.0
"""Standard errors on either side of a bar's end."""


def shares_figure(found: Mechanisms, one: Attribution) -> Drawing:
    """Shapley values of one metric."""
    numbers = columns(one)
    with house_style():
        figure = new_figure(heading(found, one))
        axes = figure.add_axes((0.29, 0.1, 0.47, 0.74))
        labels = [*(WORDS[share.mechanism] for share in one.shares), "All less none"]
        bar_axes(axes, labels)
        rows, shades = np.arange(len(labels)), [*([ACCENT] * len(one.shares)), GREY]
        axes.barh(rows, numbers["value"], height=BAR_HEIGHT, color=shades)
        half = INTERVAL * numbers["standard_error"]
        axes.hlines(rows, numbers["value"] - half, numbers["value"] + half, color=INK, linewidth=1.2)
        for mark, name in (("o", "alone"), ("D", "last")):
            axes.plot(numbers[name][:-1], rows[:-1], mark, color=INK, markersize=5, fillstyle="none", linestyle="none")
        for row, share in enumerate([*(share.value for share in one.shares), one.difference]):
            text = f"{minus(shown(share.mean, one.metric.unit))}  (s.e. {error(share, one.metric.unit)})"
            axes.text(1.03, row, text, transform=axes.get_yaxis_transform(), fontsize=8.5, color=GREY, va="center")
    return Drawing(figure, numbers)


def columns(one: Attribution) -> dict[str, np.ndarray]:
    """The numbers shown; shares of the stock in percent."""
    scale = 100.0 if one.metric.unit == SHARE else 1.0
    values = [*(share.value for share in one.shares), one.difference]
    ends = {name: [getattr(share, name).mean for share in one.shares] for name in ("alone", "last")}
    return {
        "mechanism": np.array([*(share.mechanism for share in one.shares), "all_less_none"]),
        "value": scale * np.array([value.mean for value in values]),
        "standard_error": scale * np.array([value.standard_error for value in values]),
        **{name: scale * np.array([*means, np.nan]) for name, means in ends.items()},
    }


def heading(found: Mechanisms, one: Attribution) -> Heading:
    """The finding: the mechanism that does most."""
    most = max(one.shares, key=lambda share: abs(share.value.mean))
    label, unit = one.metric.label, shown_unit(one.metric.unit)
    subtitle = f"Contribution to: {label}, {unit}. Bars: Shapley values; lines: two standard errors; circle: alone; diamond: last"
    did = f"{minus(shown(most.value.mean, one.metric.unit))} of {minus(shown(one.difference.mean, one.metric.unit))} {unit}"
    finding = f"{label}: {lower(WORDS[most.mechanism])} do most, {did}"
    source = f"Source: carryflow simulation, {found.scenario}, {found.runs} runs of each coalition, seed {found.seed}"
    return Heading(finding, subtitle, source)
