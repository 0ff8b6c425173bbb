"""Which states the next pass computes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from simulation.pages.serve.pace import Pace
from simulation.pages.serve.tickets import Limits
from simulation.pages.serve.work import Order

MOST_RUNS: Final = 64
"""Runs of a pass at most."""
FIRST_SECONDS: Final = 0.9
"""How long a pass of first answers shall take: who comes just after its start waits for it, then for one more."""
FURTHER_SECONDS: Final = 1.5
"""A pass of further runs, or of states that nobody has asked for: a first answer may have to wait for it."""
AIM_SECONDS: Final = 0.6
"""Within which everybody who waits shall have a first answer; it comes from fewer runs where it would take longer.  Far
below the 2 s that a class may wait: others come while it is computed (`benchmarks.serve_desk` is where it was chosen)."""


@dataclass(frozen=True)
class Wanted:
    """A state with the runs that it shall have.

    Attributes
    ----------
    key
        The state.
    order
        Its runs.
    alone
        Whether it goes by itself since a worker ended over it.
    """

    key: str
    order: Order
    alone: bool = False

    @property
    def fresh(self) -> int:
        """Runs to compute."""
        return self.order.runs - (0 if self.order.before is None else len(self.order.before))


def together(wanted: Iterable[Wanted], room: int) -> list[Wanted]:
    """The first state and those after it that fit into a pass of so many runs; each state once.

    The first always goes, so that nobody is passed over for ever.
    """
    chosen: dict[str, Wanted] = {}
    for one in wanted:
        if not chosen:
            chosen[one.key] = one
            if one.alone:
                break
            room -= one.fresh
        elif one.key not in chosen and not one.alone and one.fresh <= room:
            chosen[one.key] = one
            room -= one.fresh
    return list(chosen.values())


def room(pace: Pace, seconds: float) -> int:
    """Runs of a pass that shall take so long."""
    return min(MOST_RUNS, pace.room(seconds))


def first_runs(states: int, limits: Limits, pace: Pace, workers: int, under_way: float) -> int:
    """Runs of the next first answers: the most with which everybody has one within `AIM_SECONDS`, else the fewest.

    Parameters
    ----------
    states
        How many states wait for a first answer.
    limits
        Numbers of runs that there may be.
    pace
        What passes cost.
    workers
        Who share the passes.
    under_way
        Seconds that workers are still at other first answers, all together.
    """
    seconds = {runs: (under_way + pace.seconds(states * runs)) / workers for runs in limits.firsts}
    return next((runs for runs, until_all in seconds.items() if until_all <= AIM_SECONDS), limits.firsts[-1])
