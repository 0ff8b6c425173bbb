"""Saving and describing results."""

import json
from pathlib import Path

import pandas as pd
import pytest

from simulation.day.recorder import Record
from simulation.results.figures import charts
from simulation.results.output_folder import OutputError
from simulation.results.run_results import Result
from simulation.scenario.config.loading import config_hash
from simulation.scenario.scenario import Scenario
from tests.results.conftest import MakeRecord


@pytest.fixture
def result(small_record: Record) -> Result:
    return Result(small_record, "carryflow run small.yaml")


def digests(folder: Path) -> dict[str, str]:
    files: dict[str, str] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["files"]
    return files


@pytest.mark.usefixtures("unrendered")
def test_folder_holds_what_was_promised(result: Result, tmp_path: Path) -> None:
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


def test_repr_says_how_to_go_on(result: Result) -> None:
    assert repr(result).startswith(f"<Result small-{result.name[-8:]}: 6 runs;")
