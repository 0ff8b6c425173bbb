"""Policy meetings as dashed lines with a label each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes

from simulation.results.figures.style import GREY, LABEL_POINTS, Dates, date_number

if TYPE_CHECKING:
    from simulation.scenario.scenario import Scenario

LABEL_INCHES = 0.8
"""Labels nearer to each other than this stand on two levels."""


@dataclass(frozen=True)
class PolicyDate:
    """A meeting: its day and what the axis says of it."""

    day: np.datetime64
    label: str


def decision_text(bank: str, decision_bp: float | None) -> str:
    """Return the label of a decision: ``BOJ +25 bp``, ``Fed holds``, or ``Fed meets`` when each run draws its own."""
    if decision_bp is None:
        return f"{bank} meets"
    if decision_bp == 0:
        return f"{bank} holds"
    sign = "+" if decision_bp > 0 else "−"
    return f"{bank} {sign}{abs(decision_bp):g} bp"


def policy_dates(scenario: Scenario, dates: Dates) -> list[PolicyDate]:
    """Return the meetings of both banks that fall into the scenario, in order of date."""
    found = [
        PolicyDate(np.datetime64(meeting.date, "D"), decision_text(bank, meeting.decision))
        for bank, meetings in (("Fed", scenario.fed.meetings), ("BOJ", scenario.boj.meetings))
        for meeting in meetings
    ]
    inside = [mark for mark in found if dates[0] <= mark.day <= dates[-1]]
    return sorted(inside, key=lambda mark: (mark.day, mark.label))


def mark_policy_dates(axes: Axes, marks: list[PolicyDate], labels: bool = True) -> int:
    """Draw the dashed lines with labels above the panel; return how many levels the labels take."""
    left, right = axes.get_xlim()
    figure = axes.get_figure(root=True)
    assert figure is not None
    crowded = LABEL_INCHES / (axes.get_position().width * figure.get_figwidth()) * (right - left)
    free_from = [-np.inf, -np.inf]
    for mark in marks:
        at = date_number(mark.day)
        axes.axvline(at, color=GREY, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1.5)
        level = 0 if at >= free_from[0] else 1
        free_from[level] = at + crowded
        if labels:
            _label(axes, at, mark.label, level)
    return sum(bool(np.isfinite(edge)) for edge in free_from) if labels else 0


def _label(axes: Axes, at: float, text: str, level: int) -> None:
    left, right = axes.get_xlim()
    share = (at - left) / (right - left)
    side = "left" if share < 0.05 else "right" if share > 0.95 else "center"
    axes.annotate(
        text,
        (at, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(0, 3 + LABEL_POINTS * level),
        textcoords="offset points",
        ha=side,
        va="bottom",
        fontsize=8,
        color=GREY,
    )
