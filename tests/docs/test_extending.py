"""The guide to adding an investor, followed to the letter in a copy of the package."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.places import ROOT

GUIDE = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, flags=re.DOTALL)


def followed(folder: Path) -> Path:
    """A copy of the package with the guide's file and roster line; returns the guide's config."""
    shutil.copytree(ROOT / "simulation", folder / "simulation")
    shutil.copytree(ROOT / "configs", folder / "configs")
    shutil.copy(ROOT / "pyproject.toml", folder)
    investors = folder / "simulation" / "investors"
    code, line = blocks("python")
    (investors / "treasurers.py").write_text(code, encoding="utf-8")
    roster = (investors / "__init__.py").read_text(encoding="utf-8")
    roster = roster.replace("\n\nROSTER", f"\n{line}\n\nROSTER", 1).replace(" = (\n", " = (\n    Treasurers,\n", 1)
    (investors / "__init__.py").write_text(roster, encoding="utf-8")
    (folder / "mine.yaml").write_text(blocks("yaml")[0], encoding="utf-8")
    return folder / "mine.yaml"


def test_one_file_one_line_one_table_make_a_new_investor(tmp_path: Path) -> None:
    config = followed(tmp_path)
    command = ["-m", "simulation", "run", str(config), "--runs", "2", "--json", "--set", "end=2025-12-12"]
    done = subprocess.run(
        [sys.executable, *command, "--no-figures", "--out", str(tmp_path / "out")],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["ledger_max_residual"] <= 1e-9
    # Above 152 yen they sell every day, so more comes home than without them.
    plain = subprocess.run(
        [sys.executable, *command, "--no-save", "--set", "populations.treasurers.per_yen_pct=0"],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    more, less = (item["metrics"]["repatriation_usd_bn"]["p50"] for item in (answer, json.loads(plain.stdout)))
    assert more > less


def test_the_new_investor_is_offered_by_name(tmp_path: Path) -> None:
    config = followed(tmp_path)
    text = config.read_text(encoding="utf-8").replace("cheap_above_yen", "cheap_over_yen")
    config.write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "simulation", "config", "check", str(config)],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 2
    assert "cheap_above_yen?" in done.stdout + done.stderr
