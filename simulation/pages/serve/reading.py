"""Read a question: bytes that anybody may have sent, of which only a whole and known state gets through."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from simulation.pages.serve.controls import Values, checked
from simulation.pages.serve.refused import Mistake, RefusedError, shown

MOST_BYTES: Final = 4096
"""Length of a question; the longest that the page asks has some 500 bytes."""
CLIENT: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")
EXAMPLE: Final = '{"client": "a1b2c3d4", "state": {"boj.meetings[0].decision": "37.5bp"}, "beyond": 0}'
MOST_BEYOND: Final = 10_000


@dataclass(frozen=True)
class Wish:
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


def wish_of(body: bytes) -> Wish:
    """The wish in the body of a request.

    Raises
    ------
    RefusedError
        With every mistake.
    """
    told = object_of(body)
    mistakes: list[Mistake] = [
        Mistake(shown(key), shown(value), "", "keys: client, state, beyond", f"send {EXAMPLE}")
        for key, value in told.items()
        if key not in ("client", "state", "beyond")
    ]
    client, state, beyond = told.get("client"), told.get("state"), told.get("beyond", 0)
    if not isinstance(client, str) or not CLIENT.fullmatch(client):
        allowed = "8 to 64 letters, digits, - or _"
        mistakes.append(
            Mistake("client", shown(client), "", allowed, "send the same text of your own with every question")
        )
    if not isinstance(beyond, int) or isinstance(beyond, bool) or not 0 <= beyond <= MOST_BEYOND:
        mistakes.append(Mistake("beyond", shown(beyond), "runs", f"a whole number, 0 to {MOST_BEYOND}", "send 0"))
    values: Values = {}
    try:
        values = checked(state) if isinstance(state, dict) else no_state(state)
    except RefusedError as error:
        mistakes += error.mistakes
    if mistakes:
        raise RefusedError(mistakes)
    return Wish(str(client), values, int(beyond))


def no_state(state: Any) -> NoReturn:
    """Refuse what is no state."""
    allowed = "an object with config keys; empty for the scenario as it is"
    raise RefusedError([Mistake("state", shown(state), "", allowed, f"send {EXAMPLE}")])


def object_of(body: bytes) -> dict[str, Any]:
    """The JSON object of a body: no number that is none, no key twice."""
    try:
        told = json.loads(body.decode("utf-8"), parse_constant=no_constant, object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        raise RefusedError([whole(body, f"it is no JSON: {shown(str(error))}")]) from None
    if not isinstance(told, dict):
        raise RefusedError([whole(body, "it is no JSON object")])
    return told


def whole(body: bytes, wrong: str) -> Mistake:
    """A mistake of the question as a whole."""
    text = body[:200].decode("utf-8", errors="replace")
    return Mistake("", shown(text), "", f"a JSON object with client, state and beyond; {wrong}", f"send {EXAMPLE}")


def no_constant(name: str) -> NoReturn:
    """Refuse NaN and Infinity, which JSON does not have."""
    raise ValueError(f"{name} is no number in JSON")


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys stand once."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found
