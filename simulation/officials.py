"""The central banks at work: each day's decisions, signals and bond purchases, and the curves the market sees."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simulation.assets import JGB10, UST10, Roster
from simulation.calendar import Dates, day_numbers
from simulation.conventions import BASIS_POINT, MONTHS_PER_YEAR, PERCENT, TRADING_DAYS_PER_YEAR, Array
from simulation.expectations import BankView, bank_view, hedging_cost
from simulation.news import DayNews, bank_news, imposed, macro_news, with_other
from simulation.policy.central_banks import BalanceSheetFlow, CentralBank
from simulation.randomness import Streams
from simulation.scenario import Scenario, SpreadPath


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
    """Both central banks, the market's view of them, and their bond purchases."""

    def __init__(self, scenario: Scenario, runs: Sequence[int], dates: Dates) -> None:
        start, self.scenario, self.days = scenario.start_values, scenario, day_numbers(dates)
        self.clock = int(self.days[0])
        count, streams = len(runs), Streams(scenario.seed, runs)
        us = tuple(PERCENT * level for level in (start.ust2_pct, start.ust10_pct, start.ust10_pct))
        japan = tuple(PERCENT * level for level in (start.jgb2_pct, start.jgb10_pct, start.jgb30_pct))
        self.fed: BankView = bank_view(scenario.fed, self.clock, us, count, 0.0)
        self.boj: BankView = bank_view(scenario.boj, self.clock, japan, count, scenario.credibility_bp_per_bp)
        self.revealed = {
            name: streams.draw(f"guidance:{name}", lambda stream: stream.standard_normal(len(dates))).T[:, :, None]
            * scenario.noise.scale_x
            for name in ("fed", "boj")
        }
        self.imposed_spread = (start.ust10_pct - start.jgb10_pct) * PERCENT
        self.rates = self.view()
        self.spread_steps = spread_steps(scenario, len(dates)) if scenario.spread_path else np.zeros(len(dates))

    def announce(self, day: int, macro: Array, roster: Roster) -> DayNews:
        """All rates news of a day: signals, decisions, macro news and the imposed spread; both views are updated.

        Parameters
        ----------
        day
            Step of the scenario, from 1.
        macro
            The day's news by asset, ``(runs, assets)``.
        """
        self.clock = int(self.days[day])
        fed = bank_news(self.fed, self.clock, self.revealed["fed"][day])
        boj = bank_news(self.boj, self.clock, self.revealed["boj"][day])
        fed = with_other(fed, macro_news(self.fed, roster.pick(macro, UST10), UST10))
        boj = with_other(boj, macro_news(self.boj, roster.pick(macro, JGB10), JGB10))
        path, step = self.scenario.spread_path, float(self.spread_steps[day])
        self.imposed_spread += step
        if path is not None and step:
            ones = np.ones_like(fed.other_two_year)
            fed = imposed(self.fed, fed, ones * step * path.us_share, path.surprise)
            boj = imposed(self.boj, boj, -ones * step * (1.0 - path.us_share), path.surprise)
        self.rates = self.view()
        return DayNews(fed, boj)

    def view(self) -> RatesView:
        """Rates as the two views imply them now; `rates` keeps the view of the day."""
        fed_curve, boj_curve = self.fed.curve(self.clock), self.boj.curve(self.clock)
        spread = fed_curve[1] - boj_curve[1]
        if self.scenario.spread_path is not None:
            spread = np.full_like(spread, self.imposed_spread)
        basis = self.scenario.start_values.basis_bp * BASIS_POINT
        return RatesView(
            fed_rate=self.fed.path.rate,
            boj_rate=self.boj.path.rate,
            ust2=fed_curve[0],
            ust10=fed_curve[1],
            jgb2=boj_curve[0],
            jgb10=boj_curve[1],
            jgb30=boj_curve[2],
            carry=self.fed.mean_rate(self.clock) - self.boj.mean_rate(self.clock),
            hedging_cost=hedging_cost(self.fed.path.rate, self.boj.path.rate, basis),
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


def spread_steps(scenario: Scenario, days: int) -> Array:
    """Change of the ten-year spread imposed on each day, decimal, ``(days,)``."""
    path, start = scenario.spread_path, scenario.start_values
    steps = np.zeros(days)
    if isinstance(path, SpreadPath):
        over = 1 if path.surprise else path.over_days
        steps[1 : 1 + over] = (path.target_pp - (start.ust10_pct - start.jgb10_pct)) * PERCENT / over
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
    date = np.datetime64(day, "D")
    return bool(np.datetime64(flow.first_day) <= date and (flow.last_day is None or date <= np.datetime64(flow.last_day)))
