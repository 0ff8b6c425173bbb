"""The notebooks: what they open with, that no output is kept, and that they run and say what they should."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.places import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
NAMES = ["december_lesson", "how_much_unwinds", "replay_august_2024", "write_your_own_investor"]
CELL_SECONDS = 400
NUMBER = r"([-+]?[\d.]+)"


def cells(path: Path, kind: str) -> list[str]:
    return [
        "".join(cell["source"])
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
        if cell["cell_type"] == kind
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_opens_with_what_one_will_learn(path: Path) -> None:
    first = cells(path, "markdown")[0]
    assert first.startswith("# ")
    assert "**What you will learn**" in first
    assert first.count("\n* ") >= 4


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_exercises_come_before_their_answers(path: Path) -> None:
    text = "\n".join(cells(path, "markdown"))
    assert 0 < text.index("**Exercise") < text.index("## Answer")
    asked = set(re.findall(r"\*\*Exercise (\d)\.", text))
    assert asked == set(re.findall(r"^\*\*(\d)\.\*\*", text, flags=re.MULTILINE))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_output_is_kept(path: Path) -> None:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    kept = [cell for cell in notebook["cells"] if cell.get("outputs") or cell.get("execution_count")]
    assert kept == [], "clear all outputs before a commit"
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_only_what_users_have_is_imported(path: Path) -> None:
    imported = set(re.findall(r"^(?:from|import) (\S+)", "\n".join(cells(path, "code")), flags=re.MULTILINE))
    inside = {name for name in imported if name.startswith("simulation.")}
    guide = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
    assert all(f"from {name} import" in guide for name in inside), "beyond cf only what the guide to extending shows"


def test_all_are_there_and_in_the_guide() -> None:
    assert [path.stem for path in NOTEBOOKS] == NAMES
    guide = (ROOT / "docs" / "notebooks.md").read_text(encoding="utf-8")
    assert all(f"notebooks/{name}.ipynb" in guide for name in NAMES)


def said_by(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Execute a notebook in a folder of its own and return what it printed."""
    nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed (extra test)")
    nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed (extra test)")
    pytest.importorskip("ipykernel", reason="ipykernel is not installed (extra test)")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    notebook = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)
    client = nbclient.NotebookClient(
        notebook, timeout=CELL_SECONDS, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    )
    client.execute()
    outputs: list[Any] = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    warned = [output.text for output in outputs if output.output_type == "stream" and output.name == "stderr"]
    assert warned == []
    assert any("image/png" in output.get("data", {}) for output in outputs), "no figure"
    return "\n".join(output.text for output in outputs if output.output_type == "stream")


def numbers(pattern: str, text: str) -> list[float]:
    found = re.search(pattern.replace("#", NUMBER), text)
    assert found is not None, text
    return [float(group) for group in found.groups()]


@pytest.mark.slow
def test_december_lesson(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = said_by("december_lesson", tmp_path, monkeypatch)
    expected, surprise = numbers("USDJPY until 26 December: # % expected, # % as a surprise", text)
    assert surprise < expected
    _, low, high = numbers(r"The surprise alone: # pp, 95 % interval # to #\.", text)
    assert low < high < 0.0


@pytest.mark.slow
def test_how_much_unwinds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = said_by("how_much_unwinds", tmp_path, monkeypatch)
    slow, sudden = numbers("1.5 pp: # % of the levered stock over 20 days, # % as an announcement", text)
    assert 0.0 < slow < sudden < 100.0


@pytest.mark.slow
def test_write_your_own_investor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = said_by("write_your_own_investor", tmp_path, monkeypatch)
    (home,) = numbers(r"Treasurers bring home # \$bn", text)
    (residual,) = (float(found) for found in re.findall(r"residual of the ledger: (\S+) ", text))
    assert home > 0.0
    assert residual <= 1e-9
    assert "did you mean cheap_above_yen?" in text


@pytest.mark.slow
def test_replay_august_2024(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = said_by("replay_august_2024", tmp_path, monkeypatch)
    without, with_them = numbers("still falls # %, against # % with them", text)
    assert 0.0 < without < with_them
    assert "december_2022 (not fitted)" in text
