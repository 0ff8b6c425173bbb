"""Named shocks in standard deviations of their priors, and their entry into a scenario.

A shock of size z lies z standard deviations of its prior from the expected value, in the direction adverse to carry positions.
Daily shocks occur together on one day: that of the first decision of the Bank of Japan, or a given day.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from simulation.results.output_folder import OutputError

if TYPE_CHECKING:
    from simulation.scenario.scenario import Scenario

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Shock:
    """A shock that can be selected by name.

    Attributes
    ----------
    label
        Name for display.
    unit
        Unit of its size.
    spread
        One standard deviation of its prior in that unit; of the logarithm if `multiplies`.
    enters
        ``decision``: added to the decision of the meeting; ``news.<key>``: news of the day; otherwise the key that it multiplies.
    most
        Largest size tried, in standard deviations.
    source
        Source of the spread.
    multiplies
        Whether it multiplies a value by exp(spread z) instead of adding spread z.
    sign
        Direction adverse to carry: the sign of what is added.
    """

    label: str
    unit: str
    spread: float
    enters: str
    most: float
    source: str
    multiplies: bool = False
    sign: float = 1.0

    def amount(self, size: float) -> float:
        """Amount in `unit`, or the multiple, for a size in standard deviations."""
        # Adding zero turns -0.0 into 0.0.
        return float(np.exp(self.spread * size)) if self.multiplies else self.sign * self.spread * size + 0.0

    def in_words(self, size: float) -> str:
        """Name and amount: ``BOJ surprise +9.2 bp``."""
        amount = self.amount(size)
        return (
            f"{self.label} {amount:.2f} {self.unit}" if self.multiplies else f"{self.label} {amount:+.2g} {self.unit}"
        )


SHOCKS: Final[Mapping[str, Shock]] = {
    "boj_surprise": Shock(
        "BOJ surprise", "bp", 4.6, "decision", 8.0,
        "root mean square of the two-year surprises of Dec 2022 (2), Mar 2024 (-1), Jul 2024 (7.6), Aug 2024 (-6.6), Jan 2025 "
        "(1 bp): docs/events.md, configs/events",
    ),
    "us_equity_fall": Shock(
        "US equity", "%", 1.0, "news.value_pct.us_equity", 8.0,
        "15 % a year over 252 days: long-run volatility of us_equity (market/parameters.py)", sign=-1.0,
    ),
    "us_yield_fall": Shock(
        "US 2-year yield", "bp", 5.6, "news.ust2", 8.0, "Federal Reserve H.15: daily changes 1990-2024, sd", sign=-1.0
    ),
    "volatility": Shock(
        "volatility", "x", 0.3, "news.volatility_x", 8.0, "noise.clustering: log volatility of news (market/fundamentals.py)",
        multiplies=True,
    ),
    "funding": Shock(
        "basis", "bp", 2.5, "news.basis", 8.0,
        "assumption: half of the 5 bp given for 5 August 2024 (docs/events.md), taken as a two-sigma day", sign=-1.0,
    ),
    "levered_stock": Shock(
        "carry funds' stock", "x", 0.37, "populations.carry_funds.stock_usd_bn", 3.0,
        "250 $bn with a plausible range of 150-500 taken as 5-95 %: ln(500/150)/3.29 (BIS Bulletin 90, MODEL section 3)",
        multiplies=True,
    ),
    "impact": Shock(
        "fast impact", "x", 0.42, "markets.usdjpy.fast_impact_pct_per_usd_bn", 3.0,
        "0.035 with a range of 0.02-0.08 % per $bn taken as 5-95 %: ln(4)/3.29 (MODEL section 4)", multiplies=True,
    ),
}  # fmt: skip
"""The shocks by name."""

CORRELATIONS: Final[Mapping[frozenset[str], float]] = {
    frozenset({"us_equity_fall", "volatility"}): 0.7,
    frozenset({"us_equity_fall", "us_yield_fall"}): 0.3,
}
"""Correlations of sizes for the Mahalanobis distance: equity falls come with volatility (daily S&P 500 against VIX about -0.7,
Whaley 2009) and with lower yields (stocks and two-year yields about +0.3 since 2000, Campbell, Sunderam and Viceira 2017).
"""
STANDARD_SHOCKS: Final = ("boj_surprise", "us_equity_fall", "us_yield_fall")


def size_correlation(names: Sequence[str], correlated: bool) -> FloatArray:
    """Correlation matrix of shocks, ``(shocks, shocks)``; the identity unless `correlated`."""
    correlation = np.eye(len(names))
    for row, first in enumerate(names):
        for column, second in enumerate(names):
            if correlated and row != column:
                correlation[row, column] = CORRELATIONS.get(frozenset({first, second}), 0.0)
    return correlation


def check_shock_names(names: Sequence[str]) -> tuple[str, ...]:
    """Return names of shocks, each once.

    Raises
    ------
    OutputError
        If a name is unknown.
    """
    unknown = [name for name in names if name not in SHOCKS]
    if unknown:
        raise OutputError(f"there is no shock {unknown[0]!r}; known: {', '.join(SHOCKS)}")
    return tuple(dict.fromkeys(names))


@dataclass(frozen=True)
class ShockPlacement:
    """Where shocks enter a scenario: the day, and the number of the meeting on it whose decision a surprise changes."""

    scenario: Scenario
    day: date
    meeting: int | None


def shock_placement(scenario: Scenario, names: Sequence[str], day: date | None) -> ShockPlacement:
    """Return where shocks enter a scenario.

    Raises
    ------
    OutputError
        If one of the shocks cannot enter the scenario.
    """
    meetings = [at for at, meeting in enumerate(scenario.boj.meetings) if meeting.decision is not None]
    meetings = [at for at in meetings if day is None or scenario.boj.meetings[at].date == day]
    meeting_number = meetings[0] if meetings else None
    if meeting_number is None and (day is None or "boj_surprise" in names):
        raise OutputError(
            f"{scenario.name} has no decision of the Bank of Japan{f' on {day}' if day else ''} for the shocks: "
            "give a day with --day, and omit boj_surprise"
        )
    placement = ShockPlacement(scenario, day or scenario.boj.meetings[meeting_number or 0].date, meeting_number)
    if any(news.date == placement.day for news in scenario.news):
        raise OutputError(f"{scenario.name} already has news on {placement.day}: choose another --day")
    for name in names:
        if SHOCKS[name].multiplies and not SHOCKS[name].enters.startswith("news."):
            scenario_number(scenario, SHOCKS[name].enters)
    return placement


def scenario_number(scenario: Scenario, key: str) -> float:
    """The number at a key of a scenario.

    Raises
    ------
    OutputError
        If there is no number.
    """
    part: Any = scenario
    for step in key.split("."):
        part = part.get(step) if isinstance(part, Mapping) else getattr(part, step, None)
    if not isinstance(part, int | float):
        raise OutputError(f"{scenario.name} has no number at {key} for a shock to multiply")
    return float(part)


def shock_settings(placement: ShockPlacement, sizes: Mapping[str, float]) -> tuple[str, ...]:
    """Settings that apply shocks of given sizes (standard deviations) to a scenario.

    News of the day are given for every selected shock, also at size zero, so that they replace drawn news.
    """
    news: dict[str, Any] = {}
    texts: list[str] = []
    for name, size in sizes.items():
        shock = SHOCKS[name]
        amount = shock.amount(size)
        if shock.enters == "decision":
            decision = placement.scenario.boj.meetings[placement.meeting or 0].decision or 0.0
            texts.append(f"boj.meetings[{placement.meeting}].decision={decision + amount!r}bp")
        elif shock.enters.startswith("news."):
            _set_news(news, shock, amount)
        else:
            texts.append(f"{shock.enters}={scenario_number(placement.scenario, shock.enters) * amount!r}")
    return (*texts, *([f"news={_news_text(placement, news)}"] if news else []))


def _set_news(news: dict[str, Any], shock: Shock, amount: float) -> None:
    steps = shock.enters.split(".")[1:]
    for step in steps[:-1]:
        news = news.setdefault(step, {})
    news[steps[-1]] = f"{amount!r}bp" if shock.unit == "bp" else amount


def _news_text(placement: ShockPlacement, news: Mapping[str, Any]) -> str:
    scenario_news = [item.model_dump(mode="json", exclude_none=True) for item in placement.scenario.news]
    entry = {"date": placement.day.isoformat(), "label": "shocks"} | dict(news)
    return json.dumps(sorted([*scenario_news, entry], key=lambda item: str(item["date"])))
