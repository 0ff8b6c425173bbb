"""Price impact of cumulative net purchases: a fast concave part on dealers' books and a slow part beyond them.

``ln P = f + G + F(Z)``: Z is what customers have bought that dealers still carry, G accumulates the slow impact of what
value investors have supplied.  For bonds the same numbers lower the yield.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simulation.market.parameters import Market
from simulation.values.conventions import PERCENT, Array, across


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
    columns = {name: across([getattr(impact, name) for impact in impacts]) for name in fields}
    return ImpactTable(
        **columns,
        stress_slope=across([market.stress_slope for market in markets]),
        stress_cap=across([market.stress_cap for market in markets]),
        thin_factor=across([market.thin_factor_x for market in markets]),
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
