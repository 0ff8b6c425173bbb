"""Captions say what the scenario gives, with the odds that its signals leave."""

from __future__ import annotations

import numpy as np

import simulation as cf
from simulation.pages.explore.content import PageEvent, page_events
from simulation.values.conventions import business_days


def captions(*settings: str) -> dict[str, PageEvent]:
    scenario = cf.load_scenario("december_2025_official", settings)
    dates = business_days(scenario.start, scenario.end)
    return {str(np.datetime64(dates[one.day], "D")): one for one in page_events(scenario, dates)}


def test_signals_move_the_odds_to_what_was_seen() -> None:
    found = captions()
    assert "hike on 19 December: 78 %" in found["2025-12-01"].words
    assert "90 %" in found["2025-12-04"].words
    assert "95 %" in found["2025-12-16"].words
    assert "a 25 bp hike was priced at 95 %. Guidance: vague." in found["2025-12-19"].words


def test_decisions_are_told_and_marked() -> None:
    found = captions("boj.meetings[0].decision=50bp")
    assert found["2025-12-10"].words.startswith("The Fed cuts its rate by 25 bp; a 25 bp cut was priced at 87 %.")
    assert "raises its rate by 50 bp" in found["2025-12-19"].words
    assert found["2025-12-19"].mark == "BOJ +50 bp"
    assert found["2026-01-28"].words == "The Fed leaves its rate where it is; a 25 bp cut was priced at 15 %."
    assert [one.mark for one in found.values() if one.mark] == ["Fed −25 bp", "BOJ +50 bp", "BOJ holds", "Fed holds"]


def test_captions_begin_large_and_say_guidance_as_the_slider_does() -> None:
    found = captions("boj.meetings[0].guidance=six_monthly")
    assert found["2025-12-04"].words.startswith("Press reports of a planned hike; odds")
    assert found["2025-12-19"].words.endswith("Guidance: a step every six months.")


def test_two_happenings_of_a_day_stand_together() -> None:
    found = captions("fed.meetings[0].date=2025-12-19")
    assert "The Fed cuts" in found["2025-12-19"].words
    assert "The Bank of Japan raises" in found["2025-12-19"].words
    assert found["2025-12-19"].mark == "BOJ +25 bp, Fed −25 bp"


def test_the_story_opens_and_ends() -> None:
    plain, narrowing = captions(), captions("spread_path={target_pp: 1.5}")
    assert plain["2025-11-28"].words == "The scenario begins: USDJPY at 156.20, the ten-year spread at 2.21 points."
    assert "to 1.50 points, in equal steps over 60 business days" in narrowing["2025-11-28"].words
    assert plain["2026-02-27"].words == "The scenario ends."
    assert plain["2025-12-24"].words == "Markets are thin until 2 January."
    assert "the Fed buys $40 bn" in plain["2025-12-12"].words
