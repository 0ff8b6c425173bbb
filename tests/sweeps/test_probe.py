"""What a sweep will take, from few runs."""

import numpy as np
import pytest

from simulation.sweeps import sweep_runner
from simulation.sweeps.kernel import SweepWork
from simulation.sweeps.run_rows import PointRuns, RunRows, failed_rows
from tests.sweeps.conftest import grid

PASS, RUN = 0.5, 0.25


class Clock:
    """Time that goes on by what runs would take: so much for a pass, and so much for each of its runs."""

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


def test_probes_tell_what_a_pass_and_a_run_cost_and_stop_when_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """One run takes 0.75 s, four take 1.5 s: time is left for a second structure, or not."""
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
