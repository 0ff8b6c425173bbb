"""What the page is told is what the engine says, in whatever company and order the runs are computed."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from simulation.compute.ensemble import run_ensemble
from simulation.pages.explore.columns import unpack_steps
from simulation.pages.explore.sliders import GUIDANCE, HIKE, LEVERAGE, PRICED, SPREAD, STOCK
from simulation.pages.serve.requests import RequestLimits
from simulation.pages.serve.served_page import ServedPage
from simulation.pages.serve.worker_pool import StateJob, WorkerPool, compute_states
from simulation.results.metrics import METRICS, metric_bands
from simulation.results.summary import format_metric
from simulation.sweeps.kernel import SweepWork
from simulation.sweeps.points import scenario_at
from simulation.sweeps.run_rows import daily_values
from tests.pages.serve.conftest import HereBench, asked, desk_of, ran

STATES: tuple[dict[str, Any], ...] = (
    {},
    {STOCK: 137.5},
    {HIKE: "37.5bp", PRICED: 0.4, GUIDANCE: "hawkish"},
    {SPREAD: {"target_pp": 1.234}, LEVERAGE: 4.05},
)


def told(study: ServedPage, values: dict[str, Any], runs: int) -> dict[str, Any]:
    (one,) = compute_states(study.work, study.columns, [StateJob(json.dumps(values), runs)])
    found: dict[str, Any] = json.loads(one.texts[runs])
    return found


@pytest.mark.parametrize("values", STATES, ids=str)
def test_the_numbers_are_the_engine_s(study: ServedPage, values: dict[str, Any]) -> None:
    record = run_ensemble(scenario_at(study.work.base, values), 3)
    answer = told(study, values, 3)
    bands = metric_bands(record)
    wanted = [bands[one.name] for one in METRICS]
    assert answer["numbers"] == [
        [format_metric(one, band.unit) for one in (band.p10, band.p50, band.p90)] for band in wanted
    ]
    whole = unpack_steps(answer["data"], (1, len(study.columns), len(record.dates)))[0]
    for values_, column in zip(whole, study.columns, strict=True):
        quantile = {"p10": 0.1, "p50": 0.5, "p90": 0.9}[column.quantile]
        expected = np.quantile(daily_values(record, column.series), quantile, axis=0) / column.step
        np.testing.assert_array_equal(values_, np.rint(expected), err_msg=column.series)


def test_runs_that_go_on_and_share_a_pass_are_the_same_runs(study: ServedPage) -> None:
    texts = [json.dumps(values) for values in STATES[:3]]
    first = compute_states(study.work, study.columns, [StateJob(text, 2) for text in texts])
    then = compute_states(
        study.work, study.columns, [StateJob(text, 5, one.rows) for text, one in zip(texts, first, strict=True)]
    )
    alone = [compute_states(study.work, study.columns, [StateJob(text, 5, cuts=(2,))])[0] for text in texts]
    assert [one.texts[5] for one in then] == [one.texts[5] for one in alone]
    assert [one.texts[2] for one in first] == [one.texts[2] for one in alone]


def test_a_state_without_a_whole_run_says_why(study: ServedPage) -> None:
    base = replace(study.work.base, config=study.work.base.config.replace('"end":"2025-12-23"', '"end":"2025-11-27"'))
    work = SweepWork(base, False, study.work.metrics, study.work.series)
    (one,) = compute_states(work, study.columns, [StateJob("{}", 2)])
    answer = json.loads(one.texts[2])
    assert answer["failed"] == 2
    assert "ConfigError" in answer["reason"]
    assert "data" not in answer


def test_thirty_clients_lose_nothing_and_see_the_engine_s_numbers(study: ServedPage) -> None:
    sizes = [60 + 20 * at for at in range(10)]

    async def lesson() -> list[tuple[float, str]]:
        desk = desk_of(study, HereBench(study), RequestLimits(runs=4, first=2))
        seen: list[tuple[float, str]] = []

        async def student(at: int) -> None:
            size = sizes[at % len(sizes)]
            for beyond in (0, 2):
                reply = await desk.ask(asked(str(at), {STOCK: size}, beyond))
                assert reply.kind == "state"
                seen.append((size, reply.state))

        await asyncio.gather(*(student(at) for at in range(30)))
        await desk.close()
        return seen

    seen: list[tuple[float, str]] = ran(lesson())
    assert len(seen) == 60
    for size in sizes[::4]:
        answers = {text for which, text in seen if which == size}
        runs = {json.loads(text)["runs"]: text for text in answers}
        assert len(runs) == len(answers)
        for count, text in runs.items():
            assert json.loads(text) == told(study, {STOCK: size}, count)


def test_a_worker_that_takes_too_long_is_ended_and_another_goes_on(study: ServedPage) -> None:
    async def ended() -> None:
        bench = WorkerPool(study, 1)
        try:
            desk = desk_of(study, bench, RequestLimits(runs=4, first=2))
            assert (await desk.ask(asked("one", {}, beyond=3))).kind == "state"
            desk.limits = RequestLimits(runs=4, first=2, seconds=1e-4)
            late = await desk.ask(asked("one", {STOCK: 310}))
            assert late.kind == "failed"
            assert "--seconds" in late.reason
            desk.limits = RequestLimits(runs=4, first=2)
            assert (await desk.ask(asked("one", {STOCK: 310}))).kind == "state"
            await desk.close()
        finally:
            bench.kill()

    ran(ended())
