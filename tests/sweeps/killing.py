"""Start a sweep in a separate process, list its workers, and kill them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.places import ROOT

SCRIPT = """
import sys
from simulation.cli import main
from simulation.sweeps import execution
execution.FLUSH_ROWS = 20
if __name__ == "__main__":
    main(sys.argv[1:])
"""


@contextmanager
def sweeping(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A running ``carryflow sweep`` that writes its results every 20 runs."""
    script = folder / "sweeping.py"
    script.write_text(SCRIPT)
    command = [sys.executable, str(script), "sweep", *arguments]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, env=environment, cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        preexec_fn=interruptible,
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            process.kill()


def interruptible() -> None:
    """Restore Ctrl-C, which a shell that starts tests in the background makes their children ignore."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def children(parent: int) -> list[int]:
    """Descendants of a process, from the Linux process table."""
    below: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if fields[0] != "Z":
                below.setdefault(int(fields[1]), []).append(int(entry.name))
    found, todo = [], [parent]
    while todo:
        own = below.get(todo.pop(), [])
        found += own
        todo += own
    return found


def workers(parent: int) -> list[int]:
    """Worker processes: children of the fork server, which is a child of the sweep."""
    direct = set(children(parent))
    return [pid for pid in direct if parent_of(pid) in direct]


def parent_of(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_until_gone(pids: list[int], seconds: float = 120.0) -> None:
    end = time.monotonic() + seconds
    while any(alive(pid) for pid in pids):
        assert time.monotonic() < end, "a worker outlived its parent"
        time.sleep(0.02)
