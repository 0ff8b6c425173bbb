"""A mean or another statistic of simulation runs, with its standard error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from simulation.results.metrics import FloatArray


@dataclass(frozen=True)
class EstimateWithError:
    """A statistic over runs and its standard error, both in the unit of the statistic."""

    value: float
    error: float

    @classmethod
    def of(cls, values: FloatArray) -> Self:
        """Return the mean of one value per run with its standard error; the error is NaN for a single run."""
        return cls(float(values.mean()), float(values.std(ddof=1) / np.sqrt(values.size)))

    @property
    def is_clear(self) -> bool:
        """Whether the value is more than two standard errors from zero."""
        return abs(self.value) > 2.0 * self.error

    def __str__(self) -> str:
        """Return value and error with one decimal."""
        return f"{self.value:+.1f} ± {self.error:.1f}".replace("-", "−")
