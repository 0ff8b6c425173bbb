"""Effects: paired differences with the same news, and the sentence that states them."""

import json
from pathlib import Path

import numpy as np
import pytest

from simulation.compute.ensemble import load_counterfactual, load_scenario, run, run_effects, run_ensemble
from simulation.results.effects import Effect, Effects, effect_sentence, effects_from_table, paired_effect
from simulation.results.metrics import ANNOUNCEMENT_UNWIND, FinishedRuns, announcement_days, metric_values
from simulation.results.output_folder import OutputError
from simulation.results.run_results import read_run
from simulation.scenario.config import ConfigError
from simulation.scenario.counterfactual import effect_obstacle, without_policy
from simulation.scenario.scenario import Scenario
from simulation.values.given_news import GivenNews
from tests.support.scenarios import shipped

RUNS = 6


@pytest.fixture(scope="module")
def official() -> Scenario:
    return shipped("december_2025_official")


def test_the_standard_error_is_that_of_paired_differences() -> None:
    level, other = np.array([1.0, 2.0, 6.0]), np.array([0.0, 2.0, 4.0])
    effect = paired_effect(level, other)
    assert effect.mean == pytest.approx(1.0)
    assert effect.se == pytest.approx(1.0 / np.sqrt(3.0))
    assert (effect.p10, effect.p90) == pytest.approx((0.2, 1.8))
    assert not effect.is_clear


def test_without_policy_the_start_and_the_draws_stay(official: Scenario) -> None:
    given, rest = (run_ensemble(one, 2) for one in (official, without_policy(official)))
    for name, values in given.market.items():
        np.testing.assert_array_equal(values[:, 0], rest.market[name][:, 0], err_msg=name)
    first = [meeting.date for meeting in official.boj.meetings]
    signals = [signal.date for meeting in official.boj.meetings for signal in meeting.signals]
    quiet = given.dates < np.datetime64(min(first + signals + [meeting.date for meeting in official.fed.meetings]))
    assert quiet.sum() >= 1
    np.testing.assert_array_equal(given.market["bitcoin_usd"][:, quiet], rest.market["bitcoin_usd"][:, quiet])


def test_without_policy_rates_and_odds_stay(official: Scenario) -> None:
    rest = run_ensemble(without_policy(official), 2)
    for name in ("fed_rate_pct", "boj_rate_pct", "boj_move_probability"):
        assert np.ptp(rest.market[name], axis=1).max() == 0.0, name
    assert rest.market["boj_move_probability"][0, 0] > 0.0


def test_a_scenario_without_policy_has_no_effect(official: Scenario) -> None:
    rest = without_policy(official)
    effects = run_effects(run_ensemble(rest, 3), load_counterfactual(rest, "no_policy"))
    assert effects is not None
    assert all((effect.mean, effect.se) == (0.0, 0.0) for effect in effects.by_metric.values())
    assert effect_sentence(effects).startswith("The scenario equals its counterfactual no_policy")


def test_effects_are_differences_of_the_metrics_run_by_run(official: Scenario) -> None:
    result = run(official, runs=RUNS)
    table = result.effect()
    levels = metric_values(result.record)
    others = metric_values(run_ensemble(without_policy(official), RUNS))
    for name in ("levered_unwind_usd_bn", "usdjpy_change_pct", "cascade_days"):
        level, other = levels[name], others[name]
        assert level is not None
        assert other is not None
        rows = table[table["metric"] == name]
        np.testing.assert_array_equal(rows["effect"], level - other)
        assert list(rows["run"]) == list(range(RUNS))
    found = json.loads(json.dumps(result.summary().to_dict()))
    levered = found["metrics"]["levered_unwind_usd_bn"]
    assert set(levered["effect"]) == {"mean", "se", "p10", "p90"}
    twin = found["counterfactual"]["metrics"]["levered_unwind_usd_bn"]
    assert levered["mean"] - twin["mean"] == pytest.approx(levered["effect"]["mean"])
    assert found["counterfactual"]["name"] == "no_policy"


def test_workers_change_no_effect(official: Scenario) -> None:
    record = run_ensemble(official, RUNS)
    counterfactual = load_counterfactual(official, "no_policy")
    alone, together = (run_effects(record, counterfactual, workers) for workers in (1, 2))
    assert alone is not None
    assert together is not None
    assert alone.table().equals(together.table())


def test_days_of_announcements_are_meetings_statements_and_signals(official: Scenario) -> None:
    record = run_ensemble(official, 1)
    days = {str(day) for day in record.dates[announcement_days(record)]}
    meetings = {str(meeting.date) for bank in (official.fed, official.boj) for meeting in bank.meetings}
    signals = {str(s.date) for bank in (official.fed, official.boj) for m in bank.meetings for s in m.signals}
    assert days == (meetings | signals) & {str(day) for day in record.dates}
    finished = FinishedRuns(record)
    levered = finished.flow("unwound_usd_bn", finished.populations("levered"))
    expected = levered[:, announcement_days(record)].sum(axis=1)
    found = metric_values(record)[ANNOUNCEMENT_UNWIND]
    assert found is not None
    np.testing.assert_allclose(found, expected)


def test_a_folder_keeps_its_effects(official: Scenario, tmp_path: Path) -> None:
    result = run(official, runs=3)
    again = read_run(result.save(tmp_path / "run", figures=False))
    assert again.effect().equals(result.effect())
    assert again.summary().to_dict() == result.summary().to_dict()
    alone = run(official, runs=2, against="none")
    with pytest.raises(OutputError, match="against='no_policy'"):
        alone.effect()


def test_announcement_days_of_both_are_those_of_the_scenario(official: Scenario, tmp_path: Path) -> None:
    quiet = tmp_path / "quiet.yaml"
    quiet.write_text("extends: december_2025_official\nname: quiet\nfed: {meetings: []}\nboj: {meetings: []}\n")
    record = run_ensemble(official, 3)
    effects = run_effects(record, load_counterfactual(official, str(quiet)))
    assert effects is not None
    other = FinishedRuns(run_ensemble(load_scenario(str(quiet)), 3))
    levered = other.flow("unwound_usd_bn", other.populations("levered"))
    expected = levered[:, announcement_days(record)].sum(axis=1)
    assert np.abs(expected).max() > 0.0
    np.testing.assert_allclose(effects.counterfactual_levels[ANNOUNCEMENT_UNWIND], expected)


def test_an_unknown_counterfactual_is_refused_with_the_nearest_name(official: Scenario) -> None:
    with pytest.raises(ConfigError, match="no_policy"):
        load_counterfactual(official, "no_polcy")
    assert load_counterfactual(official, None).scenario is None


def test_given_yields_that_contain_policy_leave_no_effect() -> None:
    news = GivenNews.model_validate({"date": "2025-12-19", "jgb2": "5bp"})
    scenario = shipped("december_2025_official").model_copy(update={"news": (news,)})
    reason = effect_obstacle(scenario)
    assert reason is not None
    assert "2025-12-19" in reason
    result = run(scenario, runs=1)
    assert result.effects is None
    assert reason in " ".join(result.summary().notes)


def effects_with(levered: list[float], usdjpy: list[float]) -> Effects:
    zero = np.zeros(len(levered))
    levels = {"levered_unwind_usd_bn": np.array(levered), "usdjpy_change_pct": np.array(usdjpy)}
    return Effects("no_policy", np.arange(len(levered)), levels, dict.fromkeys(levels, zero))


@pytest.mark.parametrize(("levered", "words"), [
    ([9.0, 10.0, 11.0], "Policy unwinds 10.0 $bn of levered carry (unwound: +10.0 ± 0.6 $bn"),
    ([-9.0, -10.0, -11.0], "Policy adds 10.0 $bn of levered carry (unwound: −10.0 ± 0.6 $bn"),
    ([-9.0, 10.0, 1.0], "Policy does not clearly change levered carry"),
])  # fmt: skip
def test_the_sentence_follows_the_numbers(levered: list[float], words: str) -> None:
    assert effect_sentence(effects_with(levered, [1.0, 1.1, 1.2])).startswith(words)
    assert "moves USDJPY (+1.10 ± 0.06 %)" in effect_sentence(effects_with(levered, [1.0, 1.1, 1.2]))
    assert "does not clearly move USDJPY" in effect_sentence(effects_with(levered, [1.0, -1.1, 0.2]))


def test_pairs_read_back_give_the_same_effects() -> None:
    effects = effects_with([1.0, 2.0, 3.0], [0.1, 0.2, 0.3])
    again = effects_from_table(effects.table(), "no_policy")
    assert again.by_metric == effects.by_metric
    assert again.by_metric["levered_unwind_usd_bn"] == Effect(2.0, 1.0 / np.sqrt(3.0), 1.2, 2.8)
