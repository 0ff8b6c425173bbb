"""Worker processes for the variants of an experiment; none of them outlives the process that started it."""

from __future__ import annotations

import multiprocessing
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from simulation.workers import EnsembleError, exit_with_parent

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
    alive, lifeline = context.Pipe(duplex=False)
    count = max(1, min(workers, len(tasks)))
    executor = ProcessPoolExecutor(count, context, initializer=_start_worker, initargs=(alive,))
    try:
        futures = [executor.submit(function, *task) for task in tasks]
        for future in futures:
            yield future.result()
    except BrokenProcessPool as error:
        raise EnsembleError("a worker process died, most often for lack of memory; try --workers 1") from error
    except BaseException:
        # Closing our end of the pipe ends the workers in the middle of a variant, so an interrupt does not wait.
        lifeline.close()
        raise
    finally:
        executor.shutdown(wait=True, cancel_futures=True)
        lifeline.close()
        alive.close()


def _start_worker(alive: Connection) -> None:
    """Leave Ctrl-C to the parent and end with it, however it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=exit_with_parent, args=(alive,), daemon=True).start()
