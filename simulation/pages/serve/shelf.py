"""What was computed, by state: the newest a bounded number of states, the least wanted goes first."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from simulation.sweeps.rows import Rows


@dataclass(frozen=True)
class Computed:
    """A state as far as it was computed.

    Attributes
    ----------
    runs
        Number of its runs, from run 0.
    text
        What the page is told, as JSON.
    rows
        The runs themselves, to go on from; none where no further run is wanted.
    """

    runs: int
    text: str
    rows: Rows | None


class Shelf:
    """At most so many states."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._states: OrderedDict[str, Computed] = OrderedDict()

    def __len__(self) -> int:
        """Return the number of states."""
        return len(self._states)

    def get(self, key: str) -> Computed | None:
        """What there is of a state; it is now the last to go."""
        found = self._states.get(key)
        if found is not None:
            self._states.move_to_end(key)
        return found

    def put(self, key: str, computed: Computed) -> None:
        """Keep a state, and let the least wanted go where there are too many."""
        self._states[key] = computed
        self._states.move_to_end(key)
        while len(self._states) > self.most:
            self._states.popitem(last=False)
