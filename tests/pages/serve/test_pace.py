"""What a pass costs is learned from passes; what is asked of one follows from it."""

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


def taught(run_seconds: float) -> BatchTimes:
    pace = BatchTimes()
    for runs in (2, 8, 16, 4) * MAX_SAMPLES:
        pace.learn(runs, run_seconds * (FIXED_COST_RUNS + runs))
    return pace


@pytest.mark.parametrize("run_seconds", [0.01, 0.045, 0.3])
def test_it_learns_what_passes_took(run_seconds: float) -> None:
    pace = taught(run_seconds)
    assert pace.seconds(0) == pytest.approx(FIXED_COST_RUNS * run_seconds)
    assert pace.seconds(20) == pytest.approx((FIXED_COST_RUNS + 20) * run_seconds)


def test_one_worker_that_had_to_start_first_changes_nothing() -> None:
    pace = taught(0.05)
    pace.learn(8, 60.0)
    assert pace.seconds(6) == pytest.approx(0.05 * (FIXED_COST_RUNS + 6))


def test_a_machine_that_slows_down_is_known_for_it_after_half_the_passes_that_count() -> None:
    pace = taught(0.02)
    for _ in range(MAX_SAMPLES // 2 + 1):
        pace.learn(6, 2.0)
    assert pace.seconds(6) == pytest.approx(2.0)


def test_a_pass_has_the_runs_of_its_time_but_never_fewer_than_pay() -> None:
    assert batch_capacity(taught(0.02), FIRST_BATCH_SECONDS) == 25
    assert batch_capacity(taught(0.03), FIRST_BATCH_SECONDS) == MIN_BATCH_RUNS
    assert batch_capacity(taught(5.0), FIRST_BATCH_SECONDS) == MIN_BATCH_RUNS
    assert batch_capacity(taught(0.001), FIRST_BATCH_SECONDS) == MAX_BATCH_RUNS


def test_a_clock_that_stands_still_breaks_nothing() -> None:
    pace = BatchTimes()
    for _ in range(2 * MAX_SAMPLES):
        pace.learn(8, 0.0)
    assert batch_capacity(pace, FIRST_BATCH_SECONDS) == MAX_BATCH_RUNS


def test_first_answers_halve_as_the_wait_grows() -> None:
    limits, pace = RequestLimits(first=8), taught(0.0125)
    assert [first_run_count(states, limits, pace, 1, 0.0) for states in (1, 2, 3, 4, 5, 50)] == [8, 8, 8, 4, 4, 2]
    assert [first_run_count(2, limits, pace, 1, busy) for busy in (0.0, 0.2, 0.3)] == [8, 4, 2]
    assert first_run_count(5, limits, pace, 2, 0.0) == 8


@pytest.mark.parametrize(
    ("first", "firsts"), [(2, (2,)), (3, (3,)), (5, (5, 2)), (8, (8, 4, 2)), (64, (64, 32, 16, 8, 4, 2))]
)
def test_every_number_of_runs_that_an_answer_may_have_is_a_cut(first: int, firsts: tuple[int, ...]) -> None:
    limits = RequestLimits(runs=64, first=first)
    assert limits.firsts == firsts
    reached = set(firsts)
    for runs in firsts:
        while runs < limits.runs:
            runs = limits.after(runs)
            reached.add(runs)
    assert set(limits.cuts) == reached
    assert [RequestLimits().after(runs) for runs in (2, 4, 8, 16, 32, 48, 64)] == [8, 8, 16, 32, 48, 64, 64]
