"""The start is an equilibrium, prices move through impact, and the number of investors is a resolution."""

import numpy as np
import pytest

from simulation.day.capital_flows import simulate
from simulation.day.model import CapitalFlowModel
from simulation.day.recorder import Record
from simulation.scenario.scenario import Scenario
from tests.support.scenarios import (
    AROUND_THE_HIKE,
    CALM,
    COARSE,
    NO_IMPACT,
    SHIPPED,
    TWO_WEEKS,
    Changes,
    official,
    shipped,
)
from tests.support.states import state

NO_FLOWS: Changes = {"populations.investment_trusts.flow_usd_bn_per_day": 0}
PRICES = ("usdjpy", "ust10_pct", "ust2_pct", "jgb10_pct", "jgb2_pct", "us_equity", "japan_equity", "bitcoin_usd")
STATE = ("spread_10y_pp", "carry_pct", "hedging_cost_pct", "stress", "usdjpy_volatility_pct")


@pytest.fixture(scope="module", params=SHIPPED)
def calm(request: pytest.FixtureRequest) -> Record:
    """A quarter without shocks, noise and expected flows."""
    return simulate(shipped(request.param, CALM, NO_FLOWS), range(2))


def test_prices_are_constant_without_news(calm: Record) -> None:
    for name in (*PRICES, *STATE):
        values = calm.market[name]
        assert np.ptp(values, axis=1).max() == 0.0, name
    assert not calm.market["forced_usd_bn"].any()
    assert not calm.market["dealer_inventory_usd_bn"].any()


def test_no_population_trades_without_news(calm: Record) -> None:
    for population, table in calm.flows.items():
        for name, values in table.items():
            if name == "stock_usd_bn":
                assert np.ptp(values, axis=1).max() == pytest.approx(0.0, abs=1e-9), population
            elif name != "equity_usd_bn":  # assets earn income
                assert not values.any(), (population, name)


def test_income_accrues_without_news(calm: Record) -> None:
    # Residents keep their coupons: a quarter of about 4 % less hedging cost on the hedged part.
    residents = calm.flows["pension_funds"]["equity_usd_bn"]
    growth = residents[:, -1] / residents[:, 0] - 1.0
    assert (growth > 0.004).all()
    assert (growth < 0.012).all()
    assert (np.diff(residents, axis=1) > 0.0).all()


def test_leveraged_investors_pay_out_income(calm: Record) -> None:
    for name in ("carry_funds", "crypto_traders"):
        equity = calm.flows[name]["equity_usd_bn"]
        assert np.ptp(equity / equity[:, :1], axis=1).max() < 1e-12, name


def test_all_populations_start_inside_their_band() -> None:
    for name in SHIPPED:
        model = CapitalFlowModel(shipped(name, CALM, NO_FLOWS), range(2))
        now = model.information()
        for population in model.populations:
            trade = population.orders(now)
            moved = 0.0 if trade is None else sum(np.abs(units).sum() for units in trade.units.values())
            assert moved == 0.0, population.name
            if population.margined:
                assert not population.forced(now.quote, now).any(), population.name


def test_the_equilibrium_is_stable_after_a_small_surprise() -> None:
    # A surprise of a tenth of a basis point moves USDJPY by .02 %, inside all inaction bands.
    push = {"date": "2025-12-01", "decision": "0.1bp", "step": "25bp", "priced_probability": 0.0}
    record = simulate(official(CALM, TWO_WEEKS, {"boj.meetings": [push]}), range(2))
    np.testing.assert_allclose(np.log(record.market["usdjpy"][:, 1:] / 156.2), -2e-4, rtol=1e-6)
    assert not record.flows["carry_funds"]["unwound_usd_bn"].any()


def test_without_impact_prices_equal_fundamentals() -> None:
    # For any populations and trades, prices follow the news alone.
    hike: Changes = {**AROUND_THE_HIKE, **NO_IMPACT, "boj.meetings.0.priced_probability": 0.0}
    with_funds = simulate(official(COARSE, hike), range(3))
    larger = simulate(official(COARSE, hike, {"populations.carry_funds.stock_usd_bn": 1000}), range(3))
    assert with_funds.market["forced_usd_bn"].max() > 10.0
    assert with_funds.market["cascade_rounds"].max() == 1.0
    for name in PRICES:
        np.testing.assert_array_equal(with_funds.market[name], larger.market[name], err_msg=name)


def surprise_with(multiple: int) -> Scenario:
    counts = {"carry_funds": 300, "crypto_traders": 60, "life_insurers": 20, "real_money_japan": 20}
    many: Changes = {f"populations.{name}.investors": count * multiple for name, count in counts.items()}
    still: Changes = {"noise.scale_x": 0, "boj.meetings.0.priced_probability": 0.0, "end": "2025-12-30"}
    return official(AROUND_THE_HIKE, many, still)


def test_ten_times_the_investors_are_the_same_path() -> None:
    # Runs differ only in the draws of investors, so their dispersion is the sampling error of one path.
    few, many = (np.log(simulate(surprise_with(multiple), range(24)).market["usdjpy"]) for multiple in (1, 10))
    error = np.sqrt((few.var(axis=0, ddof=1) + many.var(axis=0, ddof=1)) / 24)
    gap = np.abs(few.mean(axis=0) - many.mean(axis=0))
    # The fall is about 10 %, the standard error of the difference at most .15 %.
    assert few.mean(axis=0).min() < -0.05 + few[0, 0]
    assert error.max() < 0.003
    assert (gap <= 4 * error + 1e-5).all()
    # Dispersion with ten times as many investors is about a third; stratified draws reduce it further.
    assert many.std(axis=0, ddof=1).max() < 0.6 * few.std(axis=0, ddof=1).max()


def test_ten_times_the_investors_hold_the_same_wealth() -> None:
    models = [CapitalFlowModel(surprise_with(multiple), [0]) for multiple in (1, 10)]
    for few, many in zip(models[0].populations, models[1].populations, strict=True):
        assert many.stock()[0, 0] == pytest.approx(few.stock()[0, 0], rel=1e-12)
        assert many.sheet.equity_usd.sum() == pytest.approx(few.sheet.equity_usd.sum(), rel=0.05)


def test_the_state_is_constant_without_news() -> None:
    model = CapitalFlowModel(official(COARSE, CALM, TWO_WEEKS), range(2))
    before = state(model)
    while model.running:
        model.step()
    after = state(model)
    still = [name for name in before if ".holdings." in name or ".traits." in name or name.startswith("market.")]
    assert len(still) > 15
    for name in still:
        np.testing.assert_array_equal(after[name], before[name], err_msg=name)


def test_open_interest_and_bitcoin_have_no_trend() -> None:
    # News without policy: liquidated positions are replaced, so open interest and the mean of bitcoin are constant.
    quiet: Changes = {"fed.meetings": [], "boj.meetings": [], "fed.balance_sheet": [], "thin_periods": []}
    record = simulate(shipped("december_2025_official", quiet, {"end": "2026-01-16"}), range(48))
    interest = record.flows["crypto_traders"]["stock_usd_bn"].mean(axis=0)
    assert interest.min() > 24.0
    assert interest.max() < 31.0
    moves = np.log(record.market["bitcoin_usd"] / record.market["bitcoin_usd"][:, :1])
    error = moves.std(axis=0, ddof=1) / np.sqrt(48)
    assert (np.abs(moves.mean(axis=0)) <= 4.0 * error + 0.01).all()
