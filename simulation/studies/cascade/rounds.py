"""Simulation of a fire sale round by round, from the shock to the last sale."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulation.investors.rules import has_margin_call, margin_call, partial_adjustment, target_leverage
from simulation.market.prices import fast_impact
from simulation.studies.cascade.inputs import Banks, LeverageRule, MarketDepth, run_shape, validated_array
from simulation.values.conventions import Array, Flags


@dataclass(frozen=True)
class FireSale:
    """Rounds, sales, prices and losses of a fire sale; the axes ``...`` are runs.

    Attributes
    ----------
    rounds
        Number of rounds with trades, ``(...)``.
    sales
        Amounts sold in each round, valued at the prices after the shock, money, ``(rounds, ..., banks, assets)``; purchases are
        negative.
    prices
        Prices after the shock, equal to one, and after each round, ``(rounds + 1, ..., assets)``.
    losses
        Losses in the shock and in each round, money, ``(rounds + 1, ..., banks)``; gains are negative.
    equity
        Equity at the end, money, ``(..., banks)``; a negative value is the loss of the lenders.
    holdings
        Holdings at the end and at final prices, money, ``(..., banks, assets)``.
    stranded
        Banks above their limit that have nothing left to sell, ``(..., banks)``.
    unsettled
        Runs that reached the maximum number of rounds with trades outstanding, ``(...)``.
    """

    rounds: NDArray[np.int64]
    sales: Array
    prices: Array
    losses: Array
    equity: Array
    holdings: Array
    stranded: Flags
    unsettled: Flags

    @property
    def spillover(self) -> Array:
        """Losses of each bank from price changes after the shock, by its own and other sales, money, ``(..., banks)``."""
        return np.asarray(self.losses[1:].sum(axis=0))

    @property
    def vulnerability(self) -> Array:
        """Losses of all banks from trades over their equity before the shock, ``(...)``.

        Source: Greenwood, Landier and Thesmar (2015), aggregate vulnerability, for a single round of leverage targeting.
        """
        before = (self.equity + self.losses.sum(axis=0)).sum(axis=-1)
        return np.asarray(self.spillover.sum(axis=-1) / before)

    @property
    def amplification(self) -> Array:
        """Total losses over losses in the shock, ``(...)``: one if trades cause no losses, infinite if they cause all."""
        first, later = np.asarray(self.losses[0].sum(axis=-1)), np.asarray(self.spillover.sum(axis=-1))
        ratio = 1.0 + later / np.where(first == 0.0, 1.0, first)
        return np.where(later == 0.0, 1.0, np.where(first == 0.0, np.inf, ratio))


TOLERANCE: Final = 1e-9
"""A run ends when its trades fall below this share of the holdings of all its banks after the shock."""

MARGIN_SLACK: Final = 1e-12
"""Share of the required margin that may be missing without a call: rounding must not trigger a call at the limit."""
WHOLE_ROUNDS_CURE: Final = "state a whole number of rounds"


@dataclass(frozen=True)
class CascadeState:
    """Balance sheets and prices between two rounds.

    Attributes
    ----------
    amounts
        Amounts at the prices after the shock, ``(..., banks, assets)``.
    equity
        Money, ``(..., banks)``.
    bought
        Net purchases of all banks since the shock, at the prices after it, ``(..., 1, assets)``.
    price
        Price relative to that after the shock, ``(..., 1, assets)``.
    """

    amounts: Array
    equity: Array
    bought: Array
    price: Array

    @property
    def value(self) -> Array:
        """Holdings at the current prices, money, ``(..., banks, assets)``."""
        return np.asarray(self.amounts * self.price)

    @property
    def assets(self) -> Array:
        """Value of each balance sheet, money, ``(..., banks)``."""
        return np.asarray(self.value.sum(axis=-1))


def fire_sale(
    banks: Banks, rule: LeverageRule, depth: MarketDepth, shock: ArrayLike = 0.0, most_rounds: int = 50
) -> FireSale:
    """Simulate a shock to leveraged balance sheets until no bank trades.

    In each round, every bank decides its trades at the same prices, all trades together determine the new prices, holdings are
    marked to these prices, and trades execute at them, as in a round of the engine's trading day.  Arguments broadcast over
    leading axes, the runs; a run without further trades does not change.

    Parameters
    ----------
    banks
        Balance sheets before the shock.
    rule
        Leverage limits and targets.
    depth
        Market depth, for amounts at the prices after the shock.
    shock
        Initial return of each asset, decimal, ``(..., assets)``: -0.1 is a fall of 10 %.
    most_rounds
        Maximum number of rounds, 1 to 100,000; 1 is the single round of Greenwood, Landier and Thesmar.

    Returns
    -------
    FireSale
        Rounds, sales, prices and losses.

    Raises
    ------
    ValueError
        If an argument is outside its range, shapes do not match, or linear impact on simple returns reduces a price to zero.

    Source: Greenwood, Landier and Thesmar (2015) for targets, proportional sales and linear impact; Cont and Schaanning
    (2017) for limits and repeated rounds.  The rules are those of the engine.
    """
    if not float(validated_array("most_rounds", most_rounds, "rounds", (1, 100_000), WHOLE_ROUNDS_CURE)).is_integer():
        raise ValueError(f"most_rounds is {most_rounds:g} rounds; allowed are 1 to 100000: {WHOLE_ROUNDS_CURE}")
    change = validated_array("shock", shock, "as a return", (-0.999999, 10.0), "write -0.1 for a fall of 10 %")
    state, lost = apply_shock(banks, rule, depth, change)
    min_trade, rounds = TOLERANCE * state.amounts.sum(axis=(-2, -1)), np.zeros(state.equity.shape[:-1], dtype=np.int64)
    sales, prices, losses = [np.empty((0, *state.amounts.shape))], [state.price], [lost]
    for _ in range(int(most_rounds)):
        sold = desired_sales(state, rule, depth)
        active = np.asarray(np.abs(sold).sum(axis=(-2, -1)) > min_trade)
        if not active.any():
            break
        sold, rounds = np.where(active[..., None, None], sold, 0.0), rounds + active
        state, lost = apply_sales(state, sold, depth)
        sales.append(sold[None])
        prices.append(state.price)
        losses.append(lost)
    outstanding = desired_sales(state, rule, depth)
    return FireSale(
        rounds=np.asarray(rounds),
        sales=np.concatenate(sales),
        prices=np.stack(prices)[..., 0, :],
        losses=np.stack(losses),
        equity=state.equity,
        holdings=state.value,
        stranded=above_limit(state, rule) & ~((state.amounts > 0.0) & (per_asset(depth.sellable) > 0.0)).any(axis=-1),
        unsettled=np.asarray(np.abs(outstanding).sum(axis=(-2, -1)) > min_trade),
    )


def apply_shock(banks: Banks, rule: LeverageRule, depth: MarketDepth, shock: Array) -> tuple[CascadeState, Array]:
    """State after the shock, broadcast to all runs, and losses of each bank, money, ``(..., banks)``."""
    holdings, equity = np.asarray(banks.holdings, dtype=np.float64), np.asarray(banks.equity, dtype=np.float64)
    runs = common_run_shape(holdings, equity, rule, depth, shock)
    holdings = np.broadcast_to(holdings, (*runs, *holdings.shape[-2:]))
    change = np.broadcast_to(shock, (*runs, holdings.shape[-1]))[..., None, :]
    lost = -(holdings * change).sum(axis=-1)
    return CascadeState(holdings * (1.0 + change), equity - lost, np.zeros(change.shape), np.ones(change.shape)), lost


def common_run_shape(
    holdings: Array, equity: Array, rule: LeverageRule, depth: MarketDepth, shock: Array
) -> tuple[int, ...]:
    """Shape of the runs to which all arguments broadcast.

    Raises
    ------
    ValueError
        If an argument does not match the banks and assets, or the runs of the other arguments.
    """
    both, bank, asset = holdings.shape[-2:], holdings.shape[-2:-1], holdings.shape[-1:]
    tails: dict[str, tuple[ArrayLike | None, tuple[int, ...]]] = {}
    tails |= {"shock": (shock, asset), "impact": (depth.impact, asset), "scale": (depth.scale, asset)}
    tails |= {"sellable": (depth.sellable, asset), "holdings": (holdings, both), "equity": (equity, bank)}
    tails |= {"limit": (rule.limit, bank), "target": (rule.target, bank), "mix": (rule.mix, both)}
    given = {name: (np.asarray(value), tail) for name, (value, tail) in tails.items() if value is not None}
    runs = {name: run_shape(name, value, tail) for name, (value, tail) in given.items()}
    try:
        return np.broadcast_shapes(*runs.values())
    except ValueError as error:
        shapes = ", ".join(f"{name} {shape}" for name, shape in runs.items() if shape)
        message = (
            f"leading axes (runs) are {shapes}; they must be equal or 1: give every argument the same number of runs"
        )
        raise ValueError(message) from error


def per_asset(value: ArrayLike) -> Array:
    """Values by asset, ``(..., assets)``, with an axis for banks, ``(..., 1, assets)``."""
    return np.atleast_1d(np.asarray(value, dtype=np.float64))[..., None, :]


def desired_sales(state: CascadeState, rule: LeverageRule, depth: MarketDepth) -> Array:
    """Sales of each bank at the prices after the shock, ``(..., banks, assets)``; purchases are negative."""
    amount = (sale_share(state.equity, state.assets, rule) * state.assets)[..., None]
    sellable = per_asset(depth.sellable) > 0.0
    room = np.where(sellable, state.value, 0.0)
    if rule.mix is not None:
        return np.where(sellable, np.minimum(amount * np.asarray(rule.mix), room) / state.price, 0.0)
    all_room = room.sum(axis=-1, keepdims=True)
    share = np.minimum(amount / np.where(all_room > 0.0, all_room, np.inf), 1.0)
    return np.where(sellable, share * state.amounts, 0.0)


def sale_share(equity: Array, assets: Array, rule: LeverageRule) -> Array:
    """Share of its assets that each bank sells towards its target or for a margin call, ``(..., banks)``."""
    share = np.zeros_like(assets)
    if rule.target is not None:
        cap = np.inf if rule.limit is None else np.asarray(rule.limit)
        target_assets = target_leverage(np.asarray(rule.target), np.ones_like(assets), cap) * np.maximum(equity, 0.0)
        step = partial_adjustment(target_assets - assets, rule.speed, rule.speed)
        share = -step / np.where(assets > 0.0, assets, np.inf)
    if rule.limit is not None:
        call_share = margin_call(equity, assets, required_margin(rule.limit), rule.restore)
        share = np.where(call_share > 0.0, np.maximum(call_share, share), share)
    return share


def above_limit(state: CascadeState, rule: LeverageRule) -> Flags:
    """Whether the leverage of each bank exceeds its limit, ``(..., banks)``; False without a limit."""
    if rule.limit is None:
        return np.zeros(state.equity.shape, dtype=np.bool_)
    return has_margin_call(state.equity, state.assets, required_margin(rule.limit))


def required_margin(limit: ArrayLike) -> Array:
    """Equity required per unit of assets under a leverage limit, ``(..., banks)``."""
    return np.asarray((1.0 - MARGIN_SLACK) / np.asarray(limit, dtype=np.float64))


def apply_sales(state: CascadeState, sold: Array, depth: MarketDepth) -> tuple[CascadeState, Array]:
    """State after a round of sales, and losses of each bank, money, ``(..., banks)``.

    Raises
    ------
    ValueError
        If a price is no longer positive.
    """
    bought = state.bought - sold.sum(axis=-2, keepdims=True)
    price = price_after(bought, depth)
    lost = (state.amounts * (state.price - price)).sum(axis=-1)
    return CascadeState(state.amounts - sold, state.equity - lost, bought, price), lost


def price_after(bought: Array, depth: MarketDepth) -> Array:
    """Prices after net purchases of `bought` since the shock, ``(..., 1, assets)``.

    Raises
    ------
    ValueError
        If a price is not finite and positive.
    """
    effect = fast_impact(bought, per_asset(depth.impact), per_asset(depth.scale))
    with np.errstate(over="ignore"):
        price = np.exp(effect) if depth.returns == "log" else 1.0 + effect
    wrong = ~(np.isfinite(price) & (price > 0.0))
    if wrong.any():
        at = tuple(np.argwhere(wrong)[0])
        raise ValueError(
            f"asset {at[-1]} (counted from 0) would be {price[at]:g} times its initial price after net sales of "
            f"{-bought[at]:g} money; prices must stay finite and above 0: lower the impact, or choose log returns or fewer rounds"
        )
    return price
