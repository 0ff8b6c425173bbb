"""The officials of a batch: those of a scenario without policy, and runs with different meeting days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from functools import cache
from typing import Any, Final, TypeVar

import numpy as np

from simulation.day.officials import Officials
from simulation.expectations.expectations import DayNews, add_other_news, no_news
from simulation.policy.ministry_of_finance import Ministry, MinistryAction
from simulation.policy.reaction import Conditions
from simulation.scenario.batch import RunBatch
from simulation.scenario.scenario import Scenario
from simulation.values.assets import JGB10, UST10, Roster
from simulation.values.conventions import Array, Dates


class OfficialsAtRest(Officials):
    """Officials of a scenario without policy: rates stay, and what is expected at the start stays expected.

    The clock of the expected path stands still: a pending meeting keeps its distance, its odds, and with them the probability
    of an adverse surprise.  Macro news, given news and drawn rates move the curves as in any scenario; the rule of the Ministry
    of Finance stays on, its dated interventions do not take place.
    """

    def __init__(self, scenario: Scenario, runs: Sequence[int], dates: Dates) -> None:
        super().__init__(scenario, runs, dates)
        rule = scenario.ministry_of_finance
        self.ministry = Ministry(None if rule is None else rule.model_copy(update={"interventions": ()}), len(runs))

    def announce(self, day: int, macro: Array, now: Conditions) -> DayNews:
        """Macro news alone (`Officials.announce`)."""
        self.conditions = now
        runs = macro.shape[0]
        fed = add_other_news(no_news(runs), self._macro(self.fed, macro, (day, UST10)))
        boj = add_other_news(no_news(runs), self._macro(self.boj, macro, (day, JGB10)))
        self._draw_rates(day)
        self.rates = self.view()
        return DayNews(fed, boj)

    def purchases(self, day: int, roster: Roster) -> dict[str, Array]:
        """No bonds are bought or run off."""
        return {name: np.zeros(len(roster)) for name in ("fed", "boj")}


def officials_of(scenario: Scenario, runs: Sequence[int], dates: Dates) -> Officials:
    """The officials of runs that share a calendar of meetings."""
    kind = OfficialsAtRest if scenario.policy == "none" else Officials
    return kind(scenario, runs, dates)


Announcement = TypeVar("Announcement")


class OfficialsByCalendar:
    """Officials of a batch whose runs have different meeting calendars: one `Officials` per calendar, results in batch order.

    Parameters
    ----------
    batch
        Runs of more than one calendar.
    dates
        Days of the scenario.
    """

    def __init__(self, batch: RunBatch, dates: Dates) -> None:
        self.rows: Final = [rows for rows, _ in batch.calendars]
        self.parts: Final = [
            officials_of(scenario, [batch.runs[row] for row in rows], dates) for rows, scenario in batch.calendars
        ]
        self._order = np.argsort(np.concatenate(self.rows))
        self.days, self.given = self.parts[0].days, self.parts[0].given
        self.rates = self._in_batch_order([part.rates for part in self.parts])

    def announce(self, day: int, macro: Array, now: Conditions) -> DayNews:
        """Interest-rate news of a day, as `Officials.announce`."""
        pairs = zip(self.parts, self.rows, strict=True)
        news = [part.announce(day, macro[rows], select_conditions(now, rows)) for part, rows in pairs]
        self.rates = self._in_batch_order([part.rates for part in self.parts])
        return self._in_batch_order(news)

    def intervene(self, day: int) -> MinistryAction:
        """Warning and intervention of the Ministry of Finance today."""
        return self._in_batch_order([part.intervene(day) for part in self.parts])

    def purchases(self, day: int, roster: Roster) -> dict[str, Array]:
        """Ten-year equivalents bought by each central bank on a day; the same in all runs."""
        return self.parts[0].purchases(day, roster)

    def _in_batch_order(self, announcements: Sequence[Announcement]) -> Announcement:
        """Announcements of the calendars, combined in the row order of the batch."""
        return combine_rows(announcements, self._order)


AnyOfficials = Officials | OfficialsByCalendar


def batch_officials(batch: RunBatch, dates: Dates) -> AnyOfficials:
    """The officials of a batch."""
    if len(batch.calendars) > 1:
        return OfficialsByCalendar(batch, dates)
    return officials_of(batch.scenario, list(batch.runs), dates)


def select_conditions(now: Conditions, rows: Any) -> Conditions:
    """Conditions of the selected rows."""
    return Conditions(*(getattr(now, name)[rows] for name in field_names(Conditions)))


def combine_rows(announcements: Sequence[Announcement], order: Any) -> Announcement:
    """Concatenate arrays ``(rows, 1)``, or dataclasses of such arrays, and reorder the rows."""
    first: Any = announcements[0]
    if isinstance(first, np.ndarray):
        rows: Any = np.concatenate(list(announcements), axis=0)[order]
        return rows  # type: ignore[no-any-return]
    kind: Any = type(first)
    parts = [combine_rows([getattr(each, name) for each in announcements], order) for name in field_names(kind)]
    return kind(*parts)  # type: ignore[no-any-return]


@cache
def field_names(kind: Any) -> tuple[str, ...]:
    """Field names of a dataclass, cached."""
    return tuple(item.name for item in fields(kind))
