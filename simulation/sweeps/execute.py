"""Run the missing runs of a store on any executor: local processes or a cluster, with the same bytes."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from simulation.compute.workers import EnsembleError
from simulation.sweeps.batches import WHOLE, Batch, Part, batches, block_size, missing
from simulation.sweeps.kernel import Work, halves, simulated
from simulation.sweeps.precision import wanted
from simulation.sweeps.rows import Rows, failed_rows

if TYPE_CHECKING:
    from simulation.sweeps.plan import Plan
    from simulation.sweeps.store import Store

Function = Callable[[Work, Batch], Rows]
"""What a worker does with a batch; the simulation, or in tests any function of the points."""
TRIES = 2
"""Deaths of a worker over one batch before its points are tried one by one."""
FLUSH_SECONDS, FLUSH_ROWS = 5.0, 8192
"""Results that are lost at most when this process is killed."""
POLL_SECONDS = 0.5


@dataclass(frozen=True)
class Pool:
    """Where batches are computed.

    Attributes
    ----------
    executor
        Anything with the interface of concurrent.futures.
    workers
        How many batches it computes at a time.
    lost
        Errors that mean that a worker died, not that its task was wrong.
    waiting
        Batches that are handed over beyond those that are computed, per worker.
    """

    executor: Executor
    workers: int
    lost: tuple[type[BaseException], ...] = (BrokenExecutor, MemoryError)
    waiting: int = 1

    @property
    def window(self) -> int:
        """Batches that may be in the executor's hands at a time: memory stays flat however long the sweep."""
        return self.workers * (1 + self.waiting)


@dataclass(frozen=True)
class State:
    """How far a sweep is."""

    done: int
    failed: int
    total: int
    fresh: int
    seconds: float

    @property
    def runs_per_second(self) -> float:
        """Runs of this session by its wall time."""
        return self.fresh / self.seconds if self.seconds > 0.0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Time that the runs still missing take at the speed so far; none before the first run."""
        return (self.total - self.done) / self.runs_per_second if self.fresh else None


Progress = Callable[[State], None]


@dataclass(frozen=True)
class Attempt:
    """A batch with the number of workers that died over it."""

    batch: Batch
    deaths: int = 0


@dataclass(frozen=True)
class Options:
    """How a sweep is run; nothing here changes a byte of its results."""

    batch: int | None = None
    part: Part = WHOLE
    progress: Progress | None = None
    function: Function = simulated


def execute(store: Store, pool: Pool, options: Options | None = None) -> None:
    """Compute every run that the store lacks.

    Points that stop by precision get further runs until their rule is satisfied.

    Raises
    ------
    EnsembleError
        If workers die whatever they are given.
    """
    how = options or Options()
    session = _Session(store, pool, how)
    try:
        while (todo := missing(store.plan, store.have, how.part)).any():
            size = how.batch or block_size(int(todo.sum()), pool.workers)
            session.rest = int(todo.sum())
            session.run(batches(store.plan, todo, size))
    finally:
        store.flush()


def work_of(plan: Plan) -> Work:
    """What all batches of a plan have in common."""
    from simulation.scenario.cloud import cloud_text

    cloud = "" if plan.cloud is None else cloud_text(plan.cloud)
    return Work(plan.base, plan.sweep.independent, plan.sweep.measured, plan.sweep.kept_series, cloud)


class _Session:
    """One command's share of a sweep."""

    def __init__(self, store: Store, pool: Pool, options: Options) -> None:
        self.store, self.pool, self.options = store, pool, options
        self.work = work_of(store.plan)
        self.again: deque[Attempt] = deque()
        self.pending: dict[Future[Rows], Attempt] = {}
        self.started = self.flushed = time.monotonic()
        self.fresh = self.unflushed = 0
        self.rest = 0
        self.done, self.failed = store.have.counts(wanted(store.plan.sweep, store.have))

    def run(self, fresh: Iterator[Batch]) -> None:
        """Compute batches until all are done, a bounded number at a time."""
        attempts = (Attempt(batch) for batch in fresh)
        try:
            while self._fill(attempts):
                done, _ = wait(self.pending, POLL_SECONDS, FIRST_COMPLETED)
                for future in done:
                    self._take(future, self.pending.pop(future))
                self._flush()
        finally:
            for future in self.pending:
                future.cancel()
            self.pending.clear()

    def _fill(self, attempts: Iterator[Attempt]) -> bool:
        """Hand over batches up to the window; whether anything is under way."""
        while len(self.pending) < self.pool.window:
            attempt = self.again.popleft() if self.again else next(attempts, None)
            if attempt is None:
                break
            future = self.pool.executor.submit(self.options.function, self.work, attempt.batch)
            self.pending[future] = attempt
        return bool(self.pending)

    def _take(self, future: Future[Rows], attempt: Attempt) -> None:
        try:
            self._keep(future.result())
        except self.pool.lost as error:
            self._after_death(replace(attempt, deaths=attempt.deaths + 1), error)

    def _after_death(self, attempt: Attempt, error: BaseException) -> None:
        """Try a batch again; if it keeps killing workers its points, then its runs, on their own."""
        if attempt.deaths < TRIES:
            self.again.append(attempt)
            return
        smaller = halves(attempt.batch)
        if smaller:
            self.again.extend(Attempt(tuple(part)) for part in smaller)
            return
        self._check_workers(error)
        reason = f"worker_died: {attempt.deaths} workers died over this run alone ({type(error).__name__})"
        self._keep(failed_rows(attempt.batch, reason, len(self.work.metrics)))

    def _check_workers(self, error: BaseException) -> None:
        """Tell a run that kills its worker from workers that die whatever they do."""
        try:
            self.pool.executor.submit(len, ()).result()
        except self.pool.lost:
            raise EnsembleError("workers die before they compute anything; see their own messages above") from error

    def _keep(self, rows: Rows) -> None:
        self.store.add(rows)
        self.fresh += len(rows)
        self.unflushed += len(rows)
        self.rest -= len(rows)
        self.done += len(rows)
        self.failed += rows.failed
        if self.options.progress is not None:
            self.options.progress(self.state())

    def state(self) -> State:
        """How far the sweep is."""
        return State(self.done, self.failed, self.done + self.rest, self.fresh, time.monotonic() - self.started)

    def _flush(self) -> None:
        now = time.monotonic()
        if self.unflushed >= FLUSH_ROWS or now - self.flushed > FLUSH_SECONDS:
            self.store.flush()
            self.flushed, self.unflushed = now, 0
