"""One run simulated again with a notebook: what the market knew, who traded in which round, and the state around it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np
from numpy.typing import NDArray

from simulation.day.capital_flows import CapitalFlows
from simulation.day.clearing import TradingDay
from simulation.scenario.cloud import Cloud
from simulation.values.conventions import Array
from simulation.values.information import Information
from simulation.investors.population import Population
from simulation.market.market import MarketState
from simulation.expectations.news import DayNews
from simulation.values.orders import Trade
from simulation.policy.ministry_of_finance import Action
from simulation.values.quote import Quote
from simulation.scenario.scenario import Scenario
from simulation.day.stated_orders import Forced, Order

Row = NDArray[np.float64]
"""One number per asset, ``(assets,)``."""
Movers = frozenset[tuple[str, int]]
"""Investors by part of their population and number."""


@dataclass(frozen=True)
class Done:
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
    bought: Row
    expected: Row
    unwound: Mapping[str, float]
    brought_home_usd: float | None
    moved: Movers


@dataclass
class NotedSession(TradingDay):
    """A trading day that notes what was done and what dealers carried after each round."""

    done: list[Done] = field(default_factory=list)
    inventories: list[Row] = field(default_factory=list)
    moved: Movers = frozenset()

    def requote(self, bought: Array) -> None:
        """As always; note the inventory."""
        super().requote(bought)
        self.inventories.append(self.market.inventory[0].copy())

    def execute(self, population: Population, order: Order, now: Information) -> None:
        """As always; note who trades."""
        self.moved = movers(population.key, order.trade, None)
        super().execute(population, order, now)

    def force(self, population: Population, forced: Forced, before: Quote) -> None:
        """As always; note who trades."""
        self.moved = movers(population.key, forced.trade, forced.where[1])
        super().force(population, forced, before)

    def book(self, population: Population, order: Order, costs: tuple[Array, Array], order_quote: Quote) -> None:
        """As always; note the trade."""
        super().book(population, order, costs, order_quote)
        total, flow = order.total, order.flow.assets[0]
        expected = np.zeros_like(flow) if total.expected is None else np.broadcast_to(total.expected[0], flow.shape)
        home = None if total.repatriated is None else float(total.repatriated[0, 0])
        unwound = {cause: float(amount[0, 0]) for cause, amount in total.unwound.items()}
        self.note(Done(population.name, self.round, total.announced, flow, expected, unwound, home, self.moved))

    def sell_dollars(self, seller: str, sold_usd: Array) -> None:
        """As always; note the sale."""
        super().sell_dollars(seller, sold_usd)
        bought = np.zeros(self.market.inventory.shape[1])
        bought[0] = -float(sold_usd[0, 0])
        self.note(Done(seller, self.round, False, bought, np.zeros_like(bought), {}, None, frozenset()))

    @property
    def round(self) -> int:
        """Number of the round that trades now."""
        return len(self.inventories) - 1

    def note(self, done: Done) -> None:
        """Keep what moved anything."""
        if done.bought.any() or any(done.unwound.values()):
            self.done.append(done)


def movers(key: str, trade: Trade, numbers: NDArray[np.intp] | None) -> Movers:
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
class State:
    """The market at one moment, each ``(assets,)``: fundamental levels, slow and fast impact, and levels with links."""

    fundamental: Row
    slow: Row
    carried: Row
    added: Row
    supplied: Row
    level: Row

    @property
    def effect(self) -> Row:
        """All impact: log price moved, or yield moved down."""
        return self.slow + self.carried + self.added


def state_of(market: MarketState) -> State:
    """The state of the first run, with the impact of what dealers carry now."""
    added = market.added(market.inventory)[0]
    level = market.quote(market.inventory).level[0]
    slow = (market.lasting + market.fading)[0]
    return State(
        market.fundamental[0].copy(), slow, market.fast_effect[0].copy(), added, market.supplied[0].copy(), level
    )


@dataclass
class Day:
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
    before: State
    morning: State
    slope: Row
    opened_with: Row
    session: NotedSession
    close: State


class WatchedModel(CapitalFlows):
    """One run that keeps a notebook of every day."""

    def __init__(self, scenario: Scenario, run: int, cloud: Cloud | None = None) -> None:
        variants = None if cloud is None else cloud.variants(scenario, [run])
        super().__init__(scenario, [run], variants)
        self.days: list[Day] = []
        self.last = state_of(self.economy.market)

    def fundamentals(self, news: DayNews, action: Action) -> None:
        """As always; note the news and the market after it."""
        super().fundamentals(news, action)
        self.heard = news, float(self.signal_of(action)[0, 0])
        self.morning, self.now = state_of(self.economy.market), self.information()

    def session(self) -> NotedSession:
        """A session that notes its trades."""
        plain = super().session()
        self.noted = NotedSession(**vars(plain))
        return self.noted

    def stop_runaways(self, session: TradingDay) -> None:
        """Note the close, before anything is settled."""
        market, close = self.economy.market, state_of(self.economy.market)
        news, signal = self.heard
        slope, opened = market.slope[0].copy(), market.open_inventory[0].copy()
        self.days.append(
            Day(self.today, self.day, news, signal, self.now, self.last, self.morning, slope, opened, self.noted, close)
        )
        self.last = close
        super().stop_runaways(session)


def watch(scenario: Scenario, run: int, until: date | None = None, cloud: Cloud | None = None) -> WatchedModel:
    """Simulate one run up to a day, or to its end, and return it with its notebook."""
    model = WatchedModel(scenario, run, cloud)
    last = np.datetime64(until or scenario.end, "D")
    while model.day < len(model.dates) - 1 and model.alive.all() and model.dates[model.day + 1] <= last:
        model.step()
    return model
