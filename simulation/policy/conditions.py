"""What central banks and the Ministry of Finance look at when they decide: yesterday's markets and the interest bill."""

from dataclasses import dataclass

from simulation.values.conventions import Array, column


@dataclass(frozen=True)
class Conditions:
    """The state that officials react to, each ``(runs, 1)``.

    Attributes
    ----------
    usdjpy
        Yen per dollar.
    usdjpy_rise
        Log rise of USDJPY over the last 20 business days.
    equity_fall
        Log fall of equities over the last five business days, positive for a fall.
    stress
        Volatility of USDJPY over its long-run value.
    interest_bill_share
        Rise of Japan's interest bill since the start as a share of GDP.
    basis
        Cross-currency basis, decimal per year.
    """

    usdjpy: Array
    usdjpy_rise: Array
    equity_fall: Array
    stress: Array
    interest_bill_share: Array
    basis: Array


def calm(usdjpy: float, basis: float, runs: int) -> Conditions:
    """Conditions before anything has happened."""
    zero = column(0.0, runs)
    return Conditions(column(usdjpy, runs), zero, zero, column(1.0, runs), zero, column(basis, runs))
