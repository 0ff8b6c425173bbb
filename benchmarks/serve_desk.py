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
from simulation.pages.explore.sliders import ORDER
from simulation.pages.serve.bench import Bench, Places
from simulation.pages.serve.controls import checked
from simulation.pages.serve.desk import Desk
from simulation.pages.serve.reading import Wish
from simulation.pages.serve.study import shipped_study
from simulation.pages.serve.tickets import Limits
from simulation.pages.serve.work import Made, Order

CALENDAR = 0.07
"""What each further calendar in a pass adds to its fixed cost, by calls of functions (`simulation.day.calendars_apart`)."""


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


class StatedBench(Places):
    """Workers that take as long as they are said to and give states without numbers."""

    def __init__(self, workers: int, fixed: float, run: float) -> None:
        super().__init__(workers)
        self.fixed, self.run = fixed, run
        self.sizes: list[tuple[int, int]] = []

    async def made(self, place: int, orders: Sequence[Order], seconds: float) -> list[Made]:
        """States after the time that a pass takes."""
        runs = sum(order.runs - (0 if order.before is None else len(order.before)) for order in orders)
        self.sizes.append((len(orders), runs))
        apart = CALENDAR * (len({calendar_of(order.values) for order in orders}) - 1)
        await asyncio.sleep(self.fixed * (1.0 + apart) + self.run * runs)
        return [paper(order) for order in orders]


def calendar_of(values: str) -> str | None:
    """What states have in common whose runs share officials."""
    day: str | None = json.loads(values).get(ORDER)
    return day


def paper(order: Order) -> Made:
    """A state that holds the number of its runs."""
    cuts = sorted({*order.cuts, order.runs})
    return Made(cast(Any, range(order.runs)), {runs: json.dumps({"runs": runs}) for runs in cuts})


class AtDesk:
    """A desk that is asked without HTTP."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    async def state(self, client: str, state: dict[str, Any], beyond: int = 0) -> dict[str, Any]:
        """The answer to a question for a state."""
        reply = await self.desk.ask(Wish(client, checked(state), beyond))
        if reply.kind != "state":
            raise RuntimeError(f"{reply.kind}: {reply.reason}")
        return {"state": json.loads(reply.state), "baseline": json.loads(reply.baseline)}


async def at_desk(bench: StatedBench, asked: argparse.Namespace) -> Tally:
    """A lesson at a desk with such workers."""
    study, limits = shipped_study(), Limits(seconds=600.0)
    desk = Desk(study, cast(Bench, bench), limits)
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
