"""Results are saved, described and read back unchanged."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import simulation as cf
from simulation.day.recorder import Record
from simulation.results.figures import charts
from simulation.results.output_folder import OutputError
from simulation.results.run_results import Result
from simulation.results.summary import ledger_audit
from simulation.scenario.config.loading import config_hash
from simulation.scenario.scenario import Scenario
from tests.results.conftest import MakeRecord
from tests.support.scenarios import COARSE, ONE_WEEK, official

RUNAWAY = {"noise.scale_x": 10, "end": "2026-02-27"}


@pytest.fixture
def result(small_record: Record) -> Result:
    return Result(small_record, "carryflow run small.yaml")


def digests(folder: Path) -> dict[str, str]:
    files: dict[str, str] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["files"]
    return files


@pytest.mark.usefixtures("unrendered")
def test_folder_contents(result: Result, tmp_path: Path) -> None:
    folder = result.save(tmp_path / "run")
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    pictures = {f"figures/{name}.{ending}" for name in charts.CHARTS for ending in ("png", "csv")}
    assert names == {"daily.parquet", "flows.parquet", "manifest.json"} | pictures


def test_tables_read_back_as_they_were(result: Result, tmp_path: Path) -> None:
    folder = result.save(tmp_path / "run", figures=False)
    pd.testing.assert_frame_equal(pd.read_parquet(folder / "daily.parquet"), result.daily)
    pd.testing.assert_frame_equal(pd.read_parquet(folder / "flows.parquet"), result.flows)


def test_same_results_give_the_same_bytes(small_record: Record, tmp_path: Path) -> None:
    first = Result(small_record).save(tmp_path / "one")
    second = Result(small_record).save(tmp_path / "two")
    assert digests(first) == digests(second)
    assert (first / "manifest.json").read_bytes() == (second / "manifest.json").read_bytes()


def test_manifest_rebuilds_the_scenario(result: Result, tmp_path: Path) -> None:
    folder = result.save(tmp_path / "run", figures=False)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    again = Scenario.model_validate(manifest["config"])
    assert again == result.scenario
    assert config_hash(again) == manifest["config_hash"] == result.config_hash
    assert (manifest["seed"], manifest["runs"], manifest["runs_failed"]) == (7, 6, 0)
    assert manifest["command"] == "carryflow run small.yaml"


def test_other_config_is_refused_unless_forced(small_record: Record, make_record: MakeRecord, tmp_path: Path) -> None:
    folder = Result(small_record).save(tmp_path / "run", figures=False)
    other = make_record()
    changed = Result(Record(**{**vars(other), "scenario": other.scenario.model_copy(update={"seed": 8})}))
    with pytest.raises(OutputError, match="another config"):
        changed.save(folder, figures=False)
    changed.save(folder, force=True, figures=False)
    assert json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["seed"] == 8


def test_interrupted_save_leaves_nothing(result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(charts, "write_figures", interrupt)
    with pytest.raises(KeyboardInterrupt):
        result.save(tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


def test_all_runs_stopped_can_be_saved(make_record: MakeRecord, tmp_path: Path) -> None:
    result = Result(make_record(stopped=(0, 1, 2, 3, 4)))
    folder = result.save(tmp_path / "run")
    assert not (folder / "figures").exists()
    assert len(pd.read_parquet(folder / "daily.parquet")) == 10


def test_repr_starts_with_the_name(result: Result) -> None:
    assert repr(result).startswith(f"<Result small-{result.name[-8:]}: 6 runs;")


@pytest.fixture(scope="module")
def partly_stopped() -> Result:
    """Runs of which some stop early."""
    result = cf.run(official(COARSE, RUNAWAY), runs=6)
    assert 0 < len(result.record.stopped) < 6
    return result


def assert_same_results(first: Result, second: Result) -> None:
    for name, values in first.record.market.items():
        np.testing.assert_array_equal(values, second.record.market[name], err_msg=name)
    for population, table in first.record.flows.items():
        for name, values in table.items():
            np.testing.assert_array_equal(values, second.record.flows[population][name], err_msg=f"{population} {name}")
    assert first.record.roles == second.record.roles
    assert first.record.stopped == second.record.stopped
    assert first.summary().to_dict() == second.summary().to_dict()
    assert first.config_hash == second.config_hash


def test_results_come_back(small_scenario: Scenario, tmp_path: Path) -> None:
    result = cf.run(small_scenario, runs=3)
    assert_same_results(result, cf.read_run(result.save(tmp_path / "run", figures=False)))


def test_stopped_runs_come_back_with_their_reasons(partly_stopped: Result, tmp_path: Path) -> None:
    again = cf.read_run(partly_stopped.save(tmp_path / "run", figures=False))
    assert again.record.stopped == partly_stopped.record.stopped
    assert again.summary().to_dict()["metrics"] == partly_stopped.summary().to_dict()["metrics"]
    assert again.daily.equals(partly_stopped.daily)


def test_the_ledger_is_audited_by_identity(small_scenario: Scenario, tmp_path: Path) -> None:
    result = cf.run(small_scenario, runs=3)
    audit = ledger_audit(result.record)
    assert len(audit) == 7
    largest = max(value for value in audit.values() if value is not None)
    assert largest == result.summary().ledger_max_residual
    assert ledger_audit(cf.read_run(result.save(tmp_path / "run", figures=False)).record) == audit


def test_damaged_and_old_folders_are_rejected(partly_stopped: Result, tmp_path: Path) -> None:
    folder = partly_stopped.save(tmp_path / "run", figures=False)
    manifest = json.loads((folder / "manifest.json").read_text())
    del manifest["failures"]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(OutputError, match="without the reasons of its"):
        cf.read_run(folder)
    (folder / "daily.parquet").write_bytes(b"damaged")
    with pytest.raises(OutputError, match="is missing or not a valid Parquet file"):
        cf.read_run(folder)


def test_parameter_sets_come_back(tmp_path: Path) -> None:
    result = cf.run(official(COARSE, ONE_WEEK), runs=2, posterior="august_2024")
    again = cf.read_run(result.save(tmp_path / "run", figures=False))
    assert again.cloud is not None
    assert result.cloud is not None
    assert (again.cloud.name, again.cloud.digest) == (result.cloud.name, result.cloud.digest)
    assert again.explain("2025-12-02", run=1).after == result.record.market["usdjpy"][1, 2]
