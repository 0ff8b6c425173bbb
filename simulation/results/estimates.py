"""Statistics of runs with their standard errors, and the one rule by which a finding calls two of them different."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from simulation.results.metrics import FloatArray

CLEAR_ERRORS: Final = 2.0
"""Standard errors beyond which a difference is called one."""
ROUNDING: Final = 1e-9
"""Differences below this are rounding, in any unit."""
SMALL_ERROR: Final = 0.05
"""Errors below this are printed with two decimals."""


@dataclass(frozen=True)
class EstimateWithError:
    """A statistic over runs and its standard error, both in the unit of the statistic."""

    value: float
    error: float

    @classmethod
    def of(cls, values: FloatArray) -> Self:
        """Return the mean of one value per run with its standard error; the error is NaN for a single run."""
        if values.size < 2:
            return cls(float(values.mean()) if values.size else float("nan"), float("nan"))
        return cls(float(values.mean()), float(values.std(ddof=1) / np.sqrt(values.size)))

    @classmethod
    def of_median(cls, values: FloatArray) -> Self:
        """Return the median of one value per run with its standard error; the error is NaN for a single run.

        Half the distance of the order statistics one binomial standard deviation on either side of the median. Source: Conover
        (1999), Practical nonparametric statistics, section 3.2, intervals of a quantile.
        """
        if values.size < 2:
            return cls(float(np.median(values)) if values.size else float("nan"), float("nan"))
        half = 0.5 / np.sqrt(values.size)
        low, middle, high = np.quantile(values, [max(0.0, 0.5 - half), 0.5, min(1.0, 0.5 + half)])
        return cls(float(middle), float(high - low) / 2.0)

    @property
    def is_clear(self) -> bool:
        """Whether the value is more than two standard errors from zero; never for a NaN."""
        return abs(self.value) > max(CLEAR_ERRORS * self.error, ROUNDING) if self.error >= 0.0 else False

    def text(self, decimals: int | None = None, signed: bool = True) -> str:
        """Return value and error, such as ``+1.2 ± 0.3``; a single run's value alone.

        Without `decimals` numbers have one decimal, or two where the error is below 0.05.
        """
        if decimals is None:
            decimals = 2 if ROUNDING < self.error < SMALL_ERROR else 1
        value = f"{self.value:{'+' if signed else ''}.{decimals}f}"
        if float(value) == 0.0:
            value = value.lstrip("+-")
        error = "" if np.isnan(self.error) else f" ± {self.error:.{decimals}f}"
        return f"{value}{error}".replace("-", "−")

    @property
    def size(self) -> Self:
        """The estimate without its sign."""
        return type(self)(abs(self.value), self.error)

    def __str__(self) -> str:
        """Return value and error with one or two decimals."""
        return self.text()


def finding_text(difference: EstimateWithError, above: str, below: str, unclear: str) -> str:
    """Return the wording of a finding: `above` or `below` where the difference is clear, `unclear` otherwise.

    Titles and paragraphs that call two numbers different, or one number different from zero, take their words from here. A
    difference within two standard errors of zero is `unclear`.
    """
    if not difference.is_clear:
        return unclear
    return above if difference.value > 0.0 else below


def leading_names(
    estimates: Mapping[str, float], difference: Callable[[str, str], EstimateWithError]
) -> tuple[str, ...]:
    """Return the name with the largest estimate, and after it those whose difference from it is not clear.

    `difference` returns the first name's statistic less the second's, with the standard error of the paired difference.
    """
    ranked = sorted(estimates, key=lambda name: -estimates[name])
    return tuple(name for at, name in enumerate(ranked) if at == 0 or not difference(ranked[0], name).is_clear)


def paired_difference(first: FloatArray, second: FloatArray) -> EstimateWithError:
    """Return the mean of first minus second, run by run with the same news, with its standard error; NaN runs are excluded."""
    step = np.asarray(first, dtype=float) - np.asarray(second, dtype=float)
    return EstimateWithError.of(step[np.isfinite(step)])


def join_names(names: Sequence[str]) -> str:
    """Return names as a list in words: ``a, b and c``."""
    return " and ".join([*([", ".join(names[:-1])] if len(names) > 1 else []), names[-1]])


def move_clause(estimate: EstimateWithError, name: str, unit: str) -> str:
    """Return that something moves a number by the estimate, or that it does not clearly move it."""
    moved = f"moves {name} by {estimate} {unit}"
    return finding_text(estimate, moved, moved, f"does not clearly move {name} ({estimate} {unit})")


def more_or_less(difference: EstimateWithError, unit: str) -> str:
    """Return a difference as ``1.2 ± 0.3 points more``, ``... less``, or that it is not clear."""
    size = difference.size.text(signed=False)
    return finding_text(
        difference, f"{size} {unit} more", f"{size} {unit} less", f"not clearly more or less ({difference} {unit})"
    )
