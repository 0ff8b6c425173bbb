"""The threshold rule of the article: calibration by hand, its curve, and stratified thresholds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm, truncnorm

from simulation.day.capital_flows import simulate
from simulation.investors.unwind_rule import UnwindRule, exit_step, personal_thresholds, share_unwound, threshold_mean
from tests.support.scenarios import CALM, NO_IMPACT, Changes, official


@pytest.mark.parametrize(("start", "mean"), [(1.81, 1.32), (2.19, 1.20)])
def test_means_of_the_model_document(start: float, mean: float) -> None:
    assert threshold_mean(UnwindRule(), start) == pytest.approx(mean, abs=0.005)


@given(st.floats(1.6, 4.0), st.floats(0.3, 0.6))
def test_the_anchor_share_has_exited_at_the_anchor_for_any_standard_deviation(start: float, deviation: float) -> None:
    rule = UnwindRule(threshold_sd_pp=deviation)
    mean = threshold_mean(rule, start)
    assert share_unwound(1.5, start, mean, deviation) == pytest.approx(0.24, abs=1e-9)


@given(st.floats(0.0, 2.5))
def test_share_against_the_truncated_normal_of_scipy(spread: float) -> None:
    start, mean, deviation = 2.21, 1.2, 0.45
    thresholds = truncnorm(-np.inf, (start - mean) / deviation, loc=mean, scale=deviation)
    assert share_unwound(spread, start, mean, deviation) == pytest.approx(thresholds.sf(min(spread, start)), abs=1e-9)


def test_the_curve_ranges_from_zero_to_one() -> None:
    shares = [share_unwound(spread, 2.21, 1.2, 0.45) for spread in (2.3, 2.21, 1.5, 1.0, 0.0, -3.0)]
    assert shares[:2] == [0.0, pytest.approx(0.0, abs=1e-12)]
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize("investors", [50, 1000])
def test_wealth_above_a_spread_matches_the_distribution(investors: int) -> None:
    rule, start = UnwindRule(), 2.21
    stock = np.random.default_rng(3).pareto(2.2, (2, investors)) + 1.0
    thresholds = personal_thresholds(stock, rule, start)
    assert (thresholds < start / 100).all()
    for spread in (2.0, 1.5, 1.0, 0.6):
        above = (stock * (thresholds > spread / 100)).sum(axis=1) / stock.sum(axis=1)
        expected = share_unwound(spread, start, threshold_mean(rule, start), rule.threshold_sd_pp)
        largest = (stock.max(axis=1) / stock.sum(axis=1)).max()
        np.testing.assert_allclose(above, expected, atol=largest)


def test_investors_exit_in_equal_steps_and_stop_when_the_spread_recovers() -> None:
    left, thresholds, path = np.zeros((1, 2)), np.array([[0.015, 0.010]]), [0.020, 0.014, 0.014, 0.016, 0.008]
    taken = []
    for spread in path:
        step = exit_step(left, thresholds, np.array([[spread]]), 4)
        left = left + step
        taken.append(step[0].tolist())
    assert taken == [[0, 0], [0.25, 0], [0.25, 0], [0, 0], [0.25, 0.25]]


def test_exits_do_not_exceed_the_position() -> None:
    step = exit_step(np.array([[0.95, 1.0]]), np.array([[0.02, 0.02]]), np.array([[0.01]]), 10)
    np.testing.assert_allclose(step, [[0.05, 0.0]], atol=1e-15)


def test_an_anchor_above_the_start_is_refused() -> None:
    with pytest.raises(ValueError, match=r"anchor_spread_pp is 1\.5 pp, but the spread starts at 1\.4 pp"):
        official({"unwind.rule": "threshold", "start_values.jgb10_pct": 2.62})


@pytest.mark.parametrize("target", [1.5, 1.0])
def test_a_scenario_unwinds_the_share_of_the_curve(target: float) -> None:
    # Independent check: impose the spread, simulate all exits, and add up the stocks.
    switch: Changes = {
        "unwind.rule": "threshold", "unwind.exit_days": 2, "end": "2025-12-10",
        "spread_path": {"target_pp": target, "over_days": 2}, "populations.carry_funds.investors": 400,
    }  # fmt: skip
    record = simulate(official(CALM, NO_IMPACT, switch), range(2))
    rule = UnwindRule()
    mean = threshold_mean(rule, 2.21)
    expected = 1 - norm.cdf((target - mean) / 0.45) / norm.cdf((2.21 - mean) / 0.45)
    for name in ("carry_funds", "life_insurers", "real_money_japan"):
        stock = record.flows[name]["stock_usd_bn"]
        np.testing.assert_allclose(1 - stock[:, -1] / stock[:, 0], expected, atol=0.05, err_msg=name)
    repatriated = record.flows["real_money_japan"]["repatriated_usd_bn"].sum(axis=1)
    unwound = record.flows["real_money_japan"]["unwound_usd_bn"].sum(axis=1)
    # Half of residents' sales is converted, at prices slightly raised by lower yields.
    np.testing.assert_allclose(repatriated / unwound, 0.5, rtol=0.06)
    assert not record.flows["carry_funds"]["repatriated_usd_bn"].any()
