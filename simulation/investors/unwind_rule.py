"""The article's reading of the carry trade: an investor leaves when the 10-year spread falls below a personal threshold.

A scenario chooses between this rule (`threshold`) and the populations' own rules (`structural`) for every holder of the
carry stock.  Thresholds are normal, truncated below the start spread, and set so that a stated share leaves at a stated
spread; one point does not identify the spread of the thresholds, so results belong in a band over `threshold_sd_pp`.
"""

from typing import Literal

import numpy as np
from pydantic import Field
from scipy.special import ndtr, ndtri

from simulation.values.conventions import PERCENT, Array
from simulation.values.parameters import Parameters, quantity


class UnwindRule(Parameters):
    """How holders of foreign assets decide to leave."""

    rule: Literal["structural", "threshold"] = Field(
        "structural",
        description="the populations' own rules, or the article's: leave below a personal spread",
        json_schema_extra={"source": "structural: MODEL section 3; threshold is the article's (CLAIMS 28)"},
    )
    threshold_sd_pp: float = quantity(
        0.45,
        "pp",
        (0.01, 5),
        "sd: standard deviation of thresholds; not identified",
        "MODEL section 3; one point cannot tell it, so results stand in a band for 0.3 to 0.6",
    )
    anchor_spread_pp: float = quantity(1.5, "pp", (-5, 20), "spread at which `anchor_share` has left", "CLAIMS 28")
    anchor_share: float = quantity(
        0.24, "share", (0.001, 0.999), "share that has left there", "CLAIMS 28: 1.2 of 5 $tn"
    )
    repatriated_share: float = quantity(
        0.5, "share", (0, 1), "phi: part of what residents sell that is converted to yen", "CLAIMS 28: 600 of 1,200 $bn"
    )
    exit_days: int = Field(
        10,
        ge=1,
        le=2500,
        description="business days over which an investor leaves",
        json_schema_extra={"source": "assumption: two weeks, as large holders do not leave in a day"},
    )


def share_unwound(spread: float, start_spread: float, mean: float, deviation: float) -> float:
    """Share of wealth whose threshold lies above `spread`, all in one unit.

    ``[Phi((s0 - m)/sd) - Phi((s - m)/sd)] / Phi((s0 - m)/sd)`` for ``s <= s0``, zero above: thresholds are normal,
    truncated below the start spread.  Source: MODEL section 3.
    """
    below_start = ndtr((start_spread - mean) / deviation)
    return float(max(0.0, 1.0 - ndtr((spread - mean) / deviation) / below_start))


def threshold_mean(rule: UnwindRule, start_spread_pp: float) -> float:
    """Mean threshold m, pp, at which `anchor_share` of wealth has left at `anchor_spread_pp`.

    Raises
    ------
    ValueError
        If the start spread is not above the anchor.
    """
    if start_spread_pp <= rule.anchor_spread_pp:
        raise ValueError(
            f"unwind.anchor_spread_pp is {rule.anchor_spread_pp:g} pp, but the spread starts at {start_spread_pp:g} pp: "
            "the threshold rule needs an anchor below the start spread"
        )

    from scipy.optimize import (
        brentq,  # only this rule needs it, and its import takes half as long as all of NumPy and pandas
    )

    def excess(mean: float) -> float:
        left = share_unwound(rule.anchor_spread_pp, start_spread_pp, mean, rule.threshold_sd_pp)
        return left - rule.anchor_share

    # Beyond 30 standard deviations the truncated normal is degenerate; the share rises with the mean in between.
    low, high = rule.anchor_spread_pp - 30 * rule.threshold_sd_pp, start_spread_pp + 30 * rule.threshold_sd_pp
    return float(brentq(excess, low, high, xtol=1e-12))


def personal_thresholds(stock: Array, rule: UnwindRule, start_spread_pp: float) -> Array:
    """A threshold for each investor, decimal, ``(runs, investors)``: quantiles of the distribution in order of wealth share.

    Investor i takes the quantile at the middle of its slice of cumulative wealth, so that the wealth above any spread
    is the distribution's share up to half of the largest slice.  `stock` is in random order, so size and threshold are
    independent.
    """
    mean = threshold_mean(rule, start_spread_pp)
    upper = ndtr((start_spread_pp - mean) / rule.threshold_sd_pp)
    middle = (np.cumsum(stock, axis=1) - stock / 2) / stock.sum(axis=1, keepdims=True)
    return np.asarray((mean + rule.threshold_sd_pp * ndtri(middle * upper)) * PERCENT)


def exit_step(left: Array, thresholds: Array, spread: Array, days: int) -> Array:
    """Share of the start position that each investor gives up today.

    An investor whose threshold lies above the spread leaves in equal steps over `days`; it stops where it is when the
    spread recovers, and nobody comes back.

    Parameters
    ----------
    left
        Share of the start position already given up, ``(runs, investors)``.
    thresholds, spread
        Decimal, ``(runs, investors)`` and ``(runs, 1)``.
    """
    return np.asarray(np.minimum(1.0 / days, 1.0 - left) * (thresholds > spread))
