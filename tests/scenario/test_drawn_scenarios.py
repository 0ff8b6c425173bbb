"""Random scenarios: the ledger balances, runs are complete or end for a stated reason, flows add up."""

import warnings

import pytest
from hypothesis import HealthCheck, given, settings

from simulation.day.capital_flows import simulate
from simulation.scenario.scenario import Scenario
from tests.support.drawn import casts, markets, policy, scenarios
from tests.support.outcomes import assert_complete_or_stopped, assert_flows_add_up

ANY_SCENARIO = settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
MORE = settings(ANY_SCENARIO, max_examples=1500)


def assert_sound(scenario: Scenario) -> None:
    """Two runs: residuals up to 1e-9, finite values or a stated stop, causes and trades that add up, and no warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        record = simulate(scenario, range(2))
    assert_complete_or_stopped(record)
    assert_flows_add_up(record)


@ANY_SCENARIO
@given(scenarios(policy()))
def test_any_policy(scenario: Scenario) -> None:
    assert_sound(scenario)


@ANY_SCENARIO
@given(scenarios(policy(), markets()))
def test_any_market(scenario: Scenario) -> None:
    assert_sound(scenario)


@ANY_SCENARIO
@given(scenarios(policy(), casts()))
def test_any_population(scenario: Scenario) -> None:
    assert_sound(scenario)


@ANY_SCENARIO
@given(scenarios(policy(), markets(), casts()))
def test_anything(scenario: Scenario) -> None:
    assert_sound(scenario)


@pytest.mark.slow
@MORE
@given(scenarios(policy(), markets(), casts()))
def test_anything_many_times_over(scenario: Scenario) -> None:
    assert_sound(scenario)
