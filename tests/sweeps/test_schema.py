"""The size of a sweep is checked before any point is created."""

from pathlib import Path

import pandas as pd
import pytest

from simulation.sweeps import schema
from simulation.sweeps.points import SweepAxes, design_points
from simulation.sweeps.schema import MOST_POINTS, MOST_RUNS, Design, Range, number_of_points
from tests.sweeps.test_checking import mistakes

SLOPE, STOCK = "markets.usdjpy.stress_slope", "populations.carry_funds.stock_usd_bn"
AXES: SweepAxes = {"a": (1, 2, 3), "b": Range(low=0.0, high=1.0, steps=4)}


@pytest.mark.parametrize(
    ("kind", "samples"), [("factorial", None), ("one_at_a_time", None), ("halton", 7), ("saltelli", 8)]
)
def test_the_point_count_matches_the_design(kind: str, samples: int | None) -> None:
    made = design_points(AXES, Design.model_validate({"kind": kind, "samples": samples}))
    assert number_of_points(kind, {"a": 3, "b": 4}, samples) == len(made)


def axes(steps: int) -> str:
    return f"axes:\n  {SLOPE}: {{low: 0.1, high: 2, steps: {steps}}}\n  {STOCK}: {{low: 1, high: 9, steps: {steps}}}\n"


def refuse_to_make(*_: object) -> None:
    raise AssertionError("points were made")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            axes(100_000),
            "sweep.yaml:3:1: axes: 100,000 x 100,000 values are 10,000,000,000 points in a factorial design",
        ),
        (
            f"{axes(1_500_000)}design: {{kind: one_at_a_time}}",
            "1,500,000 + 1,500,000 values are 3,000,001 points in a one_at_a_time design",
        ),
        (
            f"{axes(2)}design: {{kind: saltelli, samples: 1048576}}",
            "design.samples: 1,048,576 samples x (2 axes + 2) are 4,194,304 points; allowed: at most 2,000,000; use 262,144",
        ),
        (
            f"replications: 10000\n{axes(1000)}",
            "sweep.yaml:3:15: replications: 10,000 replications x 1,000,000 points are 10,000,000,000 runs; allowed: at most",
        ),
        (
            f"{axes(1000)}metrics: [unwound_share]\n"
            "until: {metric: unwound_share, standard_error: 0.1, max_replications: 300000}",
            "until.max_replications: 300,000 replications x 1,000,000 points",
        ),
    ],
)
def test_too_many_points_or_runs_are_rejected_before_any_is_created(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, said: str
) -> None:
    monkeypatch.setattr("simulation.sweeps.plan.design_points", refuse_to_make)
    assert said in mistakes(tmp_path, text)


def test_the_suggested_number_of_replications_is_within_the_limit(tmp_path: Path) -> None:
    assert f"use {MOST_RUNS // 10**6:,} replications" in mistakes(tmp_path, f"replications: 10000\n{axes(1000)}")
    with pytest.raises(ValueError, match="replications: 51 "):
        schema.check_run_count(MOST_POINTS, 51, "replications")
    schema.check_run_count(MOST_POINTS, 50, "replications")


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_table_with_too_many_rows_is_rejected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str) -> None:
    monkeypatch.setattr("simulation.sweeps.plan.MOST_POINTS", 2)
    frame, path = pd.DataFrame({SLOPE: [0.5, 1.0, 1.5]}), tmp_path / f"design.{ending}"
    frame.to_csv(path, index=False) if ending == "csv" else frame.to_parquet(path)
    found = mistakes(tmp_path, f"design: {{kind: table, file: design.{ending}}}")
    assert f"design.{ending}: the table has {'more than 2' if ending == 'csv' else 3} rows; allowed: at most 2" in found


def test_too_many_runs_of_a_table_are_reported_at_the_replications(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulation.sweeps.schema.MOST_RUNS", 10)
    (tmp_path / "design.csv").write_text(f"{SLOPE}\n0.5\n1\n")
    found = mistakes(tmp_path, "replications: 6\ndesign: {kind: table, file: design.csv}")
    assert "sweep.yaml:3:1: replications: 6 replications x 2 points are 12 runs; allowed: at most 10" in found
