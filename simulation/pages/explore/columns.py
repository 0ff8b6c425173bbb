"""Daily quantiles shown on the page, stored as integer multiples of the displayed precision.

`day_rows` gives the same quantities of one day for the terminal (`carryflow run --date`).
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from simulation.results.metrics import Band, quantile_band
from simulation.results.output_folder import OutputError
from simulation.sweeps.run_rows import CAUSES_TO_DATE, daily_values, series_population, yen_series_name
from simulation.values.labels import capitalized_name

if TYPE_CHECKING:
    from simulation.day.recorder import Record

FAN: Final = ("p10", "p50", "p90")
MEDIAN: Final = ("p50",)
YEN_STEP, INDEX_STEP, DOLLAR_STEP, SHARE_STEP, USD_BN_STEP = 0.01, 0.01, 10.0, 1e-4, 0.1
"""Displayed precision: 0.01 yen per dollar, 0.01 index points, 10 dollars per bitcoin, 0.01 %, 0.1 $bn."""
TWO_DECIMALS, ONE_DECIMAL = 2, 1


@dataclass(frozen=True)
class PageColumn:
    """One quantile of one daily series.

    Attributes
    ----------
    series, quantile
        Names in the store.
    step
        Size of one integer step, in the unit of the series.
    decimals
        Decimals shown; one step is one unit of the last decimal.
    panel
        Name of the series for a fan chart, ``yen`` or ``cause`` for a bar chart.
    words
        Label of a bar.
    colour
        Fill of a bar.
    """

    series: str
    quantile: str
    step: float
    decimals: int
    panel: str
    words: str = ""
    colour: str = ""


LINE_SERIES: Final = {
    "usdjpy": (FAN, YEN_STEP),
    "levered_unwind_share_to_date": (FAN, SHARE_STEP),
    "unwound_share_to_date": (MEDIAN, SHARE_STEP),
    "us_equity": (FAN, INDEX_STEP),
    "japan_equity": (FAN, INDEX_STEP),
    "bitcoin_usd": (FAN, DOLLAR_STEP),
}
OPTIONAL_SERIES: Final = ("us_equity", "japan_equity", "bitcoin_usd")
"""Series of assets that a scenario may leave out."""
CAUSE_COLOURS: Final = ("#0072B2", "#56B4E9", "#E69F00", "#D55E00", "#661100", "#9a9a9a")


def page_columns(store: Path, available: Sequence[str]) -> list[PageColumn]:
    """Columns of the page for the daily series of a store.

    Parameters
    ----------
    store
        Folder of the sweep, named in the error message.
    available
        Names of its daily series; bars of populations keep this order.

    Raises
    ------
    OutputError
        If a required series is missing.
    """
    yen = [name for name in available if series_population(name) is not None]
    required = [name for name in (*LINE_SERIES, *CAUSES_TO_DATE) if name not in OPTIONAL_SERIES]
    missing = [name for name in required if name not in available]
    if missing or not yen:
        names = missing or ["yen_bought_POPULATION_to_date_usd_bn"]
        raise OutputError(
            f"{store} cannot be shown: it has no daily series {', '.join(names)}; add them under `series` as in the "
            "shipped sweep `explore`"
        )
    fans = [
        PageColumn(name, quantile, step, TWO_DECIMALS, name)
        for name, (quantiles, step) in LINE_SERIES.items()
        if name in available
        for quantile in quantiles
    ]
    return [*fans, *cause_bars(), *(yen_bar(name) for name in yen)]


def cause_bars() -> list[PageColumn]:
    """One bar for each cause of unwinding."""
    return [
        PageColumn(name, "p50", USD_BN_STEP, ONE_DECIMAL, "cause", capitalized_name(cause), colour)
        for (name, cause), colour in zip(CAUSES_TO_DATE.items(), CAUSE_COLOURS, strict=True)
    ]


def yen_bar(series: str) -> PageColumn:
    """Bar of the yen bought by one population."""
    from simulation.results.figures.style import population_colour

    population = str(series_population(series))
    return PageColumn(
        series, "p50", USD_BN_STEP, ONE_DECIMAL, "yen", capitalized_name(population), population_colour(population)
    )


def pack_steps(steps: NDArray[np.float64]) -> dict[str, Any]:
    """Round to integers and encode as little-endian base64, with 16 bits per value if all fit and 32 otherwise.

    Parameters
    ----------
    steps
        Values in units of the column's step, ``(states, columns, days)``.
    """
    whole = np.rint(steps)
    size = 16 if np.abs(whole).max(initial=0.0) < 2**15 else 32
    return {"bits": size, "base64": base64.b64encode(whole.astype(f"<i{size // 8}").tobytes()).decode("ascii")}


def unpack_steps(data: dict[str, Any], shape: tuple[int, int, int]) -> NDArray[np.int64]:
    """Integers encoded by `pack_steps`, ``(states, columns, days)``."""
    raw = np.frombuffer(base64.b64decode(data["base64"]), dtype=f"<i{data['bits'] // 8}")
    return raw.astype(np.int64).reshape(shape)


PANEL_LABELS: Final = {
    "usdjpy": "USDJPY",
    "levered_unwind_share_to_date": "Levered unwind, % of stock",
    "unwound_share_to_date": "Unwound by all, % of stock",
    "us_equity": "US equity, start = 100",
    "japan_equity": "Japan equity, start = 100",
    "bitcoin_usd": "Bitcoin, thousand USD",
}
CAUSE_HEADING, YEN_HEADING = "Unwound by cause to date", "Yen bought by population to date"


@dataclass(frozen=True)
class DayRow:
    """Quantiles of one series on one day.

    Attributes
    ----------
    group, label
        Heading and label in the printed table.
    series
        Name of the daily series (docs/sweeps.md).
    step, decimals
        Displayed precision: one unit of the last decimal is one step, in the unit of the series.
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
        """Formatted 10 % quantile, median and 90 % quantile."""
        low, middle, high = (format_steps(value, self.step, self.decimals) for value in self.quantiles)
        return low, middle, high

    @property
    def quantiles(self) -> tuple[float | None, float | None, float | None]:
        """10 % quantile, median and 90 % quantile."""
        return self.band.p10, self.band.p50, self.band.p90


def format_steps(value: float | None, step: float, decimals: int) -> str:
    """Value rounded to whole steps, as on the page; a value that rounds to zero has no sign."""
    if value is None:
        return "-"
    text = f"{np.rint(value / step) / 10**decimals:,.{decimals}f}"
    return text if any(digit in text for digit in "123456789") else text.lstrip("-")


def day_rows(record: Record, day: date) -> list[DayRow]:
    """Rows for the panels of the page on one day; series missing from the scenario are left out.

    Parameters
    ----------
    record
        Recorded runs.
    day
        A business day of the record, the start date included.
    """
    at = int(np.searchsorted(record.dates, np.datetime64(day, "D")))
    rows = []
    for group, label, series, step, decimals in row_specifications(record, f"On {day.day} {day:%B %Y}"):
        values = daily_values(record, series)[record.finished, at]
        if not np.isnan(values).any():
            rows.append(DayRow(group, label, series, step, decimals, quantile_band(values, "")))
    return rows


def row_specifications(record: Record, heading: str) -> Iterator[tuple[str, str, str, float, int]]:
    """Yield group, label, series, step and decimals of each row."""
    for series, label in PANEL_LABELS.items():
        yield heading, label, series, LINE_SERIES[series][1], TWO_DECIMALS
    for series, cause in CAUSES_TO_DATE.items():
        yield CAUSE_HEADING, f"{capitalized_name(cause)}, USD bn", series, USD_BN_STEP, ONE_DECIMAL
    for name in record.flows:
        yield YEN_HEADING, f"{capitalized_name(name)}, USD bn", yen_series_name(name), USD_BN_STEP, ONE_DECIMAL


def day_values(rows: list[DayRow], day: date) -> dict[str, Any]:
    """Quantiles by series as JSON-compatible values, each in the unit of its series."""
    names = ("p10", "p50", "p90")
    series = {row.series: dict(zip(names, row.quantiles, strict=True)) for row in rows}
    return {"date": day.isoformat(), "series": series}
