"""What a point of a sweep is: the scenario it stands for, its key, and the run numbers of its replications."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from simulation.scenario.batch import names_share_a_batch, shares_a_batch
from simulation.scenario.config.loading import checked, validated
from simulation.scenario.config.overrides import put
from simulation.scenario.config.tree import Node, Origin, Source
from simulation.sweeps.bounds import MOST_REPLICATIONS
from simulation.sweeps.design import Values, jsonable
from simulation.sweeps.schema import rate_bp

if TYPE_CHECKING:
    from simulation.scenario.scenario import Scenario

KEY_BYTES = 8
POINT_BITS = 63 - (MOST_REPLICATIONS.bit_length() - 1)


@dataclass(frozen=True)
class Base:
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


def text_of(values: Any) -> str:
    """JSON that does not depend on the order of keys."""
    return json.dumps(values, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False)


def scenario_at(base: Base, values: Values) -> Scenario:
    """The scenario of a point: the base with values laid over it as overrides are.

    Raises
    ------
    ConfigError
        If the values make no valid scenario.
    """
    tree = laid_over(_tree(base.config), values)
    try:
        return validated(base.root, tree)[0]
    except ValidationError:
        # The words of the config's own errors; the search for them costs more than a valid point takes.
        return checked(base.root, tree).scenario


def laid_over(tree: Node, values: Mapping[str, Any]) -> Node:
    """A base config with the values of a point; values may be nodes of the file they were read from."""
    for key, value in values.items():
        tree = put(tree, key, value if isinstance(value, Node) else node_of(value, "the point"))
    return tree


@lru_cache(maxsize=4)
def _tree(config: str) -> Node:
    return node_of(json.loads(config), "the base scenario")


def node_of(value: Any, place: str) -> Node:
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


def normal(value: Any) -> Any:
    """A value without what does not matter: whole numbers as decimals, so that 100 and 100.0 are one point."""
    if is_number(value):
        return float(value) + 0.0
    if isinstance(value, list):
        return [normal(item) for item in value]
    if isinstance(value, Mapping):
        return {key: normal(item) for key, item in value.items()}
    return value.isoformat() if isinstance(value, date) else value


def point_key(identity: str, values: Values, occurrence: int = 0) -> int:
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
    text = text_of([identity, normal(jsonable(values)), occurrence])
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


def structure(values: Values) -> str:
    """What two points must share to be run in one batch: all values but numbers that may differ within a batch."""
    parts = dict(part for key, value in values.items() for part in leaves(key, value))
    return text_of({key: kind_of(key, value) for key, value in parts.items()})


def kind_of(key: str, value: Any) -> Any:
    """A value, or only what it is where others of its kind may stand beside it in a batch."""
    if shares_a_batch(key) and is_size(value):
        return "a number"
    return "a name" if names_share_a_batch(key) and isinstance(value, str) else ["=", value]


def leaves(key: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the keys below a table with their values, or a key that holds none as it is."""
    if not isinstance(value, Mapping):
        yield key, value
        return
    for name, inner in value.items():
        yield from leaves(f"{key}.{name}", inner)


def is_size(value: Any) -> bool:
    """Whether a value is a number, or a rate written with its unit."""
    return is_number(value) or rate_bp(value) is not None
