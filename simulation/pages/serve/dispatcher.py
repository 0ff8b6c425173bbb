"""Dispatcher of requests: schedules batches on the workers, caches states and responds to clients."""

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
    """A computed state.

    Attributes
    ----------
    runs
        Number of its runs, from run 0.
    text
        JSON text for the page.
    rows
        The runs, to which further runs are added; None if the state is complete.
    """

    runs: int
    text: str
    rows: RunRows | None


class StateCache:
    """Least-recently-used cache of states.

    Parameters
    ----------
    size
        Largest number of states.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._states: OrderedDict[str, CachedState] = OrderedDict()

    def __len__(self) -> int:
        """Return the number of states."""
        return len(self._states)

    def get(self, key: str) -> CachedState | None:
        """The state of a key, None if it is not cached."""
        state = self._states.get(key)
        if state is not None:
            self._states.move_to_end(key)
        return state

    def put(self, key: str, state: CachedState) -> None:
        """Store a state and evict the least recently used ones beyond the size."""
        self._states[key] = state
        self._states.move_to_end(key)
        while len(self._states) > self.size:
            self._states.popitem(last=False)


BASELINE_KEY: Final = "{}"
"""Key of the baseline, the scenario without changes."""
MIN_WAIT_SECONDS: Final = 1e-3
"""Shorter waits are treated as zero, s."""
MAX_CLIENTS: Final = 200
"""Largest number of waiting clients."""


class Dispatcher:
    """Accepts requests and schedules batches, in one event loop.

    A first response has few runs, and fewer under load; the client may then wait for more.  Batches of first responses start
    staggered.  Further runs start when no first response is being computed, and leave one worker free; after them come states
    that are likely to be requested next.  Each response includes the baseline with the same number of runs.

    Parameters
    ----------
    page
        The served page.
    pool
        The workers.
    limits
        Limits of the server.
    """

    def __init__(self, page: ServedPage, pool: WorkerPool, limits: RequestLimits) -> None:
        self.page, self.pool, self.limits = page, pool, limits
        self.cache = StateCache(limits.states)
        self.first: ClientQueue[PendingRequest] = ClientQueue()
        self.further: ClientQueue[PendingRequest] = ClientQueue()
        self.times = BatchTimes()
        self.baselines: dict[int, str] = {}
        self.batches = self.runs = 0
        self._neighbours = neighbour_keys(page)
        self._baseline_rows: RunRows | None = None
        self._running: set[str] = set()
        self._alone: set[str] = set()
        self._further_batches = 0
        self._first_ends: dict[int, float] = {}
        self._next_first_start = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def waiting(self) -> list[PendingRequest]:
        """Requests without a response, in order."""
        return [pending for pending in (*self.first, *self.further) if not pending.future.done()]

    def open(self) -> None:
        """Start computing the baseline."""
        self._schedule()

    async def close(self) -> None:
        """Respond to all waiting clients and cancel running batches."""
        self._closed = True
        self._set_timer(None)
        for pending in self.waiting:
            pending.resolve(
                StateResponse("busy", reason="the server is shutting down; restart it with `carryflow serve`")
            )
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def request(self, request: StateRequest) -> StateResponse:
        """Wait for a state with more runs than the client has; cancelling removes the request from the queue."""
        key = self.page.key(request.values)
        for pending in self.waiting:
            if pending.client == request.client:
                pending.resolve(SUPERSEDED)
        response = self._cached_response(key, request.beyond)
        if response is not None:
            return response
        if len(self.waiting) >= MAX_CLIENTS:
            reason = f"the queue is full ({MAX_CLIENTS} clients); try again in a few seconds"
            return StateResponse("busy", reason=reason)
        pending = PendingRequest(request.client, key, request.beyond, asyncio.get_running_loop().create_future())
        queue = self.further if request.beyond else self.first
        queue.put(request.client, pending)
        self._schedule()
        try:
            return await pending.future
        finally:
            queue.drop(pending.client, pending)

    def _cached_response(self, key: str, beyond: int) -> StateResponse | None:
        """Response from the cache if the state has more than `beyond` runs or is complete."""
        state = self.cache.get(key)
        if state is None or state.runs <= min(beyond, self.limits.runs - 1):
            return None
        baseline = self.baselines.get(state.runs)
        return None if baseline is None else StateResponse("state", state.text, baseline)

    def _schedule(self) -> None:
        """Start batches while workers are free and states wait."""
        while self.pool.free and not self._closed:
            batch, further = self._next_batch()
            if not batch:
                return
            loop, slot = asyncio.get_running_loop(), self.pool.acquire()
            self._running |= {one.key for one in batch}
            if further:
                self._further_batches += 1
            else:
                seconds = self.times.seconds(sum(one.new_runs for one in batch))
                self._first_ends[slot] = loop.time() + seconds
                self._next_first_start = loop.time() + seconds / self.pool.workers
            task = loop.create_task(self._compute(batch, further, slot))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _next_batch(self) -> tuple[list[ScheduledState], bool]:
        """States of the next batch, and whether they are further runs instead of first responses."""
        if not self.baselines:
            return self._baseline_batch(), False
        if self._defer_first():
            return [], False
        batch = select_batch(self._candidates(self.first), batch_capacity(self.times, FIRST_BATCH_SECONDS))
        if batch or self._first_ends or self._further_batches >= max(1, self.pool.workers - 1):
            return batch, False
        capacity = batch_capacity(self.times, FURTHER_BATCH_SECONDS)
        further = self._baseline_batch() or select_batch(self._candidates(self.further), capacity)
        return further or self._precomputed_batch(capacity), True

    def _defer_first(self) -> bool:
        """Whether the next batch of first responses must wait because one has just started; sets a timer for it.

        Batches that start together end together, and a request that arrives just after their start waits for two of them.
        """
        wait = self._next_first_start - asyncio.get_running_loop().time()
        defer = bool(self._first_ends) and wait > MIN_WAIT_SECONDS
        self._set_timer(wait if defer else None)
        return defer

    def _set_timer(self, seconds: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if seconds is None else asyncio.get_running_loop().call_later(seconds, self._schedule)

    def _baseline_batch(self) -> list[ScheduledState]:
        """The next runs of the baseline; empty if it is complete or being computed."""
        rows, limits = self._baseline_rows, self.limits
        if BASELINE_KEY in self._running or limits.runs in self.baselines:
            return []
        runs = limits.first if rows is None else limits.next_count(len(rows))
        counts = tuple(count for count in limits.counts if count <= runs and count not in self.baselines)
        return [ScheduledState(BASELINE_KEY, StateJob(BASELINE_KEY, runs, rows, counts))]

    def _precomputed_batch(self, capacity: int) -> list[ScheduledState]:
        """States near the baseline, computed in advance while no client waits."""
        if self.waiting or self.limits.first not in self.baselines:
            return []
        self._neighbours = [key for key in self._neighbours if self.cache.get(key) is None and key not in self._running]
        candidates = (ScheduledState(key, StateJob(key, self.limits.first)) for key in self._neighbours)
        return select_batch(candidates, capacity)

    def _candidates(self, queue: ClientQueue[PendingRequest]) -> Iterator[ScheduledState]:
        """Yield the states in a queue that are not being computed, with their next number of runs."""
        first = self._first_run_count()
        for pending in queue:
            state = self.cache.get(pending.key)
            if not self._is_idle(pending) or (state is not None and state.runs not in self.baselines):
                continue
            job = StateJob(pending.key, first)
            if state is not None and state.rows is not None:
                job = StateJob(pending.key, self.limits.next_count(state.runs), state.rows)
            yield ScheduledState(pending.key, job, pending.key in self._alone)

    def _first_run_count(self) -> int:
        """Runs of the next first responses, given the length of the queue."""
        now = asyncio.get_running_loop().time()
        busy_seconds = sum(max(0.0, end - now) for end in self._first_ends.values())
        keys = {pending.key for pending in self.first if self._is_idle(pending)}
        return first_run_count(len(keys), self.limits, self.times, self.pool.workers, busy_seconds)

    def _is_idle(self, pending: PendingRequest) -> bool:
        """Whether a request waits for a state that no worker is computing."""
        return not pending.future.done() and pending.key not in self._running

    async def _compute(self, batch: list[ScheduledState], further: bool, slot: int) -> None:
        """Compute one batch, store its states and respond to the clients that wait for them."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        try:
            results = await self.pool.compute(slot, [one.job for one in batch], self.limits.seconds)
            self.batches += 1
            self.times.record(sum(one.new_runs for one in batch), loop.time() - started)
            for one, result in zip(batch, results, strict=True):
                self._store(one, result)
        except WorkerError as error:
            self._handle_failure([one.key for one in batch], str(error))
        finally:
            self._first_ends.pop(slot, None)
            self.pool.release(slot)
            self._running -= {one.key for one in batch}
            self._further_batches -= further
            self._respond()
            self._schedule()

    def _store(self, state: ScheduledState, result: StateResult) -> None:
        runs = state.job.runs
        self.runs += state.new_runs
        self._alone.discard(state.key)
        rows = None if runs >= self.limits.runs else result.rows
        self.cache.put(state.key, CachedState(runs, result.texts[runs], rows))
        if state.job.counts:
            self.baselines |= result.texts
            self._baseline_rows = result.rows

    def _handle_failure(self, keys: list[str], reason: str) -> None:
        """After a worker failure, retry several states one by one, or give up a single state.

        If the baseline cannot get more runs, its number of runs becomes the limit for all states.
        """
        if len(keys) > 1:
            self._alone |= set(keys)
            return
        if keys == [BASELINE_KEY] and self.baselines:
            self.limits = replace(self.limits, runs=max(self.baselines))
        self._alone.discard(keys[0])
        for pending in self.waiting:
            if pending.key == keys[0] or not self.baselines:
                pending.resolve(StateResponse("failed", reason=reason))

    def _respond(self) -> None:
        """Respond to every request whose state is available."""
        for pending in self.waiting:
            response = self._cached_response(pending.key, pending.beyond)
            if response is not None:
                pending.resolve(response)
