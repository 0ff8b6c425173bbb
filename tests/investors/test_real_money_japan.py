"""Other real money: follows the unhedged incentive, converts proceeds and bypasses dealers."""

from typing import Any

import numpy as np
import pytest

from simulation.day.capital_flows import simulate
from simulation.day.recorder import Record
from tests.support.scenarios import CALM, NO_COSTS, NO_IMPACT, ONE_WEEK, Changes, official


def holder(change_pp: float, *changes: Changes, **own: Any) -> Record:
    """One holder of 100 $bn that closes 20 % of a gap a day after one change in US yields."""
    values = {"investors": 1, "stock_usd_bn": 100, "risk_charge": 0, "speed_pct_per_day": {"median": 20, "log_sd": 0}}
    path: Changes = {"spread_path": {"target_pp": 2.21 + change_pp, "over_days": 1, "us_share": 1}}
    scenario = official(
        CALM, NO_IMPACT, NO_COSTS, ONE_WEEK, {"populations": {"real_money_japan": values | own}}, path, *changes
    )
    return simulate(scenario, [0])


def worth(change_pp: float) -> float:
    """Value of a basket of .35 Treasuries, .45 equity and .2 at par after a change in US yields."""
    bond = np.exp(-0.081 * change_pp + (78 - 8.1**2) / 2 * (change_pp / 100) ** 2)
    return float(0.35 * bond + 0.45 * np.exp(-0.03 * change_pp) + 0.2)


@pytest.mark.parametrize(("change_pp", "sold"), [(-1.0, 1.0), (1.0, -1.0)])
def test_the_position_follows_the_incentive_slowly(change_pp: float, sold: float) -> None:
    # One pp: 5 % of 100 $bn, a fifth of it a day, from the day after on.
    day = {name: values[0] for name, values in holder(change_pp).flows["real_money_japan"].items()}
    assert day["unwound_usd_bn"][1:5] == pytest.approx([0, sold, 0.8 * sold, 0.64 * sold], rel=1e-9)
    assert day["slow_repatriation_usd_bn"][2] == pytest.approx(sold, rel=1e-9)
    assert day["bought_ust10_usd_bn"][2] == pytest.approx(-0.35 * sold, rel=1e-9)
    assert day["bought_us_equity_usd_bn"][2] == pytest.approx(-0.45 * sold, rel=1e-9)
    assert day["spot_usd_bn"][2] == pytest.approx(-sold * worth(change_pp), rel=1e-9)
    assert day["repatriated_usd_bn"][2] == pytest.approx(sold * worth(change_pp), rel=1e-9)


@pytest.mark.parametrize(("change", "moves"), [(-0.19, False), (-0.21, True)])
def test_gaps_inside_the_band_are_not_traded(change: float, moves: bool) -> None:
    # The band is 1 % of the position: a fifth of a pp.
    assert bool(holder(change).flows["real_money_japan"]["unwound_usd_bn"].any()) == moves


def test_sales_are_limited_to_the_position() -> None:
    stock = holder(-4.0, sale_per_pp=5.0, speed_pct_per_day={"median": 1, "log_sd": 0, "highest": 100}).flows
    left = stock["real_money_japan"]["stock_usd_bn"][0]
    np.testing.assert_allclose(left[1:], 100 * 0.99 ** np.arange(5), rtol=1e-9)


def test_announced_flows_bypass_dealers() -> None:
    record = holder(-1.0)
    assert not record.market["dealer_inventory_usd_bn"].any()
    np.testing.assert_array_equal(
        record.flows["real_money"]["spot_usd_bn"], -record.flows["real_money_japan"]["spot_usd_bn"]
    )


def test_no_forced_sales_without_debt() -> None:
    # Even after a loss of half of the dollar value, investors without debt are not forced.
    record = holder(0.0, {"boj.meetings": [
        {"date": "2025-12-01", "decision": "300bp", "step": "25bp", "priced_probability": 0.0}
    ]}, sale_per_pp=0.0)  # fmt: skip
    assert record.market["usdjpy"][0, 1] < 90.0
    assert not record.market["forced_usd_bn"].any()
    assert not record.flows["real_money_japan"]["unwound_usd_bn"].any()
