"""Captions of dated events, with probabilities after each signal."""

from __future__ import annotations

import numpy as np

import simulation as cf
from simulation.pages.explore.content import PageEvent, page_events
from simulation.values.conventions import business_days


def captions(*settings: str) -> dict[str, PageEvent]:
    scenario = cf.load_scenario("december_2025_official", settings)
    dates = business_days(scenario.start, scenario.end)
    return {str(np.datetime64(dates[one.day], "D")): one for one in page_events(scenario, dates)}


def test_signals_move_the_priced_probability() -> None:
    found = captions()
    assert "hike on 19 December: 78 %" in found["2025-12-01"].words
    assert "90 %" in found["2025-12-04"].words
    assert "95 %" in found["2025-12-16"].words
    assert "a 25 bp hike was priced at 95 %. Guidance: vague." in found["2025-12-19"].words


def test_decisions_have_captions_and_marks() -> None:
    found = captions("boj.meetings[0].decision=50bp")
    assert found["2025-12-10"].words.startswith("The Fed cuts its rate by 25 bp; a 25 bp cut was priced at 87 %.")
    assert "raises its rate by 50 bp" in found["2025-12-19"].words
    assert found["2025-12-19"].mark == "BOJ +50 bp"
    assert found["2026-01-28"].words == "The Fed leaves its rate unchanged; a 25 bp cut was priced at 15 %."
    assert [one.mark for one in found.values() if one.mark] == ["Fed −25 bp", "BOJ +50 bp", "BOJ holds", "Fed holds"]


def test_captions_are_capitalized_and_name_guidance_like_the_slider() -> None:
    found = captions("boj.meetings[0].guidance=six_monthly")
    assert found["2025-12-04"].words.startswith("Press reports of a planned hike; probability")
    assert found["2025-12-19"].words.endswith("Guidance: a step every six months.")


def test_two_events_of_a_day_share_a_caption() -> None:
    found = captions("fed.meetings[0].date=2025-12-19")
    assert "The Fed cuts" in found["2025-12-19"].words
    assert "The Bank of Japan raises" in found["2025-12-19"].words
    assert found["2025-12-19"].mark == "BOJ +25 bp, Fed −25 bp"


def test_first_and_last_caption() -> None:
    plain, narrowing = captions(), captions("spread_path={target_pp: 1.5}")
    assert plain["2025-11-28"].words == "Start of the scenario: USDJPY at 156.20, the ten-year spread at 2.21 points."
    assert "to 1.50 points, in equal steps over 60 business days" in narrowing["2025-11-28"].words
    assert plain["2026-02-27"].words == "End of the scenario."
    assert plain["2025-12-24"].words == "Market liquidity is low until 2 January."
    assert "the Fed buys $40 bn" in plain["2025-12-12"].words
