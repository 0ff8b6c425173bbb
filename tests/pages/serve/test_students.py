"""A short lesson over HTTP, as benchmarks/serve_students.py holds it: nothing is lost, and all numbers are the engine's."""

from __future__ import annotations

import argparse
import asyncio
import json

import pytest

from benchmarks.serve_students import over_http, served
from simulation.pages.serve.served_page import shipped_page
from simulation.pages.serve.worker_pool import StateJob, compute_states

pytestmark = pytest.mark.slow


def test_a_short_lesson_loses_nothing() -> None:
    # No time is tested: whoever waits is given as long as the test.
    asked = argparse.Namespace(students=5, seconds=6.0, think=(0.2, 1.0), warm=0.0, stretch=1.0, patience=300.0)
    with served("--runs", "8", "--first-runs", "4") as port:
        tally = asyncio.run(over_http(port, asked))
    assert tally.errors == []
    assert tally.lost == 0
    assert len(tally.waits) >= 5
    study = shipped_page()
    for (state, runs), text in list(tally.seen.items())[:3]:
        (one,) = compute_states(study.work, study.columns, [StateJob(state, runs)])
        answer = json.loads(text)["state"]
        assert {key: answer[key] for key in ("numbers", "data", "failed")} == {
            key: json.loads(one.texts[runs])[key] for key in ("numbers", "data", "failed")
        }
