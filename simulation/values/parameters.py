"""Config parameters: immutable, validated values with unit, range, description and source."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Final, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

CALIBRATED: Final = (
    "posterior median of the calibration of 24 November 2026 (`make calibrate`; 26 November: within .5 sd)"
)
"""Source of a calibrated value.  The posterior of 26 November is in configs/calibration/august_2024.csv; its medians lie within
.5 posterior standard deviations of the values (docs/calibration.md)."""
EVERY_KEY: Final = "*"
"""Name in `Parameters.ACTS_WHEN` that stands for all keys of a table."""
BASIS_POINTS_PER: Final = {"bp": 1.0, "%": 100.0, "pp": 100.0}
RATE_PATTERN: Final = re.compile(r"^\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*(bp|%|pp)\s*$", re.IGNORECASE)


class Parameters(BaseModel):
    """Base class of all config sections: immutable, unknown keys are refused."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, validate_default=True, use_attribute_docstrings=False
    )
    INERT: ClassVar[Mapping[str, str]] = {}
    """Keys that move no outcome in any scenario, with the reason."""
    ACTS_WHEN: ClassVar[Mapping[str, str]] = {}
    """Keys that move outcomes only under a condition, with the condition; `EVERY_KEY` stands for all keys of the table."""


def quantity(default: Any, unit: str, bounds: tuple[float, float], about: str, source: str = "") -> Any:
    """Declare a numeric parameter with unit, allowed range (both ends included), description and source.

    Parameters
    ----------
    default
        Default value in `unit`; ``...`` for a required key.
    unit
        Unit of the value as written in a config.
    bounds
        Lowest and highest allowed value.
    about
        Description, with the symbol in the model's equations if there is one.
    source
        Source of the default; empty only for facts that the scenario itself must source.
    """
    extra: dict[str, Any] = {"unit": unit, "source": source}
    return Field(default, ge=bounds[0], le=bounds[1], description=about, json_schema_extra=extra)


def _parse_basis_points(value: object) -> float:
    """Parse ``25bp``, ``-0.25%`` or ``0.25pp`` into basis points."""
    match = RATE_PATTERN.match(value) if isinstance(value, str) else None
    if match is None:
        has_unit = isinstance(value, str) and value.strip().lower().endswith(tuple(BASIS_POINTS_PER))
        problem = "there is no number before the unit" if has_unit else "a rate needs its unit"
        raise PydanticCustomError("rate_without_unit", f"{problem}: write 25bp, 0.25% or 0.25pp", {"value": value})
    return float(match.group(1)) * BASIS_POINTS_PER[match.group(2).lower()]


Rate = Annotated[
    float,
    BeforeValidator(_parse_basis_points),
    PlainSerializer(lambda value: f"{value!r}bp", return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^[+-]?[0-9.]+ *(bp|%|pp)$", "examples": ["25bp", "0.25%"]}),
]
"""A rate or a change of a rate: written with its unit in a config, stored in basis points."""


ParametersT = TypeVar("ParametersT", bound=BaseModel)


def parameters_of_runs(parameters: ParametersT, rows: NDArray[np.intp]) -> ParametersT:
    """The parameters of some runs: columns ``(runs, 1)`` restricted to `rows`, other values unchanged."""
    changed: dict[str, Any] = {}
    for name in type(parameters).model_fields:
        value = getattr(parameters, name)
        if isinstance(value, np.ndarray):
            changed[name] = value[rows]
        elif isinstance(value, BaseModel):
            part = parameters_of_runs(value, rows)
            if part is not value:
                changed[name] = part
    return parameters.model_copy(update=changed) if changed else parameters
