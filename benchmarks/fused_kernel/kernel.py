"""The day of carry funds as one compiled loop: no intermediate arrays, no record except the columns of `OUTPUT`.

A second implementation of rules in `simulation/`, only to measure the limit of a compiler; `check` compares it with the engine.
Names follow the engine; parameters are in `Given`.
"""

from typing import Any

import numba as nb
import numpy as np

from simulation.values.conventions import Array

FUSED = {"reassoc", "contract", "nsz"}
"""Sums may be reordered, as in NumPy; NaN and infinity keep their meaning."""
FALLS = np.array([0.01, 0.02, 0.03, 0.06, 0.10])
OUTPUT = (
    "usdjpy",
    "forced_usd_bn",
    "cascade_rounds",
    "stock_usd_bn",
    "equity_usd_bn",
    "unwound_usd_bn",
    "loop_gain",
    "gap",
)


@nb.njit(fastmath=FUSED)
def impact(amount: float, slope: float, scale: float) -> Any:
    """F(Z) and g(Q), `simulation.market.prices`."""
    return slope * 2.0 * amount / (np.sqrt(1.0 + abs(amount) / scale) + 1.0)


@nb.njit(fastmath=FUSED)
def quoted(m: Any, r: int, fundamental: Array, given: Any, price: Array) -> Any:
    """Prices of one run for the inventory in `m`, `simulation.market.prices`; returns USDJPY."""
    for a in range(price.size):
        added = impact(m.inventory[r, a], m.slope[r, a], given.fast_scale[a])
        added -= impact(m.open_inventory[r, a], m.slope[r, a], given.fast_scale[a])
        effect = m.lasting[r, a] + m.fading[r, a] + m.fast_effect[r, a] + added
        m.move[r, a] = fundamental[a] + (-effect if given.bond[a] else effect) - given.start_level[a]
    for k in range(given.link_to.size):
        m.move[r, given.link_to[k]] += given.link_by[k] * m.move[r, given.link_from[k]]
    for a in range(price.size):
        move = m.move[r, a]
        m.log_price[r, a] = -given.duration[a] * move + given.curvature[a] * move**2 if given.bond[a] else move
        price[a] = np.exp(m.log_price[r, a])
    return given.start_usdjpy * price[0]


@nb.njit(fastmath=FUSED)
def supply(m: Any, r: int, a: int, bought: float, given: Any) -> None:
    """Slow impact of units supplied by value investors."""
    before = impact(m.supplied[r, a], given.slow[a], given.slow_scale[a])
    m.supplied[r, a] += bought
    change = impact(m.supplied[r, a], given.slow[a], given.slow_scale[a]) - before
    m.lasting[r, a] += given.lasting_share[a] * change
    m.fading[r, a] += (1.0 - given.lasting_share[a]) * change


@nb.njit(fastmath=FUSED)
def called_share(equity: float, notional: float, requirement: float, own: Any) -> Any:
    """Margin call, `simulation.investors.rules.margin_call`."""
    if equity < requirement * notional and notional > 0.0:
        return max(1.0 - max(equity, 0.0) / notional * (own.restore / requirement), 0.0)
    return 0.0


@nb.njit(fastmath=FUSED)
def stopped_share(usdjpy: float, high: float, distance: float, called: float, own: Any) -> float:
    """Trailing stop beyond a margin call."""
    return max(own.cut_share - called, 0.0) if usdjpy < high * (1.0 - distance) else 0.0


@nb.njit(fastmath=FUSED)
def wanted_shares(s: Any, r: int, i: int, uv: float, ratio: float, scale: float, own: Any) -> tuple[float, float]:
    """Voluntary order of a fund as a share of its position, and the part due to the volatility target."""
    notional = s.units[r, i] * uv
    target = min(s.leverage[r, i] * ratio, own.cap) * s.budget[r, i]
    gap = target * scale - notional
    if not abs(gap) > own.band * notional:
        return 0.0, 0.0
    share = gap * (own.rebuild if gap > 0.0 else own.cut) / notional if notional > 0.0 else 0.0
    return share, share * (target / gap * (scale - 1.0))


@nb.njit(fastmath=FUSED)
def settled(s: Any, r: int, i: int, share: float, order_usdjpy: float, usdjpy: float, value: float, costs: Any) -> None:
    """Book both legs of a trade of `share` of the position, ordered at `order_usdjpy`, without allocation."""
    bought = share * s.units[r, i]
    spot = share * (-s.jpy[r, i] / order_usdjpy)
    cost = costs[0] * abs(spot) + abs(bought) * costs[1]
    s.units[r, i] += bought
    s.usd[r, i] += spot - bought * value - cost
    s.jpy[r, i] -= spot * usdjpy
    s.equity[r, i] -= cost


@nb.njit(fastmath=FUSED)
def bundle_value(price: Array, weights: Array) -> float:
    """Value of the securities in one unit of the basket."""
    total = 0.0
    for a in range(price.size):
        total += price[a] * weights[a]
    return total


@nb.njit(fastmath=FUSED)
def voluntary(
    s: Any, m: Any, r: int, now: Any, own: Any, given: Any, fundamental: Array, price: Array
) -> tuple[float, float]:
    """Orders of all funds, price and settlement; returns USDJPY and units unwound."""
    usdjpy0, value0, ratio, scale = now
    units = spot = 0.0
    for i in range(s.units.shape[1]):
        share, _ = wanted_shares(s, r, i, value0 + given.cash_share, ratio, scale, own)
        s.share[r, i] = share
        units += share * s.units[r, i]
        spot += share * (-s.jpy[r, i] / usdjpy0)
    for a in range(price.size):
        m.inventory[r, a] += units * given.weights[a]
    m.inventory[r, 0] += spot
    usdjpy = quoted(m, r, fundamental, given, price)
    value = bundle_value(price, given.weights)
    costs = given.half_spread[0], bundle_value(price * given.half_spread, given.weights)
    for i in range(s.units.shape[1]):
        s.equity[r, i] += s.jpy[r, i] * (1.0 / usdjpy - 1.0 / usdjpy0) + s.units[r, i] * (value - value0)
        settled(s, r, i, s.share[r, i], usdjpy0, usdjpy, value, costs)
    return usdjpy, -units


@nb.njit(fastmath=FUSED)
def forced_round(
    s: Any, m: Any, r: int, now: Any, own: Any, given: Any, fundamental: Array, price: Array
) -> tuple[float, float, float]:
    """One round of forced trades; returns USDJPY, gross dollars of forced trades and units sold."""
    usdjpy0, requirement, high = now
    value0, units, spot = bundle_value(price, given.weights), 0.0, 0.0
    for i in range(s.units.shape[1]):
        notional = s.units[r, i] * (value0 + given.cash_share)
        share = called_share(s.equity[r, i], notional, requirement, own)
        stop = (
            stopped_share(usdjpy0, min(s.own_high[r, i], high), s.distance[r, i], share, own) if notional > 0.0 else 0.0
        )
        s.share[r, i] = -(share + stop)
        units -= (share + stop) * s.units[r, i]
        spot += (share + stop) * s.jpy[r, i] / usdjpy0
    amount = abs(spot)
    for a in range(1, price.size):
        amount += abs(units * given.weights[a] * price[a]) / (usdjpy0 if given.yen_priced[a] else 1.0)
    if amount <= given.tolerance:
        return usdjpy0, 0.0, 0.0
    for a in range(price.size):
        m.inventory[r, a] += units * given.weights[a]
    m.inventory[r, 0] += spot
    usdjpy = quoted(m, r, fundamental, given, price)
    value = bundle_value(price, given.weights)
    costs = given.half_spread[0], bundle_value(price * given.half_spread, given.weights)
    for i in range(s.units.shape[1]):
        s.equity[r, i] += s.jpy[r, i] * (1.0 / usdjpy - 1.0 / usdjpy0) + s.units[r, i] * (value - value0)
        if s.share[r, i] != 0.0:
            if usdjpy0 < min(s.own_high[r, i], high) * (1.0 - s.distance[r, i]):
                s.own_high[r, i] = usdjpy
            settled(s, r, i, s.share[r, i], usdjpy0, usdjpy, value, costs)
    return usdjpy, amount, -units


@nb.njit(fastmath=FUSED)
def close(s: Any, r: int, usdjpy: float, value: float, coupon: float, rates: Any, own: Any, given: Any) -> float:
    """Write-offs, income, distribution and memory; returns the largest gap between net worth and carried equity."""
    dollar, yen, years, worst = rates[0], rates[1], rates[2], 0.0
    for i in range(s.units.shape[1]):
        if s.equity[r, i] < 0.0 and s.units[r, i] == 0.0:
            s.usd[r, i] = s.jpy[r, i] = s.equity[r, i] = 0.0
        usd, jpy, units = s.usd[r, i], s.jpy[r, i], s.units[r, i]
        dollars = (usd * dollar + own.spread * min(usd, 0.0)) * years + units * coupon
        yens = (jpy * yen + own.spread * min(jpy, 0.0)) * years
        income = dollars + yens / usdjpy
        equity = s.equity[r, i] + income
        paid = min(max(equity - units * (value + given.cash_share) / s.leverage[r, i], 0.0), max(income, 0.0))
        s.budget[r, i] += own.budget_speed * (max(equity - paid, 0.0) - s.budget[r, i])
        s.own_high[r, i] = max(s.own_high[r, i], usdjpy)
        s.equity[r, i], s.usd[r, i], s.jpy[r, i] = equity - paid, usd + dollars - paid, jpy + yens
        size = abs(s.jpy[r, i] / usdjpy) + abs(s.usd[r, i]) + abs(units * value)
        gap = s.jpy[r, i] / usdjpy + s.usd[r, i] + units * value - s.equity[r, i]
        worst = max(worst, abs(gap) / max(size, 1e-3 * given.typical[r]))
    return worst


@nb.njit(fastmath=FUSED)
def forced_after_falls(s: Any, r: int, now: Any, own: Any, given: Any, sold: Array) -> None:
    """Dollars of forced sales after each of FALLS."""
    usdjpy, value, requirement, high = now
    sold[:] = 0.0
    for k in range(FALLS.size):
        lower, total = usdjpy * (1.0 - FALLS[k]), 0.0
        change = 1.0 / lower - 1.0 / usdjpy
        for i in range(s.units.shape[1]):
            notional = s.units[r, i] * (value + given.cash_share)
            called = called_share(s.equity[r, i] + s.jpy[r, i] * change, notional, requirement, own)
            stop = (
                stopped_share(lower, min(s.own_high[r, i], high), s.distance[r, i], called, own)
                if notional > 0.0
                else 0.0
            )
            total += (called + stop) * s.jpy[r, i]
        sold[k] = total / -lower
