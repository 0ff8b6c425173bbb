"""Which states the next pass computes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from simulation.serve.tickets import Ticket
from simulation.serve.work import Order

FIRST_ROOM: Final = 64
"""Runs of a pass of first answers at most; the fixed cost of a pass is spread over them."""
CROWD: Final = 4
"""Waiting states per worker up to which first answers have their usual runs."""
FURTHER_ROOM: Final = 32
"""Of a pass of further runs: shorter, since a first answer may have to wait for it."""
AHEAD_ROOM: Final = 32
"""Of a pass of states that nobody has asked for yet."""


@dataclass(frozen=True)
class Wanted:
    """A state with the runs that it shall have.

    Attributes
    ----------
    key, shape
        The state, and what all states have in common that may share its pass.
    order
        Its runs.
    alone
        Whether it goes by itself since a worker ended over it.
    """

    key: str
    shape: str
    order: Order
    alone: bool = False

    @property
    def fresh(self) -> int:
        """Runs to compute."""
        return self.order.runs - (0 if self.order.before is None else len(self.order.before))


def together(wanted: Iterable[Wanted], room: int) -> list[Wanted]:
    """The first state and those of its shape after it, which may share its pass, up to so many runs; each state once.

    The first always goes, so that nobody is passed over for ever.
    """
    chosen: dict[str, Wanted] = {}
    shape = ""
    for one in wanted:
        if not chosen:
            chosen[one.key], shape = one, one.shape
            if one.alone:
                break
            room -= one.fresh
        elif one.key not in chosen and not one.alone and one.fresh <= room and one.shape == shape:
            chosen[one.key] = one
            room -= one.fresh
    return list(chosen.values())


def crowded(waiting: Sequence[Ticket], workers: int) -> bool:
    """Whether so many wait that first answers shall come from fewer runs."""
    return len({ticket.key for ticket in waiting}) > CROWD * workers
