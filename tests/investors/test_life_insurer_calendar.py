"""The calendar of life insurers: plans in April and October, slower trading and conversion of income in March."""

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest

from simulation.day.capital_flows import simulate
from simulation.day.model import CapitalFlowModel
from simulation.investors.life_insurers import interim_target
from simulation.investors.rules import days_to_year_end, fiscal_half
from simulation.values.conventions import column
from tests.investors.test_life_insurers import STILL_CURRENCY, flows, insurer, policy, us_yields
from tests.support.scenarios import CALM, NO_COSTS, NO_IMPACT, Changes, official

AROUND_APRIL: Changes = {"start": "2026-03-27", "end": "2026-04-03"}
"""Two business days of the old fiscal year and three of the new one."""
CLOSED_BOOKS = {"income_share": 0.0, "year_end_days": 0}


@pytest.mark.parametrize(
    ("day", "same_as"),
    [
        (date(2025, 10, 1), date(2026, 3, 31)),
        (date(2026, 4, 1), date(2026, 9, 30)),
        (date(2026, 1, 1), date(2025, 12, 31)),
    ],
)
def test_halves_of_the_fiscal_year(day: date, same_as: date) -> None:
    assert fiscal_half(day) == fiscal_half(same_as)
    assert fiscal_half(date(2026, 4, 1)) == fiscal_half(date(2026, 3, 31)) + 1
    assert fiscal_half(date(2026, 10, 1)) == fiscal_half(date(2026, 9, 30)) + 1


@pytest.mark.parametrize(
    ("day", "left"), [(date(2026, 3, 31), 1), (date(2026, 3, 30), 2), (date(2026, 3, 2), 22), (date(2026, 4, 1), 259)]
)
def test_days_to_the_end_of_march(day: date, left: int) -> None:
    # From 1 April 2026 to 31 March 2027 there are 261 weekdays; Christmas and 1 January are Fridays.
    assert days_to_year_end(day) == left


def test_part_of_a_change_is_followed_before_the_next_plan() -> None:
    assert interim_target(column(-0.02, 1), column(-0.06, 1), 0.25)[0, 0] == pytest.approx(-0.03, rel=1e-12)
    day = flows(insurer({"hedged_sale_per_pp": 0.10, "interim_share": 0.5}, us_yields(-1.0), STILL_CURRENCY))
    assert day["bought_ust10_usd_bn"][:3] == pytest.approx([0, 0, -0.44], rel=1e-9)
    strict = flows(insurer({"hedged_sale_per_pp": 0.10, "interim_share": 0.0}, us_yields(-1.0), STILL_CURRENCY))
    assert not strict["unwound_usd_bn"].any()


def test_the_april_plan_closes_the_remaining_gap() -> None:
    # The target is 4.4 $bn, a quarter of it before the plan: .22 on 31 March; then 20 % of the remaining gap to 4.4.
    programme = {"hedged_sale_per_pp": 0.10, "interim_share": 0.25} | CLOSED_BOOKS
    day = flows(insurer(programme, us_yields(-1.0), STILL_CURRENCY, AROUND_APRIL))
    second = 0.2 * (4.4 - 0.22)
    third = 0.2 * (4.4 - 0.22 - second)
    assert day["unwound_usd_bn"] == pytest.approx([0, 0, 0.22, second, third, 0.8 * third], rel=1e-9)


def test_a_plan_remains_after_yields_reverse() -> None:
    # Yields fall before the plan and recover after it: half of the plan of 4.4 remains until October.
    own = {"unhedged_sale_per_pp": 0, "hedge_ratio_per_pp": 0, "interim_share": 0.5, "risk_charge": 0}
    path = {"spread_path": {"target_pp": 4.02 - 1.81 - 1.0, "over_days": 1, "us_share": 1}}
    world = (CALM, NO_IMPACT, STILL_CURRENCY, AROUND_APRIL, {"start_values.basis_bp_per_100_usd_bn": 0})
    scenario = official(*world, {"populations": {"life_insurers": own}}, path)
    model = CapitalFlowModel(scenario)
    for _ in range(3):
        model.step()
    insurers: Any = model.populations[0]
    assert insurers.planned(model.information())["hedged"][0, 0] == pytest.approx(-0.044, rel=1e-9)
    back = replace(model.information(), ust10=insurers.start.ust10)
    assert insurers.planned(back)["hedged"][0, 0] == pytest.approx(-0.022, rel=1e-9)
    october = replace(back, day=date(2026, 10, 1))
    assert insurers.planned(october)["hedged"][0, 0] == pytest.approx(0.0, abs=1e-12)


def test_the_hedge_ratio_is_adjusted_daily() -> None:
    day = flows(insurer({"hedge_ratio_per_pp": 0.04, "interim_share": 0.0}, policy("fed", 100.0), STILL_CURRENCY))
    assert day["spot_usd_bn"][1] == pytest.approx(0.8, rel=1e-9)


def test_programmes_are_slower_before_the_end_of_the_fiscal_year() -> None:
    programme = {"hedged_sale_per_pp": 0.10, "income_share": 0.0, "year_end_speed_x": 0.5}
    day = flows(insurer(programme, us_yields(-1.0), STILL_CURRENCY, AROUND_APRIL))
    assert day["unwound_usd_bn"][1:4] == pytest.approx([0, 0.44, 0.2 * (4.4 - 0.44)], rel=1e-9)


FROM_FEBRUARY: Changes = {"start": "2026-02-27", "end": "2026-04-03"}


def test_income_is_converted_in_march() -> None:
    # The last twenty business days start on 4 March: coupons of four days have accrued, three over the weekend.
    day = insurer({"income_share": 0.3}, FROM_FEBRUARY)
    spot = flows(day)["spot_usd_bn"]
    march = (day.dates >= np.datetime64("2026-03-04")) & (day.dates <= np.datetime64("2026-03-31"))
    coupons = 100 * 0.0402 / 365
    there = 3 * coupons * (1 + 0.03875 / 365) + coupons
    assert march.sum() == 20
    assert spot[march] == pytest.approx(-0.3 * there / 20, rel=1e-9)
    assert not spot[~march].any()
    assert flows(day)["repatriated_usd_bn"].sum() == pytest.approx(0.3 * there, rel=1e-9)
    assert not flows(day)["unwound_usd_bn"].any()


def test_expected_conversion_of_income_has_no_price_impact() -> None:
    record = simulate(official(CALM, NO_COSTS, FROM_FEBRUARY, {"populations": {"life_insurers": {}}}), [0])
    assert flows(record)["repatriated_usd_bn"].sum() > 0.05
    for name in ("usdjpy", "ust10_pct", "jgb10_pct", "basis_bp"):
        assert np.ptp(record.market[name]) == 0.0


def test_conversion_of_income_can_be_switched_off() -> None:
    assert not flows(insurer({"year_end_days": 0}, FROM_FEBRUARY))["spot_usd_bn"].any()
