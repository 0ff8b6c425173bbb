"""Thirty students move sliders of `carryflow serve` for a minute: what is lost, what is wrong, and how long they wait.

    python benchmarks/serve_students.py --students 30 --seconds 60

A student drags one slider over some positions, lets go, looks at the page while further runs come, and drags the next one;
now and then all sliders go back to the baseline first.  What is measured is the time from letting go to the first numbers of
that state, as the page would show them.  States that the page holds anyway cost no question and are not counted.  The server
is started on a free port of this machine and ended; the run stops by itself.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

PAUSE = 0.12
"""Seconds that the page waits for the slider to rest before it asks."""
HOST = "127.0.0.1"
CONTENT = re.compile(r'<script type="application/json" id="content">(.*?)</script>', re.DOTALL)
Levels = tuple[int, ...]
Answer = TypeVar("Answer")


@dataclass
class Tally:
    """What the students saw."""

    waits: list[float] = field(default_factory=list)
    runs: Counter[int] = field(default_factory=Counter)
    lost: int = 0
    errors: list[str] = field(default_factory=list)
    left: int = 0
    further: int = 0
    seen: dict[tuple[str, int], str] = field(default_factory=dict)

    def saw(self, state: str, answer: dict[str, Any]) -> None:
        """Note an answer; the same state with as many runs has the same numbers for everybody."""
        runs, text = answer["state"]["runs"], json.dumps(answer, sort_keys=True)
        if answer["baseline"]["runs"] != runs:
            self.errors.append(f"{runs} runs against a baseline of {answer['baseline']['runs']}")
        if self.seen.setdefault((state, runs), text) != text:
            self.errors.append(f"two answers to one state: {state}")


class Server:
    """A server that is asked as the page asks it."""

    def __init__(self, port: int) -> None:
        self.port = port

    async def request(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        """Status and body of a response; a cancelled request hangs up."""
        reader, writer = await asyncio.open_connection(HOST, self.port, limit=2**24)
        try:
            head = f"{method} {path} HTTP/1.1\r\nhost: {HOST}:{self.port}\r\nconnection: close\r\n"
            kind = f"content-type: application/json\r\ncontent-length: {len(body)}\r\n" if body else ""
            writer.write(f"{head}{kind}\r\n".encode() + body)
            await writer.drain()
            head_text, _, content = (await reader.read(-1)).partition(b"\r\n\r\n")
            return int(head_text.split()[1]), content
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def state(self, client: str, state: dict[str, Any], beyond: int = 0) -> dict[str, Any]:
        """The answer to a question for a state."""
        body = json.dumps({"client": client, "state": state, "beyond": beyond}).encode()
        status, content = await self.request("POST", "/state", body)
        if status != 200:
            raise RuntimeError(f"status {status}: {content[:200]!r}")
        answer: dict[str, Any] = json.loads(content)
        return answer


class Page:
    """Sliders of the page and the states that it holds."""

    def __init__(self, html: str) -> None:
        found = CONTENT.search(html)
        assert found is not None, "the page holds no content"
        content = json.loads(found[1])
        self.sliders = content["sliders"]
        self.home: Levels = tuple(content["states"][content["baseline"]])
        self.held = {tuple(levels) for levels in content["states"]}
        self.runs = content["live"]["runs"]

    def state(self, levels: Levels) -> dict[str, Any]:
        """What the page asks for."""
        values = [slider["levels"][level]["value"] for slider, level in zip(self.sliders, levels, strict=True)]
        named = zip(self.sliders, values, strict=True)
        return {slider["key"]: value for slider, value in named if value is not None}


@dataclass
class Student:
    """One who moves sliders."""

    name: str
    chance: random.Random
    page: Page
    server: Server
    tally: Tally
    think: tuple[float, float]
    stretch: float
    patience: float

    async def stay(self, seconds: float) -> None:
        """Let time pass."""
        await asyncio.sleep(seconds * self.stretch)

    async def within(self, seconds: float, answer: Awaitable[Answer]) -> Answer:
        """Wait for something for so long at most."""
        return await asyncio.wait_for(answer, seconds * self.stretch)

    async def work(self, until: float) -> None:
        """Drag sliders until time is up."""
        levels = self.page.home
        await self.stay(self.chance.uniform(0.0, self.think[1]))
        while time.monotonic() < until:
            levels = self.page.home if self.chance.random() < 0.3 else levels
            *passed, levels = self.drag(levels)
            for each in passed:
                await self.pass_over(each)
            if levels not in self.page.held:
                await self.rest_on(levels)

    def drag(self, levels: Levels) -> list[Levels]:
        """Positions that one slider passes over, the last where it rests."""
        slider = self.chance.randrange(len(levels))
        most = len(self.page.sliders[slider]["levels"]) - 1
        target = self.chance.choice([level for level in range(most + 1) if level != levels[slider]])
        step = 1 if target > levels[slider] else -1
        between = list(range(levels[slider] + step, target, step))
        kept = sorted(self.chance.sample(between, min(len(between), self.chance.randrange(2, 8))), reverse=step < 0)
        return [(*levels[:slider], level, *levels[slider + 1 :]) for level in (*kept, target)]

    async def pass_over(self, levels: Levels) -> None:
        """Stand on a position for a moment; a question that was asked meanwhile is dropped."""
        stay = self.chance.uniform(0.03, 0.15)
        if stay < PAUSE or levels in self.page.held:
            await self.stay(stay)
            return
        await self.stay(PAUSE)
        with suppress(TimeoutError):
            await self.within(stay - PAUSE, self.server.state(self.name, self.page.state(levels)))
        self.tally.left += 1

    async def rest_on(self, levels: Levels) -> None:
        """Wait for the first numbers, then look at them while more runs come."""
        state, started = self.page.state(levels), time.monotonic()
        await self.stay(PAUSE)
        try:
            answer = await self.within(self.patience, self.server.state(self.name, state))
            self.tally.waits.append((time.monotonic() - started) / self.stretch)
            self.tally.runs[answer["state"]["runs"]] += 1
            self.tally.saw(json.dumps(state, sort_keys=True), answer)
            with suppress(TimeoutError):
                await self.within(self.chance.uniform(*self.think), self.look(state, answer))
        except TimeoutError:
            self.tally.lost += 1
        except Exception as error:
            self.tally.errors.append(f"{type(error).__name__}: {error}")

    async def look(self, state: dict[str, Any], answer: dict[str, Any]) -> None:
        """Follow a state to all its runs, then look on."""
        while answer["state"]["runs"] < self.page.runs:
            answer = await self.server.state(self.name, state, answer["state"]["runs"])
            self.tally.saw(json.dumps(state, sort_keys=True), answer)
            self.tally.further += 1
        await self.stay(self.patience)


async def lesson(port: int, asked: argparse.Namespace) -> Tally:
    """Let students work for some seconds."""
    server, tally = Server(port), Tally()
    page = Page((await server.request("GET", "/"))[1].decode())
    # Not before the server has its baseline, as in a class that waits for the teacher.
    await server.state("the-teacher", {"populations.carry_funds.stock_usd_bn": 333})
    await asyncio.sleep(asked.warm)
    until = time.monotonic() + asked.seconds * asked.stretch
    students = [
        Student(f"student-{at:02d}", random.Random(at), page, server, tally, asked.think, asked.stretch, asked.patience)
        for at in range(asked.students)
    ]
    await asyncio.gather(*(student.work(until) for student in students))
    return tally


@contextmanager
def served(*options: str) -> Iterator[int]:
    """A server of its own on a free port."""
    command = [sys.executable, "-m", "simulation.cli", "serve", "--port", "0", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        found = re.search(r":(\d+)/", process.stdout.readline())
        assert found is not None, "the server did not start"
        yield int(found[1])
    finally:
        process.terminate()
        process.communicate(timeout=30)


def told(tally: Tally) -> str:
    """What came of it, in lines."""
    waits = sorted(tally.waits) or [float("nan")]
    share = {part: waits[min(len(waits) - 1, int(part / 100 * len(waits)))] for part in (50, 90, 95, 99)}
    load = " ".join(f"{one:.1f}" for one in os.getloadavg())
    return "\n".join(
        [
            f"answers {len(tally.waits)}, lost {tally.lost}, errors {len(tally.errors)}, "
            f"dropped while dragging {tally.left}, answers with further runs {tally.further}",
            "seconds to the first numbers: "
            + ", ".join(f"{part} % under {value:.2f}" for part, value in share.items())
            + f", longest {waits[-1]:.2f}",
            f"under 2 s: {100 * sum(wait < 2 for wait in tally.waits) / len(waits):.1f} %",
            "runs of first numbers: "
            + ", ".join(f"{runs} runs {count}x" for runs, count in sorted(tally.runs.items())),
            f"load of the machine (1, 5, 15 minutes): {load}, processors {os.cpu_count()}",
            *tally.errors[:5],
        ]
    )


def main() -> None:
    """Run the lesson and print what came of it; exit code 1 if anything was lost or wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--students", type=int, default=30, choices=range(1, 201), metavar="1..200")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--think", type=float, nargs=2, default=(2.0, 6.0), metavar=("LEAST", "MOST"))
    parser.add_argument("--patience", type=float, default=30.0, help="seconds after which an answer counts as lost")
    parser.add_argument("--warm", type=float, default=0.0, help="seconds from the first answer to the first student")
    parser.add_argument(
        "--stretch",
        type=float,
        default=1.0,
        help="on a machine that others use: everything that students do takes so many times as long, and the waits "
        "are told divided by it",
    )
    asked = parser.parse_args()
    asked.seconds = min(asked.seconds, 600.0)
    with served() as port:
        tally = asyncio.run(lesson(port, asked))
    print(told(tally))
    sys.exit(1 if tally.lost or tally.errors else 0)


if __name__ == "__main__":
    main()
