"""What goes wrong at the desk costs only whom it concerns: failed passes, who hangs up, a full line, a full shelf."""

from __future__ import annotations

from simulation.pages.serve.dispatcher import MAX_CLIENTS
from simulation.pages.serve.requests import RequestLimits
from simulation.pages.serve.served_page import ServedPage
from tests.pages.serve.conftest import (
    PaperBench,
    asked,
    desk_of,
    let_go,
    one_by_one,
    ran,
    ready,
    settled,
    start,
    state_of,
    stock,
)


def test_a_pass_that_fails_costs_only_the_state_that_is_to_blame(study: ServedPage) -> None:
    async def told() -> None:
        bench = PaperBench(wrong={'{"populations.carry_funds.stock_usd_bn":110}'})
        desk = desk_of(study, bench)
        await ready(bench, desk)
        held = start(desk, asked("held", stock(90)))
        await settled()
        waits = [start(desk, asked(str(at), stock(size))) for at, size in enumerate((100, 110, 120))]
        await settled()
        while not all(one.done() for one in waits):
            await let_go(bench)
        assert [(await one).kind for one in waits] == ["state", "failed", "state"]
        assert (await waits[1]).reason == "longer than 60 s"
        assert [len(states) for states in bench.begun] == [1, 3, 1, 1, 1]
        await held

    ran(told())


def test_a_baseline_that_gets_no_further_runs_leaves_states_with_as_few(study: ServedPage) -> None:
    async def told() -> None:
        bench = PaperBench()
        desk = desk_of(study, bench, RequestLimits(runs=64, first=8))
        desk.open()
        await settled()
        await let_go(bench)
        bench.wrong.add("{}")
        await let_go(bench)
        assert len(bench.passes) == 2
        wish = start(desk, asked("one", stock(100)))
        await settled()
        await let_go(bench)
        assert state_of(await wish)[1] == 8
        assert state_of(await desk.ask(asked("one", stock(100), beyond=8)))[1] == 8

    ran(told())


def test_who_hangs_up_leaves_the_line(study: ServedPage) -> None:
    async def told() -> None:
        bench = PaperBench()
        desk = desk_of(study, bench, pace=one_by_one())
        await ready(bench, desk)
        waits = [start(desk, asked(str(at), stock(100 + at))) for at in range(2)]
        await settled()
        waits[1].cancel()
        await settled()
        assert len(desk.waiting) == 1
        await let_go(bench)
        assert len(bench.passes) == 1

    ran(told())


def test_a_full_line_says_so_and_an_ended_server_leaves_nobody_waiting(study: ServedPage) -> None:
    async def told() -> None:
        bench = PaperBench()
        desk = desk_of(study, bench)
        await ready(bench, desk)
        waits = [start(desk, asked(str(at), stock(301 + at))) for at in range(MAX_CLIENTS)]
        await settled()
        refused = await desk.ask(asked("too-many", stock(99)))
        assert refused.kind == "busy"
        assert str(MAX_CLIENTS) in refused.reason
        await desk.close()
        assert {(await one).kind for one in waits} == {"busy"}

    ran(told())


def test_only_so_many_states_are_kept(study: ServedPage) -> None:
    async def told() -> None:
        bench = PaperBench()
        desk = desk_of(study, bench, RequestLimits(runs=8, first=4, states=3))
        await ready(bench, desk)
        for size in (100, 110, 120, 130):
            one = start(desk, asked("one", stock(size)))
            await settled()
            await let_go(bench)
            await one
        assert len(desk.shelf) == 3
        assert desk.shelf.get('{"populations.carry_funds.stock_usd_bn":110}') is not None
        assert desk.shelf.get('{"populations.carry_funds.stock_usd_bn":100}') is None

    ran(told())
