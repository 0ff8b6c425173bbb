"""Each case runs once, verdicts follow from its record, and deterministic results of the shipped ledger."""

import numpy as np
import pytest

from simulation.compute.ensemble import load_scenario, run_ensemble
from simulation.day.capital_flows import simulate
from simulation.day.recorder import Record
from simulation.scenario.config.errors import ConfigError
from simulation.scenario.scenario import Scenario
from simulation.studies.claims.assessment import Assessment, assess, assess_with_runner, case_scenarios
from simulation.studies.claims.comparison import ModelFinding
from tests.studies.claims.conftest import case_of, claim_of, counterpart, ledger_of


def findings(assessment: Assessment, number: int) -> tuple[ModelFinding, ...]:
    return assessment.claims[number - 1].findings


def median(found: ModelFinding) -> float:
    assert found.band.p50 is not None
    return found.band.p50


def test_each_case_is_run_once() -> None:
    ledger = ledger_of(
        claim_of(1, model=[counterpart(), counterpart(case="other")]),
        claim_of(2, model=[counterpart(case="other", against="base")]),
        claim_of(3),
        other=case_of("start_values.ust10_pct=4.5"),
    )
    asked: list[str] = []

    def runner(name: str, scenario: Scenario) -> Record:
        asked.append(name)
        return run_ensemble(scenario, 1)

    found = assess_with_runner(ledger, case_scenarios(ledger), 1, runner)
    assert asked == ["base", "other"]
    outcomes = [[item.outcome for item in one.findings] for one in found.claims]
    assert outcomes == [["agrees", "disagrees"], ["disagrees"], ["agrees"]]
    assert median(findings(found, 2)[0]) == pytest.approx(0.48)


def test_a_number_the_scenario_was_given_is_no_test() -> None:
    given = [counterpart(by_construction=True), counterpart(by_construction=True, judge={"rule": "above", "limit": 5})]
    found = findings(assess(ledger_of(claim_of(1, model=given)), 1), 1)
    assert [item.outcome for item in found] == ["by construction", "disagrees"]


def test_the_official_figure_is_held_against_the_band() -> None:
    told = [counterpart(checks_official=True)]
    inside = findings(assess(ledger_of(claim_of(1, model=told)), 1), 1)
    far = {"value": 5.0, "source": "H.15, 2025", "basis": "official"}
    outside = findings(assess(ledger_of(claim_of(1, model=told, official=far)), 1), 1)
    assert (inside[0].official_inside, outside[0].official_inside) == (True, False)
    assert findings(assess(ledger_of(claim_of(1)), 1), 1)[0].official_inside is None


def test_a_measure_that_cannot_be_taken_names_its_claim() -> None:
    wrong = {"kind": "level", "column": "usdjpy", "day": "2026-12-01"}
    with pytest.raises(ConfigError, match="claim 1: 2026-12-01 is not a day"):
        assess(ledger_of(claim_of(1, model=[counterpart(measure=wrong)])), 1)


def test_seed_and_hash() -> None:
    first, second = assess(ledger_of(claim_of(1)), 1), assess(ledger_of(claim_of(1)), 1, seed=99)
    assert second.scenarios["base"].seed == 99
    assert first.config_hash != second.config_hash
    assert first.config_hash == assess(ledger_of(claim_of(1)), 1).config_hash
    assert first.config_hash != assess(ledger_of(claim_of(1, claim="other words")), 1).config_hash


def test_no_run_of_the_shipped_cases_stops(shipped: Assessment) -> None:
    assert shipped.stopped == {}
    assert len(shipped.claims) == 47


def test_threshold_rule_gives_the_anchor_and_the_own_rules_far_less(shipped: Assessment) -> None:
    threshold, structural, home = findings(shipped, 28)
    assert (threshold.band.p10, threshold.band.p90) == pytest.approx((1200, 1200), abs=50)
    assert threshold.outcome == "by construction"
    assert median(structural) < 500
    assert median(home) < 300
    assert structural.outcome == home.outcome == "disagrees"


def test_all_of_it_levered_would_feed_on_itself(shipped: Assessment) -> None:
    levered, mostly_slow = findings(shipped, 5)
    assert median(levered) > 2 > 1 > median(mostly_slow) > 0
    assert (levered.outcome, mostly_slow.outcome) == ("disagrees", "agrees")


def test_odds_and_stance(shipped: Assessment) -> None:
    (odds,), (stance,) = findings(shipped, 7), findings(shipped, 38)
    assert median(odds) == pytest.approx(0.78, abs=0.01)
    assert median(stance) == pytest.approx(-0.25)
    assert odds.outcome == stance.outcome == "by construction"


def test_the_interest_bill_rises_in_the_end_not_at_once(shipped: Assessment) -> None:
    soon, late = findings(shipped, 42)
    assert (soon.outcome, late.outcome) == ("disagrees", "agrees")
    assert median(soon) < 1000 < 8000 < median(late) < 8300


def test_small_sales_do_not_move_the_treasury_market(shipped: Assessment) -> None:
    (moved,) = findings(shipped, 36)
    assert 0 < median(moved) < 2
    assert moved.outcome == "disagrees"


def test_a_surprise_is_worse_for_equities_and_less_than_was_said(shipped: Assessment) -> None:
    day, later = findings(shipped, 45)
    assert -2.3 < median(later) < median(day) < 0


def test_clear_guidance_is_firmer_for_the_yen(shipped: Assessment) -> None:
    vague, wages = findings(shipped, 47)
    assert median(vague) < -0.5
    assert median(wages) > 0.5
    assert vague.outcome == wages.outcome == "agrees"


def test_fifty_trillion_are_refused() -> None:
    scenario = load_scenario("december_2025_official", ["populations.carry_funds.stock_usd_bn=50000"])
    with pytest.raises(ValueError, match="more of bitcoin than is outstanding"):
        simulate(scenario, np.arange(1).tolist())
