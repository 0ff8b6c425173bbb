"""The version of the model code behind the runs of a store, and the check that remote workers run the same code."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any, TypeVar

from simulation.results.fingerprint import SHORT_DIGEST_LENGTH, code_fingerprint
from simulation.results.output_folder import OutputError

CODE_DIGESTS_KEY = "engines"
"""Manifest key of the digests, oldest first; the last one belongs to the latest runs."""
UNKNOWN_CODE = "unknown"
OTHER_CODE_CURE = (
    "install this version of carryflow on these workers and restart them, or remove them from the cluster; "
    "a store holds runs of one version only"
)

Value = TypeVar("Value")


def code_digest() -> str:
    """Digest of the code that determines the rows."""
    return code_fingerprint("simulation.sweeps.kernel")


def store_digests(manifest: dict[str, Any]) -> tuple[str, ...]:
    """Digests of the code versions that computed the runs of a store."""
    return tuple(manifest.get(CODE_DIGESTS_KEY, (UNKNOWN_CODE,)))


def extended_digests(path: Path, manifest: dict[str, Any] | None, force: bool) -> tuple[str, ...]:
    """Digests of a store after adding runs now; `manifest` is None for a new store.

    Raises
    ------
    OutputError
        If the code has changed, unless `force`.
    """
    earlier, current = () if manifest is None else store_digests(manifest), code_digest()
    if earlier and earlier[-1] != current and not force:
        raise OutputError(
            f"{path} holds runs of another version of the model code ({_short(earlier[-1])}, now {_short(current)}): continue "
            "with that version, run everything again with another --out, or keep the existing runs with --force"
        )
    return (*(digest for digest in earlier if digest != current), current)


def merged_digests(manifests: Sequence[dict[str, Any]], force: bool) -> tuple[str, ...]:
    """Digests of the union of several stores.

    Raises
    ------
    OutputError
        If the stores differ, unless `force`.
    """
    versions = [store_digests(manifest) for manifest in manifests]
    if len(set(versions)) > 1 and not force:
        listed = ", ".join("+".join(map(_short, digests)) for digests in dict.fromkeys(versions))
        raise OutputError(
            f"the stores hold runs of different versions of the model code ({listed}): run one of them again with the version "
            "of the other, or merge them anyway with --force"
        )
    return tuple(dict.fromkeys(digest for digests in versions for digest in digests))


def _short(digest: str) -> str:
    return digest[:SHORT_DIGEST_LENGTH]


class SameCodeExecutor(Executor):
    """An executor whose workers reject a task if their code differs from that of the submitting process.

    This also covers workers that join a cluster later.
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
        raise OutputError(describe_code_difference({f"a worker on {socket.gethostname()}": code_digest()}, digest))
    return fn(*args, **kwargs)


def check_worker_code(answers: Mapping[str, Any], digest: str) -> None:
    """Reject workers whose code differs from the code here.

    Parameters
    ----------
    answers : mapping
        Digest of each worker, or the error raised there, by address.
    digest : str
        The digest here.

    Raises
    ------
    OutputError
        If any worker has another digest.
    """
    others = {address: answer for address, answer in answers.items() if answer != digest}
    if others:
        raise OutputError(describe_code_difference(others, digest))


def describe_code_difference(others: Mapping[str, Any], digest: str) -> str:
    """Error message that names the workers with other code, and the cure."""
    listed = "; ".join(f"{address} ({_format_answer(answer)})" for address, answer in sorted(others.items()))
    return f"workers have other code than this process ({_short(digest)}): {listed}: {OTHER_CODE_CURE}"


def _format_answer(answer: Any) -> str:
    return _short(answer) if isinstance(answer, str) else f"{type(answer).__name__}: {answer}"
