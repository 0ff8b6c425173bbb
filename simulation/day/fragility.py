"""Fragility of leveraged positions at the close: loop gain, distance to tipping point and to a cascade, crowding.

All measures use one curve, forced dollar sales as a function of the fall of USDJPY from the close.  Computing them changes no
state and draws no random numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from simulation.investors.population import Population
from simulation.values.conventions import Array
from simulation.values.orders import Information

USDJPY_FALLS: Final = (0.01, 0.02, 0.03, 0.06, 0.10)
"""Falls of USDJPY from the close at which forced sales are evaluated, decimal."""
LOOP_GAIN_FALLS: Final = (0.01, 0.03, 0.06, 0.10)
"""Subset of USDJPY_FALLS over which the loop gain is the maximum (MODEL section 5)."""
CROWDING_FALL: Final = 0.02
"""The fall that defines crowding, decimal: three daily standard deviations, observed about twice a year (CALIBRATION section 3:
H.10 has 77 days below -2 % in 1990-2024)."""

LOG_FALLS: Final = np.array([[-np.log1p(-fall) for fall in USDJPY_FALLS]])
"""USDJPY_FALLS as falls of the log price, ``(1, falls)``."""
LOOP_GAIN_COLUMNS: Final = [USDJPY_FALLS.index(fall) for fall in LOOP_GAIN_FALLS]
"""Columns of LOOP_GAIN_FALLS in USDJPY_FALLS."""


@dataclass(frozen=True)
class ForcedSales:
    """Forced sales after falls of USDJPY from the close, in a batch of runs.

    Attributes
    ----------
    sold_usd
        Forced dollar sales at each of USDJPY_FALLS, USD bn, ``(runs, falls)``; other prices unchanged.
    slope
        Fast impact of USDJPY, log price per USD bn, ``(runs, 1)``.
    levered_usd
        All dollars that lenders or stops could force out, valued at the close, USD bn, ``(runs, 1)``.
    crowded_usd
        The same dollars valued after a fall of CROWDING_FALL.
    """

    sold_usd: Array
    slope: Array
    levered_usd: Array
    crowded_usd: Array


def forced_sales(populations: Sequence[Population], now: Information, slope: Array) -> ForcedSales:
    """Forced sales of all populations after each of USDJPY_FALLS."""
    can_be_forced = [population for population in populations if population.can_be_forced]
    zeros, usdjpy = np.zeros_like(slope), now.quote.usdjpy
    curves = [np.concatenate(population.forced_spot_usd(USDJPY_FALLS, now), axis=1) for population in can_be_forced]
    lower = usdjpy * (1.0 - CROWDING_FALL)
    return ForcedSales(
        sold_usd=sum(curves, np.zeros((slope.shape[0], len(USDJPY_FALLS)))),
        slope=slope,
        levered_usd=sum((population.levered_spot_usd(usdjpy) for population in can_be_forced), zeros),
        crowded_usd=sum((population.levered_spot_usd(lower) for population in can_be_forced), zeros),
    )


def gain_curve(sales: ForcedSales) -> Array:
    """Gain at each of USDJPY_FALLS: the fall caused by forced sales relative to the initial fall, ``(runs, falls)``.

    ``g(fall) = slope * forced sales(fall) / |ln(1 - fall)|``

    Source: MODEL section 5; the loss spiral of Brunnermeier and Pedersen (2009).
    """
    return np.asarray(sales.slope * sales.sold_usd / LOG_FALLS)


def loop_gain(sales: ForcedSales) -> Array:
    """Largest gain over LOOP_GAIN_FALLS, ``(runs, 1)``; above one, some shock is self-reinforcing.

    Source: MODEL section 5.
    """
    return np.asarray(gain_curve(sales)[:, LOOP_GAIN_COLUMNS].max(axis=1, keepdims=True))


def first_fall_reaching(falls: Sequence[float], curve: Array, level: float) -> Array:
    """Smallest fall at which a curve reaches a level, by linear interpolation, decimal, ``(runs, 1)``.

    Returns the first fall if the curve starts at or above the level, and the last fall, to be read as "this much or more", if
    the curve never reaches it.

    Parameters
    ----------
    falls
        Falls in increasing order, decimal.
    curve
        Values at these falls, ``(runs, falls)``.
    level
        Level to reach, in the unit of the curve.
    """
    low, high, at = curve[:, :-1], curve[:, 1:], np.array(falls)
    crossed = (low < level) & (high >= level)
    crossing = at[:-1] + (at[1:] - at[:-1]) * ((level - low) / np.where(crossed, high - low, 1.0))
    first = crossing[np.arange(len(crossing)), crossed.argmax(axis=1)][:, None]
    interior = np.where(crossed.any(axis=1, keepdims=True), first, falls[-1])
    return np.where(curve[:, :1] >= level, falls[0], interior)


def tipping_distance(sales: ForcedSales) -> Array:
    """Smallest fall of USDJPY from the close at which the gain reaches one, decimal, ``(runs, 1)``.

    The sales forced by a shock of this size would cause another fall of the same size.  The value lies between the smallest
    and the largest of USDJPY_FALLS, 1 and 10 %: the smallest if the gain is above one there, the largest if it never is.

    Source: MODEL section 5; Gennotte and Leland (1990), a crash as the point where supply outruns a falling price.
    """
    return first_fall_reaching(USDJPY_FALLS, gain_curve(sales), 1.0)


def cascade_distance(sales: ForcedSales, size_usd: float) -> Array:
    """Smallest fall of USDJPY from the close that forces `size_usd` of dollar sales, decimal, ``(runs, 1)``.

    Forced sales are zero without a fall; the result is at most the largest of USDJPY_FALLS.

    Source: the distance to default of Merton (1974), applied to the stops and margins of all leveraged holders.
    """
    curve = np.concatenate([np.zeros_like(sales.slope), sales.sold_usd], axis=1)
    return first_fall_reaching((0.0, *USDJPY_FALLS), curve, size_usd)


def crowding(sales: ForcedSales) -> Array:
    """Share of leveraged dollars that a fall of CROWDING_FALL would force out, between 0 and 1, ``(runs, 1)``.

    Zero without leveraged holders.

    Source: Stein (2009), crowding as leverage that unwinds together; Greenwood, Landier and Thesmar (2015).
    Departure: measured from balance sheets, which the model observes, instead of from the correlation of returns.
    """
    sold = sales.sold_usd[:, [USDJPY_FALLS.index(CROWDING_FALL)]]
    return np.asarray(sold / np.where(sales.crowded_usd > 0.0, sales.crowded_usd, 1.0))


def depth_weighted_stock(sales: ForcedSales) -> Array:
    """Fall of log USDJPY if all leveraged dollars were sold at today's depth, ``lambda_t K``, decimal, ``(runs, 1)``.

    Source: MODEL section 4: August 2024 identifies the product of impact and stock, not the stock alone (docs/calibration.md).
    """
    return np.asarray(sales.slope * sales.levered_usd)
