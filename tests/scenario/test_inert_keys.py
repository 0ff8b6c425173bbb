"""What is certain before anything runs: keys that a field calls inert, and keys that the scenario itself turns off."""

import pytest

from simulation.scenario.config.loading import load
from simulation.scenario.inert_keys import inert_reason, level_reason, stated_reasons, turned_off_reasons
from simulation.scenario.numeric_keys import numeric_keys
from simulation.scenario.scenario import Scenario


def reason_of(key: str, *settings: str) -> str | None:
    scenario = load("december_2025_official", settings).scenario
    return inert_reason(scenario, next(one for one in numeric_keys(scenario) if one.key == key))


@pytest.mark.parametrize(
    ("key", "off", "said", "on"),
    [
        ("unwind.anchor_share", "seed=1", "structural", "unwind.rule=threshold"),
        ("markets.bitcoin.thin_factor_x", "thin_periods=[]", "no thin period", "seed=1"),
        ("fed.signal_multiplier", "seed=1", "no signal", "fed.meetings[0].signals=[{date: 2025-12-01, strength: 1}]"),
        ("boj.meetings[1].decision", "end=2026-01-20", "after the end", "seed=1"),
        ("boj.guidance_regimes.hawkish.step", "seed=1", "announces the regime hawkish", "boj.meetings[1].guidance=hawkish"),
        ("noise.student_t_df", "noise.scale_x=0", "scale_x is 0", "seed=1"),
        ("markets.ust10.decay_pct_per_day", "seed=1", "lasting_share is 1", "markets.ust10.lasting_share=0.5"),
        (
            "populations.yen_borrowers.margin.days", "seed=1", "switches.margin is false",
            "populations.yen_borrowers.switches.margin=true",
        ),
        ("boj.meetings[0].signals[0].strength", "policy=none", "policy is none", "seed=1"),
    ],
)  # fmt: skip
def test_a_reason_comes_and_goes_with_what_causes_it(key: str, off: str, said: str, on: str) -> None:
    reason = reason_of(key, off)
    assert reason is not None
    assert said in reason
    assert reason_of(key, on) is None


def test_without_policy_the_odds_stay_in_the_expected_path() -> None:
    assert reason_of("boj.meetings[0].priced_probability", "policy=none") is None


def levels(scenario: Scenario) -> list[str]:
    return [key.key for key in numeric_keys(scenario) if level_reason(scenario, key)]


def test_levels_at_the_start_are_told_unless_a_rule_reads_the_spread() -> None:
    named = ["start_values.ust10_pct", "start_values.jgb10_pct", "start_values.basis_bp"]
    assert levels(load("december_2025_official").scenario) == named
    assert levels(load("december_2025_official", ["unwind.rule=threshold"]).scenario) == []
    assert levels(load("december_2025_official", ["spread_path={target_pp: 1.5}"]).scenario) == []


def test_a_table_has_a_reason_where_all_its_keys_have_one() -> None:
    scenario = load("december_2025_official").scenario
    told = stated_reasons(scenario, ["unwind", "start_values", "boj.bonds_held", "boj", "name"])
    assert list(told) == ["unwind", "boj.bonds_held"]


def test_facts_that_a_file_records_are_not_called_turned_off() -> None:
    scenario = load("december_2025_official").scenario
    keys = ["start_values.jgb30_pct", "boj.bonds_held", "unwind.exit_days"]
    assert list(turned_off_reasons(scenario, keys)) == ["unwind.exit_days"]
