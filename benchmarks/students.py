"""Load test of the served page: simulated students move sliders and wait for results.

A student drags one slider over several positions, releases it, views the page while further runs arrive, and drags the next one;
sometimes all sliders are reset first.  The measured time runs from the release to the first result of that state.  States
contained in the page need no request and are not counted.  All times are those of the event loop.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
from collections import Counter
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

PAUSE = 0.12
"""Seconds a slider must rest before the page sends a request."""
Levels = tuple[int, ...]
Answer = TypeVar("Answer")


def now() -> float:
    """Seconds on the clock of the event loop."""
    return asyncio.get_running_loop().time()


class Server(Protocol):
    """A server for state requests."""

    async def state(self, client: str, state: dict[str, Any], beyond: int = 0) -> dict[str, Any]:
        """Response to a state request; cancelling closes the connection."""
        ...


@dataclass
class Tally:
    """Results of all students."""

    waits: list[float] = field(default_factory=list)
    runs: Counter[int] = field(default_factory=Counter)
    lost: int = 0
    errors: list[str] = field(default_factory=list)
    left: int = 0
    further: int = 0
    seen: dict[tuple[str, int], str] = field(default_factory=dict)

    def saw(self, state: str, answer: dict[str, Any]) -> None:
        """Record a response and check that equal states with equal runs have equal results."""
        runs, text = answer["state"]["runs"], json.dumps(answer, sort_keys=True)
        if answer["baseline"]["runs"] != runs:
            self.errors.append(f"{runs} runs compared with a baseline of {answer['baseline']['runs']} runs")
        if self.seen.setdefault((state, runs), text) != text:
            self.errors.append(f"two different responses for one state: {state}")


class Page:
    """Sliders of the page and the states it contains."""

    def __init__(self, content: dict[str, Any]) -> None:
        self.sliders = content["sliders"]
        self.home: Levels = tuple(content["states"][content["baseline"]])
        self.held = {tuple(levels) for levels in content["states"]}
        self.runs: int = content["live"]["runs"]

    def state(self, levels: Levels) -> dict[str, Any]:
        """Parameter values of the requested state."""
        values = [slider["levels"][level]["value"] for slider, level in zip(self.sliders, levels, strict=True)]
        named = zip(self.sliders, values, strict=True)
        return {slider["key"]: value for slider, value in named if value is not None}


@dataclass
class Student:
    """A simulated user of the page."""

    name: str
    chance: random.Random
    page: Page
    server: Server
    tally: Tally
    think: tuple[float, float]
    stretch: float
    patience: float

    async def stay(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds * self.stretch)

    async def within(self, seconds: float, answer: Awaitable[Answer]) -> Answer:
        """Wait for a result with a time limit."""
        return await asyncio.wait_for(answer, seconds * self.stretch)

    async def work(self, until: float) -> None:
        """Drag sliders until the end of the lesson."""
        levels = self.page.home
        await self.stay(self.chance.uniform(0.0, self.think[1]))
        while now() < until:
            levels = self.page.home if self.chance.random() < 0.3 else levels
            *passed, levels = self.drag(levels)
            for each in passed:
                await self.pass_over(each)
            if levels not in self.page.held:
                await self.rest_on(levels)

    def drag(self, levels: Levels) -> list[Levels]:
        """Positions of one drag of a slider; the last is where it rests."""
        slider = self.chance.randrange(len(levels))
        most = len(self.page.sliders[slider]["levels"]) - 1
        target = self.chance.choice([level for level in range(most + 1) if level != levels[slider]])
        step = 1 if target > levels[slider] else -1
        between = list(range(levels[slider] + step, target, step))
        kept = sorted(self.chance.sample(between, min(len(between), self.chance.randrange(2, 8))), reverse=step < 0)
        return [(*levels[:slider], level, *levels[slider + 1 :]) for level in (*kept, target)]

    async def pass_over(self, levels: Levels) -> None:
        """Rest briefly on a position; a request sent meanwhile is cancelled."""
        stay = self.chance.uniform(0.03, 0.15)
        if stay < PAUSE or levels in self.page.held:
            await self.stay(stay)
            return
        await self.stay(PAUSE)
        with suppress(TimeoutError):
            await self.within(stay - PAUSE, self.server.state(self.name, self.page.state(levels)))
        self.tally.left += 1

    async def rest_on(self, levels: Levels) -> None:
        """Wait for the first result, then view it while more runs arrive."""
        state, started = self.page.state(levels), now()
        await self.stay(PAUSE)
        try:
            answer = await self.within(self.patience, self.server.state(self.name, state))
            self.tally.waits.append((now() - started) / self.stretch)
            self.tally.runs[answer["state"]["runs"]] += 1
            self.tally.saw(json.dumps(state, sort_keys=True), answer)
            with suppress(TimeoutError):
                await self.within(self.chance.uniform(*self.think), self.look(state, answer))
        except TimeoutError:
            self.tally.lost += 1
        except Exception as error:
            self.tally.errors.append(f"{type(error).__name__}: {error}")

    async def look(self, state: dict[str, Any], answer: dict[str, Any]) -> None:
        """Request further runs until the state is complete, then wait."""
        while answer["state"]["runs"] < self.page.runs:
            answer = await self.server.state(self.name, state, answer["state"]["runs"])
            self.tally.saw(json.dumps(state, sort_keys=True), answer)
            self.tally.further += 1
        await self.stay(self.patience)


def options() -> argparse.ArgumentParser:
    """Options of a lesson."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--students", type=int, default=30, choices=range(1, 201), metavar="1..200")
    parser.add_argument("--seconds", type=float, default=60.0, help="length of the lesson, at most 600")
    parser.add_argument("--think", type=float, nargs=2, default=(2.0, 6.0), metavar=("LEAST", "MOST"))
    parser.add_argument("--patience", type=float, default=30.0, help="seconds after which a response counts as lost")
    parser.add_argument("--warm", type=float, default=0.0, help="seconds from the first response to the first student")
    parser.add_argument(
        "--stretch",
        type=float,
        default=1.0,
        help="factor for a busy machine: all actions of students take this many times as long, and reported waits are "
        "divided by it",
    )
    return parser


async def lesson(server: Server, content: dict[str, Any], asked: argparse.Namespace) -> Tally:
    """Run a lesson with a page of this content."""
    page, tally = Page(content), Tally()
    # Wait until the server has its baseline.
    await server.state("the-teacher", {"populations.carry_funds.stock_usd_bn": 333})
    await asyncio.sleep(asked.warm)
    until = now() + min(asked.seconds, 600.0) * asked.stretch
    students = [
        Student(f"student-{at:02d}", random.Random(at), page, server, tally, asked.think, asked.stretch, asked.patience)
        for at in range(asked.students)
    ]
    await asyncio.gather(*(student.work(until) for student in students))
    return tally


def lesson_summary(tally: Tally) -> str:
    """Summary of a lesson as text."""
    waits = sorted(tally.waits) or [float("nan")]
    share = {part: waits[min(len(waits) - 1, int(part / 100 * len(waits)))] for part in (50, 90, 95, 99)}
    return "\n".join(
        [
            f"responses {len(tally.waits)}, lost {tally.lost}, errors {len(tally.errors)}, "
            f"cancelled while dragging {tally.left}, responses with further runs {tally.further}",
            "seconds to the first result: "
            + ", ".join(f"{part} % under {value:.2f}" for part, value in share.items())
            + f", longest {waits[-1]:.2f}",
            f"under 2 s: {100 * sum(wait < 2 for wait in tally.waits) / len(waits):.1f} %",
            "runs of first results: "
            + ", ".join(f"{runs} runs {count}x" for runs, count in sorted(tally.runs.items())),
            *tally.errors[:5],
        ]
    )
