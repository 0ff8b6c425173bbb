"""Worker processes behind the standard Executor interface; none of them outlives the process that started it.

A worker that dies takes one task with it, and the task is known.  Each worker has a pipe and a thread of its own: its death is
the end of its pipe, also in the middle of a message, and nothing is locked while a future calls back.  A
`concurrent.futures.ProcessPoolExecutor` promises none of this: it is broken as a whole by one death, waits for ever for the
rest of a result whose sender was killed, and holds a lock while it calls back (Python 3.13).
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import forkserver, resource_tracker
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from simulation.compute.worker_process import Call, Worker

Value = TypeVar("Value")
Task = tuple[Future[Any], Call]
PRELOADED_MODULES = ("simulation.day.capital_flows",)


class EnsembleError(RuntimeError):
    """A worker process died: its runs are lost, the others too, and nothing was written."""


def map_in_order(function: Callable[..., Value], tasks: Sequence[tuple[Any, ...]], workers: int) -> Iterator[Value]:
    """Yield ``function(*task)`` for each task in order, computed on so many processes.

    Fails as soon as any task fails; an interrupt ends the workers in the middle of what they do.

    Raises
    ------
    EnsembleError
        If a worker process died.
    """
    try:
        with worker_executor(max(1, min(workers, len(tasks))), (function.__module__, *PRELOADED_MODULES)) as pool:
            yield from _in_order([pool.submit(function, *task) for task in tasks])
    except BrokenProcessPool as error:
        raise EnsembleError(
            "a worker process died, most often for lack of memory; try fewer runs at a time or --workers 1"
        ) from error


def _in_order(futures: list[Future[Value]]) -> Iterator[Value]:
    """Yield results in the order of submission, failing as soon as any of them fails."""
    pending = set(futures)
    for future in futures:
        while not future.done():
            done, pending = wait(pending, return_when=FIRST_COMPLETED)
            for finished in done:
                finished.result()
        yield future.result()


def available_processors() -> int:
    """Return the number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def worker_executor(workers: int, preload: Sequence[str] = PRELOADED_MODULES) -> Iterator[WorkerExecutor]:
    """Give so many workers; leaving the block early, as on Ctrl-C, ends them at once."""
    pool = WorkerExecutor(workers, preload)
    try:
        yield pool
        pool.shutdown()
    except BaseException:
        pool.kill()
        raise


class WorkerExecutor(Executor):
    """So many worker processes, each with one task at a time.

    Parameters
    ----------
    workers
        Number of processes; one is started when it has something to do, and again in the place of one that died.
    preload
        Modules that are imported once for all workers, where the system can do so.
    """

    def __init__(self, workers: int, preload: Sequence[str] = PRELOADED_MODULES) -> None:
        self._context = multiprocessing.get_context("spawn" if sys.platform == "win32" else "forkserver")
        if sys.platform != "win32":
            _start_fork_server(preload)
        self._lock = threading.Lock()
        self._closed = self._killed = False
        self._tasks: SimpleQueue[Task | None] = SimpleQueue()
        self._workers: set[Worker] = set()
        self._threads = [threading.Thread(target=self._serve, daemon=True) for _ in range(workers)]
        for thread in self._threads:
            thread.start()
        # Whoever holds this pool may be cleared away when threads run no more: nobody could wait for them then.
        atexit.register(self.kill)

    def submit(self, fn: Callable[..., Value], /, *args: Any, **kwargs: Any) -> Future[Value]:
        """Run a function on the next free worker.

        The future raises BrokenProcessPool if that worker dies over it.
        """
        future: Future[Value] = Future()
        with self._lock:
            if self._closed:
                raise RuntimeError("the workers are shut down")
            self._tasks.put((future, (fn, args, kwargs)))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more tasks; those that have not begun are still done, or cancelled if asked for."""
        with self._lock:
            self._closed = True
            waiting = self._taken_back() if cancel_futures else []
            for _ in self._threads:
                self._tasks.put(None)
        for future, _ in waiting:
            future.cancel()
        if wait:
            for thread in self._threads:
                thread.join()
            atexit.unregister(self.kill)

    def kill(self) -> None:
        """End all workers at once, in the middle of what they do."""
        self.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            self._killed = True
            workers = list(self._workers)
        for worker in workers:
            worker.kill()
        self.shutdown()

    def _taken_back(self) -> list[Task]:
        """Tasks that no worker has begun."""
        found: list[Task] = []
        while True:
            try:
                task = self._tasks.get_nowait()
            except Empty:
                return found
            if task is not None:
                found.append(task)

    def _serve(self) -> None:
        """Hand tasks to one worker, one after the other, until there are no more."""
        worker: Worker | None = None
        while (task := self._tasks.get()) is not None:
            future, call = task
            if future.set_running_or_notify_cancel():
                worker = self._answered(worker, future, call)
            # A result is not kept until the next task comes.
            del task, future, call
        if worker is not None:
            worker.end()

    def _answered(self, worker: Worker | None, future: Future[Any], call: Call) -> Worker | None:
        """Answer a future; the worker that is there for the next task, none if it died."""
        try:
            worker = self._living(worker)
            value, error = worker.outcome(call)
        except BaseException as failure:
            future.set_exception(failure)
            return None if isinstance(failure, BrokenProcessPool) else worker
        if error is None:
            future.set_result(value)
        else:
            future.set_exception(error)
        return worker

    def _living(self, worker: Worker | None) -> Worker:
        """The worker if it lives, or a new one: it may have been killed while it had nothing to do."""
        if worker is not None and worker.idle:
            return worker
        if not self._killed:
            worker = Worker(self._context)
            with self._lock:
                self._workers = {other for other in self._workers if other.alive} | {worker}
                if not self._killed:
                    return worker
            worker.kill()
        raise BrokenProcessPool("the workers were shut down")


def _start_fork_server(preload: Sequence[str]) -> None:
    """Start the process that workers are forked from, deaf to Ctrl-C: that reaches every process of the terminal.

    The parent answers it; a server that is still importing would show where it was interrupted.
    """
    forkserver.set_forkserver_preload(list(preload))
    # Its start would let Ctrl-C through again.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
