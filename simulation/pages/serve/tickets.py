"""What passes over the desk: wishes that wait, replies to them, and how much may be asked."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Final

FEWEST: Final = 2
"""Runs of a first answer where many wait: with one there would be no band."""
MOST_FURTHER: Final = 16
"""Runs that a state is given at a time when it has a first answer: a first answer may have to wait for them."""


@dataclass(frozen=True)
class Limits:
    """How much may be asked of this machine.

    Attributes
    ----------
    runs
        Runs of a state at most.
    first
        Runs of a first answer where few wait.
    seconds
        A pass that takes longer is given up.
    states
        States that are kept.
    """

    runs: int = 64
    first: int = 8
    seconds: float = 30.0
    states: int = 512

    @property
    def firsts(self) -> tuple[int, ...]:
        """Numbers of runs that a first answer may have, falling: the more wait, the fewer."""
        found = [self.first]
        while found[-1] // 2 >= FEWEST:
            found.append(found[-1] // 2)
        return tuple(found)

    def after(self, runs: int) -> int:
        """Runs that a state shall have next that has so many and is wanted with more."""
        return self.first if runs < self.first else min(self.runs, runs + min(runs, MOST_FURTHER))

    @property
    def cuts(self) -> tuple[int, ...]:
        """Every number of runs that an answer may have, rising."""
        found = {*self.firsts}
        runs = self.first
        while runs < self.runs:
            runs = self.after(runs)
            found.add(runs)
        return tuple(sorted(found))


@dataclass(frozen=True)
class Reply:
    """What a client is told: the state as JSON with the baseline of as many runs, or why there is none.

    Attributes
    ----------
    kind
        ``state``, ``superseded`` by a newer wish of the same client, ``failed`` or ``busy``.
    state, baseline
        What `work.told` says.
    reason
        Why there is no state.
    """

    kind: str
    state: str = ""
    baseline: str = ""
    reason: str = ""


SUPERSEDED: Final = Reply("superseded", reason="the same client has asked for another state since")


@dataclass
class Ticket:
    """A wish that waits for more than `beyond` runs of a state."""

    client: str
    key: str
    beyond: int
    reply: asyncio.Future[Reply] = field(repr=False)

    def answer(self, reply: Reply) -> None:
        """Tell the client, unless it was told or has gone."""
        if not self.reply.done():
            self.reply.set_result(reply)
