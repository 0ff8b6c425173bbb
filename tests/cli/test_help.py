"""Help comes at once: nothing heavy is imported for it."""

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
SAY_MODULES = """
import json, sys
from simulation.cli import exit_code_of
code = exit_code_of(sys.argv[1:])
print(json.dumps([code, sorted(sys.modules)]), file=sys.stderr)
"""


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], *([command, "--help"] for command in COMMANDS)])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    done = subprocess.run([sys.executable, "-c", SAY_MODULES, *arguments], capture_output=True, text=True, check=True)
    code, modules = json.loads(done.stderr)
    assert code == 0
    assert done.stdout
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
