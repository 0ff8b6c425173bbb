"""`carryflow run` and the spread experiment give one answer for the same scenario, counterfactual and day."""

from typing import Any

import numpy as np
import pytest

import simulation as cf
from simulation.studies.experiment.answer import point_estimate
from simulation.studies.experiment.design import ARTICLE, NO_POLICY_SETTINGS, with_investors
from simulation.studies.experiment.runner import plan_experiment, run_experiment


@pytest.mark.slow
@pytest.mark.parametrize("spread", [1.5, 1.0])
@pytest.mark.parametrize("seed", [None, 7])
def test_experiment_and_run_agree(spread: float, seed: int | None) -> None:
    """The same scenario, counterfactual and day: equal with the same draws, within the errors with others."""
    plan = plan_experiment("spread", quick=True, runs=32)
    study: Any = plan.study
    base = (*NO_POLICY_SETTINGS, *with_investors(ARTICLE, 60, carry_alone=True))
    days = study.CURVE_DAYS
    one = study.structural(f"{days} days", spread, (days, base))
    plan.__dict__["variants"] = [study.counterfactual(base), one]
    points = study.points(run_experiment(plan).table)
    result = cf.run(one.scenario, settings=one.settings, runs=32, seed=seed, against="no_policy")
    assert len(result.record.dates) - 1 == days + study.AFTER_DAYS
    assert result.effects is not None
    names = {
        "unwound_usd_bn": "unwound_usd_bn",
        "levered_usd_bn": "levered_unwind_usd_bn",
        "home_usd_bn": "repatriation_usd_bn",
    }
    for name, metric in names.items():
        found, effect = point_estimate(points, name, spread_pp=spread), result.effects.by_metric[metric]
        allowed = 1e-6 if seed is None else 3.0 * float(np.hypot(found.error, effect.se))
        assert abs(found.value - effect.mean) <= allowed, name
        assert found.error == pytest.approx(effect.se, rel=1e-6 if seed is None else 0.6)
