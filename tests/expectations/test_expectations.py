"""Surprises, curves and the currency response to rates news; expected decisions move no price."""

from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation.day.capital_flows import simulate
from simulation.expectations.expectations import (
    BankView,
    DayNews,
    RateNews,
    apply_bank_news,
    apply_macro_news,
    bank_view,
    currency_response,
    hedging_cost,
    impose_curve_shift,
    no_news,
)
from simulation.market.parameters import CurrencyMarket
from simulation.policy.central_banks import BankOfJapan
from simulation.policy.rate_paths import initial_path
from simulation.values.conventions import column, day_number
from tests.support.scenarios import CALM, COARSE, ROUND_FX, official

BP = 1e-4
START, DECISION = date(2025, 11, 28), date(2025, 12, 19)
YIELDS = (0.0098, 0.0181, 0.0334)
CREDIBILITY = 0.3


def view_of(meeting: dict[str, Any], guidance: str = "six_monthly") -> BankView:
    held = {"date": DECISION, "decision": "25bp", "priced_probability": 0.62} | meeting
    bank = BankOfJapan.model_validate({"rate_pct": 0.5, "guidance": guidance, "meetings": [held]})
    path = initial_path(bank, (day_number(DECISION),), day_number(START), 1)
    return bank_view(bank, path, day_number(START), YIELDS, CREDIBILITY)


def decided(view: BankView, step_bp: float, revealed: float = 0.0) -> RateNews:
    return view.decide(column(step_bp * BP, 1), day_number(DECISION), column(revealed, 1))


def curve_bp(view: BankView, day: date) -> np.ndarray:
    return np.array([level[0, 0] for level in view.curve(view.mean_rates(day_number(day)))]) / BP


def test_the_curve_starts_at_the_scenarios_yields() -> None:
    np.testing.assert_allclose(curve_bp(view_of({}), START), np.array(YIELDS) / BP, rtol=1e-14)


@pytest.mark.parametrize("words", [None, "six_monthly"])
def test_a_fully_expected_decision_moves_nothing(words: str | None) -> None:
    view = view_of({"priced_probability": 1.0, "guidance": words})
    before = curve_bp(view, DECISION)
    news = decided(view, 25.0)
    for part in (news.target_surprise, news.path_surprise, news.term_premium, news.other_two_year):
        assert abs(part[0, 0]) < 1e-16
    np.testing.assert_allclose(curve_bp(view, DECISION), before, rtol=1e-14)
    assert view.path.rate[0, 0] == pytest.approx(0.0075, rel=1e-14)


def test_surprises_of_december_by_hand() -> None:
    # Z1 = 25 - .62 x 25 = 9.5 bp; vague words doubt a quarter of 25 x (3/4 + 1/2 + 1/4) bp: Z2 = -9.375 bp.
    view = view_of({"guidance": "vague"})
    before = curve_bp(view, DECISION)
    news = decided(view, 25.0)
    assert news.target_surprise[0, 0] / BP == pytest.approx(9.5, rel=1e-12)
    assert news.path_surprise[0, 0] / BP == pytest.approx(-9.375, rel=1e-9)
    assert news.term_premium[0, 0] / BP == pytest.approx(0.3 * 9.375, rel=1e-9)
    # The two-year yield moves by both surprises and carries no term premium of its own.
    assert (curve_bp(view, DECISION) - before)[0] == pytest.approx(9.5 - 9.375, rel=1e-7)


def test_soft_words_raise_the_ten_year_term_premium() -> None:
    view, firm = view_of({"guidance": "vague"}), view_of({"guidance": "six_monthly"})
    decided(view, 25.0)
    decided(firm, 25.0)
    rise = (view.term_premia[1] - firm.term_premia[1])[0, 0] / BP
    assert rise == pytest.approx(0.3 * 9.375, rel=1e-9)
    assert view.term_premia[0] == pytest.approx(firm.term_premia[0], abs=1e-18)


def test_a_complete_surprise_is_the_whole_step() -> None:
    news = decided(view_of({"priced_probability": 0.0, "guidance": "six_monthly"}), 25.0)
    assert (news.target_surprise + news.path_surprise)[0, 0] / BP == pytest.approx(25.0, rel=1e-10)


@given(st.floats(0.0, 1.0))
def test_surprises_average_to_zero_under_the_markets_own_odds(probability: float) -> None:
    hike, hold = (decided(view_of({"priced_probability": probability}), step) for step in (25.0, 0.0))
    mean = probability * hike.target_surprise + (1.0 - probability) * hold.target_surprise
    assert abs(mean[0, 0]) < 1e-17


def test_a_meeting_without_a_statement_reveals_its_draw() -> None:
    # Six-monthly words leave 2 bp open; a draw of 1.5 reveals 3 bp at two years, 70 % of it at ten, 60 % at thirty.
    view = view_of({"priced_probability": 1.0})
    before = curve_bp(view, DECISION)
    news = decided(view, 25.0, revealed=1.5)
    assert news.path_surprise[0, 0] / BP == pytest.approx(3.0, rel=1e-9)
    by_credibility = -0.3 * 3.0
    expected = np.array([3.0, 0.7 * 3.0 + by_credibility, 0.6 * 3.0 + by_credibility])
    np.testing.assert_allclose(curve_bp(view, DECISION) - before, expected, rtol=1e-9)


def test_a_speech_is_news_but_no_announcement() -> None:
    # 62 -> 78.4 % on 1 December: the odds rise by 16.4 % of 25 bp, which weigh (730.5 - 18) / 730.5 in two years.
    speech = {"date": date(2025, 12, 1), "strength": 1.0}
    view = view_of({"signals": [speech]}, "unchanged")
    news = apply_bank_news(view, day_number(date(2025, 12, 1)), column(0.5, 1), column(0.0, 1))
    odds = 1.0 / (1.0 + 0.38 / 0.62 * np.exp(-0.8))
    expected = (odds - 0.62) * 25 * (730.5 - 18) / 730.5
    assert view.next_probability()[0, 0] == pytest.approx(odds, rel=1e-12)
    assert news.other_two_year[0, 0] / BP == pytest.approx(expected, rel=1e-9)
    assert not news.target_surprise.any()
    assert not news.path_surprise.any()


def test_a_speech_shrinks_the_surprise_by_what_it_moved() -> None:
    speech = {"date": date(2025, 12, 1), "strength": 1.0}
    with_signal, without_signal = view_of({"signals": [speech]}), view_of({})
    with_signal.apply_signals(day_number(date(2025, 12, 1)))
    moved = (with_signal.next_probability() - without_signal.next_probability())[0, 0]
    difference = decided(without_signal, 25.0).target_surprise - decided(with_signal, 25.0).target_surprise
    assert difference[0, 0] / BP == pytest.approx(25.0 * moved, rel=1e-10)


def test_macro_news_move_short_and_long_yields_in_their_shares() -> None:
    view = view_of({})
    before = curve_bp(view, START)
    two_year = apply_macro_news(view, column(2 * BP, 1), column(4 * BP, 1))
    np.testing.assert_allclose(curve_bp(view, START) - before, [2.0, 4.0, 3.6], rtol=1e-9)
    assert two_year[0, 0] / BP == pytest.approx(2.0, rel=1e-14)


def news_of(target_bp: float, path_bp: float, other_bp: float, premium_bp: float) -> RateNews:
    return RateNews(*(column(value * BP, 1) for value in (target_bp, path_bp, other_bp, premium_bp, 0.0)))


def test_currency_move_by_hand() -> None:
    # .2 % x [(5 + 3) - (10 - 4)] + 4.5 % x (.06 - .02) + .05 % x 2 = .40 + .18 + .10 = .68 %
    news = DayNews(fed=news_of(5, 3, 6, 7), boj=news_of(10, -4, 2, 2))
    assert currency_response(news, CurrencyMarket(**ROUND_FX))[0, 0] == pytest.approx(0.0068, rel=1e-12)


@pytest.mark.parametrize(
    ("bank", "field", "sign"),
    [
        ("boj", "target_surprise", -1),
        ("boj", "path_surprise", -1),
        ("boj", "other_two_year", -1),
        ("boj", "ten_year_surprise", -1),
        ("boj", "term_premium", 1),
        ("fed", "target_surprise", 1),
        ("fed", "path_surprise", 1),
        ("fed", "other_two_year", 1),
    ],
)
def test_hawkish_japan_strengthens_and_hawkish_america_weakens_the_yen(bank: str, field: str, sign: int) -> None:
    quiet = no_news(1)
    loud = RateNews(**{**quiet.__dict__, field: column(BP, 1)})
    news = DayNews(fed=loud, boj=quiet) if bank == "fed" else DayNews(fed=quiet, boj=loud)
    assert np.sign(currency_response(news, CurrencyMarket(**ROUND_FX))[0, 0]) == sign


@pytest.mark.parametrize(("surprise", "pct_per_bp"), [(True, 0.2), (False, 0.045)])
def test_an_imposed_change_is_counted_once(surprise: bool, pct_per_bp: float) -> None:
    news = impose_curve_shift(view_of({}), no_news(1), column(-10 * BP, 1), surprise)
    move = currency_response(DayNews(fed=news, boj=no_news(1)), CurrencyMarket(**ROUND_FX))[0, 0]
    assert move == pytest.approx(-10 * pct_per_bp / 100, rel=1e-12)


def test_hedging_cost_of_december() -> None:
    # 3.875 - .50 + .25 of basis = 3.625 %
    cost = hedging_cost(column(0.03875, 1), column(0.005, 1), -25 * BP)
    assert cost[0, 0] == pytest.approx(0.03625, rel=1e-14)


def test_a_step_that_does_not_come_is_still_expected_and_no_more() -> None:
    # Six-monthly from the start, no meeting listed: the first step is due after half a year and then stays due.
    scenario = official(COARSE, CALM, {"boj.guidance": "six_monthly", "end": "2026-12-31"})
    jgb2 = simulate(scenario, [0]).market["jgb2_pct"][0]
    # The weights of steps in the two-year mean go from .75, .5, .25 to 1, .75, .5, .25: one step of 25 bp more.
    assert jgb2[-1] - jgb2[0] == pytest.approx(0.25, abs=1e-3)
    assert np.ptp(jgb2[-60:]) < 1e-12
