"""Points of a design: which value each axis takes at each of them.  Pure functions of the sweep file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulation.sweeps.schema import SAMPLED, Design, Range

Values = dict[str, Any]
"""Values of a point by config key, ready for JSON; a key that is left out keeps the base scenario's value."""
Axes = Mapping[str, tuple[Any, ...] | Range]
FloatArray = NDArray[np.float64]


def points_of(axes: Axes, design: Design) -> list[Values]:
    """Points of a design in its own order; a table's rows come from `table.rows_of`."""
    if design.kind == "one_at_a_time":
        return one_at_a_time(axes)
    if design.kind in SAMPLED:
        return sampled(axes, design)
    levels = [values_of(axis) for axis in axes.values()]
    return [dict(zip(axes, chosen, strict=True)) for chosen in product(*levels)]


def one_at_a_time(axes: Axes) -> list[Values]:
    """The base scenario, then every axis through its values while the others stay as in the base."""
    return [{}, *({key: value} for key, axis in axes.items() for value in values_of(axis))]


def values_of(axis: tuple[Any, ...] | Range) -> list[Any]:
    """All values of an axis; a range in equal steps of its scale."""
    if not isinstance(axis, Range):
        return [jsonable(value) for value in axis]
    assert axis.steps is not None, "checked by the sweep"
    return at_shares(axis, np.linspace(0.0, 1.0, axis.steps) if axis.steps > 1 else np.zeros(1))


def at_shares(axis: tuple[Any, ...] | Range, shares: FloatArray) -> list[Any]:
    """Values at shares (0 to 1) of the way along an axis; a list is cut into equal shares.

    Parameters
    ----------
    axis
        A range or the values of a list.
    shares
        Where to read the axis, decimal, ``(points,)``.
    """
    if not isinstance(axis, Range):
        places = np.minimum((shares * len(axis)).astype(int), len(axis) - 1)
        return [jsonable(axis[place]) for place in places]
    low, high = axis.ends
    numbers = low + shares * (high - low) if axis.scale == "linear" else low * (high / low) ** shares
    # The far end exactly as written, not as rounding leaves it.
    numbers = np.where(shares == 1.0, high, numbers)
    if axis.whole:
        return [f"{int(number)}bp" if axis.is_rate else int(number) for number in np.rint(numbers)]
    return [f"{number!r}bp" if axis.is_rate else number for number in numbers.tolist()]


def sampled(axes: Axes, design: Design) -> list[Values]:
    """Points drawn over the axes.

    Source: McKay, Beckman and Conover (1979); Sobol (1967) and Halton (1960) as scrambled by scipy.stats.qmc (Owen 1995).
    """
    shares = saltelli_shares(len(axes), design) if design.kind == "saltelli" else drawn_shares(len(axes), design)
    columns = [at_shares(axis, shares[:, column]) for column, axis in enumerate(axes.values())]
    return [dict(zip(axes, row, strict=True)) for row in zip(*columns, strict=True)]


def drawn_shares(dimensions: int, design: Design) -> FloatArray:
    """Points in the unit cube, ``(samples, dimensions)``; more samples of Sobol or Halton begin with the same points."""
    from scipy.stats import qmc

    assert design.samples is not None, "checked by the design"
    kinds = {"latin_hypercube": qmc.LatinHypercube, "sobol": qmc.Sobol, "saltelli": qmc.Sobol, "halton": qmc.Halton}
    engine = kinds[design.kind](dimensions, seed=np.random.default_rng(design.seed))
    return np.asarray(engine.random(design.samples), dtype=np.float64)


def saltelli_shares(dimensions: int, design: Design) -> FloatArray:
    """Blocks A, B, and A with one column of B for each axis, one below the other.

    Source: Saltelli et al. (2010), the scheme of scipy.stats.sobol_indices.
    """
    both = drawn_shares(2 * dimensions, design)
    first, second = both[:, :dimensions], both[:, dimensions:]
    blocks = [first, second]
    for column in range(dimensions):
        mixed = first.copy()
        mixed[:, column] = second[:, column]
        blocks.append(mixed)
    return np.concatenate(blocks)


def jsonable(value: Any) -> Any:
    """A value as JSON holds it: dates as text, in the form a config reads."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [jsonable(item) for item in value]
    return value
