"""The guides to explanations and reports are true: their commands run and print what the guides show."""

import doctest
import re
import shlex
from pathlib import Path

import pytest

from simulation.cli import run_command_line
from tests.support.places import ROOT

DOCS = ROOT / "docs"
EXPLAIN, REPORT = ((DOCS / name).read_text(encoding="utf-8") for name in ("explain.md", "report.md"))
SHOWN = re.compile(r"```bash\n(.*?)```\n\n```text\n(.*?)```", flags=re.DOTALL)
NUMBER = re.compile(r"[-+]?\d[\d,]*\.?\d*(?:e-\d+)?")
ROUNDING = re.compile(r"rounding error of \S+")


def printed(command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    """What a command prints; it must succeed."""
    words = shlex.split(command)
    assert words[0] == "carryflow"
    monkeypatch.setattr("sys.argv", words)
    capsys.readouterr()
    assert run_command_line(words[1:]) == 0
    return capsys.readouterr().out


def numbers(text: str) -> list[float]:
    return [float(number.replace(",", "")) for number in NUMBER.findall(text)]


def says_the_same(shown: str, found: str) -> None:
    """Same words; numbers to the digits shown, for another processor may round the last bit otherwise."""
    shown, found = (ROUNDING.sub("", text).strip() for text in (shown, found))
    assert NUMBER.sub("#", shown) == NUMBER.sub("#", found)
    assert numbers(shown) == pytest.approx(numbers(found), rel=1e-3, abs=2e-3)


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_day_of_the_guide(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    (command, shown), *_ = SHOWN.findall(EXPLAIN)
    says_the_same(shown, printed(command, monkeypatch, capsys))
    assert Path("day", "waterfall.png").is_file()


@pytest.mark.slow
def test_the_shares_of_the_guide(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    _, (command, shown) = SHOWN.findall(EXPLAIN)
    says_the_same(shown, printed(command, monkeypatch, capsys))
    assert Path("shares", "mechanisms_usdjpy_trough_pct.png").is_file()


def test_the_python_of_the_guide() -> None:
    test = doctest.DocTestParser().get_doctest(EXPLAIN, {}, "docs/explain.md", None, 0)
    assert len(test.examples) >= 6
    assert doctest.DocTestRunner().run(test).failed == 0


def test_the_commands_of_the_report(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    (block,) = re.findall(r"```bash\n(.*?)```", REPORT, flags=re.DOTALL)
    for command in block.strip().splitlines():
        printed(re.sub(r"--runs \d+", "--runs 2", command), monkeypatch, capsys)
    page = Path("kept.html").read_text(encoding="utf-8")
    assert "Claims assessed with this run" in page
    assert "equals the shipped scenario" in page


@pytest.mark.parametrize("text", [EXPLAIN, REPORT], ids=["explain", "report"])
def test_figures_and_links_are_there(text: str) -> None:
    linked = re.findall(r"\]\(([^)#]+)\)", text)
    assert linked
    assert all((DOCS / place).is_file() for place in linked)
