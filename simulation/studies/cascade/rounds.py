"""What comes of a fire sale.

From a shock to the last sale, round by round.
"""

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
    """Rounds, sales, prices and losses; the axes ``...`` are runs.

    Attributes
    ----------
    rounds
        Rounds in which somebody traded, ``(...)``.
    sales
        Amounts sold in each round at the prices after the shock, money, ``(rounds, ..., banks, assets)``; purchases are
        negative.
    prices
        After the shock, where they are one, and after each round, ``(rounds + 1, ..., assets)``.
    losses
        Lost in the shock and in each round, money, ``(rounds + 1, ..., banks)``; gains are negative.
    equity
        At the end, money, ``(..., banks)``; below zero it is the loss of those who lent.
    holdings
        At the end and at its prices, money, ``(..., banks, assets)``.
    stranded
        Banks above their limit with nothing left that can be sold, ``(..., banks)``.
    unsettled
        Runs cut off after the most rounds with trades still to come, ``(...)``.
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
        """What each bank lost by trades alone, its own and those of others, money, ``(..., banks)``."""
        return np.asarray(self.losses[1:].sum(axis=0))

    @property
    def vulnerability(self) -> Array:
        """Losses of all banks by trades over their equity before the shock, ``(...)``.

        Source: aggregate vulnerability of Greenwood, Landier and Thesmar (2015) where one round of leverage targeting
        follows the shock.
        """
        before = (self.equity + self.losses.sum(axis=0)).sum(axis=-1)
        return np.asarray(self.spillover.sum(axis=-1) / before)

    @property
    def amplification(self) -> Array:
        """All losses over those of the shock, ``(...)``; one where trades add nothing, infinite where they are all of it."""
        first, later = np.asarray(self.losses[0].sum(axis=-1)), np.asarray(self.spillover.sum(axis=-1))
        ratio = 1.0 + later / np.where(first == 0.0, 1.0, first)
        return np.where(later == 0.0, 1.0, np.where(first == 0.0, np.inf, ratio))


TOLERANCE: Final = 1e-9
"""Trades of a run below this share of what all its banks held after the shock end its cascade."""

MARGIN_SLACK: Final = 1e-12
"""Share of the margin that may be missing before a call, so that nobody at his limit is called for the last digit."""
WHOLE_ROUNDS_CURE: Final = "state a whole number of rounds"


@dataclass(frozen=True)
class CascadeState:
    """Balance sheets and prices between two rounds.

    Attributes
    ----------
    held
        Amounts at the prices after the shock, ``(..., banks, assets)``.
    equity
        Money, ``(..., banks)``.
    bought
        Net purchases of all banks since the shock, at its prices, ``(..., 1, assets)``.
    price
        One after the shock, ``(..., 1, assets)``.
    """

    held: Array
    equity: Array
    bought: Array
    price: Array

    @property
    def value(self) -> Array:
        """Holdings at the current prices, money, ``(..., banks, assets)``."""
        return np.asarray(self.held * self.price)

    @property
    def assets(self) -> Array:
        """Value of each balance sheet, money, ``(..., banks)``."""
        return np.asarray(self.value.sum(axis=-1))


def fire_sale(
    banks: Banks, rule: LeverageRule, depth: MarketDepth, shock: ArrayLike = 0.0, most_rounds: int = 50
) -> FireSale:
    """Let a shock run through leveraged balance sheets until nobody trades any more.

    In each round every bank states its trades at the same prices; all trades together make the new prices; holdings are
    marked to them and trades execute at them, as in a round of the engine's trading day.  Arguments broadcast over
    leading axes, the runs; a run that is done stays as it is.

    Parameters
    ----------
    banks
        Balance sheets before the shock.
    rule
        Leverage limits and targets.
    depth
        Market depth, for amounts at the prices after the shock.
    shock
        Return of each asset that starts it, decimal, ``(..., assets)``: -0.1 is a fall of 10 %.
    most_rounds
        Rounds after which a cascade is cut off, 1 to 100,000; 1 is the one round of Greenwood, Landier and Thesmar.

    Returns
    -------
    FireSale
        Rounds, sales, prices and losses.

    Raises
    ------
    ValueError
        If an argument is outside its range, shapes do not fit, or linear impact on simple returns takes a price to zero.

    Source: Greenwood, Landier and Thesmar (2015) for targets, proportional sales and linear impact; Cont and Schaanning
    (2017) for limits and repeated rounds.  The rules are the engine's own.
    """
    if not float(validated_array("most_rounds", most_rounds, "rounds", (1, 100_000), WHOLE_ROUNDS_CURE)).is_integer():
        raise ValueError(f"most_rounds is {most_rounds:g} rounds; allowed are 1 to 100000: {WHOLE_ROUNDS_CURE}")
    change = validated_array("shock", shock, "as a return", (-0.999999, 10.0), "write -0.1 for a fall of 10 %")
    state, lost = apply_shock(banks, rule, depth, change)
    smallest, rounds = TOLERANCE * state.held.sum(axis=(-2, -1)), np.zeros(state.equity.shape[:-1], dtype=np.int64)
    sales, prices, losses = [np.empty((0, *state.held.shape))], [state.price], [lost]
    for _ in range(int(most_rounds)):
        sold = desired_sales(state, rule, depth)
        active = np.asarray(np.abs(sold).sum(axis=(-2, -1)) > smallest)
        if not active.any():
            break
        sold, rounds = np.where(active[..., None, None], sold, 0.0), rounds + active
        state, lost = apply_sales(state, sold, depth)
        sales.append(sold[None])
        prices.append(state.price)
        losses.append(lost)
    left = desired_sales(state, rule, depth)
    return FireSale(
        rounds=np.asarray(rounds),
        sales=np.concatenate(sales),
        prices=np.stack(prices)[..., 0, :],
        losses=np.stack(losses),
        equity=state.equity,
        holdings=state.value,
        stranded=above_limit(state, rule) & ~((state.held > 0.0) & (per_asset(depth.sellable) > 0.0)).any(axis=-1),
        unsettled=np.asarray(np.abs(left).sum(axis=(-2, -1)) > smallest),
    )


def apply_shock(banks: Banks, rule: LeverageRule, depth: MarketDepth, shock: Array) -> tuple[CascadeState, Array]:
    """The state after the shock, broadcast to all runs, and what each bank lost in it, money, ``(..., banks)``."""
    held, equity = np.asarray(banks.holdings, dtype=np.float64), np.asarray(banks.equity, dtype=np.float64)
    runs = common_run_shape(held, equity, rule, depth, shock)
    held = np.broadcast_to(held, (*runs, *held.shape[-2:]))
    change = np.broadcast_to(shock, (*runs, held.shape[-1]))[..., None, :]
    lost = -(held * change).sum(axis=-1)
    return CascadeState(held * (1.0 + change), equity - lost, np.zeros(change.shape), np.ones(change.shape)), lost


def common_run_shape(
    held: Array, equity: Array, rule: LeverageRule, depth: MarketDepth, shock: Array
) -> tuple[int, ...]:
    """Shape of the runs to which all arguments broadcast.

    Raises
    ------
    ValueError
        If an argument fits neither the banks and assets nor the runs of the others.
    """
    both, bank, asset = held.shape[-2:], held.shape[-2:-1], held.shape[-1:]
    tails: dict[str, tuple[ArrayLike | None, tuple[int, ...]]] = {}
    tails |= {"shock": (shock, asset), "impact": (depth.impact, asset), "scale": (depth.scale, asset)}
    tails |= {"sellable": (depth.sellable, asset), "holdings": (held, both), "equity": (equity, bank)}
    tails |= {"limit": (rule.limit, bank), "target": (rule.target, bank), "mix": (rule.mix, both)}
    given = {name: (np.asarray(value), tail) for name, (value, tail) in tails.items() if value is not None}
    runs = {name: run_shape(name, value, tail) for name, (value, tail) in given.items()}
    try:
        return np.broadcast_shapes(*runs.values())
    except ValueError as error:
        shapes = ", ".join(f"{name} {shape}" for name, shape in runs.items() if shape)
        text = f"leading axes (runs) are {shapes}; they must be equal or 1: give each as many runs"
        raise ValueError(text) from error


def per_asset(value: ArrayLike) -> Array:
    """`value` of each asset, ``(..., assets)``, beside balance sheets, ``(..., 1, assets)``."""
    return np.atleast_1d(np.asarray(value, dtype=np.float64))[..., None, :]


def desired_sales(state: CascadeState, rule: LeverageRule, depth: MarketDepth) -> Array:
    """Amounts that each bank sells now, at the prices after the shock, ``(..., banks, assets)``; negative: it buys."""
    amount = (sale_share(state.equity, state.assets, rule) * state.assets)[..., None]
    sellable = per_asset(depth.sellable) > 0.0
    room = np.where(sellable, state.value, 0.0)
    if rule.mix is not None:
        return np.where(sellable, np.minimum(amount * np.asarray(rule.mix), room) / state.price, 0.0)
    all_room = room.sum(axis=-1, keepdims=True)
    share = np.minimum(amount / np.where(all_room > 0.0, all_room, np.inf), 1.0)
    return np.where(sellable, share * state.held, 0.0)


def sale_share(equity: Array, assets: Array, rule: LeverageRule) -> Array:
    """Share of its assets that each bank gives up, ``(..., banks)``: on its way to its target, or for a margin call."""
    share = np.zeros_like(assets)
    if rule.target is not None:
        cap = np.inf if rule.limit is None else np.asarray(rule.limit)
        wanted = target_leverage(np.asarray(rule.target), np.ones_like(assets), cap) * np.maximum(equity, 0.0)
        step = partial_adjustment(wanted - assets, rule.speed, rule.speed)
        share = -step / np.where(assets > 0.0, assets, np.inf)
    if rule.limit is not None:
        called = margin_call(equity, assets, required_margin(rule.limit), rule.restore)
        share = np.where(called > 0.0, np.maximum(called, share), share)
    return share


def above_limit(state: CascadeState, rule: LeverageRule) -> Flags:
    """Banks whose leverage is above their limit, ``(..., banks)``; nobody where there is none."""
    if rule.limit is None:
        return np.zeros(state.equity.shape, dtype=np.bool_)
    return has_margin_call(state.equity, state.assets, required_margin(rule.limit))


def required_margin(limit: ArrayLike) -> Array:
    """Equity that a leverage limit asks per unit of assets, ``(..., banks)``."""
    return np.asarray((1.0 - MARGIN_SLACK) / np.asarray(limit, dtype=np.float64))


def apply_sales(state: CascadeState, sold: Array, depth: MarketDepth) -> tuple[CascadeState, Array]:
    """The state after a round of sales, and what each bank lost in it, money, ``(..., banks)``.

    Raises
    ------
    ValueError
        If a price is no longer positive.
    """
    bought = state.bought - sold.sum(axis=-2, keepdims=True)
    price = price_after(bought, depth)
    lost = (state.held * (state.price - price)).sum(axis=-1)
    return CascadeState(state.held - sold, state.equity - lost, bought, price), lost


def price_after(bought: Array, depth: MarketDepth) -> Array:
    """Prices when `bought` has been bought on balance since the shock, ``(..., 1, assets)``.

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
            f"asset {at[-1]} (counted from 0) goes to {price[at]:g} times its price after net sales of {-bought[at]:g} money; "
            "prices must stay finite and above 0: lower the impact, or choose log returns or fewer rounds"
        )
    return price
