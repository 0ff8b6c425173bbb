"""Turns go round by client, equal states are computed once, and nobody is forgotten."""

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
    PaperBench,
    Steady,
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


def test_the_baseline_comes_first_and_with_every_number_of_runs(study: ServedPage) -> None:
    async def told() -> None:
        bench = PaperBench()
        desk = desk_of(study, bench, RequestLimits(runs=64, first=8))
        desk.open()
        await settled()
        assert bench.begun == [{"{}"}]
        while any(not one.done() for one in bench.told):
            await let_go(bench)
        assert [orders[0].runs for orders in bench.passes] == [8, 16, 32, 48, 64]
        assert set(desk.baselines) == {2, 4, 8, 16, 32, 48, 64}

    ran(told())


def test_fifty_moves_of_one_student_take_one_turn(study: ServedPage) -> None:
    async def told() -> None:
        bench = PaperBench()
        desk = desk_of(study, bench, pace=one_by_one())
        await ready(bench, desk)
        busy = start(desk, asked("busy", stock(100)))
        await settled()
        moved = [start(desk, asked("eager", {MEETING_ORDER: "2025-12-19", HIKE: f"{at}bp"})) for at in range(50)]
        await settled()
        patient = start(desk, asked("patient", {SPREAD: {"target_pp": 1.5}}))
        await settled()
        for _ in range(3):
            await let_go(bench)
        assert len(bench.begun) == 3
        assert state_of(await patient)[1] == 4
        assert state_of(await moved[-1])[0] == json.dumps(
            {HIKE: "49bp", MEETING_ORDER: "2025-12-19"}, separators=(",", ":")
        )
        assert {(await one).kind for one in moved[:-1]} == {"superseded"}
        await busy

    ran(told())


def test_a_client_that_was_served_goes_to_the_end(study: ServedPage) -> None:
    async def told() -> None:
        bench = PaperBench()
        desk = desk_of(study, bench, pace=one_by_one())
        await ready(bench, desk)
        waits = [start(desk, asked(str(at), stock(100 + at))) for at in range(3)]
        await settled()
        await let_go(bench)
        waits.append(start(desk, asked("0", stock(300))))
        await settled()
        for _ in range(3):
            await let_go(bench)
        assert [json.loads(next(iter(states))) for states in bench.begun] == [
            stock(size) for size in (100, 101, 102, 300)
        ]
        await asyncio.gather(*waits)

    ran(told())


def test_states_share_a_pass_and_equal_ones_are_computed_once(study: ServedPage) -> None:
    async def told() -> None:
        bench = PaperBench()
        desk = desk_of(study, bench)
        await ready(bench, desk)
        first = start(desk, asked("first", stock(90)))
        await settled()
        sizes = (100, 110, 100, 90, 120.0)
        waits = [start(desk, asked(str(at), stock(size))) for at, size in enumerate(sizes)]
        await settled()
        await let_go(bench)
        assert [len(states) for states in bench.begun] == [1, 3]
        await let_go(bench)
        found = [state_of(await one)[0] for one in (first, *waits)]
        assert [json.loads(text) for text in found] == [stock(size) for size in (90, *sizes)]
        again = await desk.ask(asked("late", stock(110)))
        assert state_of(again)[1] == 4
        assert len(bench.passes) == 2

    ran(told())


def test_the_scenario_s_own_value_is_the_baseline(study: ServedPage) -> None:
    async def told() -> None:
        bench = PaperBench()
        desk = desk_of(study, bench)
        await ready(bench, desk)
        reply = await desk.ask(asked("first", {**stock(250), HIKE: "25bp"}))
        assert state_of(reply) == ("{}", LIMITS.runs)
        assert bench.passes == []

    ran(told())


def test_further_runs_wait_for_first_answers_and_go_on_from_them(study: ServedPage) -> None:
    async def told() -> None:
        bench = PaperBench()
        desk = desk_of(study, bench, pace=one_by_one())
        await ready(bench, desk)
        one, two = start(desk, asked("one", stock(100))), start(desk, asked("two", {MEETING_ORDER: "2025-12-19"}))
        await settled()
        await let_go(bench)
        assert state_of(await one)[1] == 4
        more = start(desk, asked("one", stock(100), beyond=4))
        await settled()
        await let_go(bench)
        assert [orders[0].before for orders in bench.passes[:2]] == [None, None]
        await let_go(bench)
        assert state_of(await more)[1] == 8
        assert list(cast(range, bench.passes[2][0].before)) == [0, 1, 2, 3]
        assert bench.passes[2][0].runs == 8
        assert state_of(await desk.ask(asked("one", stock(100), beyond=8)))[1] == 8
        await two

    ran(told())


def test_the_more_wait_the_fewer_runs_has_a_first_answer(study: ServedPage) -> None:
    async def told(clients: int, pace: BatchTimes) -> list[int]:
        bench = PaperBench()
        desk = desk_of(study, bench, RequestLimits(runs=64, first=8), pace)
        await ready(bench, desk)
        held = start(desk, asked("held", stock(90)))
        await settled()
        waits = [start(desk, asked(str(at), stock(100 + at))) for at in range(clients)]
        await settled()
        while not all(one.done() for one in waits):
            await let_go(bench)
        await held
        return [state_of(await one)[1] for one in waits]

    # A pass takes 0.02 * (14 + runs) seconds: 0.6 s are 16 runs.
    assert ran(told(2, Steady(0.0125))) == [8] * 2
    assert ran(told(4, Steady(0.0125))) == [4] * 4
    assert ran(told(8, Steady(0.0125))) == [2] * 8
    assert ran(told(1, Steady(0.1))) == [2]
    assert ran(told(5, Steady(0.001))) == [8] * 5


def test_a_long_line_is_cut_into_passes(study: ServedPage) -> None:
    async def told() -> None:
        bench = PaperBench()
        desk = desk_of(study, bench, RequestLimits(runs=64, first=8), Steady(0.05))
        await ready(bench, desk)
        held = start(desk, asked("held", stock(90)))
        await settled()
        bench.passes.clear()
        waits = [start(desk, asked(str(at), stock(100 + at))) for at in range(10)]
        await settled()
        await let_go(bench)
        await let_go(bench)
        # The least room of a pass, 12 runs, is six states of two; the others have the next one.
        assert [[order.runs for order in orders] for orders in bench.passes] == [[2] * 6, [2] * 4]
        while not all(one.done() for one in (held, *waits)):
            await let_go(bench)

    ran(told())


class NotedBench(StatedBench):
    """Workers that note when they begin."""

    def __init__(self, workers: int, fixed: float, run: float) -> None:
        super().__init__(workers, fixed, run)
        self.begun: list[float] = []

    def take(self) -> int:
        self.begun.append(asyncio.get_running_loop().time())
        return super().take()


def test_passes_of_first_answers_begin_one_after_the_other(study: ServedPage) -> None:
    async def told() -> list[float]:
        bench = NotedBench(2, 0.9, 0.05)
        desk = desk_of(study, cast(WorkerPool, bench), RequestLimits(runs=8, first=8), Steady(0.02))
        desk.open()
        await asyncio.sleep(10.0)
        bench.begun.clear()
        first, second, third = (asyncio.create_task(desk.ask(asked(str(at), stock(100 + at)))) for at in range(3))
        await asyncio.gather(first, second, third)
        return [each - bench.begun[0] for each in bench.begun]

    with asyncio.Runner(loop_factory=Clock) as runner:
        begun = runner.run(told())
    # The other worker takes all that wait half a pass after the first began, not at once.
    assert begun == pytest.approx([0.0, 0.02 * (FIXED_COST_RUNS + 8) / 2], abs=2e-3)


def test_states_beside_the_baseline_are_computed_while_nobody_asks(study: ServedPage) -> None:
    async def told() -> None:
        bench = PaperBench()
        desk = desk_of(study, bench)
        desk._ahead = neighbour_keys(study)
        desk.open()
        await settled()
        for _ in range(4):
            await let_go(bench)
        ahead = [json.loads(order.values) for order in bench.passes[3]]
        assert ahead
        assert {len(values) for values in ahead} == {1}
        wish = start(desk, asked("one", stock(111)))
        await settled()
        await let_go(bench)
        assert bench.begun[-1] == {'{"populations.carry_funds.stock_usd_bn":111}'}
        await let_go(bench)
        assert state_of(await wish)[1] == 4
        await desk.close()

    ran(told())
