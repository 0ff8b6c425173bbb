"""Virtual environments of the peers, created once below the output folder."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.contestants import DECISION, CannotBeMeasuredError, Contestant, Measurement, Setting, skipped_contestant

INSTALL_SECONDS = 600
MEASURE_SECONDS = 300


@dataclass(frozen=True)
class Peer:
    """A library: name, requirement, script in this folder, and description."""

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
    """An environment could not be created, or its example failed."""


def peers(setting: Setting) -> list[Contestant]:
    """Other libraries on their own examples; a library that cannot be installed or run is skipped with the reason."""
    return [contestant(peer, setting.folder / "environments") for peer in PEERS]


def contestant(peer: Peer, environments: Path) -> Contestant:
    """A peer in its own environment; runs once to count the decisions of its example."""
    try:
        python = environment(peer, environments)
        first = run_example(peer, python)
    except PeerError as problem:
        return skipped_contestant(peer.name, peer.what, DECISION, str(problem))
    return Contestant(
        peer.name,
        peer.what,
        DECISION,
        int(first["decisions"]),
        lambda: Measurement(run_example(peer, python)["seconds"]),
    )


def environment(peer: Peer, environments: Path) -> Path:
    """Path of the Python with the peer; creates the environment if necessary.

    Raises
    ------
    PeerError
        With the last error line.
    """
    folder = environments / peer.requirement
    python, done = folder / "bin" / "python", folder / "installed"
    if not done.exists():
        command_output([sys.executable, "-m", "venv", str(folder)], INSTALL_SECONDS)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        command_output([*pip, "--only-binary", ":all:", peer.requirement], INSTALL_SECONDS)
        done.touch()
    return python


def run_example(peer: Peer, python: Path) -> dict[str, Any]:
    """Output of the peer's script for one repetition: seconds, decisions, version.

    Raises
    ------
    PeerError
        If the script fails.
    """
    found: dict[str, Any] = json.loads(
        command_output([str(python), str(Path(__file__).with_name(peer.script))], MEASURE_SECONDS)
    )
    return found


def command_output(command: Sequence[str], seconds: int) -> str:
    """Standard output of a command; raises PeerError if it fails."""
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)
    except (OSError, subprocess.TimeoutExpired) as problem:
        raise PeerError(f"{Path(command[0]).name}: {problem}") from problem
    if run.returncode:
        errors = [line for line in run.stderr.splitlines() if line.strip()]
        messages = [line for line in errors if line.startswith("ERROR")] or errors or ["no message"]
        raise PeerError(messages[-1].removeprefix("ERROR: "))
    return run.stdout
