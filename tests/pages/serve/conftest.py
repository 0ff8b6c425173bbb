"""A small page, fake worker pools, and HTTP requests without a network."""

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
def page() -> ServedPage:
    return shipped_page((SMALL,))


def stock(size: float) -> dict[str, Any]:
    """A state that differs from the baseline only in the carry stock."""
    return {STOCK: size}


def request_for(client: str, values: dict[str, Any], beyond: int = 0) -> StateRequest:
    return StateRequest(f"client-{client}", values, beyond)


@dataclass
class FakePool:
    """Workers that finish a batch on demand and return the state and its number of runs as text."""

    workers: int = 1
    batches: list[list[StateJob]] = field(default_factory=list)
    wrong: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.slots = list(range(self.workers))
        self.gates: list[asyncio.Future[None]] = []

    @property
    def free(self) -> int:
        return len(self.slots)

    def acquire(self) -> int:
        return self.slots.pop()

    def release(self, slot: int) -> None:
        self.slots.append(slot)

    async def compute(self, slot: int, jobs: Sequence[StateJob], seconds: float) -> list[StateResult]:
        self.batches.append(list(jobs))
        self.gates.append(asyncio.get_running_loop().create_future())
        await self.gates[-1]
        if any(job.values in self.wrong for job in jobs):
            raise WorkerError(f"longer than {seconds:g} s")
        return [fake_result(job) for job in jobs]

    @property
    def started(self) -> list[set[str]]:
        """States of each batch."""
        return [{job.values for job in jobs} for jobs in self.batches]


def fake_result(job: StateJob) -> StateResult:
    """A result with the number of runs instead of rows."""
    counts = sorted({*job.counts, job.runs})
    rows = cast(Any, range(job.runs))
    return StateResult(rows, {runs: json.dumps({"state": job.values, "runs": runs}) for runs in counts})


class FixedTimes(BatchTimes):
    """Batch times that a test sets, independent of the clock."""

    def __init__(self, run_seconds: float = 1e-3, most: int = 64) -> None:
        super().__init__()
        super().record(0, run_seconds * FIXED_COST_RUNS)
        super().record(0, run_seconds * FIXED_COST_RUNS)
        self.most = most

    def record(self, runs: int, seconds: float) -> None:
        """Ignore the measured time."""

    def capacity(self, seconds: float) -> int:
        return min(self.most, super().capacity(seconds))


def make_dispatcher(
    page: ServedPage, pool: FakePool | WorkerPool, limits: RequestLimits = LIMITS, times: BatchTimes | None = None
) -> Dispatcher:
    dispatcher = Dispatcher(page, cast(WorkerPool, pool), limits)
    dispatcher.times = times or FixedTimes()
    dispatcher._neighbours = []  # only one test needs precomputed states
    return dispatcher


def one_state_per_batch() -> BatchTimes:
    """Batch times with a capacity of one state per batch."""
    return FixedTimes(most=1)


async def settle() -> None:
    """Run all tasks that can proceed."""
    for _ in range(20):
        await asyncio.sleep(0)


async def finish_batch(pool: FakePool) -> None:
    """Finish the oldest running batch."""
    next(gate for gate in pool.gates if not gate.done()).set_result(None)
    await settle()


async def compute_baseline(pool: FakePool, dispatcher: Dispatcher) -> None:
    """Open the dispatcher and compute the complete baseline."""
    dispatcher.open()
    await settle()
    while any(not gate.done() for gate in pool.gates):
        await finish_batch(pool)
    pool.batches.clear()
    pool.gates.clear()


def start(dispatcher: Dispatcher, request: StateRequest) -> asyncio.Task[StateResponse]:
    return asyncio.get_running_loop().create_task(dispatcher.request(request))


@dataclass(frozen=True)
class HttpResponse:
    """An HTTP response."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


async def call(
    dispatcher: Dispatcher,
    method: str = "POST",
    path: str = "/state",
    body: bytes = b"",
    headers: dict[str, str] | None = None,
) -> HttpResponse:
    """Send one request to the ASGI application."""
    usual = {"host": f"127.0.0.1:{PORT}", "content-type": "application/json"}
    sent: list[Any] = []
    bodies = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Any:
        if bodies:
            return bodies.pop()
        await asyncio.Event().wait()
        raise AssertionError("no client disconnects")

    async def send(message: Any) -> None:
        sent.append(message)

    items = (usual | (headers or {})).items()
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "path": path,
        "raw_path": path.encode(), "query_string": b"", "root_path": "", "scheme": "http",
        "headers": [(key.encode(), value.encode("latin-1")) for key, value in items],
        "server": ("127.0.0.1", PORT), "client": ("127.0.0.1", 5),
    }  # fmt: skip
    await create_app(dispatcher, "<p>the page</p>", "default-src 'none'", PORT)(scope, receive, send)
    response_headers = {key.decode(): value.decode() for key, value in sent[0]["headers"]}
    return HttpResponse(sent[0]["status"], response_headers, b"".join(each.get("body", b"") for each in sent[1:]))


class InProcessPool(WorkerPool):
    """One worker in the test process."""

    def __init__(self, page: ServedPage) -> None:
        self.page, self.workers = page, 1
        self._free = [0]

    async def compute(self, slot: int, jobs: Sequence[StateJob], seconds: float) -> list[StateResult]:
        await asyncio.sleep(0)
        return compute_states(self.page.work, self.page.columns, jobs)

    def kill(self) -> None:
        """There is no process to terminate."""


def run_async(work: Coroutine[Any, Any, Any]) -> Any:
    """Result of a coroutine, with a timeout of one minute."""
    return asyncio.run(asyncio.wait_for(work, 60))


def state_of(response: StateResponse) -> tuple[str, int]:
    content = json.loads(response.state)
    assert json.loads(response.baseline) == {"state": "{}", "runs": content["runs"]}
    return content["state"], content["runs"]
