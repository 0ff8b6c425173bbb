"""Each figure of docs/figures stands in the gallery with the command that makes it, and the command does."""

import re
from pathlib import Path

import pytest

from simulation.cli import run_command_line
from tests.docs.blocks import commands_in, parsed
from tests.support.places import ROOT

GALLERY = (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8")
ENTRIES = re.findall(
    r"!\[[^\]]+\]\(figures/(\w+\.png)\)\n\n```bash\n(.*?)```\n\nwrites `([^`]+)`", GALLERY, flags=re.DOTALL
)
SMALL = {
    "run": ["--runs", "2", "--set", "end=2025-12-22", "--workers", "1", "--quiet"],
    "demo": ["--runs", "2", "--workers", "1", "--quiet"],
    "replay": ["--runs", "2", "--workers", "1", "--quiet"],
    "calibrate": ["--quiet"],
    "explain": ["--set", "end=2025-12-22", "--quiet"],
    "sweep": ["--set", "design.samples=8", "--set", "replications=2", "--workers", "1", "--quiet"],
    "analyse": [],
    "experiment": ["--quick", "--runs", "2", "--workers", "1", "--quiet"],
}


def test_every_figure_is_there_with_its_command() -> None:
    elsewhere = {"scaling.png", "structure.png"}  # drawn by other commands, named in performance.md and architecture.md
    there = {path.name for path in (ROOT / "docs/figures").glob("*.png")} - elsewhere
    assert sorted(name for name, _, _ in ENTRIES) == sorted(there)
    assert GALLERY.count("![") == len(ENTRIES)


@pytest.mark.parametrize(("line", "file"), [entry[1:] for entry in ENTRIES], ids=[entry[0] for entry in ENTRIES])
def test_a_command_writes_where_the_gallery_says(line: str, file: str) -> None:
    context = parsed(commands_in(line)[-1].arguments)
    assert Path(file).is_relative_to(context.params["out"])


@pytest.mark.slow
@pytest.mark.parametrize("line", sorted({entry[1] for entry in ENTRIES}))
def test_a_command_makes_its_figures(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for command in commands_in(line):
        arguments = [*command.arguments, *SMALL[command.name]]
        monkeypatch.setattr("sys.argv", ["carryflow", *arguments])
        assert run_command_line(arguments) == 0
    assert all(Path(file).is_file() for _, of, file in ENTRIES if of == line)
