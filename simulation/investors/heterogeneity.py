"""How investors of one population differ: sizes and personal parameters drawn from stated distributions."""

from typing import Any, Self

import numpy as np
from pydantic import Field, model_validator
from scipy.special import ndtri

from simulation.values.conventions import Array
from simulation.values.parameters import Parameters, quantity
from simulation.values.randomness import stratified_uniform


class ParetoSizes(Parameters):
    """Pareto sizes, capped so that one investor is never the market."""

    shape: float = quantity(
        2.2,
        "exponent",
        (2, 20),
        "tail exponent of sizes",
        "hedge-fund assets are Zipf-like; MODEL section 3: 2 or more",
    )
    largest_x: float = quantity(
        25,
        "multiple of the smallest",
        (1, 1e4),
        "cap on the largest size",
        "assumption: no investor is the market (MODEL section 3)",
    )

    def shares(self, stream: np.random.Generator, count: int) -> Array:
        """`count` shares of the population's stock that add to one."""
        uniform = stratified_uniform(stream, count)
        sizes = np.minimum((1.0 - uniform) ** (-1.0 / self.shape), self.largest_x)
        return np.asarray(sizes / sizes.sum())


class Lognormal(Parameters):
    """A positive personal parameter: lognormal, cut at `lowest` and `highest`."""

    median: float = Field(gt=0, le=1e6, description="median, in the unit of the key")
    log_sd: float = Field(
        0.4,
        ge=0,
        le=5,
        description="standard deviation of the logarithm",
        json_schema_extra={
            "source": "assumption, where a key states no other: the middle 80 % lie within a factor of 1.7"
        },
    )
    lowest: float = Field(
        1e-9, ge=0, description="values below are set to it", json_schema_extra={"source": "no bound"}
    )
    highest: float = Field(
        1e9, ge=0, description="values above are set to it", json_schema_extra={"source": "no bound"}
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.lowest <= self.median <= self.highest:
            raise ValueError(
                f"median {self.median:g} must lie between lowest {self.lowest:g} and highest {self.highest:g}"
            )
        return self

    def sample(self, stream: np.random.Generator, count: int) -> Array:
        """`count` stratified draws, shape ``(count,)``."""
        drawn = self.median * np.exp(self.log_sd * ndtri(stratified_uniform(stream, count)))
        return np.asarray(np.clip(drawn, self.lowest, self.highest))


def personal(default: Lognormal, unit: str, about: str, source: str = "") -> Any:
    """Declare a personal parameter with the unit of its values, their meaning and the source of the default."""
    extra: dict[str, Any] = {"unit": unit, "source": source}
    return Field(default, description=about, json_schema_extra=extra)
