"""Memory of the parent process over a sweep of many tiny runs, and the time to read its store.

``python -m benchmarks.sweep_memory --points 1000 --replications 100`` simulates two funds over one week at every point on two
workers, and prints the parent's resident memory against runs done and the time to read the table.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.command_line import positive_integer, run_with_messages
from simulation.sweeps.execution import SweepOptions, SweepProgress
from simulation.sweeps.plan import load_plan
from simulation.sweeps.store import read_manifest, read_runs
from simulation.sweeps.store_folders import StoreTarget
from simulation.sweeps.sweep_runner import local_pool, run_sweep

SCENARIO = """
name: tiny
start: 2025-12-01
end: 2025-12-05
start_values: {usdjpy: 156, ust2_pct: 3.47, ust10_pct: 4.02, jgb2_pct: 0.98, jgb10_pct: 1.81, jgb30_pct: 3.3}
fed: {rate_pct: 3.875}
boj: {rate_pct: 0.5}
populations: {carry_funds: {investors: 2, stock_usd_bn: 250}}
"""
SWEEP = """
name: many
scenario: scenario.yaml
replications: %d
axes: {markets.usdjpy.stress_slope: {low: 0.2, high: 1.5}, populations.carry_funds.stock_usd_bn: {low: 150, high: 500}}
design: {kind: halton, samples: %d}
"""


def resident_mb() -> float:
    """Resident memory of this process, MB (Linux)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


def measure_sweep(arguments: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Run the sweep in a folder and measure it."""
    (folder / "scenario.yaml").write_text(SCENARIO)
    (folder / "sweep.yaml").write_text(SWEEP % (arguments.replications, arguments.points))
    curve: dict[int, float] = {}

    def note(state: SweepProgress) -> None:
        tenth = 10 * state.done // state.total
        curve.setdefault(tenth * state.total // 10, round(resident_mb(), 1))

    start = time.perf_counter()
    plan = load_plan(folder / "sweep.yaml")
    planned = time.perf_counter() - start
    with local_pool(arguments.workers) as pool:
        run_sweep(plan, StoreTarget(folder / "store"), pool, SweepOptions(batch=arguments.batch, progress=note))
    seconds = time.perf_counter() - start
    start = time.perf_counter()
    runs = read_runs(folder / "store")
    opened = time.perf_counter() - start
    size = sum(path.stat().st_size for path in (folder / "store").rglob("*") if path.is_file())
    return {
        "runs": len(runs),
        "planning_seconds": planned,
        "seconds": seconds,
        "runs_per_second": len(runs) / seconds,
        "parent_mb_by_runs_done": curve | {len(runs): round(resident_mb(), 1)},
        "open_seconds": opened,
        "store_mb": size / 1e6,
        "shards": len(list((folder / "store" / "shards").iterdir())),
        "status": read_manifest(folder / "store")["status"],
    }


def main() -> None:
    """Run and print the measurements; nothing is saved."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=positive_integer, default=1000)
    parser.add_argument("--replications", type=positive_integer, default=100)
    parser.add_argument("--workers", type=positive_integer, default=2)
    parser.add_argument("--batch", type=positive_integer, default=None)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(measure_sweep(arguments, Path(folder)), indent=2))


if __name__ == "__main__":
    sys.exit(run_with_messages(main))
