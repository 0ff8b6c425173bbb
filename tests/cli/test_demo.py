"""``carryflow demo``: December 2025 with the article's figures and with official data."""

import json
from pathlib import Path

import pytest

from simulation.cli import run_commands
from tests.cli.conftest import SMALL, Carryflow


@pytest.fixture
def small_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_commands, "DEMO_SCENARIOS", {"article": str(SMALL), "official": str(SMALL)})


@pytest.mark.usefixtures("small_demo")
def test_demo_prints_both_and_writes_figures(carryflow: Carryflow, tmp_path: Path) -> None:
    outcome = carryflow("demo", "--runs", "2")
    assert outcome.code == 0
    assert "article" in outcome.out
    assert outcome.out.startswith("Article: Policy ")
    assert "Official, levels (medians, which do not add up): USDJPY" in outcome.out
    (folder,) = (tmp_path / "results").iterdir()
    assert folder.name.startswith("demo-")
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*.png")}
    assert len(names) == 9
    assert "article_vs_official.png" in names
    assert str(folder.relative_to(tmp_path) / "article_vs_official.png") in outcome.err
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["members"] == ["article", "official"]


@pytest.mark.usefixtures("small_demo", "unrendered")
def test_demo_again_fills_the_same_folder_and_can_be_verified(carryflow: Carryflow, tmp_path: Path) -> None:
    assert carryflow("demo", "--runs", "1", "--quiet").code == 0
    found = json.loads(carryflow("demo", "--runs", "1", "--json", "--quiet").out)
    assert list(found) == ["article", "official"]
    assert found["article"]["metrics"]["usdjpy_change_pct"]["unit"] == "%"
    (folder,) = (tmp_path / "results").iterdir()
    outcome = carryflow("verify", folder)
    assert outcome.code == 0
    assert outcome.out.count(": same") == 6


def test_demo_uses_the_shipped_scenarios(carryflow: Carryflow) -> None:
    listed = json.loads(carryflow("list", "scenarios", "--json").out)["scenarios"]
    assert set(run_commands.DEMO_SCENARIOS.values()) <= {entry["name"] for entry in listed}
