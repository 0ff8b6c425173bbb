"""Hikes of the Bank of Japan's rule as the market sees them coming: after one, another within months is unlikely."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from simulation.policy.expected_path import PendingMeeting
from simulation.policy.reaction import BojReaction, hike_probability
from simulation.values.conventions import DAYS_PER_YEAR, MONTHS_PER_YEAR, Array

CERTAIN: Final = 1e-12
"""Smallest chance of no hike that is divided by."""


@dataclass
class BojMemory:
    """What the Bank of Japan's rule remembers, day numbers, ``(runs, 1)``."""

    last_hike: Array
    paused_until: Array


class Hikes:
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
            stays = stays / np.maximum(1.0 - chance, CERTAIN) * (1.0 - self.odds(day, True))
        self.last = [(last, odds * stays) for last, odds in self.recent(day)] + [(float(day), hike)]
