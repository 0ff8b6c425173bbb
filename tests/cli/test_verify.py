"""``carryflow verify``: a run is reproduced from its manifest alone."""

import json
from pathlib import Path

import pandas as pd
import pytest

from simulation.results.run_results import read_run
from simulation.sweeps.store import read_runs
from tests.cli.conftest import SMALL, Carryflow
from tests.support.places import GRID_SWEEP

GRID = GRID_SWEEP


@pytest.fixture
def kept(carryflow: Carryflow, tmp_path: Path) -> Path:
    folder = tmp_path / "kept"
    assert carryflow("run", SMALL, "--runs", "2", "--no-figures", "--out", folder).code == 0
    return folder


def test_an_untouched_run_is_the_same(carryflow: Carryflow, kept: Path) -> None:
    outcome = carryflow("verify", kept)
    assert outcome.code == 0
    assert outcome.out == f"{kept}/daily.parquet: same\n{kept}/flows.parquet: same\n{kept}/effects.parquet: same\n"


def test_a_changed_number_is_found(carryflow: Carryflow, kept: Path) -> None:
    daily = pd.read_parquet(kept / "daily.parquet")
    daily["usdjpy"] = daily["usdjpy"].where(daily.index != 3, daily["usdjpy"] + 0.5)
    daily.to_parquet(kept / "daily.parquet")
    outcome = carryflow("verify", kept)
    assert outcome.code == 4
    assert "daily.parquet: differs: 1 of" in outcome.out
    assert "usdjpy; largest difference 0.5" in outcome.out
    assert "Versions changed since: none" in outcome.err


@pytest.mark.parametrize(("damage", "message"), [("delete", "missing"), ("garbage", "not a Parquet file")])
def test_a_damaged_table_is_found(carryflow: Carryflow, kept: Path, damage: str, message: str) -> None:
    table = kept / "flows.parquet"
    table.unlink()
    if damage == "garbage":
        table.write_bytes(b"garbage")
    outcome = carryflow("verify", kept, "--json")
    assert outcome.code == 4
    found = json.loads(outcome.out)
    assert found["same"] is False
    assert found["files"][1]["detail"] == message


def test_an_edited_manifest_is_refused(carryflow: Carryflow, kept: Path) -> None:
    manifest = json.loads((kept / "manifest.json").read_text(encoding="utf-8"))
    manifest["config"]["seed"] = 99
    (kept / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    outcome = carryflow("verify", kept)
    assert outcome.code == 2
    assert "edited" in outcome.err


def test_a_folder_without_manifest_is_refused(carryflow: Carryflow, tmp_path: Path) -> None:
    outcome = carryflow("verify", tmp_path)
    assert outcome.code == 2
    assert "not a folder of results" in outcome.err


def test_a_scenario_without_bitcoin_can_be_made_again(carryflow: Carryflow, tmp_path: Path) -> None:
    scenario = tmp_path / "no_bitcoin.yaml"
    text = SMALL.read_text(encoding="utf-8")
    text = text.replace("carry_funds: {", "carry_funds: {basket: {ust10: 0.5, us_equity: 0.4}, ")
    scenario.write_text(text + "markets: {bitcoin: null}\n", encoding="utf-8")
    ran = carryflow("run", scenario, "--runs", "1", "--out", "here", "--json")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["metrics"]["bitcoin_change_pct"]["p50"] is None
    assert carryflow("verify", "here").code == 0


@pytest.mark.parametrize("independent", ["false", "true"])
def test_a_run_of_a_sweep_that_was_rebuilt_is_the_same(carryflow: Carryflow, independent: str) -> None:
    """Any run number: under common random numbers the replication, with independent noise a number of 63 bits."""
    carryflow("sweep", GRID, "--set", f"independent={independent}", "--replications", "3", "--out", "store", "--quiet")
    run_id = read_runs("store").run_id[5]
    done = carryflow("rebuild", "store", run_id, "--out", "again", "--no-figures")
    assert f"{run_id}: all 3 metrics equal the store's table" in done.err
    assert carryflow("verify", "again").code == 0
    number = read_runs("store").run[5]
    held = read_run(Path("again"))
    assert held.record.runs.tolist() == [number]
    assert held.daily.equals(pd.read_parquet("again/daily.parquet"))
