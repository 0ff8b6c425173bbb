"""A Dask cluster computes the same bytes as local processes, a killed worker notwithstanding."""

import os
import signal
from pathlib import Path

import pytest

from simulation.store import OutputError
from simulation.sweep.cluster import dask_pool
from simulation.sweep.execute import Options, State
from simulation.sweep.opening import Target
from simulation.sweep.running import run_sweep
from tests.sweep.conftest import grid, run_into, table

distributed = pytest.importorskip("distributed", reason='needs Dask: pip install "carryflow[dask]"')
# Dask's own processes and sockets may be cleared away late; that is no mistake of ours.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")


def test_a_cluster_gives_the_same_bytes_though_a_worker_is_killed(tmp_path: Path) -> None:
    plan = grid("replications=40", "record=all")
    killed: list[int] = []
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1"
    ) as cluster:

        def kill_one(state: State) -> None:
            if state.done > 60 and not killed:
                killed.append(next(iter(cluster.workers.values())).process.process.pid)
                os.kill(killed[0], signal.SIGKILL)

        with dask_pool(cluster.scheduler_address) as pool:
            run_sweep(plan, Target(tmp_path / "dask"), pool, Options(batch=10, progress=kill_one))
    run_into(tmp_path / "here", plan)
    assert killed
    assert table(tmp_path / "dask") == table(tmp_path / "here")


def test_a_scheduler_that_does_not_answer_is_told() -> None:
    with pytest.raises(OutputError, match="no Dask scheduler"), dask_pool("tcp://127.0.0.1:9", seconds=1):
        pass
