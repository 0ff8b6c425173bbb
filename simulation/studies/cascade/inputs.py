"""Inputs of a fire sale, validated on construction: balance sheets, leverage rules and market depth."""

from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import ArrayLike

from simulation.values.conventions import Array

MAX_MONEY: Final = 1e18
"""Largest amount of money; above it, rounding exceeds one unit."""


def validated_array(name: str, value: Any, unit: str, bounds: tuple[float, float], cure: str) -> Array:
    """Return `value` as an array of numbers within `bounds`, both ends included.

    Raises
    ------
    ValueError
        If a number is outside its range; the message gives the place, value, unit, allowed range and remedy.
    """
    try:
        array = np.array(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} is {value!r}, but must be numbers ({unit}) in equally long rows: {cure}") from error
    wrong = ~((array >= bounds[0]) & (array <= bounds[1]))
    if wrong.any():
        at = tuple(int(index) for index in np.argwhere(wrong)[0])
        place = f"{name}{list(at)}" if at else name
        raise ValueError(f"{place} is {array[at]:g} {unit}; allowed are {bounds[0]:g} to {bounds[1]:g} {unit}: {cure}")
    return array


def run_shape(name: str, value: Array, tail: tuple[int, ...]) -> tuple[int, ...]:
    """Shape of the leading run axes of `value`; the last axes must match `tail`, the numbers of banks and assets.

    Raises
    ------
    ValueError
        If a last axis has neither the length in `tail` nor length one.
    """
    cut = max(value.ndim - len(tail), 0)
    last_axes = (1,) * (len(tail) - value.ndim + cut) + value.shape[cut:]
    if any(length not in (1, expected) for length, expected in zip(last_axes, tail, strict=True)):
        raise ValueError(
            f"{name} has shape {value.shape}; its last axes may be {tail} (banks, assets, as in the holdings) or 1: "
            "give one number for all of them, or one for each"
        )
    return value.shape[:cut]


@dataclass(frozen=True)
class Banks:
    """Balance sheets before the shock.

    Attributes
    ----------
    holdings
        Value of each asset on each balance sheet, money, ``(..., banks, assets)``; leading axes are runs.
    equity
        Value of all assets less debt, money, ``(..., banks)``.

    Raises
    ------
    ValueError
        If a holding is negative, a number is not finite, or the shapes do not match.
    """

    holdings: ArrayLike
    equity: ArrayLike

    def __post_init__(self) -> None:
        cure = "state debt through equity, not as a negative holding"
        holdings = validated_array("holdings", self.holdings, "money", (0.0, MAX_MONEY), cure)
        equity = validated_array(
            "equity", self.equity, "money", (-MAX_MONEY, MAX_MONEY), "state the value of assets less debt"
        )
        if holdings.ndim < 2 or equity.ndim < 1 or equity.shape[-1] != holdings.shape[-2]:
            raise ValueError(
                f"holdings have shape {holdings.shape} and equity {equity.shape}; allowed are (..., banks, assets) and "
                "(..., banks): give a row of holdings and a number of equity for each bank"
            )

    @property
    def leverage(self) -> Array:
        """Assets over equity, ``(..., banks)``; infinite where equity is not positive."""
        equity = np.asarray(self.equity, dtype=np.float64)
        assets = np.asarray(self.holdings, dtype=np.float64).sum(axis=-1)
        return np.where(equity > 0.0, assets / np.where(equity > 0.0, equity, 1.0), np.inf)


@dataclass(frozen=True)
class LeverageRule:
    """Leverage limits and targets.  Leverage is assets over equity, so debt over equity is one less.

    With both a limit and a target, the larger of the margin call and the sale towards the target applies.

    Attributes
    ----------
    limit
        Leverage above which lenders call margin, a multiple of equity, ``(..., banks)``; None: no margin calls.
    restore
        Leverage after a margin call, as a share of the limit; a bank without equity sells everything.
    target
        Leverage to which a bank returns by sales or purchases, a multiple of equity, ``(..., banks)``; None: no target.
    speed
        Share of the gap to the target closed in a round: 1 as in Greenwood, Landier and Thesmar (2015), below 1 the partial
        adjustment of Duarte and Eisenbach (2021).
    mix
        Shares of a bank's sales by asset, ``(..., banks, assets)``; None: in proportion to current holdings.

    Raises
    ------
    ValueError
        If a number is outside its range, or the shares of a mix do not add up to one.
    """

    limit: ArrayLike | None = None
    restore: float = 0.9
    target: ArrayLike | None = None
    speed: float = 1.0
    mix: ArrayLike | None = None

    def __post_init__(self) -> None:
        cure = "state assets over equity, such as 25, or leave it out"
        for name, multiple in (("limit", self.limit), ("target", self.target)):
            if multiple is not None:
                validated_array(name, multiple, "x equity", (0.01, 1e6), cure)
        validated_array(
            "restore",
            self.restore,
            "of the limit",
            (0.1, 1.0),
            "state leverage after a margin call as a share of the limit",
        )
        validated_array(
            "speed", self.speed, "of the gap a round", (0.0, 1.0), "state a share of the gap, 1 for the whole gap"
        )
        if self.mix is not None:
            shares = validated_array("mix", self.mix, "of a sale", (0.0, 1.0), "state shares of a sale, such as 0.25")
            unit_range = (1.0 - 1e-9, 1.0 + 1e-9)
            validated_array(
                "sum of mix", shares.sum(axis=-1), "of a sale", unit_range, "make the shares of each bank add up to 1"
            )


@dataclass(frozen=True)
class MarketDepth:
    """Price impact: ``ln P = F(Z)`` or ``P - 1 = F(Z)``, with Z the net purchases since the shock.

    F is the engine's `fast_impact`: linear for an infinite scale, otherwise concave.

    Attributes
    ----------
    impact
        Slope of F at zero, decimal per unit of money, ``(..., assets)``: the inverse of market depth.
    scale
        q1, the size of trade beyond which F is concave, money, ``(..., assets)``.
    returns
        Whether F is a log return, as in the engine, or a simple return, as in Greenwood, Landier and Thesmar (2015).
    sellable
        Whether an asset can be sold, ``(assets,)``; an asset that cannot be sold still counts in leverage and losses.

    Raises
    ------
    ValueError
        If a number is outside its range.
    """

    impact: ArrayLike
    scale: ArrayLike = np.inf
    returns: Literal["log", "simple"] = "log"
    sellable: ArrayLike = True

    def __post_init__(self) -> None:
        cure = "state the change of the price per unit traded, such as 1e-4, or 0 for none"
        validated_array("impact", self.impact, "per unit of money", (0.0, 1e6), cure)
        validated_array(
            "scale", self.scale, "money", (1e-9, np.inf), "state an amount of money, or infinity for linear impact"
        )
        validated_array(
            "sellable", self.sellable, "(1 yes, 0 no)", (0.0, 1.0), "state for each asset whether it can be sold"
        )
        if self.returns not in ("log", "simple"):
            raise ValueError(f"returns is {self.returns!r}; allowed are 'log' and 'simple': state the kind of return")
