"""What a sweep will take, before it is run: runs, time by probes, room on the disk."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simulation.sweeps.batches import block_size, pieces
from simulation.sweeps.execute import work_of
from simulation.sweeps.kernel import simulated

if TYPE_CHECKING:
    from simulation.sweeps.plan import Plan

FEWEST_PROBED, MOST_PROBED = 4, 16
"""Runs of the second probe: beside that of one run it tells what a pass costs and what each further run adds."""
PROBE_SECONDS = 3.0
"""What probing may take, about: the second probe has as many runs as fit, and a second structure is probed where time is left."""
MOST_STRUCTURES = 2
"""Structures that are probed; others are taken to cost the same."""
BYTES_PER_NUMBER, BYTES_PER_ROW, FIXED_BYTES = 8, 40, 50_000
"""A number hardly compresses; names and labels of a row do.  Each row stands in a shard and in the table."""


@dataclass(frozen=True)
class Estimate:
    """What a sweep will take.

    Attributes
    ----------
    points, runs, batches
        Their numbers; runs and batches at most where points stop by precision.
    workers
        Processes that the time is for.
    seconds
        Expected wall time, without what starting workers takes.
    seconds_per_run
        Processor time of a run in a full batch.
    bytes
        Expected size of the finished store.
    """

    points: int
    runs: int
    batches: int
    workers: int
    seconds: float
    seconds_per_run: float
    bytes: int

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers for JSON."""
        return asdict(self)


def estimate(plan: Plan, workers: int) -> Estimate:
    """Probe a plan and say what it will take on so many processes."""
    size = block_size(plan.most_runs, workers)
    counts = np.bincount(plan.structures) * plan.sweep.most_replications
    batches = int(np.ceil(counts / size).sum())
    fixed, each = probed(plan, np.unique([0, len(counts) - 1])[:MOST_STRUCTURES].tolist())
    spent = batches * fixed + plan.most_runs * each
    # A batch is not divided: with few batches some processes have nothing to do.
    rounds = -(-batches // workers) / batches * spent
    return Estimate(len(plan.points), plan.most_runs, batches, workers, rounds, spent / plan.most_runs, size_of(plan))


def probed(plan: Plan, structures: list[int]) -> tuple[float, float]:
    """Seconds that a pass takes whatever its size, and that each run adds, averaged over some structures."""
    started, found = time.perf_counter(), []
    for structure in structures:
        found.append(_probe(plan, structure))
        if time.perf_counter() - started > PROBE_SECONDS:
            break
    fixed, each = np.array(found).mean(axis=0).tolist()
    return fixed, each


def _probe(plan: Plan, structure: int) -> tuple[float, float]:
    points = np.flatnonzero(plan.structures == structure)
    alone = _seconds(plan, points, 1)
    runs = int(np.clip(PROBE_SECONDS / alone, FEWEST_PROBED, MOST_PROBED))
    each = max(0.0, (_seconds(plan, points, runs) - alone) / (runs - 1))
    return max(0.0, alone - each), each


def _seconds(plan: Plan, points: NDArray[np.intp], runs: int) -> float:
    """Wall time of one pass over so many runs."""
    chosen = np.sort(np.resize(points, runs))
    replication = np.arange(runs) - np.searchsorted(chosen, chosen)
    started = time.perf_counter()
    simulated(work_of(plan), pieces(plan, chosen, replication))
    return time.perf_counter() - started


def size_of(plan: Plan) -> int:
    """Bytes of the finished store, about."""
    row = BYTES_PER_NUMBER * (len(plan.sweep.measured) + len(plan.keys)) + BYTES_PER_ROW
    days = _days(plan) * len(plan.sweep.kept_series) * BYTES_PER_NUMBER
    kept = {"none": 0, "all": plan.most_runs * days, "quantiles": len(plan.points) * days * 4}
    return FIXED_BYTES + 2 * plan.most_runs * row + kept[plan.sweep.record]


def _days(plan: Plan) -> int:
    from simulation.day.capital_flows import scenario_days
    from simulation.sweeps.points import scenario_at

    return len(scenario_days(scenario_at(plan.base, plan.points[0])))
