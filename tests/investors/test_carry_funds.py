"""Carry funds, one mechanism at a time: one fund of 100 $bn on 25 $bn of equity, computed by hand."""

from dataclasses import replace

import numpy as np
import pytest

from simulation.day.model import CapitalFlowModel
from simulation.investors.carry_funds import CarryIncentive, expected_return
from simulation.investors.rules import incentive_ratio, target_leverage
from simulation.values.conventions import column
from tests.support.scenarios import COARSE, GONE, START_USDJPY, Changes, official, one_fund, shocks, switched
from tests.support.single_fund import MONDAY, fund, leverage

CARRY = 3.875 - 0.5
"""Percent per year without any expected steps."""


def test_the_start_position_is_the_target() -> None:
    model = CapitalFlowModel(one_fund(switched(incentive=True, momentum=True, volatility_target=True)))
    held = model.populations[0]
    assert held.orders(model.information()) is None
    assert held.stock()[0, 0] == pytest.approx(100.0, rel=1e-14)
    assert held.sheet.equity_usd[0, 0] == pytest.approx(25.0, rel=1e-13)
    assert held.sheet.jpy_cash[0, 0] == pytest.approx(-100.0 * START_USDJPY, rel=1e-14)


def test_a_fall_costs_the_loan_in_dollars() -> None:
    # The loan of 15,620 JPY bn costs 111.1 instead of 100 $bn after a fall of 10 %; the surprise of 52.7 bp raises its rate.
    day = fund(one_fund(shocks({MONDAY: 0.10})))
    yen_rate = 0.005 + 0.004 - np.log(0.9) / 0.002 / 1e4
    weekend = (125 * 0.03875 - 100 / 0.9 * yen_rate) * 3 / 365
    assert day["equity_usd_bn"][1] == pytest.approx(25 + 100 - 100 / 0.9 + weekend, rel=1e-9)
    assert not day["spot_usd_bn"].any()


def test_volatility_target_after_a_jump_in_the_funds_favour() -> None:
    # A rise of 10 %: next day's variance is sigma^2 + .06 x ln(1.1)^2, the target shrinks, 7.5 % of the gap is cut.
    scenario = one_fund(switched(volatility_target=True), shocks({MONDAY: -0.10}))
    day, long_run = fund(scenario), CapitalFlowModel(scenario).economy.long_run_variance[0, 0]
    scale = np.sqrt(long_run / (long_run + 0.06 * np.log(1.1) ** 2))
    assert scale < 0.9
    assert day["volatility_target_usd_bn"][2] == pytest.approx(7.5 * (1 - scale), rel=1e-9)
    assert day["incentive_usd_bn"][2] == pytest.approx(0.0, abs=1e-12)
    assert day["stock_usd_bn"][2] == pytest.approx(100 - 7.5 * (1 - scale), rel=1e-12)


SLUGGISH: Changes = {"markets.usdjpy.announcement_beta_pct_per_bp": 1e-9}
"""Announcements with almost no currency response, which isolates their effect on carry."""


def carry_cut(basis_points: float) -> Changes:
    meeting = {"date": MONDAY, "decision": f"{basis_points}bp", "step": "25bp", "priced_probability": 0.0}
    return {"boj.meetings": [meeting], **SLUGGISH}


def test_less_carry_is_followed_at_seven_and_a_half_percent_of_the_gap_a_day() -> None:
    # Carry falls by 50 of 337.5 bp: the target is 14.8 % lower.
    day = fund(one_fund(switched(incentive=True), carry_cut(50)))
    gap = 100 * 0.5 / CARRY
    assert day["incentive_usd_bn"][1] == pytest.approx(0.075 * gap, rel=1e-9)
    assert day["incentive_usd_bn"][2] == pytest.approx(0.075 * 0.925 * gap, rel=1e-9)


def test_more_carry_is_followed_at_one_percent_of_the_gap_a_day() -> None:
    day = fund(one_fund(switched(incentive=True), carry_cut(-50)))
    assert day["incentive_usd_bn"][1] == pytest.approx(-0.01 * 100 * 0.5 / CARRY, rel=1e-9)


@pytest.mark.parametrize("basis_points", [33.0, -33.0])
def test_a_small_change_of_carry_is_inside_the_inaction_band(basis_points: float) -> None:
    assert not fund(one_fund(switched(incentive=True), carry_cut(basis_points)))["unwound_usd_bn"].any()


def test_the_leverage_cap_binds() -> None:
    cap: Changes = {"populations.carry_funds.leverage_cap_x": 4.2}
    assert not fund(one_fund(switched(incentive=True), carry_cut(-50), cap))["unwound_usd_bn"].any()


def test_the_incentive_is_off_when_switched_off() -> None:
    assert not fund(one_fund(switched(), carry_cut(250)))["unwound_usd_bn"].any()


def test_the_target_is_zero_without_carry() -> None:
    ratio = incentive_ratio(column(-0.01, 1), column(0.03, 1), 0.005)
    assert ratio[0, 0] == 0.0
    assert target_leverage(column(4.0, 1), ratio, 15.0)[0, 0] == 0.0


@pytest.mark.parametrize(
    ("start_pct", "now_pct", "ratio"), [(3.0, 1.5, 0.5), (3.0, 4.5, 1.5), (0.2, 0.0, 0.6), (-1.0, -1.25, 0.5)]
)
def test_incentive_ratio_by_hand(start_pct: float, now_pct: float, ratio: float) -> None:
    result = incentive_ratio(column(now_pct / 100, 1), column(start_pct / 100, 1), 0.005)
    assert result[0, 0] == pytest.approx(ratio, rel=1e-12)


def test_expected_return_by_hand() -> None:
    # 3.2 % carry + .02 x 10 % trend - 1 % x .2 unpriced = 3.2 %
    now = replace(
        CapitalFlowModel(one_fund()).information(),
        carry=column(0.032, 1),
        momentum=column(0.10, 1),
        adverse_surprise=column(0.2, 1),
    )
    assert expected_return(now, CarryIncentive(), True)[0, 0] == pytest.approx(0.032, rel=1e-13)
    assert expected_return(now, CarryIncentive(), False)[0, 0] == pytest.approx(0.030, rel=1e-13)


def test_the_risk_budget_follows_equity_by_three_percent_of_the_gap() -> None:
    # Equity falls by 5.26 to 19.74; the budget of 25 follows 3 % of the way.
    model = CapitalFlowModel(one_fund(switched(risk_budget=True), shocks({MONDAY: 0.05})))
    model.step()
    held = model.populations[0]
    assert isinstance(held.memory["budget"], np.ndarray)
    equity = held.sheet.equity_usd[0, 0]
    assert equity == pytest.approx(25 - 100 * (1 / 0.95 - 1), abs=0.05)
    assert held.memory["budget"][0, 0] == pytest.approx(25 + 0.03 * (equity - 25), rel=1e-12)


def test_carry_income_is_paid_out_at_start_leverage() -> None:
    # 125 $bn at 3.875 % less 100 $bn at .5 + .4 % earn 3.94 $bn a year, which the owners receive.
    scenario = one_fund()
    model = CapitalFlowModel(scenario)
    while model.running:
        model.step()
    held = model.populations[0]
    assert held.sheet.equity_usd[0, 0] == pytest.approx(25.0, rel=1e-12)
    assert held.sheet.usd_cash[0, 0] + held.sheet.jpy_cash[0, 0] / START_USDJPY == pytest.approx(25.0, rel=1e-12)


def test_carry_income_is_retained_until_losses_are_recovered() -> None:
    day = fund(one_fund(shocks({MONDAY: 0.05})))
    # After the announcement the loan costs its rate of .5 % plus the surprise of 25.6 bp plus .4 %, at 148.39; interest
    # on a week's interest is what the tolerance leaves out.
    yen_rate = 0.009 - np.log(0.95) / 0.002 / 1e4
    income = (125 * 0.03875 - 100 / 0.95 * yen_rate) / 365
    assert income > 0.0
    assert np.diff(day["equity_usd_bn"])[1:] == pytest.approx([income] * 4, rel=2e-3)


def test_negative_carry_is_not_paid_in_by_owners() -> None:
    dear: Changes = {"populations.carry_funds.funding_spread_bp": 5000}
    day = fund(one_fund(dear))
    income = (125 * 0.03875 - 100 * 0.505) / 365
    assert np.diff(day["equity_usd_bn"])[1] == pytest.approx(income, rel=0.01)


@pytest.mark.parametrize("switch", ["margin", "trailing_stop", "volatility_target", "incentive"])
def test_every_mechanism_acts_alone_and_is_off_when_switched_off(switch: str) -> None:
    columns = {"trailing_stop": "stop_usd_bn"}
    storm = (leverage(8), shocks({MONDAY: 0.10}))
    alone = fund(one_fund(switched(**{switch: True}), *storm))
    causes = ("incentive_usd_bn", "volatility_target_usd_bn", "margin_usd_bn", "stop_usd_bn")
    acted = {cause for cause in causes if alone[cause].max() > 0.1}
    assert acted == {columns.get(switch, f"{switch}_usd_bn")}
    assert not fund(one_fund(switched(), *storm))["unwound_usd_bn"].any()


def test_a_basket_without_an_asset_of_the_roster_keeps_its_value() -> None:
    # Without bitcoin in the scenario, 5 % of each position must not disappear.
    whole, less = (
        CapitalFlowModel(official(COARSE, {"populations.crypto_traders": GONE}, change)).populations[0]
        for change in ({}, {"markets": {"bitcoin": None}})
    )
    for name in ("equity_usd", "jpy_cash"):
        np.testing.assert_allclose(getattr(less.sheet, name), getattr(whole.sheet, name), rtol=1e-12, err_msg=name)


@pytest.mark.parametrize(
    "basket", [{"ust_10": 0.5}, {"ust10": 0.7, "us_equity": 0.6}, {"ust10": -0.2}, {"usdjpy": 0.3}]
)
def test_an_impossible_basket_is_refused(basket: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="basket"):
        CapitalFlowModel(official(COARSE, {"populations.carry_funds.basket": basket}))


@pytest.mark.parametrize(
    ("gain", "income", "paid"),
    [
        (5.0, 0.0, 0.0),  # a gain on the position stays in the fund
        (5.0, 0.3, 0.3),  # carry income is paid out
        (0.2, 0.3, 0.2),  # but only what lies beyond the start leverage
        (-1.0, 0.3, 0.0),  # nothing after a loss
        (5.0, -0.3, 0.0),  # negative carry is not paid in
    ],
)
def test_income_is_paid_out_and_gains_are_kept(gain: float, income: float, paid: float) -> None:
    model = CapitalFlowModel(one_fund())
    held = model.populations[0]
    held.sheet.equity_usd += gain
    given = held.close(model.information().quote, np.array([[income]]))
    assert given is not None
    assert given[0, 0] == pytest.approx(paid, abs=1e-12)


def test_the_risk_budget_follows_equity_after_what_is_paid_out() -> None:
    # 3 % of the gap a day: 25 + .03 x (25 + 2 - 1 - 25) with 1 of the 2 $bn paid out as income.
    model = CapitalFlowModel(one_fund(switched(risk_budget=True)))
    held = model.populations[0]
    held.sheet.equity_usd += 2.0
    held.close(model.information().quote, np.array([[1.0]]))
    assert held.memory["budget"][0, 0] == pytest.approx(25.03, rel=1e-12)
