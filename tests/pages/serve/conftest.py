"""A small study, a bench without processes, and requests without a network."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from simulation.pages.explore.sliders import STOCK
from simulation.pages.serve.app import create_app
from simulation.pages.serve.dispatcher import Dispatcher
from simulation.pages.serve.requests import RequestLimits, StateRequest, StateResponse
from simulation.pages.serve.scheduling import FIXED_COST_RUNS, BatchTimes
from simulation.pages.serve.served_page import ServedPage, shipped_page
from simulation.pages.serve.worker_pool import StateJob, StateResult, WorkerError, WorkerPool, compute_states

PORT = 8766
SMALL = (
    "settings=[end=2025-12-23, populations.carry_funds.investors=12, populations.yen_borrowers.investors=12, "
    "populations.retail_fx.investors=12, populations.life_insurers.investors=12, populations.crypto_traders.investors=12]"
)
LIMITS = RequestLimits(runs=8, first=4, seconds=60.0, states=64)


@pytest.fixture(scope="session")
def study() -> ServedPage:
    return shipped_page((SMALL,))


def stock(size: float) -> dict[str, Any]:
    """The state in which the carry stock alone leaves the baseline."""
    return {STOCK: size}


def asked(client: str, values: dict[str, Any], beyond: int = 0) -> StateRequest:
    return StateRequest(f"client-{client}", values, beyond)


@dataclass
class PaperBench:
    """Workers that do nothing until they are told to; what they give names the state and its runs."""

    workers: int = 1
    passes: list[list[StateJob]] = field(default_factory=list)
    wrong: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.places = list(range(self.workers))
        self.told: list[asyncio.Future[None]] = []

    @property
    def free(self) -> int:
        return len(self.places)

    def take(self) -> int:
        return self.places.pop()

    def give_back(self, place: int) -> None:
        self.places.append(place)

    async def made(self, place: int, orders: Sequence[StateJob], seconds: float) -> list[StateResult]:
        self.passes.append(list(orders))
        self.told.append(asyncio.get_running_loop().create_future())
        await self.told[-1]
        if any(order.values in self.wrong for order in orders):
            raise WorkerError(f"longer than {seconds:g} s")
        return [paper(order) for order in orders]

    @property
    def begun(self) -> list[set[str]]:
        """States of each pass."""
        return [{order.values for order in orders} for orders in self.passes]


def paper(order: StateJob) -> StateResult:
    """A state without runs, but with their number."""
    cuts = sorted({*order.cuts, order.runs})
    rows = cast(Any, range(order.runs))
    return StateResult(rows, {runs: json.dumps({"state": order.values, "runs": runs}) for runs in cuts})


class Steady(BatchTimes):
    """A machine whose runs take as long as a test says, whatever its clock shows."""

    def __init__(self, run_seconds: float = 1e-3, most: int = 64) -> None:
        super().__init__()
        super().learn(0, run_seconds * FIXED_COST_RUNS)
        super().learn(0, run_seconds * FIXED_COST_RUNS)
        self.most = most

    def learn(self, runs: int, seconds: float) -> None:
        """Stay as it is."""

    def room(self, seconds: float) -> int:
        return min(self.most, super().room(seconds))


def desk_of(
    study: ServedPage, bench: PaperBench | WorkerPool, limits: RequestLimits = LIMITS, pace: BatchTimes | None = None
) -> Dispatcher:
    desk = Dispatcher(study, cast(WorkerPool, bench), limits)
    desk.pace = pace or Steady()
    desk._ahead = []  # no test but its own wants states that nobody asked for
    return desk


def one_by_one() -> BatchTimes:
    """A machine on which every pass has room for one state, so that turns show."""
    return Steady(most=1)


async def settled() -> None:
    """Let everything happen that can."""
    for _ in range(20):
        await asyncio.sleep(0)


async def let_go(bench: PaperBench) -> None:
    """Let the pass that began first, and is not done, be done."""
    next(told for told in bench.told if not told.done()).set_result(None)
    await settled()


async def ready(bench: PaperBench, desk: Dispatcher) -> None:
    """Open the desk and let it have its whole baseline."""
    desk.open()
    await settled()
    while any(not told.done() for told in bench.told):
        await let_go(bench)
    bench.passes.clear()
    bench.told.clear()


def start(desk: Dispatcher, wish: StateRequest) -> asyncio.Task[StateResponse]:
    return asyncio.get_running_loop().create_task(desk.ask(wish))


@dataclass(frozen=True)
class Answer:
    """A response."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


async def call(
    desk: Dispatcher,
    method: str = "POST",
    path: str = "/state",
    body: bytes = b"",
    headers: dict[str, str] | None = None,
) -> Answer:
    """One request to the application, as a server hands it over."""
    usual = {"host": f"127.0.0.1:{PORT}", "content-type": "application/json"}
    sent: list[Any] = []
    bodies = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Any:
        if bodies:
            return bodies.pop()
        await asyncio.Event().wait()
        raise AssertionError("nobody hangs up")

    async def send(message: Any) -> None:
        sent.append(message)

    named = (usual | (headers or {})).items()
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "path": path,
        "raw_path": path.encode(), "query_string": b"", "root_path": "", "scheme": "http",
        "headers": [(key.encode(), value.encode("latin-1")) for key, value in named],
        "server": ("127.0.0.1", PORT), "client": ("127.0.0.1", 5),
    }  # fmt: skip
    await create_app(desk, "<p>the page</p>", "default-src 'none'", PORT)(scope, receive, send)
    found = {key.decode(): value.decode() for key, value in sent[0]["headers"]}
    return Answer(sent[0]["status"], found, b"".join(each.get("body", b"") for each in sent[1:]))


class HereBench(WorkerPool):
    """One worker that is this very process."""

    def __init__(self, study: ServedPage) -> None:
        self.study, self.workers = study, 1
        self._free = [0]

    async def made(self, place: int, orders: Sequence[StateJob], seconds: float) -> list[StateResult]:
        await asyncio.sleep(0)
        return compute_states(self.study.work, self.study.columns, orders)

    def kill(self) -> None:
        """Nothing to end."""


def ran(work: Coroutine[Any, Any, Any]) -> Any:
    """What a coroutine gives, within a minute."""
    return asyncio.run(asyncio.wait_for(work, 60))


def state_of(reply: StateResponse) -> tuple[str, int]:
    told = json.loads(reply.state)
    assert json.loads(reply.baseline) == {"state": "{}", "runs": told["runs"]}
    return told["state"], told["runs"]
