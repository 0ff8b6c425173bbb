"""Prices from flows: price impact, conversion of levels to prices, and the state of the market.

``ln P = f + G + F(Z)``: f is the fundamental, F the fast concave impact of the dealers' inventory Z (net purchases of customers),
and G the accumulated slow impact of what value investors have supplied.  For bonds the same expressions lower the yield.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from simulation.market.parameters import BondMarket, CryptoMarket, CurrencyMarket, EquityMarket, Market
from simulation.values.assets import Quote, Roster
from simulation.values.conventions import PERCENT, TRADING_DAYS_PER_YEAR, Array, asset_columns


@dataclass(frozen=True)
class ImpactTable:
    """Impact parameters of all markets in column order, each ``(assets,)``, or ``(runs, assets)`` if runs differ."""

    fast: Array
    slow: Array
    fast_scale: Array
    slow_scale: Array
    release: Array
    decay: Array
    lasting_share: Array
    stress_slope: Array
    stress_cap: Array
    thin_factor: Array
    half_spread: Array


def impact_table(markets: Sequence[Market]) -> ImpactTable:
    """Impact parameters of the markets, in the given order."""
    impacts = [market.impact() for market in markets]
    fields = ("fast", "slow", "fast_scale", "slow_scale", "release", "decay", "lasting_share")
    columns = {name: asset_columns([getattr(impact, name) for impact in impacts]) for name in fields}
    return ImpactTable(
        **columns,
        stress_slope=asset_columns([market.stress_slope for market in markets]),
        stress_cap=asset_columns([market.stress_cap for market in markets]),
        thin_factor=asset_columns([market.thin_factor_x for market in markets]),
        half_spread=np.array([market.half_spread_bp for market in markets]) * PERCENT * PERCENT,
    )


def fast_impact(inventory: Array, slope: Array, scale: Array) -> Array:
    """F(Z): impact of the dealers' inventory on the log price.

    ``F = slope sgn(Z) 2 q1 (sqrt(1 + |Z|/q1) - 1)``: slope at zero, concave beyond q1.  Computed as
    ``slope 2 Z / (sqrt(1 + |Z|/q1) + 1)``, which avoids cancellation for small flows.

    Parameters
    ----------
    inventory
        Z, units bought by customers from dealers, ``(runs, assets)``.
    slope
        lambda_t, per unit, ``(runs, assets)``.
    scale
        q1, units, ``(assets,)``.

    Source: MODEL section 4; square-root impact, Bouchaud, Farmer and Lillo (2009).
    """
    return np.asarray(slope * 2.0 * inventory / (np.sqrt(1.0 + np.abs(inventory) / scale) + 1.0))


def slow_impact(supplied: Array, slope: Array, scale: Array) -> Array:
    """g(Q): slow impact on the log price of the units supplied by value investors.

    ``g = sgn(Q) c (sqrt(|Q| + q0) - sqrt(q0)), c = 2 slope sqrt(q0)``: slope at zero, concave beyond q0.  Computed as
    ``2 slope Q / (sqrt(1 + |Q|/q0) + 1)``, which avoids cancellation for small flows.

    Source: MODEL section 4.
    """
    return np.asarray(slope * 2.0 * supplied / (np.sqrt(1.0 + np.abs(supplied) / scale) + 1.0))


def stressed_slope(slope: Array, stress: Array, sensitivity: Array, cap: Array) -> Array:
    """lambda_t: slope of the fast impact under stress, ``slope (1 + zeta (min(stress, cap) - 1)+)``.

    Source: MODEL section 4; Brunnermeier and Pedersen (2009), liquidity falls as margins rise.
    """
    return np.asarray(slope * (1.0 + sensitivity * np.maximum(np.minimum(stress, cap) - 1.0, 0.0)))


LARGEST_LOG_MOVE = 2.3
"""Largest plausible change of a log price (a factor of ten); a run beyond it is stopped."""
LARGEST_LOG_MOVE_CRYPTO = 4.0
"""The same for bitcoin, which has changed by a factor of fifty within a few years."""
YIELD_RANGE = (-0.05, 0.30)
"""Plausible yields, decimal; a run beyond them is stopped."""


@dataclass(frozen=True)
class PriceRules:
    """Parameters for the conversion of levels to log prices, in column order.

    Attributes
    ----------
    bond
        Whether an asset is quoted in yield, ``(assets,)``.
    direction
        Sign of the effect of a purchase on the level: 1, or -1 for a bond, ``(assets,)``.
    duration, curvature
        First- and second-order response of the log price to the yield: ``-D`` and ``(C - D^2) / 2``; zero elsewhere.
    links
        ``(asset, earlier asset, coefficient)`` triples: response of one log price to the change of an earlier asset.
    start_level
        Level of each asset at the start, ``(assets,)``.
    largest_move
        Largest plausible change of the log price, ``(assets,)``.
    """

    bond: Array
    direction: Array
    duration: Array
    curvature: Array
    links: tuple[tuple[int, int, float], ...]
    start_level: Array
    largest_move: Array


def price_rules(roster: Roster, markets: Mapping[str, Market], start_level: Array) -> PriceRules:
    """Durations, convexities, links and plausible ranges of the markets.

    Raises
    ------
    ValueError
        If a link refers to an asset that is absent or priced later.
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
    """Log prices (zero at the start) and levels including links, both ``(runs, assets)``.

    Bonds: ``ln P = -D dy + (C - D^2) dy^2 / 2``.  Other assets: own level plus linked changes.
    """
    move = level - rules.start_level
    for column, earlier, coefficient in rules.links:
        move[:, column] += coefficient * move[:, earlier]
    bond_price = -rules.duration * move + rules.curvature * move**2
    return np.where(rules.bond, bond_price, move), rules.start_level + move


def first_runaway(level: Array, rules: PriceRules) -> Array:
    """Column of the first asset with a non-finite or implausible level, ``(runs,)``; -1 if there is none."""
    move = np.abs(level - rules.start_level)
    plausible_yield = (level >= YIELD_RANGE[0]) & (level <= YIELD_RANGE[1])
    out = ~np.where(rules.bond, plausible_yield, move <= rules.largest_move)
    return np.where(out.any(axis=1), out.argmax(axis=1), -1)


def own_news_volatility(market: Market) -> float:
    """Annual volatility of the market's own news: decimal log return, or decimal yield for a bond."""
    if isinstance(market, BondMarket):
        return market.yield_volatility_bp * PERCENT * PERCENT
    if isinstance(market, CurrencyMarket | EquityMarket | CryptoMarket):
        return market.own_volatility_pct * PERCENT
    raise TypeError(f"{type(market).__name__} defines no volatility")


def expected_growth(market: Market) -> float:
    """Expected growth of fundamental value per business day, decimal."""
    return market.growth_pct * PERCENT / TRADING_DAYS_PER_YEAR if isinstance(market, EquityMarket) else 0.0


def running_yield(market: Market) -> float:
    """Dividend yield, decimal per year; zero for bonds, whose market yield is paid elsewhere."""
    return market.dividend_pct * PERCENT if isinstance(market, EquityMarket) else 0.0


VOLATILITY_MEMORY: Final = 0.94
"""Daily decay factor of the volatility estimate (RiskMetrics 1996)."""
VARIANCE_FLOOR: Final = 0.25
"""Lower bound of the variance estimate relative to its long-run value (MODEL section 1: half of the volatility)."""


class MarketState:
    """Prices, dealers' inventory and slow impact of all assets, each array ``(runs, assets)``."""

    def __init__(self, roster: Roster, markets: Mapping[str, Market], start_level: Array, start_usdjpy: float) -> None:
        self.roster = roster
        self.table: ImpactTable = impact_table([markets[name] for name in roster.names])
        self.rules: PriceRules = price_rules(roster, markets, start_level[0])
        self.start_usdjpy = start_usdjpy
        self.fundamental = start_level.copy()
        self.opening = self.fundamental
        self.inventory = np.zeros_like(start_level)
        self.supplied = np.zeros_like(start_level)
        self.lasting = np.zeros_like(start_level)
        self.fading = np.zeros_like(start_level)
        self.excess_variance = np.zeros_like(start_level)
        self.slope = np.zeros_like(start_level) + self.table.fast
        self.open_inventory = np.zeros_like(start_level)
        self.fast_effect = np.zeros_like(start_level)
        self.last = self.quote(self.inventory)
        self.log_return = np.zeros_like(start_level)

    def quote(self, inventory: Array) -> Quote:
        """Prices for a dealers' inventory of `inventory`, ``(runs, assets)``.

        Today's slope applies to today's flow only: ``fast effect at the open + F(Z; lambda_t) - F(Z at the open; lambda_t)``.
        With a constant slope this equals MODEL's ``F(Z)``.

        Departure: ``F(Z)`` with a slope that changes daily would reprice the whole inventory when stress or the holiday
        calendar changes, so prices would jump on a known date without a trade.
        """
        effect = self.lasting + self.fading + self.fast_effect + self.added(inventory)
        log_price, level = log_prices(self.fundamental + self.rules.direction * effect, self.rules)
        price = np.exp(np.minimum(np.maximum(log_price, -30.0), 30.0))
        return Quote(log_price, price, level, self.start_usdjpy * price[:, :1])

    def added(self, inventory: Array) -> Array:
        """Fast impact of purchases since the open, at today's slope."""
        scale = self.table.fast_scale
        return fast_impact(inventory, self.slope, scale) - fast_impact(self.open_inventory, self.slope, scale)

    def set_slopes(self, stress: Array, thin: bool) -> None:
        """Set today's slope of the fast impact from yesterday's stress, ``(runs, assets)``, and the thin-market calendar."""
        slope = stressed_slope(self.table.fast, stress, self.table.stress_slope, self.table.stress_cap)
        self.slope = slope * self.table.thin_factor if thin else slope

    def shake(self, multiple: float, long_run: Array) -> None:
        """Raise all volatility estimates to at least `multiple` of their long-run value; NaN changes nothing."""
        if not np.isnan(multiple):
            self.excess_variance = np.maximum(self.excess_variance, (multiple**2 - 1.0) * long_run)

    def give_values(self, changes: Array) -> None:
        """Set the log changes of fundamentals since yesterday, links included; NaN leaves an asset unchanged.

        Parameters
        ----------
        changes
            ``(assets,)``.
        """
        for column in np.flatnonzero(~np.isnan(changes)):
            before, _ = log_prices(self.opening, self.rules)
            now, _ = log_prices(self.fundamental, self.rules)
            missing = changes[column] - (now - before)[:, column]
            self.fundamental[:, column] += missing

    def supply(self, bought: Array) -> None:
        """Let value investors supply `bought` units and update the slow impact; a share pi of it is permanent."""
        before = slow_impact(self.supplied, self.table.slow, self.table.slow_scale)
        self.supplied = self.supplied + bought
        change = slow_impact(self.supplied, self.table.slow, self.table.slow_scale) - before
        self.lasting = self.lasting + self.table.lasting_share * change
        self.fading = self.fading + (1.0 - self.table.lasting_share) * change

    def release(self) -> Array:
        """Transfer a share kappa of the dealers' inventory to value investors; returns it (positive: customers' purchases).

        The fast effect falls to that of the smaller inventory at the normal slope; the part added by stress decays at kappa.
        """
        released, table = self.inventory * self.table.release, self.table
        at_close = self.fast_effect + self.added(self.inventory)
        stressed = at_close - fast_impact(self.inventory, table.fast, table.fast_scale)
        self.fading = self.fading * (1.0 - table.decay)
        self.inventory = self.inventory - released
        self.open_inventory = self.inventory
        remaining = stressed * (1.0 - table.release)
        self.fast_effect = fast_impact(self.inventory, table.fast, table.fast_scale) + remaining
        self.supply(released)
        return released

    def remember(self, quote: Quote, noise_variance: Array) -> None:
        """Set the closing quote and update the variance estimate: ``u <- .94 u + .06 (r^2 - noise variance)``."""
        self.log_return = quote.log_price - self.last.log_price
        surprise = self.log_return**2 - noise_variance
        excess = VOLATILITY_MEMORY * self.excess_variance + (1.0 - VOLATILITY_MEMORY) * surprise
        self.excess_variance = excess
        self.last = quote

    def variance(self, long_run: Array) -> Array:
        """Daily variance ``max(sigma_bar^2 + u, floor)``, ``(runs, assets)``."""
        return np.asarray(np.maximum(long_run + self.excess_variance, VARIANCE_FLOOR * long_run))
