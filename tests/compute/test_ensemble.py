"""Results do not depend on blocks or workers, and no worker outlives its parent."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from simulation.compute import ensemble
from simulation.compute.ensemble import (
    WORTH_PARALLEL_SECONDS,
    concatenate_records,
    default_worker_count,
    default_worker_count_for,
    expected_seconds,
    load_scenario,
    run,
    run_ensemble,
    split_runs,
    with_seed,
)
from simulation.compute.workers import EnsembleError
from simulation.day.capital_flows import simulate
from simulation.day.recorder import Record
from simulation.scenario.scenario import Scenario
from tests.results.conftest import SMALL, MakeRecord
from tests.support.places import ROOT

HANGING_PARENT = """
import os, sys, time
from collections.abc import Callable
from pathlib import Path
from simulation.compute import ensemble

def hang(*_):
    Path(sys.argv[1], str(os.getpid())).touch()
    time.sleep(60)

if __name__ == "__main__":
    ensemble.simulate_block = hang
    ensemble.run_ensemble(ensemble.load_scenario(sys.argv[2]), 64, 2)
"""


def assert_same(one: Record, other: Record) -> None:
    np.testing.assert_array_equal(one.runs, other.runs)
    for name, values in one.market.items():
        assert values.tobytes() == other.market[name].tobytes(), name
    for population, columns in one.flows.items():
        for name, values in columns.items():
            assert values.tobytes() == other.flows[population][name].tobytes(), (population, name)


def die(*_: object) -> None:
    os._exit(9)


@pytest.mark.parametrize(("runs", "sizes"), [(1, [1]), (128, [128]), (129, [128, 1]), (300, [128, 128, 44])])
def test_blocks_cover_every_run_once(runs: int, sizes: list[int]) -> None:
    blocks = split_runs(runs)
    assert [len(block) for block in blocks] == sizes
    assert [run for block in blocks for run in block] == list(range(runs))


def test_block_size_changes_no_byte(
    small_scenario: Scenario, small_record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ensemble, "BLOCK_RUNS", 4)
    assert_same(run_ensemble(small_scenario, 6), small_record)


def test_workers_change_no_byte(small_scenario: Scenario, small_record: Record) -> None:
    assert_same(run_ensemble(small_scenario, 6, workers=2), small_record)


def test_progress_counts_runs(small_scenario: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ensemble, "BLOCK_RUNS", 2)
    seen: list[tuple[int, int]] = []
    run_ensemble(small_scenario, 5, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(2, 5), (4, 5), (5, 5)]


def test_stops_of_all_blocks_are_kept(make_record: MakeRecord) -> None:
    first, second = make_record(stopped=(1,)), make_record(stopped=(2,))
    renumbered = Record(**{**vars(second), "runs": second.runs + 5})
    both = concatenate_records([first, renumbered])
    assert list(both.runs) == list(range(10))
    assert set(both.stopped) == {1, 7}
    assert both.flows["carry_funds"]["spot_usd_bn"].shape == (10, 5)


def test_blocks_keep_the_residuals_of_their_runs(small_scenario: Scenario) -> None:
    whole = simulate(small_scenario, range(4))
    parts = concatenate_records([simulate(small_scenario, range(2)), simulate(small_scenario, range(2, 4))])
    assert {values.shape[0] for values in whole.residuals.values()} == {4}
    assert all(np.array_equal(whole.residuals[name], parts.residuals[name]) for name in whole.residuals)


def test_seed_changes_the_draws_and_is_kept(small_scenario: Scenario, small_record: Record) -> None:
    other = run_ensemble(with_seed(small_scenario, 8), 6)
    assert other.scenario.seed == 8
    assert not np.array_equal(other.market["usdjpy"], small_record.market["usdjpy"])


@pytest.mark.parametrize(("runs", "processes"), [(0, 1), (-1, 1), (5, 0)])
def test_impossible_numbers_are_refused(small_scenario: Scenario, runs: int, processes: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        run_ensemble(small_scenario, runs, workers=processes)


def test_impossible_seed_is_refused(small_scenario: Scenario) -> None:
    with pytest.raises(ValueError, match="seed"):
        with_seed(small_scenario, -1)


def test_small_work_stays_in_this_process(small_scenario: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {0, 1, 2, 3}, raising=False)
    assert default_worker_count(small_scenario, 100) == 1
    assert default_worker_count(small_scenario, 10_000_000) == 4


def test_work_of_several_scenarios_is_added_up(small_scenario: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {0, 1, 2, 3}, raising=False)
    one = [(small_scenario, 10_000)]
    many = one * (1 + int(WORTH_PARALLEL_SECONDS / expected_seconds(*one[0])))
    assert default_worker_count_for(one, 8) == 1
    assert default_worker_count_for(many, 8) == 4
    assert default_worker_count_for(many, 3) == 3


def test_run_takes_a_name_a_file_or_a_scenario(small_scenario: Scenario) -> None:
    result = run(SMALL, runs=2, settings=["boj.meetings[0].decision=50bp"])
    assert result.scenario.boj.meetings[0].decision == 50.0
    assert result.runs == 2
    assert load_scenario(small_scenario) is small_scenario
    with pytest.raises(TypeError, match="settings"):
        load_scenario(small_scenario, ["seed=1"])


def test_a_killed_worker_is_reported(small_scenario: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ensemble, "simulate_block", die)
    with pytest.raises(EnsembleError, match="--workers 1"):
        run_ensemble(small_scenario, 64, workers=2)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return not Path(f"/proc/{pid}/stat").exists() or ") Z " not in Path(f"/proc/{pid}/stat").read_text()


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
@pytest.mark.parametrize("ending", ["SIGKILL", "SIGINT"])
def test_no_worker_outlives_its_parent(tmp_path: Path, ending: str) -> None:
    script, pids = tmp_path / "parent.py", tmp_path / "pids"
    script.write_text(HANGING_PARENT)
    pids.mkdir()
    command = [sys.executable, str(script), str(pids), str(SMALL)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, preexec_fn=interruptible) as parent:
        wait_until(lambda: len(list(pids.iterdir())) == 2, "workers have not started")
        parent.send_signal(getattr(signal, ending))
        parent.wait(timeout=120)
    left = [int(path.name) for path in pids.iterdir()]
    wait_until(lambda: not any(alive(pid) for pid in left), "workers have not ended")


def interruptible() -> None:
    """Restore Ctrl-C, which children of a background shell ignore."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def wait_until(holds: Callable[[], bool], what: str, seconds: float = 180.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"timed out: {what}"
        time.sleep(0.05)
