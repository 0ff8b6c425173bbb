"""Help imports no heavy package."""

import json
import subprocess
import sys

import pytest

from tests.cli.conftest import Carryflow

COMMANDS = (
    *("calibrate", "claims", "demo", "run", "config", "experiment", "facts", "list", "serve", "verify", "viz"),
    *("analyse", "tipping", "reverse-stress", "compare", "explain", "explore", "report"),
)
HEAVY = ("mesa", "pandas", "matplotlib", "pyarrow", "scipy", "numpy", "pydantic", "ruamel", "rich")
ASKED = ["--version", *(f"{command} --help" for command in COMMANDS), "--help"]
PRINT_HELP_AND_MODULES = """
import contextlib, io, json, sys
from simulation.cli import run_command_line
answers = {}
for asked in sys.argv[1:]:
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        code = run_command_line(asked.split())
    answers[asked] = [code, printed.getvalue(), sorted(sys.modules)]
print(json.dumps(answers))
"""

HelpTexts = dict[str, tuple[int, str, list[str]]]


@pytest.fixture(scope="module")
def help_texts() -> HelpTexts:
    """Exit code and text of each help request, made in turn in one process, and the modules imported by then."""
    done = subprocess.run(
        [sys.executable, "-c", PRINT_HELP_AND_MODULES, *ASKED], capture_output=True, text=True, check=True
    )
    found: HelpTexts = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("asked", ASKED)
def test_help_imports_nothing_heavy(help_texts: HelpTexts, asked: str) -> None:
    code, text, modules = help_texts[asked]
    assert code == 0
    assert text
    assert [name for name in HEAVY if name in modules] == []


def test_help_names_every_command_and_exit_code(carryflow: Carryflow) -> None:
    outcome = carryflow("--help")
    assert outcome.code == 0
    assert all(f"  {command} " in outcome.out for command in COMMANDS)
    assert all(f"{code} " in outcome.out for code in (0, 1, 2, 3, 4, 130))


def test_every_option_is_explained(carryflow: Carryflow) -> None:
    text = carryflow("run", "--help").out
    options = ("--runs", "--seed", "--set", "--out", "--force", "--workers", "--json", "--quiet", "--no-save")
    assert all(option in text for option in options)


def test_no_command_shows_help_as_a_usage_error(carryflow: Carryflow) -> None:
    outcome = carryflow()
    assert outcome.code == 2
    assert "Usage: carryflow" in outcome.out + outcome.err
