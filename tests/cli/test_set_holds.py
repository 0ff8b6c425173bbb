"""What the user sets holds in every run, also where calibrated parameter sets would vary the same key.

Each answer must equal that of parameter sets in which this key is the value set, in every set: an independent way to hold it.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import simulation as cf
from simulation.results.metrics import metric_values
from simulation.scenario.config.layers import keys_of_overrides
from simulation.scenario.config.parameter_sets import SHIPPED_PARAMETER_SETS, Cloud, cloud_text, load_cloud, parse_cloud
from simulation.studies.experiment.design import ExperimentScale
from simulation.studies.experiment.runner import ExperimentPlan, run_experiment
from simulation.studies.facts.simulated import ScenarioInputs, shock_amplifications
from simulation.studies.paired import compare
from simulation.studies.search.response import PointEnsemble, ScenarioResponse, scenario_loader
from simulation.studies.shapley.attribution import mechanisms
from simulation.sweeps.plan import load_plan
from simulation.sweeps.sweep_runner import sweep
from tests.cli.conftest import Carryflow

SCENARIO, EVENT = "december_2025_official", "august_2024"
KEY, VALUE, OTHER_VALUE = "markets.usdjpy.announcement_beta_pct_per_bp", 0.4, 0.0
SET, SET_OTHER = f"{KEY}={VALUE}", f"{KEY}={OTHER_VALUE}"
SMALL = (
    "end=2025-12-24",
    *(
        f"populations.{name}.investors=6"
        for name in ("carry_funds", "life_insurers", "crypto_traders", "yen_borrowers")
    ),
)
RUNS = 4


@pytest.fixture(scope="module")
def cloud() -> Cloud:
    return load_cloud(SHIPPED_PARAMETER_SETS)


def with_constant(cloud: Cloud, value: float) -> Cloud:
    """Parameter sets whose column of the key is constant."""
    values = cloud.values.copy()
    values[:, cloud.keys.index(KEY)] = value
    return replace(cloud, values=values)


def run_usdjpy(settings: Sequence[str], posterior: Cloud) -> np.ndarray:
    result = cf.run(SCENARIO, runs=RUNS, settings=(*SMALL, *settings), posterior=posterior, against="none")
    return result.record.market["usdjpy"]


POPULATIONS = tuple(cf.load_scenario(SCENARIO).populations)


# Keys and sets


def test_keys_of_settings_are_those_of_their_values() -> None:
    texts = ("noise.clustering=0.1", "populations.carry_funds.leverage_x={median: 5, log_sd: 0.2}", "not a setting")
    leverage = "populations.carry_funds.leverage_x"
    assert keys_of_overrides(texts) == ("noise.clustering", f"{leverage}.median", f"{leverage}.log_sd")


def test_sets_leave_out_what_is_set_and_say_so(cloud: Cloud) -> None:
    held = cloud.without([KEY, "populations.carry_funds.trailing_stop", "fed.rate_pct"])
    gone = {KEY, *(key for key in cloud.keys if "trailing_stop" in key)}
    assert len(gone) == 4
    assert set(held.keys) == set(cloud.keys) - gone
    assert set(held.overridden) == gone
    assert held.digest != cloud.digest
    for key in held.keys:
        np.testing.assert_array_equal(held.values[:, held.keys.index(key)], cloud.values[:, cloud.keys.index(key)])
    assert cloud.without(["fed.rate_pct"]) is cloud


def test_a_file_of_sets_keeps_what_was_set(cloud: Cloud) -> None:
    held = cloud.without([KEY])
    again = parse_cloud(held.name, cloud_text(held))
    assert (again.keys, again.overridden) == (held.keys, (KEY,))


def test_sets_of_which_everything_is_set_hold_nothing(cloud: Cloud) -> None:
    nothing = parse_cloud("none", cloud_text(cloud.without(cloud.keys)))
    assert nothing.keys == ()
    assert nothing.for_run(3) == {}


# Every entry that takes parameter sets


def test_run(cloud: Cloud) -> None:
    held = run_usdjpy([SET], cloud)
    np.testing.assert_array_equal(held, run_usdjpy([], with_constant(cloud, VALUE)))
    assert not np.array_equal(held, run_usdjpy([], cloud))


def test_compare(cloud: Cloud) -> None:
    settings = (SMALL, (*SMALL, SET))
    found = compare(SCENARIO, SCENARIO, runs=RUNS, settings=settings, cloud=cloud)
    one, other = run_usdjpy([], cloud), run_usdjpy([SET], cloud)
    change = 100.0 * np.mean(other[:, -1] / other[:, 0] - one[:, -1] / one[:, 0])
    row = found.table.set_index("metric").loc["usdjpy_change_pct"]
    assert row["difference"] == pytest.approx(change, rel=1e-9)


def test_replay(cloud: Cloud) -> None:
    few = ("populations.carry_funds.investors=6",)
    held = cf.replay_event(EVENT, runs=RUNS, settings=(*few, SET), posterior=cloud)
    same = cf.replay_event(EVENT, runs=RUNS, settings=few, posterior=with_constant(cloud, VALUE))
    np.testing.assert_array_equal(held.full.market["usdjpy"], same.full.market["usdjpy"])


def write_sweep(folder: Path, settings: Sequence[str], values: Sequence[float]) -> Path:
    lines = {
        "name": "held",
        "title": "An axis over a calibrated key",
        "scenario": SCENARIO,
        "settings": [*SMALL, *settings],
        "replications": RUNS,
        "posterior": SHIPPED_PARAMETER_SETS,
        "axes": {KEY: list(values)} if values else {"fed.meetings[0].decision": ["-25bp", "0bp"]},
    }
    path = folder / "held.yaml"
    path.write_text(json.dumps(lines), encoding="utf-8")
    return path


def test_an_axis_of_a_sweep(cloud: Cloud, tmp_path: Path) -> None:
    store = sweep(load_plan(write_sweep(tmp_path, (), (VALUE, OTHER_VALUE))), tmp_path / "store")
    found = store.runs.sort_values(["point", "replication"])["usdjpy_change_pct"].to_numpy().reshape(2, RUNS)
    for row, text in zip(found, (SET, SET_OTHER), strict=True):
        prices = run_usdjpy([text], cloud)
        np.testing.assert_allclose(row, 100.0 * (prices[:, -1] / prices[:, 0] - 1.0), rtol=1e-9)
    assert store.manifest["parameter_sets_overridden"] == [KEY]


def test_settings_of_a_sweep(tmp_path: Path) -> None:
    plan = load_plan(write_sweep(tmp_path, (SET,), ()))
    assert plan.cloud is not None
    assert plan.cloud.overridden == (KEY,)
    store = sweep(plan, tmp_path / "store")
    assert store.manifest["parameter_sets_overridden"] == [KEY]


def test_a_search(cloud: Cloud) -> None:
    """Of `tipping` and `reverse-stress`: settings of the scenario, and those of a curve."""
    at = scenario_loader(SCENARIO, (*SMALL, SET), lambda values: ())
    response = ScenarioResponse(at, (), "usdjpy_change_pct", PointEnsemble(RUNS, 1, cloud).beside([SET]))
    prices = run_usdjpy([SET], cloud)
    np.testing.assert_allclose(response(np.zeros((1, 0)))[0], 100.0 * (prices[:, -1] / prices[:, 0] - 1.0), rtol=1e-9)


def test_facts(cloud: Cloud) -> None:
    held = shock_amplifications(ScenarioInputs(SCENARIO, SMALL, cloud=cloud).with_settings(SET), RUNS)
    same = shock_amplifications(ScenarioInputs(SCENARIO, SMALL, cloud=with_constant(cloud, VALUE)), RUNS)
    for size, values in held.items():
        np.testing.assert_array_equal(values, same[size])


def test_mechanisms(cloud: Cloud) -> None:
    few = {"runs": 2, "metrics": ("usdjpy_change_pct",)}
    removed = tuple(f"populations.{name}=null" for name in POPULATIONS if name != "carry_funds")
    settings = ("end=2025-12-11", "populations.carry_funds.investors=6", *removed)
    held = mechanisms(SCENARIO, settings=(*settings, SET), cloud=cloud, **few)  # type: ignore[arg-type]
    same = mechanisms(SCENARIO, settings=settings, cloud=with_constant(cloud, VALUE), **few)  # type: ignore[arg-type]
    assert held.attributions[0].full == same.attributions[0].full


EXPERIMENT = '''
"""Does a setting of a variant hold?"""
import numpy as np
import pandas as pd
from simulation.studies.experiment.design import ExperimentVariant

RUNS, QUICK_RUNS, QUICK_NOTE = 4, 4, ""

def design(scale):
    return [ExperimentVariant({"beta": beta}, (*%r, f"%s={beta}")) for beta in (%r, %r)]

def measure(result):
    prices = result.record.market["usdjpy"]
    return pd.DataFrame({"run": result.record.runs, "end": prices[:, -1]})
'''


def test_an_experiment(cloud: Cloud, tmp_path: Path) -> None:
    path = tmp_path / "held.py"
    path.write_text(EXPERIMENT % (SMALL, KEY, VALUE, OTHER_VALUE), encoding="utf-8")
    plan = ExperimentPlan(path, ExperimentScale(RUNS, True), None, cloud)
    table = run_experiment(plan).table
    for value, text in ((VALUE, SET), (OTHER_VALUE, SET_OTHER)):
        ends = table.loc[table["beta"] == value, "end"].to_numpy()
        np.testing.assert_array_equal(ends, run_usdjpy([text], cloud)[:, -1])
    assert plan.set_keys[-1] == KEY


# Command line


def command(*words: str) -> list[str]:
    return [*words, *(part for text in SMALL for part in ("--set", text)), "--posterior", "--set", SET]


def test_run_says_and_writes_what_is_set(carryflow: Carryflow, tmp_path: Path) -> None:
    out = tmp_path / "run"
    done = carryflow(*command("run", SCENARIO, "--runs", "2", "--no-figures", "--out", str(out)))
    assert done.code == 0
    assert f"--set holds in every run: {KEY}" in done.err
    assert json.loads((out / "manifest.json").read_text())["parameter_sets_overridden"] == [KEY]
    assert KEY not in load_cloud(out / "parameter_sets.csv").keys
    assert carryflow("verify", str(out)).code == 0
    stored = cf.read_run(out)
    values = metric_values(stored.record)["usdjpy_change_pct"]
    prices = run_usdjpy([SET], load_cloud(SHIPPED_PARAMETER_SETS))[:2]
    assert values is not None
    np.testing.assert_allclose(values, 100.0 * (prices[:, -1] / prices[:, 0] - 1.0), rtol=1e-9)


@pytest.mark.parametrize(
    "words",
    [
        ("explain", SCENARIO, "--date", "2025-12-19", "--no-save"),
        ("compare", SCENARIO, SCENARIO, "--runs", "2"),
        ("tipping", SCENARIO, "--metric", "usdjpy_change_pct=-3", "--over", "boj.meetings[0].decision", "--low", "0bp", "--high",
         "100bp", "--tolerance", "50", "--runs", "2"),
    ],
)  # fmt: skip
def test_commands_pass_on_what_is_set(
    words: tuple[str, ...], carryflow: Carryflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[dict[str, float]] = []
    drawn = Cloud.for_run

    def for_run(self: Cloud, run: int) -> dict[str, float]:
        seen.append(drawn(self, run))
        return seen[-1]

    monkeypatch.setattr(Cloud, "for_run", for_run)
    found = carryflow(*command(*words))
    assert found.code in (0, 2), found.err
    assert f"--set holds in every run: {KEY}" in found.err
    assert seen
    assert not any(KEY in values for values in seen)


# Populations left out


@pytest.mark.parametrize("scenario", ["december_2025_official", "december_2025_article"])
@pytest.mark.parametrize("name", POPULATIONS)
def test_a_population_can_be_left_out_wherever_its_stock_may_be_zero(name: str, scenario: str) -> None:
    for change in (f"populations.{name}=null", f"populations.{name}.stock_usd_bn=0"):
        result = cf.run(scenario, runs=2, settings=("end=2025-12-05", change))
        assert not result.record.stopped
        assert str(result.summary())


def test_a_scenario_without_any_population() -> None:
    nobody = tuple(f"populations.{name}=null" for name in POPULATIONS)
    result = cf.run(SCENARIO, runs=2, settings=("end=2025-12-05", *nobody))
    assert not result.record.stopped
    bands: dict[str, Any] = result.summary().to_dict()["metrics"]
    assert bands["unwound_usd_bn"]["p50"] is None


def test_what_refers_to_a_population_that_is_left_out_is_named(carryflow: Carryflow) -> None:
    replayed = carryflow("replay", EVENT, "--set", "populations.carry_funds=null", "--runs", "2")
    assert replayed.code == 2
    assert "unwound_of: unknown population 'carry_funds'" in replayed.err
    assert "unwound_of=[]" in replayed.err
    swept = carryflow("sweep", "explore", "--set", "settings=[populations.retail_fx=null]", "--dry-run")
    assert swept.code == 2
    assert "series[" in swept.err
    assert "yen_bought_retail_fx_to_date_usd_bn" in swept.err
