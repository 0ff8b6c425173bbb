"""``carryflow sweep``, ``rebuild`` and ``merge``: output, files and exit codes."""

import json
from pathlib import Path

import numpy as np
import pytest

from simulation.cli.sweep_commands import format_duration, progress_line
from simulation.day.capital_flows import simulate
from simulation.scenario.config.catalog import shipped_files
from simulation.scenario.config.reference import json_schema_text
from simulation.sweeps.execution import SweepProgress
from simulation.sweeps.plan import load_plan
from simulation.sweeps.points import canonical_json, scenario_at
from simulation.sweeps.schema import Sweep
from simulation.sweeps.store import read_manifest, read_runs
from tests.cli.conftest import Carryflow
from tests.support.places import GRID_SWEEP

GRID = GRID_SWEEP
RUNAWAY = "axes={markets.usdjpy.fast_impact_pct_per_usd_bn: [100]}"


def test_a_sweep_writes_its_store_and_goes_on_with_it(carryflow: Carryflow) -> None:
    first = carryflow("sweep", GRID, "--replications", "2", "--quiet")
    assert first.code == 0
    assert first.out.startswith("grid: 24 runs at 12 points.\nStore in results/grid-")
    assert first.err == ""
    (store,) = Path("results").iterdir()
    again = carryflow("sweep", GRID, "--replications", "2", "--quiet", "--json")
    assert json.loads(again.out)["runs_done"] == 24
    more = carryflow("sweep", GRID, "--replications", "3", "--quiet", "--out", store)
    assert (more.code, "--extend" in more.err) == (2, True)
    assert carryflow("sweep", GRID, "--replications", "3", "--quiet", "--out", store, "--extend").code == 0
    assert len(read_runs(store)) == 36


def test_failed_runs_end_with_3_and_are_rebuilt_with_their_reason(carryflow: Carryflow) -> None:
    done = carryflow("sweep", GRID, "--set", RUNAWAY, "--out", "a", "--quiet")
    assert done.code == 3
    runs = read_runs("a")
    assert f"{(runs.status == 'failed').sum()} of them failed" in done.out
    again = carryflow("rebuild", "a", runs.run_id[runs.status == "failed"].iloc[0], "--quiet", "--no-figures")
    assert (again.code, "fails again: price_runaway" in again.err) == (3, True)


def test_rebuild_writes_everything_and_reports_a_difference(carryflow: Carryflow) -> None:
    carryflow("sweep", GRID, "--replications", "2", "--out", "a", "--quiet")
    runs = read_runs("a")
    assert carryflow("rebuild", "a", runs.run_id[5], "--out", "b", "--quiet", "--no-figures").code == 0
    assert {path.name for path in Path("b").iterdir()} == {"daily.parquet", "flows.parquet", "manifest.json"}
    runs["usdjpy_change_pct"] += np.where(runs.index == 5, 1.0, 0.0)
    runs.to_parquet("a/runs.parquet")
    changed = carryflow("rebuild", "a", runs.run_id[5], "--out", "b", "--quiet", "--no-figures")
    assert (changed.code, "usdjpy_change_pct is" in changed.err) == (4, True)
    assert carryflow("rebuild", "a", "nothing-0").code == 2


def test_merge_joins_shares(carryflow: Carryflow) -> None:
    for share in ("1/2", "2/2"):
        done = carryflow("sweep", GRID, "--replications", "1", "--part", share, "--out", share[0], "--quiet")
        assert "This is a part: 6 runs are missing" in done.out
    assert carryflow("merge", "1", "2", "--out", "both").code == 0
    assert read_manifest("both")["status"] == "finished"


def test_a_dry_run_writes_nothing(carryflow: Carryflow) -> None:
    found = json.loads(carryflow("sweep", GRID, "--dry-run", "--workers", "2", "--json").out)
    assert (found["points"], found["runs"], found["workers"]) == (12, 60, 2)
    assert found["seconds"] > 0.0
    assert "disk: about" in carryflow("sweep", GRID, "--dry-run").out
    assert not Path("results").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["spread_gird"], "did you mean spread_grid"),
        ([GRID, "--extend"], "--out"),
        ([GRID, "--dask", "x", "--workers", "2"], "leave one out"),
        ([GRID, "--part", "3/2"], "write 1/4"),
        ([GRID, "--set", "replications=0"], "allowed: 1 to"),
        ([GRID, "--out", GRID], "is a file"),
        ([GRID, "--out", "/proc/nothing/here"], "/proc/nothing/here cannot be created: "),
        ([GRID, "--out", "mistyped", "--extend"], "mistyped holds no sweep to extend"),
        ([GRID, "--set", "boj.meetings[0].decision=50bp"], "'settings=["),
    ],
)
def test_mistakes_end_with_2_and_a_cure(carryflow: Carryflow, arguments: list[str], message: str) -> None:
    found = carryflow("sweep", *arguments)
    assert (found.code, message in found.err) == (2, True), found.err


@pytest.mark.parametrize("name", sorted(shipped_files("sweeps")))
def test_shipped_sweeps_are_valid_and_have_a_title(name: str) -> None:
    plan = load_plan(name)
    assert plan.sweep.title
    assert plan.sweep.name == name
    assert len(plan.points) > 1


def test_the_shipped_sweeps_of_the_issue_are_there() -> None:
    assert {"spread_grid", "surprise_by_guidance", "sobol_december", "stress_corners"} <= set(shipped_files("sweeps"))


def test_every_corner_of_the_stress_sweep_can_start() -> None:
    """What a start depends on: leverage, margin and size of the funds; on the first day, with the sweep's own runs."""
    plan = load_plan("stress_corners")
    prices = ("markets.usdjpy.fast_impact_pct_per_usd_bn", "markets.usdjpy.stress_slope")
    starts = {
        canonical_json({key: value for key, value in point.items() if key not in prices}) for point in plan.points
    }
    assert len(starts) == 8
    for start in sorted(starts):
        scenario = scenario_at(plan.base, {**json.loads(start), "end": "2025-12-01"})
        assert simulate(scenario, range(plan.sweep.replications)).stopped == {}


def test_imprecise_points_are_reported(carryflow: Carryflow) -> None:
    until = "until={metric: usdjpy_change_pct, standard_error: 1e-6, max_replications: 5}"
    done = carryflow("sweep", GRID, "--set", until, "--out", "a", "--quiet")
    assert done.code == 0
    assert "12 points stopped at 5 runs with a standard error of usdjpy_change_pct above 1e-06" in done.out
    assert "precise of points.parquet" in done.out


def test_duplicate_values_are_reported(carryflow: Carryflow) -> None:
    axes = "axes={markets.usdjpy.stress_slope: [1, 1]}"
    done = carryflow("sweep", GRID, "--set", axes, "--replications", "1", "--out", "a")
    assert "axes.markets.usdjpy.stress_slope: 1 is listed twice; it is run once" in done.err
    assert done.out.startswith("grid: 1 run at 1 point.")


def test_progress_shows_done_failed_speed_and_time_left() -> None:
    state = SweepProgress(done=1280, failed=3, total=10_000, fresh=640, seconds=10.0)
    assert progress_line("grid", state) == "grid: 1,280 of 10,000 runs, 3 failed, 64.0 runs/s, 2 min 16 s left"


def test_durations_have_two_units() -> None:
    assert [format_duration(seconds) for seconds in (7, 125, 3700, 90_000)] == [
        "7 s",
        "2 min 5 s",
        "1 h 1 min",
        "1 d 1 h",
    ]


def test_the_schema_of_sweeps_is_committed_and_named(carryflow: Carryflow) -> None:
    folder = shipped_files("sweeps")["spread_grid"].parent
    cure = "write it anew: carryflow config schema --sweep --out configs/sweep_schema.json"
    assert (folder.parent / "sweep_schema.json").read_text(encoding="utf-8") == json_schema_text(Sweep), cure
    assert carryflow("config", "schema", "--sweep").out == json_schema_text(Sweep)
    assert carryflow("config", "schema", "--sweep", "--event").code == 2
    for path in shipped_files("sweeps").values():
        assert path.read_text(encoding="utf-8").startswith("# yaml-language-server: $schema=../sweep_schema.json\n")


def test_a_sweep_file_is_checked_with_its_scenarios(carryflow: Carryflow) -> None:
    good = carryflow("config", "check", "--sweep", GRID, "spread_grid")
    assert (good.code, good.out.count(": ok, sha256 ")) == (0, 2)
    axis = "axes={markets.usdjpy.stress_slope: [0.1, -3]}"
    bad = carryflow("config", "check", "--sweep", GRID, "--set", axis, "--json")
    (problem,) = json.loads(bad.out)["files"][0]["problems"]
    assert (bad.code, problem["key"]) == (2, "markets.usdjpy.stress_slope")
