"""Points of a design: which value each axis takes at each of them.  Pure functions of the sweep file.

What a point of a sweep is: the scenario it stands for, its key, and the run numbers of its replications.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from simulation.scenario.batch import name_may_differ, number_may_differ
from simulation.scenario.config.layers import set_value
from simulation.scenario.config.loading import validate_config, validate_tree
from simulation.scenario.config.tree import Node, Origin, Source
from simulation.sweeps.schema import MOST_REPLICATIONS, SAMPLED, Design, Range, rate_bp

if TYPE_CHECKING:
    from simulation.scenario.scenario import Scenario

PointValues = dict[str, Any]
"""Values of a point by config key, ready for JSON; a key that is left out keeps the base scenario's value."""
SweepAxes = Mapping[str, tuple[Any, ...] | Range]
FloatArray = NDArray[np.float64]


def design_points(axes: SweepAxes, design: Design) -> list[PointValues]:
    """Points of a design in its own order; a table's rows come from `table.rows_of`."""
    if design.kind == "one_at_a_time":
        return one_at_a_time_points(axes)
    if design.kind in SAMPLED:
        return sampled_points(axes, design)
    levels = [axis_values(axis) for axis in axes.values()]
    return [dict(zip(axes, chosen, strict=True)) for chosen in product(*levels)]


def one_at_a_time_points(axes: SweepAxes) -> list[PointValues]:
    """The base scenario, then every axis through its values while the others stay as in the base."""
    return [{}, *({key: value} for key, axis in axes.items() for value in axis_values(axis))]


def axis_values(axis: tuple[Any, ...] | Range) -> list[Any]:
    """All values of an axis; a range in equal steps of its scale."""
    if not isinstance(axis, Range):
        return [jsonable(value) for value in axis]
    assert axis.steps is not None, "checked by the sweep"
    return values_at_shares(axis, np.linspace(0.0, 1.0, axis.steps) if axis.steps > 1 else np.zeros(1))


def values_at_shares(axis: tuple[Any, ...] | Range, shares: FloatArray) -> list[Any]:
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


def sampled_points(axes: SweepAxes, design: Design) -> list[PointValues]:
    """Points drawn over the axes.

    Source: McKay, Beckman and Conover (1979); Sobol (1967) and Halton (1960) as scrambled by scipy.stats.qmc (Owen 1995).
    """
    shares = saltelli_shares(len(axes), design) if design.kind == "saltelli" else drawn_shares(len(axes), design)
    columns = [values_at_shares(axis, shares[:, column]) for column, axis in enumerate(axes.values())]
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


KEY_BYTES = 8
POINT_BITS = 63 - (MOST_REPLICATIONS.bit_length() - 1)


@dataclass(frozen=True)
class BaseScenario:
    """The scenario that a sweep varies, as plain text that any process can read.

    Attributes
    ----------
    kind
        ``scenarios`` or ``events``.
    config
        The config with its settings and seed, as JSON.
    """

    kind: str
    config: str

    @property
    def digest(self) -> str:
        """SHA-256 of the config."""
        return hashlib.sha256(f"{self.kind} {self.config}".encode()).hexdigest()

    @property
    def root(self) -> type[Scenario]:
        """The model that the config is validated with."""
        from simulation.scenario.event import Event
        from simulation.scenario.scenario import Scenario

        return Event if self.kind == "events" else Scenario


def canonical_json(values: Any) -> str:
    """JSON that does not depend on the order of keys."""
    return json.dumps(values, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False)


def scenario_at(base: BaseScenario, values: PointValues) -> Scenario:
    """The scenario of a point: the base with values laid over it as overrides are.

    Raises
    ------
    ConfigError
        If the values make no valid scenario.
    """
    tree = overlay_values(_tree(base.config), values)
    try:
        return validate_tree(base.root, tree)[0]
    except ValidationError:
        # The words of the config's own errors; the search for them costs more than a valid point takes.
        return validate_config(base.root, tree).scenario


def overlay_values(tree: Node, values: Mapping[str, Any]) -> Node:
    """A base config with the values of a point; values may be nodes of the file they were read from."""
    for key, value in values.items():
        tree = set_value(tree, key, value if isinstance(value, Node) else value_node(value, "the point"))
    return tree


@lru_cache(maxsize=4)
def _tree(config: str) -> Node:
    return value_node(json.loads(config), "the base scenario")


def value_node(value: Any, place: str) -> Node:
    """Plain values as a tree, all from one place."""
    return _node(value, Origin(Source(place, (), inline=True), 1, 1))


def _node(value: Any, origin: Origin) -> Node:
    if isinstance(value, Mapping):
        entries = {str(key): replace(_node(item, origin), key_origin=origin) for key, item in value.items()}
        return Node(entries, origin)
    if isinstance(value, list):
        return Node([_node(item, origin) for item in value], origin)
    return Node(value, origin)


def is_number(value: Any) -> bool:
    """Whether a value is a number and no switch."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def normalized_value(value: Any) -> Any:
    """A value without what does not matter: whole numbers as decimals, so that 100 and 100.0 are one point."""
    if is_number(value):
        return float(value) + 0.0
    if isinstance(value, list):
        return [normalized_value(item) for item in value]
    if isinstance(value, Mapping):
        return {key: normalized_value(item) for key, item in value.items()}
    return value.isoformat() if isinstance(value, date) else value


def point_key(identity: str, values: PointValues, occurrence: int = 0) -> int:
    """A number, 64 bits, that stays with a point whatever other points a design has.

    Parameters
    ----------
    identity
        Digest of everything else that the runs of the point follow from.
    values
        Values of the point.
    occurrence
        How many equal points come before it in the design.
    """
    text = canonical_json([identity, normalized_value(jsonable(values)), occurrence])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:KEY_BYTES], "big")


def run_id(key: int, replication: int) -> str:
    """Name of a run in its store."""
    return f"{key:0{2 * KEY_BYTES}x}-{replication}"


def run_number(key: int, replication: int, independent: bool) -> int:
    """Run number of a replication.

    Under common random numbers replication i is run i at every point.  With independent noise the upper bits of the number
    come from the point's key, so that a point meets the same noise in every design that contains it.
    """
    if not independent:
        return replication
    return (key >> (8 * KEY_BYTES - POINT_BITS)) * MOST_REPLICATIONS + replication


def batch_structure(values: PointValues) -> str:
    """What two points must share to be run in one batch: all values but numbers that may differ within a batch."""
    parts = dict(part for key, value in values.items() for part in leaf_values(key, value))
    return canonical_json({key: structure_entry(key, value) for key, value in parts.items()})


def structure_entry(key: str, value: Any) -> Any:
    """A value, or only what it is where others of its kind may stand beside it in a batch."""
    if number_may_differ(key) and is_quantity(value):
        return "a number"
    return "a name" if name_may_differ(key) and isinstance(value, str) else ["=", value]


def leaf_values(key: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the keys below a table with their values, or a key that holds none as it is."""
    if not isinstance(value, Mapping):
        yield key, value
        return
    for name, inner in value.items():
        yield from leaf_values(f"{key}.{name}", inner)


def is_quantity(value: Any) -> bool:
    """Whether a value is a number, or a rate written with its unit."""
    return is_number(value) or rate_bp(value) is not None
