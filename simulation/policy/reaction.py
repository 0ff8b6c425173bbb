"""Reaction functions of the central banks: probability of each decision given the economy and the markets.

The market knows the rule: in each run the decision is drawn from the probabilities that the market holds on that day.  Expected
decisions at later meetings are in `simulation.day.officials`.
"""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field
from scipy.special import expit, ndtr

from simulation.values.conventions import BASIS_POINT, PERCENT, Array, Flags, column
from simulation.values.parameters import EVERY_KEY, Parameters, quantity


@dataclass(frozen=True)
class Conditions:
    """Yesterday's state of the markets and the interest bill, to which officials react; each ``(runs, 1)``.

    Attributes
    ----------
    usdjpy
        Yen per dollar.
    usdjpy_rise
        Log rise of USDJPY over the last 20 business days.
    equity_fall
        Log fall of equities over the last five business days, positive for a fall.
    stress
        Volatility of USDJPY relative to its long-run value.
    interest_bill_share
        Increase of Japan's interest bill since the start, share of GDP.
    basis
        Cross-currency basis, decimal per year.
    """

    usdjpy: Array
    usdjpy_rise: Array
    equity_fall: Array
    stress: Array
    interest_bill_share: Array
    basis: Array


def calm_conditions(usdjpy: float, basis: float, runs: int) -> Conditions:
    """Conditions at the start of a scenario."""
    zero = column(0.0, runs)
    return Conditions(column(usdjpy, runs), zero, zero, column(1.0, runs), zero, column(basis, runs))


FED_GRID = np.array([-50.0, -25.0, 0.0, 25.0, 50.0]) * BASIS_POINT
"""Possible decisions of the Federal Reserve under its rule, decimal."""


class StressPause(Parameters):
    """An equity fall after which the Bank of Japan announces a pause while markets are unstable."""

    ACTS_WHEN: ClassVar = {
        EVERY_KEY: "equities fall by `equity_fall_pct` in five days",
    }

    equity_fall_pct: float = quantity(10, "%", (0.1, 100), "fall over five days", "MODEL section 2; 7 August 2024")
    guidance: str = Field(
        "dovish",
        description="guidance regime announced with the pause",
        json_schema_extra={"source": "Bank of Japan, 7 August 2024"},
    )
    hold_days: int = Field(
        90,
        ge=0,
        le=1000,
        description="calendar days without a hike afterwards",
        json_schema_extra={"source": "assumption: a quarter; after 7 August 2024 it was five months"},
    )


class BojReaction(Parameters):
    """Log-odds of a hike at a meeting as a function of inflation, wages, the yen, stress and the interest bill."""

    ACTS_WHEN: ClassVar = {
        EVERY_KEY: "a meeting lies ahead, and the condition that the key measures differs from calm",
    }

    kind: Literal["hazard"] = "hazard"
    base_log_odds: float = quantity(
        -1.1,
        "logits",
        (-20, 20),
        "log-odds at 2 % inflation, 4.5 % wage growth, 150 yen per dollar: one meeting in four, the pace since 2024",
        "Bank of Japan: 4 hikes at 15 meetings, March 2024 to December 2025",
    )
    core_inflation_pct: float = quantity(3.0, "% per year", (-5, 30), "core CPI", "Statistics Bureau, November 2025")
    wage_growth_pct: float = quantity(5.25, "% per year", (-5, 30), "spring wage round", "Rengo, 2025; CLAIMS 10")
    per_inflation_pp: float = quantity(
        0.6,
        "logits per pp",
        (0, 20),
        "response to inflation above 2 %",
        "assumption, sign from MODEL section 2: a point makes 25 % odds 38 %",
    )
    per_wage_pp: float = quantity(
        0.5,
        "logits per pp",
        (0, 20),
        "response to wages above 4.5 %",
        "assumption, sign from MODEL section 2: a point makes 25 % odds 35 %",
    )
    per_ten_yen: float = quantity(
        0.8,
        "logits per 10 yen",
        (0, 20),
        "response to USDJPY above 150",
        "assumption, sign from MODEL section 2: ten yen make 25 % odds 43 %",
    )
    per_stress: float = quantity(
        2.0,
        "logits per unit",
        (0, 50),
        "decrease with market stress above one",
        "assumption, sign from MODEL section 2: twice the usual volatility makes 25 % odds 4 %",
    )
    recent_hike_months: float = quantity(
        5, "months", (0, 60), "time during which a hike lowers the odds of another", "MODEL section 2"
    )
    after_recent_hike: float = quantity(
        3.0,
        "logits",
        (0, 50),
        "decrease of the log-odds after a recent hike",
        "assumption, sign from MODEL section 2: makes 25 % odds 2 %, as hikes have come half a year apart",
    )
    per_bill_pct_of_gdp: float = quantity(
        1.0,
        "logits per % of GDP",
        (0, 50),
        "decrease with the interest bill",
        "assumption, sign from MODEL section 2: a bill of 1 % of GDP makes 25 % odds 11 %",
    )
    last_hike: date | None = Field(None, description="last hike before the start")
    stress_pause: StressPause | None = StressPause()


class FedReaction(Parameters):
    """Inertial Taylor rule on a 25 bp grid."""

    ACTS_WHEN: ClassVar = {
        EVERY_KEY: "a meeting lies ahead, and the condition that the key measures differs from calm",
    }

    kind: Literal["taylor"] = "taylor"
    core_inflation_pct: float = quantity(2.8, "% per year", (-5, 30), "core PCE", "BEA, September 2025; CLAIMS 14")
    unemployment_pct: float = quantity(4.4, "%", (0, 50), "unemployment rate", "BLS, September 2025")
    natural_unemployment_pct: float = quantity(4.2, "%", (0, 50), "natural rate", "FOMC projections, September 2025")
    neutral_real_pct: float = quantity(
        1.0, "% per year", (-5, 10), "neutral real rate", "FOMC projections, 3 % less 2 %"
    )
    inflation_weight: float = quantity(0.5, "per pp", (0, 10), "response to inflation above 2 %", "Taylor (1993)")
    unemployment_weight: float = quantity(
        1.0, "per pp", (0, 10), "response to unemployment", "Taylor (1993), Okun's law of 2"
    )
    inertia: float = quantity(
        0.94, "per meeting", (0, 1), "weight of the current rate", "Clarida, Gali and Gertler (2000)"
    )
    per_stress_bp: float = quantity(
        20,
        "bp per unit",
        (0, 500),
        "easing with market stress above one",
        "assumption: twice the usual volatility is worth most of a step",
    )
    uncertainty_bp: float = quantity(
        12,
        "bp",
        (0.1, 500),
        "standard deviation of the policy disturbance",
        "assumption: half a step, so that the neighbouring decision stays possible",
    )


def hike_log_odds(rule: BojReaction, now: Conditions) -> Array:
    """Log-odds of a hike without the effects of recent hikes and pauses, ``(runs, 1)``.

    ``a + b (pi - 2)+ + c (w - 4.5)+ + d (S - 150)+ / 10 - e (stress - 1)+ - f bill``.  Source: MODEL section 2.
    """
    economy = rule.per_inflation_pp * max(rule.core_inflation_pct - 2.0, 0.0)
    economy += rule.per_wage_pp * max(rule.wage_growth_pct - 4.5, 0.0)
    yen = rule.per_ten_yen * np.maximum(now.usdjpy - 150.0, 0.0) / 10.0
    stress = rule.per_stress * np.maximum(now.stress - 1.0, 0.0)
    bill = rule.per_bill_pct_of_gdp * np.maximum(now.interest_bill_share, 0.0) / PERCENT
    return np.asarray(rule.base_log_odds + economy + yen - stress - bill)


def hike_probability(log_odds: Array, recent: Flags, paused: Flags, penalty: float) -> Array:
    """Probability of a hike, ``(runs, 1)``: zero during a pause, log-odds lower by `penalty` after a recent hike."""
    return np.where(paused, 0.0, expit(log_odds - np.where(recent, penalty, 0.0)))


def taylor_rate(rule: FedReaction) -> float:
    """Policy rate of the rule without inertia, decimal: ``r* + pi + a (pi - 2) - b (u - u*)``.  Source: Taylor (1993)."""
    gap = rule.unemployment_weight * (rule.unemployment_pct - rule.natural_unemployment_pct)
    beyond_target = rule.inflation_weight * (rule.core_inflation_pct - 2.0)
    return (rule.neutral_real_pct + rule.core_inflation_pct + beyond_target - gap) * PERCENT


def taylor_probabilities(rule: FedReaction, rate: Array, now: Conditions) -> Array:
    """Probability of each decision of `FED_GRID`, ``(runs, outcomes)``.

    The target change is ``(1 - rho) (i* - i)`` minus an easing under stress.  It is rounded to the grid after a normal
    disturbance, so each outcome has the probability of its interval.
    """
    target = (1.0 - rule.inertia) * (taylor_rate(rule) - rate)
    target = target - rule.per_stress_bp * BASIS_POINT * np.maximum(now.stress - 1.0, 0.0)
    edges = (FED_GRID[1:] + FED_GRID[:-1]) / 2.0
    below = ndtr((edges - target) / (rule.uncertainty_bp * BASIS_POINT))
    ends = np.zeros_like(target)
    return np.asarray(np.diff(np.concatenate([ends, below, ends + 1.0], axis=1), axis=1))


def draw_decision(probabilities: Array, steps: Array, uniform: Array) -> Array:
    """One decision per run, decimal, ``(runs, 1)``, by inversion of the probabilities at `uniform`, ``(runs, 1)``."""
    chosen = (np.cumsum(probabilities, axis=1)[:, :-1] < uniform).sum(axis=1)
    return np.asarray(steps[chosen])[:, None]
