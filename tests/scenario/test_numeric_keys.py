"""The numeric keys of a scenario, and the steps by which they are moved."""

import math

import pytest

from simulation.scenario.config.catalog import shipped_files
from simulation.scenario.config.loading import load
from simulation.scenario.config.rendering import model_tree
from simulation.scenario.config.tree import descend, walk
from simulation.scenario.numeric_keys import NumericKey, moved_scenario, numeric_keys
from simulation.scenario.scenario import Scenario
from tests.support.places import SMALL_SCENARIO

OFFICIAL = load("december_2025_official").scenario
KEYS = {key.key: key for key in numeric_keys(OFFICIAL)}


def value_at(scenario: Scenario, key: NumericKey) -> float:
    node = descend(model_tree(scenario), key.path)
    assert node is not None
    return float(str(node.content).removesuffix("bp"))


@pytest.mark.parametrize("name", sorted(shipped_files("scenarios")))
def test_every_number_of_a_resolved_scenario_is_a_key(name: str) -> None:
    scenario = load(name).scenario
    found = {key.path for key in numeric_keys(scenario)}
    numbers = {
        path
        for path, node in walk(model_tree(scenario))
        if isinstance(node.content, int | float) and not isinstance(node.content, bool)
    }
    rates = {
        path
        for path, node in walk(model_tree(scenario))
        if isinstance(node.content, str)
        and node.content.endswith("bp")
        and node.content[:-2].lstrip("-").replace(".", "").isdigit()
    }
    assert found == numbers | rates


@pytest.mark.parametrize(
    ("key", "step", "unit"),
    [
        ("fed.meetings[0].decision", 5.0, "bp"),
        ("boj.meetings[0].signals[1].strength", 0.12, "standard signals"),
        ("markets.us_equity.growth_pct", 0.5, "% per year"),
        ("populations.banks.investors", 10.0, ""),
        ("populations.carry_funds.leverage_x.median", 0.45, "multiple of equity"),
        ("populations.carry_funds.trailing_stop.distance_pct.log_sd", 0.047, ""),
        ("start_values.basis_bp", 2.5, "bp per year"),
        ("unwind.exit_days", 1.0, ""),
    ],
)
def test_steps_have_a_size_and_a_unit(key: str, step: float, unit: str) -> None:
    assert (KEYS[key].step, KEYS[key].unit) == (step, unit)


def test_a_step_changes_the_key_alone() -> None:
    key = KEYS["boj.meetings[0].priced_probability"]
    moved = moved_scenario(OFFICIAL, key, ())
    assert moved.scenario is not None
    assert moved.keys == (key.key,)
    assert value_at(moved.scenario, key) == pytest.approx(0.682)
    after = {one.path: one.value for one in numeric_keys(moved.scenario)}
    assert {path for path, value in after.items() if value != KEYS_BY_PATH[path]} == {key.path}


KEYS_BY_PATH = {key.path: key.value for key in KEYS.values()}


def test_a_value_at_the_end_of_its_range_moves_down() -> None:
    moved = moved_scenario(OFFICIAL, KEYS["populations.foreigners_in_japan.hedge_ratio"], ())
    assert moved.step == pytest.approx(-0.1)
    assert moved.step_text == "−0.1"


def test_shares_that_add_up_move_against_each_other() -> None:
    key = KEYS["populations.pension_funds.mix.jgb10.target_pct"]
    moved = moved_scenario(OFFICIAL, key, tuple(KEYS.values()))
    assert moved.scenario is not None
    assert moved.against == "populations.pension_funds.mix.ust10.target_pct"
    targets = [asset.target_pct for asset in moved.scenario.populations["pension_funds"].mix.values()]  # type: ignore[attr-defined]
    assert math.fsum(targets) == pytest.approx(100.0)
    assert value_at(moved.scenario, key) == pytest.approx(27.5)


def test_a_key_that_takes_no_step_says_why() -> None:
    moved = moved_scenario(OFFICIAL, KEYS["fed.balance_sheet[0].bought_jpy_bn_per_month"], tuple(KEYS.values()))
    assert moved.scenario is None
    assert "bought_jpy_bn_per_month applies to the Bank of Japan" in moved.problem


def test_every_key_of_the_small_scenario_takes_a_step() -> None:
    scenario = load(SMALL_SCENARIO).scenario
    keys = numeric_keys(scenario)
    assert all(moved_scenario(scenario, key, keys).scenario is not None for key in keys)
