"""Drawn rate paths for long histories: the gap between both countries' rates wanders around a level of each run's own.

Nothing here is news: yields return to their level as everybody expects, and policy rates follow the two-year yields in steps
that are fully priced.  News about rates are the daily macro news, as in any scenario.
"""

import numpy as np

from simulation.values.conventions import BASIS_POINT, PERCENT, TRADING_DAYS_PER_YEAR, Array
from simulation.values.parameters import Parameters, quantity

STEP = 25 * BASIS_POINT
"""Grid of policy rates."""


class DrawnRates(Parameters):
    """How rate paths are drawn.

    The level of the gap is uniform over the runs, so that wide and narrow gaps are equally well seen.
    """

    lowest_gap_pp: float = quantity(0, "pp", (-5, 20), "lowest level of the two-year gap", "H.15, MoF Japan 1990-2024")
    highest_gap_pp: float = quantity(
        5.5, "pp", (-5, 20), "highest level of the two-year gap", "H.15, MoF Japan 1990-2024"
    )
    half_life_years: float = quantity(
        1.5,
        "years",
        (0.05, 50),
        "half-life of departures from the level: a third of a policy cycle",
        "assumption: a third of a policy cycle",
    )
    days_between_meetings: int = quantity(
        32, "business days", (1, 1000), "policy rates follow this often", "eight meetings a year"
    )


def levels(rule: DrawnRates, uniform: Array) -> Array:
    """Level of the two-year gap in each run, decimal, ``(runs, 1)``; `uniform` likewise, between 0 and 1."""
    width = rule.highest_gap_pp - rule.lowest_gap_pp
    return np.asarray((rule.lowest_gap_pp + width * uniform) * PERCENT)


def return_to_level(gap: Array, level: Array, half_life_years: float) -> Array:
    """Expected change of the gap in a day: ``(level - gap) (1 - 2^(-1 / days of a half-life))``, decimal, ``(runs, 1)``.

    Source: Vasicek (1977), discretised.
    """
    passed = 1.0 - 0.5 ** (1.0 / (half_life_years * TRADING_DAYS_PER_YEAR))
    return np.asarray((level - gap) * passed)


def priced_step(mean_rate: Array, rate: Array) -> Array:
    """Step that brings a policy rate to the grid point next to the expected two-year mean, decimal, ``(runs, 1)``."""
    return np.asarray(np.round((mean_rate - rate) / STEP) * STEP)
