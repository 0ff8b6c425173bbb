"""Weeks, months and quarters of a history, and validation."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from simulation.studies.facts.history import concatenate_runs, month_ends, quarter_numbers, week_ends
from simulation.values.conventions import business_days
from tests.studies.facts.conftest import MakeHistory


def test_weeks_end_on_friday_or_on_the_last_day_that_trades() -> None:
    dates = business_days(date(2026, 12, 16), date(2027, 1, 5))
    # 25 December 2026 and 1 January 2027 are Fridays without trade.
    assert [str(day) for day in dates[week_ends(dates)]] == ["2026-12-18", "2026-12-24", "2026-12-31", "2027-01-05"]


def test_months_and_quarters() -> None:
    dates = business_days(date(2024, 2, 26), date(2024, 4, 3))
    assert [str(day) for day in dates[month_ends(dates)]] == ["2024-02-29", "2024-03-29", "2024-04-03"]
    assert np.flatnonzero(np.diff(quarter_numbers(dates))).tolist() == [list(dates.astype(str)).index("2024-03-29")]


def test_a_part_of_a_history(make_history: MakeHistory) -> None:
    whole = make_history(np.full((2, 30), 0.5))
    part = whole.between(date(2023, 1, 10), date(2023, 1, 13))
    assert [str(day) for day in part.dates] == ["2023-01-10", "2023-01-11", "2023-01-12", "2023-01-13"]
    assert part.usdjpy[1, 0] == whole.usdjpy[1, 6]
    assert part.us_equity is None
    assert part.two_year_gap_pp[0] == pytest.approx([3.0] * 4)


def test_joining_keeps_order(make_history: MakeHistory) -> None:
    first, second = make_history(np.full((2, 5), 1.0)), make_history(np.full((1, 5), -1.0))
    both = concatenate_runs([first, second])
    assert both.runs == 3
    assert both.usdjpy[2] == pytest.approx(second.usdjpy[0])


def test_missing_numbers_and_wrong_shapes_are_rejected(make_history: MakeHistory) -> None:
    history = make_history(np.zeros((1, 3)))
    torn = history.usdjpy.copy()
    torn[0, 1] = np.nan
    with pytest.raises(ValueError, match="usdjpy contains values that are not numbers"):
        make_history(np.full((1, 3), np.nan))
    with pytest.raises(ValueError, match="us_equity contains values"):
        make_history(np.zeros((1, 3)), us_equity=torn)
    with pytest.raises(ValueError, match=r"position has shape \(1, 2\)"):
        replace(history, position=np.zeros((1, 2)))
