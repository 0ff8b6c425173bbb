"""Run the missing runs of a store on any executor: local processes or a cluster, with the same bytes.

A Dask cluster as an executor: the same batches, the same bytes; lost workers, retries and memory are Dask's business.
"""

from __future__ import annotations

import importlib
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import ModuleType
from typing import TYPE_CHECKING

from simulation.compute.workers import EnsembleError
from simulation.results.output_folder import OutputError
from simulation.sweeps.code_version import SameCodeExecutor, check_worker_code, code_digest
from simulation.sweeps.kernel import SweepWork, simulate_batch, split_batch
from simulation.sweeps.pending_runs import (
    ALL_POINTS,
    PointShare,
    RunBatch,
    batch_size,
    missing_runs,
    required_replications,
    runs_in_batches,
)
from simulation.sweeps.run_rows import RunRows, failed_rows

if TYPE_CHECKING:
    from simulation.sweeps.plan import SweepPlan
    from simulation.sweeps.store import StoreWriter

BatchFunction = Callable[[SweepWork, RunBatch], RunRows]
"""What a worker does with a batch; the simulation, or in tests any function of the points."""
DEATHS_PER_BATCH = 2
"""Deaths of a worker over one batch before its points are tried one by one."""
FLUSH_SECONDS, FLUSH_ROWS = 5.0, 8192
"""Results that are lost at most when this process is killed."""
POLL_SECONDS = 0.5


@dataclass(frozen=True)
class WorkerPool:
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
class SweepProgress:
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


ProgressCallback = Callable[[SweepProgress], None]


@dataclass(frozen=True)
class BatchAttempt:
    """A batch with the number of workers that died over it."""

    batch: RunBatch
    deaths: int = 0


@dataclass(frozen=True)
class SweepOptions:
    """How a sweep is run; nothing here changes a byte of its results."""

    batch: int | None = None
    part: PointShare = ALL_POINTS
    progress: ProgressCallback | None = None
    function: BatchFunction = simulate_batch


def compute_missing_runs(store: StoreWriter, pool: WorkerPool, options: SweepOptions | None = None) -> None:
    """Compute every run that the store lacks.

    Points that stop by precision get further runs until their rule is satisfied.

    Raises
    ------
    EnsembleError
        If workers die whatever they are given.
    """
    how = options or SweepOptions()
    session = _ExecutionSession(store, pool, how)
    try:
        while (todo := missing_runs(store.plan, store.have, how.part)).any():
            size = how.batch or batch_size(int(todo.sum()), pool.workers)
            session.rest = int(todo.sum())
            session.run(runs_in_batches(store.plan, todo, size))
    finally:
        store.flush()


def sweep_work(plan: SweepPlan) -> SweepWork:
    """What all batches of a plan have in common."""
    from simulation.scenario.config.parameter_sets import cloud_text

    cloud = "" if plan.cloud is None else cloud_text(plan.cloud)
    return SweepWork(plan.base, plan.sweep.independent, plan.sweep.measured, plan.sweep.kept_series, cloud)


class _ExecutionSession:
    """One command's share of a sweep."""

    def __init__(self, store: StoreWriter, pool: WorkerPool, options: SweepOptions) -> None:
        self.store, self.pool, self.options = store, pool, options
        self.work = sweep_work(store.plan)
        self.again: deque[BatchAttempt] = deque()
        self.pending: dict[Future[RunRows], BatchAttempt] = {}
        self.started = self.flushed = time.monotonic()
        self.fresh = self.unflushed = 0
        self.rest = 0
        self.done, self.failed = store.have.counts(required_replications(store.plan.sweep, store.have))

    def run(self, fresh: Iterator[RunBatch]) -> None:
        """Compute batches until all are done, a bounded number at a time."""
        attempts = (BatchAttempt(batch) for batch in fresh)
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

    def _fill(self, attempts: Iterator[BatchAttempt]) -> bool:
        """Hand over batches up to the window; whether anything is under way."""
        while len(self.pending) < self.pool.window:
            attempt = self.again.popleft() if self.again else next(attempts, None)
            if attempt is None:
                break
            future = self.pool.executor.submit(self.options.function, self.work, attempt.batch)
            self.pending[future] = attempt
        return bool(self.pending)

    def _take(self, future: Future[RunRows], attempt: BatchAttempt) -> None:
        try:
            self._keep(future.result())
        except self.pool.lost as error:
            self._after_death(replace(attempt, deaths=attempt.deaths + 1), error)

    def _after_death(self, attempt: BatchAttempt, error: BaseException) -> None:
        """Try a batch again; if it keeps killing workers its points, then its runs, on their own."""
        if attempt.deaths < DEATHS_PER_BATCH:
            self.again.append(attempt)
            return
        smaller = split_batch(attempt.batch)
        if smaller:
            self.again.extend(BatchAttempt(tuple(part)) for part in smaller)
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

    def _keep(self, rows: RunRows) -> None:
        self.store.add(rows)
        self.fresh += len(rows)
        self.unflushed += len(rows)
        self.rest -= len(rows)
        self.done += len(rows)
        self.failed += rows.failed
        if self.options.progress is not None:
            self.options.progress(self.state())

    def state(self) -> SweepProgress:
        """How far the sweep is."""
        return SweepProgress(self.done, self.failed, self.done + self.rest, self.fresh, time.monotonic() - self.started)

    def _flush(self) -> None:
        now = time.monotonic()
        if self.unflushed >= FLUSH_ROWS or now - self.flushed > FLUSH_SECONDS:
            self.store.flush()
            self.flushed, self.unflushed = now, 0


DEATHS_PER_TASK = 3
"""Dask moves a task to another worker so often before it gives the task up."""


def check_scheduler_address(distributed: ModuleType, address: str) -> None:
    """Refuse text that is no address before a client takes it, which would wait for the end of its threads.

    Raises
    ------
    OutputError
        If scheme or port are wrong.
    """
    try:
        distributed.comm.get_address_host(address)
    except ValueError as error:
        raise OutputError(f"--dask {address}: {error}; write it as tcp://10.0.0.1:8786") from None


@contextmanager
def dask_pool(address: str, waiting: int = 2, seconds: float = 10.0) -> Iterator[WorkerPool]:
    """Give the workers of the scheduler at `address`.

    Parameters
    ----------
    address : str
        Address of the scheduler, such as ``tcp://10.0.0.1:8786``.
    waiting : int
        Batches that wait at the scheduler for each thread, so that no thread runs dry.
    seconds : float
        How long to wait for the scheduler.

    Raises
    ------
    OutputError
        If Dask is not installed, nothing answers, or a worker has other code than this process.
    """
    try:
        distributed = importlib.import_module("distributed")
    except ImportError:
        raise OutputError('--dask needs Dask: pip install "carryflow[dask]", or leave --dask out') from None
    check_scheduler_address(distributed, address)
    try:
        client = distributed.Client(address, timeout=seconds, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise OutputError(f"no Dask scheduler answers at {address}: {error}") from None
    with client:
        check_worker_code(client.run(code_digest, on_error="return"), code_digest())
        executor = client.get_executor(pure=False, retries=DEATHS_PER_TASK)
        lost = (BrokenExecutor, MemoryError, distributed.KilledWorker)
        yield WorkerPool(SameCodeExecutor(executor), max(1, sum(client.ncores().values())), lost, waiting)
