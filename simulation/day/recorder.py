"""The record of a batch: one column per variable with a row per run and an entry per day, and how each day fills it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from simulation.accounts.ledger import SectorFlows
from simulation.day.clearing import TradingDay
from simulation.day.economy import Economy
from simulation.day.fragility import (
    ForcedSales,
    cascade_distance,
    crowding,
    depth_weighted_stock,
    forced_sales,
    loop_gain,
    tipping_distance,
)
from simulation.day.officials import RatesView
from simulation.expectations.expectations import DayNews, total_surprise
from simulation.investors.population import Population
from simulation.policy.central_banks import BankOfJapan
from simulation.policy.ministry_of_finance import neutral_gap_pp
from simulation.scenario.scenario import Scenario
from simulation.values.assets import Quote, Roster
from simulation.values.conventions import BASIS_POINT, PERCENT, TRADING_DAYS_PER_YEAR, Array, Dates, row_sum
from simulation.values.orders import CAUSES, Information

if TYPE_CHECKING:
    import pandas as pd

REQUIRED_COLUMNS: Final = frozenset({"usdjpy", "ledger_residual"})
"""Columns that every record contains: USDJPY, which shows the days a run reached, and the ledger check."""
INDEX_START = 100.0
"""Index level of equities at the start."""
STOCK_COLUMNS = ("stock_usd_bn", "equity_usd_bn")
"""Names of the columns of `stock_values`."""
CASCADE_USD_BN = 5.0
"""A cascade day has forced orders of at least this size (2 % of the default levered stock) over two rounds or more."""


@dataclass(frozen=True)
class RunStop:
    """Early end of a run: date, name of the reason and message."""

    date: date
    name: str
    message: str


@dataclass(frozen=True)
class Record:
    """The recorded results of a batch.

    Attributes
    ----------
    scenario
        The validated scenario.
    runs
        Run numbers, ``(runs,)``.
    dates
        The start date and every business day after it, ``(days + 1,)``.
    market
        Market columns by name, ``(runs, days + 1)``; NaN from the day on which a run stopped.
    flows
        Flow columns by population and name, ``(runs, days + 1)``, USD bn; the first day holds stocks only.
    roles
        Role of each population: levered, resident, other, value, dealer, money_market.
    stopped
        Early ends by row; two rows may share a run number.
    parameter_sets
        Name of the calibrated parameter sets of the runs; empty if all runs use the parameters of the scenario.
    residuals
        Largest relative residual of each ledger identity by name, ``(runs,)``.
    columns
        Names of the requested columns; none: all.
    """

    scenario: Scenario
    runs: NDArray[np.int64]
    dates: Dates
    market: dict[str, Array]
    flows: dict[str, dict[str, Array]]
    roles: dict[str, str]
    stopped: dict[int, RunStop]
    parameter_sets: str = ""
    residuals: dict[str, Array] = field(default_factory=dict)
    columns: frozenset[str] | None = None

    def demand(self, column: str) -> None:
        """Check that a column was requested, so that a missing column means that the scenario does not have it.

        Raises
        ------
        LookupError
            If the column was not requested.
        """
        if self.columns is not None and column not in self.columns | REQUIRED_COLUMNS:
            raise LookupError(f"the column {column} was not recorded; add it to the `columns` argument of `simulate`")

    @property
    def finished(self) -> NDArray[np.bool_]:
        """Whether each run reached the last day, ``(runs,)``."""
        rows = np.ones(len(self.runs), dtype=np.bool_)
        rows[list(self.stopped)] = False
        return rows


@dataclass
class Recorder:
    """Collects columns day by day, without drawing random numbers or changing the model.

    Attributes
    ----------
    columns
        Names of the requested columns; none: all.
    blocks
        Stored arrays ``([owners,] columns, runs, days + 1)`` by owners and column names; market columns have no owner.
    """

    numbers: Sequence[int]
    days: int
    columns: frozenset[str] | None = None
    last_day: int = 0
    blocks: dict[tuple[tuple[str, ...], tuple[str, ...]], Array] = field(default_factory=dict, repr=False)
    residuals: dict[str, Array] = field(default_factory=dict)

    @property
    def market(self) -> dict[str, Array]:
        """Market columns by name, ``(runs, days + 1)``; views of the stored arrays."""
        blocks = ((names, block) for (owners, names), block in self.blocks.items() if not owners)
        return {name: values for names, block in blocks for name, values in zip(names, block, strict=True)}

    @property
    def flows(self) -> dict[str, dict[str, Array]]:
        """Flow columns by population and name, ``(runs, days + 1)``; views of the stored arrays."""
        tables: dict[str, dict[str, Array]] = {}
        for (owners, names), block in self.blocks.items():
            for owner, columns in zip(owners, block, strict=bool(owners)):
                tables.setdefault(owner, {}).update(zip(names, columns, strict=True))
        return tables

    def is_requested(self, column: str) -> bool:
        """Whether a column is requested."""
        return self.columns is None or column in self.columns or column in REQUIRED_COLUMNS

    def audit(self, identity: str, residual: Array) -> None:
        """Keep the largest residual of an identity, ``(runs,)``; NaN is kept."""
        self.residuals[identity] = np.maximum(self.residuals.get(identity, residual), residual)

    def market_row(self, day: int, values: Mapping[str, Array]) -> None:
        """Store the requested market columns of a day, each ``(runs, 1)``."""
        self.last_day = day
        requested = {name: value for name, value in values.items() if self.is_requested(name)}
        block = self._block((), tuple(requested), np.nan)
        block[..., day] = np.concatenate(list(requested.values()), axis=1).T

    def flow_rows(self, day: int, owners: tuple[str, ...], names: tuple[str, ...], values: Callable[[], Array]) -> None:
        """Store the requested flow columns of a day for several populations.

        Parameters
        ----------
        day, owners, names
            Index of the day, names of the populations and names of the columns.
        values
            Returns the flows, ``(populations, runs, columns)``; not called if no column is requested.
        """
        requested = [position for position, name in enumerate(names) if self.is_requested(name)]
        block = self._block(owners, tuple(names[position] for position in requested), 0.0)
        if requested:
            block[..., day] = values()[..., requested].swapaxes(1, 2)

    def set_missing(self, rows: NDArray[np.intp]) -> None:
        """Set the market columns of stopped runs to NaN on the last stored day."""
        for (owners, _), block in self.blocks.items():
            if not owners:
                block[:, rows, self.last_day] = np.nan

    def set_missing_from(self, row: int, day: int) -> None:
        """Set the market columns of a stopped run to NaN from `day` on and its flows to zero after `day`."""
        for (owners, _), block in self.blocks.items():
            if owners:
                block[..., row, day + 1 :] = 0.0
            else:
                block[:, row, day:] = np.nan

    def _block(self, owners: tuple[str, ...], names: tuple[str, ...], initial: float) -> Array:
        """The array that stores these columns, created with the value `initial` on first use."""
        block = self.blocks.get((owners, names))
        if block is None:
            size = (*([len(owners)] if owners else []), len(names), len(self.numbers), self.days + 1)
            block = self.blocks[owners, names] = np.full(size, initial)
        return block

    @property
    def model_vars(self) -> dict[str, list[float]]:
        """Market columns of the first run by day, in the format of Mesa's batch runner."""
        return {name: values[0, : self.last_day + 1].tolist() for name, values in self.market.items()}

    def get_agent_vars_dataframe(self) -> "pd.DataFrame":
        """Flows of the first run by day and population, in the format of Mesa's data collector."""
        import pandas as pd

        days = slice(0, self.last_day + 1)
        tables = {
            name: pd.DataFrame({column: values[0, days] for column, values in table.items()})
            for name, table in self.flows.items()
        }
        return pd.concat(tables, names=["AgentID", "Step"]).swaplevel().sort_index()

    def get_model_vars_dataframe(self) -> "pd.DataFrame":
        """Market columns by day in the format of Mesa's data collector; with several runs the columns are (variable, run)."""
        import pandas as pd

        days = slice(0, self.last_day + 1)
        if len(self.numbers) == 1:
            return pd.DataFrame({name: values[0, days] for name, values in self.market.items()})
        columns = pd.MultiIndex.from_product([self.market, self.numbers], names=["variable", "run"])
        return pd.DataFrame(
            np.concatenate([values[:, days].T for values in self.market.values()], axis=1), columns=columns
        )


def price_columns(quote: Quote, roster: Roster, start_bitcoin: float) -> dict[str, Array]:
    """Prices in the units of the tables."""
    columns = {"usdjpy": quote.usdjpy}
    for name in roster.names[1:]:
        if name in ("ust10", "jgb10"):
            columns[f"{name}_pct"] = roster.pick(quote.level, name) / PERCENT
        elif name == "bitcoin":
            columns["bitcoin_usd"] = roster.pick(quote.price, name) * start_bitcoin
        else:
            columns[name] = roster.pick(quote.price, name) * INDEX_START
    columns["spread_10y_pp"] = columns["ust10_pct"] - columns["jgb10_pct"]
    return columns


def rate_columns(rates: RatesView) -> dict[str, Array]:
    """Policy rates, two-year yields, carry and hedging cost."""
    return {
        "ust2_pct": rates.ust2 / PERCENT,
        "jgb2_pct": rates.jgb2 / PERCENT,
        "fed_rate_pct": rates.fed_rate / PERCENT,
        "boj_rate_pct": rates.boj_rate / PERCENT,
        "boj_move_probability": rates.boj_move_probability,
        "carry_pct": rates.carry / PERCENT,
        "hedging_cost_pct": rates.hedging_cost / PERCENT,
    }


def official_columns(scenario: Scenario, economy: Economy) -> dict[str, Array]:
    """The basis and Japan's interest bill."""
    share = scenario.fiscal.share_of_gdp(economy.interest_bill)
    return {
        "basis_bp": economy.basis() / BASIS_POINT,
        "interest_bill_jpy_bn": economy.interest_bill,
        "interest_bill_pct_of_gdp": share / PERCENT,
    }


def stance_columns(rates: RatesView, boj: BankOfJapan) -> dict[str, Array]:
    """Distance of the Bank of Japan's policy rate from the neutral band, pp; negative below it."""
    return {"neutral_gap_pp": neutral_gap_pp(rates.boj_rate, boj.neutral_low_pct, boj.neutral_high_pct)}


def risk_columns(now: Information) -> dict[str, Array]:
    """Volatility, stress and carry-to-volatility."""
    variance = now.fx_variance()
    volatility = np.sqrt(variance * TRADING_DAYS_PER_YEAR)
    return {
        "usdjpy_volatility_pct": volatility / PERCENT,
        "stress": np.sqrt(variance / np.maximum(now.fx_long_run_variance(), 1e-300)),
        "carry_to_volatility": carry_to_volatility(now.carry, volatility),
    }


FRAGILITY_COLUMNS: Final[dict[str, Callable[[ForcedSales], Array]]] = {
    "loop_gain": loop_gain,
    "tipping_distance_pct": lambda sales: tipping_distance(sales) / PERCENT,
    "cascade_distance_pct": lambda sales: cascade_distance(sales, CASCADE_USD_BN) / PERCENT,
    "crowding_share": crowding,
    "depth_weighted_stock_pct": lambda sales: depth_weighted_stock(sales) / PERCENT,
}
"""Fragility columns; computing the forced sales they need takes a tenth of the time of a day or more."""


def fragility_columns(recorder: Recorder, economy: Economy, now: Information) -> dict[str, Array]:
    """The requested columns of FRAGILITY_COLUMNS; without any, forced sales are not computed."""
    requested = {name: column for name, column in FRAGILITY_COLUMNS.items() if recorder.is_requested(name)}
    if not requested:
        return {}
    sales = forced_sales(economy.population_parts, now, economy.market.slope[:, :1])
    return {name: column(sales) for name, column in requested.items()}


def carry_to_volatility(carry: Array, volatility: Array) -> Array:
    """Carry earned per unit of risk, ``carry / sigma``, ``(runs, 1)``; zero where volatility is zero.

    Parameters
    ----------
    carry
        Expected policy-rate differential over two years, US less Japan, decimal per year.
    volatility
        Volatility of USDJPY, decimal per year.

    Source: Galati, Heath and McGuire (2007), BIS Quarterly Review, carry-to-risk ratio.
    Departure: realised (EWMA) instead of implied volatility; the model has no options.
    """
    return np.where(volatility > 0.0, carry / np.where(volatility > 0.0, volatility, 1.0), 0.0)


def news_columns(news: DayNews | None, like: Array) -> dict[str, Array]:
    """Surprises of the day, Japan minus US, basis points."""
    if news is None:
        return {"target_surprise_bp": np.zeros_like(like), "path_surprise_bp": np.zeros_like(like)}
    target = news.boj.target_surprise - news.fed.target_surprise
    total = total_surprise(news.boj) - total_surprise(news.fed)
    return {"target_surprise_bp": target / BASIS_POINT, "path_surprise_bp": (total - target) / BASIS_POINT}


def trading_columns(trading_day: TradingDay | None, like: Array) -> dict[str, Array]:
    """Forced orders, rounds of forced orders and dealer inventory."""
    names = ("cascade_rounds", "forced_usd_bn", "cascade", "unsettled", "dealer_inventory_usd_bn")
    if trading_day is None:
        return {name: np.zeros_like(like) for name in names}
    cascade = (trading_day.rounds >= 2) & (trading_day.forced_usd >= CASCADE_USD_BN)
    values = (
        trading_day.rounds,
        trading_day.forced_usd,
        cascade,
        trading_day.unsettled,
        trading_day.market.inventory[:, :1],
    )
    return {name: value.astype(np.float64) for name, value in zip(names, values, strict=True)}


@cache
def flow_columns(roster: Roster) -> tuple[str, ...]:
    """Names of the columns of `flow_values`."""
    bought = (f"bought_{name}_usd_bn" for name in roster.names[1:])
    causes = (f"{cause}_usd_bn" for cause in CAUSES)
    return ("spot_usd_bn", *bought, *causes, "unwound_usd_bn", "repatriated_usd_bn")


def flow_values(tallies: Sequence[SectorFlows], units: Array) -> Array:
    """Purchases and unwinding by sector in a day, USD bn, ``(sectors, runs, columns)``; `units` of each asset per dollar."""
    bought = np.stack([tally.assets for tally in tallies]) / units
    by_cause = np.zeros((*bought.shape[:2], len(CAUSES)))
    for tally, row in zip(tallies, by_cause, strict=True):
        for column, cause in enumerate(CAUSES):
            if cause in tally.unwound:
                row[:, column : column + 1] = tally.unwound[cause]
    unwound = np.add.accumulate(by_cause, axis=2)[:, :, -1:]
    return np.concatenate([bought, by_cause, unwound, [tally.repatriated for tally in tallies]], axis=2)


def stock_values(populations: Sequence[Population]) -> Array:
    """Foreign position at start prices and equity of each population, USD bn, ``(populations, runs, 2)``."""
    equity = [row_sum(population.sheet.equity_usd) for population in populations]
    return np.concatenate([[population.stock() for population in populations], equity], axis=2)


def store_flows(recorder: Recorder, day: int, economy: Economy, tallies: Mapping[str, SectorFlows]) -> None:
    """Store flows and stocks of every sector; assets at start prices, yen assets at the start exchange rate."""
    units = np.where(economy.roster.in_yen, economy.market.start_usdjpy, 1.0)
    sector_flows, names = list(tallies.values()), tuple(population.name for population in economy.populations)
    recorder.flow_rows(day, tuple(tallies), flow_columns(economy.roster), lambda: flow_values(sector_flows, units))
    recorder.flow_rows(day, names, STOCK_COLUMNS, lambda: stock_values(economy.populations))
