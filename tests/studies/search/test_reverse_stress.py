import numpy as np
import pytest
from numpy.typing import NDArray

from simulation.cli.reverse_stress_command import describe_stress
from simulation.compute.ensemble import load_scenario
from simulation.results.output_folder import OutputError
from simulation.studies.experiment.design import OFFICIAL, with_investors
from simulation.studies.search.reverse_stress import ShockSpace, reverse_stress, reverse_stress_json
from simulation.studies.search.shocks import SHOCKS, STANDARD_SHOCKS, shock_placement, shock_settings, size_correlation
from simulation.studies.search.tipping import NoTippingError

FloatArray = NDArray[np.float64]
NOISE = np.random.default_rng(4).standard_normal(200) * 0.3
NOISE -= NOISE.mean()
NAMES = ("a", "b", "c")


def space(corr: float = 0.0, most: float = 8.0) -> ShockSpace:
    matrix = np.eye(3)
    matrix[0, 1] = matrix[1, 0] = corr
    return ShockSpace(NAMES, np.full(3, most), matrix)


def plane(values: FloatArray) -> FloatArray:
    """Falls by 2 a + b for any c, plus noise equal at all points."""
    return np.asarray((-values @ np.array([2.0, 1.0, 0.0]))[:, None] + NOISE)


def test_the_closest_point_of_a_plane_is_found() -> None:
    # 2 a + b = 10 is closest to the origin at (4, 2, 0), at distance 10 / sqrt 5.
    found = reverse_stress(plane, -10.0, space())
    assert found.mildest.sizes == pytest.approx([4.0, 2.0, 0.0], abs=0.35)
    assert found.mildest.distance.value == pytest.approx(10 / np.sqrt(5), rel=0.005)
    assert found.mildest.distance.low <= 10 / np.sqrt(5) * 1.005
    assert found.alone[0] is not None
    assert found.alone[0].distance.value == pytest.approx(5.0, abs=0.01)
    assert found.alone[1] is None
    assert found.alone[2] is None


def test_correlated_shocks_have_a_smaller_joint_distance() -> None:
    # Closest in Mahalanobis distance: R w c / (w' R w) with w = (2, 1, 0), so (2.5, 2) x 10 / 7 and 10 / sqrt 7.
    found = reverse_stress(plane, -10.0, space(0.5), frontier=False)
    assert found.mildest.sizes == pytest.approx([25 / 7, 20 / 7, 0.0], abs=0.45)
    assert found.mildest.distance.value == pytest.approx(10 / np.sqrt(7), rel=0.01)


def test_a_curved_frontier_is_followed_away_from_the_linear_direction() -> None:
    def curved(values: FloatArray) -> FloatArray:
        # a b = 4 cannot be reached by either alone; closest point (2, 2, 0).
        return np.asarray((values[:, 0] * values[:, 1] + 0.02 * values[:, 0])[:, None] + NOISE)

    found = reverse_stress(curved, 4.0, space(), evaluations=60, frontier=False)
    assert found.mildest.sizes == pytest.approx([2.0, 2.0, 0.0], abs=0.3)
    assert found.mildest.distance.value == pytest.approx(np.sqrt(8), rel=0.02)


def test_the_frontier_of_a_pair_lies_on_the_plane() -> None:
    found = reverse_stress(plane, -10.0, space())
    (pair,) = [one for one in found.frontiers if one.pair == ("a", "b")]
    points = [one.sizes for one in pair.reached if one is not None]
    assert len(points) >= 3
    assert [2.0 * point[0] + point[1] for point in points] == pytest.approx([10.0] * len(points))
    assert reverse_stress_json(found)["mildest"]["sizes_sd"].keys() == set(NAMES)


def test_an_unreachable_level_is_reported() -> None:
    with pytest.raises(NoTippingError, match="-100 is not reached"):
        reverse_stress(plane, -100.0, space())


def test_every_shock_has_a_source_and_an_adverse_direction() -> None:
    for shock in SHOCKS.values():
        assert shock.source
        assert shock.spread > 0.0
        assert (shock.amount(1.0) > 1.0) if shock.multiplies else shock.amount(2.0) == 2 * shock.sign * shock.spread


def test_shocks_enter_the_scenario_on_the_day_of_the_decision() -> None:
    base = load_scenario(OFFICIAL)
    place = shock_placement(base, tuple(SHOCKS), None)
    sizes = dict.fromkeys(SHOCKS, 1.0)
    shocked = load_scenario(OFFICIAL, shock_settings(place, sizes))
    assert shocked.boj.meetings[0].decision == pytest.approx(25.0 + 4.6)
    (news,) = shocked.news
    assert news.date == base.boj.meetings[0].date
    assert news.value_pct == {"us_equity": -1.0}
    assert news.ust2 == pytest.approx(-5.6)
    assert news.volatility_x == pytest.approx(np.exp(0.3))
    stocks = [one.model_dump()["populations"]["carry_funds"]["stock_usd_bn"] for one in (shocked, base)]
    assert stocks[0] / stocks[1] == pytest.approx(np.exp(0.37))


def test_correlations_apply_only_on_request() -> None:
    names = ("us_equity_fall", "volatility", "impact")
    np.testing.assert_array_equal(size_correlation(names, False), np.eye(3))
    assert size_correlation(names, True)[0, 1] == size_correlation(names, True)[1, 0] == 0.7
    assert np.linalg.eigvalsh(size_correlation(tuple(SHOCKS), True)).min() > 0.0


def test_a_scenario_without_a_decision_needs_a_day() -> None:
    base = load_scenario(OFFICIAL, ("boj.meetings=[]", *with_investors(OFFICIAL, 2)))
    with pytest.raises(OutputError, match="--day"):
        shock_placement(base, STANDARD_SHOCKS, None)


def test_a_shock_of_size_zero_is_described_as_excluded() -> None:
    names = ("boj_surprise", "us_equity_fall")
    two = ShockSpace(names, np.full(2, 8.0), np.eye(2))
    found = reverse_stress(lambda values: -2.0 * values[:, :1] + 0.0 * NOISE, -10.0, two, frontier=False)
    assert found.mildest.sizes == pytest.approx([5.0, 0.0], abs=0.04)
    said = describe_stress(found, ("usdjpy_trough_pct", -10.0), shock_placement(load_scenario(OFFICIAL), names, None))
    assert "reaches -10: BOJ surprise +23 bp (5.0 sd); without US equity." in said
    assert SHOCKS["us_equity_fall"].in_words(0.0) == "US equity +0 %"
