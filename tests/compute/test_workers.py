"""Worker processes: a death loses one task only, and no caller waits forever."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulation.compute.workers import WorkerExecutor, map_in_order, worker_executor
from tests.support.places import ROOT
from tests.sweeps.killing import wait_until_gone

LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads Linux's table of processes")
PATIENCE = 60.0
"""Seconds after which a test fails."""
MANY, BEGUN_BYTES = 10_000_000, 1_000_000
TRIES = 20


@pytest.fixture
def pool() -> Iterator[WorkerExecutor]:
    with worker_executor(1) as found:
        yield found


def bytes_read() -> int:
    """Bytes that this process has read."""
    return int(Path("/proc/self/io").read_text().split("rchar: ")[1].split()[0])


def killed_while_sending(pool: WorkerExecutor) -> BaseException | None:
    """Kill a worker while its large result arrives; None if the result was already complete, which happens on a busy machine."""
    pid, before = pool.submit(os.getpid).result(PATIENCE), bytes_read()
    result = pool.submit(np.ones, MANY)
    while not result.done() and bytes_read() < before + BEGUN_BYTES:
        pass
    os.kill(pid, signal.SIGKILL)
    return result.exception(PATIENCE)


@LINUX
def test_a_worker_that_dies_in_the_middle_of_its_result_is_noticed(pool: WorkerExecutor) -> None:
    assert any(isinstance(killed_while_sending(pool), BrokenProcessPool) for _ in range(TRIES))
    assert pool.submit(pow, 2, 5).result(PATIENCE) == 32


@LINUX
def test_a_worker_that_died_while_it_was_idle_costs_no_task(pool: WorkerExecutor) -> None:
    pid = pool.submit(os.getpid).result(PATIENCE)
    os.kill(pid, signal.SIGKILL)
    (worker,) = pool._workers
    end = time.monotonic() + PATIENCE
    while worker.idle:
        assert time.monotonic() < end, "the death of the worker was not noticed"
        time.sleep(0.01)
    assert pool.submit(os.getpid).result(PATIENCE) != pid


def output_of(folder: Path, code: str) -> str:
    """Output of a program, which must end without an error."""
    script = folder / "program.py"
    script.write_text(code)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, script], env=environment, capture_output=True, timeout=PATIENCE, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip()


AFTER_A_DEATH = """
import os
from simulation.compute.workers import worker_executor
if __name__ == "__main__":
    with worker_executor(2) as pool:
        deaths = [pool.submit(os._exit, 9) for _ in range(4)]
        print([type(death.exception()).__name__ for death in deaths])
"""


def test_a_process_ends_whose_workers_died(tmp_path: Path) -> None:
    assert output_of(tmp_path, AFTER_A_DEATH).split("'")[1::2] == ["BrokenProcessPool"] * 4


HELD_AT_THE_END = """
from simulation.compute.workers import map_in_order
if __name__ == "__main__":
    held = map_in_order(pow, [(2, power) for power in range(9)], 2)
    print(next(held))
"""


def test_a_process_with_open_workers_ends(tmp_path: Path) -> None:
    assert output_of(tmp_path, HELD_AT_THE_END) == "1"


def test_a_callback_after_a_death_may_use_the_executor(pool: WorkerExecutor) -> None:
    again: list[Future[int]] = []
    called = threading.Event()

    def back(_: Future[Any]) -> None:
        again.append(pool.submit(pow, 2, 3))
        called.set()

    pool.submit(os._exit, 9).add_done_callback(back)
    assert called.wait(PATIENCE)
    assert again[0].result(PATIENCE) == 8


def test_shutdown_completes_or_cancels_queued_tasks() -> None:
    for cancel in (False, True):
        pool = WorkerExecutor(1)
        futures = [pool.submit(time.sleep, 0.2) for _ in range(4)]
        pool.shutdown(cancel_futures=cancel)
        assert all(future.done() for future in futures)
        assert futures[-1].cancelled() == cancel
        with pytest.raises(RuntimeError, match="shut down"):
            pool.submit(len, ())


@LINUX
def test_an_interrupt_does_not_wait_for_running_tasks() -> None:
    with pytest.raises(KeyboardInterrupt), worker_executor(1) as pool:  # noqa: PT012
        pid = pool.submit(os.getpid).result(PATIENCE)
        under_way, waits = pool.submit(time.sleep, 3600), pool.submit(len, ())
        while not under_way.running():
            time.sleep(0.01)
        raise KeyboardInterrupt
    wait_until_gone([pid])
    assert isinstance(under_way.exception(PATIENCE), BrokenProcessPool)
    assert waits.cancelled()


def test_an_error_keeps_its_type_and_worker_traceback(pool: WorkerExecutor) -> None:
    error = pool.submit(int, "x").exception(PATIENCE)
    assert isinstance(error, ValueError)
    assert str(error).startswith("invalid literal")
    assert "in a worker process" in error.__notes__[0]


def test_objects_that_cannot_be_pickled_raise_an_error_without_a_death(pool: WorkerExecutor) -> None:
    with pytest.raises(RuntimeError, match="cannot be sent"):
        pool.submit(threading.Lock).result(PATIENCE)
    with pytest.raises((TypeError, AttributeError), match="pickle"):
        pool.submit(len, threading.Lock()).result(PATIENCE)
    assert pool.submit(pow, 2, 4).result(PATIENCE) == 16


def test_a_failure_is_raised_before_earlier_tasks_end() -> None:
    results = map_in_order(time.sleep, [(3600,), ("no number",)], 2)
    with pytest.raises(TypeError):
        next(results)
