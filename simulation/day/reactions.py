"""Central banks under a rule: the odds of coming meetings follow the conditions of the day, and a pause changes guidance."""

from dataclasses import replace

import numpy as np

from simulation.expectations.expectations import BankView
from simulation.market.market import VOLATILITY_MEMORY
from simulation.policy.central_banks import CentralBank
from simulation.policy.coming_hikes import BojMemory, Hikes
from simulation.policy.conditions import Conditions
from simulation.policy.expected_path import ExpectedPath, PendingMeeting
from simulation.policy.meetings import tilted
from simulation.policy.reaction import (
    BojReaction,
    FedReaction,
    hike_log_odds,
    taylor_odds,
)
from simulation.values.calendar import day_number
from simulation.values.conventions import DAYS_PER_YEAR, PERCENT, TRADING_DAYS_PER_YEAR, Array

LONG_AGO = -1e9
"""Day number of an event that lies before anything that matters."""


def boj_memory(rule: BojReaction | None, runs: int) -> BojMemory:
    """Memory at the start."""
    day = LONG_AGO if rule is None or rule.last_hike is None else float(day_number(rule.last_hike))
    return BojMemory(np.full((runs, 1), day), np.full((runs, 1), LONG_AGO))


def heard(pending: PendingMeeting, probabilities: Array, multiplier: float, today: int) -> PendingMeeting:
    """A meeting with odds set by a rule, tilted by all signals about it so far."""
    strength = sum(item.strength for item in pending.meeting.signals if day_number(item.date) <= today)
    moved = tilted(probabilities, pending.steps, multiplier * strength) if strength else probabilities
    return replace(pending, probabilities=moved)


def boj_path(path: ExpectedPath, bank: CentralBank, memory: BojMemory, now: Conditions, today: int) -> ExpectedPath:
    """The expected path with the odds of the rule at every meeting left to it, in the conditions of today.

    What the market expects of a meeting weighs the rule's odds after a recent hike and without one by how likely a hike in the
    months before it is, so that over many meetings it expects as many hikes as the rule brings.
    """
    rule = bank.reaction
    if not isinstance(rule, BojReaction):
        return path
    hikes, pending = Hikes(rule, hike_log_odds(rule, now), memory), []
    for item in path.pending:
        chance = hikes.chance(item.day) if item.meeting.decision is None else None
        if chance is not None:
            item = heard(item, np.concatenate([1.0 - chance, chance], axis=1), bank.signal_multiplier, today)
        hikes.after(item, chance)
        pending.append(item)
    return replace(path, pending=tuple(pending))


def expected_stress(stress: Array, days_ahead: float) -> Array:
    """Stress expected so many business days ahead, ``(runs, 1)``: ``sqrt(1 + (s^2 - 1) .94^d)``.

    What lifts the volatility estimate above its long-run value is forgotten at the estimate's own pace.

    Source: RiskMetrics (1996), the memory of `simulation.market.market.VOLATILITY_MEMORY`.
    """
    return np.asarray(np.sqrt(1.0 + (stress**2 - 1.0) * VOLATILITY_MEMORY**days_ahead))


def fed_path(path: ExpectedPath, bank: CentralBank, now: Conditions, today: int) -> ExpectedPath:
    """The expected path with the odds of the Taylor rule at every meeting left to it.

    At a later meeting the rule is expected to look at the rate that earlier meetings lead to and at what is left of today's
    stress: a day of stress that were priced at every meeting of two years would move the whole curve.
    """
    rule = bank.reaction
    if not isinstance(rule, FedReaction):
        return path
    rate, pending = path.rate, []
    for item in path.pending:
        if item.meeting.decision is None:
            ahead = (item.day - today) * TRADING_DAYS_PER_YEAR / DAYS_PER_YEAR
            then = replace(now, stress=expected_stress(now.stress, ahead))
            item = heard(item, taylor_odds(rule, rate, then), bank.signal_multiplier, today)
        rate = rate + item.expected_step
        pending.append(item)
    return replace(path, pending=tuple(pending))


def reprice(view: BankView, path: ExpectedPath, today: int) -> Array:
    """Let the market take over a path with new odds; returns the revision of the two-year mean."""
    if path is view.path:
        return np.zeros(path.rate.shape)
    before = view.mean_rate(today)
    view.path = path
    return view.mean_rate(today) - before


def pause(view: BankView, memory: BojMemory, now: Conditions, today: int) -> Array:
    """A stress pause: after a fall of equities the Bank promises not to hike for a while; returns the path surprise.

    Departure: its words leave long term premia alone; those of meetings and statements move them (credibility channel).
    """
    rule = view.bank.reaction
    if not isinstance(rule, BojReaction) or rule.stress_pause is None:
        return np.zeros_like(now.stress)
    fallen = now.equity_fall > -np.log1p(-min(rule.stress_pause.equity_fall_pct, 99.999) * PERCENT)
    starts = fallen & (memory.paused_until < today)
    if not starts.any():
        return np.zeros_like(now.stress)
    memory.paused_until = np.where(starts, float(today + rule.stress_pause.hold_days), memory.paused_until)
    return view.announce_regime(starts, rule.stress_pause.guidance, today)
