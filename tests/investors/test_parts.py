"""Large populations in parts: the same results, independent rows of a batch, and shared arrays."""

import numpy as np
import pytest

from simulation.day.capital_flows import simulate
from simulation.day.model import CapitalFlowModel
from simulation.investors import population
from tests.support.scenarios import AROUND_THE_HIKE, Changes, shipped
from tests.support.states import assert_same_record, columns, state

SURPRISE: Changes = {**AROUND_THE_HIKE, "boj.meetings.0.priced_probability": 0.0}
"""A cascade in every run."""


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(population, "PART_INVESTORS", 64)


def test_parts_give_the_same_day_as_the_whole_population(monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = shipped("december_2025_official", SURPRISE)
    whole = columns(simulate(scenario, range(2)))
    monkeypatch.setattr(population, "PART_INVESTORS", 64)
    result = columns(simulate(scenario, range(2)))
    assert whole["cascade_rounds"].max() >= 2
    for name, values in whole.items():
        np.testing.assert_allclose(result[name], values, rtol=1e-9, atol=1e-9, err_msg=name)


@pytest.mark.usefixtures("small_parts")
def test_a_row_of_a_batch_in_parts_is_the_run_alone() -> None:
    scenario = shipped("december_2025_official", SURPRISE)
    assert_same_record(simulate(scenario, [2]), simulate(scenario, range(4)), slice(2, 3))


@pytest.mark.usefixtures("small_parts")
def test_the_population_shares_the_state_of_its_parts() -> None:
    scenario = shipped("december_2025_official", SURPRISE)
    model = CapitalFlowModel(scenario, range(2))
    assert len(model.economy.population_parts) > len(model.populations)
    before = {name: values.copy() for name, values in state(model).items()}
    while model.running:
        model.step()
    after = state(model)
    for name in ("carry_funds.usd_cash", "carry_funds.memory.budget", "carry_funds.holdings.basket"):
        assert not np.array_equal(before[name], after[name]), name
    for model_population in model.populations:
        own = [part for part in model.economy.population_parts if part.name == model_population.name]
        joined = np.concatenate([part.sheet.equity_usd for part in own], axis=1)
        np.testing.assert_array_equal(model_population.sheet.equity_usd, joined)
        for name in set(model_population.memory) - set(model_population.common_memory):
            joined = np.concatenate([part.memory[name] for part in own], axis=1)
            np.testing.assert_array_equal(model_population.memory[name], joined, err_msg=name)
