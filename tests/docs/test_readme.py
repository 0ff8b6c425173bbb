"""The README is true: its code runs, its commands exist, its map leads somewhere."""

import re
import shlex
from typing import Any

import click
import pytest

from simulation.cli import program
from tests.support.places import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
HEADINGS = [
    "Run it in 30 seconds", "What it answers", "The day", "Map of the code", "Add an investor", "What is checked",
    "What it does not claim",
]  # fmt: skip


def test_the_sections_are_there_in_order() -> None:
    assert re.findall(r"^## (.*)$", README, flags=re.MULTILINE) == HEADINGS


def test_the_python_block_runs() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(code.replace("runs=20", "runs=2"), "README.md", "exec"), names)
    assert names["result"].runs == 2
    assert not names["result"].daily.empty


@pytest.mark.parametrize("place", sorted(set(re.findall(r"`([a-z_]+(?:/|\.py))`", README)) - {"results/"}))
def test_the_map_leads_somewhere(place: str) -> None:
    homes = (ROOT, ROOT / "simulation", *(ROOT / "simulation").iterdir())
    assert any((home / place).exists() for home in homes)


@pytest.mark.parametrize("image", re.findall(r"!\[[^\]]*\]\(([^)]+)\)", README))
def test_figures_are_there(image: str) -> None:
    assert (ROOT / image).is_file()


def commands() -> list[str]:
    return sorted(set(re.findall(r"(?:`|\.venv/bin/)carryflow ([a-z][a-z-]*)", README)))


@pytest.mark.parametrize("name", commands())
def test_commands_exist(name: str) -> None:
    assert program.get_command(click.Context(program), name) is not None


def test_settings_of_the_readme_are_valid() -> None:
    from simulation.scenario.config import load

    (line,) = re.findall(r"carryflow run (.*--set.*)$", README, flags=re.MULTILINE)
    words = shlex.split(line)
    overrides = [words[at + 1] for at, word in enumerate(words) if word == "--set"]
    assert load(words[0], overrides).scenario.boj.meetings[0].decision == 50
