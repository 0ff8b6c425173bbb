"""What happens on which day of a scenario, in sentences: captions of the page and lines on its charts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simulation.policy.expected_path import PendingMeeting, pending_meeting
from simulation.policy.meetings import tilted
from simulation.results.figures.policy_dates import policy_dates
from simulation.values.spelling import sentence, spoken

if TYPE_CHECKING:
    from simulation.policy.central_banks import CentralBank
    from simulation.policy.meetings import Meeting
    from simulation.scenario.scenario import Scenario

Dates = NDArray[np.datetime64]
BANKS = (("Fed", "fed"), ("Bank of Japan", "boj"))


@dataclass(frozen=True)
class Happening:
    """A day and what it brings.

    Attributes
    ----------
    day
        Number of the day among the scenario's days, from 0.
    words
        The caption.
    mark
        Label of a line on the charts, empty for none.
    """

    day: int
    words: str
    mark: str = ""


def happenings(scenario: Scenario, dates: Dates) -> list[Happening]:
    """Everything that is given by date, in order; a day with two happenings has one caption.

    Parameters
    ----------
    scenario
        What was run.
    dates
        Its days, ``(days,)``.
    """
    words: dict[int, list[str]] = {}
    for day, told in [(scenario.start, opening(scenario)), *dated(scenario)]:
        at = int(np.searchsorted(dates, np.datetime64(day, "D")))
        if at < len(dates):
            words.setdefault(at, []).append(told)
    words.setdefault(len(dates) - 1, []).append("The scenario ends.")
    marks: dict[int, list[str]] = {}
    for mark in policy_dates(scenario, dates):
        marks.setdefault(int(np.searchsorted(dates, mark.day)), []).append(mark.label)
    return [Happening(day, " ".join(words[day]), ", ".join(marks.get(day, []))) for day in sorted(words)]


def dated(scenario: Scenario) -> Iterator[tuple[date, str]]:
    """Yield each given event with its day."""
    for name, key in BANKS:
        bank: CentralBank = getattr(scenario, key)
        for meeting in bank.meetings:
            yield from meeting_story(name, bank, meeting)
        for flow in bank.balance_sheet:
            yield flow.first_day, purchases(name, flow.bought_usd_bn_per_month, flow.bought_jpy_bn_per_month)
    for period in scenario.thin_periods:
        yield period.first_day, f"Markets are thin until {said(period.last_day)}."


def opening(scenario: Scenario) -> str:
    """The state at the start, and the path that is imposed on the spread if there is one."""
    start, path = scenario.start_values, scenario.spread_path
    spread = f"the ten-year spread at {start.ust10_pct - start.jgb10_pct:.2f} points"
    text = f"The scenario begins: USDJPY at {start.usdjpy:.2f}, {spread}."
    if path is None:
        return text
    days = "at once" if path.surprise else f"in equal steps over {path.over_days} business days"
    return f"{text} A path is imposed on the spread: to {path.target_pp:.2f} points, {days}."


def meeting_story(name: str, bank: CentralBank, meeting: Meeting) -> Iterator[tuple[date, str]]:
    """Yield the signals about a meeting with the odds they leave, then the decision against what was priced."""
    odds = pending_meeting(meeting, 0, 1)
    if meeting.decision is None:
        yield meeting.date, f"The {name} meets; each run draws its own decision."
        return
    for signal in meeting.signals:
        odds = heard(odds, bank.signal_multiplier * signal.strength)
        move = f"odds of a {step_words(meeting.step)} on {said(meeting.date)}: {percent(odds, meeting.step)}"
        yield signal.date, f"{sentence(signal.label or 'a signal')}; {move}."
    yield meeting.date, f"{decided(name, meeting)}; {priced(odds, meeting)}.{guidance(meeting)}"


def heard(odds: PendingMeeting, strength: float) -> PendingMeeting:
    """The meeting with its odds after a signal."""
    return PendingMeeting(odds.meeting, odds.day, odds.steps, tilted(odds.probabilities, odds.steps, strength))


def percent(odds: PendingMeeting, step_bp: float) -> str:
    """Probability of one outcome, as percent."""
    at = int(np.argmin(np.abs(odds.steps - step_bp * 1e-4)))
    return f"{100.0 * float(odds.probabilities[0, at]):.0f} %"


def step_words(step_bp: float) -> str:
    """A move as a noun."""
    return f"{abs(step_bp):g} bp {'hike' if step_bp > 0 else 'cut'}"


def decided(name: str, meeting: Meeting) -> str:
    """What was decided."""
    if not meeting.decision:
        return f"The {name} leaves its rate where it is"
    return f"The {name} {'raises' if meeting.decision > 0 else 'cuts'} its rate by {abs(meeting.decision):g} bp"


def priced(odds: PendingMeeting, meeting: Meeting) -> str:
    """What was priced of the move that the odds speak about."""
    return f"a {step_words(meeting.step)} was priced at {percent(odds, meeting.step)}"


def guidance(meeting: Meeting) -> str:
    """What was said with the decision."""
    return f" Guidance: {spoken(meeting.guidance)}." if meeting.guidance else ""


def purchases(name: str, usd_bn: float, jpy_bn: float) -> str:
    """A flow of the balance sheet that begins."""
    amounts = [f"{sign}{abs(size):,.0f} bn" for sign, size in (("$", usd_bn), ("¥", jpy_bn)) if size]
    verb = "buys" if usd_bn + jpy_bn >= 0 else "lets run off"
    return f"From today the {name} {verb} {' and '.join(amounts) or 'nothing'} of bonds and bills a month."


def said(day: date) -> str:
    """A day as one says it."""
    return f"{day.day} {day:%B}"
