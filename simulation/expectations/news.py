"""The news of a day: what both central banks said and did, macro news, an imposed spread, and what it does to USDJPY."""

from dataclasses import dataclass, replace

import numpy as np

from simulation.expectations.expectations import BankView, RateNews, no_news
from simulation.market.parameters import CurrencyMarket
from simulation.policy.reaction import drawn
from simulation.values.conventions import BASIS_POINT, PERCENT, Array

THIRTY_YEAR_SHARE = 0.9
"""Response of the thirty-year yield to macro news that move the ten-year yield by one (H.15 and MoF Japan 2005-24)."""
PARALLEL = (1.0, 1.0, 1.0)


@dataclass(frozen=True)
class DayNews:
    """Rates news of both countries."""

    fed: RateNews
    boj: RateNews


def macro_news(view: BankView, two_year: Array, ten_year: Array) -> Array:
    """Move a curve by macro news at two and ten years; returns the revision of the two-year mean."""
    view.shifts[0] = view.shifts[0] + two_year
    view.shift(ten_year, (0.0, 1.0, THIRTY_YEAR_SHARE))
    return two_year


def signals(view: BankView, day: int) -> Array:
    """Let a curve take in the day's signals; returns the revision of the two-year mean."""
    if not view.hears_on(day):
        return np.zeros_like(view.path.rate)
    before = view.mean_rate(day)
    view.hear(day)
    return view.mean_rate(day) - before


def bank_news(view: BankView, day: int, uniform: Array, revealed: Array) -> RateNews:
    """Signals and, on a meeting day, the decision of one bank: as given, or drawn from the odds by `uniform`."""
    other = signals(view, day)
    news = no_news(other.shape[0])
    if view.meets_on(day):
        held = view.path.pending[0]
        if held.meeting.decision is None:
            decided = drawn(held.probabilities, held.steps, uniform)
        else:
            decided = np.full_like(other, held.meeting.decision * BASIS_POINT)
        news = view.decide(decided, day, revealed)
    said, premium = view.speak(day)
    return replace(
        news,
        path_surprise=news.path_surprise + said,
        other_two_year=other,
        term_premium=news.term_premium + premium,
    )


def with_other(news: RateNews, two_year: Array) -> RateNews:
    """Add a revision of the two-year mean that is not an announcement."""
    return replace(news, other_two_year=news.other_two_year + two_year)


def imposed(view: BankView, news: RateNews, change: Array, surprise: bool) -> RateNews:
    """Shift a whole curve by an imposed `change`, as an announcement or as other news."""
    view.shift(change, PARALLEL)
    if not surprise:
        return with_other(news, change)
    return replace(news, path_surprise=news.path_surprise + change)


def currency_move(news: DayNews, market: CurrencyMarket) -> Array:
    """Change of the fundamental log USDJPY from rates news, ``(runs, 1)``.

    ``B_e [(Z1 + Z2)_US - (Z1 + Z2)_JP] + beta_2 d(two-year spread) + c d(term premium)_JP``: announcements and other news
    are different changes of yield, so neither is counted twice.  A term premium that comes with soft guidance weakens
    the yen (credibility channel).

    Source: MODEL section 2; Guerkaynak, Sack and Swanson (2005) for the two surprises.
    """
    announced = sum_of_surprises(news.fed) - sum_of_surprises(news.boj)
    other = news.fed.other_two_year - news.boj.other_two_year
    by_announcement = market.announcement_beta_pct_per_bp * PERCENT / BASIS_POINT * announced
    by_spread = market.spread_beta_pct_per_pp * other
    by_credibility = market.credibility_beta_pct_per_bp * PERCENT / BASIS_POINT * news.boj.term_premium
    return np.asarray(by_announcement + by_spread + by_credibility)


def sum_of_surprises(news: RateNews) -> Array:
    """Z1 + Z2 and what surprised at ten years alone, decimal."""
    return news.target_surprise + news.path_surprise + news.ten_year_surprise
