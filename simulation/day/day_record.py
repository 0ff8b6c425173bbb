"""One day's columns, as the recorder keeps them."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Final

import numpy as np

from simulation.accounts.tally import Tally
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
from simulation.day.recorder import Recorder
from simulation.expectations.news import DayNews, sum_of_surprises
from simulation.investors.population import Population
from simulation.policy.central_banks import BankOfJapan
from simulation.policy.fiscal import neutral_gap_pp
from simulation.scenario.scenario import Scenario
from simulation.values.assets import Roster
from simulation.values.conventions import BASIS_POINT, PERCENT, TRADING_DAYS_PER_YEAR, Array, row_sum
from simulation.values.information import Information
from simulation.values.orders import CAUSES
from simulation.values.quote import Quote

INDEX_START = 100.0
"""Index level of equities at the start."""
STOCK_COLUMNS = ("stock_usd_bn", "equity_usd_bn")
"""Names of what `stocks` says of a population."""
CASCADE_USD_BN = 5.0
"""Forced orders of this size (2 % of the default levered stock) over two rounds or more make a day a cascade day."""


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
    """Policy rates, two-year yields and what carry and hedging earn and cost."""
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
    """How loose or tight the Bank of Japan is against the neutral band: pp below (negative) or above it."""
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


FRAGILITY: Final[dict[str, Callable[[ForcedSales], Array]]] = {
    "loop_gain": loop_gain,
    "tipping_distance_pct": lambda sales: tipping_distance(sales) / PERCENT,
    "cascade_distance_pct": lambda sales: cascade_distance(sales, CASCADE_USD_BN) / PERCENT,
    "crowding_share": crowding,
    "depth_weighted_stock_pct": lambda sales: depth_weighted_stock(sales) / PERCENT,
}
"""Columns on how fragile levered positions are; forced sales after all falls cost a tenth of a day and more."""


def fragility_columns(recorder: Recorder, economy: Economy, now: Information) -> dict[str, Array]:
    """Those columns of FRAGILITY that somebody wants; where nobody does, no forced sales are worked out."""
    wanted = {name: column for name, column in FRAGILITY.items() if recorder.wants(name)}
    if not wanted:
        return {}
    sales = forced_sales(economy.parts, now, economy.market.slope[:, :1])
    return {name: column(sales) for name, column in wanted.items()}


def carry_to_volatility(carry: Array, volatility: Array) -> Array:
    """Carry earned per unit of risk, ``carry / sigma``, ``(runs, 1)``; zero where there is no risk to divide by.

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
    total = sum_of_surprises(news.boj) - sum_of_surprises(news.fed)
    return {"target_surprise_bp": target / BASIS_POINT, "path_surprise_bp": (total - target) / BASIS_POINT}


def trading_columns(session: TradingDay | None, like: Array) -> dict[str, Array]:
    """Forced orders, rounds and dealers' inventory."""
    names = ("cascade_rounds", "forced_usd_bn", "cascade", "unsettled", "dealer_inventory_usd_bn")
    if session is None:
        return {name: np.zeros_like(like) for name in names}
    cascade = (session.rounds >= 2) & (session.forced_usd >= CASCADE_USD_BN)
    values = (session.rounds, session.forced_usd, cascade, session.unsettled, session.market.inventory[:, :1])
    return {name: value.astype(np.float64) for name, value in zip(names, values, strict=True)}


@cache
def flow_columns(roster: Roster) -> tuple[str, ...]:
    """Names of what `flows` says of a sector."""
    bought = (f"bought_{name}_usd_bn" for name in roster.names[1:])
    causes = (f"{cause}_usd_bn" for cause in CAUSES)
    return ("spot_usd_bn", *bought, *causes, "unwound_usd_bn", "repatriated_usd_bn")


def flows(tallies: Sequence[Tally], units: Array) -> Array:
    """What sectors traded and unwound in a day, USD bn, ``(sectors, runs, columns)``; `units` of each asset make a dollar."""
    bought = np.stack([tally.assets for tally in tallies]) / units
    by_cause = np.zeros((*bought.shape[:2], len(CAUSES)))
    for tally, row in zip(tallies, by_cause, strict=True):
        for at, cause in enumerate(CAUSES):
            if cause in tally.unwound:
                row[:, at : at + 1] = tally.unwound[cause]
    unwound = np.add.accumulate(by_cause, axis=2)[:, :, -1:]
    return np.concatenate([bought, by_cause, unwound, [tally.repatriated for tally in tallies]], axis=2)


def stocks(populations: Sequence[Population]) -> Array:
    """Foreign position at start prices and net worth of populations, USD bn, ``(populations, runs, 2)``."""
    equity = [row_sum(population.sheet.equity_usd) for population in populations]
    return np.concatenate([[population.stock() for population in populations], equity], axis=2)


def store_flows(recorder: Recorder, day: int, economy: Economy, tallies: Mapping[str, Tally]) -> None:
    """What every sector did in a day and what it holds; assets at start prices, yen assets at the start rate."""
    units = np.where(economy.roster.in_yen, economy.market.start_usdjpy, 1.0)
    done, names = list(tallies.values()), tuple(population.name for population in economy.populations)
    recorder.flow_rows(day, tuple(tallies), flow_columns(economy.roster), lambda: flows(done, units))
    recorder.flow_rows(day, names, STOCK_COLUMNS, lambda: stocks(economy.populations))
