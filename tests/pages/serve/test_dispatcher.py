"""Clients are served in turn, equal states are computed once, and every request gets a response."""

from __future__ import annotations

import asyncio
import json
from typing import cast

import pytest

from benchmarks.serve_desk import Clock, StatedBench
from simulation.pages.explore.sliders import HIKE, MEETING_ORDER, SPREAD
from simulation.pages.serve.requests import RequestLimits
from simulation.pages.serve.scheduling import FIXED_COST_RUNS, BatchTimes
from simulation.pages.serve.served_page import ServedPage, neighbour_keys
from simulation.pages.serve.worker_pool import WorkerPool
from tests.pages.serve.conftest import (
    LIMITS,
    FakePool,
    FixedTimes,
    compute_baseline,
    finish_batch,
    make_dispatcher,
    one_state_per_batch,
    request_for,
    run_async,
    settle,
    start,
    state_of,
    stock,
)


def test_the_baseline_is_computed_first_for_every_number_of_runs(page: ServedPage) -> None:
    async def check() -> None:
        pool = FakePool()
        dispatcher = make_dispatcher(page, pool, RequestLimits(runs=64, first=8))
        dispatcher.open()
        await settle()
        assert pool.started == [{"{}"}]
        while any(not one.done() for one in pool.gates):
            await finish_batch(pool)
        assert [jobs[0].runs for jobs in pool.batches] == [8, 16, 32, 48, 64]
        assert set(dispatcher.baselines) == {2, 4, 8, 16, 32, 48, 64}

    run_async(check())


def test_fifty_moves_of_one_client_cost_one_turn(page: ServedPage) -> None:
    async def check() -> None:
        pool = FakePool()
        dispatcher = make_dispatcher(page, pool, times=one_state_per_batch())
        await compute_baseline(pool, dispatcher)
        busy = start(dispatcher, request_for("busy", stock(100)))
        await settle()
        moved = [
            start(dispatcher, request_for("eager", {MEETING_ORDER: "2025-12-19", HIKE: f"{at}bp"})) for at in range(50)
        ]
        await settle()
        patient = start(dispatcher, request_for("patient", {SPREAD: {"target_pp": 1.5}}))
        await settle()
        for _ in range(3):
            await finish_batch(pool)
        assert len(pool.started) == 3
        assert state_of(await patient)[1] == 4
        assert state_of(await moved[-1])[0] == json.dumps(
            {HIKE: "49bp", MEETING_ORDER: "2025-12-19"}, separators=(",", ":")
        )
        assert {(await one).kind for one in moved[:-1]} == {"superseded"}
        await busy

    run_async(check())


def test_a_served_client_joins_the_end_of_the_queue(page: ServedPage) -> None:
    async def check() -> None:
        pool = FakePool()
        dispatcher = make_dispatcher(page, pool, times=one_state_per_batch())
        await compute_baseline(pool, dispatcher)
        waits = [start(dispatcher, request_for(str(at), stock(100 + at))) for at in range(3)]
        await settle()
        await finish_batch(pool)
        waits.append(start(dispatcher, request_for("0", stock(300))))
        await settle()
        for _ in range(3):
            await finish_batch(pool)
        assert [json.loads(next(iter(states))) for states in pool.started] == [
            stock(size) for size in (100, 101, 102, 300)
        ]
        await asyncio.gather(*waits)

    run_async(check())


def test_states_share_a_batch_and_equal_states_are_computed_once(page: ServedPage) -> None:
    async def check() -> None:
        pool = FakePool()
        dispatcher = make_dispatcher(page, pool)
        await compute_baseline(pool, dispatcher)
        first = start(dispatcher, request_for("first", stock(90)))
        await settle()
        sizes = (100, 110, 100, 90, 120.0)
        waits = [start(dispatcher, request_for(str(at), stock(size))) for at, size in enumerate(sizes)]
        await settle()
        await finish_batch(pool)
        assert [len(states) for states in pool.started] == [1, 3]
        await finish_batch(pool)
        found = [state_of(await one)[0] for one in (first, *waits)]
        assert [json.loads(text) for text in found] == [stock(size) for size in (90, *sizes)]
        again = await dispatcher.request(request_for("late", stock(110)))
        assert state_of(again)[1] == 4
        assert len(pool.batches) == 2

    run_async(check())


def test_values_of_the_scenario_are_the_baseline(page: ServedPage) -> None:
    async def check() -> None:
        pool = FakePool()
        dispatcher = make_dispatcher(page, pool)
        await compute_baseline(pool, dispatcher)
        response = await dispatcher.request(request_for("first", {**stock(250), HIKE: "25bp"}))
        assert state_of(response) == ("{}", LIMITS.runs)
        assert pool.batches == []

    run_async(check())


def test_further_runs_follow_first_responses(page: ServedPage) -> None:
    async def check() -> None:
        pool = FakePool()
        dispatcher = make_dispatcher(page, pool, times=one_state_per_batch())
        await compute_baseline(pool, dispatcher)
        one, two = (
            start(dispatcher, request_for("one", stock(100))),
            start(dispatcher, request_for("two", {MEETING_ORDER: "2025-12-19"})),
        )
        await settle()
        await finish_batch(pool)
        assert state_of(await one)[1] == 4
        more = start(dispatcher, request_for("one", stock(100), beyond=4))
        await settle()
        await finish_batch(pool)
        assert [jobs[0].previous for jobs in pool.batches[:2]] == [None, None]
        await finish_batch(pool)
        assert state_of(await more)[1] == 8
        assert list(cast(range, pool.batches[2][0].previous)) == [0, 1, 2, 3]
        assert pool.batches[2][0].runs == 8
        assert state_of(await dispatcher.request(request_for("one", stock(100), beyond=8)))[1] == 8
        await two

    run_async(check())


def test_first_responses_have_fewer_runs_under_load(page: ServedPage) -> None:
    async def check(clients: int, times: BatchTimes) -> list[int]:
        pool = FakePool()
        dispatcher = make_dispatcher(page, pool, RequestLimits(runs=64, first=8), times)
        await compute_baseline(pool, dispatcher)
        held = start(dispatcher, request_for("held", stock(90)))
        await settle()
        waits = [start(dispatcher, request_for(str(at), stock(100 + at))) for at in range(clients)]
        await settle()
        while not all(one.done() for one in waits):
            await finish_batch(pool)
        await held
        return [state_of(await one)[1] for one in waits]

    # A batch takes 0.0125 * (20 + runs) s; the target is 0.6 s.
    assert run_async(check(2, FixedTimes(0.0125))) == [8] * 2
    assert run_async(check(4, FixedTimes(0.0125))) == [4] * 4
    assert run_async(check(8, FixedTimes(0.0125))) == [2] * 8
    assert run_async(check(1, FixedTimes(0.1))) == [2]
    assert run_async(check(5, FixedTimes(0.001))) == [8] * 5


def test_a_long_queue_is_split_into_batches(page: ServedPage) -> None:
    async def check() -> None:
        pool = FakePool()
        dispatcher = make_dispatcher(page, pool, RequestLimits(runs=64, first=8), FixedTimes(0.05))
        await compute_baseline(pool, dispatcher)
        held = start(dispatcher, request_for("held", stock(90)))
        await settle()
        pool.batches.clear()
        waits = [start(dispatcher, request_for(str(at), stock(100 + at))) for at in range(10)]
        await settle()
        await finish_batch(pool)
        await finish_batch(pool)
        # The smallest capacity, 12 runs, holds six states of two runs; the others wait for the next batch.
        assert [[job.runs for job in jobs] for jobs in pool.batches] == [[2] * 6, [2] * 4]
        while not all(one.done() for one in (held, *waits)):
            await finish_batch(pool)

    run_async(check())


class TimedPool(StatedBench):
    """Workers that record when they start."""

    def __init__(self, workers: int, fixed: float, run: float) -> None:
        super().__init__(workers, fixed, run)
        self.started: list[float] = []

    def acquire(self) -> int:
        self.started.append(asyncio.get_running_loop().time())
        return super().acquire()


def test_batches_of_first_responses_start_staggered(page: ServedPage) -> None:
    async def check() -> list[float]:
        pool = TimedPool(2, 0.9, 0.05)
        dispatcher = make_dispatcher(page, cast(WorkerPool, pool), RequestLimits(runs=8, first=8), FixedTimes(0.02))
        dispatcher.open()
        await asyncio.sleep(10.0)
        pool.started.clear()
        first, second, third = (
            asyncio.create_task(dispatcher.request(request_for(str(at), stock(100 + at)))) for at in range(3)
        )
        await asyncio.gather(first, second, third)
        return [each - pool.started[0] for each in pool.started]

    with asyncio.Runner(loop_factory=Clock) as runner:
        begun = runner.run(check())
    # The second worker starts half a batch after the first, with all waiting states.
    assert begun == pytest.approx([0.0, 0.02 * (FIXED_COST_RUNS + 8) / 2], abs=2e-3)


def test_neighbours_of_the_baseline_are_precomputed_when_idle(page: ServedPage) -> None:
    async def check() -> None:
        pool = FakePool()
        dispatcher = make_dispatcher(page, pool)
        dispatcher._neighbours = neighbour_keys(page)
        dispatcher.open()
        await settle()
        for _ in range(4):
            await finish_batch(pool)
        ahead = [json.loads(job.values) for job in pool.batches[3]]
        assert ahead
        assert {len(values) for values in ahead} == {1}
        request = start(dispatcher, request_for("one", stock(111)))
        await settle()
        await finish_batch(pool)
        assert pool.started[-1] == {'{"populations.carry_funds.stock_usd_bn":111}'}
        await finish_batch(pool)
        assert state_of(await request)[1] == 4
        await dispatcher.close()

    run_async(check())
