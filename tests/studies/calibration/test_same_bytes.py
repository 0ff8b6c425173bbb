"""A small calibration of the model: same bytes for the same seed, with one process or two."""

import json
from dataclasses import replace

import numpy as np
import pytest

from simulation.scenario.config.parameter_sets import cloud_text
from simulation.studies.calibration.august_2024 import problem
from simulation.studies.calibration.fitting import CalibrationMethod
from simulation.studies.calibration.run import CalibrationRequest, run_calibration
from simulation.studies.calibration.sampler import SamplerEffort


def small(seed: int) -> CalibrationRequest:
    """The replay of August 2024 alone, 120 parameter sets in batches of twenty."""
    whole = problem()
    (episode,) = (one for one in whole.simulators if one.name == "episode")
    cut = replace(episode, sets=120, batch=20, checks=8)
    asked = replace(whole, targets=whole.targets_of("episode"), simulators=(cut,))
    return CalibrationRequest(
        asked, CalibrationMethod((1.0,), effort=SamplerEffort(particles=256, rounds=1), sets=200), seed, cases=4
    )


@pytest.mark.slow
def test_same_seed_same_sets_and_diagnostics_from_one_process_and_from_two() -> None:
    one, two = (run_calibration(small(7), workers) for workers in (1, 2))
    assert cloud_text(one.cloud) == cloud_text(two.cloud)
    assert json.dumps(one.facts()) == json.dumps(two.facts())
    assert len(np.unique(one.cloud.values[:, 0])) > 100
