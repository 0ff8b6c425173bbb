"""What the market expects of both central banks, how each day's news revises it, and the curves that follow.

Rates news comes in two kinds that must never be applied to the same change of yield: announcements (surprises Z1 and Z2
of a meeting) and everything else (signals, macro news, an imposed spread).

The news of a day: what both central banks said and did, macro news, an imposed spread, and what it does to USDJPY.
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
"""Response of the 2-, 10- and 30-year yield to measured or drawn news about the path: long yields move less than the two-year
mean.  A change of guidance or of odds moves each yield by the mean of its own new path instead: one that lowers the terminal
rate moves long yields more."""

BAND_LOADINGS: Final = (0.0, 1.0, 0.9)
"""Response of the curve to a change of a yield band, given at ten years: the two-year yield hardly moves (20 December
2022: +15 bp at ten years, +2 bp at two; MoF Japan)."""


@dataclass(frozen=True)
class RateNews:
    """One day's rates news of one country, decimals per year, each ``(runs, 1)``.

    Attributes
    ----------
    target_surprise
        Z1: decision minus expected decision.
    path_surprise
        Z2: change of the expected 24-month mean beyond Z1.
    other_two_year
        Revision of the 24-month mean by anything but an announcement.
    term_premium
        Change of the ten-year term premium that came with an announcement.
    ten_year_surprise
        Surprise at ten years alone (a yield band, bond purchases); it comes with no change of credibility.
    """

    target_surprise: Array
    path_surprise: Array
    other_two_year: Array
    term_premium: Array
    ten_year_surprise: Array


def signal_strength(pending: PendingMeeting, day: int) -> float:
    """Total strength of the signals about a meeting that fall on a day."""
    return sum(signal.strength for signal in pending.meeting.signals if day_number(signal.date) == day)


def statements_on(bank: CentralBank, day: int) -> list[Statement]:
    """Statements of a bank on a day."""
    return [said for said in bank.statements if day_number(said.date) == day]


def no_news(runs: int) -> RateNews:
    """A day without rates news."""
    zero = column(0.0, runs)
    return RateNews(zero, zero, zero, zero, zero)


@dataclass
class BankView:
    """The market's view of one central bank, and the curve of its currency.

    Attributes
    ----------
    path
        The expected policy path.
    shifts
        Accumulated news about the curve beyond the path (macro news, revealed paths, imposed spread), one ``(runs, 1)``
        array per maturity of `HORIZONS`.
    term_premia
        Term premium per maturity, calibrated at the start so that the curve starts at the scenario's yields.
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
        """Yields at 2, 10 and 30 years before flow impact: mean expected rate plus term premium."""
        return tuple(mean + premium for mean, premium in zip(means, self.term_premia, strict=True))

    def shift(self, change: Array, loadings: tuple[float | Array, ...]) -> None:
        """Move the curve by `change` times the loading of each maturity."""
        self.shifts = [level + change * loading for level, loading in zip(self.shifts, loadings, strict=True)]

    def hears_on(self, day: int) -> bool:
        """Whether a signal about a coming meeting falls on this day."""
        return any(signal_strength(pending, day) for pending in self.path.pending)

    def hear(self, day: int) -> None:
        """Take in the signals of the day: the odds of the meetings they speak about move."""
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
        """Whether the bank decides on this day."""
        return bool(self.path.pending) and self.path.pending[0].day == step_day

    def decide(self, decided: Array, step_day: int, revealed: Array) -> RateNews:
        """Take in a decision, what is said with it and what the meeting reveals; returns the surprises.

        Parameters
        ----------
        decided
            Change of the policy rate, decimal, ``(runs, 1)``.
        step_day
            Day number of the meeting.
        revealed
            Standard normal draw per run: what a meeting without a statement reveals of the path.
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
        """Let long term premia answer to what words did to the path (credibility channel); returns the change."""
        premium = -self.credibility * path_surprise
        self.term_premia = [level + premium * on for level, on in zip(self.term_premia, (0.0, 1.0, 1.0), strict=True)]
        return np.asarray(premium)

    def speak(self, day: int) -> tuple[Array, Array]:
        """Take in the day's statements between meetings; returns the path surprise and the change of the term premium."""
        surprise, today = np.zeros_like(self.path.rate), statements_on(self.bank, day)
        if not today:
            return surprise, surprise
        for said in today:
            if said.guidance is not None:
                everybody = np.ones(surprise.shape, dtype=np.bool_)
                surprise = surprise + self.announce_regime(everybody, said.guidance, day)
            elif said.path_surprise is not None:
                surprise = surprise + self.reveal(said.path_surprise * BASIS_POINT)
        return surprise, self._premium(surprise)

    def follow(self, step: Array) -> None:
        """Move the policy rate by a step that was fully priced: the rate changes, the curve does not."""
        self.path = replace(self.path, rate=self.path.rate + step)
        self.shift(-step, (1.0, 1.0, 1.0))

    def reveal(self, change: Array | float) -> Array:
        """Move the curve by news about the path that is `change` in the two-year mean."""
        moved = np.zeros_like(self.path.rate) + change
        self.shift(moved, PATH_LOADINGS)
        return moved

    def announce_regime(self, rows: Flags, name: str, day: int) -> Array:
        """Let a guidance regime be announced between meetings in some runs; returns the revision of the two-year mean."""
        before = self.mean_rate(day)
        new = guidance_regime(self.bank.guidance_regimes[name], day, before.shape[0])
        self.path = replace(self.path, regime=regime_where(rows, new, self.path.regime))
        return self.mean_rate(day) - before

    def _take_guidance(self, held: PendingMeeting, step_day: int, revealed: Array) -> None:
        if held.meeting.path_surprise is not None:
            self.reveal(held.meeting.path_surprise * BASIS_POINT)
            return
        if held.meeting.guidance is None:
            self.reveal(self.path.regime.path_uncertainty * revealed)
            return
        # One name, or one for each run.
        said, regime = np.atleast_2d(held.meeting.guidance), self.path.regime
        for name in np.unique(said).tolist():
            new = guidance_regime(self.bank.guidance_regimes[name], step_day, revealed.shape[0])
            regime = regime_where(said == name, new, regime)
        self.path = replace(self.path, regime=regime)

    def next_probability(self) -> Array:
        """Probability that the next meeting moves the rate, ``(runs, 1)``; zero when none is scheduled."""
        if not self.path.pending:
            return np.zeros_like(self.path.rate)
        pending = self.path.pending[0]
        return np.asarray(pending.probabilities[:, pending.steps != 0.0].sum(axis=1, keepdims=True))

    def adverse_surprise(self) -> Array:
        """Unpriced hawkish part of the next meeting in units of 25 bp, ``(runs, 1)``."""
        if not self.path.pending:
            return np.zeros_like(self.path.rate)
        return adverse_surprise(self.path.pending[0].probabilities, self.path.pending[0].steps)


def bank_view(
    bank: CentralBank, path: ExpectedPath, first_day: int, yields: tuple[float, ...], credibility: float
) -> BankView:
    """The view at the start: term premia are what the scenario's yields exceed the expected path by."""
    premia = [level - mean_rate(path, first_day, years) for level, years in zip(yields, HORIZONS, strict=True)]
    return BankView(bank, path, [np.zeros_like(path.rate) for _ in HORIZONS], premia, credibility)


def hedging_cost(dollar_rate: Array, yen_rate: Array, basis: Array | float) -> Array:
    """Cost of hedging dollars into yen for one year, decimal: ``r_US - r_JP - basis`` (basis negative adds to it).

    Source: Du, Tepper and Verdelhan (2018), equation 1.
    """
    return np.asarray(dollar_rate - yen_rate - basis)


THIRTY_YEAR_SHARE = 0.9
"""Response of the thirty-year yield to macro news that move the ten-year yield by one (H.15 and MoF Japan 2005-24)."""
PARALLEL_LOADINGS = (1.0, 1.0, 1.0)


@dataclass(frozen=True)
class DayNews:
    """Rates news of both countries."""

    fed: RateNews
    boj: RateNews


def apply_macro_news(view: BankView, two_year: Array, ten_year: Array) -> Array:
    """Move a curve by macro news at two and ten years; returns the revision of the two-year mean."""
    view.shifts[0] = view.shifts[0] + two_year
    view.shift(ten_year, (0.0, 1.0, THIRTY_YEAR_SHARE))
    return two_year


def apply_signals(view: BankView, day: int) -> Array:
    """Let a curve take in the day's signals; returns the revision of the two-year mean."""
    if not view.hears_on(day):
        return np.zeros_like(view.path.rate)
    before = view.mean_rate(day)
    view.hear(day)
    return view.mean_rate(day) - before


def apply_bank_news(view: BankView, day: int, uniform: Array, revealed: Array) -> RateNews:
    """Signals and, on a meeting day, the decision of one bank: as given, or drawn from the odds by `uniform`."""
    other = apply_signals(view, day)
    news = no_news(other.shape[0])
    if view.meets_on(day):
        held = view.path.pending[0]
        if held.meeting.decision is None:
            decided = draw_decision(held.probabilities, held.steps, uniform)
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


def add_other_news(news: RateNews, two_year: Array) -> RateNews:
    """Add a revision of the two-year mean that is not an announcement."""
    return replace(news, other_two_year=news.other_two_year + two_year)


def impose_curve_shift(view: BankView, news: RateNews, change: Array, surprise: bool) -> RateNews:
    """Shift a whole curve by an imposed `change`, as an announcement or as other news."""
    view.shift(change, PARALLEL_LOADINGS)
    if not surprise:
        return add_other_news(news, change)
    return replace(news, path_surprise=news.path_surprise + change)


def currency_response(news: DayNews, market: CurrencyMarket) -> Array:
    """Change of the fundamental log USDJPY from rates news, ``(runs, 1)``.

    ``B_e [(Z1 + Z2)_US - (Z1 + Z2)_JP] + beta_2 d(two-year spread) + c d(term premium)_JP``: announcements and other news
    are different changes of yield, so neither is counted twice.  A term premium that comes with soft guidance weakens
    the yen (credibility channel).

    Source: MODEL section 2; Guerkaynak, Sack and Swanson (2005) for the two surprises.
    """
    announced = total_surprise(news.fed) - total_surprise(news.boj)
    other = news.fed.other_two_year - news.boj.other_two_year
    by_announcement = market.announcement_beta_pct_per_bp * PERCENT / BASIS_POINT * announced
    by_spread = market.spread_beta_pct_per_pp * other
    by_credibility = market.credibility_beta_pct_per_bp * PERCENT / BASIS_POINT * news.boj.term_premium
    return np.asarray(by_announcement + by_spread + by_credibility)


def total_surprise(news: RateNews) -> Array:
    """Z1 + Z2 and what surprised at ten years alone, decimal."""
    return news.target_surprise + news.path_surprise + news.ten_year_surprise
