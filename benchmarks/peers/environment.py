"""Environments of peers: a venv each, made once below the output folder, and a reason where that fails."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.contestants import DECISION, CannotBeMeasuredError, Contestant, Measured, Setting, absent

INSTALL_SECONDS = 600
MEASURE_SECONDS = 300


@dataclass(frozen=True)
class Peer:
    """A library, the version that is installed, its script here, and what that runs."""

    name: str
    requirement: str
    script: str
    what: str


PEERS = (
    Peer("PAMS 0.3", "pams==0.3.0", "pams_example.py", "sample CI2002: one market, 100 agents, 600 steps"),
    Peer(
        "bamengine", "bamengine==0.10.2", "bamengine_example.py", "start page: 100 firms, 500 households, 100 periods"
    ),
)


class PeerError(CannotBeMeasuredError):
    """An environment could not be made, or its example did not run."""


def peers(setting: Setting) -> list[Contestant]:
    """Other libraries on their own examples; skipped with the reason where one cannot be installed or run."""
    return [contestant(peer, setting.folder / "environments") for peer in PEERS]


def contestant(peer: Peer, environments: Path) -> Contestant:
    """A peer in its own environment, run once to learn how many decisions its example has."""
    try:
        python = environment(peer, environments)
        first = measured(peer, python)
    except PeerError as problem:
        return absent(peer.name, peer.what, DECISION, str(problem))
    return Contestant(
        peer.name, peer.what, DECISION, int(first["decisions"]), lambda: Measured(measured(peer, python)["seconds"])
    )


def environment(peer: Peer, environments: Path) -> Path:
    """Path of a Python that has the peer; made if it is not there yet.

    Raises
    ------
    PeerError
        With the last line of what went wrong.
    """
    folder = environments / peer.requirement
    python, done = folder / "bin" / "python", folder / "installed"
    if not done.exists():
        told([sys.executable, "-m", "venv", str(folder)], INSTALL_SECONDS)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        told([*pip, "--only-binary", ":all:", peer.requirement], INSTALL_SECONDS)
        done.touch()
    return python


def measured(peer: Peer, python: Path) -> dict[str, Any]:
    """What the peer's script says of one repetition: seconds, decisions, version.

    Raises
    ------
    PeerError
        If the script fails.
    """
    found: dict[str, Any] = json.loads(told([str(python), str(Path(__file__).with_name(peer.script))], MEASURE_SECONDS))
    return found


def told(command: Sequence[str], seconds: int) -> str:
    """Output of a command."""
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)
    except (OSError, subprocess.TimeoutExpired) as problem:
        raise PeerError(f"{Path(command[0]).name}: {problem}") from problem
    if run.returncode:
        errors = [line for line in run.stderr.splitlines() if line.strip()]
        wrong = [line for line in errors if line.startswith("ERROR")] or errors or ["no message"]
        raise PeerError(wrong[-1].removeprefix("ERROR: "))
    return run.stdout
