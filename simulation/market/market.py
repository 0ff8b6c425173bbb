"""The market's state and its day: impact slopes from stress, quotes for given positions, release, volatility."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from simulation.market.impact import ImpactTable, fast_impact, impact_table, slow_impact, stressed_slope
from simulation.market.parameters import Market
from simulation.market.prices import PriceRules, log_prices, price_rules
from simulation.values.assets import Roster
from simulation.values.conventions import Array
from simulation.values.quote import Quote

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
