"""The daily quantiles that the page shows, each in whole steps of the precision at which it is shown.

One day of a batch of runs in the numbers of the page's panels, at the precision at which the page shows them.
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
from simulation.values.orders import (
    INCENTIVE,
    LIQUIDATION,
    MARGIN,
    PLAN,
    REBUILDING,
    SLOW_REPATRIATION,
    STOP,
    VOLATILITY_TARGET,
)

if TYPE_CHECKING:
    from simulation.day.recorder import Record

FAN: Final = ("p10", "p50", "p90")
MEDIAN: Final = ("p50",)
YEN_STEP, INDEX_STEP, DOLLAR_STEP, SHARE_STEP, USD_BN_STEP = 0.01, 0.01, 10.0, 1e-4, 0.1
"""Precision shown: yen per dollar, index points, 10 dollars (0.01 thousand) a bitcoin, 0.01 %, $bn."""
TWO_DECIMALS, ONE_DECIMAL = 2, 1


@dataclass(frozen=True)
class PageColumn:
    """One quantile of one series.

    Attributes
    ----------
    series, quantile
        As in the store.
    step
        Unit of the whole numbers that the page holds, in the unit of the series.
    decimals
        With which the page shows it: a step is one in the last of them.
    panel
        Where it is shown: the series itself for a fan, ``yen`` or ``cause`` for a bar.
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
ADDED_CAUSES: Final = (f"unwound_{REBUILDING}_to_date_usd_bn", f"unwound_{PLAN}_to_date_usd_bn")
"""Causes that stores of earlier versions book with others."""
OPTIONAL_SERIES: Final = ("us_equity", "japan_equity", "bitcoin_usd", *ADDED_CAUSES)
"""Series without which a store can be shown."""
CAUSE_COLOURS: Final = {
    INCENTIVE: "#0072B2",
    VOLATILITY_TARGET: "#56B4E9",
    MARGIN: "#E69F00",
    STOP: "#D55E00",
    LIQUIDATION: "#661100",
    REBUILDING: "#009E73",
    SLOW_REPATRIATION: "#9a9a9a",
    PLAN: "#CC79A7",
}


def page_columns(store: Path, there: Sequence[str]) -> list[PageColumn]:
    """The columns of a store.

    Parameters
    ----------
    store
        The folder, for the message.
    there
        Names of the series in it; bars of populations keep their order.

    Raises
    ------
    OutputError
        If it lacks series that the page needs.
    """
    yen = [name for name in there if series_population(name) is not None]
    missing = [name for name in (*LINE_SERIES, *CAUSES_TO_DATE) if name not in there and name not in OPTIONAL_SERIES]
    if missing or not yen:
        wanted = missing or ["yen_bought_POPULATION_to_date_usd_bn"]
        raise OutputError(
            f"{store} cannot be shown: it has no daily series {', '.join(wanted)}; name them under `series` as in the "
            "shipped sweep `explore`"
        )
    fans = [
        PageColumn(name, quantile, step, TWO_DECIMALS, name)
        for name, (quantiles, step) in LINE_SERIES.items()
        if name in there
        for quantile in quantiles
    ]
    return [*fans, *cause_bars(there), *(yen_bar(name) for name in yen)]


def cause_bars(there: Sequence[str]) -> list[PageColumn]:
    """A bar for each cause of unwinding among the series of a store."""
    return [
        PageColumn(name, "p50", USD_BN_STEP, ONE_DECIMAL, "cause", capitalized_name(cause), CAUSE_COLOURS[cause])
        for name, cause in CAUSES_TO_DATE.items()
        if name in there
    ]


def yen_bar(series: str) -> PageColumn:
    """The bar of a population, in its colour."""
    from simulation.results.figures.style import population_colour

    population = str(series_population(series))
    return PageColumn(
        series, "p50", USD_BN_STEP, ONE_DECIMAL, "yen", capitalized_name(population), population_colour(population)
    )


def pack_steps(steps: NDArray[np.float64]) -> dict[str, Any]:
    """Numbers rounded to whole steps, little-endian in base64: 16 bits each where all fit, else 32.

    Parameters
    ----------
    steps
        Values in units of their column's step, ``(states, columns, days)``.
    """
    whole = np.rint(steps)
    size = 16 if np.abs(whole).max(initial=0.0) < 2**15 else 32
    return {"bits": size, "base64": base64.b64encode(whole.astype(f"<i{size // 8}").tobytes()).decode("ascii")}


def unpack_steps(data: dict[str, Any], shape: tuple[int, int, int]) -> NDArray[np.int64]:
    """The whole numbers that `packed` holds, ``(states, columns, days)``."""
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
CAUSE_HEADING, YEN_HEADING = "Unwound by cause so far", "Yen bought by population so far"


@dataclass(frozen=True)
class DayRow:
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
        low, middle, high = (format_steps(value, self.step, self.decimals) for value in self.quantiles)
        return low, middle, high

    @property
    def quantiles(self) -> tuple[float | None, float | None, float | None]:
        """10 %, median and 90 %."""
        return self.band.p10, self.band.p50, self.band.p90


def format_steps(value: float | None, step: float, decimals: int) -> str:
    """A number in whole steps, as the page has it; no sign where it rounds to zero."""
    if value is None:
        return "-"
    text = f"{np.rint(value / step) / 10**decimals:,.{decimals}f}"
    return text if any(digit in text for digit in "123456789") else text.lstrip("-")


def day_rows(record: Record, day: date) -> list[DayRow]:
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
    for group, label, series, step, decimals in row_specifications(record, f"On {day.day} {day:%B %Y}"):
        values = daily_values(record, series)[record.finished, at]
        if not np.isnan(values).any():
            found.append(DayRow(group, label, series, step, decimals, quantile_band(values, "")))
    return found


def row_specifications(record: Record, heading: str) -> Iterator[tuple[str, str, str, float, int]]:
    """Group, label, series, step and decimals of each row."""
    for series, label in PANEL_LABELS.items():
        yield heading, label, series, LINE_SERIES[series][1], TWO_DECIMALS
    for series, cause in CAUSES_TO_DATE.items():
        yield CAUSE_HEADING, f"{capitalized_name(cause)}, USD bn", series, USD_BN_STEP, ONE_DECIMAL
    for name in record.flows:
        yield YEN_HEADING, f"{capitalized_name(name)}, USD bn", yen_series_name(name), USD_BN_STEP, ONE_DECIMAL


def day_values(rows: list[DayRow], day: date) -> dict[str, Any]:
    """The same as JSON-ready values, each in the unit of its series."""
    names = ("p10", "p50", "p90")
    series = {row.series: dict(zip(names, row.quantiles, strict=True)) for row in rows}
    return {"date": day.isoformat(), "series": series}
