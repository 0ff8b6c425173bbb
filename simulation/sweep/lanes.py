"""Local processes behind the standard Executor interface: a worker that dies takes one batch with it, not the pool.

`concurrent.futures.ProcessPoolExecutor` is broken as a whole when one of its workers is killed, and does not say which task
was to blame.  Here every worker is a pool of one, so that the batch is known and the other workers go on.
"""

from __future__ import annotations

import multiprocessing
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from simulation.workers import exit_with_parent

Value = TypeVar("Value")
PRELOADED = ["simulation.sweep.kernel", "simulation.sweep.points", "simulation.event"]


class Lanes(Executor):
    """So many worker processes, each with one task at a time; none of them outlives the process that started it."""

    def __init__(self, workers: int) -> None:
        self._context = multiprocessing.get_context("spawn" if sys.platform == "win32" else "forkserver")
        if sys.platform != "win32":
            self._context.set_forkserver_preload(PRELOADED)
        self._alive, self._lifeline = self._context.Pipe(duplex=False)
        self._lock = threading.RLock()
        self._idle = [self._lane() for _ in range(workers)]
        self._busy: set[ProcessPoolExecutor] = set()
        self._waiting: deque[tuple[Future[Any], Callable[[], Any]]] = deque()
        self._closed = False

    def submit(self, fn: Callable[..., Value], /, *args: Any, **kwargs: Any) -> Future[Value]:
        """Run a function on the next free worker.

        The future raises BrokenProcessPool if that worker dies over it.
        """
        future: Future[Value] = Future()
        with self._lock:
            if self._closed:
                raise RuntimeError("the workers are shut down")
            self._waiting.append((future, partial(fn, *args, **kwargs)))
            self._start_waiting()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Stop; tasks that have not begun are cancelled if asked for.

        Raises nothing and waits for running tasks only if `wait`.
        """
        with self._lock:
            self._closed = True
            waiting, lanes = list(self._waiting), [*self._idle, *self._busy]
            if cancel_futures:
                self._waiting.clear()
        for future, _ in waiting if cancel_futures else ():
            future.cancel()
        for lane in lanes:
            lane.shutdown(wait=wait, cancel_futures=cancel_futures)

    def kill(self) -> None:
        """End all workers at once, in the middle of what they do."""
        self._lifeline.close()
        self.shutdown(wait=True, cancel_futures=True)

    def _lane(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(1, self._context, initializer=_start_worker, initargs=(self._alive,))

    def _start_waiting(self) -> None:
        """Give waiting tasks to idle workers; the lock is held."""
        while self._waiting and self._idle:
            future, task = self._waiting.popleft()
            if not future.set_running_or_notify_cancel():
                continue
            lane = self._idle.pop()
            self._busy.add(lane)
            try:
                inner = lane.submit(task)
            except BrokenProcessPool as error:
                # The worker died while it was idle: this task is not to blame, but the caller tries again anyway.
                self._free(lane, broken=True)
                future.set_exception(error)
                continue
            inner.add_done_callback(partial(self._finished, lane, future))

    def _finished(self, lane: ProcessPoolExecutor, future: Future[Any], inner: Future[Any]) -> None:
        """Hand on what a worker gave, and give it the next task."""
        error = None if inner.cancelled() else inner.exception()
        with self._lock:
            self._free(lane, isinstance(error, BrokenProcessPool))
            if not self._closed:
                self._start_waiting()
        if inner.cancelled():
            future.set_exception(BrokenProcessPool("the workers were shut down"))
        elif error is not None:
            future.set_exception(error)
        else:
            future.set_result(inner.result())

    def _free(self, lane: ProcessPoolExecutor, broken: bool) -> None:
        """Put a worker back among the idle ones, a new one in the place of one that died; the lock is held."""
        # A broken pool ends by itself; telling it to would wait for the lock that it holds while it calls back (3.13).
        self._busy.discard(lane)
        if not self._closed:
            self._idle.append(self._lane() if broken else lane)


class Here(Executor):
    """The same interface without other processes: a task is run when it is submitted."""

    def submit(self, fn: Callable[..., Value], /, *args: Any, **kwargs: Any) -> Future[Value]:
        """Run a function now."""
        future: Future[Value] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def _start_worker(alive: Connection) -> None:
    """Leave Ctrl-C to the parent and end with it, however it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=exit_with_parent, args=(alive,), daemon=True).start()
