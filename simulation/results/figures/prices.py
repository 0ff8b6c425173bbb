"""The panel of asset prices: every asset of the scenario with its band."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulation.results.figures.fan import quantile_columns, quantiles
from simulation.results.figures.policy_dates import mark_policy_dates, policy_dates
from simulation.results.figures.sources import over_runs, source_line
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
from simulation.results.findings import prices_finding
from simulation.results.metrics import FinishedRuns

if TYPE_CHECKING:
    from simulation.day.recorder import Record

ASSETS = (
    ("usdjpy", "USDJPY, yen", "%"),
    ("ust10_pct", "US 10-year yield, %", "bp"),
    ("jgb10_pct", "Japan 10-year yield, %", "bp"),
    ("us_equity", "US equity, start = 100", "%"),
    ("japan_equity", "Japan equity, start = 100", "%"),
    ("bitcoin_usd", "Bitcoin, thousand USD", "%"),
)
ASSET_COLOURS = ("#0072B2", "#7A6A4F", "#7A6A4F", "#009E73", "#009E73", "#882255")
SHOWN_PER_UNIT = {"bitcoin_usd": 1e-3}
COLUMNS = 3


def change_text(values: FloatArray, unit: str) -> str:
    """Return the median change from start to end with its sign and unit."""
    start, end = values[:, 0], values[:, -1]
    change = 100.0 * (end - start) if unit == "bp" else 100.0 * (end / start - 1.0)
    digits = 0 if unit == "bp" else 1
    return f"{np.median(change):+.{digits}f} {unit}".replace("-", "−")


def prices_panel(record: Record) -> Drawing:
    """Draw every asset of the scenario in a panel of its own."""
    finished = FinishedRuns(record)
    subtitle = (
        f"Median and the middle 50 and 80 % of {over_runs(finished)}; dashed: policy meetings; change at the median"
    )
    figure = new_figure(Heading(prices_finding(record), subtitle, source_line(record)))
    marks = policy_dates(record.scenario, record.dates)
    numbers: Columns = {"date": record.dates}
    for at, (name, title, unit) in enumerate(ASSETS):
        values = finished.market(name)
        if values is None:
            continue
        row, column = divmod(at, COLUMNS)
        axes = figure.add_axes((0.03 + 0.325 * column, 0.50 if row == 0 else 0.105, 0.265, 0.28))
        levels = quantiles(values * SHOWN_PER_UNIT.get(name, 1.0))
        fan(axes, record.dates, levels, ASSET_COLOURS[at])
        plain(axes)
        date_axis(axes, record.dates, ticks=4)
        mark_policy_dates(axes, marks, labels=False)
        panel_title(axes, f"{title}: {change_text(values, unit)}")
        numbers |= quantile_columns(name, quantiles(values))
    return Drawing(figure, numbers)
