"""The two shipped December scenarios: identities, attribution, trading partners, orders of magnitude."""

import numpy as np
import pytest

from simulation.day.recorder import Record
from simulation.investors import ROSTER
from simulation.investors.population import CARRY_ROLES
from tests.support.outcomes import assert_complete_or_stopped, assert_flows_add_up
from tests.support.scenarios import shipped


def test_every_run_is_complete_and_the_ledger_holds(shipped_record: Record) -> None:
    assert not shipped_record.stopped
    assert_complete_or_stopped(shipped_record)
    assert shipped_record.market["ledger_residual"].max() <= 1e-9


def test_causes_stocks_and_trades_add_up(shipped_record: Record) -> None:
    assert_flows_add_up(shipped_record)


def test_the_first_row_is_the_start(shipped_record: Record) -> None:
    start = {name: values[:, 0] for name, values in shipped_record.market.items()}
    values = shipped_record.scenario.start_values
    np.testing.assert_allclose(start["usdjpy"], values.usdjpy, rtol=1e-14)
    np.testing.assert_allclose(start["ust10_pct"], values.ust10_pct, rtol=1e-12)
    np.testing.assert_allclose(start["jgb10_pct"], values.jgb10_pct, rtol=1e-12)
    np.testing.assert_allclose(start["us_equity"], 100.0, rtol=1e-14)
    np.testing.assert_allclose(start["bitcoin_usd"], 91_000.0, rtol=1e-14)
    for name, population in shipped_record.scenario.populations.items():
        stock = shipped_record.flows[name]["stock_usd_bn"][:, 0]
        np.testing.assert_allclose(stock, population.stock_usd_bn, rtol=1e-12)


def test_the_spread_is_the_difference_of_the_yields(shipped_record: Record) -> None:
    market = shipped_record.market
    np.testing.assert_allclose(market["spread_10y_pp"], market["ust10_pct"] - market["jgb10_pct"], atol=1e-12)


def test_policy_rates_follow_the_decisions(shipped_record: Record) -> None:
    days = shipped_record.dates
    fed, boj = shipped_record.market["fed_rate_pct"], shipped_record.market["boj_rate_pct"]
    np.testing.assert_allclose(fed[:, days < np.datetime64("2025-12-10")], 3.875, rtol=1e-12)
    np.testing.assert_allclose(fed[:, days >= np.datetime64("2025-12-10")], 3.625, rtol=1e-12)
    np.testing.assert_allclose(boj[:, days < np.datetime64("2025-12-19")], 0.50, rtol=1e-12)
    np.testing.assert_allclose(boj[:, days >= np.datetime64("2025-12-19")], 0.75, rtol=1e-12)


def test_residents_and_leveraged_holders_differ(shipped_record: Record) -> None:
    for name, table in shipped_record.flows.items():
        repatriates = name in shipped_record.scenario.populations and shipped_record.roles[name] == "resident"
        assert bool(table["repatriated_usd_bn"].any()) <= repatriates, name
        if shipped_record.roles[name] == "levered":
            assert not table["slow_repatriation_usd_bn"].any()
    assert shipped_record.flows["life_insurers"]["repatriated_usd_bn"].any()


def test_holders_without_debt_get_no_margin_calls(shipped_record: Record) -> None:
    flows = shipped_record.flows
    for name in ("life_insurers", "pension_funds", "banks", "investment_trusts", "dealers", "real_money"):
        for cause in ("margin", "stop", "liquidation", "volatility_target", "incentive"):
            assert not flows[name][f"{cause}_usd_bn"].any(), (name, cause)
    assert not flows["crypto_traders"]["spot_usd_bn"].any()
    assert not flows["carry_funds"]["liquidation_usd_bn"].any()


def test_the_carry_stock_of_the_article_is_five_trillion() -> None:
    populations = shipped("december_2025_article").populations
    kinds = {kind.Parameters: kind for kind in ROSTER}
    roles = {name: kinds[type(parameters)].role for name, parameters in populations.items()}
    carry = {name: populations[name].stock_usd_bn for name, role in roles.items() if role in CARRY_ROLES}
    assert sum(carry.values()) == pytest.approx(5000, rel=1e-12)
    assert sum(stock for name, stock in carry.items() if roles[name] == "levered") == pytest.approx(250, rel=1e-12)


def test_volatility_has_the_right_size(shipped_record: Record) -> None:
    # H.10: .66 % a day, 10.5 % a year; eight runs of three months with their own clustering scatter by a fifth.
    moves = np.diff(np.log(shipped_record.market["usdjpy"]), axis=1)
    assert 0.45 < 100 * moves.std() < 0.95
    assert (shipped_record.market["usdjpy_volatility_pct"] > 4.5).all()


def test_the_loop_gain_of_the_start_is_below_one(shipped_record: Record) -> None:
    assert 0.05 < shipped_record.market["loop_gain"][:, 0].max() < 1.0
