"""Compute a run again from its store, and merge two stores."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from simulation.results.output_folder import OutputError
from simulation.sweeps.plan import load_plan
from simulation.sweeps.rebuild import rebuild_run
from simulation.sweeps.store import read_manifest, read_runs
from simulation.sweeps.store_folders import merge_stores
from tests.sweeps.conftest import grid, run_into, sweep_of, table

SETS = (
    "replications: 3\naxes: {'boj.meetings[0].guidance': [vague, dovish]}\nposterior: august_2024\nindependent: true\n"
)


def test_a_run_is_rebuilt_bit_for_bit(tmp_path: Path) -> None:
    run_into(tmp_path / "a", load_plan(sweep_of(tmp_path, SETS)))
    (tmp_path / "sweep.yaml").unlink()
    row = read_runs(tmp_path / "a").iloc[4]
    found = rebuild_run(tmp_path / "a", row.run_id)
    assert found.differing == {}
    assert found.result is not None
    usdjpy = found.result.daily.usdjpy
    assert 100 * (usdjpy.iloc[-1] / usdjpy.iloc[0] - 1) == row.usdjpy_change_pct
    assert found.result.scenario.boj.meetings[0].guidance == "dovish"


def test_a_changed_table_is_reported(tmp_path: Path) -> None:
    run_into(tmp_path / "a", grid())
    frame = pd.read_parquet(tmp_path / "a" / "runs.parquet")
    frame["usdjpy_change_pct"] += np.where(frame.index == 7, 1e-12, 0.0)
    frame.to_parquet(tmp_path / "a" / "runs.parquet")
    assert list(rebuild_run(tmp_path / "a", frame.run_id[7]).differing) == ["usdjpy_change_pct"]
    assert rebuild_run(tmp_path / "a", frame.run_id[8]).differing == {}


def test_an_unknown_run_is_rejected_with_an_example(tmp_path: Path) -> None:
    run_into(tmp_path / "a", grid())
    with pytest.raises(OutputError, match=rf"no run x.*{read_runs(tmp_path / 'a').run_id[0]}"):
        rebuild_run(tmp_path / "a", "x")


@pytest.mark.parametrize("record", ["none", "all"])
def test_two_shares_merge_to_the_full_store(tmp_path: Path, record: str) -> None:
    plan = grid(f"record={record}")
    for share in (0, 1):
        run_into(tmp_path / str(share), plan, part=(share, 2))
        assert read_manifest(tmp_path / str(share))["status"] == "partial"
    run_into(tmp_path / "whole", plan)
    merge_stores(tmp_path / "0", tmp_path / "1", tmp_path / "both")
    assert table(tmp_path / "both") == table(tmp_path / "whole")
    assert read_manifest(tmp_path / "both")["status"] == "finished"
    parts = [sorted(path.read_bytes() for path in (tmp_path / name).glob("series/*")) for name in ("both", "whole")]
    assert parts[0] == parts[1]


def test_runs_in_both_stores_are_kept_once(tmp_path: Path) -> None:
    run_into(tmp_path / "a", grid("replications=3"))
    run_into(tmp_path / "b", grid("replications=5"), batch=7)
    merge_stores(tmp_path / "a", tmp_path / "b", tmp_path / "c")
    assert table(tmp_path / "c") == table(tmp_path / "b")


def test_stores_of_different_sweeps_are_not_merged(tmp_path: Path) -> None:
    run_into(tmp_path / "a", grid("replications=1"))
    run_into(tmp_path / "b", grid("replications=1", "seed=8"))
    run_into(tmp_path / "c", grid("replications=1", "axes={markets.usdjpy.stress_slope: [9]}"))
    with pytest.raises(OutputError, match="different sweeps"):
        merge_stores(tmp_path / "a", tmp_path / "b", tmp_path / "d")
    with pytest.raises(OutputError, match="the other lacks"):
        merge_stores(tmp_path / "a", tmp_path / "c", tmp_path / "d")
    with pytest.raises(OutputError, match="one of the stores"):
        merge_stores(tmp_path / "a", tmp_path / "a", tmp_path / "a")
