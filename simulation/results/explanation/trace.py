"""One run simulated with a full trace of every day: information, trades by round, and the state of the market."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np
from numpy.typing import NDArray

from simulation.day.capital_flows import CapitalFlows
from simulation.day.clearing import ForcedOrders, PopulationOrder, TradingDay
from simulation.expectations.expectations import DayNews
from simulation.investors.population import Population
from simulation.market.prices import MarketState
from simulation.policy.ministry_of_finance import MinistryAction
from simulation.scenario.config.parameter_sets import Cloud
from simulation.scenario.scenario import Scenario
from simulation.values.assets import Quote
from simulation.values.conventions import Array
from simulation.values.orders import Information, Trade

AssetVector = NDArray[np.float64]
"""One value per asset, ``(assets,)``."""
InvestorKeys = frozenset[tuple[str, int]]
"""Investors by part of their population and number."""


@dataclass(frozen=True)
class Execution:
    """Trade of one population in one round of a day.

    Attributes
    ----------
    population
        Name of the population.
    round
        0 for voluntary orders, then the round of forced orders.
    announced
        Whether value investors were the direct counterparties.
    bought, expected
        Units of each asset bought, spot dollars first, and the expected part, ``(assets,)``.
    unwound
        Reduction in the foreign position by cause, USD bn at start prices.
    repatriated_usd
        Dollars that residents converted to yen, USD bn; None for others.
    traders
        Investors that traded; empty for officials.
    """

    population: str
    round: int
    announced: bool
    bought: AssetVector
    expected: AssetVector
    unwound: Mapping[str, float]
    repatriated_usd: float | None
    traders: InvestorKeys


@dataclass
class TracedTradingDay(TradingDay):
    """A trading day that records trades and the dealers' inventory after each round."""

    executions: list[Execution] = field(default_factory=list)
    inventories: list[AssetVector] = field(default_factory=list)
    traders: InvestorKeys = frozenset()

    def requote(self, bought: Array) -> None:
        """Requote and record the inventory."""
        super().requote(bought)
        self.inventories.append(self.market.inventory[0].copy())

    def execute(self, population: Population, order: PopulationOrder, now: Information) -> None:
        """Record the traders and execute."""
        self.traders = trading_investors(population.key, order.trade, None)
        super().execute(population, order, now)

    def force(self, population: Population, forced: ForcedOrders, before: Quote) -> None:
        """Record the traders and force the order."""
        self.traders = trading_investors(population.key, forced.trade, forced.where[1])
        super().force(population, forced, before)

    def book(self, population: Population, order: PopulationOrder, costs: tuple[Array, Array], order_quote: Quote) -> None:
        """Book the trade and record it."""
        super().book(population, order, costs, order_quote)
        total, flow = order.total, order.flow.assets[0]
        expected = np.zeros_like(flow) if total.expected is None else np.broadcast_to(total.expected[0], flow.shape)
        repatriated = None if total.repatriated is None else float(total.repatriated[0, 0])
        unwound = {cause: float(amount[0, 0]) for cause, amount in total.unwound.items()}
        self._record(
            Execution(population.name, self.round, total.announced, flow, expected, unwound, repatriated, self.traders)
        )

    def sell_dollars(self, seller: str, sold_usd: Array) -> None:
        """Execute the sale and record it."""
        super().sell_dollars(seller, sold_usd)
        bought = np.zeros(self.market.inventory.shape[1])
        bought[0] = -float(sold_usd[0, 0])
        self._record(Execution(seller, self.round, False, bought, np.zeros_like(bought), {}, None, frozenset()))

    @property
    def round(self) -> int:
        """Number of the current round."""
        return len(self.inventories) - 1

    def _record(self, execution: Execution) -> None:
        if execution.bought.any() or any(execution.unwound.values()):
            self.executions.append(execution)


def trading_investors(key: str, trade: Trade, numbers: NDArray[np.intp] | None) -> InvestorKeys:
    """Return which investors trade in a model with a single run.

    Parameters
    ----------
    key
        Key of the population, or of a part of a large population.
    numbers
        Numbers of the investors, ``(selected, 1)``, if each has its own row; None for all investors in one row.
    """
    like = trade.spot_usd
    trades = np.logical_or.reduce([np.broadcast_to(move != 0.0, like.shape) for move in (like, *trade.units.values())])
    traders = np.flatnonzero(trades.ravel())
    return frozenset((key, int(number)) for number in (traders if numbers is None else numbers[traders, 0]))


@dataclass(frozen=True)
class MarketSnapshot:
    """State of the market at one moment: fundamental levels, slow and fast impact, levels with links, each ``(assets,)``."""

    fundamental: AssetVector
    slow: AssetVector
    carried: AssetVector
    added: AssetVector
    supplied: AssetVector
    level: AssetVector

    @property
    def effect(self) -> AssetVector:
        """Total impact: increase in the log price, or decrease in the yield."""
        return self.slow + self.carried + self.added


def market_snapshot(market: MarketState) -> MarketSnapshot:
    """Return the state of the first run, with the impact of the dealers' current inventory."""
    added = market.added(market.inventory)[0]
    level = market.quote(market.inventory).level[0]
    slow = (market.lasting + market.fading)[0]
    return MarketSnapshot(
        market.fundamental[0].copy(), slow, market.fast_effect[0].copy(), added, market.supplied[0].copy(), level
    )


@dataclass
class DayTrace:
    """Trace of one day.

    Attributes
    ----------
    date, step
        The day and its number from 1.
    news, signal
        Rates news, and the decrease in log USDJPY signalled by the Ministry of Finance.
    information
        Information of investors when they stated their orders.
    before, morning, close
        State at the previous close, after the news, and after the last trade.
    slope, open_inventory
        Slope of the fast impact, and the dealers' inventory at the open, ``(assets,)``.
    trading_day
        Trades and inventories by round.
    """

    date: date
    step: int
    news: DayNews
    signal: float
    information: Information
    before: MarketSnapshot
    morning: MarketSnapshot
    slope: AssetVector
    open_inventory: AssetVector
    trading_day: TracedTradingDay
    close: MarketSnapshot


class TracedModel(CapitalFlows):
    """A model with a single run that traces every day."""

    def __init__(self, scenario: Scenario, run: int, cloud: Cloud | None = None) -> None:
        variants = None if cloud is None else cloud.variants(scenario, [run])
        super().__init__(scenario, [run], variants)
        self.days: list[DayTrace] = []
        self.previous_close = market_snapshot(self.economy.market)

    def update_fundamentals(self, news: DayNews, action: MinistryAction) -> None:
        """Apply the news; record it and the state after it."""
        super().update_fundamentals(news, action)
        self.day_news = news, float(self.intervention_signal(action)[0, 0])
        self.morning = market_snapshot(self.economy.market)
        self.morning_information = self.information()

    def open_trading_day(self) -> TracedTradingDay:
        """Return a trading day that records its trades."""
        self.traced_day = TracedTradingDay(**vars(super().open_trading_day()))
        return self.traced_day

    def stop_runaways(self, trading_day: TradingDay) -> None:
        """Record the close before settlement."""
        market, close = self.economy.market, market_snapshot(self.economy.market)
        news, signal = self.day_news
        slope, opened = market.slope[0].copy(), market.open_inventory[0].copy()
        self.days.append(
            DayTrace(
                self.today,
                self.day,
                news,
                signal,
                self.morning_information,
                self.previous_close,
                self.morning,
                slope,
                opened,
                self.traced_day,
                close,
            )
        )
        self.previous_close = close
        super().stop_runaways(trading_day)


def trace_run(scenario: Scenario, run: int, until: date | None = None, cloud: Cloud | None = None) -> TracedModel:
    """Simulate one run with a trace up to a day, by default to the end of the scenario."""
    model = TracedModel(scenario, run, cloud)
    last = np.datetime64(until or scenario.end, "D")
    while model.day < len(model.dates) - 1 and model.alive.all() and model.dates[model.day + 1] <= last:
        model.step()
    return model
