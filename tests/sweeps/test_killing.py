"""Parent and workers killed at random moments: the continued sweep equals an undisturbed one byte for byte."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from simulation.sweeps.kernel import SweepWork, simulate_batch
from simulation.sweeps.run_rows import PointRuns, RunRows
from simulation.sweeps.shards import read_shards
from simulation.sweeps.store import read_manifest, read_runs
from tests.sweeps.conftest import GRID, Whole, grid, run_into, table
from tests.sweeps.killing import children, sweeping, wait_until_gone, workers

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads Linux's table of processes")
SETTINGS = ("replications=50", "end=2025-12-05")


def settings(replications: int) -> tuple[str, ...]:
    return f"replications={replications}", "settings=[populations.carry_funds.investors=40]"


def command(replications: int) -> tuple[str, ...]:
    set_ = [part for text in settings(replications) for part in ("--set", text)]
    return (str(GRID), "--out", "store", "--workers", "2", "--batch", "10", "--quiet", *set_)


def wait_for(holds: Callable[[], object], what: str, seconds: float = 180.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.02)


def disturb(folder: Path, chance: random.Random, worker_kills: int, replications: int) -> int:
    """Kill workers, then the parent, at random moments; return the number killed before the sweep ended."""
    killed = 0
    with sweeping(folder, *command(replications)) as parent:
        wait_for(lambda: workers(parent.pid) or parent.poll() is not None, "workers")
        for _ in range(worker_kills):
            time.sleep(chance.uniform(0.0, 0.4))
            found = workers(parent.pid)
            if found:
                os.kill(chance.choice(found), signal.SIGKILL)
                killed += 1
        time.sleep(chance.uniform(0.0, 0.8))
        below = children(parent.pid)
        if parent.poll() is None:
            parent.kill()
            killed += 1
        parent.wait()
    wait_until_gone(below)
    return killed


def check(folder: Path, replications: int) -> None:
    """Continue to the end and compare with an undisturbed sweep."""
    plan = grid(*settings(replications))
    run_into(folder / "store", plan, workers=2)
    run_into(folder / "whole", plan)
    runs = read_runs(folder / "store")
    assert len(runs) == 12 * replications
    assert runs.run_id.is_unique
    assert (runs.status == "done").all()
    assert table(folder / "store") == table(folder / "whole")


def test_killed_once_each(tmp_path: Path) -> None:
    assert disturb(tmp_path, random.Random(1), 1, 40) >= 1
    check(tmp_path, 40)


@pytest.mark.slow
def test_killed_twenty_times_at_random_moments(tmp_path: Path) -> None:
    chance, killed, sessions = random.Random(20251219), 0, 0
    while killed < 20:
        assert sessions < 40, f"the sweep ended before it was killed 20 times: {killed}"
        killed += disturb(tmp_path, chance, 2, 1500)
        sessions += 1
    check(tmp_path, 1500)


def test_ctrl_c_leaves_a_complete_store_and_a_command_to_continue(tmp_path: Path) -> None:
    with sweeping(tmp_path, *command(300)) as parent:
        kept = tmp_path / "store" / "shards"
        wait_for(lambda: any(table.num_rows for _, table in read_shards(kept, "runs")), "a first shard with runs")
        below = children(parent.pid)
        parent.send_signal(signal.SIGINT)
        _, said = parent.communicate(timeout=180)
    assert parent.returncode == 130
    wait_until_gone(below)
    assert "To go on: carryflow sweep" in said
    assert read_manifest(tmp_path / "store")["status"] == "interrupted"
    assert 0 < len(read_runs(tmp_path / "store")) < 3600


@pytest.mark.parametrize("workers", [1, 3])
def test_the_number_of_workers_changes_no_byte(tmp_path: Path, whole: Whole, workers: int) -> None:
    run_into(tmp_path / "b", grid("record=all"), workers=workers, batch=5)
    assert table(tmp_path / "b") == table(whole("all"))


def deadly(work: SweepWork, batch: tuple[PointRuns, ...]) -> RunRows:
    """The simulation, but run 2 of point 4 kills its worker."""
    if any(piece.point == 4 and 2 in piece.replications for piece in batch):
        os._exit(9)
    return simulate_batch(work, batch)


def test_a_run_that_kills_its_worker_is_the_only_one_lost(tmp_path: Path) -> None:
    store = run_into(tmp_path / "a", grid(), workers=2, function=deadly)
    assert int(store.stored_runs.failed.sum()) == 1
    run_into(tmp_path / "b", grid())
    found, whole = read_runs(tmp_path / "a"), read_runs(tmp_path / "b")
    lost = found[found.status == "failed"]
    assert list(zip(lost.point, lost.replication, strict=True)) == [(4, 2)]
    assert lost.reason.str.startswith("worker_died").all()
    assert found[found.status == "done"].equals(whole.drop(lost.index))
