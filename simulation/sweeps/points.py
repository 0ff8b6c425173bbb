"""The points of a sweep: the values of a design, the scenario and key of each point, and the run numbers of its replications."""

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
from pydantic import BaseModel, ValidationError

from simulation.scenario.batch import name_may_differ, number_may_differ
from simulation.scenario.config.layers import set_value
from simulation.scenario.config.loading import validate_config, validate_tree
from simulation.scenario.config.tree import Node, Origin, Source, parse_key_path
from simulation.sweeps.schema import MOST_REPLICATIONS, SAMPLED, Design, Range, rate_bp

if TYPE_CHECKING:
    from simulation.scenario.scenario import Scenario

PointValues = dict[str, Any]
"""Values of a point by config key, ready for JSON. An absent key keeps the value of the base scenario."""
SweepAxes = Mapping[str, tuple[Any, ...] | Range]
FloatArray = NDArray[np.float64]

KEY_BYTES = 8
POINT_BITS = 63 - (MOST_REPLICATIONS.bit_length() - 1)
"""Bits of a run number that come from the key of its point."""


def design_points(axes: SweepAxes, design: Design) -> list[PointValues]:
    """Return the points of a design in order. `plan.table_points` reads those of a table."""
    if design.kind == "one_at_a_time":
        return one_at_a_time_points(axes)
    if design.kind in SAMPLED:
        return sampled_points(axes, design)
    levels = [axis_values(axis) for axis in axes.values()]
    return [dict(zip(axes, chosen, strict=True)) for chosen in product(*levels)]


def one_at_a_time_points(axes: SweepAxes) -> list[PointValues]:
    """The base scenario, then each axis through its values with the other axes at the base scenario."""
    return [{}, *({key: value} for key, axis in axes.items() for value in axis_values(axis))]


def axis_values(axis: tuple[Any, ...] | Range) -> list[Any]:
    """All values of an axis; those of a range in equal steps on its scale."""
    if not isinstance(axis, Range):
        return [jsonable(value) for value in axis]
    assert axis.steps is not None, "checked by the sweep"
    return values_at_shares(axis, np.linspace(0.0, 1.0, axis.steps) if axis.steps > 1 else np.zeros(1))


def values_at_shares(axis: tuple[Any, ...] | Range, shares: FloatArray) -> list[Any]:
    """Return the values at shares (0 to 1) of an axis; a list is divided into equal shares.

    Parameters
    ----------
    axis
        A range or the values of a list.
    shares
        Positions on the axis, decimal, ``(points,)``.
    """
    if not isinstance(axis, Range):
        places = np.minimum((shares * len(axis)).astype(int), len(axis) - 1)
        return [jsonable(axis[place]) for place in places]
    low, high = axis.ends
    numbers = low + shares * (high - low) if axis.scale == "linear" else low * (high / low) ** shares
    # The upper end exactly as written, without rounding.
    numbers = np.where(shares == 1.0, high, numbers)
    if axis.whole:
        return [f"{int(number)}bp" if axis.is_rate else int(number) for number in np.rint(numbers)]
    return [f"{number!r}bp" if axis.is_rate else number for number in numbers.tolist()]


def sampled_points(axes: SweepAxes, design: Design) -> list[PointValues]:
    """Return points sampled over the axes.

    Source: McKay, Beckman and Conover (1979); Sobol (1967) and Halton (1960) as scrambled by scipy.stats.qmc (Owen 1995).
    """
    shares = saltelli_shares(len(axes), design) if design.kind == "saltelli" else drawn_shares(len(axes), design)
    columns = [values_at_shares(axis, shares[:, column]) for column, axis in enumerate(axes.values())]
    return [dict(zip(axes, row, strict=True)) for row in zip(*columns, strict=True)]


def drawn_shares(dimensions: int, design: Design) -> FloatArray:
    """Return points in the unit cube, ``(samples, dimensions)``. A longer Sobol or Halton sample starts with the same points."""
    from scipy.stats import qmc

    assert design.samples is not None, "checked by the design"
    kinds = {"latin_hypercube": qmc.LatinHypercube, "sobol": qmc.Sobol, "saltelli": qmc.Sobol, "halton": qmc.Halton}
    sampler = kinds[design.kind](dimensions, seed=np.random.default_rng(design.seed))
    return np.asarray(sampler.random(design.samples), dtype=np.float64)


def saltelli_shares(dimensions: int, design: Design) -> FloatArray:
    """Return the blocks A, B, and A with one column of B for each axis, stacked.

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
    """A value as JSON stores it; dates become text in the form that a config accepts."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [jsonable(item) for item in value]
    return value


def keys_below(values: Mapping[str, Any], above: str = "") -> tuple[str, ...]:
    """Keys of a point's values, such as ``noise.clustering``; of a value that is a table, the keys within it."""
    parts = ((f"{above}{key}", value) for key, value in values.items())
    found = ((key,) if not isinstance(value, Mapping) else keys_below(value, f"{key}.") for key, value in parts)
    return tuple(key for keys in found for key in keys)


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
        """The model that validates the config."""
        from simulation.scenario.event import Event
        from simulation.scenario.scenario import Scenario

        return Event if self.kind == "events" else Scenario


def canonical_json(values: Any) -> str:
    """Compact JSON with sorted keys."""
    return json.dumps(values, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False)


def scenario_at(base: BaseScenario, values: PointValues) -> Scenario:
    """Return the scenario of a point: the base scenario with the values of the point.

    Raises
    ------
    ConfigError
        If the values give no valid scenario.
    """
    tree = overlay_values(_tree(base.config), values)
    try:
        return validate_tree(base.root, tree)[0]
    except ValidationError:
        # Full validation gives the messages of a config file, but takes longer than the fast check of a valid point.
        return validate_config(base.root, tree).scenario


def overlay_values(tree: Node, values: Mapping[str, Any]) -> Node:
    """A base config with the values of a point; values may be nodes of the file from which they were read."""
    for key, value in values.items():
        tree = set_value(tree, key, value if isinstance(value, Node) else value_node(value, "the point"))
    return tree


@lru_cache(maxsize=4)
def _tree(config: str) -> Node:
    return value_node(json.loads(config), "the base scenario")


def value_node(value: Any, place: str) -> Node:
    """Plain values as a config tree with one place as their origin."""
    return _node(value, Origin(Source(place, (), inline=True), 1, 1))


def _node(value: Any, origin: Origin) -> Node:
    if isinstance(value, Mapping):
        entries = {str(key): replace(_node(item, origin), key_origin=origin) for key, item in value.items()}
        return Node(entries, origin)
    if isinstance(value, list):
        return Node([_node(item, origin) for item in value], origin)
    return Node(value, origin)


def is_number(value: Any) -> bool:
    """Whether a value is a number, booleans excluded."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def normalized_value(value: Any) -> Any:
    """A value in a standard form: integers become decimals, so that 100 and 100.0 are the same point."""
    if is_number(value):
        return float(value) + 0.0
    if isinstance(value, list):
        return [normalized_value(item) for item in value]
    if isinstance(value, Mapping):
        return {key: normalized_value(item) for key, item in value.items()}
    return value.isoformat() if isinstance(value, date) else value


def point_key(identity: str, values: PointValues, occurrence: int = 0) -> int:
    """Return a 64-bit number that identifies a point in any design that contains it.

    Parameters
    ----------
    identity
        Digest of all other inputs to the runs of the point.
    values
        Values of the point.
    occurrence
        Number of equal points before it in the design.
    """
    text = canonical_json([identity, normalized_value(jsonable(values)), occurrence])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:KEY_BYTES], "big")


def run_id(key: int, replication: int) -> str:
    """Name of a run in its store: key of the point and replication."""
    return f"{key:0{2 * KEY_BYTES}x}-{replication}"


def run_number(key: int, replication: int, independent: bool) -> int:
    """Run number of a replication.

    Under common random numbers replication i is run i at every point. With independent noise the upper bits come from the key
    of the point, so that a point has the same noise in every design that contains it.
    """
    if not independent:
        return replication
    return (key >> (8 * KEY_BYTES - POINT_BITS)) * MOST_REPLICATIONS + replication


def batch_structure(values: PointValues) -> str:
    """Text that two points share if they may run in one batch: all values except numbers and names that may differ in a batch."""
    parts = dict(part for key, value in values.items() for part in leaf_values(key, value))
    return canonical_json({key: structure_entry(key, value) for key, value in parts.items()})


def structure_entry(key: str, value: Any) -> Any:
    """The value of a key, or only its kind if values of that kind may differ within a batch."""
    if number_may_differ(key) and is_quantity(value):
        return "a number"
    return "a name" if name_may_differ(key) and isinstance(value, str) else ["=", value]


def leaf_values(key: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the keys below a table with their values, or the key itself if its value is no table."""
    if not isinstance(value, Mapping):
        yield key, value
        return
    for name, inner in value.items():
        yield from leaf_values(f"{key}.{name}", inner)


def is_quantity(value: Any) -> bool:
    """Whether a value is a number or a rate with its unit."""
    return is_number(value) or rate_bp(value) is not None


def value_with_unit(base: Any, key: str) -> tuple[Any, str]:
    """Value and unit of a key in a scenario; the value is None if the scenario does not have the key."""
    part, unit = base, ""
    for step in parse_key_path(key):
        unit = key_unit(part, step)
        try:
            part = getattr(part, str(step)) if isinstance(part, BaseModel) else part[step]
        except (AttributeError, KeyError, IndexError, TypeError):
            return None, unit
    return part, unit


def as_number(value: Any) -> float | None:
    """A value as a number, rates in basis points; None for anything else."""
    return float(value) if is_number(value) else rate_bp(value)


def as_text(value: Any) -> str:
    """A value as text."""
    return value if isinstance(value, str) else canonical_json(value)


def key_unit(part: Any, name: str | int) -> str:
    """Unit of a key of a model, empty if the model gives none."""
    field = type(part).model_fields.get(str(name)) if isinstance(part, BaseModel) else None
    extra = None if field is None else field.json_schema_extra
    return str(extra.get("unit", "")) if isinstance(extra, dict) else ""
