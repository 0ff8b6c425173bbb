"""Points of a design: counts, and the balance that each method guarantees."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from simulation.scenario.config.errors import ConfigError
from simulation.sweeps.plan import load_plan, table_points
from simulation.sweeps.points import FloatArray, SweepAxes, axis_values, design_points, values_at_shares
from simulation.sweeps.schema import Design, DesignKind, Range
from tests.sweeps.conftest import sweep_of

AXES: SweepAxes = {"a": (1, 2, 3), "b": Range(low=0.0, high=1.0, steps=2)}
UNIT: SweepAxes = {name: Range(low=0.0, high=1.0) for name in "abc"}


def shares(kind: DesignKind, samples: int) -> FloatArray:
    points = design_points(UNIT, Design(kind=kind, samples=samples, seed=3))
    return np.array([list(point.values()) for point in points])


def test_a_factorial_has_every_combination_once_with_the_last_axis_fastest() -> None:
    found = design_points(AXES, Design())
    assert [tuple(point.values()) for point in found] == [(a, b) for a in (1, 2, 3) for b in (0.0, 1.0)]


def test_one_at_a_time_starts_at_the_base_and_changes_one_key() -> None:
    found = design_points(AXES, Design(kind="one_at_a_time"))
    assert found == [{}, {"a": 1}, {"a": 2}, {"a": 3}, {"b": 0.0}, {"b": 1.0}]


def test_a_log_range_has_equal_ratios_and_its_ends_as_written() -> None:
    values = axis_values(Range(low=10.0, high=1000.0, steps=5, scale="log"))
    assert (values[0], values[-1]) == (10.0, 1000.0)
    assert np.diff(np.log(values)) == pytest.approx(np.log(100) / 4)


def test_rates_keep_their_unit_and_counts_are_whole() -> None:
    assert axis_values(Range(low="0bp", high="0.5%", steps=3)) == ["0.0bp", "25.0bp", "50.0bp"]
    assert axis_values(Range(low=1, high=4, steps=3, whole=True)) == [1, 2, 4]


def test_a_latin_hypercube_has_one_point_in_each_stratum_of_each_axis() -> None:
    assert all(sorted((column * 20).astype(int)) == list(range(20)) for column in shares("latin_hypercube", 20).T)


def test_sobol_points_are_balanced_in_every_half() -> None:
    """A scrambled Sobol net of 2^m points has exactly half of them in each half of each axis."""
    assert (shares("sobol", 64) < 0.5).sum(axis=0).tolist() == [32, 32, 32]


@pytest.mark.parametrize("kind", ["sobol", "halton"])
def test_more_samples_start_with_the_same_points(kind: DesignKind) -> None:
    np.testing.assert_array_equal(shares(kind, 64)[:32], shares(kind, 32))


def test_saltelli_blocks_are_a_b_and_a_with_one_column_of_b() -> None:
    first, second, *mixed = np.split(shares("saltelli", 8), 5)
    assert not np.isin(first, second).any()
    for column, block in enumerate(mixed):
        others = [other for other in range(3) if other != column]
        np.testing.assert_array_equal(block[:, column], second[:, column])
        np.testing.assert_array_equal(block[:, others], first[:, others])


def test_a_list_is_divided_into_equal_shares() -> None:
    found = values_at_shares(("low", "middle", "high"), np.linspace(0.0, 1.0, 301))
    assert [found.count(value) for value in ("low", "middle", "high")] == [100, 100, 101]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_table_gives_its_rows(tmp_path: Path, ending: str) -> None:
    frame = pd.DataFrame({"markets.usdjpy.stress_slope": [0.5, 1.0], "boj.meetings[0].decision": ["25bp", "50bp"]})
    path = tmp_path / f"design.{ending}"
    frame.to_csv(path, index=False) if ending == "csv" else frame.to_parquet(path)
    plan = load_plan(sweep_of(tmp_path, f"design: {{kind: table, file: design.{ending}}}"))
    assert plan.keys == tuple(frame.columns)
    assert [tuple(point.values()) for point in plan.points] == [(0.5, "25bp"), (1.0, "50bp")]


def test_an_empty_cell_keeps_the_value_of_the_base_scenario(tmp_path: Path) -> None:
    path = tmp_path / "design.csv"
    path.write_text("a,b\n1,\n,true\n")
    assert table_points(path) == [{"a": 1}, {"b": True}]


def test_equal_rows_are_two_points(tmp_path: Path) -> None:
    (tmp_path / "design.csv").write_text("markets.usdjpy.stress_slope\n0.5\n0.5\n")
    plan = load_plan(sweep_of(tmp_path, "design: {kind: table, file: design.csv}"))
    assert len(set(plan.point_keys.tolist())) == 2


def test_a_missing_table_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"gone\.csv.*cannot be read"):
        load_plan(sweep_of(tmp_path, "design: {kind: table, file: gone.csv}"))


def test_a_repeated_value_is_run_once_with_a_remark(tmp_path: Path) -> None:
    axes = 'axes: {markets.usdjpy.stress_slope: [1, 2, 1.0], "boj.meetings[0].decision": [25bp, 0.25%]}'
    plan = load_plan(sweep_of(tmp_path, axes))
    assert [tuple(point.values()) for point in plan.points] == [(1, "25bp"), (2, "25bp")]
    assert plan.remarks == (
        "axes.markets.usdjpy.stress_slope: 1.0 is listed twice; it is run once",
        "axes.boj.meetings[0].decision: 0.25% is listed twice; it is run once",
    )
    drawn = load_plan(sweep_of(tmp_path, f"{axes}\ndesign: {{kind: halton, samples: 8}}"))
    assert (len(drawn.points), drawn.remarks) == (8, ())


def test_one_at_a_time_runs_the_base_once(tmp_path: Path) -> None:
    """The tiny scenario prices its meeting at 0.62 and hikes by 25 bp."""
    axes = 'axes: {"boj.meetings[0].priced_probability": [0.5, 0.62], "boj.meetings[0].decision": [0.25%, 50bp]}'
    plan = load_plan(sweep_of(tmp_path, f"{axes}\ndesign: {{kind: one_at_a_time}}"))
    assert [list(point.values()) for point in plan.points] == [[], [0.5], ["50bp"]]
    assert (
        plan.remarks[0]
        == "axes.boj.meetings[0].priced_probability: 0.62 is the value of the base scenario, which point 0 runs"
    )
