"""Compute the missing runs of a store on an executor: local processes or a Dask cluster. The results do not depend on it."""

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
from simulation.scenario.config.parameter_sets import cloud_text
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
"""The work of a worker on a batch: the simulation, or in tests another function."""
DEATHS_PER_BATCH = 2
"""Workers lost over one batch before its points are tried one by one."""
DEATHS_PER_TASK = 3
"""Times that Dask moves a task to another worker after losing one, before it gives up."""
FLUSH_SECONDS, FLUSH_ROWS = 5.0, 8192
"""Results are written this often; at most so many are lost if this process is killed."""
POLL_SECONDS = 0.5


@dataclass(frozen=True)
class BatchExecutor:
    """An executor that computes batches.

    Attributes
    ----------
    executor
        Any executor with the interface of concurrent.futures.
    workers
        Number of batches that it computes at a time.
    lost
        Errors that mean that a worker died, not that its task failed.
    waiting
        Batches submitted in advance, per worker.
    """

    executor: Executor
    workers: int
    lost: tuple[type[BaseException], ...] = (BrokenExecutor, MemoryError)
    waiting: int = 1

    @property
    def window(self) -> int:
        """Maximum number of batches submitted at a time; it bounds the memory used, whatever the size of the sweep."""
        return self.workers * (1 + self.waiting)


@dataclass(frozen=True)
class SweepProgress:
    """Progress of a sweep, in runs.

    Attributes
    ----------
    done
        Stored runs, including those of earlier sessions.
    failed
        Failed runs among them.
    total
        Runs required.
    fresh
        Runs computed in this session.
    seconds
        Wall time of this session.
    """

    done: int
    failed: int
    total: int
    fresh: int
    seconds: float

    @property
    def runs_per_second(self) -> float:
        """Runs of this session per second of wall time."""
        return self.fresh / self.seconds if self.seconds > 0.0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Estimated time for the missing runs at the current speed; None before the first run."""
        return (self.total - self.done) / self.runs_per_second if self.fresh else None


ProgressCallback = Callable[[SweepProgress], None]


@dataclass(frozen=True)
class BatchAttempt:
    """A batch and the number of workers lost over it."""

    batch: RunBatch
    deaths: int = 0


@dataclass(frozen=True)
class SweepOptions:
    """How a sweep is executed; the results do not depend on it."""

    batch: int | None = None
    part: PointShare = ALL_POINTS
    progress: ProgressCallback | None = None
    function: BatchFunction = simulate_batch


def compute_missing_runs(store: StoreWriter, pool: BatchExecutor, options: SweepOptions | None = None) -> None:
    """Compute every run that the store lacks.

    Points that stop by precision get further runs until their stopping rule is satisfied.

    Raises
    ------
    EnsembleError
        If workers die before they compute anything.
    """
    chosen = options or SweepOptions()
    session = _ExecutionSession(store, pool, chosen)
    try:
        while (missing := missing_runs(store.plan, store.stored_runs, chosen.part)).any():
            size = chosen.batch or batch_size(int(missing.sum()), pool.workers)
            session.remaining = int(missing.sum())
            session.run(runs_in_batches(store.plan, missing, size))
    finally:
        store.flush()


def sweep_work(plan: SweepPlan) -> SweepWork:
    """Inputs common to all batches of a plan."""
    cloud = "" if plan.cloud is None else cloud_text(plan.cloud)
    return SweepWork(plan.base, plan.sweep.independent, plan.sweep.measured, plan.sweep.kept_series, cloud)


class _ExecutionSession:
    """One session of computing missing runs."""

    def __init__(self, store: StoreWriter, pool: BatchExecutor, options: SweepOptions) -> None:
        self.store, self.pool, self.options = store, pool, options
        self.work = sweep_work(store.plan)
        self.retries: deque[BatchAttempt] = deque()
        self.pending: dict[Future[RunRows], BatchAttempt] = {}
        self.started = self.flushed = time.monotonic()
        self.fresh = self.unflushed = 0
        self.remaining = 0
        self.done, self.failed = store.stored_runs.counts(required_replications(store.plan.sweep, store.stored_runs))

    def run(self, batches: Iterator[RunBatch]) -> None:
        """Compute batches until all are done, a bounded number at a time."""
        attempts = (BatchAttempt(batch) for batch in batches)
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
        """Submit batches up to the window; return whether any are pending."""
        while len(self.pending) < self.pool.window:
            attempt = self.retries.popleft() if self.retries else next(attempts, None)
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
        """Retry a batch; if it keeps killing workers, try its points and then its runs separately."""
        if attempt.deaths < DEATHS_PER_BATCH:
            self.retries.append(attempt)
            return
        smaller = split_batch(attempt.batch)
        if smaller:
            self.retries.extend(BatchAttempt(tuple(part)) for part in smaller)
            return
        self._check_workers(error)
        reason = f"worker_died: {attempt.deaths} workers died while computing this run alone ({type(error).__name__})"
        self._keep(failed_rows(attempt.batch, reason, len(self.work.metrics)))

    def _check_workers(self, error: BaseException) -> None:
        """Raise an error if workers die on an empty task too, so that the run is not at fault."""
        try:
            self.pool.executor.submit(len, ()).result()
        except self.pool.lost:
            raise EnsembleError("workers die before they compute anything; see their messages above") from error

    def _keep(self, rows: RunRows) -> None:
        self.store.add(rows)
        self.fresh += len(rows)
        self.unflushed += len(rows)
        self.remaining -= len(rows)
        self.done += len(rows)
        self.failed += rows.failed
        if self.options.progress is not None:
            self.options.progress(self.state())

    def state(self) -> SweepProgress:
        """Current progress."""
        return SweepProgress(
            self.done, self.failed, self.done + self.remaining, self.fresh, time.monotonic() - self.started
        )

    def _flush(self) -> None:
        now = time.monotonic()
        if self.unflushed >= FLUSH_ROWS or now - self.flushed > FLUSH_SECONDS:
            self.store.flush()
            self.flushed, self.unflushed = now, 0


def check_scheduler_address(distributed: ModuleType, address: str) -> None:
    """Reject an invalid address before a client is created, which would delay the end of the process.

    Raises
    ------
    OutputError
        If scheme or port are invalid.
    """
    try:
        distributed.comm.get_address_host(address)
    except ValueError as error:
        raise OutputError(f"--dask {address}: {error}; write it as tcp://10.0.0.1:8786") from None


@contextmanager
def dask_pool(address: str, waiting: int = 2, seconds: float = 10.0) -> Iterator[BatchExecutor]:
    """Provide the workers of the Dask scheduler at `address`.

    Dask handles lost workers, retries and memory.

    Parameters
    ----------
    address : str
        Address of the scheduler, such as ``tcp://10.0.0.1:8786``.
    waiting : int
        Batches that wait at the scheduler for each thread, to keep all threads busy.
    seconds : float
        Time limit for the connection to the scheduler.

    Raises
    ------
    OutputError
        If Dask is not installed, the scheduler does not answer, or a worker has other code than this process.
    """
    try:
        distributed = importlib.import_module("distributed")
    except ImportError:
        raise OutputError('--dask needs Dask: pip install "carryflow[dask]", or omit --dask') from None
    check_scheduler_address(distributed, address)
    try:
        client = distributed.Client(address, timeout=seconds, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise OutputError(f"no Dask scheduler answers at {address}: {error}") from None
    with client:
        check_worker_code(client.run(code_digest, on_error="return"), code_digest())
        executor = client.get_executor(pure=False, retries=DEATHS_PER_TASK)
        lost = (BrokenExecutor, MemoryError, distributed.KilledWorker)
        yield BatchExecutor(SameCodeExecutor(executor), max(1, sum(client.ncores().values())), lost, waiting)
