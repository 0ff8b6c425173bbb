"""What the mechanisms contribute: shares with their errors, printed, drawn and written."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulation.results.metrics import Metric
from simulation.studies.shapley.values import FloatArray

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from simulation.results.figures import Drawing


@dataclass(frozen=True)
class Estimate:
    """A mean over runs and its standard error; not-a-number where no error can be told."""

    mean: float
    standard_error: float

    @classmethod
    def of(cls, values: FloatArray) -> Estimate:
        """Mean and standard error of one number per run."""
        return cls(float(values.mean()), float(values.std(ddof=1) / math.sqrt(len(values))))


@dataclass(frozen=True)
class Share:
    """What one mechanism contributes to a metric.

    Attributes
    ----------
    value
        Shapley value.
    alone, last
        What it adds when it is the only one, and when all others are there.
    """

    mechanism: str
    value: Estimate
    alone: Estimate
    last: Estimate


@dataclass(frozen=True)
class Attribution:
    """The mechanisms' shares of one metric.

    Attributes
    ----------
    metric
        What is measured.
    none, full, difference
        The metric without any of the mechanisms, with all, and full less none, which the shares add up to.
    """

    metric: Metric
    none: Estimate
    full: Estimate
    difference: Estimate
    shares: tuple[Share, ...]


@dataclass(frozen=True)
class Mechanisms:
    """Shapley shares of the mechanisms of a scenario; prints as a table.

    Attributes
    ----------
    runs, failed
        Runs of each coalition, and those left out because they stopped early in any of them.
    switched
        Keys that switch each mechanism off, with the value for off.
    """

    scenario: str
    seed: int
    runs: int
    failed: int
    attributions: tuple[Attribution, ...]
    switched: dict[str, dict[str, Any]]

    def text(self) -> str:
        """Sentences and tables."""
        from simulation.studies.shapley.telling import text

        return text(self)

    __str__ = text
    __repr__ = text

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON-ready values."""
        from simulation.studies.shapley.telling import as_dict

        return as_dict(self)

    @property
    def drawings(self) -> dict[str, Drawing]:
        """One figure a metric."""
        from simulation.studies.shapley.figure import shares_figure

        return {f"mechanisms_{one.metric.name}": shares_figure(self, one) for one in self.attributions}

    def plot(self) -> dict[str, Figure]:
        """Shares with their standard errors, one figure a metric."""
        return {name: drawing.figure for name, drawing in self.drawings.items()}

    def write(self, directory: Path) -> None:
        """Write figures, their numbers, text and JSON into an existing empty folder."""
        import json

        from simulation.results.figures import write

        write(self.drawings, directory)
        (directory / "mechanisms.txt").write_text(self.text() + "\n", encoding="utf-8")
        text = json.dumps(self.to_dict(), indent=2, allow_nan=False, ensure_ascii=False)
        (directory / "mechanisms.json").write_text(text + "\n", encoding="utf-8")
