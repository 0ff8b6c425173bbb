"""The sliders of the page: which a scenario has, and how they change the model."""

import numpy as np
import pytest

from simulation.day.model import CapitalFlowModel
from simulation.pages.viz.slider_model import (
    CONTROLS,
    PageRequest,
    SliderControl,
    SliderModel,
    changed_settings,
    scenario_controls,
)
from simulation.scenario.config.errors import ConfigError

WEEK = (
    "end=2025-12-03",
    *(f"populations.{name}=null" for name in ("life_insurers", "pension_funds", "banks", "investment_trusts")),
    "populations.carry_funds.investors=20",
)
OFFICIAL = PageRequest("december_2025_official", WEEK, runs=2)


def run_to_end(model: SliderModel) -> CapitalFlowModel:
    while model.running:
        model.step()
    return model.capital_flows


def test_a_scenario_shows_the_sliders_whose_keys_it_has() -> None:
    names = {control.name for control, _ in scenario_controls(OFFICIAL.resolved())}
    assert names == {control.name for control in CONTROLS}
    quiet = PageRequest("december_2025_official", (*WEEK, "boj.meetings=[]", "populations.carry_funds=null"))
    assert {control.name for control, _ in scenario_controls(quiet.resolved())} == {"noise_x"}


def test_initial_slider_values_change_nothing() -> None:
    values = {control.name: value for control, value in scenario_controls(OFFICIAL.resolved())}
    assert values["boj_decision_bp"] == 25
    assert values["priced_pct"] == 62
    steered, plain = SliderModel(OFFICIAL, 0, None, **values), CapitalFlowModel(OFFICIAL.resolved(), range(2))
    assert steered.settings == WEEK
    plain.run_model()
    assert run_to_end(steered).result().market["usdjpy"].tobytes() == plain.result().market["usdjpy"].tobytes()


def test_a_moved_slider_is_a_setting() -> None:
    assert list(changed_settings(OFFICIAL.resolved(), {"priced_pct": 95.0, "leverage_x": 4.5})) == [
        "boj.meetings[0].priced_probability=0.95"
    ]
    model = SliderModel(OFFICIAL, boj_decision_bp=50)
    assert model.capital_flows.scenario.boj.meetings[0].decision == 50


@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control.name)
@pytest.mark.parametrize("end", [0, 1])
def test_both_ends_of_every_slider_are_valid(control: SliderControl, end: int) -> None:
    model = SliderModel(OFFICIAL, 0, None, **{control.name: control.span[end]})
    model.step()
    assert model.capital_flows.day == 1


def test_a_scenario_of_mesa_changes_nothing() -> None:
    assert SliderModel(OFFICIAL, scenario=object()).capital_flows.scenario == OFFICIAL.resolved()


def test_run_numbers_select_the_news() -> None:
    first, later = run_to_end(SliderModel(OFFICIAL)), run_to_end(SliderModel(OFFICIAL, first_run=1))
    np.testing.assert_array_equal(first.result().market["usdjpy"][1], later.result().market["usdjpy"][0])
    assert not np.array_equal(first.result().market["usdjpy"][0], later.result().market["usdjpy"][0])


def test_the_model_ends_with_the_scenario() -> None:
    model = SliderModel(OFFICIAL)
    inner = run_to_end(model)
    assert str(inner.today) == "2025-12-03"
    assert model.steps == inner.day


def test_an_unknown_scenario_is_refused() -> None:
    with pytest.raises(ConfigError, match="december_2025_official"):
        PageRequest("december_2025_offical").resolved()
