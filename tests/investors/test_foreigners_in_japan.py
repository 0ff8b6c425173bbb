"""Foreigners in Japan: hedges follow the value of equity at a given speed; random bond purchases can be switched off."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation.day.capital_flows import simulate
from simulation.day.model import CapitalFlowModel
from simulation.investors.foreigners_in_japan import ForeignersInJapan, hedge_gap
from simulation.scenario.scenario import Scenario
from tests.support.scenarios import (
    CALM,
    COARSE,
    NO_COSTS,
    NO_IMPACT,
    ONE_WEEK,
    START_USDJPY,
    TWO_WEEKS,
    Changes,
    official,
    shocks,
)
from tests.support.states import assert_same_record

MONDAY, TUESDAY = "2025-12-01", "2025-12-02"
LINKED: Changes = {"markets.japan_equity.links": {"usdjpy": 1.0}}
"""Japanese equity moves one for one with USDJPY, which an announcement moves."""
YEN = 300 * START_USDJPY
"""Value of the equity at the start, JPY bn."""


def fixed(value: float) -> dict[str, float]:
    return {"median": value, "log_sd": 0.0, "highest": 100.0}


def holder(*changes: Changes, **own: Any) -> Scenario:
    """One holder of 300 $bn of hedged equity who closes a fifth of the gap a day."""
    values = {"investors": 1, "speed_pct_per_day": fixed(20)}
    population: Changes = {"populations": {"foreigners_in_japan": values | own}}
    return official(CALM, NO_IMPACT, NO_COSTS, ONE_WEEK, LINKED, population, *changes)


def flows(scenario: Scenario) -> dict[str, np.ndarray]:
    record = simulate(scenario, [0])
    assert not record.stopped
    assert record.market["ledger_residual"].max() <= 1e-12
    return {name: values[0] for name, values in record.flows["foreigners_in_japan"].items()}


def start(scenario: Scenario, runs: int = 1) -> tuple[CapitalFlowModel, ForeignersInJapan]:
    model = CapitalFlowModel(scenario, range(runs))
    held = next(held for held in model.populations if isinstance(held, ForeignersInJapan))
    return model, held


def test_the_start_position_is_hedged() -> None:
    model, held = start(holder())
    assert held.orders(model.information()) is None
    assert held.stock()[0, 0] == pytest.approx(300.0, rel=1e-14)
    assert held.sheet.equity_usd[0, 0] == pytest.approx(300.0, rel=1e-12)
    assert held.sheet.usd_cash[0, 0] == pytest.approx(300.0, rel=1e-14)
    # Yen debt equals the hedge plus the value of the bonds.
    assert held.sheet.jpy_cash[0, 0] == pytest.approx(-(YEN + 80_000), rel=1e-14)


def test_no_flows_without_news() -> None:
    day = flows(holder({"end": "2026-05-29"}))
    assert not day["spot_usd_bn"].any()
    assert not day["bought_jgb10_usd_bn"].any()


@pytest.mark.parametrize("fall", [0.10, -0.10])
def test_yen_are_bought_back_when_equities_fall_by_hand(fall: float) -> None:
    # Over-hedged by a tenth of 46,860 JPY bn, of which a fifth is closed on Tuesday, a fifth of the rest on Wednesday, ...
    day = flows(holder(shocks({MONDAY: fall})))
    sold = -fall * YEN * 0.2 * 0.8 ** np.arange(4)
    assert day["spot_usd_bn"][1] == 0.0
    np.testing.assert_allclose(day["spot_usd_bn"][2:], sold / (START_USDJPY * (1 - fall)), rtol=1e-9)
    assert not day["unwound_usd_bn"].any()
    assert not day["repatriated_usd_bn"].any()


def test_the_debt_follows_the_value() -> None:
    model, held = start(holder(shocks({MONDAY: 0.10}), {"end": "2026-01-30"}, band_pct=0, jgb_stock_jpy_bn=0))
    while model.running:
        model.step()
        np.testing.assert_allclose(held.sheet.jpy_cash, -held.memory["hedge"], rtol=1e-12)
    assert held.memory["hedge"][0, 0] == pytest.approx(0.9 * YEN, rel=1e-3)


def test_the_hedge_ratio_scales_the_flow() -> None:
    half = flows(holder(shocks({MONDAY: 0.10}), hedge_ratio=0.5))
    full = flows(holder(shocks({MONDAY: 0.10})))
    none = flows(holder(shocks({MONDAY: 0.10}), hedge_ratio=0))
    assert half["spot_usd_bn"][2] == pytest.approx(0.5 * full["spot_usd_bn"][2], rel=1e-9)
    assert not none["spot_usd_bn"].any()


def test_small_moves_are_inside_the_band() -> None:
    # 1.9 % is inside the band of 2 %.
    assert not flows(holder(shocks({MONDAY: 0.019})))["spot_usd_bn"].any()
    assert flows(holder(shocks({MONDAY: 0.021})))["spot_usd_bn"].any()


@pytest.mark.parametrize("speed", [5.0, 50.0, 100.0])
def test_speed_is_the_share_of_the_gap(speed: float) -> None:
    day = flows(holder(shocks({MONDAY: 0.10}), speed_pct_per_day=fixed(speed)))
    assert day["spot_usd_bn"][2] == pytest.approx(-0.1 * YEN * speed / 100 / (0.9 * START_USDJPY), rel=1e-9)


def test_a_full_hedge_removes_currency_risk() -> None:
    # Equity is constant and the dollar falls by 10 %: hedged holders lose only interest, unhedged ones gain 10 %.
    still: Changes = {
        "markets.japan_equity.links": {}, "markets.japan_equity.dividend_pct": 0, "fed.rate_pct": 0.0, "boj.rate_pct": 0.0,
    }  # fmt: skip
    hedged, open_currency = (
        flows(holder(still, shocks({MONDAY: 0.10}), hedge_ratio=ratio, jgb_stock_jpy_bn=0))["equity_usd_bn"]
        for ratio in (1, 0)
    )
    assert hedged[1] == pytest.approx(300.0, rel=1e-3)
    assert open_currency[1] == pytest.approx(300.0 / 0.9, rel=1e-3)


def test_buying_back_strengthens_the_yen() -> None:
    # US and Japanese equity fall on Monday; hedging amplifies the fall of the dollar from Tuesday on.
    impact: Changes = {"markets.usdjpy.fast_impact_pct_per_usd_bn": 0.035}
    paths = [
        simulate(holder(impact, shocks({MONDAY: 0.10}), hedge_ratio=ratio), [0]).market["usdjpy"][0]
        for ratio in (0, 0.5, 1)
    ]
    for less, more in pairwise(paths):
        assert more[1] == less[1]
        assert (more[2:] < less[2:]).all()


def noisy(*changes: Changes, **own: Any) -> Scenario:
    """The official scenario, coarse and short, with foreigners."""
    return official(COARSE, TWO_WEEKS, {"populations.foreigners_in_japan": {"investors": 7} | own}, *changes)


def test_bond_flows_have_their_size_and_no_mean() -> None:
    _, held = start(noisy({"end": "2026-11-30"}), runs=16)
    flow = held.memory["bond_flow"]
    assert flow.shape[0] == 16
    assert flow.std() == pytest.approx(100.0, rel=0.05)
    assert abs(flow.mean()) < 4 * 100 / np.sqrt(flow.size)


@pytest.mark.parametrize(("changes", "own"), [({"noise.scale_x": 0}, {}), ({}, {"bond_flow_jpy_bn": 0})])
def test_bond_flows_can_be_switched_off(changes: Changes, own: dict[str, float]) -> None:
    record = simulate(noisy(changes, **own), range(2))
    assert not record.flows["foreigners_in_japan"]["bought_jgb10_usd_bn"].any()


def test_bond_flows_have_a_separate_random_stream() -> None:
    with_population, alone = noisy(), official(TWO_WEEKS, {"populations": {"foreigners_in_japan": {"investors": 30}}})
    draws = [
        start(scenario, runs=3)[1].memory["bond_flow"] for scenario in (with_population, alone, noisy({"seed": 5}))
    ]
    np.testing.assert_array_equal(draws[0], draws[1])
    assert not np.isclose(draws[0], draws[2]).any()


def test_bonds_are_funded_with_yen_debt_without_spot_trades() -> None:
    model, held = start(holder(bond_flow_jpy_bn=0))
    held.memory["bond_flow"][:, 1] = 500.0
    debt = -held.sheet.jpy_cash[0, 0]
    model.step()
    day = model.result().flows["foreigners_in_japan"]
    assert day["bought_jgb10_usd_bn"][0, 1] == pytest.approx(500 / START_USDJPY, rel=1e-12)
    assert not day["spot_usd_bn"].any()
    assert -held.sheet.jpy_cash[0, 0] == pytest.approx(debt + 500, rel=1e-12)
    assert held.sheet.holdings["jgb10"][0, 0] == pytest.approx(80_500, rel=1e-12)


def test_bond_sales_are_limited_to_the_holding() -> None:
    model, held = start(holder(bond_flow_jpy_bn=0, jgb_stock_jpy_bn=200))
    held.memory["bond_flow"][:, 1:] = -150.0
    model.step()
    model.step()
    assert held.sheet.holdings["jgb10"][0, 0] == 0.0
    assert model.residual.max() <= 1e-12


def test_bond_purchases_lower_yields() -> None:
    model, held = start(official(CALM, ONE_WEEK, {"populations": {"foreigners_in_japan": {"investors": 1}}}))
    held.memory["bond_flow"][:, 1] = 10_000.0
    model.step()
    # 2 bp per 10 JPY tn, a little less for its concavity.
    yields = model.result().market["jgb10_pct"][0]
    assert yields[1] - yields[0] == pytest.approx(-0.02, rel=0.05)


def test_rows_are_the_runs_alone() -> None:
    scenario = noisy(shocks({TUESDAY: 0.05}))
    batch = simulate(scenario, range(5))
    assert (np.abs(batch.flows["foreigners_in_japan"]["spot_usd_bn"]).max(axis=1) > 0.1).all()
    assert batch.market["ledger_residual"].max() <= 1e-9
    for row in (0, 3):
        assert_same_record(simulate(scenario, [row]), batch, slice(row, row + 1))


@given(st.floats(0.0, 1e5), st.floats(0.0, 1e5), st.floats(0.0, 1.0))
def test_closing_the_gap_restores_the_ratio(value: float, hedge: float, ratio: float) -> None:
    closed = hedge + float(hedge_gap(np.array(value), np.array(hedge), ratio))
    assert closed == pytest.approx(ratio * value, abs=1e-8)
