"""Leveraged long positions in bitcoin, funded in dollars and liquidated at the maintenance margin within the day."""

from datetime import date
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field, field_validator
from scipy.special import ndtr

from simulation.investors.population import Population, PopulationParameters
from simulation.values.assets import BITCOIN, Book, Quote, Roster, book_from_shares
from simulation.values.balance_sheet import BalanceSheet, new_balance_sheet
from simulation.values.conventions import PERCENT, Array, Flags, row_sum
from simulation.values.orders import INCENTIVE, LIQUIDATION, REBUILDING, Information, Trade
from simulation.values.parameters import quantity


class CryptoTraderParameters(PopulationParameters):
    """Leveraged long positions in bitcoin, MODEL section 3."""

    INERT: ClassVar = {
        "funding_spread_bp": "owners pay the funding every day, so that neither positions nor margins depend on it",
    }

    kind: Literal["crypto_traders"] = "crypto_traders"
    investors: int = Field(600, ge=1, le=20_000_000, description="number of traders: a resolution, not a quantity")
    stock_usd_bn: float = quantity(28, "$bn", (0, 10_000), "open interest", "exchange data, 28 November 2025 (CLAIMS)")
    funding_spread_bp: float = quantity(
        500,
        "bp per year",
        (0, 5000),
        "funding rate of perpetual futures over the policy rate",
        "assumption: about half of exchanges' usual 0.01 % each eight hours, 11 % a year",
    )
    leverage_mix: dict[float, float] = Field(
        default_factory=lambda: {3.0: 0.40, 5.0: 0.25, 10.0: 0.20, 25.0: 0.10, 50.0: 0.05},
        description="share of open interest by leverage",
        json_schema_extra={"source": "MODEL section 3"},
    )
    maintenance_share: float = quantity(
        0.5,
        "share of initial margin",
        (0, 1),
        "a position is liquidated when equity falls below this share of the initial margin",
        "exchange rules",
    )
    degrossing: float = quantity(
        0.5,
        "share per unit of loss",
        (0, 20),
        "phi: voluntary sales after a fall",
        "assumption: a fall of 10 % makes holders sell 5 %",
    )
    rebuild_pct_per_day: float = quantity(
        3,
        "% of the gap per day",
        (0, 100),
        "speed at which new positions replace closed ones at leverage 3; proportional to leverage",
        "assumption: as fast as open interest recovered after October 2025",
    )

    @field_validator("leverage_mix")
    @classmethod
    def _check_mix(cls, mix: dict[float, float]) -> dict[float, float]:
        if not mix or min(mix) < 1.0 or min(mix.values()) < 0.0 or sum(mix.values()) <= 0.0:
            raise ValueError(
                "leverage_mix: each leverage must be 1 or more; shares must not be negative and must add up to more than 0"
            )
        return mix


def is_liquidated(equity: Array, notional: Array, leverage: Array, maintenance_share: float) -> Flags:
    """Whether equity is below the maintenance margin: ``equity < share * notional / leverage``.

    Source: isolated-margin rules of the large exchanges; MODEL section 3.
    """
    return np.asarray(equity < maintenance_share * notional / leverage)


def closing_rate(daily_volatility: Array, leverage: Array, parameters: CryptoTraderParameters) -> Array:
    """Share of positions closed on an average quiet day, by liquidation or by sale after a fall.

    ``Phi(-(1 - m) / (L sigma)) + phi sigma / sqrt(2 pi)``: the probability that a fall exhausts the margin buffer of a new
    position, plus the mean of ``phi (-r)+`` for a normal return.

    Parameters
    ----------
    daily_volatility
        Long-run volatility of bitcoin per day, decimal, ``(runs, 1)``; zero without news.
    leverage
        Leverage of each position, ``(runs, investors)``.
    parameters
        Parameters of the population.
    """
    least = np.maximum(daily_volatility, 1e-300)
    liquidations = ndtr(-(1.0 - parameters.maintenance_share) / (leverage * least))
    return np.asarray(liquidations + parameters.degrossing * daily_volatility / np.sqrt(2.0 * np.pi))


class CryptoTraders(Population):
    """Leveraged bitcoin traders; they borrow dollars and are therefore not part of the carry stock."""

    Parameters = CryptoTraderParameters
    role = "other"
    since = date(2013, 1, 1)  # first exchanges that lend to their customers (Bitfinex), year only
    needs = (BITCOIN,)
    margined = True

    def draws(self, stream: np.random.Generator, count: int) -> dict[str, Array]:
        """Sizes, and leverage assigned from the mix by share of open interest."""
        mix, drawn = self.parameters.leverage_mix, super().draws(stream, count)
        before = np.cumsum(drawn["stock"]) - drawn["stock"] / 2
        edges = np.cumsum(np.array(list(mix.values()))) / sum(mix.values()) * drawn["stock"].sum()
        return drawn | {"leverage": np.array(list(mix))[np.searchsorted(edges[:-1], before)]}

    def books(self, roster: Roster) -> dict[str, Book]:
        """Bitcoin."""
        return {BITCOIN: book_from_shares(roster, {BITCOIN: 1.0})}

    def endowment(self, now: Information) -> BalanceSheet:
        """Bitcoin financed by margin and a dollar loan."""
        stock = self.traits["stock"]
        loan = stock - stock / self.traits["leverage"]
        column = now.roster.columns[BITCOIN]
        volatility = self.noise_scale * np.sqrt(now.long_run_variance[:, column : column + 1])
        closing = closing_rate(volatility, self.traits["leverage"], self.parameters)
        # New positions replace those closed on an average day, so that open interest has no trend.
        aim = stock * (1.0 + closing / np.maximum(self.speed(), 1e-12))
        self.traits = {**self.traits, "aim": aim}
        self.memory = {"planned": stock * closing}
        return new_balance_sheet(self.books(now.roster), {BITCOIN: stock.copy()}, (-loan, np.zeros_like(stock)))

    def speed(self) -> Array:
        """Share of the gap closed by new positions each day; higher for higher leverage."""
        usual = self.parameters.rebuild_pct_per_day * PERCENT
        return np.asarray(np.minimum(usual * self.traits["leverage"] / 3.0, 1.0))

    def orders(self, now: Information) -> Trade | None:
        """Sell part of the position after a fall; open positions for which margin was paid in after the last close."""
        units, column = self.sheet.holdings[BITCOIN], now.roster.columns[BITCOIN]
        loss = np.maximum(-now.log_return[:, column : column + 1], 0.0)
        planned, sold = self.memory["planned"], np.minimum(self.parameters.degrossing * loss, 1.0) * units
        bought = planned - sold
        return self._trade(bought, {INCENTIVE: -sold, REBUILDING: planned}) if bought.any() else None

    def _trade(self, bought: Array, causes: dict[str, Array]) -> Trade:
        """Buy bitcoin, by cause."""
        by_cause = {cause: -row_sum(part) for cause, part in causes.items()}
        return Trade({BITCOIN: bought}, np.zeros_like(bought), None, by_cause)

    def below_margin(self, quote: Quote) -> Flags:
        """Positions below their maintenance margin, ``(runs, investors)``."""
        units = self.sheet.holdings[BITCOIN]
        notional = units * self.sheet.value_usd(BITCOIN, quote)
        share = self.parameters.maintenance_share
        return is_liquidated(self.sheet.equity_usd, notional, self.traits["leverage"], share) & (units > 0.0)

    def forced_investors(self, quote: Quote, now: Information) -> Flags:
        """Positions below their maintenance margin, ``(runs, investors)``."""
        return self.below_margin(quote)

    def forced_orders(self, quote: Quote, now: Information) -> Trade:
        """Close every position below its maintenance margin."""
        closed = -self.sheet.holdings[BITCOIN] * self.below_margin(quote)
        return self._trade(closed, {LIQUIDATION: closed})

    def close(self, quote: Quote, income: Array) -> Array:
        """Owners pay the day's funding and the margin of tomorrow's new positions; closed accounts are paid out."""
        units, value = self.sheet.holdings[BITCOIN], self.sheet.value_usd(BITCOIN, quote)
        left = np.maximum(self.sheet.equity_usd - income, 0.0) * (units == 0.0)
        planned = self.speed() * np.maximum(self.traits["aim"] - units, 0.0)
        self.memory["planned"] = planned
        return np.asarray(income + left - planned * value / self.traits["leverage"])

    def stock(self) -> Array:
        """Bitcoin held, at start prices."""
        return row_sum(self.sheet.holdings[BITCOIN])
