"""The guide to sweeps is true: its Python code runs."""

import re
from pathlib import Path
from typing import Any

import pytest

import simulation as cf
from simulation.sweeps.plan import load_plan
from tests.support.places import ROOT

GUIDE = (ROOT / "docs" / "sweeps.md").read_text(encoding="utf-8")
GRID = ROOT / "tests" / "sweeps" / "grid.yaml"


def test_the_python_of_the_guide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (block,) = re.findall(r"```python\n(.*?)```", GUIDE, flags=re.DOTALL)
    found: dict[str, Any] = {}
    exec(block, found)
    assert len(found["store"].runs) == 2 * 2 == found["store"].manifest["runs_done"]
    assert found["store"].folder == Path("results/spread")
    assert found["done"].unwound_share.notna().all()


def test_the_store_is_that_of_the_command_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    first = cf.sweep(GRID, settings=["replications=1"])
    assert first.folder.parent == Path("results")
    assert cf.sweep(GRID, settings=["replications=1"]).folder == first.folder
    more = cf.sweep(load_plan(GRID, ["replications=2", "record=all"]), "series")
    assert (len(first.runs), len(more.runs)) == (12, 24)
    assert set(more.series.run_id) == set(more.runs.run_id)
    assert cf.SweepStore(first.folder).manifest["status"] == "finished"
    with pytest.raises(TypeError, match="load_plan"):
        cf.sweep(load_plan(GRID), settings=["replications=1"])
