"""The contract of every population in the roster; a new kind is tested automatically."""

from dataclasses import fields
from typing import Any

import numpy as np
import pytest

from simulation.day.capital_flows import simulate
from simulation.day.model import CapitalFlowModel
from simulation.investors import ROSTER, share_in_japan
from simulation.investors.population import CARRY_ROLES, Population
from simulation.market.parameters import STANDARD_MARKETS
from simulation.scenario.scenario import Scenario
from simulation.values.conventions import Array
from simulation.values.orders import CAUSES, Information
from tests.support.outcomes import assert_complete_or_stopped, assert_flows_add_up
from tests.support.scenarios import AROUND_THE_HIKE, CALM, COARSE, ONE_WEEK, Changes, official, shocks
from tests.support.states import assert_same_record, population_state, state

KINDS = {kind.Parameters.model_fields["kind"].default: kind for kind in ROSTER}
each_kind = pytest.mark.parametrize("kind", KINDS)
RUNS, INVESTORS = 3, 6
SURPRISE: Changes = {**AROUND_THE_HIKE, "end": "2025-12-30", "boj.meetings.0.priced_probability": 0.0}


def scenario_of(kind: str, *changes: Changes, investors: int = INVESTORS) -> Scenario:
    """The official scenario with an additional population of a kind, with default parameters."""
    newcomer: dict[str, Any] = {"kind": kind, "investors": investors}
    return official(COARSE, {"populations.newcomer": newcomer}, *changes)


def newcomer(model: CapitalFlowModel) -> Population:
    return next(population for population in model.populations if population.name == "newcomer")


def model_of(kind: str, *changes: Changes) -> CapitalFlowModel:
    return CapitalFlowModel(scenario_of(kind, ONE_WEEK, *changes), range(RUNS))


def contents(now: Information) -> dict[str, Array]:
    arrays = {item.name: getattr(now, item.name) for item in fields(now)}
    arrays |= {f"quote.{item.name}": getattr(now.quote, item.name) for item in fields(now.quote)}
    return {name: values.copy() for name, values in arrays.items() if isinstance(values, np.ndarray)}


def test_kinds_have_distinct_names() -> None:
    assert len(KINDS) == len(ROSTER)
    assert {"carry_funds", "life_insurers", "real_money_japan", "crypto_traders"} <= set(KINDS)


@each_kind
def test_stock_is_positive_and_matches_the_config(kind: str) -> None:
    population = newcomer(model_of(kind))
    assert population.parameters.stock_usd_bn > 0.0
    np.testing.assert_allclose(population.stock(), population.parameters.stock_usd_bn, rtol=1e-12)
    np.testing.assert_allclose(population.traits["stock"].sum(axis=1), population.parameters.stock_usd_bn, rtol=1e-12)


@each_kind
def test_draws_have_one_row_per_run_and_one_column_per_investor(kind: str) -> None:
    population = newcomer(model_of(kind))
    for name, values in population_state(population).items():
        assert values.shape == (RUNS, INVESTORS), name
        assert np.isfinite(values[~np.isinf(values)]).all(), name
    for name, values in population.traits.items():
        assert (values > 0.0).all(), name
        assert np.isfinite(values).all(), name
        assert values.flags.c_contiguous, name


@each_kind
def test_runs_draw_different_investors(kind: str) -> None:
    stock = newcomer(model_of(kind)).traits["stock"]
    assert not np.isclose(stock[0], stock[1]).all()


@each_kind
def test_investors_are_solvent_at_the_start_and_equity_is_explained(kind: str) -> None:
    model = model_of(kind)
    sheet = newcomer(model).sheet
    assert (sheet.equity_usd > 0.0).all()
    worth = sheet.usd_cash + sheet.jpy_cash / model.economy.market.last.usdjpy
    for book, units in sheet.holdings.items():
        worth = worth + units * sheet.value_usd(book, model.economy.market.last)
    np.testing.assert_allclose(worth, sheet.equity_usd, rtol=1e-12)


@each_kind
def test_one_investor_can_be_read(kind: str) -> None:
    population = newcomer(model_of(kind))
    for investor in (0, INVESTORS - 1):
        view = population[investor]
        assert view["stock"] == population.traits["stock"][0, investor]
        assert view["equity_usd"] == population.sheet.equity_usd[0, investor]
        assert all(isinstance(value, float) for value in view.values())
    with pytest.raises(IndexError):
        population[INVESTORS]


@each_kind
def test_the_start_is_inside_the_band(kind: str) -> None:
    # Trades without news must be expected flows, which are part of the fundamental.
    model = model_of(kind, CALM)
    trade = newcomer(model).orders(model.information())
    assert trade is None or trade.expected is not None or not any(units.any() for units in trade.units.values())
    market = simulate(scenario_of(kind, CALM, ONE_WEEK), range(2)).market
    for name in ("usdjpy", "ust10_pct", "jgb10_pct", "us_equity", "japan_equity", "bitcoin_usd"):
        assert np.ptp(market[name]) == 0.0, name


@each_kind
def test_no_investor_is_forced_at_the_start(kind: str) -> None:
    model = model_of(kind)
    now = model.information()
    assert not newcomer(model).forced(now.quote, now).any()


@each_kind
def test_forced_sales_do_not_exceed_holdings(kind: str) -> None:
    model = model_of(kind)
    population, now = newcomer(model), model.information()
    for fall in (0.02, 0.5):
        (sold,) = population.forced_spot_usd((fall,), now)
        held = population.levered_spot_usd(now.quote.usdjpy * (1.0 - fall))
        assert (sold <= held * (1.0 + 1e-12)).all()
        assert (held <= population.parameters.stock_usd_bn / (1.0 - fall) * (1.0 + 1e-12)).all()


@each_kind
def test_orders_change_neither_information_nor_balance_sheets(kind: str) -> None:
    model = CapitalFlowModel(scenario_of(kind, SURPRISE), range(RUNS))
    for _ in range(4):
        model.step()
    population, now = newcomer(model), model.information()
    before, own = contents(now), population_state(population)
    population.orders(now)
    if population.can_be_forced:
        population.forced(now.quote, now)
        population.forced_orders(now.quote, now)
        population.forced_spot_usd((0.01, 0.1), now)
        population.levered_spot_usd(now.quote.usdjpy)
    for name, values in contents(now).items():
        np.testing.assert_array_equal(values, before[name], err_msg=name)
    for name, values in population_state(population).items():
        if ".memory." not in name:
            np.testing.assert_array_equal(values, own[name], err_msg=name)


@each_kind
def test_traits_do_not_change_during_a_run(kind: str) -> None:
    model = CapitalFlowModel(scenario_of(kind, SURPRISE), range(RUNS))
    before = {name: values.copy() for name, values in newcomer(model).traits.items()}
    while model.running:
        model.step()
    for name, values in newcomer(model).traits.items():
        np.testing.assert_array_equal(values, before[name], err_msg=name)


@each_kind
def test_selected_rows_written_back_unchanged_leave_the_state(kind: str) -> None:
    model = model_of(kind)
    model.step()
    population, rows = newcomer(model), np.array([2, 0])
    before = population_state(population)
    part = population.at(rows)
    for name, values in population_state(part).items():
        np.testing.assert_array_equal(values, before[name][rows], err_msg=name)
    population.put(rows, part)
    for name, values in population_state(population).items():
        np.testing.assert_array_equal(values, before[name], err_msg=name)


@each_kind
def test_selected_rows_are_a_copy_until_they_are_written_back(kind: str) -> None:
    model = model_of(kind)
    population, rows = newcomer(model), np.array([1])
    before = population_state(population)
    part = population.at(rows)
    part.sheet.usd_cash += 1.0
    np.testing.assert_array_equal(population.sheet.usd_cash, before["newcomer.usd_cash"])
    population.put(rows, part)
    np.testing.assert_array_equal(population.sheet.usd_cash[1], before["newcomer.usd_cash"][1] + 1.0)
    np.testing.assert_array_equal(population.sheet.usd_cash[[0, 2]], before["newcomer.usd_cash"][[0, 2]])


@each_kind
def test_a_row_of_a_batch_is_the_run_alone(kind: str) -> None:
    scenario = scenario_of(kind, SURPRISE, investors=13)
    batch = simulate(scenario, range(5))
    for row in (0, 4):
        assert_same_record(simulate(scenario, [row]), batch, slice(row, row + 1))


@each_kind
def test_state_in_a_batch_is_the_state_alone(kind: str) -> None:
    scenario = scenario_of(kind, SURPRISE, investors=13)
    batch, single = CapitalFlowModel(scenario, range(4)), CapitalFlowModel(scenario, [2])
    while batch.running:
        batch.step()
        single.step()
    together = state(batch)
    for name, values in state(single).items():
        assert together[name][2:3].tobytes() == values.tobytes(), name


@each_kind
def test_large_shocks_keep_the_ledger_and_flows_are_attributed(kind: str) -> None:
    falls = {"2025-12-02": 0.06, "2025-12-04": 0.05}
    record = simulate(scenario_of(kind, {"end": "2025-12-12", **shocks(falls)}), range(RUNS))
    assert_complete_or_stopped(record)
    assert_flows_add_up(record)
    assert record.market["ledger_residual"].max() <= 1e-9


@each_kind
def test_only_residents_repatriate(kind: str) -> None:
    record = simulate(scenario_of(kind, SURPRISE), range(RUNS))
    if share_in_japan(record.scenario.populations["newcomer"]) == 0.0:
        assert not record.flows["newcomer"]["repatriated_usd_bn"].any()


@each_kind
def test_the_threshold_rule_applies_to_every_carry_holder(kind: str) -> None:
    # All thresholds lie between -1 and 2.21 pp: every carry holder exits within ten days.
    path = {"target_pp": -1.0, "over_days": 1}
    switch: Changes = {"unwind.rule": "threshold", "unwind.exit_days": 3, "spread_path": path, "end": "2025-12-05"}
    record = simulate(scenario_of(kind, CALM, switch), range(2))
    assert_flows_add_up(record)
    left = record.flows["newcomer"]["stock_usd_bn"][:, -1]
    if KINDS[kind].role in CARRY_ROLES:
        np.testing.assert_allclose(left, 0.0, atol=1e-9)


@each_kind
def test_a_kind_declares_the_assets_it_needs(kind: str) -> None:
    for asset in KINDS[kind].needs:
        assert asset in STANDARD_MARKETS
        with pytest.raises(ValueError, match=asset):
            scenario_of(kind, {f"markets.{asset}": None})


@each_kind
def test_causes_are_those_of_the_roster(kind: str) -> None:
    record = simulate(scenario_of(kind, ONE_WEEK), [0])
    columns = {f"{cause}_usd_bn" for cause in CAUSES}
    assert columns <= record.flows["newcomer"].keys()
