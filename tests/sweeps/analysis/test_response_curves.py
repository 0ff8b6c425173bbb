import numpy as np
import pandas as pd
import pytest

from simulation.results.output_folder import OutputError
from simulation.sweeps.analysis.discovery import OutcomeCondition, discover_boxes, discover_failures
from simulation.sweeps.analysis.report import analyse_sweep
from simulation.sweeps.analysis.response_curves import describe_influence, influence_table, response_curve, response_map
from tests.sweeps.analysis.toys import FloatArray, failed, sweep_of, uniform


def linear(parameters: FloatArray, noise: FloatArray) -> FloatArray:
    return np.asarray(3.0 * parameters[..., 0] - 1.0 * parameters[..., 1] + 0.1 * noise)


def grid() -> dict[str, FloatArray]:
    first, second = np.meshgrid([0.0, 1.0, 2.0], [0.0, 1.0], indexing="ij")
    return {"x": first.ravel(), "y": second.ravel()}


def test_a_grid_has_a_level_per_value_and_separates_noise_from_the_other_axis() -> None:
    sweep = sweep_of(grid(), {"m": linear}, "factorial", 50)
    curve = response_curve(sweep, sweep.axes[0], "m")
    noise = sweep.runs.query("point == 0")["m"].mean()
    assert curve["value"].tolist() == [0.0, 1.0, 2.0]
    assert curve["mean"].to_numpy() == pytest.approx(noise + np.array([-0.5, 2.5, 5.5]))
    assert curve["runs"].tolist() == [100] * 3
    # The other axis moves the mean by one; noise has a standard deviation of 0.1.
    assert (curve["means_p90"] - curve["means_p10"]).tolist() == pytest.approx([0.8] * 3)
    assert (curve["p90"] - curve["p10"] > curve["means_p90"] - curve["means_p10"]).all()


def test_many_values_are_grouped_into_bins() -> None:
    sweep = sweep_of(uniform(("x", "y"), 480), {"m": linear}, "latin_hypercube")
    curve = response_curve(sweep, sweep.axes[0], "m")
    assert curve["points"].tolist() == [40] * 12
    np.testing.assert_allclose(np.diff(curve["mean"]) / np.diff(curve["value"]), 3.0, atol=2.5)
    assert np.polyfit(curve["value"], curve["mean"], 1)[0] == pytest.approx(3.0, abs=0.15)


def test_one_at_a_time_uses_each_axis_with_the_others_at_the_base() -> None:
    points = {"x": np.array([1.0, 0.0, 2.0, 1.0, 1.0]), "y": np.array([5.0, 5.0, 5.0, 0.0, 9.0])}
    sweep = sweep_of(points, {"m": lambda parameters, noise: linear(parameters, 0.0 * noise)}, "one_at_a_time")
    assert response_curve(sweep, sweep.axes[0], "m")["mean"].tolist() == [-5.0, -2.0, 1.0]
    assert response_curve(sweep, sweep.axes[1], "m")["mean"].tolist() == [3.0, -2.0, -6.0]


def test_a_map_has_high_rows_on_top_and_counts_finished_runs() -> None:
    sweep = sweep_of(grid(), {"m": lambda parameters, noise: linear(parameters, 0.0 * noise)}, "factorial", 4)
    failed(sweep, 0)
    found = response_map(sweep, (sweep.axes[1], sweep.axes[0]), "m")
    assert found.row_values == (1.0, 0.0)
    np.testing.assert_array_equal(found.median, [[-1.0, 2.0, 5.0], [0.0, 3.0, 6.0]])
    np.testing.assert_array_equal(found.runs, [[4, 4, 4], [3, 4, 4]])


def test_influence_ranks_by_share_of_variance() -> None:
    sweep = sweep_of(uniform(("x", "y", "z"), 600), {"m": linear}, "sobol")
    table = influence_table(sweep, "m").set_index("key")
    assert list(table.index) == ["x", "y", "z"]
    # Variances 9 : 1 : 0.
    assert table["share"].to_numpy() == pytest.approx([0.9, 0.1, 0.0], abs=0.05)
    assert table["direction"]["x"] == "rises"
    assert table["direction"]["y"] == "falls"
    words = describe_influence(influence_table(sweep, "m"), "m", "%")
    assert words.startswith("m depends most on x (")
    assert words.endswith("distinguishable from noise: z.")
    named = describe_influence(
        influence_table(sweep, "m"), "m", "%", names={"x": "Width", "z": "Height", "m": "Measure"}
    )
    assert named.startswith("Measure (m) depends most on Width (x; ")
    assert named.endswith("distinguishable from noise: Height.")
    assert ": mean 150 % at " in describe_influence(table_of_shares(), "m", "share of start stock")


def table_of_shares() -> pd.DataFrame:
    """One key that moves a share from 150 to 450 %."""
    row = {"key": "x", "share": 0.9, "swing": 3.0, "swing_error": 0.1, "lowest": 1.5, "highest": 4.5}
    return pd.DataFrame([row | {"at_lowest": 0.1, "at_highest": 0.9}])


def test_no_influence_is_reported() -> None:
    sweep = sweep_of(uniform(("x", "y"), 200), {"m": lambda p, noise: p[..., 0] * 0.0 + noise}, "sobol")
    assert "none of the parameters" in describe_influence(influence_table(sweep, "m"), "m", "%")


def test_text_values_of_an_axis_are_levels() -> None:
    points = {"x": np.array([0.0, 1.0] * 2), "said": ["vague", "vague", "firm", "firm"]}
    sweep = sweep_of(points, {"m": lambda p, noise: 2.0 * p[..., 0] + noise}, "factorial", 3)
    sweep.runs.loc[sweep.runs["param:said"] == "firm", "m"] += 10.0
    curve = response_curve(sweep, sweep.axes[1], "m")
    assert curve["value"].tolist() == ["firm", "vague"]
    assert np.diff(curve["mean"]) == pytest.approx(-10.0)


def test_the_region_of_a_crash_is_found() -> None:
    pytest.importorskip("sklearn", reason="scikit-learn is an extra")
    sweep = sweep_of(
        uniform(("x", "y", "z"), 3000),
        {"m": lambda p, _: np.where((p[..., 0] > 0.7) & (p[..., 1] < 0.4), -20.0, 0.0)},
        "sobol",
    )
    found = discover_boxes(sweep, OutcomeCondition.parse("m<-10"))
    assert found.share == pytest.approx(0.12, abs=0.02)
    (box,) = found.boxes
    assert box.density == pytest.approx(1.0, abs=0.01)
    assert box.coverage == pytest.approx(1.0, abs=0.01)
    assert [limit.split()[0] for limit in box.limits] in (["x", "y"], ["y", "x"])
    assert [float(limit.split()[-1]) for limit in sorted(box.limits)] == pytest.approx([0.7, 0.4], abs=0.02)


@pytest.mark.parametrize("text", ["m", "m=3", "m<", "<3", "m<abc"])
def test_an_invalid_condition_is_rejected(text: str) -> None:
    with pytest.raises(OutputError, match="condition"):
        OutcomeCondition.parse(text)


def test_a_condition_that_is_never_met_is_reported() -> None:
    sweep = sweep_of(uniform(("x",), 20), {"m": lambda p, _: p[..., 0]}, "sobol")
    assert (
        discover_boxes(sweep, OutcomeCondition.parse("m<-10")).in_words()
        == "m < -10 in 0.0 % of runs. No difference between regions."
    )


def test_a_missing_metric_is_named() -> None:
    sweep = sweep_of(uniform(("x",), 20), {"m": lambda p, _: p[..., 0]}, "sobol")
    with pytest.raises(OutputError, match="has no metric n"):
        response_curve(sweep, sweep.axes[0], "n")
    assert isinstance(sweep.finished, pd.DataFrame)


def test_the_region_of_failed_runs_is_reported() -> None:
    pytest.importorskip("sklearn", reason="scikit-learn is an extra")
    sweep = sweep_of(uniform(("x", "y"), 400), {"m": lambda p, _: p[..., 1]}, "sobol")
    for row in np.flatnonzero(sweep.runs["param:x"] > 0.9):
        failed(sweep, int(row))
    (box,) = discover_failures(sweep).boxes
    assert box.density == 1.0
    assert box.limits[0].startswith("x > 0.")
    assert "x > 0." in analyse_sweep(sweep).text().split("\n")[0]
