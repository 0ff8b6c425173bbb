"""One run simulated again with a notebook: what the market knew, who traded in which round, and the state around it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np
from numpy.typing import NDArray

from simulation.day.capital_flows import CapitalFlows
from simulation.day.clearing import ForcedOrders, StatedOrder, TradingDay
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
"""One number per asset, ``(assets,)``."""
InvestorKeys = frozenset[tuple[str, int]]
"""Investors by part of their population and number."""


@dataclass(frozen=True)
class Execution:
    """What one population did in one round of a day.

    Attributes
    ----------
    population
        Its name.
    round
        0 for voluntary orders, then the round of forced ones.
    announced
        Whether value investors took the other side directly.
    bought, expected
        Units of each asset bought, spot dollars first, and the part of them that was expected, ``(assets,)``.
    unwound
        Foreign position given up by cause, USD bn at start prices.
    brought_home_usd
        Dollars that residents converted to yen, USD bn; none for others.
    moved
        Which of its investors traded, by part of the population and number; nobody for officials.
    """

    population: str
    round: int
    announced: bool
    bought: AssetVector
    expected: AssetVector
    unwound: Mapping[str, float]
    brought_home_usd: float | None
    moved: InvestorKeys


@dataclass
class TracedTradingDay(TradingDay):
    """A trading day that notes what was done and what dealers carried after each round."""

    done: list[Execution] = field(default_factory=list)
    inventories: list[AssetVector] = field(default_factory=list)
    moved: InvestorKeys = frozenset()

    def requote(self, bought: Array) -> None:
        """As always; note the inventory."""
        super().requote(bought)
        self.inventories.append(self.market.inventory[0].copy())

    def execute(self, population: Population, order: StatedOrder, now: Information) -> None:
        """As always; note who trades."""
        self.moved = trading_investors(population.key, order.trade, None)
        super().execute(population, order, now)

    def force(self, population: Population, forced: ForcedOrders, before: Quote) -> None:
        """As always; note who trades."""
        self.moved = trading_investors(population.key, forced.trade, forced.where[1])
        super().force(population, forced, before)

    def book(self, population: Population, order: StatedOrder, costs: tuple[Array, Array], order_quote: Quote) -> None:
        """As always; note the trade."""
        super().book(population, order, costs, order_quote)
        total, flow = order.total, order.flow.assets[0]
        expected = np.zeros_like(flow) if total.expected is None else np.broadcast_to(total.expected[0], flow.shape)
        home = None if total.repatriated is None else float(total.repatriated[0, 0])
        unwound = {cause: float(amount[0, 0]) for cause, amount in total.unwound.items()}
        self.note(Execution(population.name, self.round, total.announced, flow, expected, unwound, home, self.moved))

    def sell_dollars(self, seller: str, sold_usd: Array) -> None:
        """As always; note the sale."""
        super().sell_dollars(seller, sold_usd)
        bought = np.zeros(self.market.inventory.shape[1])
        bought[0] = -float(sold_usd[0, 0])
        self.note(Execution(seller, self.round, False, bought, np.zeros_like(bought), {}, None, frozenset()))

    @property
    def round(self) -> int:
        """Number of the round that trades now."""
        return len(self.inventories) - 1

    def note(self, done: Execution) -> None:
        """Keep what moved anything."""
        if done.bought.any() or any(done.unwound.values()):
            self.done.append(done)


def trading_investors(key: str, trade: Trade, numbers: NDArray[np.intp] | None) -> InvestorKeys:
    """Which investors of a run that is watched alone trade.

    Parameters
    ----------
    key
        Key of the population, or of a part of a large one.
    numbers
        Numbers of the investors, ``(picked, 1)``, where each is a row of its own; none: everybody, in a single row.
    """
    like = trade.spot_usd
    trades = np.logical_or.reduce([np.broadcast_to(move != 0.0, like.shape) for move in (like, *trade.units.values())])
    found = np.flatnonzero(trades.ravel())
    return frozenset((key, int(number)) for number in (found if numbers is None else numbers[found, 0]))


@dataclass(frozen=True)
class MarketSnapshot:
    """The market at one moment, each ``(assets,)``: fundamental levels, slow and fast impact, and levels with links."""

    fundamental: AssetVector
    slow: AssetVector
    carried: AssetVector
    added: AssetVector
    supplied: AssetVector
    level: AssetVector

    @property
    def effect(self) -> AssetVector:
        """All impact: log price moved, or yield moved down."""
        return self.slow + self.carried + self.added


def market_snapshot(market: MarketState) -> MarketSnapshot:
    """The state of the first run, with the impact of what dealers carry now."""
    added = market.added(market.inventory)[0]
    level = market.quote(market.inventory).level[0]
    slow = (market.lasting + market.fading)[0]
    return MarketSnapshot(
        market.fundamental[0].copy(), slow, market.fast_effect[0].copy(), added, market.supplied[0].copy(), level
    )


@dataclass
class DayTrace:
    """Everything noted of one day: state at the last close, in the morning after the news, and at the close.

    Attributes
    ----------
    date, step
        The day, and its number from 1.
    news, signal
        Rates news, and the fall of log USDJPY that the Ministry of Finance signals.
    now
        What investors knew when they stated their orders.
    before, morning, close
        The market at yesterday's close, after the news, after the last trade.
    slope, opened_with
        Fast impact of the day, and what dealers carried at the open, ``(assets,)``.
    session
        Trades and inventories.
    """

    date: date
    step: int
    news: DayNews
    signal: float
    now: Information
    before: MarketSnapshot
    morning: MarketSnapshot
    slope: AssetVector
    opened_with: AssetVector
    session: TracedTradingDay
    close: MarketSnapshot


class TracedModel(CapitalFlows):
    """One run that keeps a notebook of every day."""

    def __init__(self, scenario: Scenario, run: int, cloud: Cloud | None = None) -> None:
        variants = None if cloud is None else cloud.variants(scenario, [run])
        super().__init__(scenario, [run], variants)
        self.days: list[DayTrace] = []
        self.last = market_snapshot(self.economy.market)

    def fundamentals(self, news: DayNews, action: MinistryAction) -> None:
        """As always; note the news and the market after it."""
        super().fundamentals(news, action)
        self.heard = news, float(self.signal_of(action)[0, 0])
        self.morning, self.now = market_snapshot(self.economy.market), self.information()

    def session(self) -> TracedTradingDay:
        """A session that notes its trades."""
        plain = super().session()
        self.noted = TracedTradingDay(**vars(plain))
        return self.noted

    def stop_runaways(self, session: TradingDay) -> None:
        """Note the close, before anything is settled."""
        market, close = self.economy.market, market_snapshot(self.economy.market)
        news, signal = self.heard
        slope, opened = market.slope[0].copy(), market.open_inventory[0].copy()
        self.days.append(
            DayTrace(
                self.today, self.day, news, signal, self.now, self.last, self.morning, slope, opened, self.noted, close
            )
        )
        self.last = close
        super().stop_runaways(session)


def trace_run(scenario: Scenario, run: int, until: date | None = None, cloud: Cloud | None = None) -> TracedModel:
    """Simulate one run up to a day, or to its end, and return it with its notebook."""
    model = TracedModel(scenario, run, cloud)
    last = np.datetime64(until or scenario.end, "D")
    while model.day < len(model.dates) - 1 and model.alive.all() and model.dates[model.day + 1] <= last:
        model.step()
    return model
