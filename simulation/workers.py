"""Worker processes for blocks of runs; none of them outlives the process that started it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.connection import wait as wait_for_any
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulation.cloud import Cloud
    from simulation.recorder import Record
    from simulation.scenario import Scenario


Work = tuple["Scenario", "Cloud | None"]
"""What a worker simulates: a scenario, and the parameter sets of its runs."""


class EnsembleError(RuntimeError):
    """A worker process died: its runs are lost, the others too, and nothing was written."""


def on_workers(
    scenario: Scenario, blocks: Sequence[range], workers: int, cloud: Cloud | None = None
) -> Iterator[Record]:
    """Yield the records of the blocks in order, computed on so many processes."""
    with _executor((scenario, cloud), min(workers, len(blocks))) as executor:
        futures = [executor.submit(simulate_block, block) for block in blocks]
        try:
            yield from _in_order(futures)
        except BrokenProcessPool as error:
            raise EnsembleError(
                "a worker process died, most often for lack of memory; try fewer runs at a time or --workers 1"
            ) from error


def _in_order(futures: list[Future[Record]]) -> Iterator[Record]:
    """Yield results in the order of submission, failing as soon as any of them fails."""
    pending = set(futures)
    for future in futures:
        while not future.done():
            done, pending = wait(pending, return_when=FIRST_COMPLETED)
            for finished in done:
                finished.result()
        yield future.result()


@contextmanager
def _executor(work: Work, workers: int) -> Iterator[ProcessPoolExecutor]:
    """Give a pool whose workers stop at once when this block is left early or this process dies."""
    context = multiprocessing.get_context("spawn" if sys.platform == "win32" else "forkserver")
    alive, lifeline = context.Pipe(duplex=False)
    executor = ProcessPoolExecutor(workers, context, initializer=_start_worker, initargs=(work, alive))
    try:
        yield executor
    except BaseException:
        # Closing our end of the pipe ends the workers in the middle of a block, so an interrupt does not wait.
        lifeline.close()
        raise
    finally:
        executor.shutdown(wait=True, cancel_futures=True)
        lifeline.close()
        alive.close()


_worker_work: Work | None = None


def _start_worker(work: Work, alive: Connection) -> None:
    """Keep the scenario for all blocks of this worker and watch for the end of the parent."""
    global _worker_work
    _worker_work = work
    # Ctrl-C reaches every process of the terminal; the parent answers it and the lifeline ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=exit_with_parent, args=(alive,), daemon=True).start()


def exit_with_parent(alive: Connection) -> None:
    """End this process when the parent is gone or gives up; otherwise a pool's workers outlive a killed parent."""
    parent = multiprocessing.parent_process()
    watched: list[Any] = [alive] if parent is None else [alive, parent.sentinel]
    wait_for_any(watched)
    os._exit(1)


def simulate_block(block: range) -> Record:
    """Simulate one block in a worker."""
    assert _worker_work is not None, "the worker was not started by _start_worker"
    scenario, cloud = _worker_work
    return simulated_block(scenario, block, cloud)


def simulated_block(scenario: Scenario, block: range, cloud: Cloud | None = None) -> Record:
    """Simulate one block, each run with its parameter set if there is a cloud."""
    from simulation.model import simulate

    return simulate(scenario, block, None if cloud is None else cloud.variants(scenario, block))
