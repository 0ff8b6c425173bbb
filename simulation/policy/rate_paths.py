"""Paths of policy rates: the path the market expects, expected hikes under the Bank of Japan's rule, and drawn paths.

The expected path is today's rate, plus the expected step at every scheduled meeting, plus guidance steps after their anchor
date.  Meetings come on top of guidance: a scenario that lists a hike on the day of a guidance step counts it twice.  Expected
steps are in the path from the start, so they move no price when they occur.
"""

from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Final

import numpy as np

from simulation.policy.central_banks import CentralBank, Guidance, Meeting, expected_step
from simulation.policy.reaction import FED_GRID, BojReaction, FedReaction, hike_probability
from simulation.values.conventions import (
    BASIS_POINT,
    DAYS_PER_YEAR,
    MONTHS_PER_YEAR,
    PERCENT,
    TRADING_DAYS_PER_YEAR,
    Array,
    Flags,
    column,
)
from simulation.values.parameters import Parameters, quantity

MAX_STEPS = 40
"""Number of guidance steps in the path: ten years of quarterly steps."""
EARLIER_STEPS = np.arange(MAX_STEPS, dtype=np.float64)
"""Number of earlier guidance steps, for each step."""


@dataclass(frozen=True)
class Regime:
    """A guidance regime in decimals and days; every field ``(runs, 1)``."""

    days_between_steps: Array
    expected_step: Array
    terminal_rate: Array
    path_uncertainty: Array
    anchor_day: Array


@dataclass(frozen=True)
class PendingMeeting:
    """A future meeting: day number, outcomes (decimal, ``(outcomes,)``) and probabilities ``(runs, outcomes)``."""

    meeting: Meeting
    day: int
    steps: Array
    probabilities: Array

    @cached_property
    def expected_step(self) -> Array:
        """Expected change of the policy rate, decimal, ``(runs, 1)``."""
        return expected_step(self.probabilities, self.steps)


@dataclass(frozen=True)
class ExpectedPath:
    """Market expectations about one central bank today.

    Attributes
    ----------
    rate, regime, pending
        Policy rate, guidance regime and future meetings.
    ruled_until
        Day number up to which a reaction function sets the outcome probabilities; guidance applies afterwards.  Minus
        infinity without a reaction function.
    """

    rate: Array
    regime: Regime
    pending: tuple[PendingMeeting, ...]
    ruled_until: float


def guidance_regime(guidance: Guidance, anchor_day: int, runs: int) -> Regime:
    """A guidance regime with its steps counted from day number `anchor_day`."""
    return Regime(
        days_between_steps=column(guidance.months_between_steps / MONTHS_PER_YEAR * DAYS_PER_YEAR, runs),
        expected_step=column(guidance.step * BASIS_POINT * guidance.step_probability, runs),
        terminal_rate=column(guidance.terminal_pct * PERCENT, runs),
        path_uncertainty=column(guidance.path_uncertainty_bp * BASIS_POINT, runs),
        anchor_day=column(float(anchor_day), runs),
    )


def pending_meeting(meeting: Meeting, day: int, runs: int, grid: Array | None = None) -> PendingMeeting:
    """Outcomes of a meeting with their probabilities at the start of the scenario.

    Without a decision, the outcomes are `grid` (decimal) and the reaction function sets their probabilities.
    """
    if meeting.decision is None and grid is not None:
        return PendingMeeting(meeting, day, grid, np.full((runs, grid.size), 1.0 / grid.size))
    priced: dict[float, float | Array] = {0.0: 0.0, meeting.step * BASIS_POINT: meeting.priced_probability}
    for step, probability in meeting.other_outcomes.items():
        priced[step * BASIS_POINT] = priced.get(step * BASIS_POINT, 0.0) + probability
    priced[0.0] = priced[0.0] + np.maximum(0.0, 1.0 - sum(priced.values()))
    steps = sorted(priced)
    probabilities = np.concatenate([column(priced[step], runs) for step in steps], axis=1)
    return PendingMeeting(meeting, day, np.array(steps), probabilities)


def initial_path(bank: CentralBank, meeting_days: tuple[int, ...], first_day: int, runs: int) -> ExpectedPath:
    """The expected path at the start; guidance steps count from the first meeting, or from the start without meetings."""
    anchor = meeting_days[0] if meeting_days else first_day
    grid = FED_GRID if isinstance(bank.reaction, FedReaction) else None
    pending = tuple(
        pending_meeting(meeting, day, runs, grid) for meeting, day in zip(bank.meetings, meeting_days, strict=True)
    )
    regime = guidance_regime(bank.guidance_regimes[bank.guidance], anchor, runs)
    ruled_until = float(meeting_days[-1]) if bank.reaction is not None and meeting_days else -np.inf
    return ExpectedPath(column(bank.rate_pct * PERCENT, runs), regime, pending, ruled_until)


def share_of_horizon(step_day: Array | float, today: float, horizon_years: float | Array) -> Array:
    """Share of the next `horizon_years` after `step_day`: the weight of a step in the mean rate."""
    elapsed = (step_day - today) / (horizon_years * DAYS_PER_YEAR)
    return np.asarray(np.minimum(np.maximum(1.0 - elapsed, 0.0), 1.0))


def guidance_steps(path: ExpectedPath) -> Array:
    """Expected guidance steps, decimal, shape ``(runs, MAX_STEPS)``: equal steps up to the terminal rate."""
    level = path.rate
    for pending in path.pending:
        level = level + pending.expected_step
    step = path.regime.expected_step
    room = (path.regime.terminal_rate - level) * np.sign(step)
    size = np.abs(step)
    taken = np.minimum(np.maximum(room - size * EARLIER_STEPS, 0.0), size)
    return np.asarray(np.sign(step) * taken)


def guidance_days(path: ExpectedPath, today: float) -> Array:
    """Day numbers of the expected guidance steps, ``(runs, MAX_STEPS)``.

    Steps count from the anchor of the regime, or from the end of the reaction function's horizon.  A step that did not occur
    on its day remains expected from today on, and later steps keep their distance.
    """
    start = np.maximum(path.regime.anchor_day, path.ruled_until)
    delay = np.maximum(today - (start + path.regime.days_between_steps), 0.0)
    return np.asarray(start + delay + path.regime.days_between_steps * (EARLIER_STEPS + 1.0))


def mean_rate(path: ExpectedPath, today: float, horizon_years: float | Array) -> Array:
    """Mean expected policy rate over the next `horizon_years`, decimal, shape ``(runs, 1)`` or ``(horizons, runs, 1)``.

    ``rate + sum_j E step_j w(t_j) + sum_k step_k w(anchor + k interval)``, where ``w`` is the share of the horizon after the
    step.  Source: expectations hypothesis, MODEL section 2.

    Parameters
    ----------
    horizon_years
        One horizon, or several, ``(horizons, 1, 1)``.
    """
    mean = path.rate
    for pending in path.pending:
        weight = share_of_horizon(pending.day, today, horizon_years)
        mean = mean + pending.expected_step * weight
    weights = share_of_horizon(guidance_days(path, today), today, horizon_years)
    return np.asarray(mean + (guidance_steps(path) * weights).sum(axis=-1, keepdims=True))


def regime_where(rows: Flags, new: Regime, old: Regime) -> Regime:
    """The regime `new` in the runs marked in `rows`, boolean ``(runs, 1)``, and `old` in the others."""
    return Regime(*(np.where(rows, getattr(new, item.name), getattr(old, item.name)) for item in fields(Regime)))


def after_decision(path: ExpectedPath, decided: Array) -> ExpectedPath:
    """The path after the next meeting changes the rate by `decided` (decimal, ``(runs, 1)``), before its statement."""
    return replace(path, rate=path.rate + decided, pending=path.pending[1:])


LEAST_NO_HIKE_PROBABILITY: Final = 1e-12
"""Smallest probability of no hike used as a divisor."""


@dataclass
class BojMemory:
    """State of the Bank of Japan's rule: day numbers of the last hike and of the end of a pause, ``(runs, 1)``."""

    last_hike: Array
    paused_until: Array


class LastHikeOdds:
    """Probability distribution of the last hike before each future meeting.

    Meeting by meeting, ``P(hike at m) = sum_j P(last hike at j) h(m | j) + P(no hike yet) h(m | memory)``, where ``h`` is the
    probability under the rule.  ``h`` depends only on whether the last hike is recent, so earlier hikes are not tracked.

    Parameters
    ----------
    rule, log_odds
        The rule, and its log-odds of a hike without recent hikes and pauses, ``(runs, 1)``.
    memory
        Last hike and pause before today.
    """

    def __init__(self, rule: BojReaction, log_odds: Array, memory: BojMemory) -> None:
        self.rule, self.log_odds, self.paused_until = rule, log_odds, memory.paused_until
        self.window = rule.recent_hike_months / MONTHS_PER_YEAR * DAYS_PER_YEAR
        self.last: list[tuple[Array | float, Array]] = [(memory.last_hike, np.ones_like(log_odds))]

    def odds(self, day: int, recent: bool) -> Array:
        """Probability of a hike on a day, with or without a recent hike, ``(runs, 1)``."""
        flags = np.full(self.log_odds.shape, recent)
        return hike_probability(self.log_odds, flags, day < self.paused_until, self.rule.after_recent_hike)

    def recent(self, day: int) -> list[tuple[Array | float, Array]]:
        """Possible days of a last hike that is recent on `day`, with their probabilities, ``(runs, 1)``."""
        return [
            (hike, odds * (day - hike < self.window)) for hike, odds in self.last if np.any(day - hike < self.window)
        ]

    def chance(self, day: int) -> Array:
        """Probability of a hike at a meeting on `day`, ``(runs, 1)``."""
        recent = sum((odds for _, odds in self.recent(day)), np.zeros_like(self.log_odds))
        return np.asarray(recent * self.odds(day, True) + (1.0 - recent) * self.odds(day, False))

    def after(self, meeting: PendingMeeting, chance: Array | None) -> None:
        """Update the distribution for a meeting with hike probability `chance` under the rule alone.

        None: the probability does not depend on the last hike.  Signals tilt the probabilities equally for every last hike.
        """
        day, hike = meeting.day, np.asarray(meeting.probabilities[:, meeting.steps > 0.0].sum(axis=1, keepdims=True))
        stays = 1.0 - hike
        if chance is not None:
            stays = stays / np.maximum(1.0 - chance, LEAST_NO_HIKE_PROBABILITY) * (1.0 - self.odds(day, True))
        self.last = [(last, odds * stays) for last, odds in self.recent(day)] + [(float(day), hike)]


POLICY_RATE_STEP = 25 * BASIS_POINT
"""Grid of policy rates in drawn paths."""


class DrawnRates(Parameters):
    """Drawn rate paths for long histories: each run's rate gap reverts to its own level.

    Levels are uniform over the runs, so that wide and narrow gaps are sampled equally.  Reversion is expected and moves no
    price, and policy rates follow the two-year yields in fully priced steps.  Rates news is the daily macro news.
    """

    lowest_gap_pp: float = quantity(0, "pp", (-5, 20), "lowest level of the two-year gap", "H.15, MoF Japan 1990-2024")
    highest_gap_pp: float = quantity(
        5.5, "pp", (-5, 20), "highest level of the two-year gap", "H.15, MoF Japan 1990-2024"
    )
    half_life_years: float = quantity(
        1.5,
        "years",
        (0.05, 50),
        "half-life of deviations from the level",
        "assumption: a third of a policy cycle",
    )
    days_between_meetings: int = quantity(
        32, "business days", (1, 1000), "time between policy rate steps", "eight meetings a year"
    )


def gap_levels(rule: DrawnRates, uniform: Array) -> Array:
    """Level of the two-year gap in each run, decimal, ``(runs, 1)``, from draws `uniform` between 0 and 1."""
    width = rule.highest_gap_pp - rule.lowest_gap_pp
    return np.asarray((rule.lowest_gap_pp + width * uniform) * PERCENT)


def return_to_level(gap: Array, level: Array, half_life_years: float) -> Array:
    """Expected change of the gap in a day: ``(level - gap) (1 - 2^(-1 / days of a half-life))``, decimal, ``(runs, 1)``.

    Source: Vasicek (1977), discretised.
    """
    passed = 1.0 - 0.5 ** (1.0 / (half_life_years * TRADING_DAYS_PER_YEAR))
    return np.asarray((level - gap) * passed)


def priced_step(mean_rate: Array, rate: Array) -> Array:
    """Step to the grid point nearest to the expected two-year mean rate, decimal, ``(runs, 1)``."""
    return np.asarray(np.round((mean_rate - rate) / POLICY_RATE_STEP) * POLICY_RATE_STEP)
