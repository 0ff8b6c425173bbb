"""Fan chart of USDJPY and the 10-year spread."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulation.results.figures.policy_dates import mark_policy_dates, policy_dates
from simulation.results.figures.sources import band_words, over_runs, source_line
from simulation.results.figures.style import (
    Columns,
    Drawing,
    FloatArray,
    Heading,
    date_axis,
    fan,
    new_figure,
    panel_title,
    plain,
)
from simulation.results.findings import fan_finding
from simulation.results.metrics import FinishedRuns

if TYPE_CHECKING:
    from simulation.day.recorder import Record

LEVELS = (0.1, 0.25, 0.5, 0.75, 0.9)
PANELS = (
    ("usdjpy", "USDJPY, yen per dollar (down: stronger yen)", "#0072B2"),
    ("spread_10y_pp", "US minus Japan 10-year yield, percentage points", "#7A6A4F"),
)


def quantiles(values: FloatArray) -> FloatArray:
    """Return the five quantiles over runs, shape (5, T+1)."""
    return np.asarray(np.quantile(values, LEVELS, axis=0))


def quantile_columns(name: str, levels: FloatArray) -> dict[str, FloatArray]:
    """Return quantiles as named columns."""
    return {f"{name}_p{100 * level:.0f}": row for level, row in zip(LEVELS, levels, strict=True)}


def fan_chart(record: Record) -> Drawing:
    """Draw USDJPY and the 10-year spread with their bands and the policy dates."""
    finished = FinishedRuns(record)
    words = band_words(record.parameter_sets)
    subtitle = f"Median and the middle 50 and 80 % of {over_runs(finished)}: the band is {words}"
    figure = new_figure(Heading(fan_finding(record), subtitle, source_line(record)))
    numbers: Columns = {"date": record.dates}
    marks = policy_dates(record.scenario, record.dates)
    for at, (name, title, shade) in enumerate(PANELS):
        axes = figure.add_axes((0.03, 0.42, 0.91, 0.335) if at == 0 else (0.03, 0.105, 0.91, 0.24))
        levels = quantiles(record.market[name][finished.rows])
        fan(axes, record.dates, levels, shade)
        plain(axes)
        date_axis(axes, record.dates)
        levels_taken = mark_policy_dates(axes, marks, labels=at == 0)
        panel_title(axes, title, levels_taken)
        numbers |= quantile_columns(name, levels)
    return Drawing(figure, numbers)
