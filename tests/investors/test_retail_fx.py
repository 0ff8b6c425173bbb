"""Retail margin traders: contrarian targets, stop-outs at the legal margin and slow replacement."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation.day.capital_flows import simulate
from simulation.day.model import CapitalFlowModel
from simulation.investors.retail_fx import DOLLARS, RetailFx, contrarian_target, is_stopped_out
from simulation.scenario.scenario import Scenario
from tests.support.scenarios import CALM, COARSE, NO_COSTS, NO_IMPACT, ONE_WEEK, START_USDJPY, Changes, official, shocks
from tests.support.states import assert_same_record
from tests.support.watched import after

MONDAY, TUESDAY = "2025-12-01", "2025-12-02"
LIMIT = 1 - 0.875 / 0.96
"""At leverage 8, equity 1 - .875/s is 4 % of the position at s = .875/.96."""


def fixed(value: float) -> dict[str, float]:
    return {"median": value, "log_sd": 0.0, "highest": 1000.0}


def trader(*changes: Changes, **own: Any) -> Scenario:
    """One trader with 10 $bn on 1.25 $bn of margin and no voluntary trades by default."""
    values = {
        "investors": 1, "stock_usd_bn": 10, "leverage_x": fixed(8), "funding_spread_bp": 0, "contrarian_x": fixed(1e-6),
        "memory_days": fixed(20), "speed_pct_per_day": fixed(20), "carry_share": 0,
    }  # fmt: skip
    population: Changes = {"populations": {"retail_fx": values | own}}
    return official(CALM, NO_IMPACT, NO_COSTS, ONE_WEEK, population, *changes)


def contrarian(*changes: Changes, **own: Any) -> Scenario:
    """A trader without stop-outs who buys 5 % per percent of fall."""
    return trader(*changes, **{"leverage_x": fixed(2), "contrarian_x": fixed(5), "memory_days": fixed(20)} | own)


def flows(model: CapitalFlowModel) -> dict[str, np.ndarray]:
    return {name: values[0] for name, values in model.result().flows["retail_fx"].items()}


def start(scenario: Scenario) -> tuple[CapitalFlowModel, RetailFx]:
    model = CapitalFlowModel(scenario)
    (held,) = model.populations
    assert isinstance(held, RetailFx)
    return model, held


def test_the_start_position() -> None:
    model, held = start(trader())
    assert held.orders(model.information()) is None
    assert held.stock()[0, 0] == 10.0
    assert held.sheet.usd_cash[0, 0] == 10.0
    assert held.sheet.jpy_cash[0, 0] == pytest.approx(-8.75 * START_USDJPY, rel=1e-14)
    assert held.sheet.equity_usd[0, 0] == pytest.approx(1.25, rel=1e-13)


@pytest.mark.parametrize("multiple", [2.0, 5.0, 8.0, 15.0, 24.0])
def test_the_broker_closes_at_the_legal_margin(multiple: float) -> None:
    # s - (1 - 1/L) = .04 s.
    limit = 1 - (1 - 1 / multiple) / 0.96
    for shift, closed in ((-1e-6, 0.0), (1e-6, 10.0)):
        day = flows(after(trader(shocks({MONDAY: limit + shift}), leverage_x=fixed(multiple))))
        assert day["liquidation_usd_bn"][1] == closed
        assert day["stock_usd_bn"][1] == 10.0 - closed
        assert day["spot_usd_bn"][1] == -closed
        assert not day["repatriated_usd_bn"].any()


def test_a_higher_stop_out_level_closes_earlier() -> None:
    # At 200 % the margin must stay above 8 %: s = .875/.92.
    limit = 1 - 0.875 / 0.92
    for shift, closed in ((-1e-6, 0.0), (1e-6, 10.0)):
        day = flows(after(trader(shocks({MONDAY: limit + shift}), stop_out_pct=200)))
        assert day["liquidation_usd_bn"][1] == closed


def test_remaining_equity_is_withdrawn_and_new_margin_arrives_slowly() -> None:
    # Left over: 10 - 8.75/.9 = .278 $bn; new margin is 1 % of 1.25 a day, with leverage of at most 15.
    model = after(trader(shocks({MONDAY: 0.10})))
    sheet = model.populations[0].sheet
    assert sheet.equity_usd[0, 0] == pytest.approx(0.0125, rel=1e-9)
    assert sheet.usd_cash[0, 0] == 0.0
    assert sheet.jpy_cash[0, 0] == pytest.approx(0.0125 * START_USDJPY * 0.9, rel=1e-9)
    assert model.seen.lender_loss[0, 0] == 0.0
    model.step()
    assert model.populations[0].stock()[0, 0] == pytest.approx(15 * 0.0125, rel=1e-9)
    assert flows(model)["rebuilding_usd_bn"][2] == pytest.approx(-15 * 0.0125, rel=1e-6)
    assert abs(flows(model)["incentive_usd_bn"][2]) < 1e-6


def test_the_stock_recovers() -> None:
    # Margin .01 m (1 + .99 + ...) at leverage 15 supports the full position once it reaches 8/15 of m.
    model = after(trader(shocks({MONDAY: 0.10}), {"end": "2026-06-30"}), days=140)
    held = flows(model)["stock_usd_bn"][:141]
    assert held[1] == 0.0
    assert (np.diff(held[1:]) >= 0.0).all()
    assert held[40] < 6.5
    assert held[140] == pytest.approx(10.0, abs=0.5)


def test_the_lender_bears_negative_equity() -> None:
    # A gap of 15 %: 10 - 8.75/.85 = -.294 $bn.
    model = after(trader(shocks({MONDAY: 0.15})))
    assert model.seen.negative_equity[0, 0] == pytest.approx(8.75 / 0.85 - 10, rel=1e-9)
    assert model.seen.lender_loss[0, 0] == pytest.approx(8.75 / 0.85 - 10, rel=1e-9)
    assert model.residual.max() <= 1e-12


def test_forced_sales_for_the_loop_gain_by_hand() -> None:
    model, held = start(trader())
    sold = held.forced_spot_usd((LIMIT - 1e-6, LIMIT + 1e-6, 0.5), model.information())
    assert [float(amount[0, 0]) for amount in sold] == [0.0, 10.0, 10.0]


@pytest.mark.parametrize("fall", [0.04, -0.04])
def test_traders_buy_falls_and_sell_rises(fall: float) -> None:
    # The reference rate adjusts by a twentieth at the close; a fifth of the gap is closed on Tuesday.
    day = flows(after(contrarian(shocks({MONDAY: fall})), days=2))
    distance = np.log1p(-fall) * (1 - 1 / 20)
    bought = 0.2 * 10 * 5 * -distance
    assert day["incentive_usd_bn"][1] == 0.0
    assert day["incentive_usd_bn"][2] == pytest.approx(-bought, rel=1e-9)
    # Interest of Monday's long weekend is converted with the trade: 10 $bn at 3.875 % over three days.
    assert day["spot_usd_bn"][2] == pytest.approx(bought - 10 * 0.03875 * 3 / 365, rel=1e-6)


def test_dollars_held_are_the_position_after_a_trade() -> None:
    model = after(contrarian(shocks({MONDAY: 0.04})))
    held = model.populations[0]
    trade = held.orders(model.information())
    assert trade is not None
    dollars = held.sheet.usd_cash + trade.spot_usd
    np.testing.assert_allclose(dollars, held.sheet.holdings[DOLLARS] + trade.units[DOLLARS], rtol=1e-14)


def test_a_small_fall_is_inside_the_band() -> None:
    # .5 % of fall is worth 2.5 % of the position, inside the band of 5 %.
    assert not flows(after(contrarian(shocks({MONDAY: 0.005})), days=3))["spot_usd_bn"].any()


def test_the_reference_rate_adjusts_to_an_old_fall() -> None:
    # With an averaging period of two days the position is bought and sold again within three weeks.
    scenario = contrarian(shocks({MONDAY: 0.04}), {"end": "2026-01-30"}, memory_days=fixed(2), band_pct=0)
    held = flows(after(scenario, days=40))["stock_usd_bn"]
    assert held[2] > 10.2
    assert held[40] == pytest.approx(10.0, abs=0.01)


def test_the_target_is_capped() -> None:
    scenario = contrarian(shocks({MONDAY: 0.2}), leverage_x=fixed(1), contrarian_x=fixed(100), most_x=1.5)
    day = flows(after(scenario, days=2))
    assert day["stock_usd_bn"][2] == pytest.approx(10 + 0.2 * 5, rel=1e-9)


def test_margin_limits_purchases() -> None:
    # A fall of 5 % leaves equity of 10 - 8.75/.95 = .789, leverage 12.7; above 12 and without new margin there are no purchases.
    own = {"leverage_x": fixed(8), "new_money_pct_per_day": 0}
    for entry, buys in ((12, False), (14, True)):
        day = flows(after(contrarian(shocks({MONDAY: 0.05}), entry_leverage_x=entry, **own), days=2))
        assert (day["incentive_usd_bn"][2] < 0.0) == buys


def test_gains_are_withdrawn_slowly() -> None:
    # A rise of 4 %: equity 10 - 8.75/1.04 = 1.587 plus a day's interest; 1 % of the excess over 1.25 is withdrawn.
    quiet = {"boj.rate_pct": 0.0, "fed.rate_pct": 0.0}
    model = after(trader(shocks({MONDAY: -0.04}), quiet))
    yen_rate = -np.log(1.04) / 0.002 / 1e4
    equity = 10 - 8.75 / 1.04 * (1 + yen_rate * 3 / 365)
    assert model.populations[0].sheet.equity_usd[0, 0] == pytest.approx(equity - 0.01 * (equity - 1.25), rel=1e-5)


def test_excessive_leverage_stops_the_run() -> None:
    record = simulate(trader(leverage_x=fixed(26)), [0])
    assert record.stopped[0].name == "forced_at_start"
    assert "retail_fx" in record.stopped[0].message


def test_they_dampen_small_falls_and_amplify_large_ones() -> None:
    # With price impact, purchases after a fall of 3 % support the dollar, stop-outs after 9 % lower it.
    alone: Changes = {"populations": {"crypto_traders": {"investors": 8}}}
    with_population: Changes = {"populations.retail_fx": {"stock_usd_bn": 60, "leverage_x": fixed(8)}}
    for fall, sign in ((0.03, 1.0), (0.09, -1.0)):
        without, present = (
            simulate(official(CALM, ONE_WEEK, alone, *extra, shocks({MONDAY: fall})), [0]).market
            for extra in ((), (with_population,))
        )
        day = 3 if sign > 0 else 1
        assert np.sign(present["usdjpy"][0, day] - without["usdjpy"][0, day]) == sign
    assert present["loop_gain"][0, 0] > 0.0


def test_more_leverage_is_stopped_out_more() -> None:
    closed = []
    for median in (4.0, 8.0, 12.0):
        own = {"leverage_x": {"median": median, "log_sd": 0.4, "highest": 20}, "investors": 300}
        closed.append(flows(after(trader(shocks({MONDAY: 0.08}), **own)))["liquidation_usd_bn"][1])
    assert closed[0] < closed[1] < closed[2] <= 10.0


def test_exits_under_the_threshold_rule_are_not_repatriation() -> None:
    rule: Changes = {"unwind": {"rule": "threshold", "exit_days": 2}, "spread_path": {"target_pp": 0.6, "over_days": 1}}
    day = flows(after(trader(rule), days=4))
    np.testing.assert_allclose(day["incentive_usd_bn"][1:4], [5.0, 5.0, 0.0], rtol=1e-12, atol=1e-12)
    assert day["spot_usd_bn"].sum() == pytest.approx(-10.0, rel=2e-3)
    assert not day["repatriated_usd_bn"].any()


def test_rows_are_the_runs_alone_when_traders_are_stopped_out() -> None:
    scenario = official(COARSE, ONE_WEEK, shocks({TUESDAY: 0.06}), {"populations.retail_fx": {"investors": 13}})
    batch = simulate(scenario, range(5))
    assert (batch.flows["retail_fx"]["liquidation_usd_bn"].max(axis=1) > 0.5).all()
    assert batch.market["ledger_residual"].max() <= 1e-9
    assert batch.roles["retail_fx"] == "retail"
    for row in (0, 3):
        assert_same_record(simulate(scenario, [row]), batch, slice(row, row + 1))


@pytest.mark.parametrize(
    ("equity", "notional", "out"),
    [(0.401, 10.0, False), (0.4, 10.0, False), (0.399, 10.0, True), (-1.0, 1.0, True), (-1.0, 0.0, False)],
)
def test_stop_out_rule(equity: float, notional: float, out: bool) -> None:
    assert is_stopped_out(np.array(equity), np.array(notional), 25.0, 1.0) == out


@given(st.floats(-1.0, 1.0), st.floats(0.0, 50.0), st.floats(1.0, 5.0))
def test_the_target_is_contrarian_and_bounded(distance: float, response: float, most: float) -> None:
    usual, step = np.array([[3.0]]), 0.01
    low, high = (
        float(contrarian_target(usual, np.array(distance + move), np.array(response), most)[0, 0])
        for move in (-step, step)
    )
    assert 0.0 <= high <= low <= 3.0 * most
    assert contrarian_target(usual, np.array(0.0), np.array(response), most)[0, 0] == 3.0


def test_the_carry_part_of_the_position_follows_carry() -> None:
    # Carry falls by a third: the 80 % of 10 held for carry fall by a third, 10 x (1 - .8/3).
    model, held = start(trader(carry_share=0.8))
    now = model.information()
    less = replace(now, carry=now.carry * 2 / 3)
    assert held.carry_scale(less)[0, 0] == pytest.approx(1 - 0.8 / 3, rel=1e-12)
    assert held.carry_scale(replace(now, carry=now.carry * 0.0))[0, 0] == pytest.approx(0.2, rel=1e-12)
    assert held.carry_scale(replace(now, carry=now.carry * 9))[0, 0] == pytest.approx(0.2 + 0.8 * 2, rel=1e-12)
    assert held.carry_scale(now)[0, 0] == 1.0
