"""Central banks: bond purchases and an imposed spread."""

from datetime import date

import numpy as np
import pytest

from simulation.day.capital_flows import simulate
from simulation.day.officials import Officials, daily_bond_purchases, spread_steps
from simulation.policy.central_banks import BankOfJapan, FederalReserve
from simulation.values.assets import JGB10, STANDARD_ORDER, UST10, Roster
from simulation.values.conventions import day_number
from tests.support.scenarios import CALM, COARSE, NO_IMPACT, TWO_WEEKS, Changes, official

ROSTER = Roster(STANDARD_ORDER, tuple(name in (JGB10, "japan_equity") for name in STANDARD_ORDER))


def test_reserve_management_in_ten_year_equivalents() -> None:
    # 40 $bn of bills a month at 3 % of a ten-year's duration, over 21 business days: 57 $m a day.
    bills = {"first_day": "2025-12-12", "bought_usd_bn_per_month": 40, "ten_year_share": 0.03}
    fed = FederalReserve.model_validate({"rate_pct": 3.875, "balance_sheet": [bills]})
    daily = daily_bond_purchases(fed, day_number(date(2025, 12, 12)), UST10)
    assert daily == pytest.approx(40 * 0.03 / 21, rel=1e-12)
    assert daily_bond_purchases(fed, day_number(date(2025, 12, 11)), UST10) == 0


def test_balance_sheet_flows_add_up_and_end() -> None:
    first, last = "2025-12-01", "2025-12-05"
    taper = {"first_day": first, "bought_jpy_bn_per_month": -2100}
    extra = {"first_day": first, "last_day": last, "bought_jpy_bn_per_month": 420}
    boj = BankOfJapan.model_validate({"rate_pct": 0.5, "balance_sheet": [taper, extra]})
    assert daily_bond_purchases(boj, day_number(date(2025, 12, 5)), JGB10) == pytest.approx(-80.0, rel=1e-12)
    assert daily_bond_purchases(boj, day_number(date(2025, 12, 8)), JGB10) == pytest.approx(-100.0, rel=1e-12)


def test_each_bank_buys_its_own_bonds() -> None:
    both: Changes = {
        "fed.balance_sheet": [{"first_day": "2025-12-01", "bought_usd_bn_per_month": 21}],
        "boj.balance_sheet": [{"first_day": "2025-12-01", "bought_jpy_bn_per_month": 4200}],
    }
    dates = np.array(["2025-11-28", "2025-12-01"], dtype="datetime64[D]")
    officials = Officials(official(both), [0], dates)
    bought = officials.purchases(1, ROSTER)
    np.testing.assert_allclose(bought["fed"], [0, 1, 0, 0, 0, 0], rtol=1e-12)
    np.testing.assert_allclose(bought["boj"], [0, 0, 200, 0, 0, 0], rtol=1e-12)


@pytest.mark.parametrize(("surprise", "steps"), [(False, [-0.00121] * 5), (True, [-0.00605, 0, 0, 0, 0])])
def test_spread_path_in_equal_steps_or_at_once(surprise: bool, steps: list[float]) -> None:
    # From 4.02 - 1.81 = 2.21 pp to 1.605 pp.
    path: Changes = {"spread_path": {"target_pp": 1.605, "over_days": 5, "surprise": surprise}}
    np.testing.assert_allclose(spread_steps(official(path), 8)[:, 0, 0], [0, *steps, 0, 0], atol=1e-15)


@pytest.mark.parametrize("us_share", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("surprise", [False, True])
def test_imposed_spread_arrives_at_its_target(us_share: float, surprise: bool) -> None:
    path = {"target_pp": 1.5, "over_days": 4, "surprise": surprise, "us_share": us_share}
    record = simulate(official(COARSE, CALM, NO_IMPACT, TWO_WEEKS, {"spread_path": path}), [0])
    market = {name: values[0] for name, values in record.market.items()}
    assert market["spread_10y_pp"][4:] == pytest.approx([1.5] * 7, abs=1e-12)
    assert market["ust10_pct"][-1] - 4.02 == pytest.approx(us_share * (1.5 - 2.21), abs=1e-12)
    if not surprise:
        assert np.diff(market["spread_10y_pp"])[:4] == pytest.approx([-0.1775] * 4, abs=1e-12)


def test_narrowing_strengthens_and_widening_weakens_the_yen() -> None:
    paths = {target: {"target_pp": target, "over_days": 5} for target in (1.2, 2.21, 3.2)}
    ends = [
        simulate(official(COARSE, CALM, TWO_WEEKS, {"spread_path": path}), [0]).market["usdjpy"][0, -1]
        for path in paths.values()
    ]
    assert ends[0] < ends[1] < ends[2]


def test_bond_purchases_lower_the_yield() -> None:
    bought = [{"first_day": "2025-12-01", "bought_usd_bn_per_month": 200}]
    runs = [
        simulate(official(COARSE, CALM, TWO_WEEKS, {"fed.balance_sheet": flow}), [0]).market["ust10_pct"][0]
        for flow in ([], bought)
    ]
    fall_bp = (runs[0] - runs[1])[-1] * 100
    # Nine closes of 9.52 $bn before the last quote, at 3 bp per 100 $bn, slightly concave below 2,000 $bn.
    bought_usd = 9 * 200 / 21
    assert fall_bp == pytest.approx(2 * 0.03 * np.sqrt(2000) * (np.sqrt(bought_usd + 2000) - np.sqrt(2000)), rel=1e-6)


def test_rates_at_the_start() -> None:
    officials = Officials(official(), [0, 1], np.array(["2025-11-28"], dtype="datetime64[D]"))
    rates = officials.rates
    np.testing.assert_allclose(rates.hedging_cost, 0.03625, rtol=1e-13)
    np.testing.assert_allclose([rates.ust10, rates.jgb10], [[[0.0402]] * 2, [[0.0181]] * 2], rtol=1e-13)
    np.testing.assert_allclose(rates.boj_move_probability, 0.62, rtol=1e-14)
    np.testing.assert_allclose(rates.adverse_surprise, 0.62 * 0.38, rtol=1e-13)
    expected_carry = officials.fed.mean_rate(officials.clock) - officials.boj.mean_rate(officials.clock)
    np.testing.assert_array_equal(rates.carry, expected_carry)
