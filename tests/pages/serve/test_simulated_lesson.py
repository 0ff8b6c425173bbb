"""A lesson of thirty clients with workers of a given speed and a simulated clock."""

from __future__ import annotations

import argparse
import asyncio

from benchmarks.serve_desk import Clock, StatedBench, at_desk
from benchmarks.students import Tally


def lesson_tally(fixed: float, run: float, students: int = 30, workers: int = 2) -> Tally:
    options = argparse.Namespace(
        students=students, seconds=20.0, think=(2.0, 6.0), warm=0.0, stretch=1.0, patience=30.0
    )
    with asyncio.Runner(loop_factory=Clock) as runner:
        return runner.run(at_desk(StatedBench(workers, fixed, run), options))


def share_within(tally: Tally, seconds: float) -> float:
    return sum(wait < seconds for wait in tally.waits) / len(tally.waits)


def test_first_responses_arrive_within_two_seconds() -> None:
    tally = lesson_tally(0.5, 0.04)
    assert tally.errors == []
    assert tally.lost == 0
    assert len(tally.waits) > 80
    assert share_within(tally, 2.0) >= 0.95


def test_a_slow_machine_loses_no_request_and_bounds_the_wait() -> None:
    tally = lesson_tally(1.5, 0.12)
    assert tally.errors == []
    assert tally.lost == 0
    # The rest of the running batch and the client's own batch, each 1.5 s plus its runs.
    assert max(tally.waits) < 6.0
    assert set(tally.runs) == {2}


def test_few_clients_get_more_runs_than_many() -> None:
    assert lesson_tally(0.5, 0.04, students=2).runs.most_common(1)[0][0] == 8
    assert lesson_tally(0.5, 0.04).runs.most_common(1)[0][0] == 2
    assert lesson_tally(0.5, 0.04, workers=8).runs.most_common(1)[0][0] == 8
