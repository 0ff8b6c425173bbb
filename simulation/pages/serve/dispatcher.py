"""What was computed, by state: the newest a bounded number of states, the least wanted goes first.

The desk: takes wishes, lets clients take turns, hands passes to workers, and tells everybody what came of it.

All of it runs in one event loop; only workers compute.  A first answer comes from few runs, fewer where many wait or passes take
long; whoever has it may wait for more.  Passes of first answers begin one after the other, not together.  Further runs begin
while nobody is at a first answer, and leave a worker free for one; then come states that somebody is likely to ask for.  Every
answer is held against a baseline of as many runs.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from simulation.pages.serve.requests import SUPERSEDED, PendingRequest, RequestLimits, StateRequest, StateResponse
from simulation.pages.serve.scheduling import (
    FIRST_BATCH_SECONDS,
    FURTHER_BATCH_SECONDS,
    BatchTimes,
    ClientQueue,
    ScheduledState,
    batch_capacity,
    first_run_count,
    select_batch,
)
from simulation.pages.serve.served_page import ServedPage, neighbour_keys
from simulation.pages.serve.worker_pool import StateJob, StateResult, WorkerError, WorkerPool
from simulation.sweeps.run_rows import RunRows


@dataclass(frozen=True)
class CachedState:
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
    rows: RunRows | None


class StateCache:
    """At most so many states."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._states: OrderedDict[str, CachedState] = OrderedDict()

    def __len__(self) -> int:
        """Return the number of states."""
        return len(self._states)

    def get(self, key: str) -> CachedState | None:
        """What there is of a state; it is now the last to go."""
        found = self._states.get(key)
        if found is not None:
            self._states.move_to_end(key)
        return found

    def put(self, key: str, computed: CachedState) -> None:
        """Keep a state, and let the least wanted go where there are too many."""
        self._states[key] = computed
        self._states.move_to_end(key)
        while len(self._states) > self.most:
            self._states.popitem(last=False)


BASELINE_KEY: Final = "{}"
"""Key of the scenario as it is, the baseline."""
MIN_WAIT_SECONDS: Final = 1e-3
"""Shorter waits are none, s."""
MAX_CLIENTS: Final = 200
"""Clients that may wait at a time."""


class Dispatcher:
    """Where wishes are taken.

    Parameters
    ----------
    study
        What is served.
    bench
        The workers.
    limits
        How much may be asked of them.
    """

    def __init__(self, study: ServedPage, bench: WorkerPool, limits: RequestLimits) -> None:
        self.study, self.bench, self.limits = study, bench, limits
        self.shelf = StateCache(limits.states)
        self.first: ClientQueue[PendingRequest] = ClientQueue()
        self.further: ClientQueue[PendingRequest] = ClientQueue()
        self.pace = BatchTimes()
        self.baselines: dict[int, str] = {}
        self.passes = self.runs = 0
        self._ahead = neighbour_keys(study)
        self._baseline_rows: RunRows | None = None
        self._running: set[str] = set()
        self._alone: set[str] = set()
        self._further_passes = 0
        self._first_ends: dict[int, float] = {}
        self._first_after = 0.0
        self._alarm: asyncio.TimerHandle | None = None
        self._closed = False
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def waiting(self) -> list[PendingRequest]:
        """Everybody who waits, the next first; who was told and has not left yet waits no more."""
        return [ticket for ticket in (*self.first, *self.further) if not ticket.reply.done()]

    def open(self) -> None:
        """Begin with the baseline."""
        self._pump()

    async def close(self) -> None:
        """Tell everybody who waits that there is nothing to come, and wait for no pass."""
        self._closed = True
        self._set_alarm(None)
        for ticket in self.waiting:
            ticket.answer(
                StateResponse("busy", reason="the server is being ended; start it again with `carryflow serve`")
            )
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def ask(self, wish: StateRequest) -> StateResponse:
        """Wait for a state with more runs than the client has; a wait that is cancelled leaves the line."""
        key = self.study.key(wish.values)
        for ticket in self.waiting:
            if ticket.client == wish.client:
                ticket.answer(SUPERSEDED)
        known = self._known(key, wish.beyond)
        if known is not None:
            return known
        if len(self.waiting) >= MAX_CLIENTS:
            return StateResponse("busy", reason=f"{MAX_CLIENTS} clients wait already; ask again in a few seconds")
        ticket = PendingRequest(wish.client, key, wish.beyond, asyncio.get_running_loop().create_future())
        line = self.further if wish.beyond else self.first
        line.put(wish.client, ticket)
        self._pump()
        try:
            return await ticket.reply
        finally:
            line.drop(ticket.client, ticket)

    def _known(self, key: str, beyond: int) -> StateResponse | None:
        """The answer that there is, if it has more runs than the client, or all."""
        found = self.shelf.get(key)
        if found is None or found.runs <= min(beyond, self.limits.runs - 1):
            return None
        baseline = self.baselines.get(found.runs)
        return None if baseline is None else StateResponse("state", found.text, baseline)

    def _pump(self) -> None:
        """Give every free worker a pass, as long as there is one to give."""
        while self.bench.free and not self._closed:
            chosen, further = self._next()
            if not chosen:
                return
            loop, place = asyncio.get_running_loop(), self.bench.take()
            self._running |= {one.key for one in chosen}
            if further:
                self._further_passes += 1
            else:
                seconds = self.pace.seconds(sum(one.fresh for one in chosen))
                self._first_ends[place] = loop.time() + seconds
                self._first_after = loop.time() + seconds / self.bench.workers
            task = loop.create_task(self._compute(chosen, further, place))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _next(self) -> tuple[list[ScheduledState], bool]:
        """States of the next pass, and whether it gives further runs to what has some."""
        if not self.baselines:
            return self._baseline(), False
        if self._early():
            return [], False
        found = select_batch(self._wanted(self.first), batch_capacity(self.pace, FIRST_BATCH_SECONDS))
        if found or self._first_ends or self._further_passes >= max(1, self.bench.workers - 1):
            return found, False
        spare = batch_capacity(self.pace, FURTHER_BATCH_SECONDS)
        return self._baseline() or select_batch(self._wanted(self.further), spare) or self._unasked(spare), True

    def _early(self) -> bool:
        """Whether the next pass of first answers shall wait, since one began so lately; then it is thought of in time.

        Workers that begin together end together, and who comes just after waits for two whole passes.
        """
        wait = self._first_after - asyncio.get_running_loop().time()
        early = bool(self._first_ends) and wait > MIN_WAIT_SECONDS
        self._set_alarm(wait if early else None)
        return early

    def _set_alarm(self, seconds: float | None) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = None if seconds is None else asyncio.get_running_loop().call_later(seconds, self._pump)

    def _baseline(self) -> list[ScheduledState]:
        """The next runs of the baseline, none if it has all or is being computed."""
        there, limits = self._baseline_rows, self.limits
        if BASELINE_KEY in self._running or limits.runs in self.baselines:
            return []
        runs = limits.first if there is None else limits.after(len(there))
        cuts = tuple(cut for cut in limits.cuts if cut <= runs and cut not in self.baselines)
        return [ScheduledState(BASELINE_KEY, StateJob(BASELINE_KEY, runs, there, cuts))]

    def _unasked(self, spare: int) -> list[ScheduledState]:
        """States that somebody is likely to ask for next, while nobody waits."""
        if self.waiting or self.limits.first not in self.baselines:
            return []
        self._ahead = [key for key in self._ahead if self.shelf.get(key) is None and key not in self._running]
        wanted = (ScheduledState(key, StateJob(key, self.limits.first)) for key in self._ahead)
        return select_batch(wanted, spare)

    def _wanted(self, line: ClientQueue[PendingRequest]) -> Iterator[ScheduledState]:
        """States that those in a line wait for and that no worker is at, with the runs that they shall have."""
        first = self._first_runs()
        for ticket in line:
            there = self.shelf.get(ticket.key)
            if not self._untouched(ticket) or (there is not None and there.runs not in self.baselines):
                continue
            order = StateJob(ticket.key, first)
            if there is not None and there.rows is not None:
                order = StateJob(ticket.key, self.limits.after(there.runs), there.rows)
            yield ScheduledState(ticket.key, order, ticket.key in self._alone)

    def _first_runs(self) -> int:
        """Runs of the next first answers, by how many wait for one."""
        now = asyncio.get_running_loop().time()
        under_way = sum(max(0.0, end - now) for end in self._first_ends.values())
        keys = {ticket.key for ticket in self.first if self._untouched(ticket)}
        return first_run_count(len(keys), self.limits, self.pace, self.bench.workers, under_way)

    def _untouched(self, ticket: PendingRequest) -> bool:
        """Whether a ticket waits for a state that no worker is at."""
        return not ticket.reply.done() and ticket.key not in self._running

    async def _compute(self, chosen: list[ScheduledState], further: bool, place: int) -> None:
        """One pass, from its worker to those who wait for it."""
        clock = asyncio.get_running_loop()
        started = clock.time()
        try:
            found = await self.bench.made(place, [one.order for one in chosen], self.limits.seconds)
            self.passes += 1
            self.pace.learn(sum(one.fresh for one in chosen), clock.time() - started)
            for one, made in zip(chosen, found, strict=True):
                self._keep(one, made)
        except WorkerError as ended:
            self._lost([one.key for one in chosen], str(ended))
        finally:
            self._first_ends.pop(place, None)
            self.bench.give_back(place)
            self._running -= {one.key for one in chosen}
            self._further_passes -= further
            self._tell()
            self._pump()

    def _keep(self, one: ScheduledState, made: StateResult) -> None:
        self.runs += one.fresh
        self._alone.discard(one.key)
        whole = one.order.runs >= self.limits.runs
        self.shelf.put(one.key, CachedState(one.order.runs, made.texts[one.order.runs], None if whole else made.rows))
        if one.order.cuts:
            self.baselines |= made.texts
            self._baseline_rows = made.rows

    def _lost(self, keys: list[str], why: str) -> None:
        """States that a worker ended over: several are tried once more, each by itself; one alone is given up.

        A baseline that cannot have more runs leaves all states with as few.
        """
        if len(keys) > 1:
            self._alone |= set(keys)
            return
        if keys == [BASELINE_KEY] and self.baselines:
            self.limits = replace(self.limits, runs=max(self.baselines))
        self._alone.discard(keys[0])
        for ticket in self.waiting:
            if ticket.key == keys[0] or not self.baselines:
                ticket.answer(StateResponse("failed", reason=why))

    def _tell(self) -> None:
        """Answer everybody whose state is there now, whoever asked for it first."""
        for ticket in self.waiting:
            known = self._known(ticket.key, ticket.beyond)
            if known is not None:
                ticket.answer(known)
