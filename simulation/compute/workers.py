"""Worker processes behind the standard Executor interface; they end with the process that started them.

Each worker has its own pipe and thread.  A worker that dies closes its pipe, even in the middle of a message, and loses only its
current task; no lock is held while a future calls back.  `concurrent.futures.ProcessPoolExecutor` guarantees none of this: one
death breaks the whole pool, a half-sent result blocks forever, and callbacks run under a lock (Python 3.13).
"""

from __future__ import annotations

import atexit
import multiprocessing
import multiprocessing.connection
import os
import pickle
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import forkserver, resource_tracker
from multiprocessing.connection import Connection
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

Value = TypeVar("Value")
Call = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]
"""A function with its positional and keyword arguments."""
CallOutcome = tuple[Any, BaseException | None]
"""The value a call returned, or the error it raised."""
Task = tuple[Future[Any], Call]
PRELOADED_MODULES = ("simulation.day.capital_flows",)
"""Modules that the fork server imports once for all workers."""
SECONDS_TO_END = 5.0
"""Time a worker has to end by itself before it is killed."""


class EnsembleError(RuntimeError):
    """A worker process died; the whole batch is lost and nothing was written."""


# Run tasks


def map_in_order(function: Callable[..., Value], tasks: Sequence[tuple[Any, ...]], workers: int) -> Iterator[Value]:
    """Yield ``function(*task)`` for each task in order, computed on the given number of processes.

    The first error of any task ends the batch; an interrupt kills the workers at once.

    Raises
    ------
    EnsembleError
        If a worker process died.
    """
    try:
        with worker_executor(max(1, min(workers, len(tasks))), (function.__module__, *PRELOADED_MODULES)) as executor:
            yield from _results_in_order([executor.submit(function, *task) for task in tasks])
    except BrokenProcessPool as error:
        raise EnsembleError(
            "a worker process died, most often for lack of memory; try fewer runs at a time or --workers 1"
        ) from error


def _results_in_order(futures: list[Future[Value]]) -> Iterator[Value]:
    """Yield results in the order of submission; raise as soon as any future fails."""
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
    """Provide an executor for a block; an error or an interrupt inside the block kills its workers at once."""
    executor = WorkerExecutor(workers, preload)
    try:
        yield executor
        executor.shutdown()
    except BaseException:
        executor.kill()
        raise


class WorkerExecutor(Executor):
    """A fixed number of worker processes, each with one task at a time.

    Parameters
    ----------
    workers
        Number of processes. A process starts with its first task and is replaced when it dies.
    preload
        Modules that are imported once for all workers, on systems with a fork server.
    """

    def __init__(self, workers: int, preload: Sequence[str] = PRELOADED_MODULES) -> None:
        self._context = multiprocessing.get_context("spawn" if sys.platform == "win32" else "forkserver")
        if sys.platform != "win32":
            _start_fork_server(preload)
        self._lock = threading.Lock()
        self._closed = self._killed = False
        self._tasks: SimpleQueue[Task | None] = SimpleQueue()
        self._workers: set[Worker] = set()
        self._threads = [threading.Thread(target=self._run_tasks, daemon=True) for _ in range(workers)]
        for thread in self._threads:
            thread.start()
        # At interpreter exit the threads no longer run, so nothing else could end the workers.
        atexit.register(self.kill)

    def submit(self, fn: Callable[..., Value], /, *args: Any, **kwargs: Any) -> Future[Value]:
        """Run a function on the next free worker.

        The future raises BrokenProcessPool if that worker dies during the task.
        """
        future: Future[Value] = Future()
        with self._lock:
            if self._closed:
                raise RuntimeError("the workers are shut down")
            self._tasks.put((future, (fn, args, kwargs)))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Accept no more tasks; tasks in the queue still run, or are cancelled with `cancel_futures`."""
        with self._lock:
            self._closed = True
            cancelled = self._drain_queue() if cancel_futures else []
            for _ in self._threads:
                self._tasks.put(None)
        for future, _ in cancelled:
            future.cancel()
        if wait:
            for thread in self._threads:
                thread.join()
            atexit.unregister(self.kill)

    def kill(self) -> None:
        """End all workers at once, also during a task."""
        self.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            self._killed = True
            workers = list(self._workers)
        for worker in workers:
            worker.kill()
        self.shutdown()

    def _drain_queue(self) -> list[Task]:
        """Remove and return the tasks that no worker has started."""
        removed: list[Task] = []
        while True:
            try:
                task = self._tasks.get_nowait()
            except Empty:
                return removed
            if task is not None:
                removed.append(task)

    def _run_tasks(self) -> None:
        """Send queued tasks to one worker, one at a time, until the executor shuts down."""
        worker: Worker | None = None
        while (task := self._tasks.get()) is not None:
            future, call = task
            if future.set_running_or_notify_cancel():
                worker = self._run_task(worker, future, call)
            # Do not keep a result alive while waiting for the next task.
            del task, future, call
        if worker is not None:
            worker.end()

    def _run_task(self, worker: Worker | None, future: Future[Any], call: Call) -> Worker | None:
        """Complete a future; return the worker for the next task, or None if it died."""
        try:
            worker = self._live_worker(worker)
            value, error = worker.outcome(call)
        except BaseException as failure:
            future.set_exception(failure)
            return None if isinstance(failure, BrokenProcessPool) else worker
        if error is None:
            future.set_result(value)
        else:
            future.set_exception(error)
        return worker

    def _live_worker(self, worker: Worker | None) -> Worker:
        """Return the worker if it is alive, else a new one; a worker may be killed while it is idle."""
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
    """Start the process that workers are forked from, with Ctrl-C blocked.

    The terminal sends Ctrl-C to every process; the parent handles it.  A server that is still importing would print a traceback.
    """
    forkserver.set_forkserver_preload(list(preload))
    # Starting the resource tracker later would unblock Ctrl-C.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


# One worker process and its pipe


class Worker:
    """A worker process and the pipe to it."""

    def __init__(self, context: Any) -> None:
        self._pipe, worker_end = context.Pipe()
        self._process = context.Process(target=_worker_main, args=(worker_end,), daemon=True)
        try:
            self._process.start()
        finally:
            # With this copy open, the pipe would stay open after the worker's death.
            worker_end.close()

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return bool(self._process.is_alive())

    @property
    def idle(self) -> bool:
        """Whether the process waits for a task; an idle worker sends nothing, so a readable pipe means that it died."""
        return self.alive and not self._pipe.poll()

    def outcome(self, call: Call) -> CallOutcome:
        """Run a call in the worker and return its value or its error.

        Raises
        ------
        BrokenProcessPool
            If the worker dies during the call.
        """
        try:
            self._pipe.send(call)
            reply: CallOutcome = self._pipe.recv()
        except (EOFError, OSError) as error:
            self.kill()
            raise BrokenProcessPool("a worker process died during its task") from error
        return reply

    def end(self) -> None:
        """Close the pipe, which ends an idle worker at once."""
        self._pipe.close()
        self._process.join(SECONDS_TO_END)
        self.kill()

    def kill(self) -> None:
        """End the process at once."""
        if self.alive:
            self._process.kill()
        self._process.join()


def _worker_main(pipe: Connection) -> None:
    """Run calls until the pipe closes."""
    # The terminal sends Ctrl-C to every process; the parent handles it and ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_exit_with_parent, daemon=True).start()
    while True:
        try:
            call = pipe.recv_bytes()
        except EOFError:
            return
        _send_outcome(pipe, _run_call(call))


def _run_call(pickled: bytes) -> CallOutcome:
    try:
        function, args, kwargs = pickle.loads(pickled)
        return function(*args, **kwargs), None
    except BaseException as error:
        # A traceback cannot be pickled: send its text.
        error.add_note("in a worker process:\n" + traceback.format_exc())
        return None, error


def _send_outcome(pipe: Connection, outcome: CallOutcome) -> None:
    try:
        pipe.send(outcome)
    except OSError:
        raise
    except Exception as error:
        pipe.send((None, RuntimeError(f"the result of a worker cannot be sent: {type(error).__name__}: {error}")))


def _exit_with_parent() -> None:
    """End this process when its parent ends, for any reason."""
    parent = multiprocessing.parent_process()
    assert parent is not None, "a worker is always started by another process"
    multiprocessing.connection.wait([parent.sentinel])
    os._exit(1)
