"""Requests for states: their limits, validation of the request body, and responses."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

from simulation.pages.serve.controls import RequestError, RequestMistake, Values, parse_state, quote_value

MIN_FIRST_RUNS: Final = 2
"""Smallest number of runs of a first response; a single run has no band."""
MAX_FURTHER_RUNS: Final = 16
"""Largest number of runs added to a state at once, because first responses may have to wait for them."""


@dataclass(frozen=True)
class RequestLimits:
    """Limits of the server.

    Attributes
    ----------
    runs
        Largest number of runs of a state.
    first
        Number of runs of a first response under light load.
    seconds
        Time limit of a batch, s.
    states
        Number of states in the cache.
    """

    runs: int = 64
    first: int = 8
    seconds: float = 30.0
    states: int = 512

    @property
    def first_counts(self) -> tuple[int, ...]:
        """Possible numbers of runs of a first response in falling order; a longer queue gets fewer."""
        counts = [self.first]
        while counts[-1] // 2 >= MIN_FIRST_RUNS:
            counts.append(counts[-1] // 2)
        return tuple(counts)

    def next_count(self, runs: int) -> int:
        """Next number of runs of a state that has `runs` runs."""
        return self.first if runs < self.first else min(self.runs, runs + min(runs, MAX_FURTHER_RUNS))

    @property
    def counts(self) -> tuple[int, ...]:
        """All possible numbers of runs of a response in rising order."""
        counts = {*self.first_counts}
        runs = self.first
        while runs < self.runs:
            runs = self.next_count(runs)
            counts.add(runs)
        return tuple(sorted(counts))


@dataclass(frozen=True)
class StateResponse:
    """Response to a request: the state and the baseline with the same number of runs, or the reason why there is none.

    Attributes
    ----------
    kind
        ``state``, ``superseded`` by a newer request of the same client, ``failed`` or ``busy``.
    state, baseline
        JSON texts (`simulation.pages.serve.worker_pool.state_json`).
    reason
        Why there is no state.
    """

    kind: str
    state: str = ""
    baseline: str = ""
    reason: str = ""


SUPERSEDED: Final = StateResponse("superseded", reason="the same client has since requested another state")


@dataclass
class PendingRequest:
    """A request that waits for a state with more than `beyond` runs."""

    client: str
    key: str
    beyond: int
    future: asyncio.Future[StateResponse] = field(repr=False)

    def resolve(self, response: StateResponse) -> None:
        """Set the response unless there is one or the request was cancelled."""
        if not self.future.done():
            self.future.set_result(response)


MAX_BODY_BYTES: Final = 4096
"""Largest request body; the page sends at most about 500 bytes."""
CLIENT_PATTERN: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")
EXAMPLE_BODY: Final = '{"client": "a1b2c3d4", "state": {"boj.meetings[0].decision": "37.5bp"}, "beyond": 0}'
MAX_BEYOND: Final = 10_000


@dataclass(frozen=True)
class StateRequest:
    """A validated request for a state.

    Attributes
    ----------
    client
        Identifier of the client; its newest request replaces an older one.
    values
        Values of the state by config key.
    beyond
        Number of runs that the client already has; it waits for more.
    """

    client: str
    values: Values
    beyond: int = 0


def parse_request(body: bytes) -> StateRequest:
    """Validate the body of a request.

    Raises
    ------
    RequestError
        Listing every mistake.
    """
    content = parse_object(body)
    mistakes: list[RequestMistake] = [
        RequestMistake(quote_value(key), quote_value(value), "", "keys: client, state, beyond", f"send {EXAMPLE_BODY}")
        for key, value in content.items()
        if key not in ("client", "state", "beyond")
    ]
    client, state, beyond = content.get("client"), content.get("state"), content.get("beyond", 0)
    if not isinstance(client, str) or not CLIENT_PATTERN.fullmatch(client):
        allowed, cure = "8 to 64 letters, digits, - or _", "send the same random identifier with every request"
        mistakes.append(RequestMistake("client", quote_value(client), "", allowed, cure))
    if not isinstance(beyond, int) or isinstance(beyond, bool) or not 0 <= beyond <= MAX_BEYOND:
        allowed = f"a whole number, 0 to {MAX_BEYOND}"
        mistakes.append(RequestMistake("beyond", quote_value(beyond), "runs", allowed, "send 0"))
    values: Values = {}
    try:
        values = parse_state(state) if isinstance(state, dict) else refuse_state(state)
    except RequestError as error:
        mistakes += error.mistakes
    if mistakes:
        raise RequestError(mistakes)
    return StateRequest(str(client), values, int(beyond))


def refuse_state(state: Any) -> NoReturn:
    """Refuse a state that is not an object."""
    allowed = "an object with config keys; empty for the base scenario"
    raise RequestError([RequestMistake("state", quote_value(state), "", allowed, f"send {EXAMPLE_BODY}")])


def parse_object(body: bytes) -> dict[str, Any]:
    """Parse a JSON object; NaN, Infinity and duplicate keys are refused."""
    try:
        content = json.loads(body.decode("utf-8"), parse_constant=refuse_constant, object_pairs_hook=unique_keys)
    except (ValueError, RecursionError) as error:
        raise RequestError([body_mistake(body, f"it is not valid JSON: {quote_value(str(error))}")]) from None
    if not isinstance(content, dict):
        raise RequestError([body_mistake(body, "it is not a JSON object")])
    return content


def body_mistake(body: bytes, problem: str) -> RequestMistake:
    """A mistake of the whole request body."""
    text = quote_value(body[:200].decode("utf-8", errors="replace"))
    allowed = f"a JSON object with client, state and beyond; {problem}"
    return RequestMistake("", text, "", allowed, f"send {EXAMPLE_BODY}")


def refuse_constant(name: str) -> NoReturn:
    """Refuse NaN and Infinity, which JSON does not allow."""
    raise ValueError(f"{name} is not a number in JSON")


def unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Object of key-value pairs; a duplicate key is an error."""
    content = dict(pairs)
    if len(content) != len(pairs):
        raise ValueError("a key occurs twice")
    return content
