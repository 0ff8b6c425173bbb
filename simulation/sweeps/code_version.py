"""Which versions of the model's code the runs of a store were computed with.

Workers on other machines must have this machine's code: the bytes of a store follow from one version of the model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any, TypeVar

from simulation.results.fingerprint import SHORT_DIGEST_LENGTH, code_fingerprint
from simulation.results.output_folder import OutputError

CODE_DIGESTS_KEY = "engines"
"""Key of the manifest: digests in the order in which they came, the last the one that the store was last filled with."""
UNKNOWN_CODE = "unknown"


def code_digest() -> str:
    """Digest of the code that a row follows from."""
    return code_fingerprint("simulation.sweeps.kernel")


def store_digests(manifest: dict[str, Any]) -> tuple[str, ...]:
    """Digests of the versions that a store was filled with."""
    return tuple(manifest.get(CODE_DIGESTS_KEY, (UNKNOWN_CODE,)))


def extended_digests(path: Path, manifest: dict[str, Any] | None, force: bool) -> tuple[str, ...]:
    """Digests of a store that is gone on with now; none is there yet where the manifest is none.

    Raises
    ------
    OutputError
        If the code has changed since, unless `force`.
    """
    held, now = () if manifest is None else store_digests(manifest), code_digest()
    if held and held[-1] != now and not force:
        raise OutputError(
            f"{path} holds runs of another version of the model's code ({held[-1][:SHORT_DIGEST_LENGTH]}, now {now[:SHORT_DIGEST_LENGTH]}): go on with that "
            "version, choose another --out to run all of it again, or --force to take over the runs that are there"
        )
    return (*(other for other in held if other != now), now)


def merged_digests(manifests: Sequence[dict[str, Any]], force: bool) -> tuple[str, ...]:
    """Digests of stores that are to be joined.

    Raises
    ------
    OutputError
        If they are not the same in all of them, unless `force`.
    """
    found = [store_digests(manifest) for manifest in manifests]
    if len(set(found)) > 1 and not force:
        named = ", ".join("+".join(each[:SHORT_DIGEST_LENGTH] for each in engines) for engines in dict.fromkeys(found))
        raise OutputError(
            f"the stores hold runs of different versions of the model's code ({named}): run one of them again with the other's "
            "version, or --force to join them nevertheless"
        )
    return tuple(dict.fromkeys(each for engines in found for each in engines))


Value = TypeVar("Value")
OTHER_CODE_CURE = (
    "give these workers this version of carryflow and restart them, or leave them out of the cluster; "
    "a store holds runs of one version only"
)


class SameCodeExecutor(Executor):
    """An executor whose workers refuse a task if their code is not the code of the process that sends it.

    Whoever joins a cluster later meets no other check.
    """

    def __init__(self, executor: Executor) -> None:
        self._executor, self._digest = executor, code_digest()

    def submit(self, fn: Callable[..., Value], /, *args: Any, **kwargs: Any) -> Future[Value]:
        """Run a function on a worker with the same code."""
        return self._executor.submit(run_in_same_code, self._digest, fn, *args, **kwargs)


def run_in_same_code(digest: str, fn: Callable[..., Value], *args: Any, **kwargs: Any) -> Value:
    """Run a function if the code here has this digest.

    Raises
    ------
    OutputError
        If it has another.
    """
    if code_digest() != digest:
        import socket

        raise OutputError(describe_code_difference({f"a worker on {socket.gethostname()}": code_digest()}, digest))
    return fn(*args, **kwargs)


def check_worker_code(found: Mapping[str, Any], digest: str) -> None:
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
        raise OutputError(describe_code_difference(others, digest))


def describe_code_difference(others: Mapping[str, Any], digest: str) -> str:
    """Who has other code, and the cure."""
    named = "; ".join(f"{address} ({_format_answer(answer)})" for address, answer in sorted(others.items()))
    return f"workers have other code than this process ({digest[:SHORT_DIGEST_LENGTH]}): {named}: {OTHER_CODE_CURE}"


def _format_answer(answer: Any) -> str:
    return answer[:SHORT_DIGEST_LENGTH] if isinstance(answer, str) else f"{type(answer).__name__}: {answer}"
