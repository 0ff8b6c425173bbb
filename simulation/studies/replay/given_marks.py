"""Marks under the price for what an event gives that has no line of its own: interventions, statements, dollars, volatility."""

from __future__ import annotations

from datetime import date

import numpy as np
from matplotlib.axes import Axes

from simulation.results.figures.style import GREY
from simulation.scenario.event import Event
from simulation.values.calendar import Dates

HEIGHT = 0.03
"""Height of the first row of marks above the floor of the panel, as a share of the panel."""
SHAPES = {"interventions": "^", "statements": "d", "dollars bought": "s", "volatility": "*"}
SIGNS = {"^": "▲", "d": "◆", "s": "■", "*": "★"}


def given_days(event: Event) -> dict[str, list[date]]:
    """Days on which each kind of such an input is given; kinds that are never given are left out."""
    officials = event.ministry_of_finance
    days = {
        "interventions": [item.date for item in officials.interventions] if officials is not None else [],
        "statements": [item.date for bank in (event.fed, event.boj) for item in bank.statements],
        "dollars bought": [item.date for item in event.news if item.dollars_bought_usd_bn],
        "volatility": [item.date for item in event.news if item.volatility_x is not None],
    }
    return {name: sorted(found) for name, found in days.items() if found}


def mark_given(axes: Axes, event: Event, dates: Dates) -> list[tuple[str, str]]:
    """Mark those days along the floor of a panel, a row for each kind; returns the entries for its line of names."""
    entries = []
    for row, (name, days) in enumerate(inside(event, dates).items()):
        height = HEIGHT * (1 + 2 * row)
        axes.plot(
            np.array(days, dtype="datetime64[D]"),
            np.full(len(days), height),
            SHAPES[name],
            color=GREY,
            markersize=5,
            transform=axes.get_xaxis_transform(),
        )
        entries.append((f"{SIGNS[SHAPES[name]]} {name} (input)", GREY))
    return entries


def inside(event: Event, dates: Dates) -> dict[str, list[date]]:
    """The marked days that lie within the days replayed."""
    first, last = dates[0], dates[-1]
    kept = {
        name: [day for day in days if first <= np.datetime64(day, "D") <= last]
        for name, days in given_days(event).items()
    }
    return {name: days for name, days in kept.items() if days}
