from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import brentq

from simulation.compute.ensemble import load_scenario, run_ensemble
from simulation.investors.unwind_rule import UnwindRule, share_unwound, threshold_mean
from simulation.scenario.config.parameter_sets import Cloud
from simulation.scenario.counterfactual import without_policy
from simulation.studies.experiment.design import ARTICLE, NO_POLICY_SETTINGS, with_investors
from simulation.studies.search.response import PointEnsemble, ScenarioResponse, run_metrics, scenario_loader
from simulation.studies.search.tipping import NoTippingError, SearchBracket, crossings, find_tipping_point

FloatArray = NDArray[np.float64]
NOISE = np.random.default_rng(5).standard_normal(400)


class Line:
    """Twice the value, plus noise equal at all points: the mean crosses 3 at (3 - mean noise) / 2."""

    def __init__(self, noise: FloatArray) -> None:
        self.noise = noise
        self.asked: list[float] = []

    def __call__(self, values: FloatArray) -> FloatArray:
        self.asked += values[:, 0].tolist()
        return np.asarray(2.0 * values + self.noise)


def test_a_line_crosses_at_the_sample_value_with_the_interval_of_the_mean() -> None:
    found = find_tipping_point(Line(NOISE), 3.0, SearchBracket(0.0, 4.0, 0.001))
    assert found.value == pytest.approx((3.0 - NOISE.mean()) / 2.0, abs=1e-9)
    assert found.low < 1.5 < found.high
    error = NOISE.std(ddof=1) / np.sqrt(len(NOISE)) / 2.0
    assert found.high - found.low == pytest.approx(2 * 1.96 * error, rel=0.1)
    # A single history crosses at (3 - z) / 2: the middle 80 % are 2 x 1.2816 / 2 wide.
    assert found.history_high - found.history_low == pytest.approx(1.2816, rel=0.15)


def test_intervals_of_independent_samples_have_their_nominal_coverage() -> None:
    random = np.random.default_rng(11)
    found = [
        find_tipping_point(Line(random.standard_normal(30)), 3.0, SearchBracket(0.0, 4.0, 0.01)) for _ in range(120)
    ]
    inside = np.mean([one.low <= 1.5 <= one.high for one in found])
    assert 0.87 <= inside <= 0.99


def test_without_noise_the_interval_is_the_tolerance() -> None:
    found = find_tipping_point(Line(np.zeros(5)), 3.0, SearchBracket(0.0, 4.1, 0.01))
    assert found.low <= 1.5 <= found.high
    assert found.high - found.low <= 0.01


def test_more_parts_give_the_same_result_in_fewer_rounds() -> None:
    two, nine = (find_tipping_point(Line(NOISE), 3.0, SearchBracket(0.0, 4.0, 0.001, parts)) for parts in (2, 9))
    assert nine.value == pytest.approx(two.value, abs=1e-9)


def test_no_crossing_is_reported_with_both_ends() -> None:
    with pytest.raises(NoTippingError, match=r"mean is 0 at 0 and 2 at 1: it does not cross 3"):
        find_tipping_point(Line(np.zeros(3)), 3.0, SearchBracket(0.0, 1.0, 0.1))


def test_a_run_that_fails_at_one_point_is_excluded_at_all_points() -> None:
    class Failing(Line):
        def __call__(self, values: FloatArray) -> FloatArray:
            found = super().__call__(values)
            found[values[:, 0] > 1.0, 0] = np.nan
            return found

    noise = np.array([100.0, 0.0, 0.0])
    found = find_tipping_point(Failing(noise), 3.0, SearchBracket(0.0, 400.0, 0.01))
    assert found.runs == 2
    assert found.value == pytest.approx(1.5, abs=0.01)


def test_crossings_beyond_the_ends() -> None:
    points = np.array([0.0, 1.0])
    curves = np.array([[-1.0, 1.0], [-2.0, -1.0], [1.0, 2.0]])
    assert crossings(points, curves).tolist() == [0.5, 1.0, 0.0]
    assert crossings(points, curves, beyond=True).tolist() == [0.5, np.inf, -np.inf]


ARTICLE_SETTINGS = (
    *NO_POLICY_SETTINGS,
    *with_investors(ARTICLE, 400, carry_alone=True),
    "unwind={rule: threshold, exit_days: 1}",
    "spread_path.over_days=2",
    "end=2025-12-04",
)


@pytest.mark.parametrize("level", [0.24, 0.5])
def test_the_article_rule_tips_at_its_analytic_spread(level: float) -> None:
    start = load_scenario(ARTICLE).start_values
    start_spread, rule = start.ust10_pct - start.jgb10_pct, UnwindRule(rule="threshold")
    mean = threshold_mean(rule, start_spread)
    known = brentq(
        lambda spread: share_unwound(spread, start_spread, mean, rule.threshold_sd_pp) - level, 0.1, start_spread
    )
    at = scenario_loader(ARTICLE, ARTICLE_SETTINGS, lambda values: (f"spread_path.target_pp={values[0]!r}",))
    response = ScenarioResponse(at, ("spread_path.target_pp",), "unwound_share", PointEnsemble(6))
    found = find_tipping_point(response, level, SearchBracket(0.5, 1.8, 0.004))
    assert found.low <= known <= found.high, (known, found)
    assert found.high - found.low < 0.02
    if level == rule.anchor_share:
        assert known == pytest.approx(rule.anchor_spread_pp)


def test_points_in_one_batch_equal_points_computed_alone() -> None:
    key, settings = "markets.usdjpy.fast_impact_pct_per_usd_bn", (*with_investors(ARTICLE, 20), "end=2025-12-24")
    at = scenario_loader(ARTICLE, settings, lambda values: (f"{key}={values[0]!r}",))
    response = ScenarioResponse(at, (key,), "usdjpy_trough_pct", PointEnsemble(3))
    both = response(np.array([[0.02], [0.08]]))
    for row, value in zip(both, (0.02, 0.08), strict=True):
        alone = run_metrics(run_ensemble(at([value]), 3), "usdjpy_trough_pct")
        np.testing.assert_array_equal(row, alone)
    assert both[1].mean() < both[0].mean()


def test_a_searched_key_overrides_the_parameter_sets() -> None:
    key, other = "markets.usdjpy.fast_impact_pct_per_usd_bn", "markets.usdjpy.stress_slope"
    sets = np.array([[0.03, 0.4], [0.05, 1.2]])
    cloud = Cloud("two", (key, other), sets, np.array([0.5, 0.5]), {})
    settings = (*with_investors(ARTICLE, 8), "end=2025-12-24")
    at = scenario_loader(ARTICLE, settings, lambda values: (f"{key}={values[0]!r}",))
    found = ScenarioResponse(at, (key,), "usdjpy_trough_pct", PointEnsemble(2, 1, cloud))(np.array([[0.08]]))[0]
    rest = Cloud("rest", (other,), sets[:, 1:], cloud.weights, {})
    alone = run_metrics(run_ensemble(at([0.08]), 2, cloud=rest), "usdjpy_trough_pct")
    np.testing.assert_array_equal(found, alone)


@pytest.mark.parametrize("keys", [("populations.carry_funds.stock_usd_bn",), ("boj.meetings[0].decision",)])
def test_an_effect_of_policy_can_be_searched(keys: tuple[str, ...]) -> None:
    def texts(values: Sequence[float]) -> tuple[str, ...]:
        return tuple(
            f"{key}={value:g}{'bp' if 'decision' in key else ''}" for key, value in zip(keys, values, strict=True)
        )

    at = scenario_loader("december_2025_official", ("end=2025-12-23",), texts)
    point = 25.0 if "decision" in keys[0] else 300.0
    found = {
        name: ScenarioResponse(at, keys, name, PointEnsemble(3))(np.array([[point]]))[0]
        for name in ("usdjpy_change_pct", "effect.usdjpy_change_pct")
    }
    rest = run_metrics(run_ensemble(without_policy(at([point])), 3), "usdjpy_change_pct")
    np.testing.assert_allclose(found["effect.usdjpy_change_pct"], found["usdjpy_change_pct"] - rest, rtol=1e-12)
