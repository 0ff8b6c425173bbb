"""The store: only missing runs are computed, and the bytes do not depend on the order of the work."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from simulation.results.output_folder import OutputError
from simulation.sweeps.plan import load_plan
from simulation.sweeps.rebuild import rebuild_run
from simulation.sweeps.store import read_manifest, read_runs, read_series
from simulation.sweeps.store_folders import folder_lock, merge_stores
from tests.sweeps.conftest import Counted, Interrupted, Whole, grid, run_into, sweep_of, table


def files(folder: Path) -> dict[str, bytes]:
    found = [*folder.glob("*.parquet"), *folder.glob("series/*.parquet")]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(found)}


def test_the_table_has_a_row_per_run_in_order(tmp_path: Path) -> None:
    run_into(tmp_path / "a", grid())
    runs = read_runs(tmp_path / "a")
    assert list(zip(runs.point, runs.replication, strict=True)) == [(p, r) for p in range(12) for r in range(5)]
    assert runs.run_id.is_unique
    assert (runs.status == "done").all()
    assert (runs.reason == "").all()
    assert (runs.seed == 7).all()
    assert (runs.run == runs.replication).all()
    assert runs["param:markets.usdjpy.stress_slope"].unique().tolist() == [0.1, 1.05, 2.0]
    assert runs["param:boj.meetings[0].guidance"].unique().tolist() == ["vague", "six_monthly"]


def test_the_manifest_describes_the_sweep(tmp_path: Path) -> None:
    run_into(tmp_path / "a", grid('axes={"boj.meetings[0].decision": {low: 0bp, high: 50bp, steps: 3}}'))
    manifest = read_manifest(tmp_path / "a")
    assert (manifest["status"], manifest["runs_done"], manifest["runs_failed"]) == ("finished", 15, 0)
    axis = manifest["axes"]["boj.meetings[0].decision"]
    assert (axis["unit"], axis["numeric"], axis["base"]) == ("bp", True, 25.0)
    assert read_runs(tmp_path / "a")["param:boj.meetings[0].decision"].unique().tolist() == [0.0, 25.0, 50.0]


@pytest.mark.parametrize("batch", [1, 7, 1000])
def test_the_batch_size_changes_no_byte(tmp_path: Path, whole: Whole, batch: int) -> None:
    run_into(tmp_path / "b", grid("record=all"), batch=batch)
    assert files(tmp_path / "b") == files(whole("all"))


@pytest.mark.parametrize("record", ["none", "quantiles", "all"])
def test_an_interrupted_sweep_continues_without_repeating_a_run(tmp_path: Path, whole: Whole, record: str) -> None:
    plan, counted = grid(f"record={record}"), Counted()
    with pytest.raises(KeyboardInterrupt):
        run_into(tmp_path / "b", plan, batch=7, function=Interrupted(3))
    assert read_manifest(tmp_path / "b")["status"] == "interrupted"
    before = read_runs(tmp_path / "b")
    assert 0 < len(before) < 60
    run_into(tmp_path / "b", plan, function=counted)
    assert len(counted.runs) == 60 - len(before)
    assert not set(counted.runs) & set(zip(before.point, before.replication, strict=True))
    assert files(tmp_path / "b") == files(whole(record))


def test_a_finished_sweep_is_not_changed(tmp_path: Path) -> None:
    counted = Counted()
    run_into(tmp_path / "a", grid())
    before = (tmp_path / "a" / "manifest.json").read_bytes()
    assert run_into(tmp_path / "a", grid(), function=counted).finished
    assert counted.runs == []
    assert (tmp_path / "a" / "manifest.json").read_bytes() == before


def test_damaged_shards_and_temporary_files_are_computed_again(tmp_path: Path) -> None:
    plan, counted = grid(), Counted()
    run_into(tmp_path / "a", plan)
    whole = table(tmp_path / "a")
    (shard,) = (tmp_path / "a" / "shards").iterdir()
    shard.write_bytes(shard.read_bytes()[:-100])
    (tmp_path / "a" / "shards" / ".writing-1-x").write_bytes(b"half")
    (tmp_path / "a" / "runs.parquet").write_bytes(b"torn")
    run_into(tmp_path / "a", plan, function=counted)
    assert len(counted.runs) == 60
    assert table(tmp_path / "a") == whole
    assert not list(tmp_path.rglob(".writing-*"))


def test_a_lost_table_is_rebuilt_from_the_shards(tmp_path: Path) -> None:
    plan, counted = grid(), Counted()
    run_into(tmp_path / "a", plan)
    whole = table(tmp_path / "a")
    (tmp_path / "a" / "runs.parquet").unlink()
    run_into(tmp_path / "a", plan, function=counted)
    assert counted.runs == []
    assert table(tmp_path / "a") == whole


@pytest.mark.parametrize("record", ["none", "all", "quantiles"])
@pytest.mark.parametrize(
    "larger",
    [
        ["replications=8"],
        ['axes={markets.usdjpy.stress_slope: [0.05, 0.1, 1.05, 2.0], "boj.meetings[0].guidance": [vague]}'],
    ],
)
def test_an_extended_store_equals_the_store_of_the_larger_design(
    tmp_path: Path, larger: list[str], record: str
) -> None:
    axes = 'axes={markets.usdjpy.stress_slope: [0.1, 2.0, 1.05], "boj.meetings[0].guidance": [vague]}'
    keep = f"record={record}"
    small, large = grid(axes, keep), grid(axes, keep, *larger)
    run_into(tmp_path / "a", small)
    with pytest.raises(OutputError, match="--extend"):
        run_into(tmp_path / "a", large)
    counted = Counted()
    run_into(tmp_path / "a", large, extend=True, function=counted)
    run_into(tmp_path / "b", large)
    assert files(tmp_path / "a") == files(tmp_path / "b")
    fresh = len(read_runs(tmp_path / "b")) - 15
    assert len(counted.runs) == (fresh if record != "quantiles" else fresh + 15)


def test_a_store_of_another_sweep_is_rejected(tmp_path: Path) -> None:
    run_into(tmp_path / "a", grid())
    for other in (grid("seed=8"), grid("metrics=[unwound_share]"), grid("independent=true")):
        with pytest.raises(OutputError, match="another base"):
            run_into(tmp_path / "a", other, extend=True)
    with pytest.raises(OutputError, match="lacks"):
        run_into(tmp_path / "a", grid("axes={markets.usdjpy.stress_slope: [9]}"), extend=True)
    with pytest.raises(OutputError, match="more than 2"):
        run_into(tmp_path / "a", grid("replications=2"), extend=True)


def test_a_folder_with_other_files_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(OutputError, match=r"letter\.txt"):
        run_into(tmp_path, grid())
    with pytest.raises(OutputError, match="is a file"):
        run_into(tmp_path / "letter.txt", grid())


def test_two_processes_do_not_write_to_one_store(tmp_path: Path) -> None:
    with folder_lock(tmp_path / "a"), pytest.raises(OutputError, match="another process"):
        run_into(tmp_path / "a", grid())


def test_a_failed_run_is_a_row_with_its_reason(tmp_path: Path) -> None:
    run_into(tmp_path / "a", grid("axes={markets.usdjpy.fast_impact_pct_per_usd_bn: [0.02, 100]}"))
    runs = read_runs(tmp_path / "a")
    failed = runs.status == "failed"
    assert not failed[:5].any()
    assert failed[5:].any()
    assert runs.reason[failed].str.startswith("price_runaway").all()
    assert (runs.usdjpy_change_pct.isna() == failed).all()
    assert read_manifest(tmp_path / "a")["runs_failed"] == failed.sum()


def test_series_hold_the_days_of_each_run(tmp_path: Path) -> None:
    run_into(tmp_path / "a", grid("record=all"))
    days, runs = read_series(tmp_path / "a"), read_runs(tmp_path / "a")
    assert len(days) == 60 * 5
    assert list(dict.fromkeys(days.run_id)) == runs.run_id.tolist()
    change = days.groupby("run_id", sort=False).usdjpy.agg(lambda price: 100 * (price.iloc[-1] / price.iloc[0] - 1))
    assert change.to_numpy() == pytest.approx(runs.usdjpy_change_pct.to_numpy())


def test_quantiles_equal_those_of_the_runs(tmp_path: Path) -> None:
    run_into(tmp_path / "a", grid("record=all"))
    run_into(tmp_path / "q", grid("record=quantiles"))
    bands = read_series(tmp_path / "q")
    days = read_series(tmp_path / "a").groupby(["point", "date"]).usdjpy.quantile(np.array([0.1, 0.5, 0.9])).unstack()
    found = bands[bands.series == "usdjpy"].set_index(["point", "date"])[["p10", "p50", "p90"]]
    assert found.to_numpy() == pytest.approx(days.to_numpy())
    assert (bands.runs == 5).all()
    assert not list((tmp_path / "q" / "shards").glob("series-*"))


def test_reading_another_folder_is_reported(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps({"format": 1, "kind": "run"}))
    with pytest.raises(OutputError, match="not a sweep"):
        read_runs(tmp_path)


def test_parameter_sets_are_assigned_to_replications(tmp_path: Path) -> None:
    plan = load_plan(
        sweep_of(tmp_path, 'replications: 3\naxes: {"boj.meetings[0].guidance": [vague]}\nposterior: august_2024\n')
    )
    plain = load_plan(sweep_of(tmp_path, 'replications: 3\naxes: {"boj.meetings[0].guidance": [vague]}\n'))
    run_into(tmp_path / "p", plan)
    run_into(tmp_path / "n", plain)
    assert (tmp_path / "p" / "parameter_sets.csv").is_file()
    both = [pd.Series(read_runs(tmp_path / name).usdjpy_change_pct) for name in "pn"]
    assert (both[0] != both[1]).all()


def test_runs_of_another_code_version_are_mixed_only_with_force(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, counted = grid(), Counted()
    with pytest.raises(KeyboardInterrupt):
        run_into(tmp_path / "a", plan, batch=7, function=Interrupted(3))
    run_into(tmp_path / "b", plan)
    (first,) = read_manifest(tmp_path / "b")["engines"]
    monkeypatch.setattr("simulation.sweeps.code_version.code_fingerprint", lambda *_: "another")
    for name in "ab":
        with pytest.raises(OutputError, match=rf"another version .*{first[:12]}, now another.*--force"):
            run_into(tmp_path / name, plan, function=counted)
    assert counted.runs == []
    run_into(tmp_path / "a", plan, force=True)
    assert read_manifest(tmp_path / "a")["engines"] == [first, "another"]
    assert run_into(tmp_path / "a", plan).finished
    with pytest.raises(OutputError, match="--force"):
        merge_stores(tmp_path / "a", tmp_path / "b", tmp_path / "c")
    merge_stores(tmp_path / "a", tmp_path / "b", tmp_path / "c", force=True)
    assert read_manifest(tmp_path / "c")["engines"] == [first, "another"]
    assert not rebuild_run(tmp_path / "b", read_runs(tmp_path / "b").run_id[0]).same_code
