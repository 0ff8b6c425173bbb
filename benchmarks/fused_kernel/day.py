"""All days of all runs, compiled: calls the functions of `kernel` in the order of `CapitalFlows.step`."""

from typing import Any

import numba as nb
import numpy as np

from benchmarks.fused_kernel.kernel import (
    FALLS,
    FUSED,
    bundle_value,
    close,
    forced_after_falls,
    forced_round,
    impact,
    supply,
    voluntary,
)
from simulation.values.conventions import Array


@nb.njit(fastmath=FUSED)
def slopes(m: Any, r: int, thin: bool, given: Any) -> None:
    """Today's fast impact from yesterday's stress."""
    for a in range(given.fast.size):
        long_run = given.long_run[r, a]
        m.variance[r, a] = max(long_run + m.excess[r, a], 0.25 * long_run)
        stress = min(np.sqrt(m.variance[r, a] / long_run), given.stress_cap[a])
        slope = given.fast[a] * (1.0 + given.stress_slope[a] * max(stress - 1.0, 0.0))
        m.slope[r, a] = slope * given.thin_factor[a] if thin else slope


@nb.njit(fastmath=FUSED)
def remember(m: Any, r: int, day: int, usdjpy: float, given: Any) -> None:
    """Update closing prices and the variance estimate."""
    for a in range(given.fast.size):
        change = m.log_price[r, a] - m.last_log[r, a]
        surprise = change**2 - given.long_run[r, a] * given.noise_square
        m.excess[r, a] = 0.94 * m.excess[r, a] + (1.0 - 0.94) * surprise
        m.last_log[r, a] = m.log_price[r, a]
        if a == 0:
            memory = 1.0 - 1.0 / 60.0
            m.momentum[r] = memory * m.momentum[r] + (1.0 - memory) * change * 252.0
    m.highs[r, day % m.highs.shape[1]] = usdjpy


@nb.njit(fastmath=FUSED)
def release(m: Any, r: int, bought: Array, given: Any) -> None:
    """Transfer of dealers' inventory and purchases of central banks."""
    for a in range(given.fast.size):
        inventory, scale = m.inventory[r, a], given.fast_scale[a]
        now = impact(inventory, m.slope[r, a], scale) - impact(m.open_inventory[r, a], m.slope[r, a], scale)
        stressed = m.fast_effect[r, a] + now - impact(inventory, given.fast[a], scale)
        released = inventory * given.release[a]
        m.fading[r, a] *= 1.0 - given.decay[a]
        m.inventory[r, a] = m.open_inventory[r, a] = inventory - released
        m.fast_effect[r, a] = impact(inventory - released, given.fast[a], scale) + stressed * (1.0 - given.release[a])
        supply(m, r, a, released, given)
        if bought[a] != 0.0:
            supply(m, r, a, bought[a], given)


@nb.njit(fastmath=FUSED)
def requirement(variance: float, own: Any) -> Any:
    """Margin per dollar of position."""
    return max(own.floor, own.quantile * np.sqrt(variance * own.days))


@nb.njit(fastmath=FUSED)
def trade(
    s: Any, m: Any, r: int, day: int, path: Any, own: Any, given: Any, price: Array
) -> tuple[float, float, int, float]:
    """Trading of one run; returns USDJPY, dollars of forced trades, rounds and units unwound."""
    mean = path.carry[day, r] + own.momentum_weight * m.momentum[r] - own.aversion * path.adverse[day, r]
    ratio = max(1.0 + (mean - own.start_mean[r]) / max(own.start_mean[r], own.least_start), 0.0)
    scale = min(own.volatility_cap, np.sqrt(given.long_run[r, 0] / m.variance[r, 0]))
    now = m.usdjpy[r], bundle_value(price, given.weights), ratio, scale
    fundamental = path.fundamental[day, r]
    usdjpy, unwound = voluntary(s, m, r, now, own, given, fundamental, price)
    forced, rounds, asked, high = 0.0, 0, requirement(m.variance[r, 0], own), m.highs[r].max()
    while rounds < given.most_rounds:
        usdjpy, amount, sold = forced_round(s, m, r, (usdjpy, asked, high), own, given, fundamental, price)
        if amount == 0.0:
            break
        forced, rounds, unwound = forced + amount, rounds + 1, unwound + sold
    return usdjpy, forced, rounds, unwound


@nb.njit(fastmath=FUSED)
def one_day(s: Any, m: Any, r: int, day: int, path: Any, own: Any, given: Any, out: Array) -> None:
    """One day of one run."""
    price, sold = np.exp(m.last_log[r]), np.empty(FALLS.size)
    slopes(m, r, path.thin[day], given)
    usdjpy, forced, rounds, unwound = trade(s, m, r, day, path, own, given, price)
    m.usdjpy[r] = usdjpy
    remember(m, r, day, usdjpy, given)
    coupon, years = 0.0, path.years[day]
    for a in range(price.size):
        rate = given.start_level[a] + m.move[r, a] if given.bond[a] else given.dividends[a]
        coupon += price[a] * rate * given.weights[a]
    value = bundle_value(price, given.weights)
    rates = path.fed_rate[day, r], path.boj_rate[day, r], years
    gap = close(s, r, usdjpy, value, coupon * years, rates, own, given)
    release(m, r, path.bought[day], given)
    variance = max(given.long_run[r, 0] + m.excess[r, 0], 0.25 * given.long_run[r, 0])
    now = usdjpy, value, requirement(variance, own), m.highs[r].max()
    forced_after_falls(s, r, now, own, given, sold)
    gain = 0.0
    for k in range(FALLS.size):
        if k != 1:
            gain = max(gain, m.slope[r, 0] * sold[k] / -np.log1p(-FALLS[k]))
    stock, equity = s.units[r].sum(), s.equity[r].sum()
    out[:, day, r] = np.array([usdjpy, forced, rounds, stock, equity, unwound, gain, gap])


@nb.njit(fastmath=FUSED)
def all_days(s: Any, m: Any, path: Any, own: Any, given: Any, out: Array) -> None:
    """All days of all runs; the state of a run stays in cache."""
    for r in range(out.shape[2]):
        for day in range(1, out.shape[1]):
            one_day(s, m, r, day, path, own, given, out)
