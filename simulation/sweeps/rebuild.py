"""Compute one run of a store again, with all daily results recorded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.parquet as pq

from simulation.results.output_folder import OutputError
from simulation.results.run_results import Result
from simulation.sweeps.code_version import code_digest, store_digests
from simulation.sweeps.execution import sweep_work
from simulation.sweeps.kernel import run_scenarios, simulate_batch
from simulation.sweeps.points import canonical_json
from simulation.sweeps.run_rows import PointRuns
from simulation.sweeps.run_table import RUN_ID
from simulation.sweeps.store import RUNS, read_manifest
from simulation.sweeps.store_folders import stored_plan

if TYPE_CHECKING:
    from simulation.sweeps.plan import SweepPlan


@dataclass(frozen=True)
class RebuiltRun:
    """A run of a store, computed again.

    Attributes
    ----------
    row
        The row of the run in the table of the store.
    result
        The run with all results recorded; None if it fails before its first day.
    reason
        Why it fails; empty for a finished run.
    differing
        Metrics that differ from the table in any bit, with the stored and the new value.
    metrics
        Names of the metrics compared.
    same_code
        Whether this version of the model code computed all runs of the store.
    """

    row: dict[str, Any]
    result: Result | None
    reason: str
    differing: dict[str, tuple[float | None, float | None]]
    metrics: tuple[str, ...]
    same_code: bool = True


def rebuild_run(store: Path, run_id: str, command: str | None = None) -> RebuiltRun:
    """Compute one run of a store again and compare it with the table.

    Raises
    ------
    OutputError
        If the store has no such run.
    """
    plan, row = stored_plan(store), stored_row(store, run_id)
    point = row["point"]
    run = PointRuns(point, int(plan.point_keys[point]), canonical_json(plan.points[point]), (row["replication"],))
    rows = simulate_batch(sweep_work(plan), [run])
    values = (None if np.isnan(value) else value for value in rows.metrics[0].tolist())
    metrics = dict(zip(plan.sweep.measured, values, strict=True))
    differing = {name: (row[name], value) for name, value in metrics.items() if row[name] != value}
    same_code = store_digests(read_manifest(store)) == (code_digest(),)
    return RebuiltRun(row, recorded_run(plan, run, command), rows.reason[0], differing, tuple(metrics), same_code)


def recorded_run(plan: SweepPlan, run: PointRuns, command: str | None) -> Result | None:
    """The run with all results recorded; None if it fails before its first day."""
    from simulation.day.capital_flows import simulate

    try:
        (scenario,), (number,) = run_scenarios(sweep_work(plan), [run])
        return Result(simulate(scenario, [number]), command)
    except Exception:
        # The error is reported as the reason of the row, which is compared with the table.
        return None


def stored_row(store: Path, run_id: str) -> dict[str, Any]:
    """The row of a run in the table of runs.

    Raises
    ------
    OutputError
        If there is none.
    """
    path = store / RUNS
    if not path.is_file():
        raise OutputError(f"{store} has no table of runs yet; run its sweep again, which continues where it stopped")
    rows = pq.read_table(path, filters=[(RUN_ID, "=", run_id)]).to_pylist()
    if not rows:
        example = pq.read_table(path, columns=[RUN_ID]).slice(0, 1).to_pylist()
        hint = f", e.g. {example[0][RUN_ID]}" if example else ""
        raise OutputError(f"{store} has no run {run_id}: see the column {RUN_ID} of {RUNS}{hint}")
    row: dict[str, Any] = rows[0]
    return row
