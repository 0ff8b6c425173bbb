"""Interventions: purchases strengthen the yen, the signal adds to the flow, and the rule acts only under its conditions."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from simulation.day.capital_flows import simulate
from simulation.day.recorder import Record
from simulation.market.prices import fast_impact
from simulation.policy.ministry_of_finance import Ministry, MinistryOfFinance, dollars_sold, intervention_condition
from simulation.policy.reaction import Conditions, calm_conditions
from simulation.values.conventions import Array, column
from tests.support.scenarios import CALM, ONE_WEEK, START_USDJPY, Changes, official

NOBODY: Changes = {"populations": {"real_money_japan": {"stock_usd_bn": 1, "investors": 1}}}
MONDAY = "2025-12-01"
NO_DRAW = np.array([[1.0, 0.5]])
ACTS = np.array([[0.0, 0.25]])


def given(bought_jpy_bn: float, **rule: object) -> Record:
    """A calm week in which the Ministry buys yen on Monday and nobody else trades."""
    act = {"interventions": [{"date": MONDAY, "bought_jpy_bn": bought_jpy_bn}], "probability": 0, "warning_pct": 0}
    return simulate(official(CALM, NOBODY, ONE_WEEK, {"ministry_of_finance": act | rule}), [0])


def log_move(record: Record) -> float:
    path = record.market["usdjpy"][0]
    return float(np.log(path[1] / path[0]))


def fast(sold_usd: float) -> float:
    """Fast impact of dollars sold, slope .035 % per $bn, q1 = 50 $bn."""
    return float(fast_impact(np.array(-sold_usd), np.array(3.5e-4), np.array(50.0)))


@pytest.mark.parametrize("bought_jpy_bn", [3124.0, -3124.0])
def test_yen_bought_lower_usdjpy_by_flow_and_signal(bought_jpy_bn: float) -> None:
    # JPY 3,124 bn at 156.2 are 20 $bn; the signal is one more linear impact, .7 %.
    sold = bought_jpy_bn / START_USDJPY
    without_signal, with_signal = given(bought_jpy_bn, signal_multiplier=0), given(bought_jpy_bn, signal_multiplier=1)
    assert log_move(without_signal) == pytest.approx(fast(sold), rel=1e-9)
    assert log_move(with_signal) == pytest.approx(fast(sold) - 3.5e-4 * sold, rel=1e-9)
    assert np.sign(log_move(with_signal)) == -np.sign(bought_jpy_bn)


def test_the_ministry_pays_with_dollars_and_dealers_take_them() -> None:
    flows = given(3124.0).flows
    assert flows["ministry_of_finance"]["spot_usd_bn"][0, 1] == pytest.approx(-20.0, rel=1e-12)
    assert flows["dealers"]["spot_usd_bn"][0, 1] + flows["real_money"]["spot_usd_bn"][0, 1] == pytest.approx(20.0)


def test_of_the_signal_everything_lasts() -> None:
    without_signal, with_signal = (given(3124.0, signal_multiplier=size).market["usdjpy"][0] for size in (0, 1))
    np.testing.assert_allclose(np.log(with_signal / without_signal)[1:], -3.5e-4 * 20, rtol=1e-9)


def conditions(usdjpy: float, rise_pct: float) -> Conditions:
    return replace(calm_conditions(usdjpy, 0.0, 1), usdjpy_rise=column(np.log1p(rise_pct / 100), 1))


@pytest.mark.parametrize(
    ("usdjpy", "rise_pct", "expected"), [(161, 4.1, True), (161, 3.9, False), (159.9, 8.0, False), (161, -8.0, False)]
)
def test_high_and_fast_together(usdjpy: float, rise_pct: float, expected: bool) -> None:
    assert bool(intervention_condition(conditions(usdjpy, rise_pct), 160.0, 4.0)[0, 0]) is expected


def test_size_and_chance_of_a_sale() -> None:
    rule = MinistryOfFinance()
    chance, size = np.array([[0.24], [0.26], [0.0]]), np.array([[0.5], [0.5], [1.0]])
    may = np.array([[True], [True], [False]])
    # 10 to 38 $bn with a chance of one in four.
    np.testing.assert_allclose(dollars_sold(rule, may, chance, size), [[24.0], [0.0], [0.0]], rtol=1e-12)


def acts(ministry: Ministry, step: int, now: Conditions, uniform: Array) -> tuple[float, bool]:
    action = ministry.act(date(2025, 12, 1), step, now, uniform)
    return float(action.sold_usd[0, 0]), bool(action.warned[0, 0])


def test_it_warns_once_then_keeps_quiet_for_ten_days() -> None:
    ministry, near = Ministry(MinistryOfFinance(), 1), conditions(158.0, 5.0)
    assert acts(ministry, 5, near, ACTS) == (0.0, True)
    assert acts(ministry, 6, near, ACTS) == (0.0, False)
    assert acts(ministry, 15, near, ACTS) == (0.0, False)
    assert acts(ministry, 16, near, ACTS) == (0.0, True)


def test_beyond_the_level_it_acts_or_waits_and_never_only_warns() -> None:
    high = conditions(162.0, 5.0)
    sold, warned = acts(Ministry(MinistryOfFinance(), 1), 5, high, ACTS)
    assert (sold, warned) == (10.0 + 0.25 * 28.0, False)
    assert acts(Ministry(MinistryOfFinance(), 1), 5, high, NO_DRAW) == (0.0, False)
    acted = Ministry(MinistryOfFinance(), 1)
    acts(acted, 5, high, ACTS)
    assert acts(acted, 6, high, ACTS) == (0.0, False)


def test_given_interventions_need_no_permission() -> None:
    rule = MinistryOfFinance.model_validate({"interventions": [{"date": "2025-12-01", "bought_jpy_bn": 1500}]})
    assert acts(Ministry(rule, 1), 5, conditions(150.0, 0.0), NO_DRAW) == (1500 / 150, False)
    assert acts(Ministry(None, 1), 5, conditions(162.0, 9.0), ACTS) == (0.0, False)


def test_a_warning_lowers_usdjpy_by_what_it_is_worth() -> None:
    fast_rise: Changes = {"start_values.usdjpy": 170.0, "start_values.usdjpy_high": 170.0}
    rule = {"warning_level_yen": 1, "level_yen": 1000, "fast_rise_pct": 0, "warning_pct": 0.3, "quiet_days": 100}
    lift = [{"date": MONDAY, "value_pct": {"usdjpy": 1.0}}]
    record = simulate(official(CALM, NOBODY, ONE_WEEK, fast_rise, {"ministry_of_finance": rule, "news": lift}), [0])
    path = np.log(record.market["usdjpy"][0])
    # A rise of 1 % on Monday; the warning comes the day after it was seen, once.
    np.testing.assert_allclose(np.diff(path), [np.log(1.01), -0.003, 0.0, 0.0, 0.0], atol=1e-12)
