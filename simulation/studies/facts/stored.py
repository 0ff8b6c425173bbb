"""The stored historical facts, configs/facts/*.yaml: values with their errors, samples, sources and accept ranges."""

from datetime import date
from pathlib import Path
from typing import Final, Self

from pydantic import Field, model_validator

from simulation.scenario.config.loading import load
from simulation.values.parameters import Parameters

SHIPPED: Final = "usdjpy_1990_2024"


class Accept(Parameters):
    """Where a simulated value may lie, both ends included; an end that is left out is open."""

    low: float | None = None
    high: float | None = None
    source: str = Field(min_length=1, description="who says so")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.low is None and self.high is None:
            raise ValueError("low or high is needed: a range that is open at both ends accepts everything")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"low {self.low:g} lies above high {self.high:g}")
        return self

    def holds(self, value: float) -> bool:
        """Return whether a value lies inside."""
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)

    def distance(self, value: float) -> float:
        """Return how far a value lies from the nearest end, inside or outside."""
        return min(abs(value - end) for end in (self.low, self.high) if end is not None)


class StoredFact(Parameters):
    """One historical value; without a value where history has no counterpart."""

    label: str = Field(min_length=1)
    measure: str | None = Field(None, description="statistic of the model to hold beside it; none: history only")
    unit: str = ""
    value: float | None = None
    standard_error: float | None = Field(None, ge=0)
    error_method: str = ""
    first_day: date | None = None
    last_day: date | None = None
    observations: int | None = Field(None, ge=1)
    source: str = Field(min_length=1)
    accept: Accept | None = None
    remark: str = ""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.value is None and self.standard_error is not None:
            raise ValueError("standard_error: an error without a value says nothing; give the value")
        if (self.standard_error is None) == bool(self.error_method):
            raise ValueError("error_method: name the method of a standard error, and only of one that is given")
        return self


class StoredFacts(Parameters):
    """The facts of one sample, by name."""

    title: str = Field(min_length=1)
    made_by: str = Field(min_length=1, description="command that writes this file from the official series")
    facts: dict[str, StoredFact]


def load_facts(name: str | Path = SHIPPED) -> StoredFacts:
    """Read and check stored facts by name or file; every mistake comes with its line (`ConfigError`)."""
    return load(name, root=StoredFacts, kind="facts").scenario
