import numpy as np
import pandas as pd
import pytest

from simulation.results.output_folder import OutputError
from simulation.sweeps.analysis.figures import sobol_title
from simulation.sweeps.analysis.report import MetricAnalysis
from simulation.sweeps.analysis.sobol import Bootstrap, VarianceShares, saltelli_blocks, sobol_analysis, variance_shares
from tests.sweeps.analysis.toys import FloatArray, failed, ishigami, saltelli, sweep_of, uniform

KEYS = ("x1", "x2", "x3")
# Sobol and Levitan (1999): variance a^2/8 + b pi^4/5 + b^2 pi^8/18 + 1/2 with a = 7, b = 0.1.
WHOLE = 49 / 8 + 0.1 * np.pi**4 / 5 + 0.01 * np.pi**8 / 18 + 0.5
FIRST = np.array([0.5 * (1 + 0.1 * np.pi**4 / 5) ** 2, 49 / 8, 0.0]) / WHOLE
TOGETHER = 0.01 * np.pi**8 * (1 / 18 - 1 / 50) / WHOLE
TOTAL = FIRST + np.array([TOGETHER, 0.0, TOGETHER])
QUICK = Bootstrap(0.99, 150)


def test_ishigami_is_recovered_within_its_intervals() -> None:
    sweep = sweep_of(saltelli(KEYS, (-np.pi, np.pi), 1024), {"y": ishigami}, "saltelli")
    found = sobol_analysis(sweep, "y", QUICK)
    table = found.table
    for name, known in (("first", FIRST), ("total", TOTAL)):
        low, high = table[f"{name}_low"].to_numpy(), table[f"{name}_high"].to_numpy()
        assert np.all((low <= known + 1e-12) & (known <= high + 1e-12)), (name, table)
        assert np.all(high - low < 0.35)
    assert found.interactions[1] <= TOGETHER <= found.interactions[2]
    assert found.adds_up


def test_the_text_has_the_same_shares_as_the_table_of_indices() -> None:
    sweep = sweep_of(saltelli(KEYS, (-np.pi, np.pi), 1024), {"y": ishigami}, "saltelli")
    part = MetricAnalysis(sweep, "y", QUICK)
    assert part.indices is not None
    first, total = 100.0 * part.indices.table.loc[1, ["first", "total"]].astype(float)
    assert f"x2 (first-order index {first:.0f} %, total index {total:.0f} % of the variance of the mean)" in part.text()
    assert "between points" not in part.text()


def test_an_additive_response_adds_up_without_interactions() -> None:
    def additive(parameters: FloatArray, noise: FloatArray) -> FloatArray:
        return np.asarray(parameters @ np.array([2.0, 1.0, 0.0]) + noise)

    # Variances 4 : 1 : 0; news with the same effect at all points are not due to a parameter.
    found = sobol_analysis(sweep_of(saltelli(KEYS, (0, 1), 256), {"y": additive}, "saltelli", 4), "y", QUICK)
    assert found.table["first"].to_numpy() == pytest.approx([0.8, 0.2, 0.0], abs=0.02)
    assert found.table["total"].to_numpy() == pytest.approx([0.8, 0.2, 0.0], abs=0.02)
    assert found.interactions[0] == pytest.approx(0.0, abs=0.02)
    assert found.adds_up


def test_shuffled_blocks_are_not_consistent() -> None:
    sweep = sweep_of(saltelli(KEYS, (-np.pi, np.pi), 256), {"y": ishigami}, "saltelli")
    sweep.runs["y"] = np.random.default_rng(1).permutation(sweep.runs["y"].to_numpy())
    found = sobol_analysis(sweep, "y", QUICK)
    assert found.table["total"].sum() > 2.0
    assert abs(found.table["first"]).max() < 0.2


def test_the_same_seed_gives_the_same_intervals() -> None:
    sweep = sweep_of(saltelli(KEYS, (-np.pi, np.pi), 64), {"y": ishigami}, "saltelli")
    first, again = (sobol_analysis(sweep, "y", Bootstrap(0.9, 20)) for _ in range(2))
    assert first.table.equals(again.table)
    assert not first.table.equals(sobol_analysis(sweep, "y", Bootstrap(0.9, 20, seed=1)).table)


def test_a_failed_point_removes_its_row_from_all_blocks() -> None:
    sweep = sweep_of(saltelli(KEYS, (-np.pi, np.pi), 64), {"y": ishigami}, "saltelli")
    whole = saltelli_blocks(sweep, "y")
    failed(sweep, 64 + 5)
    left = saltelli_blocks(sweep, "y")
    rows = [row for row in range(64) if row != 5][:32]
    np.testing.assert_allclose(left.first - left.first[0], whole.first[rows] - whole.first[0])
    np.testing.assert_allclose(left.mixed - left.first[0], whole.mixed[:, rows] - whole.first[0])


def test_another_design_is_rejected() -> None:
    with pytest.raises(OutputError, match="saltelli"):
        sobol_analysis(sweep_of(uniform(KEYS, 40), {"y": ishigami}, "latin_hypercube"), "y")


def test_the_variance_of_a_run_is_decomposed() -> None:
    def both(parameters: FloatArray, noise: FloatArray) -> FloatArray:
        # Parameters: Var(4 u) = 16/12; news: 1; together: Var(2 (u - 1/2) z) = 4/12.
        return np.asarray(4.0 * parameters[..., 0] + noise + 2.0 * (parameters[..., 0] - 0.5) * noise)

    shares = variance_shares(sweep_of(uniform(("x",), 400), {"y": both}, "sobol", 200), "y")
    assert isinstance(shares, VarianceShares)
    whole = 16 / 12 + 1 + 4 / 12
    assert shares.parameters == pytest.approx(16 / 12 / whole, abs=0.05)
    assert shares.news == pytest.approx(1 / whole, abs=0.05)
    assert shares.together == pytest.approx(4 / 12 / whole, abs=0.05)
    assert shares.parameters + shares.news + shares.together == pytest.approx(1.0)


def test_one_run_per_point_gives_no_variance_shares() -> None:
    assert variance_shares(sweep_of(uniform(KEYS, 40), {"y": ishigami}, "sobol"), "y") is None


def test_failed_runs_do_not_bias_the_means_by_news() -> None:
    def noisy(parameters: FloatArray, noise: FloatArray) -> FloatArray:
        return np.asarray(parameters[..., 0] + 100.0 * noise)

    sweep = sweep_of(saltelli(KEYS, (0, 1), 64), {"y": noisy}, "saltelli", 4)
    whole = sobol_analysis(sweep, "y", Bootstrap(0.9, 20)).table
    for row in np.random.default_rng(3).choice(len(sweep.runs), 40, replace=False):
        failed(sweep, int(row))
    # Without the adjustment, news a hundred times as large as the response would dominate.
    assert sobol_analysis(sweep, "y", Bootstrap(0.9, 20)).table["total"].to_numpy() == pytest.approx(
        whole["total"].to_numpy(), abs=0.1
    )


def test_the_title_names_the_axes_that_cannot_be_told_apart() -> None:
    rows = [("a", 0.4, 0.6), ("b", 0.3, 0.55), ("c", 0.1, 0.1)]
    table = pd.DataFrame(rows, columns=["key", "first", "total"])
    names = {key: f"axis {key}" for key in "abc"}

    def title(half_width: float) -> str:
        return sobol_title(
            table.assign(total_low=table["total"] - half_width, total_high=table["total"] + half_width), names
        )

    assert title(0.01) == "Axis a has the largest effect: 40 % alone, 60 % with interactions"
    assert title(0.1).startswith("Axis a and axis b have the largest effects, without a clear difference")
