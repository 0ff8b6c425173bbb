"""Officials at work: each day's decisions, signals, bond purchases and interventions, and the curves the market sees."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulation.day.reactions import boj_memory, boj_path, fed_path, pause, reprice
from simulation.expectations.expectations import PATH_LOADINGS, BankView, RateNews, bank_view, hedging_cost
from simulation.expectations.news import DayNews, bank_news, imposed, macro_news, with_other
from simulation.market.fundamentals import TWO_YEAR_SHARE
from simulation.policy.central_banks import BalanceSheetFlow, CentralBank
from simulation.policy.conditions import Conditions, calm
from simulation.policy.drawn_rates import levels, priced_step, return_to_level
from simulation.policy.expected_path import ExpectedPath, initial_path
from simulation.policy.ministry_of_finance import Action, Ministry
from simulation.scenario.consistency import roster_of
from simulation.scenario.scenario import Scenario, SpreadPath
from simulation.values.assets import JGB10, UST10, Roster
from simulation.values.calendar import Dates, day_number, day_numbers
from simulation.values.conventions import BASIS_POINT, MONTHS_PER_YEAR, PERCENT, TRADING_DAYS_PER_YEAR, Array
from simulation.values.given_news import BONDS, given_days
from simulation.values.randomness import Streams

NOTHING: Final = -0.0
"""What changes nothing when it is added, not even the sign of a zero."""


@dataclass(frozen=True)
class RatesView:
    """Rates as the market sees them on one day, before flow impact; decimals per year, ``(runs, 1)``."""

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
    """Both central banks, the market's view of them, their bond purchases, and the Ministry of Finance."""

    def __init__(self, scenario: Scenario, runs: Sequence[int], dates: Dates) -> None:
        start, self.scenario, self.days = scenario.start_values, scenario, day_numbers(dates)
        self.clock, self.dates = int(self.days[0]), dates
        self.draws = draws_of(scenario, runs, len(dates))
        self.conditions = calm(start.usdjpy, start.basis_bp * BASIS_POINT, len(runs))
        self.memory = boj_memory(scenario.boj.reaction, len(runs))
        us = tuple(PERCENT * level for level in (start.ust2_pct, start.ust10_pct, start.ust10_pct))
        japan = tuple(PERCENT * level for level in (start.jgb2_pct, start.jgb10_pct, start.jgb30_pct))
        fed, boj = (self._initial(bank, len(runs)) for bank in (scenario.fed, scenario.boj))
        fed = fed_path(fed, scenario.fed, self.conditions, self.clock)
        boj = boj_path(boj, scenario.boj, self.memory, self.conditions, self.clock)
        self.fed: BankView = bank_view(scenario.fed, fed, self.clock, us, 0.0)
        self.boj: BankView = bank_view(scenario.boj, boj, self.clock, japan, scenario.credibility_bp_per_bp)
        self.imposed_spread = (start.ust10_pct - start.jgb10_pct) * PERCENT
        self.on_path = has_path(scenario.spread_path)
        self.roster = roster_of(scenario)
        self.given = given_days(scenario.news, dates, self.roster)
        self.ministry = Ministry(scenario.ministry_of_finance, len(runs))
        self.rates = self.view()
        self.spread_steps = spread_steps(scenario, len(dates))

    def _initial(self, bank: CentralBank, runs: int) -> ExpectedPath:
        return initial_path(bank, tuple(day_number(meeting.date) for meeting in bank.meetings), self.clock, runs)

    def announce(self, day: int, macro: Array, now: Conditions) -> DayNews:
        """All rates news of a day: odds, signals, decisions, macro news, the imposed spread; both views are updated.

        Parameters
        ----------
        day
            Step of the scenario, from 1.
        macro
            The day's news by asset, ``(runs, assets)``.
        now
            What officials know: yesterday's markets.
        """
        self.clock, self.conditions = int(self.days[day]), now
        repriced = (
            reprice(self.fed, fed_path(self.fed.path, self.scenario.fed, now, self.clock), self.clock),
            reprice(self.boj, boj_path(self.boj.path, self.scenario.boj, self.memory, now, self.clock), self.clock),
        )
        fed = bank_news(self.fed, self.clock, self.draws["decision:fed"][day], self.draws["guidance:fed"][day])
        boj = self._boj_news(day)
        fed = with_other(fed, repriced[0] + self._macro(self.fed, macro, (day, UST10)))
        boj = with_other(boj, repriced[1] + self._macro(self.boj, macro, (day, JGB10)))
        news = self._impose(DayNews(fed, boj), day)
        self._draw_rates(day)
        self.rates = self.view()
        return news

    def _macro(self, view: BankView, drawn: Array, where: tuple[int, str]) -> Array:
        """Macro news of one curve on a day, given or drawn; returns the revision of the two-year mean."""
        day, bond = where
        ten_year = self.roster.pick(drawn, bond)
        return macro_news(view, *self.given.yields(day, BONDS[bond], ten_year, TWO_YEAR_SHARE[bond]))

    def _boj_news(self, day: int) -> RateNews:
        """Decision and signals of the Bank of Japan; hikes and stress pauses are remembered."""
        before = self.boj.path.rate
        news = bank_news(self.boj, self.clock, self.draws["decision:boj"][day], self.draws["guidance:boj"][day])
        self.memory.last_hike = np.where(self.boj.path.rate > before, float(self.clock), self.memory.last_hike)
        paused = pause(self.boj, self.memory, self.conditions, self.clock)
        return replace(news, path_surprise=news.path_surprise + paused)

    def _impose(self, news: DayNews, day: int) -> DayNews:
        path, step = self.scenario.spread_path, self.spread_steps[day]
        self.imposed_spread = self.imposed_spread + step
        if path is None or not step.any():
            return news
        ones = np.ones_like(news.fed.other_two_year)
        fed, boj = (
            np.where(self.on_path, change, NOTHING)
            for change in (ones * step * path.us_share, -ones * step * (1.0 - path.us_share))
        )
        return DayNews(imposed(self.fed, news.fed, fed, path.surprise), imposed(self.boj, news.boj, boj, path.surprise))

    def _draw_rates(self, day: int) -> None:
        """Under drawn rate paths, let the gap return towards its level and policy rates follow; none of it is news."""
        rule = self.scenario.drawn_rates
        if rule is None:
            return
        gap = self.fed.mean_rate(self.clock) - self.boj.mean_rate(self.clock)
        change = return_to_level(gap, levels(rule, self.draws["rate_level"][0]), rule.half_life_years)
        self.fed.shift(change, PATH_LOADINGS)
        if day % rule.days_between_meetings == 0:
            for view in (self.fed, self.boj):
                view.follow(priced_step(view.mean_rate(self.clock), view.path.rate))

    def intervene(self, day: int) -> Action:
        """What the Ministry of Finance says and does today."""
        today: date = self.dates[day].astype(object)
        return self.ministry.act(today, day, self.conditions, self.draws["ministry_of_finance"][day])

    def view(self) -> RatesView:
        """Rates as the two views imply them now; `rates` keeps the view of the day."""
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
        """Ten-year equivalents bought by each bank on a day, units, ``(assets,)``."""
        bought = {}
        for name, bank, asset in (("fed", self.scenario.fed, UST10), ("boj", self.scenario.boj, JGB10)):
            amount = np.zeros(len(roster))
            amount[roster.columns[asset]] = bought_on(bank, int(self.days[day]), asset)
            bought[name] = amount
        return bought


def draws_of(scenario: Scenario, runs: Sequence[int], days: int) -> dict[str, Array]:
    """Random draws of officials by stream, each ``(days, runs, k)``: uniform for decisions, normal for what words reveal."""
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


def has_path(path: SpreadPath | None) -> NDArray[np.bool_]:
    """Which runs have an imposed path of the spread, ``(runs, 1)`` with one run where all are alike: those with a target."""
    return ~np.atleast_2d(np.isnan(np.nan if path is None else path.target_pp))


def spread_steps(scenario: Scenario, days: int) -> Array:
    """Change of the ten-year spread imposed on each day, decimal, ``(days, runs, 1)`` with one run where all have the same."""
    path, start = scenario.spread_path, scenario.start_values
    if not isinstance(path, SpreadPath):
        return np.zeros((days, 1, 1))
    over = 1 if path.surprise else path.over_days
    step = np.atleast_2d(path.target_pp - (start.ust10_pct - start.jgb10_pct)) * PERCENT / over
    steps = np.zeros((days, *step.shape))
    steps[1 : 1 + over] = np.where(has_path(path), step, 0.0)
    return steps


def bought_on(bank: CentralBank, day: int, asset: str) -> float:
    """Ten-year equivalents a central bank buys on one business day, billions of the bond's currency."""
    active = [flow for flow in bank.balance_sheet if covers(flow, day)]
    per_month = [
        (flow.bought_usd_bn_per_month if asset == UST10 else flow.bought_jpy_bn_per_month) * flow.ten_year_share
        for flow in active
    ]
    return sum(per_month) * MONTHS_PER_YEAR / TRADING_DAYS_PER_YEAR


def covers(flow: BalanceSheetFlow, day: int) -> bool:
    """Whether a balance-sheet flow is under way on a day number."""
    return day_number(flow.first_day) <= day and (flow.last_day is None or day <= day_number(flow.last_day))
