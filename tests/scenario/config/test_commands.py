"""`carryflow config`: output and exit codes."""

import json
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from simulation.cli import config_commands
from simulation.cli.config_commands import exit_on_config_error
from simulation.scenario.config import loading
from simulation.scenario.config.errors import ConfigError, ConfigProblem

Write = Callable[..., Path]


@pytest.fixture
def carryflow(monkeypatch: pytest.MonkeyPatch, sample_root: type) -> Callable[..., Result]:
    """Run `carryflow config` with the sample model instead of a scenario."""
    monkeypatch.setattr(loading, "scenario_model", lambda: sample_root)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(config_commands.config, arguments)

    return run


def test_check_says_ok_and_the_hash(write: Write, carryflow: Callable[..., Result]) -> None:
    write()
    result = carryflow("check", "./a.yaml")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("./a.yaml: ok, sha256 ")


def test_check_prints_all_problems_of_all_files(good: str, write: Write, carryflow: Callable[..., Result]) -> None:
    write(good.replace("leverage_x: 5", "leverage_x: 500"), b=good, c="name: [x\n")
    result = carryflow("check", "a.yaml", "b.yaml", "c.yaml", "nobody", "--set", "seed=x")
    starts = [line for line in result.stderr.splitlines() if not line.startswith(" ")]
    assert result.exit_code == 2
    assert [line.split(": ")[0] for line in starts] == [
        "a.yaml:16:17", "--set seed=x:6", "--set seed=x:6", "c.yaml:1:7", "nobody",
    ]  # fmt: skip
    assert result.stdout == ""


def test_check_as_json(good: str, write: Write, carryflow: Callable[..., Result]) -> None:
    write(good.replace("leverage_x: 5", "leverage_x: 500"), b=good)
    result = carryflow("check", "./a.yaml", "./b.yaml", "--json")
    checked = json.loads(result.stdout)
    assert checked["ok"] is False
    first, second = checked["files"]
    assert result.exit_code == 2
    assert (first["ok"], first["problems"][0]["line"], first["problems"][0]["column"]) == (False, 16, 17)
    assert (second["ok"], second["problems"], len(second["hash"])) == (True, [], 64)


def test_show_prints_yaml_that_checks_to_the_same_hash(write: Write, carryflow: Callable[..., Result]) -> None:
    path = write()
    before = carryflow("check", "./a.yaml", "--set", "seed=3").stdout
    shown = carryflow("show", "./a.yaml", "--resolved", "--origin", "--set", "seed=3")
    assert shown.exit_code == 0
    assert "a.yaml:7" in shown.stdout
    path.write_text(shown.stdout)
    assert carryflow("check", "./a.yaml").stdout == before


def test_diff_in_words_and_as_json(good: str, write: Write, carryflow: Callable[..., Result]) -> None:
    write(good, b="extends: a\nend: 2026-04-30\n")
    assert carryflow("diff", "./a.yaml", "./b.yaml").stdout == "end: 31 Mar 2026 -> 30 Apr 2026\n"
    assert carryflow("diff", "./a.yaml", "./a.yaml").stdout == "the configs mean the same\n"
    listed = json.loads(carryflow("diff", "./a.yaml", "./b.yaml", "--json").stdout)
    assert [(change["key"], change["after"]) for change in listed["differences"]] == [("end", "2026-04-30")]


def test_schema_to_a_file(write: Write, carryflow: Callable[..., Result]) -> None:
    write()
    result = carryflow("schema", "--out", "configs/schema.json")
    assert (result.exit_code, result.stdout) == (0, "")
    assert Path("configs/schema.json").read_text() == carryflow("schema").stdout


@pytest.mark.parametrize("command", [("show", "no_such"), ("diff", "./a.yaml", "no_such"), ("check", "no_such")])
def test_an_unknown_name_ends_with_two_and_no_traceback(
    command: tuple[str, ...], write: Write, carryflow: Callable[..., Result]
) -> None:
    write()
    result = carryflow(*command)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("no_such: no scenario of this name")
    assert "Traceback" not in result.stderr


def test_messages_are_printed_unchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    @click.command()
    @exit_on_config_error()
    def failing() -> None:
        raise ConfigError([ConfigProblem("a.yaml", 12, 3, "boj.meetings[0].date", "[bold]wrong[/bold] " + "x" * 200)])

    result = CliRunner().invoke(failing)
    assert result.exit_code == 2
    assert result.stderr == f"a.yaml:12:3: boj.meetings[0].date: [bold]wrong[/bold] {'x' * 200}\n"


def test_other_errors_are_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError), exit_on_config_error():
        raise ZeroDivisionError


def test_an_error_survives_pickling() -> None:
    error = ConfigError([ConfigProblem("a", 1, 2, "k", "m", "h", "x"), ConfigProblem("a", 1, 2, "k", "m", "h", "x")])
    again = pickle.loads(pickle.dumps(error))
    assert (again.problems, str(again)) == (error.problems, "a:1:2: k: m; h\n    x\n     ^")
    assert len(error.problems) == 1


def test_help_loads_no_parser_and_no_engine() -> None:
    code = (
        "import sys; import simulation.scenario.config; from simulation.cli.config_commands import config\n"
        "config(['--help'], standalone_mode=False)\n"
        "print(sorted({'ruamel.yaml', 'pydantic', 'mesa', 'pandas', 'numpy', 'matplotlib'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_public_names_resolve() -> None:
    import simulation.scenario.config as public

    assert all(callable(getattr(public, name)) for name in public.__all__)
    with pytest.raises(AttributeError, match="nonsense"):
        _ = public.nonsense
