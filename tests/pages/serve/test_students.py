"""A short lesson over HTTP: no request is lost, and all numbers equal those of the engine."""

from __future__ import annotations

import argparse
import asyncio
import json

import pytest

from benchmarks.serve_students import over_http, served
from simulation.pages.serve.served_page import shipped_page
from simulation.pages.serve.worker_pool import StateJob, compute_states

pytestmark = pytest.mark.slow


def test_a_short_lesson_loses_no_request() -> None:
    # Timing is not tested, so the patience of a client exceeds the duration of the test.
    options = argparse.Namespace(students=5, seconds=6.0, think=(0.2, 1.0), warm=0.0, stretch=1.0, patience=300.0)
    with served("--runs", "8", "--first-runs", "4") as port:
        tally = asyncio.run(over_http(port, options))
    assert tally.errors == []
    assert tally.lost == 0
    assert len(tally.waits) >= 5
    page = shipped_page()
    for (state, runs), text in list(tally.seen.items())[:3]:
        (one,) = compute_states(page.work, page.columns, [StateJob(state, runs)])
        answer = json.loads(text)["state"]
        assert {key: answer[key] for key in ("numbers", "data", "failed")} == {
            key: json.loads(one.texts[runs])[key] for key in ("numbers", "data", "failed")
        }
