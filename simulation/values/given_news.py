"""News given by a scenario for certain dates, which replaces drawn news: yields, values, volatility, dollar funding."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final

import numpy as np
from pydantic import Field

from simulation.values.assets import JGB10, UST10, Roster
from simulation.values.conventions import BASIS_POINT, PERCENT, Array, Dates, step_indices
from simulation.values.parameters import Parameters, Rate, quantity

LARGEST_YIELD_BP: Final = 200.0
"""Largest accepted daily change of a yield, bp: three times the largest since 1990 (H.15: the two-year Treasury yield fell by
57 bp on 13 March 2023)."""
TEN_YEAR_SHARE: Final = 0.7
"""Response of the ten-year yield to news given for two years only (H.15 1990-2024: about .7)."""


YieldChange = Annotated[Rate, Field(ge=-LARGEST_YIELD_BP, le=LARGEST_YIELD_BP, json_schema_extra={"unit": "bp"})]
"""Daily change of a yield, stored in basis points."""


class GivenNews(Parameters):
    """News of one day.  Omitted values are drawn as on other days; 0 means no change."""

    date: Annotated[date, Field(description="the day; each day once")]
    label: str = Field("", description="description of the news")
    source: str = Field("", description="source of the figures")
    ust2: YieldChange | None = Field(None, description="change of the two-year Treasury yield by macro news")
    ust10: YieldChange | None = Field(None, description="change of the ten-year Treasury yield by macro news")
    jgb2: YieldChange | None = Field(None, description="change of the two-year JGB yield by macro news")
    jgb10: YieldChange | None = Field(None, description="change of the ten-year JGB yield by macro news")
    value_pct: dict[str, float] = Field(
        default_factory=dict,
        description="total change of an asset's fundamental value, %; the price adds the impact of flows",
    )
    volatility_x: float | None = Field(
        None, ge=0, le=20, description="volatility of all assets that day, at least this multiple of its long-run value"
    )
    net_of_policy: bool = Field(
        False,
        description="whether yield changes exclude the effect of a decision, statement or signal of the day, so that it is not "
        "counted twice",
    )
    basis: Rate | None = Field(None, description="change of the cross-currency basis; negative: dollars become scarcer")
    dollars_bought_usd_bn: float = quantity(
        0,
        "$bn",
        (-1000, 1000),
        "spot dollars bought against yen by investors outside the model (negative: sold)",
        "0: none unless the scenario states it",
    )


@dataclass(frozen=True)
class GivenDays:
    """Given news by step of the scenario; NaN where no value is given.

    Attributes
    ----------
    ten_year
        Change of the ten-year yields, decimal, ``(days, 2)``: Treasuries, JGBs.
    two_year
        Change of the two-year yields, likewise.
    value
        Log change of fundamental values, ``(days, assets)``.
    volatility, basis, dollars
        Multiple of long-run volatility, decimal per year, and USD bn, each ``(days,)``; the last two are zero if not given.
    """

    ten_year: Array
    two_year: Array
    value: Array
    volatility: Array
    basis: Array
    dollars: Array

    def yields(self, step: int, bond: int, drawn: Array, share: float) -> tuple[Array, Array]:
        """Changes of a two- and a ten-year yield on a day, given or drawn, each ``(runs, 1)``.

        Parameters
        ----------
        bond
            0 for Treasuries, 1 for JGBs.
        drawn
            Drawn change of the ten-year yield, ``(runs, 1)``.
        share
            Response of the two-year yield to news that moves the ten-year yield by one.
        """
        two, ten = self.two_year[step, bond], self.ten_year[step, bond]
        if np.isnan(two) and np.isnan(ten):
            return drawn * share, drawn
        if np.isnan(ten):
            ten = TEN_YEAR_SHARE * two
        return np.full_like(drawn, share * ten if np.isnan(two) else two), np.full_like(drawn, ten)


def given_news_by_day(news: Sequence[GivenNews], dates: Dates, roster: Roster) -> GivenDays:
    """Given news arranged by step; the scenario refuses several entries for one day."""
    days = len(dates)
    table = GivenDays(
        np.full((days, 2), np.nan), np.full((days, 2), np.nan), np.full((days, len(roster)), np.nan),
        np.full(days, np.nan), np.zeros(days), np.zeros(days),
    )  # fmt: skip
    for item in news:
        for step in step_indices(dates, [item.date]):
            _write_day(item, step, table, roster)
    return table


def _write_day(item: GivenNews, step: int, table: GivenDays, roster: Roster) -> None:
    pairs = ((item.ust2, item.ust10), (item.jgb2, item.jgb10))
    for bond, (two, ten) in enumerate(pairs):
        table.two_year[step, bond] = np.nan if two is None else two * BASIS_POINT
        table.ten_year[step, bond] = np.nan if ten is None else ten * BASIS_POINT
    for asset, change in item.value_pct.items():
        table.value[step, roster.columns[asset]] = np.log1p(change * PERCENT)
    table.volatility[step] = np.nan if item.volatility_x is None else item.volatility_x
    table.basis[step] = 0.0 if item.basis is None else item.basis * BASIS_POINT
    table.dollars[step] = item.dollars_bought_usd_bn


BOND_COLUMNS: Final = {UST10: 0, JGB10: 1}
"""Column of each bond in `GivenDays`."""
