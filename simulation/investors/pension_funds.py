"""Public pension funds: domestic and foreign bonds and equities, rebalanced to target weights."""

from collections.abc import Mapping
from typing import ClassVar, Final, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from simulation.investors.population import Lognormal, Population, PopulationParameters
from simulation.values.assets import USDJPY, Book, Quote, Roster, book_from_shares
from simulation.values.balance_sheet import BalanceSheet, new_balance_sheet
from simulation.values.conventions import PERCENT, Array, row_sum
from simulation.values.orders import SLOW_REPATRIATION, Information, Trade
from simulation.values.parameters import Parameters, quantity

LONGEST_QUARTER_DAYS: Final = 66
"""Largest number of business days in a calendar quarter; a quarterly limit is applied as a daily limit of 1/66."""


class AssetClass(Parameters):
    """One asset class of the policy mix."""

    ACTS_WHEN: ClassVar = {
        "band_pp": "the weight of the asset is the one that leaves its band",
    }

    target_pct: float = quantity(
        25, "% of assets", (0, 100), "target weight", "GPIF, policy asset mix since April 2020"
    )
    band_pp: float = quantity(
        6, "pp", (0.1, 100), "permissible deviation from the target", "GPIF, mix from April 2025; 7 to 8 in 2020-24"
    )


POLICY_MIX: Final = {
    "ust10": AssetClass(band_pp=5),
    "us_equity": AssetClass(),
    "jgb10": AssetClass(),
    "japan_equity": AssetClass(),
}
"""GPIF policy mix: 25 % each; bands of 5 pp for foreign bonds and 6 pp for the rest from April 2025 (6, 7, 7 and 8 before)."""


class PensionFundParameters(PopulationParameters):
    """Pension funds of MODEL section 3."""

    ACTS_WHEN: ClassVar = {
        "rests_at_x": "a fund has traded its way back to this part of its band",
        "turnover_pct_per_quarter": "a weight leaves its band",
    }

    kind: Literal["pension_funds"] = "pension_funds"
    investors: int = Field(100, ge=1, le=20_000_000, description="number of funds: a resolution, not a quantity")
    stock_usd_bn: float = quantity(
        800,
        "$bn",
        (0, 100_000),
        "foreign assets",
        "MODEL section 3: half of 250 JPY tn; GPIF held 258 at the end of 2024",
    )
    mix: dict[str, AssetClass] = Field(
        default_factory=lambda: dict(POLICY_MIX),
        description="policy mix by asset; targets add up to 100 %",
        json_schema_extra={
            "source": "GPIF: 25 % each since April 2020; bands of 5 pp for foreign bonds and 6 for the rest since April 2025"
        },
    )
    acts_at_x: Lognormal = Field(
        Lognormal(median=0.5, log_sd=0.3, highest=1),
        description="part of its band at which a fund starts to trade",
        json_schema_extra={"source": "assumption: quarter-end weights stay well inside the bands"},
    )
    rests_at_x: float = quantity(
        0.5,
        "share",
        (0, 1),
        "part of the fund's band within which it stops trading",
        "assumption: trades half of the way back, so that it trades rarely",
    )
    turnover_pct_per_quarter: float = quantity(
        1, "% of assets per quarter", (0, 100), "maximum turnover per quarter", "MODEL section 3"
    )

    @model_validator(mode="after")
    def _check_mix(self) -> Self:
        total = sum(part.target_pct for part in self.mix.values())
        if abs(total - 100) > 1e-6:
            raise ValueError(f"the target_pct values of mix add up to {total:g} %; they must add up to 100 %")
        return self


def largest_deviation(weights: Mapping[str, Array], mix: Mapping[str, AssetClass], acts_at: Array) -> Array:
    """Largest deviation of a weight from its target relative to the investor's band, ``(runs, investors)``.

    ``max over classes |w - target| / (acts_at * band)``; above one, some weight is outside its band.

    Parameters
    ----------
    weights
        Share of each class in assets, decimal.
    acts_at
        Part of the published band at which each investor starts to trade.
    """
    off = [np.abs(weight - mix[name].target_pct * PERCENT) / mix[name].band_pp for name, weight in weights.items()]
    return np.asarray(np.maximum.reduce(off) / (acts_at * PERCENT))


def is_rebalancing(active: Array, deviation: Array, rest: float) -> Array:
    """Whether each investor trades towards its targets today, 1 or 0.

    Trading starts when a weight leaves its band and continues until all weights are within the share `rest` of the band.

    Source: MODEL section 3; Leland (1999), rebalancing under transaction costs only outside a band.
    Departure: trades towards the targets instead of to the edge of the band, since the fund publishes targets.
    """
    return np.asarray(np.maximum(deviation > 1.0, active * (deviation > rest)))


def traded_share(gaps: Mapping[str, Array], most: Array) -> Array:
    """Share of the gaps to the targets traded today: one if purchases stay below `most`, else a proportional part.

    ``min(1, most / sum of positive gaps)``.

    Parameters
    ----------
    gaps
        Target less actual value of each class, USD bn; they add up to zero.
    most
        Maximum purchases per day, USD bn.
    """
    purchases = sum((np.maximum(gap, 0.0) for gap in gaps.values()), np.zeros_like(most))
    return np.asarray(most / np.maximum(purchases, np.maximum(most, 1e-300)))


class PensionFunds(Population):
    """Unhedged, unleveraged and contrarian through rebalancing; only cross-border trades go through spot USDJPY.

    Coupons and dividends stay in deposits and do not count in the weights: contributions, pensions and income are assumed to
    balance.
    """

    Parameters = PensionFundParameters
    role = "resident"

    def draws(self, stream: np.random.Generator, count: int) -> dict[str, Array]:
        """Sizes and the part of the band at which investors start to trade."""
        return super().draws(stream, count) | {"acts_at": self.parameters.acts_at_x.sample(stream, count)}

    def books(self, roster: Roster) -> dict[str, Book]:
        """One book for each class of the mix.

        Raises
        ------
        ValueError
            If a class is not an asset of the scenario.
        """
        for name in self.parameters.mix:
            if name not in roster.names or name == USDJPY:
                raise ValueError(
                    f"populations.{self.name}.mix: {name!r} is not an asset of this scenario; remove it from the mix"
                )
        return {name: book_from_shares(roster, {name: 1.0}) for name in self.parameters.mix}

    def start_units(self, usdjpy: Array) -> dict[str, Array]:
        """Units of each class at the start: foreign classes add up to the stock, all weights are at their targets."""
        mix, books = self.parameters.mix, self.books(self.start.roster)
        foreign = sum(mix[name].target_pct for name, book in books.items() if not book.yen_priced)
        if foreign <= 0.0:
            raise ValueError(f"populations.{self.name}.mix: at least one foreign asset must have a target_pct above 0")
        of_stock = {name: self.traits["stock"] * (mix[name].target_pct / foreign) for name in books}
        return {name: of_stock[name] * (usdjpy if books[name].yen_priced else 1.0) for name in books}

    def endowment(self, now: Information) -> BalanceSheet:
        """The policy mix owned outright; no investor is rebalancing."""
        zeros = np.zeros_like(self.traits["stock"])
        self.memory = {"active": zeros.copy()}
        return new_balance_sheet(
            self.books(now.roster), self.start_units(now.quote.usdjpy), (zeros.copy(), zeros.copy())
        )

    def values(self, quote: Quote) -> dict[str, Array]:
        """Dollar value of each class, ``(runs, investors)``."""
        return {name: units * self.sheet.value_usd(name, quote) for name, units in self.sheet.holdings.items()}

    def orders(self, now: Information) -> Trade | None:
        """Trade towards the targets, within the turnover limit, if a weight has left its band."""
        own, values = self.parameters, self.values(now.quote)
        assets = np.maximum(sum(values.values(), np.zeros_like(self.traits["stock"])), 1e-12)
        weights = {name: value / assets for name, value in values.items()}
        deviation = largest_deviation(weights, own.mix, self.traits["acts_at"])
        self.memory["active"] = is_rebalancing(self.memory["active"], deviation, own.rests_at_x)
        if not self.memory["active"].any():
            return None
        gaps = {name: own.mix[name].target_pct * PERCENT * assets - value for name, value in values.items()}
        most = assets * (own.turnover_pct_per_quarter * PERCENT / LONGEST_QUARTER_DAYS)
        today = self.memory["active"] * traded_share(gaps, most)
        return self._trade({name: gap * today for name, gap in gaps.items()}, now)

    def _trade(self, purchases: Mapping[str, Array], now: Information, converted: float = 1.0) -> Trade:
        """Buy each class for the given dollar amounts; a share `converted` of cross-border trades goes through spot."""
        units = {name: bought / self.sheet.value_usd(name, now.quote) for name, bought in purchases.items()}
        foreign = [name for name in purchases if not self.sheet.books[name].yen_priced]
        zeros = np.zeros_like(self.traits["stock"])
        spot = converted * sum((purchases[name] for name in foreign), zeros)
        unwound = -row_sum(sum((units[name] for name in foreign), zeros))
        return Trade(units, spot, None, {SLOW_REPATRIATION: unwound}, announced=True, repatriated=-row_sum(spot))

    def leave(self, share: Array, now: Information, converted: float) -> Trade:
        """Sell a share of the initial foreign position and convert part of the proceeds; the rest stays in dollar deposits."""
        sold = {}
        for name, units in self.start_units(self.start.quote.usdjpy).items():
            if not self.sheet.books[name].yen_priced:
                given = np.minimum(share * units, self.sheet.holdings[name])
                sold[name] = -given * self.sheet.value_usd(name, now.quote)
        return self._trade(sold, now, converted)

    def stock(self) -> Array:
        """Foreign assets at start prices."""
        books = self.sheet.books
        held = [units for name, units in self.sheet.holdings.items() if not books[name].yen_priced]
        return row_sum(sum(held[1:], held[0]))
