"""Workers on other machines must have this machine's code: the bytes of a store follow from one version of the model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from typing import Any, TypeVar

from simulation.results.fingerprint import SHORT
from simulation.results.store import OutputError
from simulation.sweeps.engine import engine

Value = TypeVar("Value")
CURE = (
    "give these workers this version of carryflow and restart them, or leave them out of the cluster; "
    "a store holds runs of one version only"
)


class SameCode(Executor):
    """An executor whose workers refuse a task if their code is not the code of the process that sends it.

    Whoever joins a cluster later meets no other check.
    """

    def __init__(self, executor: Executor) -> None:
        self._executor, self._digest = executor, engine()

    def submit(self, fn: Callable[..., Value], /, *args: Any, **kwargs: Any) -> Future[Value]:
        """Run a function on a worker with the same code."""
        return self._executor.submit(in_same_code, self._digest, fn, *args, **kwargs)


def in_same_code(digest: str, fn: Callable[..., Value], *args: Any, **kwargs: Any) -> Value:
    """Run a function if the code here has this digest.

    Raises
    ------
    OutputError
        If it has another.
    """
    if engine() != digest:
        import socket

        raise OutputError(told({f"a worker on {socket.gethostname()}": engine()}, digest))
    return fn(*args, **kwargs)


def refuse_other_code(found: Mapping[str, Any], digest: str) -> None:
    """Refuse workers by the digests that they gave, by address.

    Parameters
    ----------
    found : mapping
        What each worker answered: its digest, or the error that it met.
    digest : str
        The digest here.

    Raises
    ------
    OutputError
        If any of them is another.
    """
    others = {address: answer for address, answer in found.items() if answer != digest}
    if others:
        raise OutputError(told(others, digest))


def told(others: Mapping[str, Any], digest: str) -> str:
    """Who has other code, and the cure."""
    named = "; ".join(f"{address} ({_short(answer)})" for address, answer in sorted(others.items()))
    return f"workers have other code than this process ({digest[:SHORT]}): {named}: {CURE}"


def _short(answer: Any) -> str:
    return answer[:SHORT] if isinstance(answer, str) else f"{type(answer).__name__}: {answer}"
