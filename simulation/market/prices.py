"""Price impact of cumulative net purchases: a fast concave part on dealers' books and a slow part beyond them.

``ln P = f + G + F(Z)``: Z is what customers have bought that dealers still carry, G accumulates the slow impact of what
value investors have supplied.  For bonds the same numbers lower the yield.

From levels (log price, or yield for a bond) to prices: durations, links between assets, plausible ranges.

The market's state and its day: impact slopes from stress, quotes for given positions, release, volatility.
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
    """Impact parameters of all markets in column order, each ``(assets,)``, or ``(runs, assets)`` if it differs by run."""

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
    """Collect the parameters of the markets in the order given."""
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
    """F(Z): log price moved by what dealers carry.

    ``F = slope sgn(Z) 2 q1 (sqrt(1 + |Z|/q1) - 1)``: slope at zero, concave beyond q1.  Written as
    ``slope 2 Z / (sqrt(1 + |Z|/q1) + 1)``, the same without cancellation for small flows.

    Parameters
    ----------
    inventory
        Z, units customers have bought from dealers, ``(runs, assets)``.
    slope
        lambda_t, per unit, ``(runs, assets)``.
    scale
        q1, units, ``(assets,)``.

    Source: MODEL section 4; square-root impact, Bouchaud, Farmer and Lillo (2009).
    """
    return np.asarray(slope * 2.0 * inventory / (np.sqrt(1.0 + np.abs(inventory) / scale) + 1.0))


def slow_impact(supplied: Array, slope: Array, scale: Array) -> Array:
    """g(Q): log price moved for longer by what value investors have supplied.

    ``g = sgn(Q) c (sqrt(|Q| + q0) - sqrt(q0)), c = 2 slope sqrt(q0)``: slope at zero, concave beyond q0.  Written as
    ``2 slope Q / (sqrt(1 + |Q|/q0) + 1)``, the same without cancellation for small flows.

    Source: MODEL section 4.
    """
    return np.asarray(slope * 2.0 * supplied / (np.sqrt(1.0 + np.abs(supplied) / scale) + 1.0))


def stressed_slope(slope: Array, stress: Array, sensitivity: Array, cap: Array) -> Array:
    """lambda_t: the fast slope in stressed markets, ``slope (1 + zeta (min(stress, cap) - 1)+)``.

    Source: MODEL section 4; Brunnermeier and Pedersen (2009), liquidity falls as margins rise.
    """
    return np.asarray(slope * (1.0 + sensitivity * np.maximum(np.minimum(stress, cap) - 1.0, 0.0)))


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


VOLATILITY_MEMORY: Final = 0.94
"""Daily weight of the past in the volatility estimate (RiskMetrics 1996)."""
VARIANCE_FLOOR: Final = 0.25
"""The volatility estimate never falls below half of its long-run value (MODEL section 1)."""


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
        """Prices if customers had bought `inventory` that dealers still carry.

        Today's slope prices today's flow only: ``fast effect at the open + F(Z; lambda_t) - F(Z at the open; lambda_t)``.
        With a constant slope this is MODEL's ``F(Z)``.

        Departure: taken literally, ``F(Z)`` with a slope that changes from day to day would reprice the whole inventory
        when stress or the holiday calendar changes, so that prices would jump on a known date without a trade.
        """
        effect = self.lasting + self.fading + self.fast_effect + self.added(inventory)
        log_price, level = log_prices(self.fundamental + self.rules.direction * effect, self.rules)
        price = np.exp(np.minimum(np.maximum(log_price, -30.0), 30.0))
        return Quote(log_price, price, level, self.start_usdjpy * price[:, :1])

    def added(self, inventory: Array) -> Array:
        """Fast impact of what was bought since the open, at today's slope."""
        scale = self.table.fast_scale
        return fast_impact(inventory, self.slope, scale) - fast_impact(self.open_inventory, self.slope, scale)

    def set_slopes(self, stress: Array, thin: bool) -> None:
        """Fix the fast impact of the day from yesterday's stress ``(runs, assets)`` and the thin-market calendar."""
        slope = stressed_slope(self.table.fast, stress, self.table.stress_slope, self.table.stress_cap)
        self.slope = slope * self.table.thin_factor if thin else slope

    def shake(self, multiple: float, long_run: Array) -> None:
        """Lift all volatility estimates to at least `multiple` of their long-run value; not-a-number leaves them alone."""
        if not np.isnan(multiple):
            self.excess_variance = np.maximum(self.excess_variance, (multiple**2 - 1.0) * long_run)

    def give_values(self, changes: Array) -> None:
        """Let fundamentals change by given log changes since yesterday, links included; not-a-number leaves them alone.

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
        """Value investors supply what customers (or dealers for them) have bought; the slow impact follows.

        A share pi of the change of g lasts, the rest fades.
        """
        before = slow_impact(self.supplied, self.table.slow, self.table.slow_scale)
        self.supplied = self.supplied + bought
        change = slow_impact(self.supplied, self.table.slow, self.table.slow_scale) - before
        self.lasting = self.lasting + self.table.lasting_share * change
        self.fading = self.fading + (1.0 - self.table.lasting_share) * change

    def release(self) -> Array:
        """Pass a share kappa of the dealers' inventory to value investors; returns it (positive: customers' purchases).

        The fast effect falls to what the smaller inventory has at the normal slope; what stress added to it fades at kappa.
        """
        released, table = self.inventory * self.table.release, self.table
        at_close = self.fast_effect + self.added(self.inventory)
        stressed = at_close - fast_impact(self.inventory, table.fast, table.fast_scale)
        self.fading = self.fading * (1.0 - table.decay)
        self.inventory = self.inventory - released
        self.open_inventory = self.inventory
        kept = stressed * (1.0 - table.release)
        self.fast_effect = fast_impact(self.inventory, table.fast, table.fast_scale) + kept
        self.supply(released)
        return released

    def remember(self, quote: Quote, noise_variance: Array) -> None:
        """Take `quote` as the close and update the volatility estimate: ``u <- .94 u + .06 (r^2 - noise variance)``."""
        self.log_return = quote.log_price - self.last.log_price
        surprise = self.log_return**2 - noise_variance
        excess = VOLATILITY_MEMORY * self.excess_variance + (1.0 - VOLATILITY_MEMORY) * surprise
        self.excess_variance = excess
        self.last = quote

    def variance(self, long_run: Array) -> Array:
        """Daily variance ``sigma_bar^2 + u``, floored; ``(runs, assets)``."""
        return np.asarray(np.maximum(long_run + self.excess_variance, VARIANCE_FLOOR * long_run))
