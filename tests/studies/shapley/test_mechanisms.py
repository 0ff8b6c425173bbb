"""Mechanisms are switched off by existing keys, and their Shapley values sum to the total effect."""

import json
from functools import cache

import numpy as np
import pytest

import simulation as cf
from simulation.day.capital_flows import simulate
from simulation.day.recorder import Record
from simulation.investors import ROSTER
from simulation.results.estimates import EstimateWithError
from simulation.results.metrics import METRICS, FinishedRuns
from simulation.results.output_folder import OutputError
from simulation.scenario.scenario import Scenario
from simulation.studies.shapley.shares import Attribution, Mechanisms, MechanismShare, largest_contribution, lower_first
from simulation.studies.shapley.switches import (
    INCENTIVE,
    MARGIN,
    MECHANISM_LABELS,
    MECHANISMS,
    REPATRIATION,
    STOPS,
    SWITCH_OFF_SETTINGS,
    VOLATILITY_TARGET,
    switch_off_settings,
    without_mechanisms,
)
from tests.support.scenarios import COARSE, TWO_WEEKS, official, shipped, shocks

METRIC = {metric.name: metric for metric in METRICS}
CAST = {f"populations.{name}.investors": 6 for name in ("carry_funds", "retail_fx", "yen_borrowers", "life_insurers")}


@cache
def scenario() -> Scenario:
    """A fall of 9 % that triggers stops, with four funds and four other populations."""
    return official(COARSE, shocks({"2025-12-03": 0.09}), TWO_WEEKS)


@cache
def found() -> Mechanisms:
    return cf.mechanisms(scenario(), runs=3, metrics=["usdjpy_trough_pct", "unwound_usd_bn", "unwound_stop_usd_bn"])


def test_shares_add_up_to_all_less_none() -> None:
    for one in found().attributions:
        total = sum(share.value.value for share in one.shares)
        assert total == pytest.approx(one.full.value - one.none.value, abs=1e-9)
        assert one.difference.value == pytest.approx(one.full.value - one.none.value, abs=1e-9)


def test_all_mechanisms_are_the_scenario_itself() -> None:
    record = simulate(scenario(), range(3))
    for one in found().attributions:
        assert one.full.value == pytest.approx(metric_mean(record, one.metric.name))


def metric_mean(record: Record, name: str) -> float:
    values = METRIC[name].per_run(FinishedRuns(record))
    assert values is not None
    return float(values.mean())


def test_worker_processes_give_the_same_numbers() -> None:
    small = official(COARSE, {"populations": {"carry_funds": {"investors": 4}}, "end": "2025-12-03"})
    alone, shared = (cf.mechanisms(small, runs=2, metrics=["usdjpy_trough_pct"], workers=workers) for workers in (1, 2))
    assert alone.to_dict() == shared.to_dict()


def test_unwinding_by_stops_is_attributed_to_stops() -> None:
    stopped = found().attributions[2]
    by_name = {share.mechanism: share for share in stopped.shares}
    assert by_name[STOPS].value.value > 1.0
    assert stopped.none.value == 0.0
    trough = {share.mechanism: share.value.value for share in found().attributions[0].shares}
    assert trough[STOPS] < 0.0


@pytest.mark.parametrize(
    ("mechanism", "cause"),
    [(STOPS, "stop"), (VOLATILITY_TARGET, "volatility_target"), (REPATRIATION, "slow_repatriation")],
)
def test_a_mechanism_that_is_off_unwinds_nothing(mechanism: str, cause: str) -> None:
    whole = shipped("december_2025_official", CAST, {"end": "2025-12-12", "noise.scale_x": 3})
    with_it, off = (simulate(one, [0, 1]) for one in (whole, without_mechanisms(whole, [mechanism])))
    flows = [
        {name: np.abs(table[f"{cause}_usd_bn"]).sum() for name, table in record.flows.items()}
        for record in (with_it, off)
    ]
    assert sum(flows[0].values()) > 0.0
    # Expected savings plans continue without the mechanism.
    assert all(amount == 0.0 for name, amount in flows[1].items() if name != "investment_trusts")


def test_every_switch_is_a_key_of_its_population_and_is_on_by_default() -> None:
    kinds = {kind.Parameters.model_fields["kind"].default: kind for kind in ROSTER}
    whole = shipped("december_2025_official")
    for kind, mechanisms in SWITCH_OFF_SETTINGS.items():
        assert kind in kinds
        assert set(mechanisms) <= set(MECHANISMS)
        for mechanism, keys in mechanisms.items():
            own = whole.model_copy(
                update={"populations": {"one": kinds[kind].Parameters.model_validate({"kind": kind})}}
            )
            turned_off = switch_off_settings(own, mechanism)
            assert set(turned_off) <= {f"populations.one.{key}" for key in keys}
            assert switch_off_settings(without_mechanisms(own, [mechanism]), mechanism) == {}


def test_repatriation_can_be_switched_off_for_every_resident() -> None:
    residents = {kind.Parameters.model_fields["kind"].default for kind in ROSTER if kind.role == "resident"}
    assert {kind for kind, mechanisms in SWITCH_OFF_SETTINGS.items() if REPATRIATION in mechanisms} == residents
    levered = {kind.Parameters.model_fields["kind"].default for kind in ROSTER if kind.role in ("levered", "retail")}
    assert {
        kind for kind, mechanisms in SWITCH_OFF_SETTINGS.items() if MARGIN in mechanisms and INCENTIVE in mechanisms
    } == levered


def test_a_scenario_without_a_mechanism_has_no_share_of_it() -> None:
    alone = official(COARSE, {"populations": {"carry_funds": {"investors": 4}}, "end": "2025-12-03"})
    some = cf.mechanisms(alone, runs=2, metrics=["usdjpy_trough_pct"])
    assert [share.mechanism for share in some.attributions[0].shares] == [MARGIN, STOPS, VOLATILITY_TARGET, INCENTIVE]


def test_text_json_and_figures_agree() -> None:
    content = json.loads(json.dumps(found().to_dict(), allow_nan=False))
    stops = content["metrics"]["usdjpy_trough_pct"]["mechanisms"]["stops"]["value"]
    assert f"{stops['mean']:.2f}" in found().text()
    assert "populations.carry_funds.switches.trailing_stop=false" in found().text()
    drawing = found().drawings["mechanisms_usdjpy_trough_pct"]
    np.testing.assert_allclose(drawing.numbers["value"][:-1].sum(), drawing.numbers["value"][-1])
    standard_error = content["metrics"]["usdjpy_trough_pct"]["mechanisms"]["stops"]["value"]["standard_error"]
    assert standard_error in drawing.numbers["standard_error"]
    assert standard_error > 0.0


def test_impossible_requests_are_rejected() -> None:
    with pytest.raises(OutputError, match="metric 'trough' is unknown; known: levered"):
        cf.mechanisms(scenario(), runs=2, metrics=["trough"])
    with pytest.raises(OutputError, match="at least 2 for a standard error, got 1"):
        cf.mechanisms(scenario(), runs=1)
    with pytest.raises(OutputError, match="thresholds replace the mechanisms"):
        cf.mechanisms(official(COARSE, {"unwind.rule": "threshold"}), runs=2)


def attribution(**values: np.ndarray) -> Attribution:
    """An attribution of the trough with given Shapley values by run."""
    shares = tuple(
        MechanismShare(name, EstimateWithError.of(each), EstimateWithError.of(each), EstimateWithError.of(each), each)
        for name, each in values.items()
    )
    total = EstimateWithError.of(np.sum(list(values.values()), axis=0))
    return Attribution(METRIC["usdjpy_trough_pct"], EstimateWithError(0.0, 0.1), total, total, shares)


def test_title_names_the_largest_contribution_only_where_it_is_clearly_the_largest() -> None:
    draws = np.random.default_rng(2).standard_normal((2, 50))
    noise, other = draws - draws.mean(axis=1, keepdims=True)
    title = largest_contribution(attribution(**{STOPS: -5.0 + noise, MARGIN: 1.0 + other}))
    assert f"largest contribution from {lower_first(MECHANISM_LABELS[STOPS])}, −5.00 ±" in title
    reversed_ = largest_contribution(attribution(**{STOPS: -1.0 + noise, MARGIN: 5.0 + other}))
    assert f"largest contribution from {lower_first(MECHANISM_LABELS[MARGIN])}, +5.00 ±" in reversed_
    alike = largest_contribution(attribution(**{STOPS: -5.0 + noise, MARGIN: 5.05 + other}))
    assert alike.endswith("without a clear difference")
    assert largest_contribution(attribution(**{STOPS: noise, MARGIN: other})).endswith(
        "no mechanism contributes clearly"
    )
