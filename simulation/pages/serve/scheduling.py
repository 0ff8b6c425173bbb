"""Scheduling of batches: the queue of clients, expected batch times, and the selection of states for a batch."""

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
    """Round-robin queue with one place per client.

    A new item of a waiting client replaces its old one and keeps its place; a client that was served joins at the end.  So
    fifty moves of one slider cost one turn.
    """

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, QueueItem] = OrderedDict()

    def __len__(self) -> int:
        """Return the number of waiting clients."""
        return len(self._waiting)

    def __iter__(self) -> Iterator[QueueItem]:
        """Yield the items in order."""
        return iter(list(self._waiting.values()))

    def put(self, client: str, item: QueueItem) -> None:
        """Add the item of a client, or replace the one that waits."""
        self._waiting[client] = item

    def drop(self, client: str, item: QueueItem) -> None:
        """Remove the item of a client unless another one has replaced it."""
        if self._waiting.get(client) is item:
            del self._waiting[client]


FIXED_COST_RUNS: Final = 20.0
"""Fixed cost of a batch in units of one run: 63 days take about 0.5 s without any run and 0.025 s more for each run (processor
seconds of batches of 1 to 12 typical states with 2 to 32 runs; ratios of 19 to 21, and 26 for copies of one state).
Values between 10 and 20 perform about equally (`benchmarks.serve_desk`)."""
INITIAL_RUN_SECONDS: Final = 0.025
"""Assumed cost of a run before the first batch, s (from the same measurement)."""
MIN_BATCH_RUNS: Final = 12
"""Smallest capacity of a batch.  Fewer runs would spend most of the time on the fixed cost; more would delay later requests.
Chosen with `benchmarks.serve_desk` among 8 to 20; it matters if the fixed cost of a batch is 0.9 s or more."""
MIN_RUN_SECONDS: Final = 1e-4
"""Lower bound of the cost of a run, s, because a coarse clock may measure zero."""
MAX_SAMPLES: Final = 16
"""Number of recent batches in the estimate, about five seconds of requests from a class."""


class BatchTimes:
    """Expected duration of a batch, ``run_seconds * (FIXED_COST_RUNS + runs)``.

    `run_seconds` is the median over recent batches, so that it follows the load of the machine and ignores a single slow
    worker start.
    """

    def __init__(self) -> None:
        self._seconds: deque[float] = deque([INITIAL_RUN_SECONDS], maxlen=MAX_SAMPLES)

    @property
    def run_seconds(self) -> float:
        """Additional time of one run, s."""
        return median(self._seconds)

    def record(self, runs: int, seconds: float) -> None:
        """Record the duration of a batch."""
        self._seconds.append(max(seconds / (FIXED_COST_RUNS + runs), MIN_RUN_SECONDS))

    def seconds(self, runs: int) -> float:
        """Expected duration of a batch with `runs` runs, s."""
        return self.run_seconds * (FIXED_COST_RUNS + runs)

    def capacity(self, seconds: float) -> int:
        """Number of runs that fit into `seconds`, at least `MIN_BATCH_RUNS`."""
        return int(max(seconds / self.run_seconds - FIXED_COST_RUNS, MIN_BATCH_RUNS))


MAX_BATCH_RUNS: Final = 64
"""Largest number of runs in a batch."""
FIRST_BATCH_SECONDS: Final = 0.9
"""Target duration of a batch of first responses, s; a request that arrives just after its start waits for it and for the next."""
FURTHER_BATCH_SECONDS: Final = 1.5
"""Target duration of a batch of further runs or precomputed states, s; a first response may have to wait for it."""
TARGET_SECONDS: Final = 0.6
"""Target time for all pending first responses, s; if it would be exceeded, they get fewer runs.  Well below the acceptable
wait of 2 s, because further requests arrive meanwhile (chosen with `benchmarks.serve_desk`)."""


@dataclass(frozen=True)
class ScheduledState:
    """A state to be computed.

    Attributes
    ----------
    key
        Key of the state.
    job
        Its runs.
    alone
        Whether it gets its own batch because a worker failed on a batch that contained it.
    """

    key: str
    job: StateJob
    alone: bool = False

    @property
    def new_runs(self) -> int:
        """Number of runs to compute."""
        return self.job.runs - (0 if self.job.previous is None else len(self.job.previous))


def select_batch(candidates: Iterable[ScheduledState], capacity: int) -> list[ScheduledState]:
    """The first state and later ones that fit into the capacity (in runs), each once.

    The first state is always selected, so that none waits forever.
    """
    selected: dict[str, ScheduledState] = {}
    for one in candidates:
        if not selected:
            selected[one.key] = one
            if one.alone:
                break
            capacity -= one.new_runs
        elif one.key not in selected and not one.alone and one.new_runs <= capacity:
            selected[one.key] = one
            capacity -= one.new_runs
    return list(selected.values())


def batch_capacity(times: BatchTimes, seconds: float) -> int:
    """Number of runs in a batch of the given duration, at most `MAX_BATCH_RUNS`."""
    return min(MAX_BATCH_RUNS, times.capacity(seconds))


def first_run_count(states: int, limits: RequestLimits, times: BatchTimes, workers: int, busy_seconds: float) -> int:
    """Runs per first response: the largest number with which all finish within `TARGET_SECONDS`, else the smallest.

    Parameters
    ----------
    states
        Number of states that wait for a first response.
    limits
        Limits of the server.
    times
        Expected batch times.
    workers
        Number of workers.
    busy_seconds
        Total remaining time of running batches of first responses, s.
    """
    seconds = {runs: (busy_seconds + times.seconds(states * runs)) / workers for runs in limits.first_counts}
    return next((runs for runs, total in seconds.items() if total <= TARGET_SECONDS), limits.first_counts[-1])
