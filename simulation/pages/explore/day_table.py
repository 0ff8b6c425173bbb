"""One day of a batch of runs in the numbers of the page's panels, at the precision at which the page shows them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from simulation.pages.explore.columns import FANS, ONE, TWO, USD_BN
from simulation.results.metrics import Band, band
from simulation.sweeps.daily import CAUSES_TO_DATE, daily_values, yen_to_date
from simulation.values.spelling import title

if TYPE_CHECKING:
    from simulation.day.recorder import Record

LABELS: Final = {
    "usdjpy": "USDJPY",
    "levered_unwind_share_to_date": "Levered unwind, % of stock",
    "unwound_share_to_date": "Unwound by all, % of stock",
    "us_equity": "US equity, start = 100",
    "japan_equity": "Japan equity, start = 100",
    "bitcoin_usd": "Bitcoin, thousand USD",
}
CAUSES, YEN = "Unwound by cause so far", "Yen bought by population so far"


@dataclass(frozen=True)
class Row:
    """A number of a day.

    Attributes
    ----------
    group, label
        Where and as what it is printed.
    series
        Name of the daily series (docs/sweeps.md).
    step, decimals
        Precision: one in the last decimal is a step, in the unit of the series.
    band
        Quantiles over the runs that reached the last day, in the unit of the series.
    """

    group: str
    label: str
    series: str
    step: float
    decimals: int
    band: Band

    @property
    def cells(self) -> tuple[str, str, str]:
        """10 %, median and 90 % as they are printed."""
        low, middle, high = (shown(value, self.step, self.decimals) for value in self.quantiles)
        return low, middle, high

    @property
    def quantiles(self) -> tuple[float | None, float | None, float | None]:
        """10 %, median and 90 %."""
        return self.band.p10, self.band.p50, self.band.p90


def shown(value: float | None, step: float, decimals: int) -> str:
    """A number in whole steps, as the page has it; no sign where it rounds to zero."""
    if value is None:
        return "-"
    text = f"{np.rint(value / step) / 10**decimals:,.{decimals}f}"
    return text if any(digit in text for digit in "123456789") else text.lstrip("-")


def day_rows(record: Record, day: date) -> list[Row]:
    """What the panels show of a day; what a scenario lacks is left out.

    Parameters
    ----------
    record
        The runs.
    day
        One of its days, the start included.
    """
    at = int(np.searchsorted(record.dates, np.datetime64(day, "D")))
    found = []
    for group, label, series, step, decimals in wanted(record, f"On {day.day} {day:%B %Y}"):
        values = daily_values(record, series)[record.finished, at]
        if not np.isnan(values).any():
            found.append(Row(group, label, series, step, decimals, band(values, "")))
    return found


def wanted(record: Record, heading: str) -> Iterator[tuple[str, str, str, float, int]]:
    """Group, label, series, step and decimals of each row."""
    for series, label in LABELS.items():
        yield heading, label, series, FANS[series][1], TWO
    for series, cause in CAUSES_TO_DATE.items():
        yield CAUSES, f"{title(cause)}, USD bn", series, USD_BN, ONE
    for name in record.flows:
        yield YEN, f"{title(name)}, USD bn", yen_to_date(name), USD_BN, ONE


def day_numbers(rows: list[Row], day: date) -> dict[str, Any]:
    """The same as JSON-ready values, each in the unit of its series."""
    names = ("p10", "p50", "p90")
    series = {row.series: dict(zip(names, row.quantiles, strict=True)) for row in rows}
    return {"date": day.isoformat(), "series": series}
