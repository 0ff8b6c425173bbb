"""Carry funds, one mechanism at a time: one fund of 100 $bn on 25 $bn of equity, every number worked by hand."""

from dataclasses import replace

import numpy as np
import pytest

from simulation.conventions import column
from simulation.investors.carry_fund_parameters import CarryIncentive
from simulation.investors.carry_funds import expected_return, incentive_ratio, target_leverage
from simulation.model import CapitalFlowModel, simulate
from simulation.scenario import Scenario
from tests.scenarios import COARSE, GONE, START_USDJPY, Changes, official, one_fund, shocks, switched

MONDAY, TUESDAY, FRIDAY = "2025-12-01", "2025-12-02", "2025-12-05"
CARRY = 3.875 - 0.5
"""Percent per year without any expected steps."""


def fund(scenario: Scenario) -> dict[str, np.ndarray]:
    record = simulate(scenario, [0])
    assert not record.stopped
    assert record.market["ledger_residual"].max() <= 1e-12
    return {name: values[0] for name, values in record.flows["carry_funds"].items()}


def leverage(multiple: float) -> Changes:
    return {"populations.carry_funds.leverage_x.median": multiple, "populations.carry_funds.leverage_x.highest": 100}


def requirement(scenario: Scenario) -> float:
    model = CapitalFlowModel(scenario)
    variance = model.economy.long_run_variance[0]
    return float(max(0.04, 2.33 * np.sqrt(variance * 10)))


def test_the_start_position_is_the_target() -> None:
    model = CapitalFlowModel(one_fund(switched(incentive=True, momentum=True, volatility_target=True)))
    held = model.populations[0]
    assert held.orders(model.information()) is None
    assert held.stock()[0, 0] == pytest.approx(100.0, rel=1e-14)
    assert held.sheet.equity_usd[0, 0] == pytest.approx(25.0, rel=1e-13)
    assert held.sheet.jpy_cash[0, 0] == pytest.approx(-100.0 * START_USDJPY, rel=1e-14)


def test_a_fall_costs_the_loan_in_dollars() -> None:
    # The loan of 15,620 JPY bn costs 111.1 instead of 100 $bn after a fall of 10 %; the surprise of 52.7 bp makes it dearer.
    day = fund(one_fund(shocks({MONDAY: 0.10})))
    yen_rate = 0.005 + 0.004 - np.log(0.9) / 0.002 / 1e4
    weekend = (125 * 0.03875 - 100 / 0.9 * yen_rate) * 3 / 365
    assert day["equity_usd_bn"][1] == pytest.approx(25 + 100 - 100 / 0.9 + weekend, rel=1e-9)
    assert not day["spot_usd_bn"].any()


def test_margin_call_restores_nine_tenths_of_the_limit() -> None:
    # 15 times levered, equity 6.667; a fall of 4 % costs 100 (1/.96 - 1) = 4.167 and leaves 2.5 for .9 of the limit.
    scenario = one_fund(leverage(15), switched(margin=True), shocks({MONDAY: 0.04}))
    day = fund(scenario)
    equity = 100 / 15 - 100 * (1 / 0.96 - 1)
    kept = 0.9 * equity / requirement(scenario)
    assert 40.0 < kept < 60.0
    assert day["stock_usd_bn"][1] == pytest.approx(kept, rel=1e-9)
    assert day["margin_usd_bn"][1] == pytest.approx(100.0 - kept, rel=1e-9)
    # The same share of the loan is repaid: yen worth 100/.96 $bn times the share.
    assert day["spot_usd_bn"][1] == pytest.approx(-(100.0 - kept) / 0.96, rel=1e-9)


@pytest.mark.parametrize(("margin", "called"), [(1.001, False), (0.999, True)])
def test_margin_call_comes_at_the_limit(margin: float, called: bool) -> None:
    # Equity after a fall f: 100/L - 100 (1/(1-f) - 1); the fall at which it is `margin` times the requirement.
    quiet = one_fund(leverage(15), switched(margin=True))
    loss = 100 / 15 - margin * requirement(quiet) * 100
    fall = 1 - 1 / (1 + loss / 100)
    day = fund(one_fund(leverage(15), switched(margin=True), shocks({MONDAY: fall})))
    assert bool(day["margin_usd_bn"][1]) == called


def test_no_equity_closes_everything_and_the_lender_bears_the_rest() -> None:
    scenario = one_fund(leverage(15), switched(margin=True), shocks({MONDAY: 0.10}))
    day = fund(scenario)
    assert day["stock_usd_bn"][1] == 0.0
    assert day["equity_usd_bn"][1] == 0.0
    assert day["spot_usd_bn"][1] == pytest.approx(-100 / 0.9, rel=1e-9)
    assert not day["spot_usd_bn"][2:].any()


@pytest.mark.parametrize(("fall", "hit"), [(0.0819, False), (0.0821, True)])
def test_a_stop_fires_at_exactly_its_distance(fall: float, hit: bool) -> None:
    day = fund(one_fund(switched(trailing_stop=True), shocks({MONDAY: fall})))
    assert day["stop_usd_bn"][1] == pytest.approx(60.0 if hit else 0.0, rel=1e-12)


@pytest.mark.parametrize(("second", "hit"), [(0.0819, False), (0.0821, True)])
def test_a_stop_is_armed_again_at_the_exit_price(second: float, hit: bool) -> None:
    # A first fall of 10 % exits at 140.58; from there another 8.2 % is needed, although the high is long gone.
    day = fund(one_fund(switched(trailing_stop=True), shocks({MONDAY: 0.10, TUESDAY: second})))
    assert day["stop_usd_bn"][1] == pytest.approx(60.0, rel=1e-12)
    # The fund has begun to rebuild by 1 % of 60 $bn.
    assert day["stop_usd_bn"][2] == pytest.approx(0.6 * 40.6 if hit else 0.0, rel=1e-12)


def test_a_rise_after_the_exit_moves_the_stop_up() -> None:
    # Exit at -10 %, then +6 %: a fall of 8.5 % from there is one of 3 % from the exit price only, yet it is hit.
    falls = {MONDAY: 0.10, TUESDAY: -0.06, FRIDAY: 0.085}
    day = fund(one_fund(switched(trailing_stop=True), shocks(falls)))
    assert (day["stop_usd_bn"] > 0).tolist() == [False, True, False, False, False, True]


def test_two_falls_add_up_to_the_distance() -> None:
    day = fund(one_fund(switched(trailing_stop=True), shocks({MONDAY: 0.05, TUESDAY: 0.04})))
    # (1 - .05)(1 - .04) = .912: 8.8 % below the high.
    assert (day["stop_usd_bn"] > 0).tolist() == [False, False, True, False, False, False]


@pytest.mark.parametrize(("later", "hit"), [("2026-05-19", True), ("2026-05-20", False)])
def test_a_high_counts_for_120_days(later: str, hit: bool) -> None:
    # USDJPY starts at its high and falls by 5 % on the first day and by another 5 % about 120 business days after the start.
    scenario = one_fund(switched(trailing_stop=True), {"end": later}, shocks({MONDAY: 0.05, later: 0.05}))
    record = simulate(scenario, [0])
    assert len(record.dates) - 1 == (120 if hit else 121)
    assert record.flows["carry_funds"]["stop_usd_bn"][0, -1] == pytest.approx(60.0 if hit else 0.0, abs=0.5)


def test_a_stop_that_the_recent_high_would_have_hit_is_armed_at_the_start() -> None:
    past: Changes = {"start_values.usdjpy_high": 180.0}
    assert not fund(one_fund(switched(trailing_stop=True), past))["stop_usd_bn"].any()
    again = fund(one_fund(switched(trailing_stop=True), past, shocks({MONDAY: 0.0821})))
    assert again["stop_usd_bn"][1] == pytest.approx(60.0, rel=1e-12)


def test_a_high_before_the_start_shortens_the_way_to_the_stop() -> None:
    # From a high of 160 the stop of 8.2 % is at 146.88: 5.97 % below the start.
    for fall, hit in ((0.0595, False), (0.0599, True)):
        day = fund(one_fund(switched(trailing_stop=True), {"start_values.usdjpy_high": 160.0}, shocks({MONDAY: fall})))
        assert bool(day["stop_usd_bn"].any()) == hit


def test_a_margin_call_beyond_the_stop_counts_once() -> None:
    scenario = one_fund(leverage(8), switched(margin=True, trailing_stop=True), shocks({MONDAY: 0.105}))
    day = fund(scenario)
    called = 1 - 0.9 * (12.5 - 100 * (1 / 0.895 - 1)) / requirement(scenario) / 100
    assert called > 0.6
    assert day["margin_usd_bn"][1] == pytest.approx(100 * called, rel=1e-9)
    assert day["stop_usd_bn"][1] == 0.0


def test_a_margin_call_below_the_stop_is_topped_up_by_it() -> None:
    scenario = one_fund(leverage(8), switched(margin=True, trailing_stop=True), shocks({MONDAY: 0.085}))
    day = fund(scenario)
    called = 1 - 0.9 * (12.5 - 100 * (1 / 0.915 - 1)) / requirement(scenario) / 100
    assert 0.0 < called < 0.6
    assert day["margin_usd_bn"][1] == pytest.approx(100 * called, rel=1e-9)
    assert day["stop_usd_bn"][1] == pytest.approx(60 - 100 * called, rel=1e-9)


def test_volatility_target_after_a_jump_in_the_funds_favour() -> None:
    # A rise of 10 %: next day's variance is sigma^2 + .06 x ln(1.1)^2, the target shrinks, 7.5 % of the gap is cut.
    scenario = one_fund(switched(volatility_target=True), shocks({MONDAY: -0.10}))
    day, long_run = fund(scenario), CapitalFlowModel(scenario).economy.long_run_variance[0]
    scale = np.sqrt(long_run / (long_run + 0.06 * np.log(1.1) ** 2))
    assert scale < 0.9
    assert day["volatility_target_usd_bn"][2] == pytest.approx(7.5 * (1 - scale), rel=1e-9)
    assert day["incentive_usd_bn"][2] == pytest.approx(0.0, abs=1e-12)
    assert day["stock_usd_bn"][2] == pytest.approx(100 - 7.5 * (1 - scale), rel=1e-12)


def test_an_account_closed_with_nothing_left_does_not_break_the_ledger() -> None:
    # Nine times levered, a fall of 10 % takes equity to zero but for the last digit: nothing is left to measure it against.
    day = fund(one_fund(leverage(9), switched(margin=True), shocks({MONDAY: 0.10})))
    assert day["stock_usd_bn"][-1] == pytest.approx(0.0, abs=1e-9)


SLUGGISH: Changes = {"markets.usdjpy.announcement_beta_pct_per_bp": 1e-9}
"""Announcements that hardly move the currency, so that only their effect on carry is left."""


def carry_cut(basis_points: float) -> Changes:
    meeting = {"date": MONDAY, "decision": f"{basis_points}bp", "step": "25bp", "priced_probability": 0.0}
    return {"boj.meetings": [meeting], **SLUGGISH}


def test_less_carry_is_followed_at_seven_and_a_half_percent_of_the_gap_a_day() -> None:
    # 50 bp of 337.5 bp of carry are gone: the target is 14.8 % lower.
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


def test_no_carry_left_is_a_target_of_nothing() -> None:
    ratio = incentive_ratio(column(-0.01, 1), column(0.03, 1), 0.005)
    assert ratio[0, 0] == 0.0
    assert target_leverage(column(4.0, 1), ratio, 15.0)[0, 0] == 0.0


@pytest.mark.parametrize(
    ("start_pct", "now_pct", "ratio"), [(3.0, 1.5, 0.5), (3.0, 4.5, 1.5), (0.2, 0.0, 0.6), (-1.0, -1.25, 0.5)]
)
def test_incentive_ratio_by_hand(start_pct: float, now_pct: float, ratio: float) -> None:
    found = incentive_ratio(column(now_pct / 100, 1), column(start_pct / 100, 1), 0.005)
    assert found[0, 0] == pytest.approx(ratio, rel=1e-12)


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


def test_carry_income_is_kept_until_losses_are_made_good() -> None:
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
    # Leaving bitcoin out of a scenario must not make 5 % of every fund's position vanish.
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
