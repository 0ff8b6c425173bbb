"""How fragile levered positions are at a close: what falls of USDJPY would make them sell, and what follows from that.

One curve, the dollars that would be sold by force against the fall that forces them, is evaluated once a day.  Loop gain,
distance to the tipping point, distance to a cascade and crowding are read off it.  Reading changes nothing and draws nothing.
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
"""Those of FALLS over which the loop gain is the maximum (MODEL section 5)."""
CROWDING_FALL: Final = 0.02
"""The fall that defines crowding, decimal: three standard deviations of a day, seen twice a year (CALIBRATION section 3: H.10
has 77 days below -2 % in 1990-2024)."""

LOG_FALLS: Final = np.array([[-np.log1p(-fall) for fall in USDJPY_FALLS]])
"""FALLS as falls of the log price, ``(1, falls)``."""
LOOP_GAIN_COLUMNS: Final = [USDJPY_FALLS.index(probe) for probe in LOOP_GAIN_FALLS]
"""Columns of PROBES among FALLS."""


@dataclass(frozen=True)
class ForcedSales:
    """What a fall of USDJPY from the close would force, in a batch of runs.

    Attributes
    ----------
    sold_usd
        Dollars sold by force at each of FALLS, USD bn, ``(runs, falls)``; other prices stay where they are.
    slope
        Fast impact of USDJPY, log price per USD bn, ``(runs, 1)``.
    levered_usd
        Dollars that lenders or stops could force out, all of them, valued at the close, USD bn, ``(runs, 1)``.
    crowded_usd
        The same valued after a fall of CROWDING_FALL.
    """

    sold_usd: Array
    slope: Array
    levered_usd: Array
    crowded_usd: Array


def forced_sales(populations: Sequence[Population], now: Information, slope: Array) -> ForcedSales:
    """Ask every population that can be forced what it would have to sell after each of FALLS."""
    forced = [population for population in populations if population.can_be_forced]
    nothing, usdjpy = np.zeros_like(slope), now.quote.usdjpy
    curves = [np.concatenate(population.forced_spot_usd(USDJPY_FALLS, now), axis=1) for population in forced]
    lower = usdjpy * (1.0 - CROWDING_FALL)
    return ForcedSales(
        sold_usd=sum(curves, np.zeros((slope.shape[0], len(USDJPY_FALLS)))),
        slope=slope,
        levered_usd=sum((population.levered_spot_usd(usdjpy) for population in forced), nothing),
        crowded_usd=sum((population.levered_spot_usd(lower) for population in forced), nothing),
    )


def gain_curve(sales: ForcedSales) -> Array:
    """How much of its own fall a shock of each of FALLS would reproduce, ``(runs, falls)``.

    ``g(fall) = slope * forced sales(fall) / |ln(1 - fall)|``

    Source: MODEL section 5; the loss spiral of Brunnermeier and Pedersen (2009).
    """
    return np.asarray(sales.slope * sales.sold_usd / LOG_FALLS)


def loop_gain(sales: ForcedSales) -> Array:
    """Largest gain over PROBES, ``(runs, 1)``; above one some shock feeds on itself.

    Source: MODEL section 5.
    """
    return np.asarray(gain_curve(sales)[:, LOOP_GAIN_COLUMNS].max(axis=1, keepdims=True))


def first_fall_reaching(falls: Sequence[float], curve: Array, level: float) -> Array:
    """Smallest fall at which a curve over `falls` reaches a level, decimal, ``(runs, 1)``.

    Linear between neighbouring falls.  A curve that starts at or above the level gives the first fall, one that never
    reaches it the last: the number is then read as "this much or more".

    Parameters
    ----------
    falls
        Rising falls, decimal.
    curve
        Values at these falls, ``(runs, falls)``.
    level
        Level to reach, in the curve's unit.
    """
    low, high, at = curve[:, :-1], curve[:, 1:], np.array(falls)
    crossed = (low < level) & (high >= level)
    crossing = at[:-1] + (at[1:] - at[:-1]) * ((level - low) / np.where(crossed, high - low, 1.0))
    first = crossing[np.arange(len(crossing)), crossed.argmax(axis=1)][:, None]
    found = np.where(crossed.any(axis=1, keepdims=True), first, falls[-1])
    return np.where(curve[:, :1] >= level, falls[0], found)


def tipping_distance(sales: ForcedSales) -> Array:
    """Smallest fall of USDJPY from the close at which the gain reaches one, decimal, ``(runs, 1)``.

    A shock of that size would be reproduced in full by the sales that it forces.  Between the smallest and the largest of
    FALLS, 1 and 10 %: the first where the gain is above one already there, the last where no fall of FALLS gets it to one.

    Source: MODEL section 5; Gennotte and Leland (1990), a crash as the point where supply outruns a falling price.
    """
    return first_fall_reaching(USDJPY_FALLS, gain_curve(sales), 1.0)


def cascade_distance(sales: ForcedSales, size_usd: float) -> Array:
    """Smallest fall of USDJPY from the close that forces `size_usd` of dollar sales, decimal, ``(runs, 1)``.

    Nothing is forced without a fall, so the curve begins at zero; at most the largest of FALLS.

    Source: the distance to default of Merton (1974), applied to the stops and margins of all levered holders.
    """
    curve = np.concatenate([np.zeros_like(sales.slope), sales.sold_usd], axis=1)
    return first_fall_reaching((0.0, *USDJPY_FALLS), curve, size_usd)


def crowding(sales: ForcedSales) -> Array:
    """Share of levered dollars that a fall of CROWDING_FALL would force out, between 0 and 1, ``(runs, 1)``.

    How many stand at the same exit: positions count by how close their stops and margins are.  Zero without levered holders.

    Source: Stein (2009), crowding as leverage that unwinds together; Greenwood, Landier and Thesmar (2015).
    Departure: measured on balance sheets, which the model knows, rather than on the correlation of returns.
    """
    sold = sales.sold_usd[:, [USDJPY_FALLS.index(CROWDING_FALL)]]
    return np.asarray(sold / np.where(sales.crowded_usd > 0.0, sales.crowded_usd, 1.0))


def depth_weighted_stock(sales: ForcedSales) -> Array:
    """Fall of log USDJPY if all levered dollars left at today's depth, ``lambda_t K``, decimal, ``(runs, 1)``.

    Source: MODEL section 4: August 2024 tells impact together with stock, not the stock by itself (docs/calibration.md).
    """
    return np.asarray(sales.slope * sales.levered_usd)
