"""Run one run of a store again, alone and with everything recorded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.parquet as pq

from simulation.results.results import Result
from simulation.results.store import OutputError
from simulation.sweeps.compact import RUN_ID
from simulation.sweeps.engine import engine, engines_of
from simulation.sweeps.execute import work_of
from simulation.sweeps.kernel import scenarios_of, simulated
from simulation.sweeps.points import text_of
from simulation.sweeps.reopen import plan_from
from simulation.sweeps.rows import Piece
from simulation.sweeps.store import RUNS, read_manifest

if TYPE_CHECKING:
    from simulation.sweeps.plan import Plan


@dataclass(frozen=True)
class Rebuilt:
    """A run of a store, run again.

    Attributes
    ----------
    row
        What the store's table says of it.
    result
        The run with everything recorded; none where it fails again before its first day.
    reason
        Why it fails again; empty for a finished run.
    differing
        Metrics that are not as in the table, bit by bit, with the value there and the one found now.
    metrics
        Names of the metrics that were compared.
    same_code
        Whether the store was filled with this version of the model's code alone.
    """

    row: dict[str, Any]
    result: Result | None
    reason: str
    differing: dict[str, tuple[float | None, float | None]]
    metrics: tuple[str, ...]
    same_code: bool = True


def rebuild(store: Path, run_id: str, command: str | None = None) -> Rebuilt:
    """Run one run of a store again.

    Raises
    ------
    OutputError
        If the store has no such run.
    """
    plan, row = plan_from(store), row_of(store, run_id)
    piece = Piece(
        row["point"], int(plan.point_keys[row["point"]]), text_of(plan.points[row["point"]]), (row["replication"],)
    )
    rows = simulated(work_of(plan), [piece])
    metrics = dict(
        zip(
            plan.sweep.measured, (None if np.isnan(value) else value for value in rows.metrics[0].tolist()), strict=True
        )
    )
    differing = {name: (row[name], value) for name, value in metrics.items() if row[name] != value}
    same_code = engines_of(read_manifest(store)) == (engine(),)
    return Rebuilt(row, recorded(plan, piece, command), rows.reason[0], differing, tuple(metrics), same_code)


def recorded(plan: Plan, piece: Piece, command: str | None) -> Result | None:
    """The run with everything recorded, none where it does not even begin."""
    from simulation.day.capital_flows import simulate

    try:
        (scenario,), (run,) = scenarios_of(work_of(plan), [piece])
        return Result(simulate(scenario, [run]), command)
    except Exception:
        # The error itself is the reason of the row, which is compared with the table.
        return None


def row_of(store: Path, run_id: str) -> dict[str, Any]:
    """The row of a run in the table.

    Raises
    ------
    OutputError
        If there is none.
    """
    path = store / RUNS
    if not path.is_file():
        raise OutputError(f"{store} has no table of runs yet; run its sweep again, which goes on where it was")
    rows = pq.read_table(path, filters=[(RUN_ID, "=", run_id)]).to_pylist()
    if not rows:
        example = pq.read_table(path, columns=[RUN_ID]).slice(0, 1).to_pylist()
        like = f"; they look like {example[0][RUN_ID]}" if example else ""
        raise OutputError(f"{store} has no run {run_id}: see the column {RUN_ID} of {RUNS}{like}")
    found: dict[str, Any] = rows[0]
    return found
