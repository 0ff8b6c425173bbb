"""What passes over the desk: wishes that wait, replies to them, and how much may be asked.

Read a question: bytes that anybody may have sent, of which only a whole and known state gets through.
"""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

from simulation.pages.serve.controls import RequestError, RequestMistake, Values, parse_state, quote_value

MIN_FIRST_RUNS: Final = 2
"""Runs of a first answer where many wait: with one there would be no band."""
MAX_FURTHER_RUNS: Final = 16
"""Runs that a state is given at a time when it has a first answer: a first answer may have to wait for them."""


@dataclass(frozen=True)
class RequestLimits:
    """How much may be asked of this machine.

    Attributes
    ----------
    runs
        Runs of a state at most.
    first
        Runs of a first answer where few wait.
    seconds
        A pass that takes longer is given up.
    states
        States that are kept.
    """

    runs: int = 64
    first: int = 8
    seconds: float = 30.0
    states: int = 512

    @property
    def firsts(self) -> tuple[int, ...]:
        """Numbers of runs that a first answer may have, falling: the more wait, the fewer."""
        found = [self.first]
        while found[-1] // 2 >= MIN_FIRST_RUNS:
            found.append(found[-1] // 2)
        return tuple(found)

    def after(self, runs: int) -> int:
        """Runs that a state shall have next that has so many and is wanted with more."""
        return self.first if runs < self.first else min(self.runs, runs + min(runs, MAX_FURTHER_RUNS))

    @property
    def cuts(self) -> tuple[int, ...]:
        """Every number of runs that an answer may have, rising."""
        found = {*self.firsts}
        runs = self.first
        while runs < self.runs:
            runs = self.after(runs)
            found.add(runs)
        return tuple(sorted(found))


@dataclass(frozen=True)
class StateResponse:
    """What a client is told: the state as JSON with the baseline of as many runs, or why there is none.

    Attributes
    ----------
    kind
        ``state``, ``superseded`` by a newer wish of the same client, ``failed`` or ``busy``.
    state, baseline
        What `work.told` says.
    reason
        Why there is no state.
    """

    kind: str
    state: str = ""
    baseline: str = ""
    reason: str = ""


SUPERSEDED: Final = StateResponse("superseded", reason="the same client has asked for another state since")


@dataclass
class PendingRequest:
    """A wish that waits for more than `beyond` runs of a state."""

    client: str
    key: str
    beyond: int
    reply: asyncio.Future[StateResponse] = field(repr=False)

    def answer(self, reply: StateResponse) -> None:
        """Tell the client, unless it was told or has gone."""
        if not self.reply.done():
            self.reply.set_result(reply)


MAX_BODY_BYTES: Final = 4096
"""Length of a question; the longest that the page asks has some 500 bytes."""
CLIENT_PATTERN: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")
EXAMPLE_BODY: Final = '{"client": "a1b2c3d4", "state": {"boj.meetings[0].decision": "37.5bp"}, "beyond": 0}'
MAX_BEYOND: Final = 10_000


@dataclass(frozen=True)
class StateRequest:
    """A state that somebody wants to see.

    Attributes
    ----------
    client
        Who asks; the newest wish of a client replaces an older one.
    values
        Values of the state by config key.
    beyond
        Number of runs that the client has already: it waits for more.
    """

    client: str
    values: Values
    beyond: int = 0


def parse_request(body: bytes) -> StateRequest:
    """The wish in the body of a request.

    Raises
    ------
    RefusedError
        With every mistake.
    """
    told = parse_object(body)
    mistakes: list[RequestMistake] = [
        RequestMistake(quote_value(key), quote_value(value), "", "keys: client, state, beyond", f"send {EXAMPLE_BODY}")
        for key, value in told.items()
        if key not in ("client", "state", "beyond")
    ]
    client, state, beyond = told.get("client"), told.get("state"), told.get("beyond", 0)
    if not isinstance(client, str) or not CLIENT_PATTERN.fullmatch(client):
        allowed = "8 to 64 letters, digits, - or _"
        mistakes.append(
            RequestMistake(
                "client", quote_value(client), "", allowed, "send the same text of your own with every question"
            )
        )
    if not isinstance(beyond, int) or isinstance(beyond, bool) or not 0 <= beyond <= MAX_BEYOND:
        mistakes.append(
            RequestMistake("beyond", quote_value(beyond), "runs", f"a whole number, 0 to {MAX_BEYOND}", "send 0")
        )
    values: Values = {}
    try:
        values = parse_state(state) if isinstance(state, dict) else refuse_state(state)
    except RequestError as error:
        mistakes += error.mistakes
    if mistakes:
        raise RequestError(mistakes)
    return StateRequest(str(client), values, int(beyond))


def refuse_state(state: Any) -> NoReturn:
    """Refuse what is no state."""
    allowed = "an object with config keys; empty for the scenario as it is"
    raise RequestError([RequestMistake("state", quote_value(state), "", allowed, f"send {EXAMPLE_BODY}")])


def parse_object(body: bytes) -> dict[str, Any]:
    """The JSON object of a body: no number that is none, no key twice."""
    try:
        told = json.loads(body.decode("utf-8"), parse_constant=refuse_constant, object_pairs_hook=unique_keys)
    except (ValueError, RecursionError) as error:
        raise RequestError([body_mistake(body, f"it is no JSON: {quote_value(str(error))}")]) from None
    if not isinstance(told, dict):
        raise RequestError([body_mistake(body, "it is no JSON object")])
    return told


def body_mistake(body: bytes, wrong: str) -> RequestMistake:
    """A mistake of the question as a whole."""
    text = body[:200].decode("utf-8", errors="replace")
    return RequestMistake(
        "", quote_value(text), "", f"a JSON object with client, state and beyond; {wrong}", f"send {EXAMPLE_BODY}"
    )


def refuse_constant(name: str) -> NoReturn:
    """Refuse NaN and Infinity, which JSON does not have."""
    raise ValueError(f"{name} is no number in JSON")


def unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys stand once."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found
