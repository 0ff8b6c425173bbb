"""Central banks and the Ministry of Finance: reaction functions, daily announcements and bond purchases, and yield curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulation.expectations.expectations import (
    PATH_LOADINGS,
    BankView,
    DayNews,
    RateNews,
    add_other_news,
    apply_bank_news,
    apply_macro_news,
    bank_view,
    hedging_cost,
    impose_curve_shift,
)
from simulation.market.fundamentals import TWO_YEAR_SHARE
from simulation.market.prices import VOLATILITY_MEMORY
from simulation.policy.central_banks import BalanceSheetFlow, CentralBank, tilt_probabilities
from simulation.policy.ministry_of_finance import Ministry, MinistryAction
from simulation.policy.rate_paths import (
    BojMemory,
    ExpectedPath,
    LastHikeOdds,
    PendingMeeting,
    gap_levels,
    initial_path,
    priced_step,
    return_to_level,
)
from simulation.policy.reaction import BojReaction, Conditions, FedReaction, calm_conditions, hike_log_odds, taylor_odds
from simulation.scenario.scenario import Scenario, SpreadPath, asset_roster
from simulation.values.assets import JGB10, UST10, Roster
from simulation.values.conventions import (
    BASIS_POINT,
    DAYS_PER_YEAR,
    MONTHS_PER_YEAR,
    PERCENT,
    TRADING_DAYS_PER_YEAR,
    Array,
    Dates,
    day_number,
    day_numbers,
)
from simulation.values.given_news import BOND_COLUMNS, given_news_by_day
from simulation.values.randomness import Streams

LONG_AGO: Final = -1e9
"""Day number of an event before the simulated period."""
NEUTRAL_ZERO: Final = -0.0
"""Negative zero: adding it changes no number, not even the sign of a zero."""


def boj_memory(rule: BojReaction | None, runs: int) -> BojMemory:
    """Dates of the last hike and of the last stress pause at the start."""
    day = LONG_AGO if rule is None or rule.last_hike is None else float(day_number(rule.last_hike))
    return BojMemory(np.full((runs, 1), day), np.full((runs, 1), LONG_AGO))


def with_rule_odds(pending: PendingMeeting, probabilities: Array, multiplier: float, today: int) -> PendingMeeting:
    """The meeting with rule-based odds, tilted by all signals published up to `today`."""
    strength = sum(item.strength for item in pending.meeting.signals if day_number(item.date) <= today)
    tilted = tilt_probabilities(probabilities, pending.steps, multiplier * strength) if strength else probabilities
    return replace(pending, probabilities=tilted)


def boj_path(path: ExpectedPath, bank: CentralBank, memory: BojMemory, now: Conditions, today: int) -> ExpectedPath:
    """The expected path with rule-based odds at every meeting without a given decision, under today's conditions.

    The market's odds for a meeting average the rule's odds with and without a recent hike, weighted by the probability of a
    hike in the preceding months.  Expected hikes over many meetings therefore match those of the rule.
    """
    rule = bank.reaction
    if not isinstance(rule, BojReaction):
        return path
    hikes, pending = LastHikeOdds(rule, hike_log_odds(rule, now), memory), []
    for item in path.pending:
        chance = hikes.chance(item.day) if item.meeting.decision is None else None
        if chance is not None:
            item = with_rule_odds(item, np.concatenate([1.0 - chance, chance], axis=1), bank.signal_multiplier, today)
        hikes.after(item, chance)
        pending.append(item)
    return replace(path, pending=tuple(pending))


def expected_stress(stress: Array, days_ahead: float) -> Array:
    """Stress expected `days_ahead` business days ahead, ``(runs, 1)``: ``sqrt(1 + (s^2 - 1) .94^d)``.

    The excess of the variance estimate over its long-run value decays at the rate of the estimator.

    Source: RiskMetrics (1996), decay factor `simulation.market.prices.VOLATILITY_MEMORY`.
    """
    return np.asarray(np.sqrt(1.0 + (stress**2 - 1.0) * VOLATILITY_MEMORY**days_ahead))


def fed_path(path: ExpectedPath, bank: CentralBank, now: Conditions, today: int) -> ExpectedPath:
    """The expected path with Taylor-rule odds at every meeting without a given decision.

    Odds of a later meeting use the rate expected after the earlier meetings and the stress expected to remain on its day, so
    that one day of stress does not move the whole curve.
    """
    rule = bank.reaction
    if not isinstance(rule, FedReaction):
        return path
    rate, pending = path.rate, []
    for item in path.pending:
        if item.meeting.decision is None:
            ahead = (item.day - today) * TRADING_DAYS_PER_YEAR / DAYS_PER_YEAR
            then = replace(now, stress=expected_stress(now.stress, ahead))
            item = with_rule_odds(item, taylor_odds(rule, rate, then), bank.signal_multiplier, today)
        rate = rate + item.expected_step
        pending.append(item)
    return replace(path, pending=tuple(pending))


def reprice_path(view: BankView, path: ExpectedPath, today: int) -> Array:
    """Replace the path in the market's view; returns the revision of the two-year mean rate."""
    if path is view.path:
        return np.zeros(path.rate.shape)
    before = view.mean_rate(today)
    view.path = path
    return view.mean_rate(today) - before


def stress_pause_surprise(view: BankView, memory: BojMemory, now: Conditions, today: int) -> Array:
    """Path surprise of a stress pause: after a fall in equities the Bank of Japan promises not to hike for some time.

    Departure: a pause does not move long term premia; guidance at meetings and in statements does (credibility channel).
    """
    rule = view.bank.reaction
    if not isinstance(rule, BojReaction) or rule.stress_pause is None:
        return np.zeros_like(now.stress)
    fallen = now.equity_fall > -np.log1p(-min(rule.stress_pause.equity_fall_pct, 99.999) * PERCENT)
    starts = fallen & (memory.paused_until < today)
    if not starts.any():
        return np.zeros_like(now.stress)
    memory.paused_until = np.where(starts, float(today + rule.stress_pause.hold_days), memory.paused_until)
    return view.announce_regime(starts, rule.stress_pause.guidance, today)


@dataclass(frozen=True)
class RatesView:
    """Market rates on one day before the price impact of flows; decimals per year, ``(runs, 1)``."""

    fed_rate: Array
    boj_rate: Array
    ust2: Array
    ust10: Array
    jgb2: Array
    jgb10: Array
    jgb30: Array
    carry: Array
    hedging_cost: Array
    adverse_surprise: Array
    boj_move_probability: Array
    imposed_spread: Array


class Officials:
    """Both central banks with the market's view of each, their bond purchases, and the Ministry of Finance."""

    def __init__(self, scenario: Scenario, runs: Sequence[int], dates: Dates) -> None:
        start, self.scenario, self.days = scenario.start_values, scenario, day_numbers(dates)
        self.clock, self.dates = int(self.days[0]), dates
        self.draws = official_draws(scenario, runs, len(dates))
        self.conditions = calm_conditions(start.usdjpy, start.basis_bp * BASIS_POINT, len(runs))
        self.memory = boj_memory(scenario.boj.reaction, len(runs))
        us = tuple(PERCENT * level for level in (start.ust2_pct, start.ust10_pct, start.ust10_pct))
        japan = tuple(PERCENT * level for level in (start.jgb2_pct, start.jgb10_pct, start.jgb30_pct))
        fed, boj = (self._initial(bank, len(runs)) for bank in (scenario.fed, scenario.boj))
        fed = fed_path(fed, scenario.fed, self.conditions, self.clock)
        boj = boj_path(boj, scenario.boj, self.memory, self.conditions, self.clock)
        self.fed: BankView = bank_view(scenario.fed, fed, self.clock, us, 0.0)
        self.boj: BankView = bank_view(scenario.boj, boj, self.clock, japan, scenario.credibility_bp_per_bp)
        self.imposed_spread = (start.ust10_pct - start.jgb10_pct) * PERCENT
        self.on_path = has_spread_path(scenario.spread_path)
        self.roster = asset_roster(scenario)
        self.given = given_news_by_day(scenario.news, dates, self.roster)
        self.ministry = Ministry(scenario.ministry_of_finance, len(runs))
        self.rates = self.view()
        self.spread_steps = spread_steps(scenario, len(dates))

    def _initial(self, bank: CentralBank, runs: int) -> ExpectedPath:
        return initial_path(bank, tuple(day_number(meeting.date) for meeting in bank.meetings), self.clock, runs)

    def announce(self, day: int, macro: Array, now: Conditions) -> DayNews:
        """Interest-rate news of a day; updates the market's view of both central banks.

        The news comprises repriced odds, signals, decisions, macro news and the imposed spread.

        Parameters
        ----------
        day
            Step of the scenario, from 1.
        macro
            News of the day by asset, ``(runs, assets)``.
        now
            Market conditions at yesterday's close.
        """
        self.clock, self.conditions = int(self.days[day]), now
        repriced = (
            reprice_path(self.fed, fed_path(self.fed.path, self.scenario.fed, now, self.clock), self.clock),
            reprice_path(
                self.boj, boj_path(self.boj.path, self.scenario.boj, self.memory, now, self.clock), self.clock
            ),
        )
        fed = apply_bank_news(self.fed, self.clock, self.draws["decision:fed"][day], self.draws["guidance:fed"][day])
        boj = self._boj_news(day)
        fed = add_other_news(fed, repriced[0] + self._macro(self.fed, macro, (day, UST10)))
        boj = add_other_news(boj, repriced[1] + self._macro(self.boj, macro, (day, JGB10)))
        news = self._impose(DayNews(fed, boj), day)
        self._draw_rates(day)
        self.rates = self.view()
        return news

    def _macro(self, view: BankView, drawn: Array, where: tuple[int, str]) -> Array:
        """Apply given or drawn macro news to one curve; returns the revision of the two-year mean rate."""
        day, bond = where
        ten_year = self.roster.pick(drawn, bond)
        return apply_macro_news(view, *self.given.yields(day, BOND_COLUMNS[bond], ten_year, TWO_YEAR_SHARE[bond]))

    def _boj_news(self, day: int) -> RateNews:
        """Decision and signals of the Bank of Japan; stores the dates of hikes and stress pauses."""
        before = self.boj.path.rate
        news = apply_bank_news(self.boj, self.clock, self.draws["decision:boj"][day], self.draws["guidance:boj"][day])
        self.memory.last_hike = np.where(self.boj.path.rate > before, float(self.clock), self.memory.last_hike)
        paused = stress_pause_surprise(self.boj, self.memory, self.conditions, self.clock)
        return replace(news, path_surprise=news.path_surprise + paused)

    def _impose(self, news: DayNews, day: int) -> DayNews:
        """Add the day's step of the imposed spread path to both curves and to the news."""
        path, step = self.scenario.spread_path, self.spread_steps[day]
        self.imposed_spread = self.imposed_spread + step
        if path is None or not step.any():
            return news
        ones = np.ones_like(news.fed.other_two_year)
        fed, boj = (
            np.where(self.on_path, change, NEUTRAL_ZERO)
            for change in (ones * step * path.us_share, -ones * step * (1.0 - path.us_share))
        )
        return DayNews(
            impose_curve_shift(self.fed, news.fed, fed, path.surprise),
            impose_curve_shift(self.boj, news.boj, boj, path.surprise),
        )

    def _draw_rates(self, day: int) -> None:
        """Under drawn rate paths, move the rate gap towards its level and let policy rates follow; none of this is news."""
        rule = self.scenario.drawn_rates
        if rule is None:
            return
        gap = self.fed.mean_rate(self.clock) - self.boj.mean_rate(self.clock)
        change = return_to_level(gap, gap_levels(rule, self.draws["rate_level"][0]), rule.half_life_years)
        self.fed.shift(change, PATH_LOADINGS)
        if day % rule.days_between_meetings == 0:
            for view in (self.fed, self.boj):
                view.follow(priced_step(view.mean_rate(self.clock), view.path.rate))

    def intervene(self, day: int) -> MinistryAction:
        """Warning and intervention of the Ministry of Finance today."""
        today: date = self.dates[day].astype(object)
        return self.ministry.act(today, day, self.conditions, self.draws["ministry_of_finance"][day])

    def view(self) -> RatesView:
        """Current rates implied by the market's view of both central banks; `rates` holds those of the day."""
        fed_means, boj_means = self.fed.mean_rates(self.clock), self.boj.mean_rates(self.clock)
        fed_curve, boj_curve = self.fed.curve(fed_means), self.boj.curve(boj_means)
        spread = fed_curve[1] - boj_curve[1]
        if self.scenario.spread_path is not None:
            spread = np.where(self.on_path, self.imposed_spread, spread)
        return RatesView(
            fed_rate=self.fed.path.rate,
            boj_rate=self.boj.path.rate,
            ust2=fed_curve[0],
            ust10=fed_curve[1],
            jgb2=boj_curve[0],
            jgb10=boj_curve[1],
            jgb30=boj_curve[2],
            carry=fed_means[0] - boj_means[0],
            hedging_cost=hedging_cost(self.fed.path.rate, self.boj.path.rate, self.conditions.basis),
            adverse_surprise=self.boj.adverse_surprise(),
            boj_move_probability=self.boj.next_probability(),
            imposed_spread=spread,
        )

    def purchases(self, day: int, roster: Roster) -> dict[str, Array]:
        """Ten-year equivalents bought by each central bank on a day, units, ``(assets,)``."""
        bought = {}
        for name, bank, asset in (("fed", self.scenario.fed, UST10), ("boj", self.scenario.boj, JGB10)):
            amount = np.zeros(len(roster))
            amount[roster.columns[asset]] = daily_bond_purchases(bank, int(self.days[day]), asset)
            bought[name] = amount
        return bought


def official_draws(scenario: Scenario, runs: Sequence[int], days: int) -> dict[str, Array]:
    """Random draws by stream, each ``(days, runs, k)``: uniform for decisions, normal for the path news of guidance."""
    streams = Streams(scenario.seed, runs)
    drawn = {
        f"decision:{name}": streams.draw(f"decision:{name}", lambda stream: stream.random((days, 1)))
        for name in ("fed", "boj")
    }
    for name in ("fed", "boj"):
        revealed = streams.draw(f"guidance:{name}", lambda stream: stream.standard_normal((days, 1)))
        drawn[f"guidance:{name}"] = revealed * scenario.noise.scale_x
    drawn["rate_level"] = streams.draw("rate_level", lambda stream: stream.random((1, 1)))
    drawn["ministry_of_finance"] = streams.draw("ministry_of_finance", lambda stream: stream.random((days, 2)))
    return {name: np.ascontiguousarray(values.swapaxes(0, 1)) for name, values in drawn.items()}


def has_spread_path(path: SpreadPath | None) -> NDArray[np.bool_]:
    """Whether each run has an imposed spread path, ``(runs, 1)``, or ``(1, 1)`` if all runs share one setting."""
    return ~np.atleast_2d(np.isnan(np.nan if path is None else path.target_pp))


def spread_steps(scenario: Scenario, days: int) -> Array:
    """Imposed change of the ten-year spread on each day, decimal, ``(days, runs, 1)``, or ``(days, 1, 1)`` if the same in all."""
    path, start = scenario.spread_path, scenario.start_values
    if not isinstance(path, SpreadPath):
        return np.zeros((days, 1, 1))
    over = 1 if path.surprise else path.over_days
    step = np.atleast_2d(path.target_pp - (start.ust10_pct - start.jgb10_pct)) * PERCENT / over
    steps = np.zeros((days, *step.shape))
    steps[1 : 1 + over] = np.where(has_spread_path(path), step, 0.0)
    return steps


def daily_bond_purchases(bank: CentralBank, day: int, asset: str) -> float:
    """Ten-year equivalents that a central bank buys on one business day, billions of the bond's currency."""
    active = [flow for flow in bank.balance_sheet if flow_is_active(flow, day)]
    per_month = [
        (flow.bought_usd_bn_per_month if asset == UST10 else flow.bought_jpy_bn_per_month) * flow.ten_year_share
        for flow in active
    ]
    return sum(per_month) * MONTHS_PER_YEAR / TRADING_DAYS_PER_YEAR


def flow_is_active(flow: BalanceSheetFlow, day: int) -> bool:
    """Whether a balance-sheet flow is active on a day number."""
    return day_number(flow.first_day) <= day and (flow.last_day is None or day <= day_number(flow.last_day))
