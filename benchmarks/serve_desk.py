"""The lesson of `benchmarks.students` at the real desk of `carryflow serve`, with workers of a stated speed.

``python -m benchmarks.serve_desk --fixed 0.5 --run 0.04`` says what a minute of thirty students is like where a pass takes so
many seconds and each of its runs so many more.  The clock jumps from one event to the next, no model is run, and nothing
depends on the load of this machine: it is for choosing how turns and passes are shared out, and no claim about a machine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import selectors
from collections.abc import Sequence
from typing import Any, cast

from benchmarks.students import Tally, lesson, options, told
from simulation.pages.explore.sliders import MEETING_ORDER
from simulation.pages.serve.controls import parse_state
from simulation.pages.serve.dispatcher import Dispatcher
from simulation.pages.serve.requests import RequestLimits, StateRequest
from simulation.pages.serve.served_page import shipped_page
from simulation.pages.serve.worker_pool import StateJob, StateResult, WorkerPool, WorkerSlots

CALENDAR = 0.07
"""What each further calendar in a pass adds to its fixed cost, by calls of functions (`simulation.day.officials`)."""


class Jump(selectors.SelectSelector):
    """Waits for nothing: time passes at once."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """What happened by the end of the wait."""
        if timeout is None:
            raise RuntimeError("everybody waits, and nothing will happen")
        self.now += timeout
        return super().select(0)


class Clock(asyncio.SelectorEventLoop):
    """An event loop whose time jumps to whatever happens next."""

    def __init__(self) -> None:
        self.jump = Jump()
        super().__init__(self.jump)

    def time(self) -> float:
        """Seconds since the start."""
        return self.jump.now


class StatedBench(WorkerSlots):
    """Workers that take as long as they are said to and give states without numbers."""

    def __init__(self, workers: int, fixed: float, run: float) -> None:
        super().__init__(workers)
        self.fixed, self.run = fixed, run
        self.sizes: list[tuple[int, int]] = []

    async def compute(self, slot: int, jobs: Sequence[StateJob], seconds: float) -> list[StateResult]:
        """States after the time that a pass takes."""
        runs = sum(order.runs - (0 if order.previous is None else len(order.previous)) for order in jobs)
        self.sizes.append((len(jobs), runs))
        apart = CALENDAR * (len({calendar_of(order.values) for order in jobs}) - 1)
        await asyncio.sleep(self.fixed * (1.0 + apart) + self.run * runs)
        return [paper(order) for order in jobs]


def calendar_of(values: str) -> str | None:
    """What states have in common whose runs share officials."""
    day: str | None = json.loads(values).get(MEETING_ORDER)
    return day


def paper(order: StateJob) -> StateResult:
    """A state that holds the number of its runs."""
    cuts = sorted({*order.counts, order.runs})
    return StateResult(cast(Any, range(order.runs)), {runs: json.dumps({"runs": runs}) for runs in cuts})


class AtDesk:
    """A desk that is asked without HTTP."""

    def __init__(self, desk: Dispatcher) -> None:
        self.desk = desk

    async def state(self, client: str, state: dict[str, Any], beyond: int = 0) -> dict[str, Any]:
        """The answer to a question for a state."""
        reply = await self.desk.request(StateRequest(client, parse_state(state), beyond))
        if reply.kind != "state":
            raise RuntimeError(f"{reply.kind}: {reply.reason}")
        return {"state": json.loads(reply.state), "baseline": json.loads(reply.baseline)}


async def at_desk(bench: StatedBench, asked: argparse.Namespace) -> Tally:
    """A lesson at a desk with such workers."""
    study, limits = shipped_page(), RequestLimits(seconds=600.0)
    desk = Dispatcher(study, cast(WorkerPool, bench), limits)
    desk.open()
    tally = await lesson(AtDesk(desk), {**study.content, "live": {"runs": limits.runs}}, asked)
    await desk.close()
    return tally


def main() -> None:
    """Run the lesson and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, parents=[options()])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--fixed", type=float, default=0.5, help="seconds that a pass takes without its runs")
    parser.add_argument("--run", type=float, default=0.045, help="seconds that each of its runs adds")
    asked = parser.parse_args()
    bench = StatedBench(asked.workers, asked.fixed, asked.run)
    with asyncio.Runner(loop_factory=Clock) as runner:
        print(told(runner.run(at_desk(bench, asked))))
    passes = len(bench.sizes)
    states, runs = (sum(each) / passes for each in zip(*bench.sizes, strict=True))
    print(f"{passes} passes, {states:.1f} states and {runs:.1f} runs each on average")


if __name__ == "__main__":
    main()
