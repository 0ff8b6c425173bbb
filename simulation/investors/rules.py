"""Equations shared by several populations: pure functions that broadcast over runs and investors.

A value that is zero under a condition is written as a product with a flag, which is faster than `np.where` because it avoids
mispredicted branches (docs/performance.md).
"""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

import numpy as np

from simulation.values.conventions import TRADING_DAYS_PER_YEAR, Array, Flags, number_of_business_days

TINY: Final = 1e-200
"""Lower bound on denominators, USD bn, used where the numerator or a factor is zero as well."""

VALUES_PER_PASS: Final = 8_192
"""Array elements per pass over several falls; arrays above 64 kB are slower than more passes (measured)."""


def volatility_ratio(variance: Array, long_run: Array | float, cap: float) -> Array:
    """Position under a volatility target relative to the normal position: ``min(cap, sigma_bar / sigma)``.

    Parameters
    ----------
    variance, long_run
        Daily variance estimate ``(runs, 1)`` and its long-run value.
    cap
        Highest share.

    Source: Moreira and Muir (2017), equation 2 with volatility instead of variance.
    """
    return np.asarray(np.minimum(cap, np.sqrt(long_run / variance)))


def outside_band(gap: Array, scale: Array, band: float) -> Array:
    """The gap to the target if it exceeds `band` times `scale`, else zero.

    Source: Constantinides (1986), no-trade region under proportional costs.
    """
    return np.asarray(gap * (np.abs(gap) > band * scale))


def partial_adjustment(gap: Array, rebuild_share: Array | float, cut_share: Array | float) -> Array:
    """The part of a gap closed today, with separate speeds for increases and reductions.

    Source: Garleanu and Pedersen (2013), trading partially towards the aim; asymmetry from MODEL section 3.
    """
    return np.asarray(np.maximum(gap, 0.0) * rebuild_share + np.minimum(gap, 0.0) * cut_share)


def incentive_ratio(mean: Array, start_mean: Array, least_start: float) -> Array:
    """Target leverage relative to the start: ``(1 + (mu - mu_0) / mu_0)+``, ``(runs, 1)``.

    Merton's ``mu+ / (gamma_i sigma_bar^2)`` with gamma_i solved so that the start position is the target, that is
    ``gamma_i sigma_bar^2 = mu_0 / leverage_i``.

    Source: Merton (1969); MODEL section 3.
    Departure: ``mu_0`` in the denominator is at least `least_start`, so that the response is finite and monotone if carry at
    the start is zero or negative.
    """
    return np.asarray(np.maximum(1.0 + (mean - start_mean) / np.maximum(start_mean, least_start), 0.0))


def target_leverage(start_leverage: Array, ratio: Array, cap: Array | float) -> Array:
    """Target leverage, position over equity: ``min(start_leverage * ratio, cap)``.

    Parameters
    ----------
    start_leverage
        Leverage at an incentive of one, ``(runs, investors)``.
    ratio
        Incentive relative to the start, ``(runs, 1)``; one for constant leverage; the mispricing if `start_leverage` is the
        aggressiveness of a value investor.
    cap
        Highest leverage that lenders allow.

    Source: Merton (1969) with a leverage cap; Thurner, Farmer and Geanakoplos (2012), demand of a value fund.
    """
    return np.asarray(np.minimum(start_leverage * ratio, cap))


def margin_requirement(variance: Array, floor: float, quantile: float, days: float) -> Array:
    """Equity required by lenders per dollar of position: ``max(m0, z sigma sqrt(h))``, ``(runs, 1)``.

    Source: Brunnermeier and Pedersen (2009), equation 13 (value-at-risk margin).
    """
    return np.asarray(np.maximum(floor, quantile * np.sqrt(variance * days)))


def has_margin_call(equity: Array, notional: Array, requirement: Array) -> Flags:
    """Whether equity is below the margin requirement of an open position."""
    return np.asarray((equity < requirement * notional) & (notional > 0.0))


def margin_call(equity: Array, notional: Array, requirement: Array, restore: Array | float) -> Array:
    """Share of the position closed by a margin call: down to ``restore * equity / requirement``, all of it without equity.

    Zero if equity covers the requirement.  Source: Brunnermeier and Pedersen (2009); Thurner, Farmer and
    Geanakoplos (2012) section 2.
    """
    called = has_margin_call(equity, notional, requirement)
    if not called.any():
        return np.zeros(called.shape)
    remaining = np.maximum(equity, 0.0) / np.maximum(notional, TINY) * (restore / requirement)
    return np.asarray(np.maximum(1.0 - remaining, 0.0) * called)


def stop_level(high: Array, distance: Array) -> Array:
    """Level of USDJPY below which a trailing stop is hit; `distance` is the decimal distance from the high."""
    return np.asarray(high * (1.0 - distance))


def is_stopped(usdjpy: Array, level: Array) -> Flags:
    """Whether USDJPY is below an investor's stop level.

    Source: MODEL section 3; stop-loss cascades in USDJPY, Osler (2005).
    """
    return np.asarray(usdjpy < level)


def usdjpy_after_falls(usdjpy: Array, falls: Sequence[float], investors: int) -> Iterator[Array]:
    """Yields USDJPY after each of `falls` (decimal) in blocks that fit the cache, ``(falls in block, runs, 1)``.

    Parameters
    ----------
    usdjpy
        Yen per dollar before, ``(runs, 1)``.
    investors
        Number of investors in all runs.
    """
    block = max(VALUES_PER_PASS // investors, 1)
    for first in range(0, len(falls), block):
        yield usdjpy * (1.0 - np.array(falls[first : first + block])[:, None, None])


def unhedged_incentive(ust10: Array, jgb10: Array, variance: Array, risk_charge: float) -> Array:
    """Yield of an unhedged dollar bond over a JGB less a charge for currency risk, decimal per year.

    ``y_US - y_JP - k sigma`` with sigma the annual volatility of USDJPY.  Source: MODEL section 3.
    """
    return np.asarray(ust10 - jgb10 - risk_charge * np.sqrt(TRADING_DAYS_PER_YEAR * variance))


def hedged_incentive(ust10: Array, hedging_cost: Array, jgb30: Array) -> Array:
    """Yield of a hedged Treasury over a 30-year JGB, decimal per year.

    Source: Du, Tepper and Verdelhan (2018); MODEL section 2.
    """
    return np.asarray(ust10 - hedging_cost - jgb30)


def fiscal_half(day: date) -> int:
    """Number of the fiscal half-year of a date; half-years start on 1 April and 1 October."""
    return (day.year * 12 + day.month - 4) // 6


def days_to_year_end(day: date) -> int:
    """Business days from `day` to the next 31 March, both inclusive."""
    return number_of_business_days(day, date(day.year + (day.month > 3), 3, 31))
