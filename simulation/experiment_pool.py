"""Worker processes for the variants of an experiment; none of them outlives the process that started it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

from simulation.workers import EnsembleError

Value = TypeVar("Value")


def in_order(function: Callable[..., Value], tasks: Sequence[tuple[Any, ...]], workers: int) -> Iterator[Value]:
    """Yield ``function(*task)`` for each task in order, computed on so many processes.

    Raises
    ------
    EnsembleError
        If a worker process was killed.
    """
    context = multiprocessing.get_context("spawn" if sys.platform == "win32" else "forkserver")
    if sys.platform != "win32":
        context.set_forkserver_preload(["simulation.experiment_runner", "simulation.model"])
    executor = ProcessPoolExecutor(max(1, min(workers, len(tasks))), context, initializer=_start_worker)
    try:
        futures = [executor.submit(function, *task) for task in tasks]
        for future in futures:
            yield future.result()
    except BrokenProcessPool as error:
        raise EnsembleError("a worker process died, most often for lack of memory; try --workers 1") from error
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


def _start_worker() -> None:
    """Leave Ctrl-C to the parent and end with it, however it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_exit_with_parent, daemon=True).start()


def _exit_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
