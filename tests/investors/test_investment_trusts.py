"""Investment trusts: an expected flow without price impact, the January effect, and momentum."""

from datetime import date
from typing import Any

import numpy as np
import pytest

from simulation.day.capital_flows import simulate
from simulation.day.model import CapitalFlowModel
from simulation.day.recorder import Record
from simulation.investors.investment_trusts import expected_flow, flow_share, recent_return
from simulation.values.conventions import column
from tests.support.outcomes import assert_flows_add_up
from tests.support.scenarios import CALM, NO_COSTS, ONE_WEEK, START_USDJPY, Changes, official
from tests.support.states import assert_same_record

STILL_CURRENCY: Changes = {"markets.usdjpy.spread_beta_pct_per_pp": 0, "markets.usdjpy.announcement_beta_pct_per_bp": 0}
EQUITY_FALL: Changes = {"spread_path": {"target_pp": 2.21 + 1.0, "over_days": 1, "us_share": 1}}
"""US yields rise by one pp, so that US equities lose 3 % on the first day."""


def trusts(*changes: Changes, **own: Any) -> Record:
    """A few trusts as the only population, without noise, with price impact."""
    populations = {"populations": {"investment_trusts": {"investors": 7} | own}}
    record = simulate(official(CALM, NO_COSTS, populations, *changes), [0])
    assert record.market["ledger_residual"].max() <= 1e-9
    return record


def spot(record: Record) -> np.ndarray:
    return np.asarray(record.flows["investment_trusts"]["spot_usd_bn"][0])


def test_the_expected_flow_moves_no_price() -> None:
    record = trusts({"end": "2026-02-27"})
    month = record.dates.astype("datetime64[M]").astype(int) % 12 + 1
    assert spot(record)[1:] == pytest.approx(np.where(month == 1, 0.5, 0.25)[1:], rel=1e-12)
    for name in ("usdjpy", "ust10_pct", "us_equity"):
        assert np.ptp(record.market[name]) == 0.0
    stock = record.flows["investment_trusts"]["stock_usd_bn"][0]
    assert stock[-1] - stock[0] == pytest.approx(spot(record).sum(), rel=1e-9)
    assert not record.market["dealer_inventory_usd_bn"].any()


def test_unexpected_flows_move_prices() -> None:
    # A holder of the same stock that follows yields: the same kind of flow, but unexpected.
    own = {"investors": 1, "stock_usd_bn": 600, "band_share": 0, "risk_charge": 0}
    record = simulate(
        official(CALM, NO_COSTS, EQUITY_FALL, STILL_CURRENCY, {"populations": {"real_money_japan": own}}), [0]
    )
    assert record.market["usdjpy"][0, -1] > START_USDJPY


def test_no_flow_at_all_when_switched_off() -> None:
    record = trusts({"end": "2026-01-30"}, EQUITY_FALL, flow_usd_bn_per_day=0)
    table = record.flows["investment_trusts"]
    assert not any(table[name].any() for name in table if name not in ("stock_usd_bn", "equity_usd_bn"))


@pytest.mark.parametrize(
    ("day", "flow"), [(date(2025, 12, 31), 0.25), (date(2026, 1, 2), 0.5), (date(2026, 2, 2), 0.25)]
)
def test_january_flows_are_twice_as_large(day: date, flow: float) -> None:
    assert expected_flow(day, 0.25, 2.0) == flow


def test_return_of_three_months() -> None:
    # A constant daily return of .1 % adds up to 6.3 %.
    trend = column(0.0, 1)
    for _ in range(2000):
        trend = recent_return(trend, column(0.001, 1), 63)
    assert trend[0, 0] == pytest.approx(0.063, rel=1e-9)
    assert recent_return(column(0.063, 1), column(-0.02, 1), 63)[0, 0] == pytest.approx(0.062 - 0.02, rel=1e-12)


@pytest.mark.parametrize(("trend", "share"), [(0.0, 1.0), (-0.1, 0.7), (0.05, 1.15), (-0.5, -0.5)])
def test_flows_follow_returns(trend: float, share: float) -> None:
    assert flow_share(column(trend, 1), 3.0)[0, 0] == pytest.approx(share, rel=1e-12)


def test_only_deviations_from_expected_flows_move_prices() -> None:
    # Equity -3 % is observed a day later: purchases fall by 9 %, with slow impact through value investors.
    record = trusts(EQUITY_FALL, STILL_CURRENCY, ONE_WEEK)
    result = spot(record)
    assert result[1] == pytest.approx(0.25, rel=1e-12)
    assert result[2] == pytest.approx(0.25 * (1 - 3 * 0.03), rel=1e-9)
    moved = np.log(record.market["usdjpy"][0] / START_USDJPY)
    missing = 0.25 * 3 * 0.03
    assert moved[1] == 0.0
    assert moved[2] == pytest.approx(-2 * 0.00012 * 50 * (np.sqrt(1 + missing / 50) - 1), rel=1e-6)
    # Of the 22.5 $m, 70 % would have gone into a market of 62 $tn with a multiplier of three.
    units = missing / (0.7 * np.exp(-0.03) + 0.1 * np.exp(-0.081 + 12.39 / 2 * 1e-4) + 0.2)
    fall = np.log(record.market["us_equity"][0, 2] / record.market["us_equity"][0, 1])
    assert fall == pytest.approx(
        -3 * 0.7 * units / 62_000 - 3 * (record.market["ust10_pct"][0, 2] - 5.02) / 100, rel=1e-4
    )


def test_without_momentum_everything_is_expected() -> None:
    record = trusts(EQUITY_FALL, STILL_CURRENCY, ONE_WEEK, momentum_x=0)
    assert spot(record)[1:] == pytest.approx(0.25, rel=1e-12)
    assert np.ptp(record.market["usdjpy"]) == 0.0


def test_hikes_change_nothing() -> None:
    hike = {"boj.meetings": [{"date": "2025-12-01", "decision": "50bp", "step": "25bp", "priced_probability": 0.0}]}
    record = trusts(hike, ONE_WEEK)
    assert record.market["usdjpy"][0, 1] < 0.95 * START_USDJPY
    assert spot(record)[1:] == pytest.approx(0.25, rel=1e-12)


def test_purchases_are_paid_from_yen_deposits() -> None:
    scenario = official(CALM, NO_COSTS, {"populations": {"investment_trusts": {}}, "end": "2025-12-01"})
    model = CapitalFlowModel(scenario)
    sheet = model.populations[0].sheet
    assert sheet.jpy_cash.sum() == pytest.approx(100_000, rel=1e-12)
    model.step()
    left = 100_000 - 0.25 * START_USDJPY
    assert sheet.jpy_cash.sum() == pytest.approx(left * (1 + 0.005 * 3 / 365), rel=1e-12)
    assert sheet.holdings["basket"].sum() == pytest.approx(600.25, rel=1e-12)
    assert sheet.usd_cash.sum() == pytest.approx(0.2 * 600.25, rel=1e-3)


def test_households_cannot_sell_more_than_they_hold() -> None:
    record = trusts(EQUITY_FALL, ONE_WEEK, stock_usd_bn=1, momentum_x=100, flow_usd_bn_per_day=5)
    stock = record.flows["investment_trusts"]["stock_usd_bn"][0]
    # 1 - 3 % x 100 is minus two flows; after 5 $bn are bought on day one, 6 $bn limit two days of sales of about 10 $bn.
    assert stock[1] == pytest.approx(6, rel=1e-9)
    assert stock[-1] == pytest.approx(0.0, abs=1e-12)


def test_exits_under_the_threshold_rule_convert_half() -> None:
    rule: Changes = {"unwind.rule": "threshold", "spread_path": {"target_pp": 1.5, "over_days": 5}, "end": "2026-01-30"}
    table = trusts(rule, investors=100).flows["investment_trusts"]
    assert table["unwound_usd_bn"].sum() / 600 == pytest.approx(0.24, abs=0.01)
    assert table["repatriated_usd_bn"].sum() == pytest.approx(0.5 * table["unwound_usd_bn"].sum(), rel=0.02)


def test_ledger_holds_and_rows_are_independent_under_noise() -> None:
    scenario = official({"populations.investment_trusts": {"investors": 20}})
    batch = simulate(scenario, range(4))
    assert batch.market["ledger_residual"].max() <= 1e-9
    assert np.ptp(batch.flows["investment_trusts"]["spot_usd_bn"][:, -1]) > 0.0
    assert_flows_add_up(batch)
    assert_same_record(simulate(scenario, [3]), batch, slice(3, 4))
