"""Which versions of the model's code the runs of a store were computed with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from simulation.results.fingerprint import SHORT, fingerprint
from simulation.results.store import OutputError

ENGINES = "engines"
"""Key of the manifest: digests in the order in which they came, the last the one that the store was last filled with."""
UNKNOWN = "unknown"


def engine() -> str:
    """Digest of the code that a row follows from."""
    return fingerprint("simulation.sweeps.kernel")


def engines_of(manifest: dict[str, Any]) -> tuple[str, ...]:
    """Digests of the versions that a store was filled with."""
    return tuple(manifest.get(ENGINES, (UNKNOWN,)))


def continued(path: Path, manifest: dict[str, Any] | None, force: bool) -> tuple[str, ...]:
    """Digests of a store that is gone on with now; none is there yet where the manifest is none.

    Raises
    ------
    OutputError
        If the code has changed since, unless `force`.
    """
    held, now = () if manifest is None else engines_of(manifest), engine()
    if held and held[-1] != now and not force:
        raise OutputError(
            f"{path} holds runs of another version of the model's code ({held[-1][:SHORT]}, now {now[:SHORT]}): go on with that "
            "version, choose another --out to run all of it again, or --force to take over the runs that are there"
        )
    return (*(other for other in held if other != now), now)


def common(manifests: Sequence[dict[str, Any]], force: bool) -> tuple[str, ...]:
    """Digests of stores that are to be joined.

    Raises
    ------
    OutputError
        If they are not the same in all of them, unless `force`.
    """
    found = [engines_of(manifest) for manifest in manifests]
    if len(set(found)) > 1 and not force:
        named = ", ".join("+".join(each[:SHORT] for each in engines) for engines in dict.fromkeys(found))
        raise OutputError(
            f"the stores hold runs of different versions of the model's code ({named}): run one of them again with the other's "
            "version, or --force to join them nevertheless"
        )
    return tuple(dict.fromkeys(each for engines in found for each in engines))
