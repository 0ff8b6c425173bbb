"""Clearing within the day: sizes of flows, rounds of forced orders and counterparties."""

import numpy as np
import pytest

from simulation.day.capital_flows import simulate
from simulation.day.clearing import dollar_purchases, gross_flow_usd
from simulation.day.model import CapitalFlowModel
from simulation.scenario.scenario import Scenario
from simulation.values.assets import Quote, Roster
from simulation.values.conventions import Array, column
from simulation.values.orders import NetFlow, Trade, net_flow
from tests.support.scenarios import CALM, COARSE, NO_IMPACT, ONE_WEEK, Changes, official, one_fund, shocks, switched

MONDAY = "2025-12-01"
ROSTER = Roster(("usdjpy", "ust10", "jgb10"), (False, False, True))
QUOTE = Quote(np.zeros((1, 3)), np.array([[0.8, 1.25, 0.9]]), np.zeros((1, 3)), column(120.0, 1))


def flow(*assets: float) -> NetFlow:
    return NetFlow(np.array([assets]), np.zeros((1, 1)))


def test_size_of_a_flow_is_gross_dollars() -> None:
    # 10 of spot, 8 x 1.25 of Treasuries, 400 x .9 / 120 of JGBs, in absolute value.
    assert gross_flow_usd(flow(-10.0, 8.0, -400.0), QUOTE, ROSTER)[0, 0] == pytest.approx(10 + 10 + 3, rel=1e-12)


def test_dollar_purchases_leave_out_spot_and_yen_bonds() -> None:
    assert dollar_purchases(flow(-10.0, 8.0, -400.0), QUOTE, ROSTER)[0, 0] == pytest.approx(10.0, rel=1e-12)


def test_a_flow_adds_up_investors_and_books() -> None:
    model = CapitalFlowModel(official(COARSE, ONE_WEEK))
    books = next(held for held in model.populations if held.name == "carry_funds").sheet.books
    units, spot = np.array([[1.0, 2.0, -0.5]]), np.array([[3.0, 0.0, -1.0]])
    total = net_flow(Trade({"basket": units}, spot, None, {}).added_up(), books)
    # .45 Treasuries, .35 equity, .05 bitcoin in 2.5 units of the basket.
    np.testing.assert_allclose(total.assets, [[2.0, 1.125, 0.0, 0.875, 0.0, 0.125]], rtol=1e-12)
    np.testing.assert_array_equal(total.reversed().assets, -total.assets)


def test_trades_of_selected_investors_add_up_by_run() -> None:
    amounts = np.array([[1.0], [2.0], [4.0]])
    trade = Trade({"basket": amounts}, -amounts, None, {"margin": 10.0 * amounts}).by_run(np.array([2, 0, 2]), 4)
    np.testing.assert_array_equal(trade.units["basket"], [[2.0], [0.0], [5.0], [0.0]])
    np.testing.assert_array_equal(trade.spot_usd, -trade.units["basket"])
    np.testing.assert_array_equal(trade.unwound["margin"], 10.0 * trade.units["basket"])


CRASH: Changes = {**CALM, **ONE_WEEK, **shocks({MONDAY: 0.08})}


def market(scenario: Scenario, runs: int = 2) -> dict[str, Array]:
    return simulate(scenario, range(runs)).market


def test_without_impact_there_is_at_most_one_round() -> None:
    result = market(official(CRASH, NO_IMPACT))
    assert result["forced_usd_bn"][:, 1].min() > 5.0
    np.testing.assert_array_equal(result["cascade_rounds"][:, 1], 1.0)
    assert result["cascade_rounds"].max() == 1.0


def test_price_impact_amplifies_a_fall() -> None:
    result, without = market(official(CRASH)), market(official(CRASH, NO_IMPACT))
    assert result["cascade_rounds"][:, 1].min() >= 2.0
    assert (result["forced_usd_bn"][:, 1] > without["forced_usd_bn"][:, 1]).all()
    assert (result["usdjpy"][:, 1] < without["usdjpy"][:, 1]).all()


@pytest.mark.parametrize("most", [1, 2, 3])
def test_rounds_are_bounded_and_unsettled_runs_are_marked(most: int) -> None:
    result = market(official(CRASH, {"limits.cascade_rounds": most}))
    assert result["cascade_rounds"].max() == most
    np.testing.assert_array_equal(result["unsettled"][:, 1], 1.0)
    assert not market(official(CRASH))["unsettled"].any()


@pytest.mark.parametrize(("tolerance", "traded"), [(66.6, 60.0), (66.7, 0.0)])
def test_forced_orders_below_the_tolerance_are_not_executed(tolerance: float, traded: float) -> None:
    # A stop after a fall of 10 % sells .6 x 100 / .9 = 66.67 $bn of spot; the fund's assets are held at par.
    scenario = one_fund(
        switched(trailing_stop=True), shocks({MONDAY: 0.1}), {"limits.cascade_tolerance_usd_bn": tolerance}
    )
    record = simulate(scenario, [0])
    assert record.flows["carry_funds"]["stop_usd_bn"][0, 1] == pytest.approx(traded, rel=1e-12)
    assert record.market["forced_usd_bn"][0, 1] == pytest.approx(traded / 0.9, rel=1e-12)


def test_a_cascade_that_ends_in_its_last_round_is_settled() -> None:
    # One stop and no impact: the cascade has one round, so a limit of one round does not bind.
    scenario = one_fund(switched(trailing_stop=True), shocks({MONDAY: 0.1}), {"limits.cascade_rounds": 1})
    result = market(scenario)
    np.testing.assert_array_equal(result["cascade_rounds"][:, 1], 1.0)
    assert not result["unsettled"].any()


def test_dealer_inventory_equals_customer_sales_in_a_cascade() -> None:
    # Dollars sold from two sources: dealer inventory before release, and the day's flows of customers.
    record = simulate(official(CRASH, {"markets.usdjpy.release_pct_per_day": 0}), range(2))
    customers = sum(
        table["spot_usd_bn"][:, 1]
        for name, table in record.flows.items()
        if record.roles[name] in ("levered", "other") and name in record.scenario.populations
    )
    np.testing.assert_allclose(record.market["dealer_inventory_usd_bn"][:, 1], customers, rtol=1e-10)


def test_dealers_release_twelve_percent_of_their_inventory() -> None:
    record = simulate(official(CRASH, {"end": "2025-12-02"}, switched(trailing_stop=True)), range(2))
    spot = {name: table["spot_usd_bn"] for name, table in record.flows.items()}
    inventory = record.market["dealer_inventory_usd_bn"]
    sold = spot["carry_funds"][:, 1]
    assert (sold < -20.0).all()
    np.testing.assert_allclose(inventory[:, 1], 0.88 * sold, rtol=1e-10)
