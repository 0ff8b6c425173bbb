"""A Dask cluster gives the same bytes as local processes, also after a worker is killed."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from simulation.results.fingerprint import PACKAGE
from simulation.results.output_folder import OutputError
from simulation.sweeps.code_version import check_worker_code, code_digest, run_in_same_code
from simulation.sweeps.execution import SweepOptions, SweepProgress, dask_pool
from simulation.sweeps.store_folders import StoreTarget
from simulation.sweeps.sweep_runner import run_sweep
from tests.sweeps.conftest import grid, run_into, table

distributed = pytest.importorskip("distributed", reason='needs Dask: pip install "carryflow[dask]"')
# Dask may release its processes and sockets late, which is not an error here.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")


def test_a_cluster_gives_the_same_bytes_after_a_worker_is_killed(tmp_path: Path) -> None:
    plan = grid("replications=40", "record=all")
    killed: list[int] = []
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1"
    ) as cluster:

        def kill_one(state: SweepProgress) -> None:
            if state.done > 60 and not killed:
                killed.append(next(iter(cluster.workers.values())).process.process.pid)
                os.kill(killed[0], signal.SIGKILL)

        with dask_pool(cluster.scheduler_address) as pool:
            run_sweep(plan, StoreTarget(tmp_path / "dask"), pool, SweepOptions(batch=10, progress=kill_one))
    run_into(tmp_path / "here", plan)
    assert killed
    assert table(tmp_path / "dask") == table(tmp_path / "here")


def test_a_scheduler_that_does_not_answer_is_reported() -> None:
    with pytest.raises(OutputError, match="no Dask scheduler"), dask_pool("tcp://127.0.0.1:9", seconds=1):
        pass


@contextmanager
def worker_in(folder: Path, cluster: Any) -> Iterator[None]:
    """A worker that imports the package of a folder."""
    command = [sys.executable, "-m", "distributed.cli.dask_worker", cluster.scheduler_address, "--no-nanny"]
    own = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    silent: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    known = len(cluster.scheduler.workers)
    with subprocess.Popen([*command, "--nthreads", "1", "--no-dashboard"], cwd=folder, env=own, **silent) as process:
        try:
            while len(cluster.scheduler.workers) == known and process.poll() is None:
                time.sleep(0.05)
            assert process.poll() is None, "the worker did not start"
            yield
        finally:
            process.terminate()


@pytest.fixture
def other_code(tmp_path: Path) -> Path:
    """A folder with this package and an additional comment in the rules."""
    ignored = shutil.ignore_patterns("__pycache__", "page")
    shutil.copytree(PACKAGE, tmp_path / PACKAGE.name, ignore=ignored)
    with (tmp_path / PACKAGE.name / "investors" / "rules.py").open("a") as file:
        file.write("# another version\n")
    return tmp_path


def test_a_worker_with_other_code_is_rejected_at_the_start_and_later(other_code: Path) -> None:
    named = r"workers have other code .*tcp://127\.0\.0\.1:\d+ \([0-9a-f]{12}\).*restart them"
    with (
        distributed.LocalCluster(
            n_workers=0, threads_per_worker=1, dashboard_address=None, host="127.0.0.1"
        ) as cluster,
        dask_pool(cluster.scheduler_address) as pool,
        worker_in(other_code, cluster),
    ):
        with pytest.raises(OutputError, match=r"other code .*a worker on .*restart them"):
            pool.executor.submit(len, ()).result(60)
        with pytest.raises(OutputError, match=named), dask_pool(cluster.scheduler_address):
            pass


def test_every_worker_with_other_code_is_listed_with_its_answer() -> None:
    answers = {
        "tcp://a:1": "1" * 64,
        "tcp://b:2": "2" * 64,
        "tcp://c:3": ModuleNotFoundError("No module named 'simulation'"),
    }
    with pytest.raises(OutputError) as refused:
        check_worker_code(answers, "1" * 64)
    assert "tcp://b:2 (222222222222); tcp://c:3 (ModuleNotFoundError: No module named 'simulation')" in str(
        refused.value
    )
    assert "tcp://a:1" not in str(refused.value)
    check_worker_code({"tcp://a:1": "1" * 64}, "1" * 64)


def test_a_task_runs_if_the_code_is_the_same() -> None:
    assert run_in_same_code(code_digest(), len, "four") == 4
    with pytest.raises(OutputError, match="other code"):
        run_in_same_code("0" * 64, len, "four")


@pytest.mark.parametrize("address", ["nothing", "tcp://127.0.0.1", "foo://127.0.0.1:9"])
def test_an_invalid_address_is_reported_before_a_client_starts(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(distributed, "Client")
    with pytest.raises(OutputError, match=f"--dask {address}: .*write it as tcp://"), dask_pool(address):
        pass
