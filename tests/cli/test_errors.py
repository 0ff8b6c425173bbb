"""Errors and interruptions: message and exit code."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from simulation.compute import ensemble
from tests.cli.conftest import SMALL, Carryflow

PROGRAM = "import sys; sys.argv[0] = 'carryflow'; from simulation.cli import main; main()"


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-c", PROGRAM, *map(str, arguments)]


def broken(*_: object, **__: object) -> None:
    raise ZeroDivisionError("nothing to divide by")


def test_an_internal_error_is_short_and_says_how_to_see_more(
    carryflow: Carryflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ensemble, "run_ensemble", broken)
    outcome = carryflow("run", SMALL)
    assert outcome.code == 1
    assert "Internal error: ZeroDivisionError: nothing to divide by" in outcome.err
    assert "CARRYFLOW_TRACEBACK=1" in outcome.err
    assert "Traceback (most recent call last)" not in outcome.err


def test_the_traceback_can_be_seen(carryflow: Carryflow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ensemble, "run_ensemble", broken)
    monkeypatch.setenv("CARRYFLOW_TRACEBACK", "1")
    assert "Traceback (most recent call last)" in carryflow("run", SMALL).err


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), ensemble.EnsembleError("a worker died")])
def test_system_errors_print_one_line(carryflow: Carryflow, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(ensemble, "run_ensemble", fail)
    outcome = carryflow("run", SMALL)
    assert outcome.code == 1
    assert outcome.err == f"Error: {error}\n"


def interruptible() -> None:
    """A shell that starts tests in the background lets their children ignore Ctrl-C: undo it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
@pytest.mark.parametrize(("workers", "seconds"), [("1", 3.0), ("2", 3.0), ("2", 1.0)])
def test_interrupt_ends_with_130_and_leaves_nothing(tmp_path: Path, workers: str, seconds: float) -> None:
    started = command("run", SMALL, "--runs", "1000000", "--workers", workers, "--out", tmp_path / "here")
    with subprocess.Popen(
        started, stderr=subprocess.PIPE, text=True, start_new_session=True, preexec_fn=interruptible
    ) as process:
        time.sleep(seconds)
        assert process.poll() is None
        # As the terminal does it: to every process of the group.
        os.killpg(process.pid, signal.SIGINT)
        _, message = process.communicate(timeout=180)
    assert process.returncode == 130
    assert "Interrupted; nothing was written." in message
    assert "Traceback" not in message
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX pipes")
def test_a_reader_that_stops_reading_is_no_error() -> None:
    listed = subprocess.Popen(command("list"), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert listed.stdout is not None
    assert listed.stderr is not None
    listed.stdout.close()
    with listed.stderr:
        message = listed.stderr.read()
    assert listed.wait(timeout=180) == 141
    assert message == b""


def test_no_color_is_honoured(tmp_path: Path) -> None:
    done = subprocess.run(
        command("run", SMALL, "--runs", "1", "--no-save"),
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env=os.environ | {"NO_COLOR": "1", "FORCE_COLOR": "1"},
    )
    assert "\x1b[3" not in done.stdout
    assert done.stderr == ""
