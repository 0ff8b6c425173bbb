"""The simulation loop: `CapitalFlows.step` lists the stages of one business day in order."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import numpy as np

from simulation.accounts.ledger import TOLERANCE, DayFlows, ledger_residuals
from simulation.day import recorder
from simulation.day.batch_officials import batch_officials
from simulation.day.clearing import TradingDay, trade_forced, trade_voluntary
from simulation.day.economy import ABROAD, Economy
from simulation.day.open_and_close import close_books, open_session
from simulation.day.recorder import Record, Recorder, RunStop
from simulation.expectations.expectations import DayNews, currency_response
from simulation.investors.population import Population
from simulation.market.parameters import CurrencyMarket
from simulation.policy.ministry_of_finance import MinistryAction
from simulation.scenario.batch import build_batch
from simulation.scenario.scenario import Scenario
from simulation.values.conventions import PERCENT, Array, Dates, business_days
from simulation.values.orders import Information, Trade


class CapitalFlows:
    """A batch of runs of one scenario; each `step` simulates one business day.

    `simulation.day.model.CapitalFlowModel` is the same model for Mesa and documents the arguments and errors.  `columns` is
    documented in `simulate`.
    """

    def __init__(
        self,
        scenario: Scenario,
        runs: Sequence[int] = (0,),
        variants: Sequence[Scenario] | None = None,
        columns: frozenset[str] | None = None,
    ) -> None:
        self.running = True
        self.batch = build_batch(scenario, runs, variants)
        self.scenario, self.run_numbers = self.batch.scenario, list(runs)
        self.dates: Dates = scenario_days(scenario)
        self.day = 0
        self.officials = batch_officials(self.batch, self.dates)
        self.economy = Economy(self.member, self.batch, self.officials.rates, len(self.dates))
        self.alive = np.ones((len(self.run_numbers), 1), dtype=np.bool_)
        self.stopped: dict[int, RunStop] = {}
        self.recorder = Recorder(self.run_numbers, len(self.dates) - 1, columns)
        self.datacollector: Any = self.recorder
        self.record(None, None)

    def step(self) -> None:
        """Simulate one business day; does nothing after the last day."""
        if self.day >= len(self.dates) - 1 or not self.alive.any():
            self.running = False
            return
        self.day += 1
        self.stop_impossible_starts()
        if not self.alive.any():
            self.running = False
            return
        news = self.policy_and_expectations()
        action = self.officials.intervene(self.day)
        self.fundamentals(news, action)
        now = self.information()
        session = self.session()
        trade_voluntary(session, self.orders(now), now, self.outside_sales(action))
        trade_forced(session, now, self.scenario.limits)
        self.stop_runaways(session)
        close_books(self.economy, self.officials, session, self.day)
        self.check_ledger(session.flows)
        self.record(news, session)
        self.running = self.day < len(self.dates) - 1 and bool(self.alive.any())

    def member(self, kind: Callable[..., Any], *given: Any) -> Any:
        """Create a population or a sector; `CapitalFlowModel` overrides this to create Mesa agents."""
        return kind(*given)

    @property
    def today(self) -> date:
        """Date of the current day."""
        day: date = self.dates[self.day].astype(object)
        return day

    @property
    def populations(self) -> tuple[Population, ...]:
        """The populations in order of their names."""
        return self.economy.populations

    def session(self) -> TradingDay:
        """The trading day, opened at the previous close."""
        return open_session(self.economy, self.alive)

    def policy_and_expectations(self) -> DayNews:
        """Apply signals, decisions and macro news to both yield curves; returns the news of the day."""
        economy = self.economy
        economy.given_basis = float(self.officials.given.basis[: self.day + 1].sum())
        return self.officials.announce(self.day, economy.news[self.day], economy.conditions())

    def fundamentals(self, news: DayNews, action: MinistryAction) -> None:
        """Update fundamental values with rates and other news; set price impact from yesterday's stress."""
        economy, fx, given = self.economy, self.scenario.markets["usdjpy"], self.officials.given
        economy.market.shake(given.volatility[self.day], economy.long_run_variance)
        long_run = economy.long_run_variance
        stress = np.sqrt(economy.market.variance(long_run) / long_run)
        economy.market.set_slopes(stress, economy.thin_on(self.today))
        if isinstance(fx, CurrencyMarket):
            move = currency_response(news, fx) - self.signal_of(action)
            economy.move_fundamentals(self.day, move, self.officials.rates)
        economy.market.give_values(given.value[self.day])

    def outside_sales(self, action: MinistryAction) -> dict[str, Array]:
        """Exogenous dollar sales by sector, USD bn, ``(runs, 1)``."""
        sales = {"ministry_of_finance": action.sold_usd}
        if ABROAD in self.economy.counterparties:
            sales[ABROAD] = np.full_like(action.sold_usd, -self.officials.given.dollars[self.day])
        return sales

    def signal_of(self, action: MinistryAction) -> Array:
        """Fall of the fundamental log USDJPY from warnings and the signal of interventions, ``(runs, 1)``."""
        rule, slope = self.scenario.ministry_of_finance, self.economy.market.slope[:, :1]
        if rule is None:
            return np.zeros_like(slope)
        return rule.signal_multiplier * slope * action.sold_usd + rule.warning_pct * PERCENT * action.warned

    def information(self) -> Information:
        """Public information: the last close and today's rates."""
        return self.economy.information(self.today, self.day, self.officials.rates)

    def orders(self, now: Information) -> dict[str, Trade]:
        """Orders of every population, all based on the same information; stopped runs submit none."""
        orders, all_alive = {}, bool(self.alive.all())
        for population in self.economy.parts:
            trade = population.threshold_orders(now) if population.by_threshold else population.orders(now)
            if trade is not None:
                orders[population.key] = trade if all_alive else trade.only(self.alive)
        return orders

    def stop(self, rows: Sequence[int], name: str, message: str) -> None:
        """Stop the runs in `rows` today; the first reason recorded for a row is kept."""
        for row in rows:
            self.alive[row] = False
            self.stopped.setdefault(row, RunStop(self.today, name, message))

    def stop_impossible_starts(self) -> None:
        """On the first day, stop runs with zero long-run volatility or with investors already under a margin call."""
        if self.day > 1:
            return
        for name, variance in zip(self.economy.roster.names, self.economy.long_run_variance.T, strict=True):
            rows = np.flatnonzero(variance <= 0.0)
            self.stop(rows.tolist(), "zero_volatility", f"the long-run volatility of {name} is zero")
        if self.alive.any():
            now = self.information()
            for population in self.economy.parts:
                forced = population.forced(now.quote, now) & population.can_be_forced
                rows = np.flatnonzero(forced)
                message = f"{population.name} are under margin calls at start prices; lower their leverage"
                self.stop(rows.tolist(), "forced_at_start", message)

    def stop_runaways(self, session: TradingDay) -> None:
        """Stop runs in which a price left its plausible range."""
        for row, asset in session.runaways.items():
            self.stop(
                [row],
                "price_runaway",
                f"the price of {asset} left its plausible range; reduce price impact or leverage",
            )

    def check_ledger(self, flows: DayFlows) -> None:
        """Check every accounting identity; a violation stops the run under the name of the identity."""
        residuals = ledger_residuals(self.economy.books, flows, self.economy.market.last)
        self.residual = np.maximum.reduce([*residuals.values()], initial=0.0)
        for name, residual in residuals.items():
            self.recorder.audit(name, residual)
            broken = (~(residual <= TOLERANCE)).nonzero()[0]
            if broken.size:
                self.stop(
                    broken.tolist(), f"ledger:{name}", f"ledger identity {name} is violated by more than {TOLERANCE:g}"
                )

    def record(self, news: DayNews | None, session: TradingDay | None) -> None:
        """Store the requested columns of the day."""
        economy, now = self.economy, self.information()
        nothing = np.zeros_like(economy.market.slope[:, :1])
        market = recorder.price_columns(now.quote, economy.roster, self.scenario.start_values.bitcoin_usd)
        market |= recorder.rate_columns(self.officials.rates) | recorder.risk_columns(now)
        market |= recorder.fragility_columns(self.recorder, economy, now)
        market |= recorder.official_columns(self.scenario, economy)
        market |= recorder.stance_columns(self.officials.rates, self.scenario.boj)
        market |= recorder.news_columns(news, nothing) | recorder.trading_columns(session, nothing)
        residual = nothing if session is None else self.residual[:, None]
        self.recorder.market_row(self.day, market | {"ledger_residual": residual})
        tallies = session.tallies if session else economy.empty_tallies()
        recorder.store_flows(self.recorder, self.day, economy, tallies)
        self.recorder.blank(np.flatnonzero(~self.alive[:, 0]))

    def result(self) -> Record:
        """The record of the batch so far."""
        roles = {population.name: population.role for population in self.populations}
        roles["ministry_of_finance"] = "official"
        roles |= {name: party.role for name, party in self.economy.counterparties.items()}
        numbers = np.array(self.run_numbers, dtype=np.int64)
        recorder = self.recorder
        return Record(
            self.batch.common, numbers, self.dates, recorder.market, recorder.flows, roles, self.stopped,
            residuals=recorder.residuals, columns=recorder.columns,
        )  # fmt: skip


def scenario_days(scenario: Scenario) -> Dates:
    """The start date, even if it is not a business day, and every business day after it."""
    later = business_days(scenario.start, scenario.end)
    start = np.datetime64(scenario.start, "D")
    return np.concatenate([[start], later[later > start]])


def simulate(
    scenario: Scenario,
    runs: Sequence[int],
    variants: Sequence[Scenario] | None = None,
    columns: frozenset[str] | None = None,
) -> Record:
    """Simulate a batch of runs to the end of the scenario.

    Parameters
    ----------
    scenario
        A validated scenario.
    runs
        Run numbers; row i of the result is bit-identical to that run alone.  With `variants`, two rows may share a run number.
    variants
        One scenario per run; none: `scenario` for all runs.
    columns
        Names of the market and flow columns to record; none: all.  Expensive columns that are not requested are not
        computed; recorded values do not depend on the selection.  `simulation.day.recorder.REQUIRED_COLUMNS` are always
        recorded.
    """
    model = CapitalFlows(scenario, runs, variants, columns)
    while model.day < len(model.dates) - 1 and model.alive.any():
        model.step()
    for row, stop in model.stopped.items():
        model.recorder.blank_from(row, day_index(model, stop.date))
    return model.result()


def day_index(model: CapitalFlows, day: date) -> int:
    """Index of a date in the model's days."""
    return int(np.searchsorted(model.dates, np.datetime64(day, "D")))
