"""Brunnermeier, Nagel and Pedersen (2008): crash risk rises with the rate gap and with the positions that it attracts."""

import numpy as np
import pytest

from simulation.compute.ensemble import resolved
from simulation.day.capital_flows import simulate
from simulation.studies.facts.measured import BY_NAME
from simulation.studies.facts.simulated import Estimate, estimate, history_of
from simulation.studies.facts.simulated import first_day as measured_from

pytestmark = pytest.mark.slow
RUNS = 48


@pytest.fixture(scope="module")
def signs() -> dict[str, Estimate]:
    """The two regressions over simulated decades under drawn rate paths, with jackknife errors over runs."""
    scenario = resolved("long_history")
    past = history_of(simulate(scenario, range(RUNS))).between(measured_from(scenario), scenario.end)
    return {name: estimate(BY_NAME[name], past) for name in ("skew_slope", "skew_on_position", "daily_skew")}


@pytest.mark.parametrize("name", ["skew_slope", "skew_on_position", "daily_skew"])
def test_negative_beyond_noise(signs: dict[str, Estimate], name: str) -> None:
    assert np.isfinite(signs[name].error)
    assert signs[name].value < -2.0 * signs[name].error
