"""MesaTwin: the engine's day with one agent object per investor."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import mesa
import numpy as np

from benchmarks.mesa_twin.prices import News, Prices, news_of
from benchmarks.mesa_twin.sector import Sector
from benchmarks.mesa_twin.trading import Floor, pay_incomes, trade_forced, trade_voluntary, write_off_losses
from simulation.accounts.ledger import TOLERANCE, DayFlows
from simulation.accounts.settlement import accrue_account
from simulation.day.clearing import TradingDay
from simulation.day.model import CapitalFlowModel
from simulation.day.open_and_close import (
    daily_accrual,
    open_session,
    purchase_bonds,
    release_inventory,
    update_interest_bill,
)
from simulation.day.recorder import Record
from simulation.scenario.scenario import Scenario


class StoppedRunError(RuntimeError):
    """The run stopped before its last day; the twin supports complete runs only."""


class UnknownRuleError(ValueError):
    """The scenario has a rule that the twin does not support."""


class MesaTwin(CapitalFlowModel):
    """One run of a scenario with one Mesa agent per investor; what it inherits is what it shares with the engine.

    Attributes
    ----------
    sectors
        The agents by population, in the engine's order.
    news, start
        Public information of the day and of the start, plain numbers.
    datacollector
        Mesa's own collector: every market column, and every sector's stock.

    Raises
    ------
    UnknownRuleError
        If the scenario has the article's threshold rule, which replaces the investors' own rules.
    """

    def __init__(self, scenario: Scenario, run: int = 0) -> None:
        super().__init__(scenario, [run])
        if scenario.unwind.rule != "structural":
            raise UnknownRuleError(f"unwind.rule is {scenario.unwind.rule!r}; the Mesa twin knows 'structural' only")
        populations = self.economy.populations
        self.sectors = [Sector(self, population) for population in populations]
        # The shared recorder and ledger find the sectors where they would find populations, or parts of large ones.
        shared: Any = self.economy
        shared.populations = shared.parts = tuple(self.sectors)
        self.news = self.start = self.public_news(self.prices_at_close())
        self.datacollector = mesa.DataCollector(model_reporters=self._reporters())
        self.record(None, None)
        self.datacollector.collect(self)

    def member(self, kind: Callable[..., Any], *given: Any) -> Any:
        """Populations are not agents here; their investors are."""
        return kind(*given)

    def step(self) -> None:
        """Simulate one business day; does nothing after the last."""
        if self.day >= len(self.dates) - 1:
            self.running = False
            return
        self.day += 1
        self.stop_impossible_starts()
        news = self.policy_and_expectations()
        action = self.officials.intervene(self.day)
        self.fundamentals(news, action)
        floor = Floor(self.session(), self.sectors)
        self.news = self.public_news(floor.prices)
        self.investors_do("decide")
        trade_voluntary(floor, self.outside_sales(action))
        trade_forced(floor, self.scenario.limits)
        self.stop_runaways(floor.session)
        self.close_books(floor)
        self.news = self.public_news(floor.prices)
        self.check_ledger(floor.session.flows)
        self.record(news, floor.session)
        self.datacollector.collect(self)
        self.running = self.day < len(self.dates) - 1

    def investors_do(self, method: str) -> None:
        """Every investor acts in random order; orders precede all price changes, so the sequence has no effect."""
        for kind in dict.fromkeys(sector.kind for sector in self.sectors):
            self.agents_by_type[kind].shuffle_do(method)

    def session(self) -> TradingDay:
        """A session at yesterday's close."""
        return open_session(self.economy, self.alive)

    def close_books(self, floor: Floor) -> None:
        """Settle the night, in the order of `simulation.day.open_and_close.close_books`."""
        economy, session, accounts = self.economy, floor.session, self.economy.books.accounts
        economy.market.remember(session.quote, economy.long_run_variance * self.scenario.noise.scale_x**2)
        economy.remember_close(self.day)
        update_interest_bill(economy, self.officials, self.day)
        write_off_losses(economy, self.sectors, session.flows)
        accrual = daily_accrual(economy, self.officials, self.day)
        pay_incomes(economy, self.sectors, accrual, floor.prices)
        for name in ("dealers", "real_money"):
            payers = accounts["issuers"], accounts["money_market"]
            accrue_account(accounts[name], payers, accrual, session.quote, economy.roster)
        release_inventory(economy, session)
        purchase_bonds(economy, self.officials, session, self.day)

    def check_ledger(self, flows: DayFlows) -> None:
        """Check the identities between sectors, and the equity of every agent."""
        self.economy.books = replace(self.economy.books, sheets={each.name: each.sheet for each in self.sectors})
        super().check_ledger(flows)
        worst = max(sector.largest_gap(self.news.prices) for sector in self.sectors)
        self.residual = np.maximum(self.residual, worst)
        if not worst <= TOLERANCE:
            self.stop([0], "ledger:equity_explained", "an agent's net worth is not explained by its profit and loss")

    def stop(self, rows: Any, name: str, message: str) -> None:
        """Raise an error if the run stops early."""
        if len(rows):
            raise StoppedRunError(f"{self.today}: {name}: {message}")

    def public_news(self, prices: Prices) -> News:
        """Public information as plain numbers."""
        return news_of(self.information(), prices)

    def prices_at_close(self) -> Prices:
        """The last close as plain numbers."""
        return Floor(self.session(), self.sectors).prices

    def _reporters(self) -> dict[str, Any]:
        market = {name: partial(market_column, name) for name in self.recorder.market}
        return market | {f"stock_{sector.name}": partial(stock_column, sector.name) for sector in self.sectors}


def market_column(name: str, model: MesaTwin) -> float:
    """Today's value of a market column."""
    return float(model.recorder.market[name][0, model.day])


def stock_column(sector: str, model: MesaTwin) -> float:
    """Today's foreign position of a sector, USD bn at start prices."""
    return float(model.recorder.flows[sector]["stock_usd_bn"][0, model.day])


def run_twin(scenario: Scenario, run: int = 0) -> Record:
    """Run the twin to its end; the record has the columns of the engine's."""
    twin = MesaTwin(scenario, run)
    twin.run_model()
    return twin.result()
