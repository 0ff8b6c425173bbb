"""Japan's Ministry of Finance: currency intervention, and the interest bill on government debt."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from simulation.policy.reaction import Conditions
from simulation.values.conventions import PERCENT, Array, Flags
from simulation.values.parameters import EVERY_KEY, Parameters, quantity


class Intervention(Parameters):
    """A scheduled intervention: yen bought against dollars (negative: sold)."""

    date: Annotated[date, Field(description="day of the intervention")]
    bought_jpy_bn: float = quantity(..., "JPY bn", (-50_000, 50_000), "yen bought on the day", "MoF Japan")


class MinistryOfFinance(Parameters):
    """Rule for dollar sales: conditions, probability and size."""

    ACTS_WHEN: ClassVar = {
        EVERY_KEY: "USDJPY is beyond its level after a rise of `fast_rise_pct` in 20 days, or an intervention is given",
    }

    interventions: tuple[Intervention, ...] = ()
    level_yen: float = quantity(
        160, "yen per dollar", (1, 1000), "USDJPY above which the Ministry may intervene", "interventions of 2022-24"
    )
    fast_rise_pct: float = quantity(
        4, "%", (0, 100), "rise over 20 business days that counts as fast", "MODEL section 2"
    )
    probability: float = quantity(
        0.25,
        "per day",
        (0, 1),
        "probability of intervention on a qualifying day; 0 disables intervention",
        "assumption: one qualifying day in four, so that the day is not known in advance",
    )
    least_usd_bn: float = quantity(
        10, "$bn", (0, 500), "smallest sale per day; 20-38 $bn over 1-2 days observed", "MoF Japan 2022-24"
    )
    most_usd_bn: float = quantity(
        38, "$bn", (0, 500), "largest sale per day", "MoF Japan 2022-24: 38 $bn on 29 April 2024"
    )
    warning_level_yen: float = quantity(
        157,
        "yen per dollar",
        (1, 1000),
        "USDJPY above which the Ministry warns",
        "assumption: three yen below the intervention level, as warnings come first",
    )
    warning_pct: float = quantity(
        0.3,
        "%",
        (0, 10),
        "fall of USDJPY on a first warning",
        "assumption: small relative to the fall after a sale of 10 $bn",
    )
    signal_multiplier: float = quantity(
        1,
        "multiple of the flow impact",
        (0, 10),
        "price effect of the signal in addition to the flow",
        ".06-.10 % per $bn, MODEL 4",
    )
    quiet_days: int = Field(
        10,
        ge=0,
        le=1000,
        description="business days until the next warning or intervention",
        json_schema_extra={
            "source": "assumption: two weeks; sales of 2022-24 within days of each other (MoF Japan) count as one"
        },
    )


def intervention_condition(now: Conditions, level: float, fast_rise_pct: float) -> Flags:
    """Whether USDJPY is above a level and has risen fast, boolean ``(runs, 1)``.

    Source: MODEL section 2; Fatum and Hutchison (2010) on the Ministry's triggers.
    """
    return np.asarray((now.usdjpy > level) & (now.usdjpy_rise > np.log1p(fast_rise_pct * PERCENT)))


def dollars_sold(rule: MinistryOfFinance, may_act: Flags, chance: Array, size: Array) -> Array:
    """Dollars sold today, USD bn, ``(runs, 1)``; `chance` and `size` are uniform draws in [0, 1)."""
    amount = rule.least_usd_bn + (rule.most_usd_bn - rule.least_usd_bn) * size
    return np.where(may_act & (chance < rule.probability), amount, 0.0)


def scheduled_purchase_jpy_bn(rule: MinistryOfFinance, day: date) -> float:
    """Yen bought by scheduled interventions on a day, JPY bn."""
    return sum(item.bought_jpy_bn for item in rule.interventions if item.date == day)


@dataclass(frozen=True)
class MinistryAction:
    """Actions of a day, ``(runs, 1)``: dollars sold (negative: bought), USD bn, and runs with a new warning."""

    sold_usd: Array
    warned: Flags


class Ministry:
    """State of the Ministry: the step until which it does not warn or intervene again."""

    def __init__(self, rule: MinistryOfFinance | None, runs: int) -> None:
        self.rule = rule
        self.quiet_until = np.full((runs, 1), -1.0)

    def act(self, today: date, step: int, now: Conditions, uniform: Array) -> MinistryAction:
        """Scheduled interventions, plus a rule-based sale or warning when USDJPY is high and has risen fast.

        Parameters
        ----------
        uniform
            Two uniform draws per run, occurrence and size, ``(runs, 2)``.
        """
        nothing = np.zeros_like(now.usdjpy)
        if self.rule is None:
            return MinistryAction(nothing, nothing > 0.0)
        free = self.quiet_until < step
        may_act = free & intervention_condition(now, self.rule.level_yen, self.rule.fast_rise_pct)
        sold = dollars_sold(self.rule, may_act, uniform[:, :1], uniform[:, 1:])
        warned = (
            free
            & (sold == 0.0)
            & intervention_condition(now, self.rule.warning_level_yen, self.rule.fast_rise_pct)
            & ~may_act
        )
        self.quiet_until = np.where((sold > 0.0) | warned, float(step + self.rule.quiet_days), self.quiet_until)
        return MinistryAction(sold + scheduled_purchase_jpy_bn(self.rule, today) / now.usdjpy, warned)


class Fiscal(Parameters):
    """Japan's public debt and GDP, for the interest bill."""

    INERT: ClassVar = {
        "debt_to_gdp_pct": "no rule reads it; the interest bill follows from `bonds_jpy_tn`",
    }

    debt_to_gdp_pct: float = quantity(
        229.6,
        "% of GDP",
        (0, 1000),
        "deprecated, has no effect: gross debt; the interest bill follows from bonds_jpy_tn",
        "IMF WEO October 2025; CLAIMS 40",
    )
    gdp_jpy_tn: float = quantity(635, "JPY tn", (1, 1e5), "nominal GDP", "Cabinet Office, 2025; CLAIMS 42")
    bonds_jpy_tn: float = quantity(
        1_100,
        "JPY tn",
        (0, 1e5),
        "JGBs whose interest follows market yields as they mature",
        "MoF Japan, 2025; CLAIMS 42",
    )
    average_maturity_years: float = quantity(
        9, "years", (0.1, 50), "average maturity of the JGBs", "MoF Japan; CLAIMS 42"
    )

    def share_of_gdp(self, bill_jpy_bn: Array | float) -> Array:
        """An annual amount in JPY bn as a share of GDP."""
        return np.asarray(bill_jpy_bn) / (self.gdp_jpy_tn * 1000.0)


def interest_bill_rise(rate_change: Array | float, years: Array | float, fiscal: Fiscal) -> Array:
    """Increase of the annual interest bill `years` after a permanent `rate_change`, JPY bn per year.

    ``B dr (1 - exp(-t / m))``: a stock B of average maturity m reprices as it is refinanced.

    Parameters
    ----------
    rate_change
        Decimal per year.
    years
        Time since the change.

    Source: MoF Japan, debt-servicing projections (assumed-rate exercise); MODEL section 2.
    Departure: maturities are memoryless; the actual redemption profile is close to that below ten years.
    """
    passed = 1.0 - np.exp(-np.asarray(years) / fiscal.average_maturity_years)
    return np.asarray(fiscal.bonds_jpy_tn * 1000.0 * np.asarray(rate_change) * passed)


def next_interest_bill(bill_jpy_bn: Array, yield_change: Array, years: float, fiscal: Fiscal) -> Array:
    """Increase of the annual interest bill one step later, if new debt costs `yield_change` more than at the start, JPY bn.

    ``b' = b + (B dy - b) (1 - exp(-dt / m))``; for a constant `yield_change` this gives `interest_bill_rise`.
    """
    passed = 1.0 - np.exp(-years / fiscal.average_maturity_years)
    return np.asarray(bill_jpy_bn + (fiscal.bonds_jpy_tn * 1000.0 * yield_change - bill_jpy_bn) * passed)


def neutral_gap_pp(rate: Array, lowest_pct: float, highest_pct: float) -> Array:
    """Distance of the policy rate from the neutral band, pp: negative below (loose), zero inside, positive above (tight).

    Source: Bank of Japan staff range for the neutral rate, 1-2.5 % (CLAIMS 38).
    """
    rate_pct = rate / PERCENT
    return np.asarray(np.minimum(rate_pct - lowest_pct, 0.0) + np.maximum(rate_pct - highest_pct, 0.0))
