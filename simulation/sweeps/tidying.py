"""What a design says twice: dropped with a remark where it is a slip, refused where one of two values would win."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import permutations
from typing import TYPE_CHECKING, Any

from simulation.scenario.config.blame import steps
from simulation.sweeps.columns import as_number, value_at
from simulation.sweeps.design import Values, jsonable
from simulation.sweeps.points import normal, text_of
from simulation.sweeps.schema import SAMPLED, Range, Sweep

if TYPE_CHECKING:
    from simulation.scenario.scenario import Scenario

Remarks = tuple[str, ...]


def without_repetition(sweep: Sweep) -> tuple[Sweep, Remarks]:
    """A sweep whose lists hold each value once; in a sampled design a value that stands twice has twice the weight and stays."""
    if sweep.design.kind in SAMPLED:
        return sweep, ()
    axes, remarks = dict(sweep.axes), []
    for key, axis in sweep.axes.items():
        if not isinstance(axis, Range):
            axes[key], twice = _once(axis)
            remarks += [f"axes.{key}: {_shown(value)} stands twice; it is run once" for value in twice]
    return sweep.model_copy(update={"axes": axes}), tuple(remarks)


def without_base(points: Sequence[Values], base: Scenario) -> tuple[list[Values], Remarks]:
    """Points of a one-at-a-time design without those that are the base again.

    Only numbers are compared: the table says of point 0 which number of each axis it stands for.
    """
    kept, remarks = [], []
    for values in points:
        own = {key: as_number(value_at(base, key)[0]) for key in values}
        if values and all(own[key] is not None and as_number(value) == own[key] for key, value in values.items()):
            remarks += [
                f"axes.{key}: {_shown(value)} is the base's value, which point 0 has" for key, value in values.items()
            ]
        else:
            kept.append(values)
    return kept, tuple(remarks)


def overlapping(points: Sequence[Values]) -> Iterator[tuple[str, str]]:
    """Pairs of keys of which the second is a part of the first and which some point sets both."""
    keys = dict.fromkeys(key for point in points for key in point)
    paths = {key: steps(key) for key in keys}
    for whole, part in permutations(keys, 2):
        above = paths[whole]
        if paths[part][: len(above)] == above and any(whole in point and part in point for point in points):
            yield whole, part


def _once(values: Sequence[Any]) -> tuple[tuple[Any, ...], list[Any]]:
    """Values without repetition, and those that were repeated."""
    seen: dict[str, Any] = {}
    twice = []
    for value in values:
        name = _name(value)
        if name in seen:
            twice.append(value)
        else:
            seen[name] = value
    return tuple(seen.values()), twice


def _name(value: Any) -> str:
    number = as_number(value)
    kind = "bp" if isinstance(value, str) else ""
    return text_of(normal(jsonable(value))) if number is None else f"{number!r}{kind}"


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else text_of(jsonable(value))
