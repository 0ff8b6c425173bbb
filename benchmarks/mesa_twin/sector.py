"""A sector: the agents of one population and their sums."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from benchmarks.mesa_twin.carry_traders import CarryFund, YenBorrower
from benchmarks.mesa_twin.foreigners import BitcoinEtfHolder, ForeignerInJapan
from benchmarks.mesa_twin.investor import Birth, Investor
from benchmarks.mesa_twin.life_insurer import LifeInsurer
from benchmarks.mesa_twin.margin_traders import CryptoTrader, RetailTrader
from benchmarks.mesa_twin.order import Order, total
from benchmarks.mesa_twin.prices import Number, Prices
from benchmarks.mesa_twin.residents import Bank, InvestmentTrust, PensionFund, RealMoneyHolder
from simulation.investors import banks, carry_funds, crypto_traders, life_insurers, pension_funds, retail_fx
from simulation.investors.bitcoin_etf_holders import BitcoinEtfHolders
from simulation.investors.foreigners_in_japan import ForeignersInJapan
from simulation.investors.investment_trusts import InvestmentTrusts
from simulation.investors.population import Population
from simulation.investors.real_money_japan import RealMoneyJapan
from simulation.investors.yen_borrowers import YenBorrowers
from simulation.values.assets import Quote
from simulation.values.balance_sheet import BalanceSheet
from simulation.values.conventions import Array, Flags, column
from simulation.values.orders import Information

KINDS: Final[Mapping[type[Population], type[Investor]]] = {
    carry_funds.CarryFunds: CarryFund,
    YenBorrowers: YenBorrower,
    life_insurers.LifeInsurers: LifeInsurer,
    pension_funds.PensionFunds: PensionFund,
    banks.Banks: Bank,
    InvestmentTrusts: InvestmentTrust,
    RealMoneyJapan: RealMoneyHolder,
    crypto_traders.CryptoTraders: CryptoTrader,
    retail_fx.RetailFx: RetailTrader,
    BitcoinEtfHolders: BitcoinEtfHolder,
    ForeignersInJapan: ForeignerInJapan,
}
"""Agent class of each kind of population."""


class Sector:
    """The agents of one population of the scenario.

    To the shared recorder and ledger it looks like a population: the balance sheet, the stock and the forced sales that it
    shows are sums over its agents.

    Attributes
    ----------
    investors
        The agents, a Mesa `AgentSet`.
    start_mean
        Expected return of carry at the start, for those who have carry as their incentive.
    bond_flow
        Noise in the bond purchases of the whole sector by day, for foreigners in Japan.
    """

    def __init__(self, model: Any, population: Population) -> None:
        self.model = model
        self.name = self.key = population.name
        self.role, self.parameters = population.role, population.parameters
        self.books, self.by_threshold = population.sheet.books, False
        self.least_size = 1e-3 * population.sheet.typical_usd.item()
        self.start_mean: Number = float(getattr(population, "start_mean", np.zeros(1)).item())
        self.bond_flow = population.memory.get("bond_flow", np.zeros((1, 0)))[0].tolist()
        self.kind, born = KINDS[type(population)], births(population)
        self.investors = self.kind.create_agents(model, len(born), self, born)
        self.hedges = population.sheet.hedge_usd is not None
        self.can_be_forced = self.kind.margined

    def ordered(self) -> Order:
        """Sum of the orders of its agents."""
        return total(order for order in self.investors.get("order") if order is not None)

    def is_forced(self, prices: Prices) -> bool:
        """Whether lenders or stops force any of its agents to trade."""
        return self.can_be_forced and any(self.investors.map("is_forced", prices))

    def forced(self, quote: Quote, now: Information) -> Flags:
        """Whether any agent is forced at the last close, ``(1,)``; for the shared check before the first day."""
        return np.array([self.is_forced(self.model.news.prices)])

    def forced_spot_usd(self, falls: tuple[float, ...], now: Information) -> list[Array]:
        """Dollars of forced sales if USDJPY fell by each of `falls` from the close, each ``(1, 1)``."""
        sold = self.investors.map("forced_sale_usd", falls)
        return [column(sum(amounts), 1) for amounts in zip(*sold, strict=True)]

    def levered_spot_usd(self, usdjpy: Array) -> Array:
        """Dollars sold if all positions were closed, ``(1, 1)``."""
        return column(sum(self.investors.map("levered_usd", usdjpy.item())), 1)

    def stock(self) -> Array:
        """Foreign position at start prices, USD bn, ``(1, 1)``."""
        return column(sum(self.investors.map("position_usd")), 1)

    @property
    def sheet(self) -> BalanceSheet:
        """Sum of its agents' balance sheets: one row, one column."""
        held = self.investors.get("units")
        units = {book: column(sum(own[book] for own in held), 1) for book in self.books}
        money = {name: column(self.investors.agg(name, sum), 1) for name in ("usd_cash", "jpy_cash", "equity_usd")}
        hedge = column(self.investors.agg("hedge_usd", sum), 1) if self.hedges else None
        return BalanceSheet(
            self.books, units, money["usd_cash"], money["jpy_cash"], hedge, money["equity_usd"], column(1.0, 1)
        )

    def largest_gap(self, prices: Prices) -> float:
        """Largest relative difference, over its agents, of net worth and equity carried forward."""
        return float(max(self.investors.map("equity_gap", prices, self.least_size)))


def births(population: Population) -> Sequence[Birth]:
    """Initial state of each investor of the first run."""
    sheet = population.sheet
    own = {name: values for name, values in {**population.traits, **population.memory}.items() if name != "bond_flow"}
    constants = {name: getattr(population, name) for name in ("plan_half", "income_half") if hasattr(population, name)}
    count = sheet.usd_cash.shape[1]

    def of(values: Array, investor: int) -> Number:
        return values[0, investor].item()

    return [
        Birth(
            {name: of(values, at) for name, values in own.items()} | constants,
            {book: of(units, at) for book, units in sheet.holdings.items()},
            of(sheet.usd_cash, at),
            of(sheet.jpy_cash, at),
            None if sheet.hedge_usd is None else of(sheet.hedge_usd, at),
            of(sheet.equity_usd, at),
        )
        for at in range(count)
    ]
