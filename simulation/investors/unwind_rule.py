"""The threshold rule of the article: an investor exits when the 10-year spread falls below a personal threshold.

A scenario applies either this rule (`threshold`) or the behavioural rules of the populations (`structural`) to all holders of
the carry stock.  Thresholds are normal, truncated below the initial spread, and calibrated so that a given share exits at a given
spread.  One point does not identify their standard deviation: report results over a range of `threshold_sd_pp`.
"""

from typing import Literal

import numpy as np
from pydantic import Field
from scipy.special import ndtr, ndtri

from simulation.values.conventions import PERCENT, Array
from simulation.values.parameters import Parameters, quantity


class UnwindRule(Parameters):
    """How holders of foreign assets decide to exit."""

    rule: Literal["structural", "threshold"] = Field(
        "structural",
        description="structural: behavioural rules of the populations; threshold: exit below a personal spread (the article)",
        json_schema_extra={"source": "structural: MODEL section 3; threshold is the article's (CLAIMS 28)"},
    )
    threshold_sd_pp: float = quantity(
        0.45,
        "pp",
        (0.01, 5),
        "sd: standard deviation of thresholds; not identified",
        "MODEL section 3; one point does not identify it, so results are reported for 0.3 to 0.6",
    )
    anchor_spread_pp: float = quantity(1.5, "pp", (-5, 20), "spread at which `anchor_share` has exited", "CLAIMS 28")
    anchor_share: float = quantity(
        0.24, "share", (0.001, 0.999), "share that has exited at the anchor spread", "CLAIMS 28: 1.2 of 5 $tn"
    )
    repatriated_share: float = quantity(
        0.5, "share", (0, 1), "phi: share of residents' sales that is converted to yen", "CLAIMS 28: 600 of 1,200 $bn"
    )
    exit_days: int = Field(
        10,
        ge=1,
        le=2500,
        description="business days over which an investor exits",
        json_schema_extra={"source": "assumption: two weeks, since large holders do not exit in one day"},
    )


def share_unwound(spread: float, start_spread: float, mean: float, deviation: float) -> float:
    """Share of wealth whose threshold lies above `spread`; all arguments in the same unit.

    ``[Phi((s0 - m)/sd) - Phi((s - m)/sd)] / Phi((s0 - m)/sd)`` for ``s <= s0``, zero above: thresholds are normal,
    truncated below the start spread.  Source: MODEL section 3.
    """
    below_start = ndtr((start_spread - mean) / deviation)
    return float(max(0.0, 1.0 - ndtr((spread - mean) / deviation) / below_start))


def threshold_mean(rule: UnwindRule, start_spread_pp: float) -> float:
    """Mean threshold m, pp, such that `anchor_share` of wealth has exited at `anchor_spread_pp`.

    Raises
    ------
    ValueError
        If the initial spread is not above the anchor.
    """
    if start_spread_pp <= rule.anchor_spread_pp:
        raise ValueError(
            f"unwind.anchor_spread_pp is {rule.anchor_spread_pp:g} pp, but the spread starts at {start_spread_pp:g} pp: "
            "the threshold rule needs an anchor below the initial spread; lower unwind.anchor_spread_pp"
        )

    # Imported here because only this rule needs it and the import is slow.
    from scipy.optimize import brentq

    def excess_share(mean: float) -> float:
        exited = share_unwound(rule.anchor_spread_pp, start_spread_pp, mean, rule.threshold_sd_pp)
        return exited - rule.anchor_share

    # The share increases with the mean; beyond 30 standard deviations the truncated normal is degenerate.
    low, high = rule.anchor_spread_pp - 30 * rule.threshold_sd_pp, start_spread_pp + 30 * rule.threshold_sd_pp
    return float(brentq(excess_share, low, high, xtol=1e-12))


def personal_thresholds(stock: Array, rule: UnwindRule, start_spread_pp: float) -> Array:
    """Threshold of each investor, decimal, ``(runs, investors)``: quantiles of the distribution by cumulative wealth.

    Investor i has the quantile at the midpoint of its interval of cumulative wealth, so the wealth above any spread matches the
    distribution up to half of the largest interval.  `stock` is in random order, so size and threshold are independent.
    """
    mean = threshold_mean(rule, start_spread_pp)
    upper = ndtr((start_spread_pp - mean) / rule.threshold_sd_pp)
    middle = (np.cumsum(stock, axis=1) - stock / 2) / stock.sum(axis=1, keepdims=True)
    return np.asarray((mean + rule.threshold_sd_pp * ndtri(middle * upper)) * PERCENT)


def exit_step(left: Array, thresholds: Array, spread: Array, days: int) -> Array:
    """Share of the initial position that each investor closes today, ``(runs, investors)``.

    An investor whose threshold lies above the spread exits in equal steps over `days`; it stops if the spread recovers and does
    not re-enter.

    Parameters
    ----------
    left
        Share of the initial position already closed, ``(runs, investors)``.
    thresholds, spread
        Decimal, ``(runs, investors)`` and ``(runs, 1)``.
    """
    return np.asarray(np.minimum(1.0 / days, 1.0 - left) * (thresholds > spread))
