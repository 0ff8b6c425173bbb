"""What every investor may know when it states its orders: yesterday's close and today's public news."""

from dataclasses import dataclass
from datetime import date

from simulation.values.assets import Roster
from simulation.values.conventions import Array, Rows
from simulation.values.quote import CutOut, Quote


@dataclass(frozen=True)
class Information:
    """The common information of one day; arrays are ``(runs, 1)`` unless noted, rates decimals per year.

    Attributes
    ----------
    day
        The date.
    step
        Number of the day, 0 at the start.
    roster
        Column order of the ``(runs, assets)`` arrays.
    quote
        Yesterday's close.
    log_return
        Yesterday's log returns, ``(runs, assets)``.
    variance, long_run_variance
        Daily variance estimate and its long-run value, ``(runs, assets)``.
    momentum
        Smoothed annual trend of USDJPY, decimal per year.
    recent_high
        Highest USDJPY close of the last 120 days, yen per dollar.
    fed_rate, boj_rate
        Policy rates of the day.
    carry
        Expected policy-rate differential over two years, US minus Japan.
    adverse_surprise
        Unpriced hawkish part of the next BOJ meeting, units of 25 bp.
    ust10, jgb10, jgb30
        Yields.
    hedging_cost
        Annual cost of hedging dollars into yen.
    imposed_spread
        Ten-year spread before any flow impact: the imposed path where there is one, else what both curves imply.
    """

    day: date
    step: int
    roster: Roster
    quote: Quote
    log_return: Array
    variance: Array
    long_run_variance: Array
    momentum: Array
    recent_high: Array
    fed_rate: Array
    boj_rate: Array
    carry: Array
    adverse_surprise: Array
    ust10: Array
    jgb10: Array
    jgb30: Array
    hedging_cost: Array
    imposed_spread: Array

    def fx_variance(self) -> Array:
        """Daily variance of USDJPY."""
        return self.variance[:, :1]

    def fx_long_run_variance(self) -> Array:
        """Long-run daily variance of USDJPY."""
        return self.long_run_variance[:, :1]

    def at(self, rows: Rows) -> "Information":
        """The information of some runs."""
        return InformationOfRuns(self, rows)


class InformationOfRuns(CutOut, Information):
    """The information of some runs; of its many items few are ever asked for."""
