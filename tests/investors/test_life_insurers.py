"""Life insurers' three programmes, one at a time: one insurer with 100 $bn of Treasuries, 44 % of them hedged."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from simulation.day.capital_flows import simulate
from simulation.day.model import CapitalFlowModel
from simulation.day.recorder import Record
from simulation.investors.life_insurers import LifeInsurerParameters, hedge_ratio_change, limit_sale
from simulation.values.conventions import column
from tests.support.scenarios import CALM, NO_COSTS, NO_IMPACT, ONE_WEEK, START_USDJPY, Changes, official

MONDAY = "2025-12-01"
PROGRAMMES = (
    "hedged_sale_per_pp",
    "unhedged_sale_per_pp",
    "hedge_ratio_per_pp",
    "hedge_ratio_per_stress",
    "hedge_ratio_per_yen",
)


def insurer(programmes: dict[str, float], *changes: Changes) -> Record:
    """One insurer that closes 20 % of a gap a day and follows the named programmes only."""
    own: dict[str, Any] = {
        "investors": 1,
        "stock_usd_bn": 100,
        "jgb_stock_jpy_bn": 20_000,
        "risk_charge": 0,
        "interim_share": 1,
        "speed_pct_per_day": {"median": 20, "log_sd": 0},
    } | dict.fromkeys(PROGRAMMES, 0.0)
    given_basis: Changes = {"start_values.basis_bp_per_100_usd_bn": 0}
    population: Changes = {"populations": {"life_insurers": own | programmes}}
    scenario = official(CALM, NO_IMPACT, NO_COSTS, ONE_WEEK, given_basis, population, *changes)
    record = simulate(scenario, [0])
    assert record.market["ledger_residual"].max() <= 1e-12
    return record


def flows(record: Record) -> dict[str, np.ndarray]:
    return {name: values[0] for name, values in record.flows["life_insurers"].items()}


def us_yields(change_pp: float) -> Changes:
    """US yields change on the first day for reasons other than policy."""
    return {"spread_path": {"target_pp": 4.02 - 1.81 + change_pp, "over_days": 1, "us_share": 1}}


def policy(bank: str, basis_points: float) -> Changes:
    meeting = {"date": MONDAY, "decision": f"{basis_points}bp", "step": "25bp", "priced_probability": 0.0}
    return {f"{bank}.meetings": [meeting]}


STILL_CURRENCY: Changes = {
    "markets.usdjpy.announcement_beta_pct_per_bp": 0,
    "markets.usdjpy.spread_beta_pct_per_pp": 0,
    "markets.usdjpy.credibility_beta_pct_per_bp": 0,
}


WORTH = float(np.exp(0.081 + (78 - 8.1**2) / 2 * 1e-4))
"""Price of a Treasury after its yield fell by 1 pp; insurers observe it and trade at it a day later."""


def test_a_hedged_sale_has_no_spot_trade() -> None:
    # One pp less: .44 x .10 x 100 = 4.4 $bn to sell, 20 % of it a day; the proceeds unwind the swap and buy JGBs.
    day = flows(insurer({"hedged_sale_per_pp": 0.10}, us_yields(-1.0), STILL_CURRENCY))
    assert day["bought_ust10_usd_bn"][:3] == pytest.approx([0, 0, -0.88], rel=1e-9)
    assert not day["spot_usd_bn"].any()
    assert not day["repatriated_usd_bn"].any()
    assert day["bought_jgb10_usd_bn"][2] == pytest.approx(0.88 * WORTH, rel=1e-9)
    assert day["slow_repatriation_usd_bn"][2] == pytest.approx(0.88, rel=1e-9)
    # Next day: 20 % of what is left.
    assert day["stock_usd_bn"][3] == pytest.approx(100 - 0.88 - 0.2 * (4.4 - 0.88), rel=1e-9)


def test_a_hedged_sale_lowers_the_hedge_by_what_is_sold() -> None:
    model = CapitalFlowModel(insurer({"hedged_sale_per_pp": 0.10}, us_yields(-1.0), STILL_CURRENCY).scenario)
    model.step()
    model.step()
    sheet = model.populations[0].sheet
    assert sheet.hedge_usd is not None
    assert sheet.hedge_usd[0, 0] == pytest.approx(44 - 0.88 * WORTH, rel=1e-12)
    lender = model.economy.books.accounts["money_market"]
    assert lender.hedge_usd[0, 0] == pytest.approx(-(44 - 0.88 * WORTH), rel=1e-12)


@pytest.mark.parametrize(("change_pp", "bought"), [(-1.0, -0.56), (1.0, 0.56)])
def test_unhedged_money_follows_the_gap_through_the_spot_market(change_pp: float, bought: float) -> None:
    # One pp: .56 x .05 x 100 = 2.8 $bn, 20 % of it a day, all of it converted.
    worth = np.exp(-0.081 * change_pp + (78 - 8.1**2) / 2 * 1e-4)
    day = flows(insurer({"unhedged_sale_per_pp": 0.05}, us_yields(change_pp), STILL_CURRENCY))
    assert day["bought_ust10_usd_bn"][:3] == pytest.approx([0, 0, bought], rel=1e-9)
    assert day["spot_usd_bn"][2] == pytest.approx(bought * worth, rel=1e-9)
    assert day["repatriated_usd_bn"][2] == pytest.approx(-bought * worth, rel=1e-9)
    assert day["unwound_usd_bn"][2] == pytest.approx(-bought, rel=1e-9)
    assert not day["bought_jgb10_usd_bn"].any()


@pytest.mark.parametrize(("bank", "basis_points"), [("fed", 100.0), ("boj", -100.0)])
def test_higher_hedging_cost_reduces_hedges_by_buying_dollars(bank: str, basis_points: float) -> None:
    # One pp of hedging cost: the ratio falls by 4 pp, 4 $bn of swaps, 20 % of them today: spot and no bond.
    day = flows(insurer({"hedge_ratio_per_pp": 0.04}, policy(bank, basis_points), STILL_CURRENCY))
    assert day["spot_usd_bn"][1] == pytest.approx(0.8, rel=1e-9)
    assert not day["bought_ust10_usd_bn"].any()
    assert not day["bought_jgb10_usd_bn"].any()
    assert not day["unwound_usd_bn"].any()
    assert not day["repatriated_usd_bn"].any()


def test_a_strong_yen_is_hedged_steeply_below_140() -> None:
    # A fall to 135 is 5 yen below the steep level: 5 % of 100 $bn, 20 % a day, on the day after.
    fall = 1 - 135 / START_USDJPY
    size = -np.log1p(-fall) / 0.002
    day = flows(insurer({"hedge_ratio_per_yen": 0.01}, policy("boj", size)))
    assert day["spot_usd_bn"][1] == 0.0
    assert day["spot_usd_bn"][2] == pytest.approx(-1.0, rel=1e-6)
    assert day["spot_usd_bn"][3] == pytest.approx(-0.8, rel=1e-6)
    assert not day["bought_ust10_usd_bn"].any()


def test_more_volatility_is_hedged() -> None:
    record = insurer({"hedge_ratio_per_stress": 0.10}, policy("boj", -40.0))
    day = flows(record)
    # A jump of 8 % raises the volatility estimate to 2.2 times its long-run value: 12 % of the bonds, 20 % of it today.
    stress = record.market["stress"][0, 1]
    assert stress == pytest.approx(
        np.sqrt(1 + 0.06 * 0.08**2 * 252 / (0.09**2 + 0.03645**2 + 0.010125**2 - 0.7 * 0.03645 * 0.010125)), rel=1e-6
    )
    assert day["spot_usd_bn"][2] == pytest.approx(-0.2 * 0.10 * (stress - 1.0) * 100, rel=1e-6)


def test_small_gaps_are_not_traded() -> None:
    # A fifth of a pp gives a gap of .88 $bn, below the band of 1 % of the position.
    assert not flows(insurer({"hedged_sale_per_pp": 0.10}, us_yields(-0.2), STILL_CURRENCY))["unwound_usd_bn"].any()


def test_hedged_sales_are_limited_to_hedged_bonds() -> None:
    day = flows(insurer({"hedged_sale_per_pp": 5.0}, us_yields(-3.0), STILL_CURRENCY))
    assert day["stock_usd_bn"].min() >= 100 - 44 - 1e-9
    assert day["stock_usd_bn"][-1] == pytest.approx(100 - 44 * (1 - 0.8**4), rel=1e-6)


def test_announced_sales_skip_the_dealers() -> None:
    record = insurer({"unhedged_sale_per_pp": 0.05}, us_yields(-1.0))
    assert not record.market["dealer_inventory_usd_bn"].any()
    assert not record.flows["dealers"]["spot_usd_bn"].any()
    np.testing.assert_allclose(record.flows["real_money"]["spot_usd_bn"], -record.flows["life_insurers"]["spot_usd_bn"])


def test_incentives_by_hand() -> None:
    # Hedged 4.02 - 3.625 - 3.34; unhedged 4.02 - 1.81 - .05 x volatility.
    model = CapitalFlowModel(official(CALM))
    insurers = next(population for population in model.populations if population.name == "life_insurers")
    now = replace(model.information(), variance=np.full((1, 6), 0.10**2 / 252))
    hedged, unhedged = insurers.incentives(now)  # type: ignore[attr-defined]
    assert hedged[0, 0] == pytest.approx(-0.02945, rel=1e-10)
    assert unhedged[0, 0] == pytest.approx(0.0171, rel=1e-10)


def test_hedge_ratio_by_hand() -> None:
    # -.04 x 2 + .05 x (1.6 - 1) + .01 x (140 - 137) = -.08 + .03 + .03 = -.02
    own = LifeInsurerParameters()
    change = hedge_ratio_change(column(0.02, 1), column(1.6, 1), column(137.0, 1), own)
    assert change[0, 0] == pytest.approx(-0.02, rel=1e-12)


def test_hedges_pay_for_the_fall_of_the_hedged_part() -> None:
    # A fall of 10 %: the hedge of 44 $bn earns 44 x 15.62 JPY bn, so that only 56 $bn are exposed.
    record = insurer({}, policy("boj", -np.log(0.9) / 0.002), {"end": "2025-12-01"})
    model = CapitalFlowModel(record.scenario)
    model.step()
    sheet = model.populations[0].sheet
    # In yen: bonds 100 x (140.58 - 156.2) + hedge 44 x (156.2 - 140.58).
    assert sheet.hedge_usd is not None
    cost = 44 * (0.03625 + np.log(0.9) / 0.002 / 1e4) * 140.58 * 3 / 365
    # Coupons of 20,000 JPY bn at the new ten-year yield; interest on yen cash is negligible on the first day.
    jgb_yield = 0.0181 - np.log(0.9) / 0.002 / 1e4
    coupons = (
        20_000 * np.exp(-9 * (jgb_yield - 0.0181) + (92 - 81) / 2 * (jgb_yield - 0.0181) ** 2) * jgb_yield * 3 / 365
    )
    received = 44 * 15.62
    interest = received * (0.005 - np.log(0.9) / 0.002 / 1e4) * 3 / 365
    assert sheet.jpy_cash[0, 0] == pytest.approx(received + interest + coupons - cost, rel=1e-9)


def test_sales_are_limited_to_bonds_held() -> None:
    steps = np.array([[-3.0, -3.0, -3.0, 0.0, 2.0]])
    assert limit_sale(steps, np.array([[5.0, 1.0, -1e-15, -1e-15, 0.0]])).tolist() == [[-3.0, -1.0, 0.0, 0.0, 2.0]]
