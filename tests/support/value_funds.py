"""The economy of Thurner, Farmer and Geanakoplos (2012) with the rules of the engine: noise traders, leveraged funds, a bank.

One asset has a fixed supply.  Noise traders spend ``xi`` on it, a process that is mean-reverting in logs, so that without funds
log returns are close to normal and independent.  If the price is below value, a fund holds ``min(beta m, cap)`` times its
wealth, with m = V - p; at the cap, a fall in the price causes a margin call.  Investors add money to funds that outperform a
benchmark and withdraw it from the others.  A fund with less than a tenth of its initial wealth closes, and a new one opens
after 100 steps.

Demand under a cap is `target_leverage` of the engine; margin calls are `has_margin_call`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from simulation.investors.rules import has_margin_call, target_leverage
from simulation.values.conventions import Array

MEMORY, NOISE, SHARES, VALUE = 0.99, 0.035, 1000.0, 1.0
"""rho, sigma per step, N and V of the paper."""
AGGRESSIVENESS = np.arange(5.0, 55.0, 5.0)
"""beta of the ten funds, leverage per unit of mispricing."""
FIRST_WEALTH, RUIN, CLOSED_FOR = 2.0, 0.1, 100
"""Initial wealth of a fund, the share of it below which a fund closes, and the number of steps until a new one opens."""
SMOOTHING, SENSITIVITY, BENCHMARK = 0.1, 0.15, 0.005
"""Weight of the last return in performance, inflow per unit of excess performance, and the benchmark, per step.

The smoothing is an assumption; doubling it, or a sensitivity between .05 and .15, keeps kurtosis and clustering in the tested
ranges."""


@dataclass
class Funds:
    """State of the funds, ``(runs, funds)``."""

    shares: Array
    cash: Array
    performance: Array
    closed: Array

    def wealth(self, price: Array) -> Array:
        """Net worth at `price`, money; ``(runs, prices, funds)`` at ``(runs, prices)``."""
        return np.asarray(self.cash[:, None, :] + self.shares[:, None, :] * price[..., None])

    def demand(self, price: Array, cap: Array) -> Array:
        """Demand of each fund at `price`, leverage times wealth, money; ``(runs, prices, funds)``."""
        leverage = target_leverage(AGGRESSIVENESS, np.maximum(VALUE - price, 0.0)[..., None], cap[..., None])
        open_now = self.closed[:, None, :] == 0.0
        return np.asarray(open_now * leverage * np.maximum(self.wealth(price), 0.0))


@dataclass(frozen=True)
class History:
    """Steps by runs: log returns, funds under a margin call, wealth of all funds over the value of the asset."""

    log_return: Array
    called: Array
    wealth: Array


def highest_crossing(
    excess: Callable[[Array], Array], low: Array, high: Array, points: int = 32
) -> tuple[Array, Array]:
    """Neighbours on a grid from `low` to `high` between which demand last exceeds supply, each ``(runs, 1)``."""
    grid = low + (high - low) * np.linspace(0.0, 1.0, points)
    above = excess(grid[:, :-1]) > 0.0
    last = np.where(above.any(axis=1), points - 2 - np.argmax(above[:, ::-1], axis=1), 0)[:, None]
    return np.take_along_axis(grid, last, axis=1), np.take_along_axis(grid, last + 1, axis=1)


def clearing_price(excess: Callable[[Array], Array], low: Array, high: Array) -> Array:
    """The highest market-clearing price between `low` and `high`, ``(runs, 1)``, by the Illinois method.

    Under a high cap several prices can clear the market (in one step of two hundred at a cap of ten), because funds have more
    wealth at a higher price.  A price that falls from above reaches the highest one first.
    """
    low, high = highest_crossing(excess, low, high)
    at_low, at_high, was_up = excess(low), excess(high), np.zeros_like(low)
    for _ in range(200):
        width = at_high - at_low
        price = low - at_low * (high - low) / np.where(width == 0.0, 1.0, width)
        at_price = excess(price)
        if (np.abs(at_price) <= 1e-9 * SHARES).all():
            return price
        up = at_price > 0.0
        # The value at an end that is retained twice is halved, so that the other end moves.
        at_low = np.where(up, at_price, np.where(was_up == -1.0, 0.5 * at_low, at_low))
        at_high = np.where(up, np.where(was_up == 1.0, 0.5 * at_high, at_high), at_price)
        low, high, was_up = np.where(up, price, low), np.where(up, high, price), np.where(up, 1.0, -1.0)
    raise ArithmeticError("the market does not clear")


def step(funds: Funds, spent: Array, price: Array, cap: Array) -> tuple[Array, Array]:
    """One step: the market clears, funds trade, investors move money; returns the price and margin calls."""
    alone = spent / SHARES
    new = clearing_price(
        lambda p: spent + funds.demand(p, cap).sum(axis=2) - SHARES * p, alone, np.maximum(alone, VALUE)
    )
    before, after = funds.wealth(price)[:, 0], funds.wealth(new)[:, 0]
    open_now = funds.closed == 0.0
    # A small tolerance, so that rounding causes no margin call for a fund at its cap.
    called = has_margin_call(after * (1.0 + 1e-9), funds.shares * new, 1.0 / np.maximum(cap, 1e-9)) & open_now
    earned = np.where(before > 0.0, (after - before) / np.where(before > 0.0, before, 1.0), 0.0)
    funds.performance = (1.0 - SMOOTHING) * funds.performance + SMOOTHING * earned
    invested = funds.demand(new, cap)[:, 0]
    flow = np.maximum(SENSITIVITY * (funds.performance - BENCHMARK), -1.0) * np.maximum(after, 0.0)
    funds.shares, funds.cash = invested / new, after - invested + np.where(open_now, flow, 0.0)
    ruined = open_now & (funds.wealth(new)[:, 0] < RUIN * FIRST_WEALTH)
    # The lender bears negative equity; a new fund starts with the initial wealth.
    funds.shares, funds.performance = np.where(ruined, 0.0, funds.shares), np.where(ruined, 0.0, funds.performance)
    funds.cash = np.where(ruined, FIRST_WEALTH, funds.cash)
    funds.closed = np.where(ruined, float(CLOSED_FOR), np.maximum(funds.closed - 1.0, 0.0))
    return new, called


def simulate_caps(caps: tuple[float, ...], seeds: int, steps: int) -> dict[float, History]:
    """Histories by leverage cap, `seeds` runs each, with the same noise under every cap."""
    streams = [np.random.default_rng(np.random.SeedSequence([2012, seed])) for seed in range(seeds)]
    noise = np.tile(np.stack([stream.standard_normal(steps) for stream in streams], axis=1), (1, len(caps)))
    cap = np.repeat(np.array(caps), seeds)[:, None]
    whole = (cap.size, AGGRESSIVENESS.size)
    funds = Funds(np.zeros(whole), np.full(whole, FIRST_WEALTH), np.zeros(whole), np.zeros(whole))
    log_spent, price = np.full((cap.size, 1), np.log(SHARES * VALUE)), np.full((cap.size, 1), VALUE)
    returns, called, wealth = (np.empty((steps, cap.size)) for _ in range(3))
    for now in range(steps):
        log_spent = MEMORY * log_spent + NOISE * noise[now][:, None] + (1.0 - MEMORY) * np.log(SHARES * VALUE)
        new, calls = step(funds, np.exp(log_spent), price, cap)
        returns[now] = np.log(new / price)[:, 0]
        called[now], wealth[now] = calls.sum(axis=1), funds.wealth(new).sum(axis=(1, 2)) / (SHARES * VALUE)
        price = new
    columns = {value: slice(at * seeds, (at + 1) * seeds) for at, value in enumerate(caps)}
    return {value: History(returns[:, part], called[:, part], wealth[:, part]) for value, part in columns.items()}


def excess_kurtosis(series: Array) -> Array:
    """Fourth standardised moment less 3 of each column, ``(runs,)``."""
    gap = series - series.mean(axis=0)
    return np.asarray((gap**4).mean(axis=0) / (gap**2).mean(axis=0) ** 2 - 3.0)


def autocorrelation(series: Array, lag: int = 1) -> Array:
    """Autocorrelation of each column, ``(runs,)``."""
    gap = series - series.mean(axis=0)
    return np.asarray((gap[lag:] * gap[:-lag]).mean(axis=0) / (gap**2).mean(axis=0))
