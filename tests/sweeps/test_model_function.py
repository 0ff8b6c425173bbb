import warnings

import numpy as np
import pytest

from simulation.compute.ensemble import load_scenario, run_ensemble
from simulation.results.output_folder import OutputError
from simulation.studies.experiment.design import OFFICIAL, with_investors
from simulation.studies.search.response import run_metrics
from simulation.sweeps.model_function import ModelFunction

IMPACT, HIKE = "markets.usdjpy.fast_impact_pct_per_usd_bn", "boj.meetings[0].decision"
SMALL = (*with_investors(OFFICIAL, 4), "end=2025-12-24")
RANGES = {IMPACT: (0.02, 0.08), HIKE: (0.0, 50.0)}


def december(runs: int = 2) -> ModelFunction:
    return ModelFunction(OFFICIAL, RANGES, ("usdjpy_trough_pct", "unwound_share"), runs, SMALL)


def test_a_point_is_the_mean_of_its_ensemble() -> None:
    model = december(3)
    record = run_ensemble(load_scenario(OFFICIAL, (*SMALL, f"{IMPACT}=0.05", f"{HIKE}=40bp")), 3)
    found = model(markets_usdjpy_fast_impact_pct_per_usd_bn=0.05, boj_meetings_0_decision=40.0)
    assert found["usdjpy_trough_pct"] == pytest.approx(run_metrics(record, "usdjpy_trough_pct").mean())
    assert found["unwound_share"] == pytest.approx(run_metrics(record, "unwound_share").mean())


def test_invalid_arguments_are_reported() -> None:
    with pytest.raises(OutputError, match="boj_meetings_0_decision"):
        december()(markets_usdjpy_fast_impact_pct_per_usd_bn=0.05)
    with pytest.raises(OutputError, match="there is no metric 'trough'"):
        ModelFunction(OFFICIAL, RANGES, ("trough",))


def test_salib_uses_the_model_in_five_lines() -> None:
    sample = pytest.importorskip("SALib.sample.morris", reason="SALib is an extra: pip install carryflow[salib]")
    analyze = pytest.importorskip("SALib.analyze.morris", reason="SALib is an extra: pip install carryflow[salib]")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SALib's own
        model = december()
        points = sample.sample(model.problem, 4, seed=1)
        values = model.evaluate(points)
        found = analyze.analyze(model.problem, points, values, seed=1)
        table = dict(zip(found["names"], found["mu_star"], strict=True))
    assert table[HIKE] > 0.5
    assert np.isfinite(values).all()


def test_the_ema_workbench_uses_the_model_in_five_lines() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the workbench's own
        ema = pytest.importorskip("ema_workbench", reason="the EMA Workbench is an extra: pip install carryflow[ema]")
        model = december()
        ema_model = ema.Model("december", function=model)
        ema_model.uncertainties = [ema.RealParameter(name, *RANGES[key]) for name, key in model.names.items()]
        ema_model.outcomes = [ema.ScalarOutcome(name) for name in model.metrics]
        experiments, outcomes = ema.perform_experiments(ema_model, scenarios=6)
    points = experiments[list(model.names)].to_numpy(dtype=float)
    assert points.shape == (6, 2)
    for name in model.metrics:
        np.testing.assert_array_equal(outcomes[name], model.evaluate(points, name))


def test_prim_of_the_workbench_finds_the_region_of_a_crash() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        prim = pytest.importorskip(
            "ema_workbench.analysis.prim", reason="the EMA Workbench is an extra: pip install carryflow[ema]"
        )
        from tests.sweeps.analysis.toys import sweep_of, uniform

        crash = lambda p, _: np.where((p[..., 0] > 0.7) & (p[..., 1] < 0.4), -20.0, 0.0)  # noqa: E731
        sweep = sweep_of(uniform(("x", "y", "z"), 800), {"m": crash}, "sobol")
        runs = sweep.finished
        box = prim.Prim(runs[["param:x", "param:y"]], (runs["m"] < -10).to_numpy(), threshold=0.8).find_box()
        limits = box.box_lims[-1]
    assert limits["param:x"].iloc[0] == pytest.approx(0.7, abs=0.06)
    assert limits["param:y"].iloc[1] == pytest.approx(0.4, abs=0.06)
