"""Out-of-sample evaluation: evaluation runs are not fitted, noise does not predict, and the model's indicators do."""

from dataclasses import replace

import numpy as np
import pytest

from simulation.compute.ensemble import run_ensemble, with_seed
from simulation.scenario.config.loading import load
from simulation.studies.early_warning.evaluation import (
    INDEX,
    LeadStatistics,
    TooFewCascadesError,
    alarm_threshold,
    lead_statistics_by_score,
)
from simulation.studies.early_warning.panel import (
    BENCHMARK,
    INDICATORS,
    Panel,
    PanelSplit,
    panel_from_record,
    split_by_run,
)
from tests.studies.early_warning.conftest import panel_with


def noise(runs: int, days: int, seed: int, signal: float = 0.0) -> Panel:
    """Indicators of pure noise, all but one; crowding is moved by `signal` standard deviations before an event."""
    random = np.random.default_rng(seed)
    run, event = np.repeat(np.arange(runs), days), random.random(runs * days) < 0.15
    scores = {each.column: random.standard_normal(run.size) for each in (*INDICATORS, BENCHMARK)}
    scores["crowding_share"] = scores["crowding_share"] + signal * event
    return panel_with(run, event, scores)


def test_a_threshold_by_hand() -> None:
    # From .6 on: 2 of 3 hits and no false alarm; from .3 on: all hits and half of the false alarms.
    score = np.array([0.9, 0.6, 0.5, 0.3, 0.1])
    assert alarm_threshold(score, np.array([True, True, False, True, False])) == 0.6
    assert alarm_threshold(np.repeat(0.5, 4), np.array([True, False, True, False])) == 0.5


def test_noise_does_not_lead_although_it_fits() -> None:
    split = split_by_run(noise(40, 10, 8))
    found = lead_statistics_by_score(split, 5)
    assert not found[INDEX].is_clear
    # In the training runs the same index looks like a signal.
    swapped = lead_statistics_by_score(
        PanelSplit(split.training, replace(split.training, run=split.training.run + 1)), 5
    )
    assert swapped[INDEX].auc > found[INDEX].auc + 0.04


def test_a_signal_leads_and_the_index_finds_it() -> None:
    found = lead_statistics_by_score(split_by_run(noise(40, 50, 2, signal=1.0)), 5)
    # Two normals one standard deviation apart: Phi(1 / sqrt 2) = .76.
    assert found["crowding_share"].auc == pytest.approx(0.76, abs=0.04)
    assert found["crowding_share"].low > 0.68
    assert found[INDEX].auc == pytest.approx(found["crowding_share"].auc, abs=0.03)
    assert found["crowding_share"].hit_rate > found["crowding_share"].false_alarm_rate + 0.25
    assert not found["loop_gain"].is_clear


def test_which_direction_warns_is_not_fitted() -> None:
    # A distance that is larger before a cascade has an area below one half.
    panel = noise(40, 50, 2)
    wrong = panel.values["tipping_distance_pct"] + 2.0 * panel.event(5)
    found = lead_statistics_by_score(
        split_by_run(replace(panel, values=dict(panel.values) | {"tipping_distance_pct": wrong})), 5
    )
    assert found["tipping_distance_pct"].auc < 0.2


def rates(found: dict[str, LeadStatistics]) -> dict[str, float]:
    return {name: lead.alarm_share for name, lead in found.items()}


def test_what_follows_in_evaluation_runs_is_not_used() -> None:
    # Scores and thresholds are the same whatever happens in the evaluation runs: the same closes are alarmed.
    split = split_by_run(noise(40, 50, 2, signal=1.0))
    ahead = np.random.default_rng(0).permutation(split.evaluation.days_to_cascade)
    shuffled = PanelSplit(split.training, replace(split.evaluation, days_to_cascade=ahead))
    assert rates(lead_statistics_by_score(shuffled, 5)) == rates(lead_statistics_by_score(split, 5))
    assert lead_statistics_by_score(shuffled, 5)["crowding_share"].auc == pytest.approx(0.5, abs=0.06)


@pytest.mark.parametrize("part", ["training", "evaluation"])
def test_a_part_without_a_cascade_is_named(part: str) -> None:
    split = split_by_run(noise(10, 20, 1))
    quiet = replace(getattr(split, part), days_to_cascade=np.full(getattr(split, part).run.size, 21))
    with pytest.raises(TooFewCascadesError, match=f"0 of 100 closes of the {part} runs"):
        lead_statistics_by_score(replace(split, **{part: quiet}), 5)


@pytest.fixture(scope="module")
def across_seeds() -> PanelSplit:
    """Training runs of the shipped scenario with one seed, evaluation runs with another."""
    scenario = load("december_2025_official").scenario
    training, evaluation = (panel_from_record(run_ensemble(with_seed(scenario, seed), 64)) for seed in (11, 12))
    return split_by_run(training, evaluation)


@pytest.mark.slow
def test_indicators_lead_cascades_of_another_seed_by_more_than_noise(across_seeds: PanelSplit) -> None:
    found = lead_statistics_by_score(across_seeds, 5)
    for name in ("cascade_distance_pct", "crowding_share", INDEX):
        assert found[name].low > 0.5, name
        assert found[name].within_runs > 0.55, name
        assert found[name].within_days > 0.55, name


@pytest.mark.slow
def test_knowing_balance_sheets_is_worth_more_than_volatility(across_seeds: PanelSplit) -> None:
    found = lead_statistics_by_score(across_seeds, 5)
    assert found[INDEX].auc > found[BENCHMARK.column].auc + 0.05


@pytest.mark.slow
def test_a_lead_fades_with_the_horizon(across_seeds: PanelSplit) -> None:
    areas = [lead_statistics_by_score(across_seeds, horizon)["cascade_distance_pct"].auc for horizon in (2, 5, 20)]
    assert areas[0] > areas[1] > areas[2] > 0.5


@pytest.mark.slow
def test_a_gain_of_one_is_out_of_reach_before_most_cascades(across_seeds: PanelSplit) -> None:
    # An honest negative: the distance to it stands at its cap and tells days no better apart than a coin.
    panel = across_seeds.evaluation
    assert (panel.values["tipping_distance_pct"] == 10.0).mean() > 0.97
    assert lead_statistics_by_score(across_seeds, 5)["tipping_distance_pct"].auc == pytest.approx(0.5, abs=0.03)
