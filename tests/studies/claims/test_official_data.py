"""Official values of the ledger, recomputed from the official series if available."""

import csv
from datetime import date

import pytest

from simulation.studies.claims.assessment import Claim, load_ledger
from tests.support.places import OFFICIAL_DATA

DATA = OFFICIAL_DATA
CLAIMS = {claim.id: claim for claim in load_ledger().claims}

pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason="the official series are not shipped: put them into ../shared/data beside the project"
)


def series(file: str, column: str, dates: str = "date") -> dict[date, float]:
    """Read one column of a file by date, empty cells left out."""
    with (DATA / file).open(encoding="utf-8", newline="") as lines:
        return {date.fromisoformat(row[dates]): float(row[column]) for row in csv.DictReader(lines) if row[column]}


def official(number: int) -> float:
    value = claim(number).official.value
    assert value is not None
    return value


def claim(number: int) -> Claim:
    return CLAIMS[number]


def test_2_the_fed_cut_in_december() -> None:
    rate = series("fedfunds_monthly.csv", "FEDFUNDS")
    # The cut of 10 December lies in two thirds of the month: 25 bp on 11 December make -17 bp in the monthly mean.
    assert rate[date(2025, 12, 1)] - rate[date(2025, 11, 1)] == pytest.approx(-0.25 * 21 / 31, abs=0.02)


def test_3_and_6_the_highest_rate_since_1995() -> None:
    decided = series("boj_policy_rate.csv", "rate", "decision_date")
    assert decided[date(2025, 12, 19)] == official(3)
    assert max(rate for day, rate in decided.items() if day < date(2025, 12, 19)) < official(3)
    assert min(decided) == date(1995, 9, 8)


def test_8_and_9_core_inflation() -> None:
    rate = series("japan_cpi.csv", "core_ex_fresh_food_yoy")
    assert rate[date(2025, 11, 1)] == pytest.approx(claim(8).article.value, abs=0.05)
    assert "3.02" in claim(8).remark
    months = [value > 2.0 for day, value in sorted(rate.items()) if day <= date(2025, 10, 1)]
    assert months[::-1].index(False) == official(9)
    assert rate[date(2025, 11, 1)] > 2.0
    assert "44 with November" in claim(9).official.text


def test_10_all_earnings_rose_by_less_than_contract_wages() -> None:
    earnings = series("japan_wages_unemployment.csv", "total_earnings_yoy")
    in_2025 = [value for day, value in earnings.items() if day.year == 2025]
    assert f"{min(in_2025)}-{max(in_2025)} %" in claim(10).remark


def test_12_and_18_federal_reserve_assets() -> None:
    assets = {day: value / 1000 for day, value in series("fed_balance_sheet.csv", "WALCL_musd").items()}
    november = assets[date(2025, 11, 26)]
    assert november == pytest.approx(official(12), abs=1)
    peak = max(assets, key=lambda day: assets[day])
    assert (peak, round(assets[peak])) == (date(2022, 4, 13), 8965)
    assert round(november - assets[date(2020, 2, 26)]) == 2394
    fall = assets[date(2025, 10, 1)] - november
    days = (date(2025, 11, 26) - date(2025, 10, 1)).days
    assert fall == pytest.approx(34.7, abs=0.05)
    assert fall / days * 365.25 / 12 == pytest.approx(official(18), abs=0.5)


def test_17_money() -> None:
    money = series("us_m2.csv", "M2SL_busd")
    now = money[date(2025, 11, 1)]
    assert now == pytest.approx(official(17), abs=1)
    assert round(now - money[date(2025, 10, 1)]) == 24
    assert round(100 * (now / money[date(2024, 11, 1)] - 1), 1) == 4.3
    assert claim(17).official.text == "22,322; +24; +4.3 % y/y"


def test_22_the_last_close_at_the_stated_yield() -> None:
    yields = series("us_treasury_yields.csv", "DGS10")
    assert max(day for day, value in yields.items() if value <= 3.72) == date(2024, 9, 18)
    assert "18 September 2024" in claim(22).remark


def test_23_and_28_the_spread_was_often_lower() -> None:
    ust, jgb = series("us_treasury_yields.csv", "DGS10"), series("jgb_yields.csv", "10Y")
    spread = {day: ust[day] - jgb[day] for day in ust.keys() & jgb.keys()}

    def share_below(level: float, year: int) -> float:
        found = [value < level for day, value in spread.items() if day.year == year]
        return sum(found) / len(found)

    assert share_below(1.81, 2021) == 1.0
    assert round(100 * share_below(1.81, 2020)) == 97
    assert share_below(1.5, 2012) == 1.0
    assert share_below(1.5, 2020) > 0.5
    assert share_below(1.5, 2021) > 0.5
    assert official(23) == pytest.approx(official(22) - official(21), abs=0.005)


def test_25_to_27_treasuries_held_abroad() -> None:
    japan = series("tic_treasury_holdings_japan.csv", "japan")
    september, october, november = (japan[day] for day in (date(2025, 9, 30), date(2025, 10, 31), date(2025, 11, 30)))
    assert september == official(25)
    assert claim(25).article.value == pytest.approx(10 * september, rel=0.001)
    assert november - october == pytest.approx(official(26), abs=0.05)
    foreign = series("tic_treasury_holdings_japan.csv", "total_foreign")[date(2025, 11, 30)]
    assert foreign == pytest.approx(official(27), abs=1)
    assert 5000 / foreign > 0.5
    assert round(5000 / november) == 4


def test_45_the_hike_came_in_july() -> None:
    decided = series("boj_policy_rate.csv", "rate", "decision_date")
    assert decided[date(2024, 7, 31)] == 0.25
    assert not [day for day in decided if (day.year, day.month) == (2024, 8)]
