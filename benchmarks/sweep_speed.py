"""How much a sweep costs beside the engine alone, what two workers gain, and how much memory the parent needs.

``python -m benchmarks.sweep_speed --runs 10000`` measures December 2025 with the default cast at the points of a Latin
hypercube, in turn as pure engine passes in this process and as sweeps on one and on two workers, and prints one JSON object.
The measurements alternate in rounds, so that other work on the machine meets all of them alike.
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

from benchmarks.command_line import positive, told
from benchmarks.worker_memory import noted_peaks, peak_mb, simulated_and_noted
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
    """A sweep of so many runs, spread over points."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "speed.yaml"
        path.write_text(SWEEP.format(points=points, replications=runs // points))
        return load_plan(path)


def engine_seconds(plan: SweepPlan, mixed: bool) -> float:
    """Seconds of the engine alone: full passes of the base scenario, or of the same mixed points as the sweep."""
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


def sweep_measured(plan: SweepPlan, workers: int) -> tuple[float, list[float]]:
    """Wall time of a whole sweep, workers' start and tables included, and the peak memory of every worker, MB."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        start = time.perf_counter()
        with local_pool(workers) as pool:
            options = SweepOptions(function=partial(simulated_and_noted, folder))
            run_sweep(plan, StoreTarget(folder / "store"), pool, options)
        return time.perf_counter() - start, noted_peaks(folder)


def in_turn(plan: SweepPlan, rounds: int) -> tuple[dict[str, list[float]], list[float]]:
    """Seconds of the engine and of sweeps in each round, and peaks of all workers, MB."""
    times: dict[str, list[float]] = {}
    peaks: list[float] = []
    for _ in range(rounds):
        times.setdefault("engine, one scenario", []).append(engine_seconds(plan, mixed=False))
        times.setdefault("engine, mixed points", []).append(engine_seconds(plan, mixed=True))
        for workers in (1, 2):
            seconds, found = sweep_measured(plan, workers)
            times.setdefault(f"sweep, {workers} worker{'s' if workers > 1 else ''}", []).append(seconds)
            peaks += found
    return times, peaks


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=positive, default=1024)
    parser.add_argument("--points", type=positive, default=64)
    parser.add_argument("--rounds", type=positive, default=1)
    asked = parser.parse_args()
    plan = plan_with(asked.runs, asked.points)
    simulate(
        run_scenarios(sweep_work(plan), next(runs_in_batches(plan, missing_runs(plan, StoredRuns.empty(plan)), 1)))[0][
            0
        ],
        range(2),
    )
    times, peaks = in_turn(plan, asked.rounds)
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
    sys.exit(told(main))
