"""Market expectations about both central banks, the daily news that revises them, and the resulting yield curves.

Rates news is of two kinds, and a change of yield is never counted in both: announcements (surprises Z1 and Z2 of a meeting)
and all other news (signals, macro news, an imposed spread).
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from simulation.market.parameters import CurrencyMarket
from simulation.policy.central_banks import CentralBank, Statement, adverse_surprise, expected_step, tilt_probabilities
from simulation.policy.rate_paths import (
    ExpectedPath,
    PendingMeeting,
    after_decision,
    guidance_regime,
    mean_rate,
    regime_where,
)
from simulation.policy.reaction import draw_decision
from simulation.values.conventions import BASIS_POINT, PERCENT, Array, Flags, column, day_number

HORIZONS: Final = (2.0, 10.0, 30.0)
"""Maturities of the curves, years."""
GUIDANCE_HORIZON: Final = 2.0
"""Horizon of the path surprise: 24 months (Guerkaynak, Sack and Swanson 2005)."""
PATH_LOADINGS: Final = (1.0, 0.7, 0.6)
"""Response of the 2-, 10- and 30-year yields to measured or drawn path news, relative to the two-year mean.

A change of guidance or of outcome probabilities moves each yield by the mean over its own horizon instead; a lower terminal
rate then moves long yields more."""
BAND_LOADINGS: Final = (0.0, 1.0, 0.9)
"""Response of the curve to a change of a yield band, relative to ten years (20 December 2022: +15 bp at ten years, +2 bp at
two; MoF Japan)."""


@dataclass(frozen=True)
class RateNews:
    """Rates news of one country on one day, decimals per year, each ``(runs, 1)``.

    Attributes
    ----------
    target_surprise
        Z1: decision minus expected decision.
    path_surprise
        Z2: change of the expected 24-month mean beyond Z1.
    other_two_year
        Revision of the 24-month mean by news other than announcements.
    term_premium
        Change of the ten-year term premium with an announcement.
    ten_year_surprise
        Surprise in the ten-year yield alone (yield band, bond purchases), without a credibility effect.
    """

    target_surprise: Array
    path_surprise: Array
    other_two_year: Array
    term_premium: Array
    ten_year_surprise: Array


def signal_strength(pending: PendingMeeting, day: int) -> float:
    """Total strength of the signals about a meeting on a day."""
    return sum(signal.strength for signal in pending.meeting.signals if day_number(signal.date) == day)


def statements_on(bank: CentralBank, day: int) -> list[Statement]:
    """Statements of a bank on a day."""
    return [statement for statement in bank.statements if day_number(statement.date) == day]


def no_news(runs: int) -> RateNews:
    """A day without rates news."""
    zero = column(0.0, runs)
    return RateNews(zero, zero, zero, zero, zero)


@dataclass
class BankView:
    """Market expectations about one central bank and the yield curve of its currency.

    Attributes
    ----------
    path
        The expected policy path.
    shifts
        Cumulative news about the curve beyond the path (macro news, path news, imposed spread), one ``(runs, 1)`` array per
        maturity of `HORIZONS`.
    term_premia
        Term premium per maturity; at the start it fits the curve to the scenario's yields.
    credibility
        Response of the term premium to a path surprise, with negative sign.
    """

    bank: CentralBank
    path: ExpectedPath
    shifts: list[Array]
    term_premia: list[Array]
    credibility: float

    def mean_rate(self, today: float, horizon_years: float = GUIDANCE_HORIZON) -> Array:
        """Mean expected policy rate over `horizon_years`, without term premium."""
        at = HORIZONS.index(horizon_years)
        return mean_rate(self.path, today, horizon_years) + self.shifts[at]

    def mean_rates(self, today: float) -> tuple[Array, ...]:
        """Mean expected policy rate over each of `HORIZONS`, without term premium."""
        means = mean_rate(self.path, today, np.array(HORIZONS)[:, None, None])
        return tuple(mean + shift for mean, shift in zip(means, self.shifts, strict=True))

    def curve(self, means: tuple[Array, ...]) -> tuple[Array, ...]:
        """Yields at 2, 10 and 30 years before flow impact: mean expected rate (`means`) plus term premium."""
        return tuple(mean + premium for mean, premium in zip(means, self.term_premia, strict=True))

    def shift(self, change: Array, loadings: tuple[float | Array, ...]) -> None:
        """Shift the curve by `change` times the loading of each maturity."""
        self.shifts = [level + change * loading for level, loading in zip(self.shifts, loadings, strict=True)]

    def has_signal(self, day: int) -> bool:
        """Whether there is a signal about a future meeting on this day."""
        return any(signal_strength(pending, day) for pending in self.path.pending)

    def apply_signals(self, day: int) -> None:
        """Update the outcome probabilities of future meetings with the signals of the day."""
        multiplier = self.bank.signal_multiplier
        pending = tuple(
            replace(
                item,
                probabilities=tilt_probabilities(
                    item.probabilities, item.steps, multiplier * signal_strength(item, day)
                ),
            )
            for item in self.path.pending
        )
        self.path = replace(self.path, pending=pending)

    def meets_on(self, step_day: int) -> bool:
        """Whether the next meeting is on this day."""
        return bool(self.path.pending) and self.path.pending[0].day == step_day

    def decide(self, decided: Array, step_day: int, revealed: Array) -> RateNews:
        """Apply a decision and the statement that comes with it; returns the surprises.

        Parameters
        ----------
        decided
            Change of the policy rate, decimal, ``(runs, 1)``.
        step_day
            Day number of the meeting.
        revealed
            Standard normal draw per run: path news of a meeting without a statement.
        """
        before = self.mean_rate(step_day)
        held = self.path.pending[0]
        target = decided - expected_step(held.probabilities, held.steps)
        self.path = after_decision(self.path, decided)
        self._take_guidance(held, step_day, revealed)
        path_surprise = self.mean_rate(step_day) - before - target
        band = np.full_like(target, held.meeting.ten_year_surprise * BASIS_POINT)
        self.shift(band, BAND_LOADINGS)
        return RateNews(target, path_surprise, np.zeros_like(target), self._premium(path_surprise), band)

    def _premium(self, path_surprise: Array) -> Array:
        """Change long term premia in response to a path surprise (credibility channel); returns the change."""
        premium = -self.credibility * path_surprise
        self.term_premia = [
            level + premium * loading for level, loading in zip(self.term_premia, (0.0, 1.0, 1.0), strict=True)
        ]
        return np.asarray(premium)

    def apply_statements(self, day: int) -> tuple[Array, Array]:
        """Apply the day's statements between meetings; returns the path surprise and the change of the term premium."""
        surprise, statements = np.zeros_like(self.path.rate), statements_on(self.bank, day)
        if not statements:
            return surprise, surprise
        for statement in statements:
            if statement.guidance is not None:
                all_runs = np.ones(surprise.shape, dtype=np.bool_)
                surprise = surprise + self.announce_regime(all_runs, statement.guidance, day)
            elif statement.path_surprise is not None:
                surprise = surprise + self.shift_path(statement.path_surprise * BASIS_POINT)
        return surprise, self._premium(surprise)

    def follow(self, step: Array) -> None:
        """Change the policy rate by a fully priced step, which leaves the curve unchanged."""
        self.path = replace(self.path, rate=self.path.rate + step)
        self.shift(-step, (1.0, 1.0, 1.0))

    def shift_path(self, change: Array | float) -> Array:
        """Shift the curve by path news of `change` in the two-year mean; returns the change, ``(runs, 1)``."""
        by_run = np.zeros_like(self.path.rate) + change
        self.shift(by_run, PATH_LOADINGS)
        return by_run

    def announce_regime(self, rows: Flags, name: str, day: int) -> Array:
        """Announce a guidance regime in the marked runs; returns the revision of the two-year mean."""
        before = self.mean_rate(day)
        new = guidance_regime(self.bank.guidance_regimes[name], day, before.shape[0])
        self.path = replace(self.path, regime=regime_where(rows, new, self.path.regime))
        return self.mean_rate(day) - before

    def _take_guidance(self, held: PendingMeeting, step_day: int, revealed: Array) -> None:
        if held.meeting.path_surprise is not None:
            self.shift_path(held.meeting.path_surprise * BASIS_POINT)
            return
        if held.meeting.guidance is None:
            self.shift_path(self.path.regime.path_uncertainty * revealed)
            return
        # One name, or one per run.
        announced, regime = np.atleast_2d(held.meeting.guidance), self.path.regime
        for name in np.unique(announced).tolist():
            new = guidance_regime(self.bank.guidance_regimes[name], step_day, revealed.shape[0])
            regime = regime_where(announced == name, new, regime)
        self.path = replace(self.path, regime=regime)

    def next_probability(self) -> Array:
        """Probability of a rate change at the next meeting, ``(runs, 1)``; zero if none is scheduled."""
        if not self.path.pending:
            return np.zeros_like(self.path.rate)
        pending = self.path.pending[0]
        return np.asarray(pending.probabilities[:, pending.steps != 0.0].sum(axis=1, keepdims=True))

    def adverse_surprise(self) -> Array:
        """Expected hawkish surprise of the next meeting in units of 25 bp, ``(runs, 1)``; zero if none is scheduled."""
        if not self.path.pending:
            return np.zeros_like(self.path.rate)
        return adverse_surprise(self.path.pending[0].probabilities, self.path.pending[0].steps)


def bank_view(
    bank: CentralBank, path: ExpectedPath, first_day: int, yields: tuple[float, ...], credibility: float
) -> BankView:
    """Expectations at the start; term premia are the scenario's yields less the mean expected rates."""
    premia = [level - mean_rate(path, first_day, years) for level, years in zip(yields, HORIZONS, strict=True)]
    return BankView(bank, path, [np.zeros_like(path.rate) for _ in HORIZONS], premia, credibility)


def hedging_cost(dollar_rate: Array, yen_rate: Array, basis: Array | float) -> Array:
    """Cost of hedging dollars into yen for one year, decimal: ``r_US - r_JP - basis`` (basis negative adds to it).

    Source: Du, Tepper and Verdelhan (2018), equation 1.
    """
    return np.asarray(dollar_rate - yen_rate - basis)


THIRTY_YEAR_SHARE = 0.9
"""Response of the thirty-year yield to macro news that moves the ten-year yield by one (H.15 and MoF Japan 2005-24)."""
PARALLEL_LOADINGS = (1.0, 1.0, 1.0)
"""Response of each maturity to a parallel shift."""


@dataclass(frozen=True)
class DayNews:
    """Rates news of both countries."""

    fed: RateNews
    boj: RateNews


def apply_macro_news(view: BankView, two_year: Array, ten_year: Array) -> Array:
    """Shift a curve by macro news at two and ten years; returns the revision of the two-year mean."""
    view.shifts[0] = view.shifts[0] + two_year
    view.shift(ten_year, (0.0, 1.0, THIRTY_YEAR_SHARE))
    return two_year


def apply_signals(view: BankView, day: int) -> Array:
    """Apply the signals of the day; returns the revision of the two-year mean."""
    if not view.has_signal(day):
        return np.zeros_like(view.path.rate)
    before = view.mean_rate(day)
    view.apply_signals(day)
    return view.mean_rate(day) - before


def apply_bank_news(view: BankView, day: int, uniform: Array, revealed: Array) -> RateNews:
    """Apply signals, decision and statements of one bank; a decision is given or drawn with `uniform`, ``(runs, 1)``."""
    other = apply_signals(view, day)
    news = no_news(other.shape[0])
    if view.meets_on(day):
        held = view.path.pending[0]
        if held.meeting.decision is None:
            decided = draw_decision(held.probabilities, held.steps, uniform)
        else:
            decided = np.full_like(other, held.meeting.decision * BASIS_POINT)
        news = view.decide(decided, day, revealed)
    surprise, premium = view.apply_statements(day)
    return replace(
        news,
        path_surprise=news.path_surprise + surprise,
        other_two_year=other,
        term_premium=news.term_premium + premium,
    )


def add_other_news(news: RateNews, two_year: Array) -> RateNews:
    """Add a revision of the two-year mean other than by an announcement."""
    return replace(news, other_two_year=news.other_two_year + two_year)


def impose_curve_shift(view: BankView, news: RateNews, change: Array, surprise: bool) -> RateNews:
    """Shift a curve in parallel by an imposed `change`, counted as an announcement or as other news."""
    view.shift(change, PARALLEL_LOADINGS)
    if not surprise:
        return add_other_news(news, change)
    return replace(news, path_surprise=news.path_surprise + change)


def currency_response(news: DayNews, market: CurrencyMarket) -> Array:
    """Change of the fundamental log USDJPY from rates news, ``(runs, 1)``.

    ``B_e [(Z1 + Z2)_US - (Z1 + Z2)_JP] + beta_2 d(two-year spread) + c d(term premium)_JP``: announcements and other news
    are separate changes of yield, so none is counted twice.  A term premium caused by dovish guidance weakens the yen
    (credibility channel).

    Source: MODEL section 2; Guerkaynak, Sack and Swanson (2005) for the two surprises.
    """
    announced = total_surprise(news.fed) - total_surprise(news.boj)
    other = news.fed.other_two_year - news.boj.other_two_year
    by_announcement = market.announcement_beta_pct_per_bp * PERCENT / BASIS_POINT * announced
    by_spread = market.spread_beta_pct_per_pp * other
    by_credibility = market.credibility_beta_pct_per_bp * PERCENT / BASIS_POINT * news.boj.term_premium
    return np.asarray(by_announcement + by_spread + by_credibility)


def total_surprise(news: RateNews) -> Array:
    """Z1 + Z2 + surprise in the ten-year yield alone, decimal."""
    return news.target_surprise + news.path_surprise + news.ten_year_surprise
