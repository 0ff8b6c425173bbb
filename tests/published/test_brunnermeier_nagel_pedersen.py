"""Brunnermeier, Nagel and Pedersen (2008): crash risk rises with the rate differential and with carry positions."""

import numpy as np
import pytest

from simulation.compute.ensemble import load_scenario
from simulation.day.capital_flows import simulate
from simulation.studies.facts.measures import MEASURES_BY_NAME
from simulation.studies.facts.simulated import FactEstimate, fact_estimate, history_from_record
from simulation.studies.facts.simulated import first_measured_day as measured_from

pytestmark = pytest.mark.slow
RUNS = 48


@pytest.fixture(scope="module")
def signs() -> dict[str, FactEstimate]:
    """The two regressions over simulated decades under drawn rate paths, with jackknife errors over runs."""
    scenario = load_scenario("long_history")
    past = history_from_record(simulate(scenario, range(RUNS))).between(measured_from(scenario), scenario.end)
    return {
        name: fact_estimate(MEASURES_BY_NAME[name], past) for name in ("skew_slope", "skew_on_position", "daily_skew")
    }


@pytest.mark.parametrize("name", ["skew_slope", "skew_on_position", "daily_skew"])
def test_negative_beyond_noise(signs: dict[str, FactEstimate], name: str) -> None:
    assert np.isfinite(signs[name].error)
    assert signs[name].value < -2.0 * signs[name].error
