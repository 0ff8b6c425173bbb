"""Time for 10 million runs on 1 to 1,000 nodes, and the bottleneck: a queueing simulation with measured constants.

``python -m benchmarks.sweep_scaling --measure`` measures on this machine the time of a Dask scheduler per task, the size of a row
on the network, and the time of the collecting process per run; otherwise the constants of docs/scaling.md are used.  Tasks
pass through the scheduler, the cores and the collecting process.
"""

from __future__ import annotations

import argparse
import heapq
import json
import pickle
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.command_line import positive_integer, run_with_messages
from simulation.sweeps.code_version import code_digest
from simulation.sweeps.plan import load_plan
from simulation.sweeps.run_rows import RunRows
from simulation.sweeps.run_table import PointColumns, write_runs
from simulation.sweeps.store import StoreWriter


@dataclass(frozen=True)
class Constants:
    """Cost of the stages of a sweep.

    Attributes
    ----------
    run_seconds
        One December run with the default populations on one core, in a pass of 128.
    pass_seconds
        Fixed time of a pass.
    scheduler_seconds
        One task through a Dask scheduler, submission and result included.
    gather_seconds
        One run in the collecting process: recording, shard, share of the table.
    row_bytes
        One run's row on the network.
    network_bytes_per_second
        Capacity of the network at the collecting process (10 Gbit Ethernet).
    cores
        Cores per node.
    """

    run_seconds: float = 0.0224
    pass_seconds: float = 0.28
    scheduler_seconds: float = 0.0033
    gather_seconds: float = 7.2e-6
    row_bytes: float = 205.0
    network_bytes_per_second: float = 1.25e9
    cores: int = 64


@dataclass(frozen=True)
class Outcome:
    """Duration of a sweep, and utilisation of each stage (share of the time)."""

    nodes: int
    batch: int
    seconds: float
    scheduler: float
    cores: float
    gathering: float
    network: float


def simulate_sweep(runs: int, nodes: int, batch: int, known: Constants) -> Outcome:
    """Simulate a sweep; task times have a standard deviation of a tenth."""
    tasks, cores = -(-runs // batch), nodes * known.cores
    work = task_seconds(batch, known) * np.random.default_rng(1).normal(1.0, 0.1, tasks).clip(0.5)
    free = [0.0] * min(cores, tasks)
    scheduled = gathered = 0.0
    for seconds in work.tolist():
        # A free core requests its next task; the scheduler assigns tasks one at a time.
        scheduled = max(scheduled, free[0] - known.scheduler_seconds) + known.scheduler_seconds
        done = max(scheduled, free[0]) + seconds
        heapq.heapreplace(free, done)
    finish = max(free)
    ingest = runs * max(known.gather_seconds, known.row_bytes / known.network_bytes_per_second)
    gathered = max(finish, ingest)
    return Outcome(
        nodes,
        batch,
        gathered,
        tasks * known.scheduler_seconds / gathered,
        float(work.sum()) / (cores * gathered),
        runs * known.gather_seconds / gathered,
        runs * known.row_bytes / known.network_bytes_per_second / gathered,
    )


def task_seconds(batch: int, known: Constants) -> float:
    """Seconds of one core for a task: passes of at most 128 runs."""
    return -(-batch // 128) * known.pass_seconds + batch * (known.run_seconds - known.pass_seconds / 128)


def fastest_batch(runs: int, nodes: int, known: Constants) -> Outcome:
    """Outcome of the fastest batch size among powers of two from 16 runs on."""
    return min(
        (simulate_sweep(runs, nodes, 2**power, known) for power in range(4, 15)), key=lambda outcome: outcome.seconds
    )


def measure_constants(known: Constants) -> Constants:
    """Replace the constants that can be measured on this machine without a cluster."""
    gather, row = gathering_cost()
    return replace(known, scheduler_seconds=scheduling_seconds(), gather_seconds=gather, row_bytes=row)


def gathering_cost(runs: int = 100_000, batch: int = 128) -> tuple[float, float]:
    """Seconds per run of the collecting process, and bytes per row."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        axes = "axes: {markets.usdjpy.stress_slope: {low: 0.2, high: 1.5, steps: 100}}\n"
        text = f"name: x\nscenario: december_2025_official\nreplications: {runs // 100}\n{axes}"
        (folder / "x.yaml").write_text(text)
        store = StoreWriter.opened(folder, load_plan(folder / "x.yaml"), None, (code_digest(),))
        store.begin()
        random, metrics = np.random.default_rng(1), len(store.plan.sweep.measured)
        place = np.arange(runs)
        point, replication = place // (runs // 100), place % (runs // 100)
        sent = []
        for first in range(0, runs, batch):
            here = slice(first, first + batch)
            count = len(place[here])
            keys = store.plan.point_keys[point[here]]
            sent.append(
                RunRows(point[here], keys, replication[here], ("",) * count, random.normal(size=(count, metrics)))
            )
        packed = [pickle.dumps(rows, protocol=5) for rows in sent]
        start = time.perf_counter()
        for number, data in enumerate(packed):
            store.add(pickle.loads(data))
            if number % 64 == 63:
                store.flush()
        store.flush()
        write_runs(folder / "runs.parquet", PointColumns(store.plan), store.stored_runs)
        return (time.perf_counter() - start) / runs, sum(map(len, packed)) / runs


def scheduling_seconds(tasks: int = 4000) -> float:
    """Wall-clock seconds per empty task through the executor used by sweeps."""
    from distributed import LocalCluster

    from simulation.sweeps.execution import dask_pool

    with (
        LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None, host="127.0.0.1") as cluster,
        dask_pool(cluster.scheduler_address) as pool,
    ):
        list(pool.executor.map(len, [()] * 100))
        start = time.perf_counter()
        for future in [pool.executor.submit(len, ()) for _ in range(tasks)]:
            future.result()
        return (time.perf_counter() - start) / tasks


def main() -> None:
    """Measure if requested, simulate and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--measure", action="store_true")
    parser.add_argument("--runs", type=positive_integer, default=10_000_000)
    arguments = parser.parse_args()
    known = measure_constants(Constants()) if arguments.measure else Constants()
    found = {"constants": asdict(known)}
    for nodes in (1, 10, 100, 1000):
        found[f"{nodes} nodes, batches of 128"] = asdict(simulate_sweep(arguments.runs, nodes, 128, known))
        found[f"{nodes} nodes, best batch"] = asdict(fastest_batch(arguments.runs, nodes, known))
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    sys.exit(run_with_messages(main))
