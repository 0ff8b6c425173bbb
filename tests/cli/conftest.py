"""Fixture: run the command line in this process, in a temporary folder."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from simulation.cli import run_command_line
from tests.support.places import SMALL_SCENARIO

SMALL = SMALL_SCENARIO


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str


Carryflow = Callable[..., Outcome]


@pytest.fixture
def carryflow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Carryflow:
    """Return a function that runs a command line and gives exit code, standard output and standard error."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str | Path) -> Outcome:
        monkeypatch.setattr("sys.argv", ["carryflow", *map(str, arguments)])
        capsys.readouterr()
        try:
            code = run_command_line([str(argument) for argument in arguments])
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else -1
        printed = capsys.readouterr()
        return Outcome(code, printed.out, printed.err)

    return run
