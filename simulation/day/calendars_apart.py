"""Officials of a batch whose runs have meetings on different days.

Each calendar has officials of its own; what they say to the day is put together, row by row.  All else in the day is one pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from functools import cache
from typing import Any, Final, TypeVar

import numpy as np

from simulation.day.officials import Officials
from simulation.expectations.news import DayNews
from simulation.policy.conditions import Conditions
from simulation.policy.ministry_of_finance import Action
from simulation.scenario.batch import Batch
from simulation.values.assets import Roster
from simulation.values.calendar import Dates
from simulation.values.conventions import Array

Told = TypeVar("Told")


class OfficialsApart:
    """What `Officials` says, of several of them with rows of their own.

    Parameters
    ----------
    batch
        Runs of more than one calendar.
    dates
        Days of the scenario.
    """

    def __init__(self, batch: Batch, dates: Dates) -> None:
        self.rows: Final = [rows for rows, _ in batch.calendars]
        self.parts: Final = [
            Officials(scenario, [batch.runs[row] for row in rows], dates) for rows, scenario in batch.calendars
        ]
        self._place = np.argsort(np.concatenate(self.rows))
        self.days, self.given = self.parts[0].days, self.parts[0].given
        self.rates = self._joined([part.rates for part in self.parts])

    def announce(self, day: int, macro: Array, now: Conditions) -> DayNews:
        """All rates news of a day (`Officials.announce`)."""
        pairs = zip(self.parts, self.rows, strict=True)
        news = [part.announce(day, macro[rows], rows_of(now, rows)) for part, rows in pairs]
        self.rates = self._joined([part.rates for part in self.parts])
        return self._joined(news)

    def intervene(self, day: int) -> Action:
        """What the Ministry of Finance says and does today."""
        return self._joined([part.intervene(day) for part in self.parts])

    def purchases(self, day: int, roster: Roster) -> dict[str, Array]:
        """Ten-year equivalents bought by each bank on a day: the same in all runs."""
        return self.parts[0].purchases(day, roster)

    def _joined(self, told: Sequence[Told]) -> Told:
        """What the parts say in the order of the batch's rows."""
        return joined(told, self._place)


AnyOfficials = Officials | OfficialsApart


def officials_of(batch: Batch, dates: Dates) -> AnyOfficials:
    """The officials of a batch."""
    if len(batch.calendars) > 1:
        return OfficialsApart(batch, dates)
    return Officials(batch.scenario, list(batch.runs), dates)


def rows_of(now: Conditions, rows: Any) -> Conditions:
    """Conditions of some rows."""
    return Conditions(*(getattr(now, name)[rows] for name in names_of(Conditions)))


def joined(told: Sequence[Told], place: Any) -> Told:
    """Arrays ``(rows, 1)`` of several parts, or dataclasses of such, as one with rows in a given order."""
    first: Any = told[0]
    if isinstance(first, np.ndarray):
        whole: Any = np.concatenate(list(told), axis=0)[place]
        return whole  # type: ignore[no-any-return]
    kind: Any = type(first)
    parts = [joined([getattr(each, name) for each in told], place) for name in names_of(kind)]
    return kind(*parts)  # type: ignore[no-any-return]


@cache
def names_of(kind: Any) -> tuple[str, ...]:
    """Names of the fields of a dataclass."""
    return tuple(item.name for item in fields(kind))
