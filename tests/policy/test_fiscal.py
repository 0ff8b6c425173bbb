"""The interest bill: debt reprices as it is refinanced, by recursion and in closed form."""

import numpy as np
import pytest

from simulation.day.capital_flows import simulate
from simulation.policy.ministry_of_finance import Fiscal, interest_bill_rise, neutral_gap_pp, next_interest_bill
from simulation.values.conventions import DAYS_PER_YEAR, PERCENT, column
from tests.support.scenarios import CALM, COARSE, Changes, official


def test_one_percent_on_all_the_debt_by_hand() -> None:
    fiscal = Fiscal(bonds_jpy_tn=1_100, average_maturity_years=9)
    # 1 % of JPY 1,100 tn is 11,000 bn a year in the end; after nine years 1 - 1/e of it.
    assert interest_bill_rise(0.01, 1e9, fiscal) == pytest.approx(11_000, rel=1e-12)
    assert interest_bill_rise(0.01, 9.0, fiscal) == pytest.approx(11_000 * (1 - np.exp(-1)), rel=1e-12)
    assert interest_bill_rise(0.01, 0.0, fiscal) == 0.0
    assert interest_bill_rise(-0.01, 9.0, fiscal) < 0.0


@pytest.mark.parametrize("days", [1, 3, 30])
def test_the_recursion_is_the_closed_form(days: int) -> None:
    fiscal, bill, change = Fiscal(), column(0.0, 1), column(0.012, 1)
    for _ in range(360 // days):
        bill = next_interest_bill(bill, change, days / DAYS_PER_YEAR, fiscal)
    assert bill[0, 0] == pytest.approx(float(interest_bill_rise(0.012, 360 / DAYS_PER_YEAR, fiscal)), rel=1e-9)


def test_share_of_gdp() -> None:
    assert Fiscal(gdp_jpy_tn=635).share_of_gdp(6_350.0) == pytest.approx(0.01, rel=1e-12)


@pytest.mark.parametrize(("rate_pct", "gap"), [(0.5, -0.5), (1.0, 0.0), (2.0, 0.0), (2.5, 0.0), (3.25, 0.75)])
def test_loose_below_and_tight_above_the_neutral_band(rate_pct: float, gap: float) -> None:
    assert neutral_gap_pp(column(rate_pct * PERCENT, 1), 1.0, 2.5)[0, 0] == pytest.approx(gap, abs=1e-12)


def test_a_rise_of_the_ten_year_yield_reaches_the_bill_by_the_calendar() -> None:
    nobody: Changes = {"populations": {"real_money_japan": {"stock_usd_bn": 1, "investors": 1}}}
    rise: Changes = {"news": [{"date": "2025-12-01", "jgb2": "0bp", "jgb10": "50bp"}], "end": "2025-12-15"}
    record = simulate(official(CALM, COARSE, nobody, rise), [0])
    # Friday 28 November to Monday 15 December is 17 days; from the close of 1 December on, three of them included.
    expected = float(interest_bill_rise(0.005, 17 / DAYS_PER_YEAR, official().fiscal))
    assert record.market["interest_bill_jpy_bn"][0, -1] == pytest.approx(expected, rel=1e-4)
    assert record.market["interest_bill_jpy_bn"][0, 0] == 0.0
