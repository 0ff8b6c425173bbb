"""Expected batch times follow measured ones and determine the size of a batch."""

from __future__ import annotations

import pytest

from simulation.pages.serve.requests import RequestLimits
from simulation.pages.serve.scheduling import (
    FIRST_BATCH_SECONDS,
    FIXED_COST_RUNS,
    MAX_BATCH_RUNS,
    MAX_SAMPLES,
    MIN_BATCH_RUNS,
    BatchTimes,
    batch_capacity,
    first_run_count,
)


def times_after(run_seconds: float) -> BatchTimes:
    times = BatchTimes()
    for runs in (2, 8, 16, 4) * MAX_SAMPLES:
        times.record(runs, run_seconds * (FIXED_COST_RUNS + runs))
    return times


@pytest.mark.parametrize("run_seconds", [0.01, 0.045, 0.3])
def test_the_estimate_follows_measured_times(run_seconds: float) -> None:
    times = times_after(run_seconds)
    assert times.seconds(0) == pytest.approx(FIXED_COST_RUNS * run_seconds)
    assert times.seconds(20) == pytest.approx((FIXED_COST_RUNS + 20) * run_seconds)


def test_one_slow_worker_start_is_ignored() -> None:
    times = times_after(0.05)
    times.record(8, 60.0)
    assert times.seconds(6) == pytest.approx(0.05 * (FIXED_COST_RUNS + 6))


def test_a_slowdown_is_learned_within_half_the_samples() -> None:
    times = times_after(0.02)
    for _ in range(MAX_SAMPLES // 2 + 1):
        times.record(6, 2.0)
    assert times.seconds(6) == pytest.approx(2.0)


def test_capacity_is_bounded_below_and_above() -> None:
    assert batch_capacity(times_after(0.02), FIRST_BATCH_SECONDS) == 25
    assert batch_capacity(times_after(0.03), FIRST_BATCH_SECONDS) == MIN_BATCH_RUNS
    assert batch_capacity(times_after(5.0), FIRST_BATCH_SECONDS) == MIN_BATCH_RUNS
    assert batch_capacity(times_after(0.001), FIRST_BATCH_SECONDS) == MAX_BATCH_RUNS


def test_a_measured_time_of_zero_is_handled() -> None:
    times = BatchTimes()
    for _ in range(2 * MAX_SAMPLES):
        times.record(8, 0.0)
    assert batch_capacity(times, FIRST_BATCH_SECONDS) == MAX_BATCH_RUNS


def test_first_runs_halve_as_the_queue_grows() -> None:
    limits, times = RequestLimits(first=8), times_after(0.0125)
    assert [first_run_count(states, limits, times, 1, 0.0) for states in (1, 2, 3, 4, 5, 50)] == [8, 8, 8, 4, 4, 2]
    assert [first_run_count(2, limits, times, 1, busy) for busy in (0.0, 0.2, 0.3)] == [8, 4, 2]
    assert first_run_count(5, limits, times, 2, 0.0) == 8


@pytest.mark.parametrize(
    ("first", "firsts"), [(2, (2,)), (3, (3,)), (5, (5, 2)), (8, (8, 4, 2)), (64, (64, 32, 16, 8, 4, 2))]
)
def test_counts_hold_every_number_of_runs_of_a_response(first: int, firsts: tuple[int, ...]) -> None:
    limits = RequestLimits(runs=64, first=first)
    assert limits.first_counts == firsts
    reached = set(firsts)
    for runs in firsts:
        while runs < limits.runs:
            runs = limits.next_count(runs)
            reached.add(runs)
    assert set(limits.counts) == reached
    assert [RequestLimits().next_count(runs) for runs in (2, 4, 8, 16, 32, 48, 64)] == [8, 8, 16, 32, 48, 64, 64]
