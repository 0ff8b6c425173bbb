"""Every numeric key moved by a step: what moves has an effect, what does not has a reason."""

from dataclasses import replace

import numpy as np
import pytest

from simulation.compute.ensemble import run_ensemble
from simulation.scenario.config.catalog import shipped_files
from simulation.scenario.config.loading import load
from simulation.scenario.inert_keys import inert_reason
from simulation.scenario.scenario import Scenario
from simulation.studies.sensitivity import (
    INERT,
    LIVE,
    NO_REASON,
    UNTESTED,
    Sensitivity,
    difference_between,
    measure_sensitivity,
    metric_effects,
)
from tests.support.places import SMALL_SCENARIO

RUNS = 4
ONE_YEAR = ("end=2000-12-29",)
"""Horizon of the long history here: its ten later years would take an hour."""


@pytest.fixture(scope="module")
def small() -> Scenario:
    return load(SMALL_SCENARIO).scenario


@pytest.fixture(scope="module")
def measured(small: Scenario) -> Sensitivity:
    return measure_sensitivity(small, RUNS)


def check_that_inert_keys_have_reasons_and_stated_ones_are_inert(found: Sensitivity) -> None:
    unexplained = [key.key for key in found.keys if key.state == INERT and key.reason == NO_REASON]
    assert unexplained == []
    stated = [key for key in found.keys if inert_reason(found.scenario, key.moved.key) and key.state != UNTESTED]
    wrongly_stated = [key.key for key in stated if key.state != INERT]
    assert wrongly_stated == []
    assert len(stated) > 20


def test_no_key_of_the_small_scenario_is_dead_without_a_reason(measured: Sensitivity) -> None:
    check_that_inert_keys_have_reasons_and_stated_ones_are_inert(measured)
    assert measured.count(UNTESTED) == 0
    assert measured.count(LIVE) > 30


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", sorted(shipped_files("scenarios")))
def test_no_key_of_a_shipped_scenario_is_dead_without_a_reason(name: str) -> None:
    scenario = load(name, ONE_YEAR if name == "long_history" else ()).scenario
    found = measure_sensitivity(scenario, RUNS, workers=2)
    check_that_inert_keys_have_reasons_and_stated_ones_are_inert(found)
    untested = [key.key for key in found.keys if key.state == UNTESTED]
    assert all(key.endswith("bought_jpy_bn_per_month") for key in untested)


def test_a_surprise_moves_the_yen_and_levels_move_nothing(measured: Sensitivity) -> None:
    states = {key.key: key for key in measured.keys}
    # 5 bp more than was decided: at .14 % per bp, USDJPY falls by .7 % on the day, and stops do the rest.
    effect = states["boj.meetings[0].decision"].difference.effects["usdjpy_change_pct"]  # type: ignore[union-attr]
    assert effect.value < -0.5
    assert effect.is_clear
    for key in ("start_values.jgb10_pct", "start_values.jgb30_pct", "start_values.basis_bp", "boj.bonds_held"):
        assert states[key].state == INERT
        assert "a level" in states[key].reason or "a stock" in states[key].reason


def test_variants_in_one_pass_come_to_the_same_as_alone(small: Scenario, measured: Sensitivity) -> None:
    keys = ("noise.clustering", "populations.carry_funds.leverage_x.median", "markets.usdjpy.stress_slope")
    alone = {key: measure_sensitivity(small, RUNS, [key]).keys[0].to_dict() for key in keys}
    together = {key.key: key.to_dict() for key in measured.keys if key.key in keys}
    assert alone == together


def test_workers_change_nothing(small: Scenario) -> None:
    keys = ["unwind", "noise", "boj.meetings"]
    assert (
        measure_sensitivity(small, RUNS, keys).to_list() == measure_sensitivity(small, RUNS, keys, workers=2).to_list()
    )


def test_effects_are_means_of_paired_differences(small: Scenario) -> None:
    key = "populations.carry_funds.stock_usd_bn"
    found = measure_sensitivity(small, RUNS, [key]).keys[0]
    more = load(SMALL_SCENARIO, [f"{key}=275"]).scenario
    effects = metric_effects(run_ensemble(more, RUNS), run_ensemble(small, RUNS))
    assert found.moved.step == 25.0
    assert found.difference is not None
    assert found.difference.effects == effects


def test_a_stock_beyond_what_is_outstanding_is_tried_downwards() -> None:
    scenario = load(SMALL_SCENARIO, ["markets.bitcoin.size_usd_bn=13"]).scenario
    found = measure_sensitivity(scenario, RUNS, ["populations.carry_funds.stock_usd_bn"]).keys[0]
    assert found.moved.step == -25.0
    assert found.state != UNTESTED


def test_rounding_is_no_difference_and_a_shifted_column_is_a_level(small: Scenario) -> None:
    record = run_ensemble(small, RUNS)
    market = record.market | {
        "usdjpy": record.market["usdjpy"] * (1.0 + 1e-13),
        "jgb2_pct": record.market["jgb2_pct"] + 0.1,
    }
    found = difference_between(replace(record, market=market), record)
    assert found.columns == found.levels == ("jgb2_pct",)
    bent = record.market["jgb2_pct"] + np.linspace(0.0, 1e-6, record.market["jgb2_pct"].shape[1])
    assert not difference_between(replace(record, market=record.market | {"jgb2_pct": bent}), record).is_nothing
