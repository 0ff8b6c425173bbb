"""Margin calls and stops of a carry fund with 100 $bn on 25 $bn of equity, computed by hand."""

import pytest

from simulation.day.capital_flows import simulate
from tests.support.scenarios import Changes, one_fund, shocks, switched
from tests.support.single_fund import FRIDAY, MONDAY, TUESDAY, fund, leverage, requirement


def test_margin_call_restores_nine_tenths_of_the_limit() -> None:
    # At leverage 15 equity is 6.667; a fall of 4 % costs 100 (1/.96 - 1) = 4.167 and leaves 2.5 for .9 of the limit.
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
def test_a_stop_is_reset_at_the_exit_price(second: float, hit: bool) -> None:
    # A first fall of 10 % exits at 140.58; from there another 8.2 % is needed, regardless of the earlier high.
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


def test_a_stop_hit_before_the_start_is_reset_at_the_start() -> None:
    past: Changes = {"start_values.usdjpy_high": 180.0}
    assert not fund(one_fund(switched(trailing_stop=True), past))["stop_usd_bn"].any()
    again = fund(one_fund(switched(trailing_stop=True), past, shocks({MONDAY: 0.0821})))
    assert again["stop_usd_bn"][1] == pytest.approx(60.0, rel=1e-12)


def test_a_high_before_the_start_reduces_the_distance_to_the_stop() -> None:
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


def test_a_stop_adds_to_a_smaller_margin_call() -> None:
    scenario = one_fund(leverage(8), switched(margin=True, trailing_stop=True), shocks({MONDAY: 0.085}))
    day = fund(scenario)
    called = 1 - 0.9 * (12.5 - 100 * (1 / 0.915 - 1)) / requirement(scenario) / 100
    assert 0.0 < called < 0.6
    assert day["margin_usd_bn"][1] == pytest.approx(100 * called, rel=1e-9)
    assert day["stop_usd_bn"][1] == pytest.approx(60 - 100 * called, rel=1e-9)


def test_an_account_closed_with_nothing_left_does_not_break_the_ledger() -> None:
    # At leverage 9 a fall of 10 % reduces equity to zero up to rounding: a relative residual would divide by zero.
    day = fund(one_fund(leverage(9), switched(margin=True), shocks({MONDAY: 0.10})))
    assert day["stock_usd_bn"][-1] == pytest.approx(0.0, abs=1e-9)
