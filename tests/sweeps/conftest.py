"""Small sweeps and the content of their stores."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from simulation.sweeps.execution import SweepOptions
from simulation.sweeps.kernel import SweepWork, simulate_batch
from simulation.sweeps.plan import SweepPlan, load_plan
from simulation.sweeps.points import canonical_json
from simulation.sweeps.run_rows import PointRuns, RunRows
from simulation.sweeps.store import StoreWriter
from simulation.sweeps.store_folders import StoreTarget
from simulation.sweeps.sweep_runner import local_pool, run_sweep

HERE = Path(__file__).parent
GRID, TINY = HERE / "grid.yaml", HERE / "tiny.yaml"


def grid(*settings: str) -> SweepPlan:
    return load_plan(GRID, settings)


def sweep_of(folder: Path, text: str) -> Path:
    """A sweep file over the tiny scenario."""
    path = folder / "sweep.yaml"
    path.write_text(f"name: mine\nscenario: {TINY}\n{text}")
    return path


def run_into(
    path: Path, plan: SweepPlan, workers: int = 0, extend: bool = False, force: bool = False, **options: Any
) -> StoreWriter:
    with local_pool(workers) as pool:
        return run_sweep(plan, StoreTarget(path, extend, force=force), pool, SweepOptions(**options))


Whole = Callable[[str], Path]


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """Return a function that gives the complete store of the grid by its record; do not change the store."""

    @cache
    def stored(record: str) -> Path:
        path = tmp_path_factory.mktemp("whole") / record
        run_into(path, grid(f"record={record}"))
        return path

    return stored


def table(path: Path) -> bytes:
    return (path / "runs.parquet").read_bytes()


def piece(plan: SweepPlan, point: int, replications: tuple[int, ...]) -> PointRuns:
    return PointRuns(point, int(plan.point_keys[point]), canonical_json(plan.points[point]), replications)


class Interrupted:
    """A batch function that stops, as on Ctrl-C, after a number of batches."""

    def __init__(self, batches: int) -> None:
        self.left = batches

    def __call__(self, work: SweepWork, batch: tuple[PointRuns, ...]) -> RunRows:
        if self.left == 0:
            raise KeyboardInterrupt
        self.left -= 1
        return simulate_batch(work, batch)


class Counted:
    """A batch function that counts the runs computed."""

    def __init__(self) -> None:
        self.runs: list[tuple[int, int]] = []

    def __call__(self, work: SweepWork, batch: tuple[PointRuns, ...]) -> RunRows:
        self.runs += [(each.point, replication) for each in batch for replication in each.replications]
        return simulate_batch(work, batch)
