"""Yen borrowers: the covenant by hand, once and within the day; otherwise they equal slow carry funds."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation.day.capital_flows import simulate
from simulation.day.model import CapitalFlowModel
from simulation.investors.yen_borrowers import YenBorrowers, breaks_covenant, covenant_cut
from simulation.scenario.scenario import Scenario
from simulation.values.conventions import column
from tests.support.scenarios import (
    CALM,
    COARSE,
    NO_COSTS,
    NO_IMPACT,
    ONE_WEEK,
    ROUND_FUND,
    SWITCHES,
    TWO_WEEKS,
    Changes,
    official,
    shocks,
)
from tests.support.states import assert_same_record
from tests.support.watched import Watched

MONDAY, TUESDAY = "2025-12-01", "2025-12-02"
OFF = dict.fromkeys(SWITCHES, False)
LIMIT = 1 / 7
"""Fall of a seventh at which the covenant of equity 66.7 is violated: the loan of 100 costs 116.7, a loss of a quarter."""


def borrower(*changes: Changes, switches: dict[str, bool] | None = None, **own: Any) -> Scenario:
    """One borrower of 100 $bn at par on 66.7 $bn of equity, with the covenant alone unless switched on."""
    values = {
        "stock_usd_bn": 100, "investors": 1, "basket": {}, "funding_spread_bp": 0,
        "leverage_x": {"median": 1.5, "log_sd": 0}, "switches": OFF | (switches or {}),
    }  # fmt: skip
    population: Changes = {"populations": {"yen_borrowers": values | own}}
    return official(CALM, NO_IMPACT, NO_COSTS, ONE_WEEK, population, *changes)


def leverage(multiple: float) -> dict[str, float]:
    return {"median": multiple, "log_sd": 0.0, "highest": 100.0}


def columns(scenario: Scenario, population: str = "yen_borrowers") -> dict[str, np.ndarray]:
    record = simulate(scenario, [0])
    assert not record.stopped
    assert record.market["ledger_residual"].max() <= 1e-12
    return {name: values[0] for name, values in record.flows[population].items()}


def start(scenario: Scenario) -> tuple[CapitalFlowModel, YenBorrowers]:
    model = CapitalFlowModel(scenario)
    (held,) = model.populations
    assert isinstance(held, YenBorrowers)
    return model, held


def test_the_start_is_an_equilibrium() -> None:
    model, held = start(borrower(switches=dict.fromkeys(SWITCHES, True)))
    assert held.orders(model.information()) is None
    assert held.stock()[0, 0] == pytest.approx(100.0, rel=1e-14)
    assert held.sheet.equity_usd[0, 0] == pytest.approx(100 / 1.5, rel=1e-13)
    assert not held.forced(model.economy.market.last, model.information()).any()


@pytest.mark.parametrize(("fall", "cut"), [(LIMIT - 1e-6, 0.0), (LIMIT + 1e-6, 25.0)])
def test_the_covenant_breaks_when_a_quarter_of_equity_is_lost(fall: float, cut: float) -> None:
    # Equity of 50 supports 75 at initial leverage: a quarter of position and loan is closed, the loan at 7/6 of its dollars.
    day = columns(borrower(shocks({MONDAY: fall})))
    assert day["margin_usd_bn"][1] == pytest.approx(cut, abs=1e-3)
    assert day["stock_usd_bn"][1] == pytest.approx(100.0 - cut, abs=1e-3)
    assert day["spot_usd_bn"][1] == pytest.approx(-cut * 7 / 6, abs=1e-3)
    assert not day["repatriated_usd_bn"].any()


def test_the_covenant_restores_initial_leverage() -> None:
    model, held = start(borrower(shocks({MONDAY: 0.2})))
    model.step()
    # Equity after a fall of a fifth: 66.7 - 25 = 41.7; Monday's interest is not part of the leverage that the bank used.
    assert held.stock()[0, 0] == pytest.approx(1.5 * (100 / 1.5 - 25.0), rel=1e-9)


def test_the_bank_acts_once() -> None:
    # The loan is not rebuilt: the risk budget is limited to the remaining equity.
    day = columns(borrower(shocks({MONDAY: 0.2, TUESDAY: 0.2})))
    assert day["margin_usd_bn"][1] > 0.0
    assert not day["margin_usd_bn"][2:].any()
    assert not day["unwound_usd_bn"][2:].any()


def test_a_second_fall_can_violate_the_covenant() -> None:
    day = columns(borrower(shocks({MONDAY: 0.1, TUESDAY: 0.1})))
    assert day["margin_usd_bn"][1] == 0.0
    assert day["margin_usd_bn"][2] > 0.0


@pytest.mark.parametrize(("multiple", "fall"), [(1.0, 0.2), (2.0, 1 / 9), (3.0, 1 / 13), (4.0, 1 / 17)])
def test_higher_leverage_violates_the_covenant_earlier(multiple: float, fall: float) -> None:
    # 100 (1/(1 - f) - 1) = 25/L at f = 1/(1 + 4 L).
    for shift, broken in ((-1e-6, False), (1e-6, True)):
        day = columns(borrower(shocks({MONDAY: fall + shift}), leverage_x=leverage(multiple)))
        assert (day["margin_usd_bn"][1] > 0.0) == broken


def test_no_equity_closes_everything_and_the_lender_bears_the_rest() -> None:
    # At leverage 4 a fall of 30 % costs 42.9, more than the equity of 25.
    model = Watched(borrower(shocks({MONDAY: 0.3}), leverage_x=leverage(4.0)))
    model.step()
    assert model.populations[0].stock()[0, 0] == 0.0
    assert model.seen.lender_loss[0, 0] == pytest.approx(100 / 0.7 - 125.0, rel=1e-9)
    assert model.residual.max() <= 1e-12


def test_without_the_covenant_nothing_is_forced() -> None:
    day = columns(borrower(shocks({MONDAY: 0.3}), switches={"covenant": False}))
    assert not day["unwound_usd_bn"].any()


def test_a_stop_adds_to_the_covenant_reduction() -> None:
    # The bank closes 37.5 % (leverage 1.5 on 41.7), the stop a total of 60 %.
    stop = {"distance_pct": {"median": 10, "log_sd": 0}}
    day = columns(borrower(shocks({MONDAY: 0.2}), switches={"trailing_stop": True}, trailing_stop=stop))
    assert day["margin_usd_bn"][1] == pytest.approx(37.5, rel=1e-9)
    assert day["stop_usd_bn"][1] == pytest.approx(22.5, rel=1e-9)


def test_forced_sales_for_the_loop_gain_by_hand() -> None:
    # After a fall of a fifth the bank closes 37.5 % of a loan of 125 $bn; a fall of a tenth does not violate the covenant.
    model, held = start(borrower())
    sold = held.forced_spot_usd((0.1, 0.2), model.information())
    assert sold[0][0, 0] == 0.0
    assert sold[1][0, 0] == pytest.approx(0.375 * 125, rel=1e-12)


def test_reductions_close_one_percent_of_the_gap_a_day() -> None:
    # Funds with the same position and equity reduce positions 7.5 times as fast after the announcement.
    both = {"incentive": True}
    same = {"stock_usd_bn": 100, "investors": 1, "basket": {}, "leverage_x": leverage(1.5), "switches": OFF | both}
    same |= {"adjustment": ROUND_FUND["adjustment"]}
    changes: Changes = {"populations.carry_funds": same, **shocks({MONDAY: 0.13})}
    slow, fast = (columns(borrower(changes, switches=both), name) for name in ("yen_borrowers", "carry_funds"))
    assert fast["incentive_usd_bn"][1] > 0.1
    assert slow["incentive_usd_bn"][1] == pytest.approx(fast["incentive_usd_bn"][1] / 7.5, rel=1e-12)


def test_with_the_same_numbers_they_are_carry_funds() -> None:
    switches = dict.fromkeys(SWITCHES, True)
    same = {
        "stock_usd_bn": 100, "investors": 1, "leverage_x": leverage(6.0), "leverage_cap_x": 15, "funding_spread_bp": 0,
        "adjustment": {"rebuild_pct_per_day": 1, "cut_pct_per_day": 7.5}, "basket": {"us_equity": 0.4},
        "trailing_stop": {"distance_pct": {"median": 8, "log_sd": 0}},
    }  # fmt: skip
    changes: Changes = {
        "populations.carry_funds": same | {"switches": switches},
        **shocks({MONDAY: 0.09, TUESDAY: 0.02}),
    }
    scenario = borrower(changes, switches=switches | {"covenant": False}, **same)
    ours, theirs = (columns(scenario, name) for name in ("yen_borrowers", "carry_funds"))
    assert theirs["stop_usd_bn"].any()
    assert theirs["incentive_usd_bn"].any()
    for name, values in theirs.items():
        np.testing.assert_array_equal(ours[name], values, err_msg=name)


def test_only_the_covenant_is_active_by_default() -> None:
    model = CapitalFlowModel(official(ONE_WEEK, {"populations": {"yen_borrowers": {}}}))
    switches = model.populations[0].parameters.switches
    on = {name for name, state in switches.model_dump().items() if state}
    assert on == {"incentive", "momentum", "risk_budget", "covenant"}
    traits, stock = model.populations[0].traits["leverage"][0], model.populations[0].traits["stock"][0]
    assert stock.sum() == pytest.approx(100.0)
    assert np.median(traits) == pytest.approx(1.5, rel=0.02)


def test_exits_under_the_threshold_rule_repay_loans_in_full() -> None:
    rule: Changes = {"unwind": {"rule": "threshold", "exit_days": 2}, "spread_path": {"target_pp": 0.6, "over_days": 1}}
    day = columns(borrower(rule))
    np.testing.assert_allclose(day["incentive_usd_bn"][1:4], [50.0, 50.0, 0.0], rtol=1e-12, atol=1e-12)
    assert not day["margin_usd_bn"].any()
    assert not day["repatriated_usd_bn"].any()


def test_rows_are_the_runs_alone_when_covenants_break() -> None:
    scenario = official(COARSE, TWO_WEEKS, shocks({TUESDAY: 0.12}), {"populations.yen_borrowers": {"investors": 13}})
    batch = simulate(scenario, range(5))
    assert (batch.flows["yen_borrowers"]["margin_usd_bn"].max(axis=1) > 0.5).all()
    assert batch.market["ledger_residual"].max() <= 1e-9
    for row in (0, 3):
        assert_same_record(simulate(scenario, [row]), batch, slice(row, row + 1))


@pytest.mark.parametrize(
    ("equity", "notional", "multiple", "cut"),
    [
        (50.0, 100.0, 1.5, 0.25),
        (50.0, 75.0, 1.5, 0.0),
        (50.0, 60.0, 1.5, 0.0),
        (-5.0, 100.0, 1.5, 1.0),
        (10.0, 0.0, 1.5, 0.0),
    ],
)
def test_the_cut_restores_leverage(equity: float, notional: float, multiple: float, cut: float) -> None:
    result = covenant_cut(column(equity, 1), column(notional, 1), column(multiple, 1))
    assert result[0, 0] == pytest.approx(cut, abs=1e-15)


@given(st.floats(-1e3, 1e3), st.floats(1e-3, 1e4), st.floats(0.1, 50.0))
def test_leverage_does_not_exceed_the_initial_level_after_the_reduction(
    equity: float, notional: float, multiple: float
) -> None:
    cut = float(covenant_cut(column(equity, 1), column(notional, 1), column(multiple, 1))[0, 0])
    assert 0.0 <= cut <= 1.0
    assert (1.0 - cut) * notional <= multiple * max(equity, 0.0) + 1e-9 * notional or cut == 0.0
    assert cut == 0.0 or (1.0 - cut) * notional == pytest.approx(multiple * max(equity, 0.0), abs=1e-9 * notional)


@pytest.mark.parametrize(("equity", "broken"), [(75.1, False), (75.0, True), (74.9, True), (-1.0, True)])
def test_covenant_rule(equity: float, broken: bool) -> None:
    assert breaks_covenant(np.array(equity), np.array(100.0), 0.25) == broken
