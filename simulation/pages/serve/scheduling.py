"""Who is next: every client has one place in the line, however often it asks.

How long a pass takes on this machine, learned from the passes that were made, and what may be asked of the next one.

Which states the next pass computes.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from statistics import median
from typing import Final, Generic, TypeVar

from simulation.pages.serve.requests import RequestLimits
from simulation.pages.serve.worker_pool import StateJob

QueueItem = TypeVar("QueueItem")


class ClientQueue(Generic[QueueItem]):
    """Clients in the order in which they came, each with what it wants now.

    A client that asks again before its turn keeps its place and has its new wish in it; one that was served goes to the end
    when it asks the next time.  So turns go round by client, and fifty moves of one slider take one turn.
    """

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, QueueItem] = OrderedDict()

    def __len__(self) -> int:
        """Return the number of clients that wait."""
        return len(self._waiting)

    def __iter__(self) -> Iterator[QueueItem]:
        """Yield what is wanted, the next first."""
        return iter(list(self._waiting.values()))

    def put(self, client: str, item: QueueItem) -> None:
        """Let a client want something, in the place of what it still waits for."""
        self._waiting[client] = item

    def drop(self, client: str, item: QueueItem) -> None:
        """Let a client leave, unless it wants something else by now."""
        if self._waiting.get(client) is item:
            del self._waiting[client]


FIXED_COST_RUNS: Final = 20.0
"""What a pass costs before its first run, in runs: 63 days take some 0.5 s with no run and 0.025 s more for each (processor
seconds of passes of 1 to 12 states that a class asks for, 2 to 32 runs, in turn; ratios 19 to 21, with twins of one state 26).
Between 10 and 20 it hardly matters (`benchmarks.serve_desk`)."""
INITIAL_RUN_SECONDS: Final = 0.025
"""What a run costs until a pass has shown it, s (the same measurement)."""
MIN_BATCH_RUNS: Final = 12
"""Runs that a pass takes in any case: fewer would waste the machine on what a pass costs without them, more would let those
wait too long who ask meanwhile.  Chosen with `benchmarks.serve_desk` among 8 to 20: it matters where a pass costs 0.9 s
before its runs or more."""
MIN_RUN_SECONDS: Final = 1e-4
"""Less is no run, s: a coarse clock may say zero."""
MAX_SAMPLES: Final = 16
"""Passes that are remembered: as many as a class asks for in some five seconds."""


class BatchTimes:
    """Seconds of a pass, ``a run's seconds * (FIXED_RUNS + runs)``: the machine sets the first factor, the engine the second.

    A run's seconds are the median over the last passes: a machine that has other work to do is soon known for slower, and a
    worker that had to start first changes nothing.
    """

    def __init__(self) -> None:
        self._seconds: deque[float] = deque([INITIAL_RUN_SECONDS], maxlen=MAX_SAMPLES)

    @property
    def run_seconds(self) -> float:
        """What a run adds to a pass, s."""
        return median(self._seconds)

    def learn(self, runs: int, seconds: float) -> None:
        """Take in that a pass of so many runs took so long."""
        self._seconds.append(max(seconds / (FIXED_COST_RUNS + runs), MIN_RUN_SECONDS))

    def seconds(self, runs: int) -> float:
        """Seconds that a pass of so many runs will take."""
        return self.run_seconds * (FIXED_COST_RUNS + runs)

    def room(self, seconds: float) -> int:
        """Runs of a pass that shall not take longer, or `LEAST_ROOM`."""
        return int(max(seconds / self.run_seconds - FIXED_COST_RUNS, MIN_BATCH_RUNS))


MAX_BATCH_RUNS: Final = 64
"""Runs of a pass at most."""
FIRST_BATCH_SECONDS: Final = 0.9
"""How long a pass of first answers shall take: who comes just after its start waits for it, then for one more."""
FURTHER_BATCH_SECONDS: Final = 1.5
"""A pass of further runs, or of states that nobody has asked for: a first answer may have to wait for it."""
TARGET_SECONDS: Final = 0.6
"""Within which everybody who waits shall have a first answer; it comes from fewer runs where it would take longer.  Far
below the 2 s that a class may wait: others come while it is computed (`benchmarks.serve_desk` is where it was chosen)."""


@dataclass(frozen=True)
class ScheduledState:
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
    order: StateJob
    alone: bool = False

    @property
    def fresh(self) -> int:
        """Runs to compute."""
        return self.order.runs - (0 if self.order.before is None else len(self.order.before))


def select_batch(wanted: Iterable[ScheduledState], room: int) -> list[ScheduledState]:
    """The first state and those after it that fit into a pass of so many runs; each state once.

    The first always goes, so that nobody is passed over for ever.
    """
    chosen: dict[str, ScheduledState] = {}
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


def batch_capacity(pace: BatchTimes, seconds: float) -> int:
    """Runs of a pass that shall take so long."""
    return min(MAX_BATCH_RUNS, pace.room(seconds))


def first_run_count(states: int, limits: RequestLimits, pace: BatchTimes, workers: int, under_way: float) -> int:
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
    return next((runs for runs, until_all in seconds.items() if until_all <= TARGET_SECONDS), limits.firsts[-1])
