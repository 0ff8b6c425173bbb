"""Reaction functions by hand: determinants of the probabilities of a decision, and stress pauses."""

import itertools
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest

from simulation.day.officials import LONG_AGO, Officials, boj_path, expected_stress, fed_path, stress_pause_surprise
from simulation.policy.rate_paths import BojMemory, ExpectedPath, mean_rate
from simulation.policy.reaction import (
    FED_GRID,
    BojReaction,
    Conditions,
    FedReaction,
    calm_conditions,
    draw_decision,
    hike_log_odds,
    hike_probability,
    taylor_odds,
    taylor_rate,
)
from simulation.values.conventions import BASIS_POINT, Array, column, day_number
from tests.support.scenarios import CALM, COARSE, Changes, official

NEUTRAL = BojReaction(core_inflation_pct=2.0, wage_growth_pct=4.5)
AT_150 = calm_conditions(150.0, -0.0025, 1)
MEETINGS = [{"date": "2025-12-19"}, {"date": "2026-01-23"}, {"date": "2026-03-19"}]
YEAR = [
    {"date": day}
    for day in (
        "2025-12-19",
        "2026-01-23",
        "2026-03-19",
        "2026-04-28",
        "2026-06-16",
        "2026-07-31",
        "2026-09-18",
        "2026-10-30",
    )
]
RULE: Changes = {"boj.meetings": MEETINGS, "boj.reaction": {"kind": "hazard"}, "end": "2026-03-31"}


def now(**changes: float) -> Conditions:
    return replace(AT_150, **{name: column(value, 1) for name, value in changes.items()})


def log_odds(rule: BojReaction = NEUTRAL, **changes: float) -> float:
    return float(hike_log_odds(rule, now(**changes))[0, 0])


def test_at_the_anchor_one_meeting_in_four_hikes() -> None:
    assert log_odds() == -1.1
    never = np.zeros((1, 1), dtype=np.bool_)
    assert hike_probability(column(-1.1, 1), never, never, 3.0)[0, 0] == pytest.approx(0.25, abs=0.001)


@pytest.mark.parametrize(
    ("given", "changes", "expected"),
    [
        ({"core_inflation_pct": 3.0}, {}, 0.6),  # .6 logits per pp above 2 %
        ({"wage_growth_pct": 5.25}, {}, 0.375),  # .5 per pp above 4.5 %
        ({}, {"usdjpy": 160.0}, 0.8),  # .8 per ten yen above 150
        ({}, {"stress": 1.5}, -1.0),  # -2 per unit above one
        ({}, {"interest_bill_share": 0.005}, -0.5),  # -1 per percent of GDP
        ({"core_inflation_pct": 1.0, "wage_growth_pct": 1.0}, {"usdjpy": 120.0, "stress": 0.6}, 0.0),
        ({"core_inflation_pct": 3.0}, {"usdjpy": 155.0, "stress": 2.0, "interest_bill_share": 0.01}, 0.6 + 0.4 - 3.0),
    ],
)
def test_log_odds_of_a_hike_by_hand(given: dict[str, float], changes: dict[str, float], expected: float) -> None:
    rule = NEUTRAL.model_copy(update=given)
    assert log_odds(rule, **changes) - log_odds() == pytest.approx(expected, abs=1e-12)


def test_a_recent_hike_costs_three_logits_and_a_pause_everything() -> None:
    yes, no = np.ones((1, 1), dtype=np.bool_), np.zeros((1, 1), dtype=np.bool_)
    free = float(hike_probability(column(0.7, 1), no, no, 3.0)[0, 0])
    recent = float(hike_probability(column(0.7, 1), yes, no, 3.0)[0, 0])
    assert np.log(free / (1 - free)) - np.log(recent / (1 - recent)) == pytest.approx(3.0, rel=1e-9)
    assert hike_probability(column(0.7, 1), no, yes, 3.0)[0, 0] == 0.0


def chances(memory: BojMemory, conditions: Conditions = AT_150, *changes: Changes) -> Array:
    """Probability of a hike at each of three meetings, as the market holds them on 1 December 2025."""
    scenario = official(CALM, COARSE, RULE, *changes)
    officials = Officials(scenario, [0], np.array(["2025-11-28", "2025-12-01"], dtype="datetime64[D]"))
    path = boj_path(officials.boj.path, scenario.boj, memory, conditions, day_number(scenario.start) + 3)
    return np.array([item.probabilities[0, -1] for item in path.pending])


def memory(last_hike: float = LONG_AGO, paused_until: float = LONG_AGO) -> BojMemory:
    return BojMemory(column(last_hike, 1), column(paused_until, 1))


def by_tree(log_odds: float, days: list[int], window: float) -> list[float]:
    """Chance of a hike at each meeting, by every sequence of hikes and holds."""
    totals = [0.0] * len(days)
    for hikes in itertools.product([False, True], repeat=len(days)):
        weight, last, each = 1.0, LONG_AGO, []
        for day, hike in zip(days, hikes, strict=True):
            odds = 1.0 / (1.0 + np.exp(-(log_odds - 3.0 * (day - last < window))))
            weight *= odds if hike else 1.0 - odds
            last = day if hike else last
            each.append(weight)
        totals = [total + weight * hike for total, hike in zip(totals, hikes, strict=True)]
    return totals


def test_the_market_expects_what_the_rule_brings() -> None:
    first, second, third = chances(memory())
    alone, after = first, 1.0 / (1.0 + np.exp(-(np.log(first / (1 - first)) - 3.0)))
    assert second == pytest.approx(first * after + (1 - first) * alone, rel=1e-12)
    assert third < second < first
    days = [day_number(date.fromisoformat(item["date"])) for item in YEAR]
    found = chances(memory(), AT_150, {"boj.meetings": YEAR, "end": "2026-12-31"})
    log_odds = float(hike_log_odds(BojReaction(), AT_150)[0, 0])
    assert found == pytest.approx(by_tree(log_odds, days, 5 / 12 * 365.25), rel=1e-12)


@pytest.mark.parametrize("priced", [0.0, 0.3, 1.0])
def test_a_decision_that_is_given_counts_as_a_hike_at_its_odds(priced: float) -> None:
    given = {"decision": "25bp", "step": "25bp", "priced_probability": priced}
    found = chances(memory(), AT_150, {"boj.meetings": [MEETINGS[0] | given, *MEETINGS[1:]]})[1]
    free, held = chances(memory())[0], chances(memory(last_hike=float(day_number(date(2025, 12, 1)))))[1]
    assert found == pytest.approx(priced * held + (1 - priced) * free, rel=1e-9)


def test_a_hike_counts_as_recent_for_five_months() -> None:
    free = chances(memory())
    # On 1 October: 79 and 114 days before the first meetings are within 152 days, 169 days before the third are not.
    held = chances(memory(last_hike=float(np.datetime64("2025-10-01", "D").astype(int))))
    assert (held[:2] < 0.2 * free[:2]).all()
    assert held[2] > free[2]  # it may still come, since nothing has happened before


def test_no_hike_is_expected_during_a_pause() -> None:
    until = float(np.datetime64("2026-02-15", "D").astype(int))
    held = chances(memory(paused_until=until))
    assert held[:2].tolist() == [0.0, 0.0]
    assert held[2] == pytest.approx(chances(memory())[0], rel=1e-12)


def test_signals_tilt_the_odds_of_a_rule() -> None:
    signal = [{"date": "2025-12-01", "strength": 1.0}]
    with_signal: Changes = {"boj.meetings": [MEETINGS[0] | {"signals": signal}, *MEETINGS[1:]]}
    before, after = chances(memory())[0], chances(memory(), AT_150, with_signal)[0]
    # One standard signal is k = .8 logits.
    assert np.log(after / (1 - after)) - np.log(before / (1 - before)) == pytest.approx(0.8, rel=1e-9)


@pytest.mark.parametrize(("fall_pct", "paused"), [(9.9, False), (10.1, True)])
def test_a_fall_of_equities_by_ten_percent_pauses_the_bank_and_softens_its_words(fall_pct: float, paused: bool) -> None:
    scenario = official(CALM, COARSE, RULE, {"boj.guidance": "six_monthly"})
    officials = Officials(scenario, [0], np.array(["2025-11-28", "2025-12-01"], dtype="datetime64[D]"))
    held, today = memory(), day_number(scenario.start) + 3
    fallen = now(equity_fall=-np.log1p(-fall_pct / 100))
    surprise = float(stress_pause_surprise(officials.boj, held, fallen, today)[0, 0])
    if not paused:
        assert surprise == 0.0
        assert held.paused_until[0, 0] == LONG_AGO
        return
    assert surprise < -1 * BASIS_POINT
    assert held.paused_until[0, 0] == today + 90
    # While it holds, a further fall is no further news.
    assert stress_pause_surprise(officials.boj, held, fallen, today + 1)[0, 0] == 0.0


def test_taylor_rate_by_hand() -> None:
    # 1 + 2.8 + .5 (2.8 - 2) - 1 (4.4 - 4.2) = 4.0 %.
    assert taylor_rate(FedReaction()) == pytest.approx(0.040, rel=1e-12)
    assert taylor_rate(FedReaction(unemployment_pct=5.2)) == pytest.approx(0.032, rel=1e-12)
    assert taylor_rate(FedReaction(core_inflation_pct=3.8)) == pytest.approx(0.055, rel=1e-12)


SHARP: dict[str, Any] = {"inertia": 0.0, "uncertainty_bp": 1.0}


@pytest.mark.parametrize(
    ("rate_pct", "stress", "decision_bp"),
    [(4.0, 1.0, 0.0), (3.75, 1.0, 25.0), (4.25, 1.0, -25.0), (2.0, 1.0, 50.0), (4.0, 2.25, -25.0), (4.0, 0.5, 0.0)],
)
def test_the_fed_moves_towards_the_rule_and_eases_in_stress(rate_pct: float, stress: float, decision_bp: float) -> None:
    odds = taylor_odds(FedReaction(**SHARP), column(rate_pct / 100, 1), now(stress=stress))
    assert odds.sum() == pytest.approx(1.0, abs=1e-12)
    assert FED_GRID[int(odds.argmax())] == pytest.approx(decision_bp * BASIS_POINT)
    assert odds.max() > 0.999


def test_an_inertial_fed_splits_the_odds() -> None:
    # At 4.0 % the rule wants nothing: the rest of 12 bp is symmetric; 12.5 bp is 1.04 sd.
    odds = taylor_odds(FedReaction(), column(0.04, 1), AT_150)[0]
    np.testing.assert_allclose(odds, odds[::-1], atol=1e-12)
    assert odds[2] == pytest.approx(0.702, abs=0.001)
    # 6 % of the way from 3 % to 4 % is 6 bp.
    below = taylor_odds(FedReaction(), column(0.03, 1), AT_150)[0]
    assert float(below @ FED_GRID) == pytest.approx(6 * BASIS_POINT, rel=0.02)


def fed_under_rule(meetings: list[dict[str, Any]], today: str, *, stress: float) -> tuple[ExpectedPath, ExpectedPath]:
    """The expected path before and after the rule sets its odds, as seen on a day of a given stress."""
    scenario = official(CALM, COARSE, {"fed.meetings": meetings, "fed.reaction": {"kind": "taylor"}})
    before = Officials(scenario, [0], np.array(["2025-11-28", "2025-12-01"], dtype="datetime64[D]")).fed.path
    return before, fed_path(before, scenario.fed, now(stress=stress), day_number(date.fromisoformat(today)))


def test_meetings_left_to_the_rule_get_its_odds() -> None:
    given = {"date": "2026-01-28", "decision": "-25bp", "priced_probability": 0.3}
    meetings: list[dict[str, Any]] = [{"date": "2025-12-10"}, given]
    before, path = fed_under_rule(meetings, "2025-12-10", stress=3.0)
    wanted = taylor_odds(FedReaction(), before.rate, now(stress=3.0))
    np.testing.assert_allclose(path.pending[0].probabilities, wanted, rtol=1e-12)
    np.testing.assert_array_equal(path.pending[1].probabilities, before.pending[1].probabilities)


def test_stress_is_expected_to_fade() -> None:
    # .94^22 = .2563 of 3^2 - 1 = 8 is left after a month: sqrt(1 + 2.051) = 1.747.
    assert expected_stress(column(3.0, 1), 22.0)[0, 0] == pytest.approx(1.747, abs=0.001)
    assert expected_stress(column(3.0, 1), 0.0)[0, 0] == pytest.approx(3.0, rel=1e-12)
    assert expected_stress(column(0.5, 1), 500.0)[0, 0] == pytest.approx(1.0, abs=1e-12)


def test_a_later_meeting_is_judged_from_the_rate_that_earlier_ones_lead_to() -> None:
    cut = {"date": "2025-12-10", "decision": "-25bp", "step": "-25bp", "priced_probability": 1.0}
    meetings: list[dict[str, Any]] = [cut, {"date": "2026-01-28"}]
    before, path = fed_under_rule(meetings, "2025-11-28", stress=1.0)
    wanted = taylor_odds(FedReaction(), before.rate - 25 * BASIS_POINT, now(stress=1.0))
    np.testing.assert_allclose(path.pending[1].probabilities, wanted, rtol=1e-12)


def test_a_day_of_stress_is_not_priced_at_every_meeting_to_come() -> None:
    meetings: list[dict[str, Any]] = [
        {"date": day} for day in ("2025-12-10", "2026-01-28", "2026-03-18", "2026-04-29", "2026-06-17")
    ]
    paths = {stress: fed_under_rule(meetings, "2025-12-01", stress=stress)[1] for stress in (1.0, 2.0)}
    today = day_number(date(2025, 12, 1))
    fall = float((mean_rate(paths[1.0], today, 2.0) - mean_rate(paths[2.0], today, 2.0))[0, 0])
    # 20 bp (1.74 - 1) at the first meeting, 20 bp (1.12 - 1) at the second, hardly anything later.
    assert 10 * BASIS_POINT < fall < 20 * BASIS_POINT


def test_decisions_are_drawn_by_their_odds() -> None:
    uniform = (np.arange(1000) + 0.5)[:, None] / 1000
    odds = np.tile([0.2, 0.5, 0.3], (1000, 1))
    found = draw_decision(odds, np.array([-25.0, 0.0, 25.0]), uniform)[:, 0]
    assert [int((found == step).sum()) for step in (-25.0, 0.0, 25.0)] == [200, 500, 300]
