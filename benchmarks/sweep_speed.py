"""Overhead of a sweep relative to the engine, gain from two workers, and memory of parent and workers.

``python -m benchmarks.sweep_speed --runs 10000`` simulates December 2025 with the default populations at the points of a Latin
hypercube, as engine passes in this process and as sweeps on one and two workers, and prints one JSON object.  Measurements
alternate in rounds, so that other work on the machine affects all alike.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from benchmarks.command_line import positive_integer, run_with_messages
from benchmarks.worker_memory import peak_mb, recorded_peaks, simulate_and_record_peak
from simulation.day.capital_flows import simulate
from simulation.scenario.batch import BLOCK_RUNS
from simulation.sweeps.execution import SweepOptions, sweep_work
from simulation.sweeps.kernel import run_scenarios, simulate_scenarios
from simulation.sweeps.pending_runs import missing_runs, runs_in_batches
from simulation.sweeps.plan import SweepPlan, load_plan
from simulation.sweeps.shards import StoredRuns
from simulation.sweeps.store_folders import StoreTarget
from simulation.sweeps.sweep_runner import local_pool, run_sweep

SWEEP = """
name: speed
scenario: december_2025_official
replications: {replications}
axes:
  markets.usdjpy.stress_slope: {{low: 0.2, high: 1.5}}
  populations.carry_funds.stock_usd_bn: {{low: 150, high: 500}}
design: {{kind: latin_hypercube, samples: {points}}}
"""


def plan_with(runs: int, points: int) -> SweepPlan:
    """A sweep of `runs` runs at `points` points."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "speed.yaml"
        path.write_text(SWEEP.format(points=points, replications=runs // points))
        return load_plan(path)


def engine_seconds(plan: SweepPlan, mixed: bool) -> float:
    """Seconds of the engine alone: full passes of the base scenario, or of the points of the sweep if `mixed`."""
    columns = sweep_work(plan).columns
    start = time.perf_counter()
    if mixed:
        for batch in runs_in_batches(plan, missing_runs(plan, StoredRuns.empty(plan)), BLOCK_RUNS):
            simulate_scenarios(*run_scenarios(sweep_work(plan), batch), columns)
    else:
        base = run_scenarios(
            sweep_work(plan), next(runs_in_batches(plan, missing_runs(plan, StoredRuns.empty(plan)), 1))
        )[0][0]
        for first in range(0, plan.most_runs, BLOCK_RUNS):
            simulate(base, range(first, min(first + BLOCK_RUNS, plan.most_runs)), columns=columns)
    return time.perf_counter() - start


def measure_sweep(plan: SweepPlan, workers: int) -> tuple[float, list[float]]:
    """Wall-clock seconds of a sweep, including start of workers and tables, and peak memory of every worker, MB."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        start = time.perf_counter()
        with local_pool(workers) as pool:
            options = SweepOptions(function=partial(simulate_and_record_peak, folder))
            run_sweep(plan, StoreTarget(folder / "store"), pool, options)
        return time.perf_counter() - start, recorded_peaks(folder)


def measure_in_rounds(plan: SweepPlan, rounds: int) -> tuple[dict[str, list[float]], list[float]]:
    """Seconds of the engine and of sweeps in each round, and peak memory of all workers, MB."""
    times: dict[str, list[float]] = {}
    peaks: list[float] = []
    for _ in range(rounds):
        times.setdefault("engine, one scenario", []).append(engine_seconds(plan, mixed=False))
        times.setdefault("engine, mixed points", []).append(engine_seconds(plan, mixed=True))
        for workers in (1, 2):
            seconds, found = measure_sweep(plan, workers)
            times.setdefault(f"sweep, {workers} worker{'s' if workers > 1 else ''}", []).append(seconds)
            peaks += found
    return times, peaks


def main() -> None:
    """Measure and print the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=positive_integer, default=1024)
    parser.add_argument("--points", type=positive_integer, default=64)
    parser.add_argument("--rounds", type=positive_integer, default=1)
    arguments = parser.parse_args()
    plan = plan_with(arguments.runs, arguments.points)
    simulate(
        run_scenarios(sweep_work(plan), next(runs_in_batches(plan, missing_runs(plan, StoredRuns.empty(plan)), 1)))[0][
            0
        ],
        range(2),
    )
    times, peaks = measure_in_rounds(plan, arguments.rounds)
    middle = {name: statistics.median(values) for name, values in times.items()}
    found = {
        "runs": plan.most_runs,
        "seconds": middle,
        "runs_per_second": {name: plan.most_runs / value for name, value in middle.items()},
        "sweep_over_engine_one_scenario": middle["sweep, 1 worker"] / middle["engine, one scenario"],
        "sweep_over_engine_mixed": middle["sweep, 1 worker"] / middle["engine, mixed points"],
        "two_workers_over_one": middle["sweep, 1 worker"] / middle["sweep, 2 workers"],
        "peak_memory_mb": {
            "this process, engine passes included": peak_mb(),
            "largest worker": max(peaks),
            "smallest worker": min(peaks),
        },
    }
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    sys.exit(run_with_messages(main))
