"""The economy of a batch: market, populations, counterparty sectors and initial balance sheets.

Counterparty sectors submit no orders: value investors and dealers form the demand curve of the market equations, and the money
market lends and takes deposits.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any, ClassVar

import numpy as np

from simulation.accounts.ledger import SectorAccounts, SectorFlows
from simulation.day.officials import RatesView
from simulation.investors import population_kinds
from simulation.investors.population import Population, PopulationStart, split_population
from simulation.market.fundamentals import daily_news, long_run_variance
from simulation.market.prices import MarketState, expected_growth, running_yield
from simulation.policy.reaction import Conditions
from simulation.scenario.batch import RunBatch
from simulation.scenario.scenario import ImpossibleScenarioError, asset_roster
from simulation.values.balance_sheet import Account, empty_account, sector_units
from simulation.values.conventions import BASIS_POINT, Array, column, row_sum
from simulation.values.orders import Information
from simulation.values.randomness import Streams

ABROAD = "abroad"
"""Name of the buyers of dollars outside the model."""
HIGH_WINDOW = 120
"""Business days over which the recent high of USDJPY is taken (MODEL section 3)."""
CLOSES_KEPT = 21
"""Number of closes that officials look back on: today's and those of the last 20 business days."""
MOMENTUM_MEMORY = 1.0 - 1.0 / 60.0
"""Daily decay factor of the USDJPY trend, about three months."""


class Counterparty:
    """A passive sector with one account."""

    role: ClassVar[str]

    def __init__(self, name: str, runs: int, assets: int) -> None:
        self.name = name
        self.account: Account = empty_account(runs, assets)


class RealMoney(Counterparty):
    """Value investors outside Japan: they meet net demand along the slow-impact demand curve and own the funds.

    Source: MODEL sections 3 and 4; Gabaix and Koijen (2021).
    """

    role = "value"


class Dealers(Counterparty):
    """Dealers: they absorb orders, earn half the spread and pass inventory to value investors; short positions are loans.

    Source: MODEL section 4; Evans and Lyons (2002).
    """

    role = "dealer"


class MoneyMarket(Counterparty):
    """Lends and borrows yen and dollars at policy rates plus spreads, takes deposits, is counterparty to swaps.

    Source: MODEL section 3.
    """

    role = "money_market"


class Abroad(Counterparty):
    """Buyers of dollars outside the model; the scenario gives their purchases (a dollar funding shock)."""

    role = "other"


COUNTERPARTIES: tuple[type[Counterparty], ...] = (RealMoney, Dealers, MoneyMarket, Abroad)
"""All classes of counterparty sectors."""


class Economy:
    """State of a batch apart from the central banks.

    Attributes
    ----------
    create_participant
        Creates a population or a counterparty sector from its class and constructor arguments.
    market
        Prices, dealer inventory and price impact.
    populations
        Populations in order of their names, so that results do not depend on the order in a config.
    population_parts
        The same populations, each large one split into parts that fit into the cache; all stages of the day iterate over these.
    books
        All balance sheets.
    news
        News of each day, ``(days, runs, assets)``.
    """

    def __init__(self, create_participant: Callable[..., Any], batch: RunBatch, rates: RatesView, days: int) -> None:
        scenario, runs = batch.scenario, batch.runs
        self.scenario, self.batch, self.create_participant = scenario, batch, create_participant
        self.roster = asset_roster(scenario)
        names = self.roster.names
        self.long_run_variance = np.concatenate(
            [
                np.tile(long_run_variance(self.roster, part.markets, part.noise), (len(numbers), 1))
                for part, numbers in batch.parts()
            ]
        )
        self.streams = Streams(scenario.seed, runs)
        self.news = np.concatenate(
            [
                daily_news(self.roster, part.markets, part.noise, days, Streams(scenario.seed, numbers))
                for part, numbers in batch.parts()
            ],
            axis=1,
        )
        self.growth = np.array([expected_growth(scenario.markets[name]) for name in names])
        self.dividends = np.array([running_yield(scenario.markets[name]) for name in names])
        self.market = MarketState(self.roster, scenario.markets, self._levels(rates), scenario.start_values.usdjpy)
        high = scenario.start_values.usdjpy_high or scenario.start_values.usdjpy
        self.highs = np.full((len(runs), HIGH_WINDOW), max(high, scenario.start_values.usdjpy))
        self.momentum = column(0.0, len(runs))
        self.closes: deque[Array] = deque([self.market.last.log_price], maxlen=CLOSES_KEPT)
        self.interest_bill = column(0.0, len(runs))
        self.given_basis = 0.0
        self.populations = self._populations(self.information(scenario.start, 0, rates))
        self.population_parts = tuple(part for population in self.populations for part in split_population(population))
        self.counterparties = self._counterparties(len(runs))
        self.books = self._books(len(runs))
        self.start_hedges = -self.books.accounts["money_market"].hedge_usd

    def _levels(self, rates: RatesView) -> Array:
        levels = np.zeros((rates.ust10.shape[0], len(self.roster)))
        for name, value in (("ust10", rates.ust10), ("jgb10", rates.jgb10)):
            levels[:, self.roster.columns[name]] = value[:, 0]
        return levels

    def _populations(self, now: Information) -> tuple[Population, ...]:
        kinds = {kind.Parameters: kind for kind in population_kinds()}
        scenario = self.scenario
        start = PopulationStart(now, self.streams, scenario.unwind, len(self.news), scenario.noise.scale_x)
        return tuple(
            self.create_participant(
                kinds[type(parameters)], name, parameters, replace(start, of_run=self.batch.populations(name))
            )
            for name, parameters in sorted(scenario.populations.items())
        )

    def _counterparties(self, runs: int) -> dict[str, Counterparty]:
        kinds: dict[str, type[Counterparty]] = {
            "dealers": Dealers,
            "money_market": MoneyMarket,
            "real_money": RealMoney,
        }
        if any(item.dollars_bought_usd_bn for item in self.scenario.news):
            kinds[ABROAD] = Abroad
        return {name: self.create_participant(kind, name, runs, len(self.roster)) for name, kind in kinds.items()}

    def _books(self, runs: int) -> SectorAccounts:
        """Initial balance sheets: officials and populations hold their stocks, value investors hold the rest."""
        accounts = {name: party.account for name, party in self.counterparties.items()}
        accounts |= {
            name: empty_account(runs, len(self.roster)) for name in ("boj", "fed", "issuers", "ministry_of_finance")
        }
        accounts["fed"].units[:, self.roster.columns["ust10"]] = self.scenario.fed.bonds_held
        accounts["boj"].units[:, self.roster.columns["jgb10"]] = self.scenario.boj.bonds_held
        outstanding = np.array([self.scenario.markets[name].outstanding() for name in self.roster.names])
        books = SectorAccounts(
            {part.key: part.sheet for part in self.population_parts}, accounts, np.tile(outstanding, (runs, 1))
        )
        held = sum((sector_units(sheet) for sheet in books.sheets.values()), np.zeros_like(books.outstanding))
        rest = books.outstanding - held - accounts["fed"].units - accounts["boj"].units
        self._refuse_overholding(rest)
        accounts["real_money"].units[:] = rest
        for money in ("usd_cash", "jpy_cash", "hedge_usd"):
            owed = [getattr(sheet, money) for sheet in books.sheets.values()]
            parts = [row_sum(amount) for amount in owed if amount is not None]
            getattr(accounts["money_market"], money)[:] = -sum(parts, column(0.0, runs))
        return books

    def _refuse_overholding(self, rest: Array) -> None:
        for name, left in zip(self.roster.names, rest.min(axis=0), strict=True):
            if left < 0.0:
                raise ImpossibleScenarioError(
                    f"the populations hold {-left:,.0f} bn more of {name} than is outstanding at the start; "
                    f"lower their stocks or raise markets.{name}"
                )

    def information(self, day: date, step: int, rates: RatesView) -> Information:
        """Public information: the last close and today's rates."""
        level = self.market.last.level
        return Information(
            day=day,
            step=step,
            roster=self.roster,
            quote=self.market.last,
            log_return=self.market.log_return,
            variance=self.market.variance(self.long_run_variance),
            long_run_variance=self.long_run_variance,
            momentum=self.momentum,
            recent_high=self.highs.max(axis=1, keepdims=True),
            fed_rate=rates.fed_rate,
            boj_rate=rates.boj_rate,
            carry=rates.carry,
            adverse_surprise=rates.adverse_surprise,
            ust10=self.roster.pick(level, "ust10"),
            jgb10=self.roster.pick(level, "jgb10"),
            jgb30=rates.jgb30,
            hedging_cost=rates.hedging_cost,
            imposed_spread=rates.imposed_spread,
        )

    def move_fundamentals(self, day: int, currency_move: Array, rates: RatesView) -> None:
        """Set bond fundamentals from the yield curves; update the others with growth, news and, for USDJPY, rates."""
        self.market.opening = self.market.fundamental
        moved = self.market.fundamental + self.growth + self.news[day]
        moved[:, :1] += currency_move
        for name, level in (("ust10", rates.ust10), ("jgb10", rates.jgb10)):
            moved[:, self.roster.columns[name]] = level[:, 0]
        self.market.fundamental = moved

    def asset_yields(self) -> Array:
        """Coupon or dividend yield of each asset at the last quote, decimal per year, ``(runs, assets)``."""
        return np.where(self.market.rules.bond, self.market.last.level, self.dividends)

    def remember_close(self, day: int) -> None:
        """Update the high, the trend and the recent closes."""
        self.highs[:, day % HIGH_WINDOW] = self.market.last.usdjpy[:, 0]
        trend = self.market.log_return[:, :1] * 252.0
        self.closes.append(self.market.last.log_price)
        self.momentum = MOMENTUM_MEMORY * self.momentum + (1.0 - MOMENTUM_MEMORY) * trend

    def conditions(self) -> Conditions:
        """Market conditions observed by officials: yesterday's close."""
        last, fiscal = self.market.last, self.scenario.fiscal
        equity = "japan_equity" if "japan_equity" in self.roster.columns else "usdjpy"
        variance = self.market.variance(self.long_run_variance)[:, :1]
        week_ago = self.closes[max(len(self.closes) - 6, 0)]
        return Conditions(
            usdjpy=last.usdjpy,
            usdjpy_rise=last.log_price[:, :1] - self.closes[0][:, :1],
            equity_fall=self.roster.pick(week_ago - last.log_price, equity),
            stress=np.sqrt(variance / self.long_run_variance[:, :1]),
            interest_bill_share=fiscal.share_of_gdp(self.interest_bill),
            basis=self.basis(),
        )

    def basis(self) -> Array:
        """Cross-currency basis, which widens as hedging demand grows, decimal per year, ``(runs, 1)``."""
        start = self.scenario.start_values
        added = -self.books.accounts["money_market"].hedge_usd - self.start_hedges
        basis = (start.basis_bp - start.basis_bp_per_100_usd_bn * added / 100.0) * BASIS_POINT
        return np.asarray(basis + self.given_basis)

    def is_thin_market(self, day: date) -> bool:
        """Whether markets are thin on a day."""
        return any(period.first_day <= day <= period.last_day for period in self.scenario.thin_periods)

    def empty_tallies(self) -> dict[str, SectorFlows]:
        """Empty daily flows for each sector that trades."""
        runs, assets = self.market.inventory.shape
        others = [name for name in self.counterparties if name != "money_market"]
        names = [*(population.name for population in self.populations), *others, "ministry_of_finance"]
        return {name: SectorFlows(np.zeros((runs, assets)), np.zeros((runs, 1))) for name in names}
