"""The policy rate that the market expects, as a path over calendar time, and its mean over any horizon.

The path is today's rate, plus the expected step at every meeting still to come, plus the steps that guidance leads the
market to expect after its anchor date: the odds of a listed meeting come on top of guidance, so a scenario that lists a
hike for the day of a guidance step counts it twice.  Expected steps are in the path from the start, so when they happen
nothing moves.

Hikes of the Bank of Japan's rule as the market sees them coming: after one, another within months is unlikely.

Drawn rate paths for long histories: the gap between both countries' rates wanders around a level of each run's own.

Nothing here is news: yields return to their level as everybody expects, and policy rates follow the two-year yields in steps
that are fully priced.  News about rates are the daily macro news, as in any scenario.
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
"""Guidance steps looked at: ten years of quarterly steps."""
EARLIER_STEPS = np.arange(MAX_STEPS, dtype=np.float64)
"""How many guidance steps lie before each of them."""


@dataclass(frozen=True)
class Regime:
    """A guidance regime in engine units, every field ``(runs, 1)``."""

    days_between_steps: Array
    expected_step: Array
    terminal_rate: Array
    path_uncertainty: Array
    anchor_day: Array


@dataclass(frozen=True)
class PendingMeeting:
    """A meeting still to come: its day, its outcomes ``(outcomes,)`` and probabilities ``(runs, outcomes)``."""

    meeting: Meeting
    day: int
    steps: Array
    probabilities: Array

    @cached_property
    def expected_step(self) -> Array:
        """Mean change of the rate, decimal, ``(runs, 1)``."""
        return expected_step(self.probabilities, self.steps)


@dataclass(frozen=True)
class ExpectedPath:
    """What the market knows of one central bank today.

    Attributes
    ----------
    rate, regime, pending
        Today's policy rate, the guidance regime, and the meetings still to come.
    ruled_until
        Day number up to which a reaction function sets the odds of the listed meetings, so that guidance speaks about
        the time after; far in the past under a given path.
    """

    rate: Array
    regime: Regime
    pending: tuple[PendingMeeting, ...]
    ruled_until: float


def guidance_regime(guidance: Guidance, anchor_day: int, runs: int) -> Regime:
    """A guidance regime announced (or prevailing) with its steps counted from `anchor_day`."""
    return Regime(
        days_between_steps=column(guidance.months_between_steps / MONTHS_PER_YEAR * DAYS_PER_YEAR, runs),
        expected_step=column(guidance.step * BASIS_POINT * guidance.step_probability, runs),
        terminal_rate=column(guidance.terminal_pct * PERCENT, runs),
        path_uncertainty=column(guidance.path_uncertainty_bp * BASIS_POINT, runs),
        anchor_day=column(float(anchor_day), runs),
    )


def pending_meeting(meeting: Meeting, day: int, runs: int, grid: Array | None = None) -> PendingMeeting:
    """Outcomes of a meeting with their probabilities at the start of the scenario.

    A meeting whose decision is left to a rule with a `grid` of its own has those outcomes; the rule sets their odds.
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
    """The expected path at the start; guidance steps count from the first meeting (from the start if there is none)."""
    anchor = meeting_days[0] if meeting_days else first_day
    grid = FED_GRID if isinstance(bank.reaction, FedReaction) else None
    pending = tuple(
        pending_meeting(meeting, day, runs, grid) for meeting, day in zip(bank.meetings, meeting_days, strict=True)
    )
    regime = guidance_regime(bank.guidance_regimes[bank.guidance], anchor, runs)
    ruled_until = float(meeting_days[-1]) if bank.reaction is not None and meeting_days else -np.inf
    return ExpectedPath(column(bank.rate_pct * PERCENT, runs), regime, pending, ruled_until)


def share_of_horizon(step_day: Array | float, today: float, horizon_years: float | Array) -> Array:
    """Share of the next `horizon_years` that lies after `step_day`: the weight of a step in the mean rate."""
    elapsed = (step_day - today) / (horizon_years * DAYS_PER_YEAR)
    return np.asarray(np.minimum(np.maximum(1.0 - elapsed, 0.0), 1.0))


def guidance_steps(path: ExpectedPath) -> Array:
    """Expected guidance steps, shape ``(runs, MAX_STEPS)``: equal steps that end at the terminal rate."""
    level = path.rate
    for pending in path.pending:
        level = level + pending.expected_step
    step = path.regime.expected_step
    room = (path.regime.terminal_rate - level) * np.sign(step)
    size = np.abs(step)
    taken = np.minimum(np.maximum(room - size * EARLIER_STEPS, 0.0), size)
    return np.asarray(np.sign(step) * taken)


def guidance_days(path: ExpectedPath, today: float) -> Array:
    """Days on which guidance steps are expected, ``(runs, MAX_STEPS)``.

    Steps count from the anchor of the regime (or from where a reaction function stops speaking).  A step whose day has
    passed without coming is still expected, from today on, and the later ones keep their distance: a rate that stays put
    is not taken for one that has moved.
    """
    start = np.maximum(path.regime.anchor_day, path.ruled_until)
    delay = np.maximum(today - (start + path.regime.days_between_steps), 0.0)
    return np.asarray(start + delay + path.regime.days_between_steps * (EARLIER_STEPS + 1.0))


def mean_rate(path: ExpectedPath, today: float, horizon_years: float | Array) -> Array:
    """Mean expected policy rate over the next `horizon_years`, decimal, shape ``(runs, 1)``, or ``(horizons, runs, 1)``.

    ``rate + sum_j E step_j w(t_j) + sum_k step_k w(anchor + k rhythm)`` with ``w`` the share of the horizon after the
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
    """A guidance regime that replaces another in some runs, boolean ``(runs, 1)``."""
    return Regime(*(np.where(rows, getattr(new, item.name), getattr(old, item.name)) for item in fields(Regime)))


def after_decision(path: ExpectedPath, decided: Array) -> ExpectedPath:
    """The path once the next meeting has decided `decided` (decimal, ``(runs, 1)``); what is said is a separate step."""
    return replace(path, rate=path.rate + decided, pending=path.pending[1:])


LEAST_NO_HIKE_PROBABILITY: Final = 1e-12
"""Smallest chance of no hike that is divided by."""


@dataclass
class BojMemory:
    """What the Bank of Japan's rule remembers, day numbers, ``(runs, 1)``."""

    last_hike: Array
    paused_until: Array


class LastHikeOdds:
    """When the last hike before a coming meeting will have been, in probability.

    Looking ahead meeting by meeting, ``P(hike at m) = sum_j P(last hike at j) h(m | j) + P(no hike yet) h(m | memory)`` with the
    rule's odds ``h``, which know a last hike as recent or not; a last hike that is no longer recent needs no place of its own.

    Parameters
    ----------
    rule, log_odds
        The rule and its log-odds apart from recent hikes and pauses, ``(runs, 1)``.
    memory
        What has happened before today.
    """

    def __init__(self, rule: BojReaction, log_odds: Array, memory: BojMemory) -> None:
        self.rule, self.log_odds, self.paused_until = rule, log_odds, memory.paused_until
        self.window = rule.recent_hike_months / MONTHS_PER_YEAR * DAYS_PER_YEAR
        self.last: list[tuple[Array | float, Array]] = [(memory.last_hike, np.ones_like(log_odds))]

    def odds(self, day: int, recent: bool) -> Array:
        """The rule's odds of a hike on a day, after a recent hike or without one, ``(runs, 1)``."""
        flags = np.full(self.log_odds.shape, recent)
        return hike_probability(self.log_odds, flags, day < self.paused_until, self.rule.after_recent_hike)

    def recent(self, day: int) -> list[tuple[Array | float, Array]]:
        """Days of last hikes that are recent on a day, with their probabilities, ``(runs, 1)``."""
        return [
            (hike, odds * (day - hike < self.window)) for hike, odds in self.last if np.any(day - hike < self.window)
        ]

    def chance(self, day: int) -> Array:
        """Probability that the rule hikes at a meeting on a day, ``(runs, 1)``."""
        recent = sum((odds for _, odds in self.recent(day)), np.zeros_like(self.log_odds))
        return np.asarray(recent * self.odds(day, True) + (1.0 - recent) * self.odds(day, False))

    def after(self, meeting: PendingMeeting, chance: Array | None) -> None:
        """Look beyond a meeting, of which the rule alone gives a hike the `chance`; none: it hikes whatever happened before it.

        Signals that tilt its odds tilt them alike whenever the last hike was.
        """
        day, hike = meeting.day, np.asarray(meeting.probabilities[:, meeting.steps > 0.0].sum(axis=1, keepdims=True))
        stays = 1.0 - hike
        if chance is not None:
            stays = stays / np.maximum(1.0 - chance, LEAST_NO_HIKE_PROBABILITY) * (1.0 - self.odds(day, True))
        self.last = [(last, odds * stays) for last, odds in self.recent(day)] + [(float(day), hike)]


POLICY_RATE_STEP = 25 * BASIS_POINT
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


def gap_levels(rule: DrawnRates, uniform: Array) -> Array:
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
    return np.asarray(np.round((mean_rate - rate) / POLICY_RATE_STEP) * POLICY_RATE_STEP)
