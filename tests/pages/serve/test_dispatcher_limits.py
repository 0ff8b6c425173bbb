"""Failures affect only the requests concerned: failed batches, disconnects, a full queue, a full cache."""

from __future__ import annotations

from simulation.pages.serve.dispatcher import MAX_CLIENTS
from simulation.pages.serve.requests import RequestLimits
from simulation.pages.serve.served_page import ServedPage
from tests.pages.serve.conftest import (
    FakePool,
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


def test_a_failed_batch_fails_only_the_state_that_caused_it(page: ServedPage) -> None:
    async def check() -> None:
        pool = FakePool(wrong={'{"populations.carry_funds.stock_usd_bn":110}'})
        dispatcher = make_dispatcher(page, pool)
        await compute_baseline(pool, dispatcher)
        held = start(dispatcher, request_for("held", stock(90)))
        await settle()
        waits = [start(dispatcher, request_for(str(at), stock(size))) for at, size in enumerate((100, 110, 120))]
        await settle()
        while not all(one.done() for one in waits):
            await finish_batch(pool)
        assert [(await one).kind for one in waits] == ["state", "failed", "state"]
        assert (await waits[1]).reason == "longer than 60 s"
        assert [len(states) for states in pool.started] == [1, 3, 1, 1, 1]
        await held

    run_async(check())


def test_the_baseline_limits_the_runs_of_all_states(page: ServedPage) -> None:
    async def check() -> None:
        pool = FakePool()
        dispatcher = make_dispatcher(page, pool, RequestLimits(runs=64, first=8))
        dispatcher.open()
        await settle()
        await finish_batch(pool)
        pool.wrong.add("{}")
        await finish_batch(pool)
        assert len(pool.batches) == 2
        request = start(dispatcher, request_for("one", stock(100)))
        await settle()
        await finish_batch(pool)
        assert state_of(await request)[1] == 8
        assert state_of(await dispatcher.request(request_for("one", stock(100), beyond=8)))[1] == 8

    run_async(check())


def test_a_disconnected_client_leaves_the_queue(page: ServedPage) -> None:
    async def check() -> None:
        pool = FakePool()
        dispatcher = make_dispatcher(page, pool, times=one_state_per_batch())
        await compute_baseline(pool, dispatcher)
        waits = [start(dispatcher, request_for(str(at), stock(100 + at))) for at in range(2)]
        await settle()
        waits[1].cancel()
        await settle()
        assert len(dispatcher.waiting) == 1
        await finish_batch(pool)
        assert len(pool.batches) == 1

    run_async(check())


def test_a_full_queue_and_a_shutdown_respond_busy(page: ServedPage) -> None:
    async def check() -> None:
        pool = FakePool()
        dispatcher = make_dispatcher(page, pool)
        await compute_baseline(pool, dispatcher)
        waits = [start(dispatcher, request_for(str(at), stock(301 + at))) for at in range(MAX_CLIENTS)]
        await settle()
        refused = await dispatcher.request(request_for("too-many", stock(99)))
        assert refused.kind == "busy"
        assert str(MAX_CLIENTS) in refused.reason
        await dispatcher.close()
        assert {(await one).kind for one in waits} == {"busy"}

    run_async(check())


def test_the_cache_is_bounded(page: ServedPage) -> None:
    async def check() -> None:
        pool = FakePool()
        dispatcher = make_dispatcher(page, pool, RequestLimits(runs=8, first=4, states=3))
        await compute_baseline(pool, dispatcher)
        for size in (100, 110, 120, 130):
            one = start(dispatcher, request_for("one", stock(size)))
            await settle()
            await finish_batch(pool)
            await one
        assert len(dispatcher.cache) == 3
        assert dispatcher.cache.get('{"populations.carry_funds.stock_usd_bn":110}') is not None
        assert dispatcher.cache.get('{"populations.carry_funds.stock_usd_bn":100}') is None

    run_async(check())
