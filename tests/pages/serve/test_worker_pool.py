"""JSON texts of states equal direct runs of the engine, however the runs are batched."""

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
from tests.pages.serve.conftest import InProcessPool, make_dispatcher, request_for, run_async

STATES: tuple[dict[str, Any], ...] = (
    {},
    {STOCK: 137.5},
    {HIKE: "37.5bp", PRICED: 0.4, GUIDANCE: "hawkish"},
    {SPREAD: {"target_pp": 1.234}, LEVERAGE: 4.05},
)


def computed(page: ServedPage, values: dict[str, Any], runs: int) -> dict[str, Any]:
    (one,) = compute_states(page.work, page.columns, [StateJob(json.dumps(values), runs)])
    found: dict[str, Any] = json.loads(one.texts[runs])
    return found


@pytest.mark.parametrize("values", STATES, ids=str)
def test_numbers_equal_those_of_the_engine(page: ServedPage, values: dict[str, Any]) -> None:
    record = run_ensemble(scenario_at(page.work.base, values), 3)
    answer = computed(page, values, 3)
    bands = metric_bands(record)
    bands_in_order = [bands[one.name] for one in METRICS]
    assert answer["numbers"] == [
        [format_metric(one, band.unit) for one in (band.p10, band.p50, band.p90)] for band in bands_in_order
    ]
    whole = unpack_steps(answer["data"], (1, len(page.columns), len(record.dates)))[0]
    for values_, column in zip(whole, page.columns, strict=True):
        quantile = {"p10": 0.1, "p50": 0.5, "p90": 0.9}[column.quantile]
        expected = np.quantile(daily_values(record, column.series), quantile, axis=0) / column.step
        np.testing.assert_array_equal(values_, np.rint(expected), err_msg=column.series)


def test_continued_and_batched_runs_are_the_same_runs(page: ServedPage) -> None:
    texts = [json.dumps(values) for values in STATES[:3]]
    first = compute_states(page.work, page.columns, [StateJob(text, 2) for text in texts])
    then = compute_states(
        page.work, page.columns, [StateJob(text, 5, one.rows) for text, one in zip(texts, first, strict=True)]
    )
    alone = [compute_states(page.work, page.columns, [StateJob(text, 5, counts=(2,))])[0] for text in texts]
    assert [one.texts[5] for one in then] == [one.texts[5] for one in alone]
    assert [one.texts[2] for one in first] == [one.texts[2] for one in alone]


def test_a_state_without_a_finished_run_gives_the_reason(page: ServedPage) -> None:
    base = replace(page.work.base, config=page.work.base.config.replace('"end":"2025-12-23"', '"end":"2025-11-27"'))
    work = SweepWork(base, False, page.work.metrics, page.work.series)
    (one,) = compute_states(work, page.columns, [StateJob("{}", 2)])
    answer = json.loads(one.texts[2])
    assert answer["failed"] == 2
    assert "ConfigError" in answer["reason"]
    assert "data" not in answer


def test_thirty_clients_get_the_numbers_of_the_engine(page: ServedPage) -> None:
    sizes = [60 + 20 * at for at in range(10)]

    async def lesson() -> list[tuple[float, str]]:
        dispatcher = make_dispatcher(page, InProcessPool(page), RequestLimits(runs=4, first=2))
        seen: list[tuple[float, str]] = []

        async def student(at: int) -> None:
            size = sizes[at % len(sizes)]
            for beyond in (0, 2):
                response = await dispatcher.request(request_for(str(at), {STOCK: size}, beyond))
                assert response.kind == "state"
                seen.append((size, response.state))

        await asyncio.gather(*(student(at) for at in range(30)))
        await dispatcher.close()
        return seen

    seen: list[tuple[float, str]] = run_async(lesson())
    assert len(seen) == 60
    for size in sizes[::4]:
        answers = {text for which, text in seen if which == size}
        runs = {json.loads(text)["runs"]: text for text in answers}
        assert len(runs) == len(answers)
        for count, text in runs.items():
            assert json.loads(text) == computed(page, {STOCK: size}, count)


def test_a_slow_worker_is_replaced(page: ServedPage) -> None:
    async def check() -> None:
        pool = WorkerPool(page, 1)
        try:
            dispatcher = make_dispatcher(page, pool, RequestLimits(runs=4, first=2))
            assert (await dispatcher.request(request_for("one", {}, beyond=3))).kind == "state"
            dispatcher.limits = RequestLimits(runs=4, first=2, seconds=1e-4)
            late = await dispatcher.request(request_for("one", {STOCK: 310}))
            assert late.kind == "failed"
            assert "--seconds" in late.reason
            dispatcher.limits = RequestLimits(runs=4, first=2)
            assert (await dispatcher.request(request_for("one", {STOCK: 310}))).kind == "state"
            await dispatcher.close()
        finally:
            pool.kill()

    run_async(check())
