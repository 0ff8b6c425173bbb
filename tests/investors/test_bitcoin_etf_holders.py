"""Bitcoin ETF holders: flows follow past flows and returns; cash is paid out; a Japanese share is converted."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation.day.capital_flows import simulate
from simulation.day.model import CapitalFlowModel
from simulation.investors.bitcoin_etf_holders import BitcoinEtfHolders, momentum_flow
from simulation.scenario.scenario import Scenario
from tests.support.scenarios import CALM, COARSE, NO_COSTS, NO_IMPACT, ONE_WEEK, TWO_WEEKS, Changes, official, shocks
from tests.support.states import assert_same_record

MONDAY, TUESDAY = "2025-12-01", "2025-12-02"
BITCOIN_ONLY: Changes = {"markets.bitcoin.links": {"usdjpy": 1.0}}
"""Bitcoin moves one for one with USDJPY, which an announcement moves."""


def fixed(value: float) -> dict[str, float]:
    return {"median": value, "log_sd": 0.0}


def holder(*changes: Changes, **own: Any) -> Scenario:
    """One holder of 120 $bn with responses b = .08 and d = .05."""
    values = {"investors": 1, "bitcoin_response_x": fixed(0.08), "equity_response_x": fixed(0.05)}
    population: Changes = {"populations": {"bitcoin_etf_holders": values | own}}
    return official(CALM, NO_IMPACT, NO_COSTS, ONE_WEEK, BITCOIN_ONLY, population, *changes)


def flows(scenario: Scenario) -> dict[str, np.ndarray]:
    record = simulate(scenario, [0])
    assert not record.stopped
    assert record.market["ledger_residual"].max() <= 1e-12
    return {name: values[0] for name, values in record.flows["bitcoin_etf_holders"].items()}


def start(scenario: Scenario) -> tuple[CapitalFlowModel, BitcoinEtfHolders]:
    model = CapitalFlowModel(scenario)
    (held,) = model.populations
    assert isinstance(held, BitcoinEtfHolders)
    return model, held


def test_the_start_position_is_owned_outright() -> None:
    model, held = start(holder())
    assert held.orders(model.information()) is None
    assert held.stock()[0, 0] == 120.0
    assert held.sheet.equity_usd[0, 0] == 120.0
    assert held.sheet.usd_cash[0, 0] == held.sheet.jpy_cash[0, 0] == 0.0


def test_no_flows_without_news() -> None:
    day = flows(holder())
    assert not day["unwound_usd_bn"].any()
    assert np.ptp(day["equity_usd_bn"]) == 0.0


def test_redemptions_follow_a_fall_by_hand() -> None:
    # -.08 x .1054 of 120 on Tuesday, .3 of that share of what is left on Wednesday, and so on.
    day = flows(holder(shocks({MONDAY: 0.10})))
    share, held, sold = 0.08 * np.log(0.9), 120.0, []
    for _ in range(4):
        sold.append(-share * held)
        held += share * held
        share *= 0.3
    assert day["incentive_usd_bn"][1] == 0.0
    np.testing.assert_allclose(day["incentive_usd_bn"][2:], sold, rtol=1e-9)
    np.testing.assert_allclose(day["stock_usd_bn"][-1], held, rtol=1e-12)


def test_flows_respond_to_equity_returns() -> None:
    both: Changes = {"markets.us_equity.links": {"usdjpy": 0.5}}
    day = flows(holder(both, shocks({MONDAY: 0.10})))
    assert day["incentive_usd_bn"][2] == pytest.approx(-120 * (0.08 + 0.05 * 0.5) * np.log(0.9), rel=1e-9)


def test_a_rise_causes_purchases() -> None:
    day = flows(holder(shocks({MONDAY: -0.10})))
    assert day["incentive_usd_bn"][2] == pytest.approx(-120 * 0.08 * np.log(1.1), rel=1e-9)
    assert day["bought_bitcoin_usd_bn"][2] > 0.0


def test_cash_goes_to_the_holders() -> None:
    model, held = start(holder(shocks({MONDAY: 0.10})))
    while model.running:
        model.step()
        assert held.sheet.usd_cash[0, 0] == 0.0
        value = held.sheet.holdings["bitcoin"] * held.sheet.value_usd("bitcoin", model.economy.market.last)
        np.testing.assert_allclose(held.sheet.equity_usd, value, rtol=1e-13)
    assert held.stock()[0, 0] < 119.0


def test_without_a_japanese_share_no_currency_moves() -> None:
    day = flows(holder(shocks({MONDAY: 0.10})))
    assert not day["spot_usd_bn"].any()
    assert not day["repatriated_usd_bn"].any()


@pytest.mark.parametrize("fall", [0.10, -0.10])
def test_the_japanese_share_goes_through_yen(fall: float) -> None:
    # 38 % of redemptions at yesterday's price; purchases are symmetric.
    day = flows(holder(shocks({MONDAY: fall}), japan_share=0.38))
    sold = 120 * -0.08 * np.log1p(-fall) * (1 - fall)
    assert day["repatriated_usd_bn"][2] == pytest.approx(0.38 * sold, rel=1e-9)
    np.testing.assert_array_equal(day["spot_usd_bn"], -day["repatriated_usd_bn"])


def test_the_share_changes_neither_bitcoin_nor_its_flows() -> None:
    none, all_of_it = (flows(holder(shocks({MONDAY: 0.10}), japan_share=share)) for share in (0.0, 1.0))
    np.testing.assert_array_equal(none["bought_bitcoin_usd_bn"], all_of_it["bought_bitcoin_usd_bn"])
    assert all_of_it["spot_usd_bn"].sum() < -1.0


def test_redemptions_strengthen_the_yen() -> None:
    # With price impact, repatriated redemptions sell dollars.
    impact: Changes = {"markets.usdjpy.fast_impact_pct_per_usd_bn": 0.035}
    none, some = (
        simulate(holder(impact, shocks({MONDAY: 0.10}), japan_share=share), [0]).market["usdjpy"][0]
        for share in (0.0, 0.38)
    )
    assert (some[2:] < none[2:]).all()
    assert some[1] == none[1]


def test_november_2025_outflow_is_reproduced() -> None:
    # -21.6 % in 20 days, redemptions of 3.45 of 120 $bn; the median holder is .08, the mean .09.
    model = CapitalFlowModel(official(ONE_WEEK, {"populations": {"bitcoin_etf_holders": {"investors": 500}}}))
    traits = model.populations[0].traits
    response = float((traits["bitcoin_response"] * traits["stock"]).sum() / traits["stock"].sum())
    flow, held = np.zeros((1, 1)), np.array([[120.0]])
    for _ in range(20):
        flow = momentum_flow(flow, np.array([[response * -0.216 / 20]]), 0.3)
        held = held * (1.0 + flow)
    assert 120 - held[0, 0] == pytest.approx(3.45, abs=0.5)


def test_rows_are_the_runs_alone() -> None:
    own = {"investors": 13, "japan_share": 0.38}
    scenario = official(COARSE, TWO_WEEKS, shocks({TUESDAY: 0.05}), {"populations.bitcoin_etf_holders": own})
    batch = simulate(scenario, range(5))
    assert np.abs(batch.flows["bitcoin_etf_holders"]["unwound_usd_bn"]).min(axis=1).max() == 0.0
    assert batch.flows["bitcoin_etf_holders"]["unwound_usd_bn"].any()
    assert batch.market["ledger_residual"].max() <= 1e-9
    for row in (0, 3):
        assert_same_record(simulate(scenario, [row]), batch, slice(row, row + 1))


def test_they_are_not_part_of_the_carry_stock() -> None:
    rule: Changes = {"unwind": {"rule": "threshold"}, "spread_path": {"target_pp": 0.6, "over_days": 1}}
    unlinked: Changes = {"markets.bitcoin.links": {}, "markets.us_equity.links": {}}
    assert not flows(holder(rule, unlinked))["unwound_usd_bn"].any()


@given(st.floats(-5.0, 5.0), st.floats(-5.0, 5.0), st.floats(0.0, 0.99))
def test_sales_are_limited_to_the_holding(before: float, pull: float, persistence: float) -> None:
    flow = float(momentum_flow(np.array(before), np.array(pull), persistence))
    assert flow >= -1.0
    assert flow == max(persistence * before + pull, -1.0)
