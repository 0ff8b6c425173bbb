"""The numeric keys of a resolved scenario, the step by which each is moved, and the scenario with one of them moved.

A step is 10 % of a value that is not zero, a size by unit of one that is, and 5 bp of a rate that is written with its unit.  A
step that the scenario refuses is tried in the other direction, then against a key beside it, for shares that must add up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from simulation.scenario.config.field_schema import ANY_FIELD, FieldSchema, union_member
from simulation.scenario.config.formatting import format_number, unit_suffix
from simulation.scenario.config.rendering import model_tree
from simulation.scenario.config.tree import KeyPath, Node, key_text, plain_values
from simulation.scenario.scenario import Scenario

RELATIVE_STEP: Final = 0.1
"""Step as a share of a value: large enough to be seen in a few runs, small enough to stay inside most ranges."""
RATE_STEP_BP: Final = 5.0
"""Step of a rate that is written with its unit, such as a decision, bp: a fifth of the usual step of a policy rate."""
STEP_FROM_ZERO: Final = (("bp", 5.0), ("%", 0.5), ("pp", 0.5), ("$bn", 1.0), ("JPY bn", 100.0))
"""Step of a value of zero by the first words of its unit, in that unit: small beside values that are in use."""
SHARE_FROM_ZERO: Final = 0.05
"""Step of a value of zero in any other unit: shares, probabilities, multiples."""
STEP_DIGITS: Final = 12
"""Digits of a step and of a moved value, so that both read as they are meant."""
OF_TABLE: Final = ("median", "lowest", "highest")
"""Keys of a distribution that are in the unit of the distribution."""


@dataclass(frozen=True)
class NumericKey:
    """A number in a resolved scenario.

    Attributes
    ----------
    path
        Where it stands.
    value, unit
        The number and its unit (bp for a rate written with its unit); the unit is empty where the schema names none.
    shapes
        What the schema says of it and of every table that it stands in, from the scenario down.
    """

    path: KeyPath
    value: float
    unit: str
    shapes: tuple[FieldSchema, ...]

    @property
    def key(self) -> str:
        """The key as one writes it, such as ``boj.meetings[0].decision``."""
        return key_text(self.path)

    @property
    def is_rate(self) -> bool:
        """Whether it is written with its unit (``25bp``)."""
        return self.shapes[-1].has_custom_validator

    @property
    def is_whole(self) -> bool:
        """Whether it takes whole numbers only."""
        return self.shapes[-1].kind is int

    @property
    def step(self) -> float:
        """Size of the step, positive, in the unit of the value."""
        if self.is_rate:
            return RATE_STEP_BP
        size = abs(self.value) * RELATIVE_STEP if self.value else _step_from_zero(self.unit)
        return float(max(1, round(size))) if self.is_whole else float(f"{size:.{STEP_DIGITS}g}")

    def written(self, value: float) -> object:
        """A value as a config holds it."""
        if self.is_rate:
            return f"{value!r}bp"
        return round(value) if self.is_whole else float(f"{value:.{STEP_DIGITS}g}")


@dataclass(frozen=True)
class MovedScenario:
    """A scenario with one key moved.

    Attributes
    ----------
    key, step
        The key and its step, negative downwards; zero where no step is possible.
    scenario
        The moved scenario; none where it refuses every step.
    against
        The key that was moved by the opposite step; none where the key was moved alone.
    problem
        What the scenario says against the step; empty where a step is possible.
    """

    key: NumericKey
    step: float
    scenario: Scenario | None
    against: str | None = None
    problem: str = ""

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys that differ from the scenario: the key, and the one moved against it."""
        return (self.key.key, *([] if self.against is None else [self.against]))

    @property
    def step_text(self) -> str:
        """The step with its unit, and the key that was moved against it."""
        if self.scenario is None:
            return "none"
        text = f"{'+' if self.step > 0.0 else '−'}{format_number(abs(self.step))}{unit_suffix(self.key.unit)}"
        return text if self.against is None else f"{text}, {self.against} against it"


def numeric_keys(scenario: Scenario) -> tuple[NumericKey, ...]:
    """Every key of a resolved scenario that holds a number, in the order of the schema.

    Names, dates and switches are no numbers, nor is a key that holds nothing (null).  What only an event says is left out.
    """
    found = _walk((FieldSchema(type(scenario)),), model_tree(scenario), ())
    return tuple(key for key in found if key.path[0] in Scenario.model_fields)


def moved_scenario(
    scenario: Scenario, key: NumericKey, beside: Sequence[NumericKey], signs: Sequence[float] = (1.0, -1.0)
) -> MovedScenario:
    """The scenario with a key moved: upwards, else downwards, else upwards against one of the keys beside it.

    Parameters
    ----------
    scenario, key
        The scenario and a key of it.
    beside
        Keys that may be moved by the opposite step; those that stand at the same place in another table are tried.
    signs
        Directions to try, in order: 1 upwards, -1 downwards.
    """
    plain, problem = plain_values(model_tree(scenario)), ""
    for step in (sign * key.step for sign in signs):
        try:
            return MovedScenario(key, step, _with_values(scenario, plain, {key: key.value + step}))
        except (ValueError, ValidationError) as error:
            problem = problem or _first_message(error)
    for other in beside:
        if _stand_side_by_side(key, other):
            try:
                values = {key: key.value + key.step, other: other.value - key.step}
                return MovedScenario(key, key.step, _with_values(scenario, plain, values), other.key)
            except (ValueError, ValidationError):
                continue
    return MovedScenario(key, 0.0, None, problem=problem)


def _walk(shapes: tuple[FieldSchema, ...], node: Node, path: KeyPath) -> Iterator[NumericKey]:
    shape = union_member(shapes[-1], node, str(path[-1]) if path else "")
    children: list[tuple[str | int, Node]] = []
    if isinstance(node.content, dict):
        children = list(node.content.items())
    elif isinstance(node.content, list):
        children = list(enumerate(node.content))
    for part, child in children:
        below, is_key = shape.step(part, True)
        yield from _walk((*shapes[:-1], shape, below if is_key else ANY_FIELD), child, (*path, part))
    number = _number(node.content, shape)
    if number is not None:
        unit = "bp" if shape.has_custom_validator else shape.unit or (shapes[-2].unit if path[-1] in OF_TABLE else "")
        yield NumericKey(path, number, unit, shapes)


def _number(content: object, shape: FieldSchema) -> float | None:
    """The number that a value is; none for anything else."""
    if shape.has_custom_validator and isinstance(content, str):
        return float(content.removesuffix("bp"))
    return float(content) if isinstance(content, int | float) and not isinstance(content, bool) else None


def _step_from_zero(unit: str) -> float:
    return next((size for words, size in STEP_FROM_ZERO if unit.startswith(words)), SHARE_FROM_ZERO)


def _stand_side_by_side(key: NumericKey, other: NumericKey) -> bool:
    """Whether two keys differ in one name of their paths."""
    return len(key.path) == len(other.path) and sum(a != b for a, b in zip(key.path, other.path, strict=True)) == 1


def _with_values(scenario: Scenario, plain: Any, values: dict[NumericKey, float]) -> Scenario:
    for key, value in values.items():
        plain = _replaced(plain, key.path, key.written(value))
    return type(scenario).model_validate(plain)


def _replaced(plain: Any, path: KeyPath, value: object) -> Any:
    if not path:
        return value
    changed = dict(plain) if isinstance(plain, dict) else list(plain)
    changed[path[0]] = _replaced(plain[path[0]], path[1:], value)  # type: ignore[index]
    return changed


def _first_message(error: ValueError) -> str:
    """What the scenario says against a step."""
    if isinstance(error, ValidationError):
        return str(error.errors(include_url=False)[0]["msg"]).removeprefix("Value error, ")
    return str(error)
