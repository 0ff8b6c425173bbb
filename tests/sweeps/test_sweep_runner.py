"""The expected cost of a sweep from a few runs."""

import numpy as np
import pytest

from simulation.sweeps import sweep_runner
from simulation.sweeps.kernel import SweepWork
from simulation.sweeps.run_rows import PointRuns, RunRows, failed_rows
from tests.sweeps.conftest import grid

PASS, RUN = 0.5, 0.25


class Clock:
    """A clock that advances by the time of a pass and of each of its runs."""

    def __init__(self) -> None:
        self.now = 0.0
        self.runs: list[int] = []

    def perf_counter(self) -> float:
        return self.now

    def simulated(self, work: SweepWork, batch: tuple[PointRuns, ...]) -> RunRows:
        runs = sum(len(piece.replications) for piece in batch)
        self.runs.append(runs)
        self.now += PASS + RUN * runs
        return failed_rows(batch, "", len(work.metrics))


def test_probes_measure_the_cost_of_a_pass_and_of_a_run_within_the_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """One run takes 0.75 s, four take 1.5 s: a second structure is probed only if time remains."""
    clock = Clock()
    monkeypatch.setattr(sweep_runner, "time", clock)
    monkeypatch.setattr(sweep_runner, "simulate_batch", clock.simulated)
    plan = grid("axes={populations.carry_funds.investors: [2, 3]}")
    assert len(np.unique(plan.structures)) > 1
    found = sweep_runner.estimate_sweep(plan, 1)
    assert clock.runs == [1, 4, 1, 4]
    monkeypatch.setattr(sweep_runner, "PROBE_SECONDS", 2.0)
    clock.runs.clear()
    sweep_runner.estimate_sweep(plan, 1)
    assert clock.runs == [1, 4]
    assert found.seconds_per_run == pytest.approx((found.batches * PASS + found.runs * RUN) / found.runs)
