"""State of the economy between days: the trend of USDJPY and the past prices that officials observe."""

import numpy as np
import pytest

from simulation.day.model import CapitalFlowModel
from tests.support.scenarios import CALM, COARSE, Changes, official


def test_momentum_is_the_trend_per_year_over_three_months() -> None:
    # A rise of .1 % a day is 25.2 % a year; with 1/60 a day, 1 - (59/60)^60 = 64 % of it is reached after 60 days.
    economy = CapitalFlowModel(official(CALM, COARSE)).economy
    economy.market.log_return = np.full_like(economy.market.log_return, 0.001)
    for day in range(1, 61):
        economy.remember_close(day)
    assert economy.momentum[0, 0] == pytest.approx(0.252 * (1 - (59 / 60) ** 60), rel=1e-12)


def given(**change_pct: float) -> Changes:
    """A month without noise with a given change on each of the first ten days."""
    days = np.arange("2025-12-01", "2025-12-13", dtype="datetime64[D]")
    news = [{"date": str(day), "value_pct": change_pct} for day in days if np.is_busday(day)]
    return {"news": news, "end": "2026-01-30"}


def after(days: int, changes: Changes) -> CapitalFlowModel:
    idle: Changes = {"populations": {"real_money_japan": {"stock_usd_bn": 1, "investors": 1}}}
    model = CapitalFlowModel(official(CALM, idle, changes))
    for _ in range(days):
        model.step()
    return model


@pytest.mark.parametrize(("days", "seen"), [(3, 3), (5, 5), (8, 5), (10, 5), (12, 3), (15, 0)])
def test_officials_observe_the_fall_in_equities_over_five_days(days: int, seen: int) -> None:
    fall = after(days, given(japan_equity=-2.0)).economy.conditions().equity_fall
    assert fall[0, 0] == pytest.approx(-seen * np.log(0.98), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(("days", "seen"), [(4, 4), (10, 10), (20, 10), (23, 7), (30, 0)])
def test_officials_observe_the_rise_of_usdjpy_over_twenty_days(days: int, seen: int) -> None:
    rise = after(days, given(usdjpy=0.5)).economy.conditions().usdjpy_rise
    assert rise[0, 0] == pytest.approx(seen * np.log(1.005), rel=1e-9, abs=1e-12)
