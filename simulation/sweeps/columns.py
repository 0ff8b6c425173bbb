"""Columns that describe the points of a sweep: the value of each axis, in numbers where they are numbers."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from pydantic import BaseModel

from simulation.scenario.config.blame import steps
from simulation.scenario.config.errors import ConfigError
from simulation.sweeps.points import is_number, scenario_at, text_of
from simulation.sweeps.schema import SAMPLED, Range, rate_bp

if TYPE_CHECKING:
    from simulation.sweeps.plan import Plan

PARAM = "param:"
POINT = "point"
MISSING: Any = object()


class Columns:
    """Columns of the axes of a plan, one value a point."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan

    @cached_property
    def base(self) -> Any:
        """The base scenario, none where it needs the axes to be whole."""
        try:
            return scenario_at(self.plan.base, {})
        except ConfigError:
            return None

    @cached_property
    def params(self) -> dict[str, pa.Array]:
        """The column of each key, numbers or text, ``(points,)``."""
        return {key: self._param(key) for key in self.plan.keys}

    def _param(self, key: str) -> pa.Array:
        given = [values.get(key, MISSING) for values in self.plan.points]
        numbers = [as_number(value) for value in given if value is not MISSING]
        if None not in numbers:
            own = as_number(self.base_value(key)[0])
            filled = [own if value is MISSING else as_number(value) for value in given]
            return pa.array(filled, pa.float64())
        return pa.array([None if value is MISSING else as_text(value) for value in given], pa.string())

    def is_numeric(self, key: str) -> bool:
        """Whether a key's column holds numbers."""
        return bool(self.params[key].type == pa.float64())

    def base_value(self, key: str) -> tuple[Any, str]:
        """Value of a key in the base scenario with its unit; nothing where the base does not have it."""
        return value_at(self.base, key)

    def table(self, more: Mapping[str, pa.Array]) -> pa.Table:
        """The table of points: number, key, values as JSON, the column of each axis, and more columns as given."""
        columns = {
            POINT: pa.array(np.arange(len(self.plan.points))),
            "key": pa.array([f"{key:016x}" for key in self.plan.point_keys.tolist()]),
            "values": pa.array([text_of(values) for values in self.plan.points]),
        }
        return pa.table(columns | {f"{PARAM}{key}": column for key, column in self.params.items()} | dict(more))

    def axes(self) -> dict[str, dict[str, Any]]:
        """What a manifest says of each axis."""
        return {key: self._axis(key) for key in self.plan.keys}

    def _axis(self, key: str) -> dict[str, Any]:
        axis, (value, unit) = self.plan.sweep.axes.get(key), self.base_value(key)
        rate = any(rate_bp(values.get(key)) is not None for values in self.plan.points[:1])
        about: dict[str, Any] = {
            "unit": "bp" if rate else unit,
            "numeric": self.is_numeric(key),
            "base": as_number(value),
        }
        if isinstance(axis, Range):
            about["scale"] = axis.scale
            if self.plan.sweep.design.kind in SAMPLED:
                about["low"], about["high"] = axis.ends
        elif axis is not None:
            about["values"] = [item if (number := as_number(item)) is None else number for item in axis]
        return about


def value_at(base: Any, key: str) -> tuple[Any, str]:
    """Value of a key in a scenario with its unit; nothing where the scenario does not have it."""
    part, unit = base, ""
    for step in steps(key):
        unit = unit_of(part, step)
        try:
            part = getattr(part, str(step)) if isinstance(part, BaseModel) else part[step]
        except (AttributeError, KeyError, IndexError, TypeError):
            return None, unit
    return part, unit


def as_number(value: Any) -> float | None:
    """A value as a number, rates in basis points; none where it is no number."""
    return float(value) if is_number(value) else rate_bp(value)


def as_text(value: Any) -> str:
    """A value as text."""
    return value if isinstance(value, str) else text_of(value)


def unit_of(part: Any, name: str | int) -> str:
    """Unit that a model gives for one of its keys, empty where it gives none."""
    field = type(part).model_fields.get(str(name)) if isinstance(part, BaseModel) else None
    extra = None if field is None else field.json_schema_extra
    return str(extra.get("unit", "")) if isinstance(extra, dict) else ""
