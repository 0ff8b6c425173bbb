"""A Dask cluster as an executor: the same batches, the same bytes; lost workers, retries and memory are Dask's business."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor
from contextlib import contextmanager
from types import ModuleType

from simulation.results.store import OutputError
from simulation.sweeps.engine import engine
from simulation.sweeps.execute import Pool
from simulation.sweeps.same_code import SameCode, refuse_other_code

DEATHS_PER_TASK = 3
"""Dask moves a task to another worker so often before it gives the task up."""


def check_address(distributed: ModuleType, address: str) -> None:
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
def dask_pool(address: str, waiting: int = 2, seconds: float = 10.0) -> Iterator[Pool]:
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
    check_address(distributed, address)
    try:
        client = distributed.Client(address, timeout=seconds, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise OutputError(f"no Dask scheduler answers at {address}: {error}") from None
    with client:
        refuse_other_code(client.run(engine, on_error="return"), engine())
        executor = client.get_executor(pure=False, retries=DEATHS_PER_TASK)
        lost = (BrokenExecutor, MemoryError, distributed.KilledWorker)
        yield Pool(SameCode(executor), max(1, sum(client.ncores().values())), lost, waiting)
