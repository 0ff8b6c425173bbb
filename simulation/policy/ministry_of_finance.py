"""The Ministry of Finance: warns, then sells dollars when USDJPY is high and has risen fast; or as a scenario gives it.

The fiscal block: how a change of rates passes through the stock of government debt into the interest bill.
"""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from simulation.policy.reaction import Conditions
from simulation.values.conventions import PERCENT, Array, Flags
from simulation.values.parameters import EVERY_KEY, Parameters, quantity


class Intervention(Parameters):
    """An intervention that is given: yen bought against dollars (negative: sold)."""

    date: Annotated[date, Field(description="day of the intervention")]
    bought_jpy_bn: float = quantity(..., "JPY bn", (-50_000, 50_000), "yen bought on that day", "MoF Japan")


class MinistryOfFinance(Parameters):
    """When and how much the Ministry sells."""

    ACTS_WHEN: ClassVar = {
        EVERY_KEY: "USDJPY is beyond its level after a rise of `fast_rise_pct` in 20 days, or an intervention is given",
    }

    interventions: tuple[Intervention, ...] = ()
    level_yen: float = quantity(
        160, "yen per dollar", (1, 1000), "level beyond which it acts", "interventions of 2022-24"
    )
    fast_rise_pct: float = quantity(
        4, "%", (0, 100), "rise over 20 business days that counts as fast", "MODEL section 2"
    )
    probability: float = quantity(
        0.25,
        "per day",
        (0, 1),
        "chance of acting on a day that qualifies; 0 switches it off",
        "assumption: a qualifying day in four, so that nobody knows the day",
    )
    least_usd_bn: float = quantity(10, "$bn", (0, 500), "smallest day: 20-38 $bn over 1-2 days", "MoF Japan 2022-24")
    most_usd_bn: float = quantity(38, "$bn", (0, 500), "largest day", "MoF Japan 2022-24: 38 $bn on 29 April 2024")
    warning_level_yen: float = quantity(
        157,
        "yen per dollar",
        (1, 1000),
        "level beyond which it warns",
        "assumption: three yen before it acts, as warnings come first",
    )
    warning_pct: float = quantity(
        0.3,
        "%",
        (0, 10),
        "fall of USDJPY on a first warning",
        "assumption: small beside the fall that a sale of 10 $bn brings",
    )
    signal_multiplier: float = quantity(
        1, "multiple of the flow impact", (0, 10), "effect of the signal beside the flow", ".06-.10 % per $bn, MODEL 4"
    )
    quiet_days: int = Field(
        10,
        ge=0,
        le=1000,
        description="business days before it warns or acts again",
        json_schema_extra={
            "source": "assumption: two weeks; sales of 2022-24 within days of each other (MoF Japan) count as one"
        },
    )


def intervention_condition(now: Conditions, level: float, fast_rise_pct: float) -> Flags:
    """Whether USDJPY is beyond a level and has moved fast, boolean ``(runs, 1)``.

    Source: MODEL section 2; Fatum and Hutchison (2010) on the Ministry's triggers.
    """
    return np.asarray((now.usdjpy > level) & (now.usdjpy_rise > np.log1p(fast_rise_pct * PERCENT)))


def dollars_sold(rule: MinistryOfFinance, may_act: Flags, chance: Array, size: Array) -> Array:
    """Dollars sold today, USD bn, ``(runs, 1)``; `chance` and `size` are uniform draws."""
    amount = rule.least_usd_bn + (rule.most_usd_bn - rule.least_usd_bn) * size
    return np.where(may_act & (chance < rule.probability), amount, 0.0)


def scheduled_purchase_jpy_bn(rule: MinistryOfFinance, day: date) -> float:
    """Yen bought on a day by given interventions, JPY bn."""
    return sum(item.bought_jpy_bn for item in rule.interventions if item.date == day)


@dataclass(frozen=True)
class MinistryAction:
    """What the Ministry does in a day, ``(runs, 1)``: dollars sold (negative: bought), USD bn, and runs with a first warning."""

    sold_usd: Array
    warned: Flags


class Ministry:
    """The Ministry's memory: the day, counted in steps, until which it keeps quiet after it has warned or acted."""

    def __init__(self, rule: MinistryOfFinance | None, runs: int) -> None:
        self.rule = rule
        self.quiet_until = np.full((runs, 1), -1.0)

    def act(self, today: date, step: int, now: Conditions, uniform: Array) -> MinistryAction:
        """Given interventions, else a sale when USDJPY is high and has risen fast; a warning comes first.

        Parameters
        ----------
        uniform
            Two uniform draws per run: whether and how much, ``(runs, 2)``.
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
    """Japan's public debt."""

    INERT: ClassVar = {
        "debt_to_gdp_pct": "for reference: no rule reads it, `bonds_jpy_tn` reprice",
    }

    debt_to_gdp_pct: float = quantity(
        229.6,
        "% of GDP",
        (0, 1000),
        "gross debt, for reference: no rule reads it, bonds_jpy_tn reprice",
        "IMF WEO October 2025; CLAIMS 40",
    )
    gdp_jpy_tn: float = quantity(635, "JPY tn", (1, 1e5), "nominal GDP", "Cabinet Office, 2025; CLAIMS 42")
    bonds_jpy_tn: float = quantity(1_100, "JPY tn", (0, 1e5), "JGBs that reprice", "MoF Japan, 2025; CLAIMS 42")
    average_maturity_years: float = quantity(9, "years", (0.1, 50), "average maturity", "MoF Japan; CLAIMS 42")

    def share_of_gdp(self, bill_jpy_bn: Array | float) -> Array:
        """A yearly amount in JPY bn as a share of GDP."""
        return np.asarray(bill_jpy_bn) / (self.gdp_jpy_tn * 1000.0)


def interest_bill_rise(rate_change: Array | float, years: Array | float, fiscal: Fiscal) -> Array:
    """Rise of the yearly interest bill `years` after rates moved by `rate_change` for good, JPY bn a year.

    ``B dr (1 - exp(-t / m))``: a stock B of average maturity m reprices as it is refinanced, not at once.

    Parameters
    ----------
    rate_change
        Decimal per year.
    years
        Time since the change.

    Source: MoF Japan, debt-servicing projections (assumed-rate exercise); MODEL section 2.
    Departure: maturities are taken as memoryless; the true redemption profile is close to it below ten years.
    """
    passed = 1.0 - np.exp(-np.asarray(years) / fiscal.average_maturity_years)
    return np.asarray(fiscal.bonds_jpy_tn * 1000.0 * np.asarray(rate_change) * passed)


def next_interest_bill(bill_jpy_bn: Array, yield_change: Array, years: float, fiscal: Fiscal) -> Array:
    """The rise of the bill one step later, when new debt costs `yield_change` more than at the start; JPY bn a year.

    ``b' = b + (B dy - b) (1 - exp(-dt / m))``: the recursion whose answer to a lasting change is `interest_bill_rise`.
    """
    passed = 1.0 - np.exp(-years / fiscal.average_maturity_years)
    return np.asarray(bill_jpy_bn + (fiscal.bonds_jpy_tn * 1000.0 * yield_change - bill_jpy_bn) * passed)


def neutral_gap_pp(rate: Array, lowest_pct: float, highest_pct: float) -> Array:
    """How far the policy rate lies outside the neutral band, pp: negative is loose, zero inside, positive tight.

    Source: Bank of Japan staff range for the neutral rate, 1-2.5 % (CLAIMS 38).
    """
    rate_pct = rate / PERCENT
    return np.asarray(np.minimum(rate_pct - lowest_pct, 0.0) + np.maximum(rate_pct - highest_pct, 0.0))
