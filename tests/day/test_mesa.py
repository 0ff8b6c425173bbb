"""The model as a Mesa model: steps, agents, running, and a data collector in Mesa's format."""

import copy
import pickle
from collections.abc import Callable

import mesa
import numpy as np
import pandas as pd
import pytest

from simulation.day import model as mesa_model
from simulation.day.capital_flows import CapitalFlows, scenario_days, simulate
from simulation.day.model import CapitalFlowModel
from simulation.investors import population_kinds
from simulation.investors.banks import Banks
from simulation.investors.population import Population
from tests.support.scenarios import COARSE, ONE_WEEK, POPULATIONS, Changes, official
from tests.support.states import columns

WEEK: tuple[Changes, ...] = (COARSE, ONE_WEEK)


def test_it_is_a_mesa_model_of_one_run_by_default() -> None:
    model = CapitalFlowModel(official(*WEEK))
    assert isinstance(model, mesa.Model)
    assert model.running
    assert model.economy.market.last.usdjpy.shape == (1, 1)


def test_agents_are_the_populations_and_the_counterparty_sectors() -> None:
    model = CapitalFlowModel(official(*WEEK))
    populations = [agent for agent in model.agents if isinstance(agent, Population)]
    assert {population.name for population in populations} == set(POPULATIONS)
    names = {getattr(agent, "name", None) for agent in model.agents}
    assert names >= {*POPULATIONS, "dealers", "money_market", "real_money"}
    assert len({agent.unique_id for agent in model.agents}) == len(model.agents)


def test_a_step_is_a_business_day() -> None:
    model = CapitalFlowModel(official(*WEEK))
    seen = []
    while model.running:
        model.step()
        seen.append(str(model.today))
    assert seen == ["2025-12-01", "2025-12-02", "2025-12-03", "2025-12-04", "2025-12-05"]
    assert model.day == len(model.dates) - 1


def test_run_model_runs_to_the_end() -> None:
    model = CapitalFlowModel(official(*WEEK))
    model.run_model()
    assert not model.running
    assert str(model.today) == "2025-12-05"


def test_stepping_equals_simulating() -> None:
    scenario = official(*WEEK)
    model = CapitalFlowModel(scenario, range(2))
    while model.running:
        model.step()
    by_hand, whole = columns(model.result()), columns(simulate(scenario, range(2)))
    assert by_hand.keys() == whole.keys()
    for name, values in whole.items():
        assert by_hand[name].tobytes() == values.tobytes(), name


def test_the_model_stops_when_no_run_is_left() -> None:
    model = CapitalFlowModel(official(*WEEK, {"populations.carry_funds.leverage_x": {"median": 50, "highest": 90}}))
    model.run_model()
    assert not model.running
    assert model.stopped[0].name == "forced_at_start"
    assert np.isnan(model.result().market["usdjpy"][0, 1:]).all()


def test_the_data_collector_gives_a_frame_by_day() -> None:
    model = CapitalFlowModel(official(*WEEK))
    model.run_model()
    frame = model.datacollector.get_model_vars_dataframe()
    assert isinstance(frame, pd.DataFrame)
    assert len(frame) == 6
    np.testing.assert_array_equal(frame["usdjpy"], model.result().market["usdjpy"][0])


def test_the_data_collector_shows_the_days_so_far() -> None:
    model = CapitalFlowModel(official(*WEEK))
    for days in (1, 2, 3):
        assert len(model.datacollector.get_model_vars_dataframe()) == days
        model.step()


def test_the_data_collector_of_a_batch_has_a_column_per_run() -> None:
    model = CapitalFlowModel(official(*WEEK), [4, 2])
    model.run_model()
    frame = model.datacollector.get_model_vars_dataframe()
    np.testing.assert_array_equal(frame["usdjpy", 2], model.result().market["usdjpy"][1])
    np.testing.assert_array_equal(frame["usdjpy"].columns, [4, 2])


def test_days_not_yet_simulated_are_nan() -> None:
    model = CapitalFlowModel(official(*WEEK))
    model.step()
    usdjpy = model.result().market["usdjpy"][0]
    assert np.isfinite(usdjpy[:2]).all()
    assert not (usdjpy[2:] == 0.0).any()


def test_the_first_day_may_be_a_holiday() -> None:
    days = scenario_days(official({"start": "2025-12-25", "end": "2026-01-05", "fed.meetings": [], "boj.meetings": []}))
    assert days.astype(str).tolist() == [
        "2025-12-25", "2025-12-26", "2025-12-29", "2025-12-30", "2025-12-31", "2026-01-02", "2026-01-05",
    ]  # fmt: skip


def test_mesa_is_seeded_by_the_scenario() -> None:
    draws = [CapitalFlowModel(official(*WEEK, {"seed": seed})).rng.random() for seed in (3, 3, 4)]
    assert draws[0] == draws[1] != draws[2]


@pytest.mark.parametrize("runs", [[0], [7], [3, 1]])
def test_a_model_records_its_run_numbers(runs: list[int]) -> None:
    assert simulate(official(*WEEK), runs).runs.tolist() == runs


def test_a_step_after_the_end_changes_nothing() -> None:
    model = CapitalFlowModel(official(*WEEK))
    model.run_model()
    last = model.result().market["usdjpy"].copy()
    model.step()
    assert not model.running
    np.testing.assert_array_equal(model.result().market["usdjpy"], last)


def test_agents_frame_holds_flows_by_day_and_population() -> None:
    model = CapitalFlowModel(official(*WEEK))
    model.run_model()
    frame = model.datacollector.get_agent_vars_dataframe()
    assert frame.index.names == ["Step", "AgentID"]
    flows = model.result().flows["carry_funds"]["stock_usd_bn"][0]
    np.testing.assert_array_equal(frame.xs("carry_funds", level="AgentID")["stock_usd_bn"], flows)
    assert model.datacollector.model_vars["usdjpy"] == model.result().market["usdjpy"][0].tolist()


def test_every_agent_has_its_class_and_belongs_to_this_model() -> None:
    model = CapitalFlowModel(official(*WEEK))
    kinds = {kind.Parameters: kind for kind in population_kinds()}
    for population in model.populations:
        assert isinstance(population, mesa.Agent)
        assert isinstance(population, kinds[type(population.parameters)])
        assert type(population).__name__ == kinds[type(population.parameters)].__name__
        assert population.model is model
    assert {id(population) for population in model.populations} <= {id(agent) for agent in model.agents}


@pytest.mark.parametrize("again", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_a_copied_model_continues_independently(again: Callable[[CapitalFlowModel], CapitalFlowModel]) -> None:
    model = CapitalFlowModel(official(*WEEK))
    model.step()
    other = again(model)
    assert {id(agent) for agent in other.agents} >= {id(population) for population in other.populations}
    assert not {id(agent) for agent in other.agents} & {id(agent) for agent in model.agents}
    other.run_model()
    assert model.day == 1
    model.run_model()
    assert other.result().market["usdjpy"].tobytes() == model.result().market["usdjpy"].tobytes()


def test_an_agents_class_is_found_by_its_name() -> None:
    assert issubclass(mesa_model.Banks, Banks)
    with pytest.raises(AttributeError, match="Nobody"):
        _ = mesa_model.Nobody


def test_the_engine_without_mesa_has_no_agents() -> None:
    assert not isinstance(CapitalFlows(official(*WEEK)).populations[0], mesa.Agent)
