"""From levels (log price, or yield for a bond) to prices: durations, links between assets, plausible ranges."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from simulation.market.bonds import BondMarket
from simulation.market.crypto import CryptoMarket
from simulation.market.parameters import CurrencyMarket, EquityMarket, Market
from simulation.values.assets import Roster
from simulation.values.conventions import PERCENT, TRADING_DAYS_PER_YEAR, Array

LARGEST_LOG_MOVE = 2.3
"""A log price further than this from its start (a factor of ten) is a runaway, not a scenario."""
LARGEST_LOG_MOVE_CRYPTO = 4.0
"""The same for bitcoin, which has moved by a factor of fifty within a few years."""
YIELD_RANGE = (-0.05, 0.30)
"""Yields outside -5 % to 30 % are a runaway, not a scenario."""


@dataclass(frozen=True)
class PriceRules:
    """How levels become log prices, in column order.

    Attributes
    ----------
    bond
        Whether an asset is quoted in yield, ``(assets,)``.
    direction
        What a purchase does to the level: 1, or -1 for a bond, ``(assets,)``.
    duration, curvature
        First- and second-order response of the log price to the yield: ``-D`` and ``(C - D^2) / 2``; zero elsewhere.
    links
        ``(asset, earlier asset, coefficient)`` triples: response of one log price to the move of an earlier asset.
    start_level
        Level of each asset at the start, ``(assets,)``.
    largest_move
        Log price beyond which an asset has run away, ``(assets,)``.
    """

    bond: Array
    direction: Array
    duration: Array
    curvature: Array
    links: tuple[tuple[int, int, float], ...]
    start_level: Array
    largest_move: Array


def price_rules(roster: Roster, markets: Mapping[str, Market], start_level: Array) -> PriceRules:
    """Collect durations and links; a link to an asset that is absent or later is refused.

    Raises
    ------
    ValueError
        If a link names an asset that is not priced before.
    """
    bonds = [isinstance(markets[name], BondMarket) for name in roster.names]
    duration, convexity = (
        np.array([getattr(markets[name], key, 0.0) for name in roster.names])
        for key in ("duration_years", "convexity_years2")
    )
    links = []
    for column, name in enumerate(roster.names):
        for earlier, coefficient in getattr(markets[name], "links", {}).items():
            if roster.columns.get(earlier, column) >= column:
                raise ValueError(f"markets.{name}.links: {earlier!r} is not an asset priced before {name!r}")
            links.append((column, roster.columns[earlier], coefficient))
    curvature = np.where(bonds, (convexity - duration**2) / 2, 0.0)
    crypto = [isinstance(markets[name], CryptoMarket) for name in roster.names]
    largest = np.where(crypto, LARGEST_LOG_MOVE_CRYPTO, LARGEST_LOG_MOVE)
    return PriceRules(
        np.array(bonds), np.where(bonds, -1.0, 1.0), duration, curvature, tuple(links), start_level, largest
    )


def log_prices(level: Array, rules: PriceRules) -> tuple[Array, Array]:
    """Log prices (zero at the start) and levels with the links applied, both ``(runs, assets)``.

    Bonds: ``ln P = -D dy + (C - D^2) dy^2 / 2``.  Others: own level plus the moves of the assets they are linked to.
    """
    move = level - rules.start_level
    for column, earlier, coefficient in rules.links:
        move[:, column] += coefficient * move[:, earlier]
    bond_price = -rules.duration * move + rules.curvature * move**2
    return np.where(rules.bond, bond_price, move), rules.start_level + move


def first_runaway(level: Array, rules: PriceRules) -> Array:
    """Column of the first asset whose level is not finite or beyond a plausible range, -1 where all are fine; ``(runs,)``."""
    move = np.abs(level - rules.start_level)
    yield_in = (level >= YIELD_RANGE[0]) & (level <= YIELD_RANGE[1])
    out = ~np.where(rules.bond, yield_in, move <= rules.largest_move)
    return np.where(out.any(axis=1), out.argmax(axis=1), -1)


def own_news_volatility(market: Market) -> float:
    """Annual volatility of a market's own news: decimal log return, or decimal yield for a bond."""
    if isinstance(market, BondMarket):
        return market.yield_volatility_bp * PERCENT * PERCENT
    if isinstance(market, CurrencyMarket | EquityMarket | CryptoMarket):
        return market.own_volatility_pct * PERCENT
    raise TypeError(f"no volatility is defined for {type(market).__name__}")


def expected_growth(market: Market) -> float:
    """Expected growth of value per business day, decimal."""
    return market.growth_pct * PERCENT / TRADING_DAYS_PER_YEAR if isinstance(market, EquityMarket) else 0.0


def running_yield(market: Market) -> float:
    """Dividend yield, decimal per year; bonds pay their market yield and are handled where yields are known."""
    return market.dividend_pct * PERCENT if isinstance(market, EquityMarket) else 0.0
