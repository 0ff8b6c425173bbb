"""The Ministry of Finance: warns, then sells dollars when USDJPY is high and has risen fast; or as a scenario gives it."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated

import numpy as np
from pydantic import Field

from simulation.policy.conditions import Conditions
from simulation.values.conventions import PERCENT, Array, Flags
from simulation.values.parameters import Parameters, quantity


class Intervention(Parameters):
    """An intervention that is given: yen bought against dollars (negative: sold)."""

    date: Annotated[date, Field(description="day of the intervention")]
    bought_jpy_bn: float = quantity(..., "JPY bn", (-50_000, 50_000), "yen bought on that day", "MoF Japan")


class MinistryOfFinance(Parameters):
    """When and how much the Ministry sells."""

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


def qualifies(now: Conditions, level: float, fast_rise_pct: float) -> Flags:
    """Whether USDJPY is beyond a level and has moved fast, boolean ``(runs, 1)``.

    Source: MODEL section 2; Fatum and Hutchison (2010) on the Ministry's triggers.
    """
    return np.asarray((now.usdjpy > level) & (now.usdjpy_rise > np.log1p(fast_rise_pct * PERCENT)))


def dollars_sold(rule: MinistryOfFinance, may_act: Flags, chance: Array, size: Array) -> Array:
    """Dollars sold today, USD bn, ``(runs, 1)``; `chance` and `size` are uniform draws."""
    amount = rule.least_usd_bn + (rule.most_usd_bn - rule.least_usd_bn) * size
    return np.where(may_act & (chance < rule.probability), amount, 0.0)


def given_jpy_bn(rule: MinistryOfFinance, day: date) -> float:
    """Yen bought on a day by given interventions, JPY bn."""
    return sum(item.bought_jpy_bn for item in rule.interventions if item.date == day)


@dataclass(frozen=True)
class Action:
    """What the Ministry does in a day, ``(runs, 1)``: dollars sold (negative: bought), USD bn, and runs with a first warning."""

    sold_usd: Array
    warned: Flags


class Ministry:
    """The Ministry's memory: the day, counted in steps, until which it keeps quiet after it has warned or acted."""

    def __init__(self, rule: MinistryOfFinance | None, runs: int) -> None:
        self.rule = rule
        self.quiet_until = np.full((runs, 1), -1.0)

    def act(self, today: date, step: int, now: Conditions, uniform: Array) -> Action:
        """Given interventions, else a sale when USDJPY is high and has risen fast; a warning comes first.

        Parameters
        ----------
        uniform
            Two uniform draws per run: whether and how much, ``(runs, 2)``.
        """
        nothing = np.zeros_like(now.usdjpy)
        if self.rule is None:
            return Action(nothing, nothing > 0.0)
        free = self.quiet_until < step
        may_act = free & qualifies(now, self.rule.level_yen, self.rule.fast_rise_pct)
        sold = dollars_sold(self.rule, may_act, uniform[:, :1], uniform[:, 1:])
        warned = free & (sold == 0.0) & qualifies(now, self.rule.warning_level_yen, self.rule.fast_rise_pct) & ~may_act
        self.quiet_until = np.where((sold > 0.0) | warned, float(step + self.rule.quiet_days), self.quiet_until)
        return Action(sold + given_jpy_bn(self.rule, today) / now.usdjpy, warned)
