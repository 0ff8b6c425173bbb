"""A lesson of thirty students at the real desk, with workers of a stated speed and a clock that jumps: no time is measured."""

from __future__ import annotations

import argparse
import asyncio

from benchmarks.serve_desk import Clock, StatedBench, at_desk
from benchmarks.students import Tally


def held(fixed: float, run: float, students: int = 30, workers: int = 2) -> Tally:
    asked = argparse.Namespace(students=students, seconds=20.0, think=(2.0, 6.0), warm=0.0, stretch=1.0, patience=30.0)
    with asyncio.Runner(loop_factory=Clock) as runner:
        return runner.run(at_desk(StatedBench(workers, fixed, run), asked))


def within(tally: Tally, seconds: float) -> float:
    return sum(wait < seconds for wait in tally.waits) / len(tally.waits)


def test_a_class_has_its_first_answers_within_two_seconds() -> None:
    tally = held(0.5, 0.04)
    assert tally.errors == []
    assert tally.lost == 0
    assert len(tally.waits) > 80
    assert within(tally, 2.0) >= 0.95


def test_a_machine_at_a_third_of_the_speed_loses_nobody_and_nobody_waits_for_two_turns() -> None:
    tally = held(1.5, 0.12)
    assert tally.errors == []
    assert tally.lost == 0
    # The rest of a pass and one's own pass, each of 1.5 s and some runs.
    assert max(tally.waits) < 6.0
    assert set(tally.runs) == {2}


def test_few_students_get_more_runs_than_a_class() -> None:
    assert held(0.5, 0.04, students=2).runs.most_common(1)[0][0] == 8
    assert held(0.5, 0.04).runs.most_common(1)[0][0] == 2
    assert held(0.5, 0.04, workers=8).runs.most_common(1)[0][0] == 8
