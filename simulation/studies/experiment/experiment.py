"""What an experiment is: a question, variations of a scenario, what is measured, what the numbers say and show.

An experiment is a file of its own that states

* in the first line of its docstring the question it answers,
* ``RUNS`` and ``QUICK_RUNS``, how many runs each variant gets, and ``QUICK_NOTE``, what else is smaller when quick,
* ``design(scale)``, the variants, ``measure(result)``, a tidy table of one variant,
* ``findings(table)``, a paragraph whose numbers all come from the table, and ``draw(table, source)``, its figure.

All variants meet the same news (common random numbers), so differences between them are taken run by run.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Protocol, Self, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulation.compute.ensemble import resolved
from simulation.day.recorder import Record
from simulation.investors import cast
from simulation.investors.population import CARRY_ROLES
from simulation.results.figures.style import Drawing
from simulation.results.metrics import FinishedRuns
from simulation.results.results import Result

FloatArray = NDArray[np.float64]
Value = TypeVar("Value")
Label = str | float | None
"""None where a label does not apply to a variant."""
Labels = Mapping[str, Label]
ARTICLE, OFFICIAL = "december_2025_article", "december_2025_official"
NOTHING_BUT = (
    "fed.meetings=[]",
    "fed.guidance=unchanged",
    "fed.balance_sheet=[]",
    "boj.meetings=[]",
    "boj.guidance=unchanged",
    "boj.balance_sheet=[]",
    "ministry_of_finance=null",
    "thin_periods=[]",
)
"""Settings without any policy: what an experiment adds is then the only news about rates beside the daily noise."""


@dataclass(frozen=True)
class Variant:
    """One variation of a scenario.

    Attributes
    ----------
    labels
        What tells the variant apart; each becomes a column of the table.
    settings
        Changes to the scenario, as after ``--set``.
    scenario
        Name of the scenario.
    most_runs
        Upper bound on the runs, for a variant without sampling noise; none: as many as the others.
    """

    labels: Labels
    settings: tuple[str, ...] = ()
    scenario: str = OFFICIAL
    most_runs: int | None = None

    def runs(self, wanted: int) -> int:
        """Return the number of runs this variant gets."""
        return wanted if self.most_runs is None else min(wanted, self.most_runs)


@dataclass(frozen=True)
class Scale:
    """How large a study is to be."""

    runs: int
    quick: bool

    def choose(self, full: Value, quick: Value) -> Value:
        """Return one of two values by the size of the study."""
        return quick if self.quick else full


@dataclass(frozen=True)
class Findings:
    """What the numbers say: a paragraph, and the numbers in it by name."""

    text: str
    values: Mapping[str, float | str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Estimate:
    """A mean over runs, or another statistic, and its standard error."""

    value: float
    error: float

    @classmethod
    def of(cls, values: FloatArray) -> Self:
        """Return the mean of values with its standard error."""
        return cls(float(values.mean()), float(values.std(ddof=1) / np.sqrt(values.size)))

    @property
    def is_clear(self) -> bool:
        """Whether the value is more than two standard errors from zero."""
        return abs(self.value) > 2.0 * self.error

    def __str__(self) -> str:
        return f"{self.value:+.1f} ± {self.error:.1f}".replace("-", "−")


class Study(Protocol):
    """What an experiment file defines."""

    RUNS: int
    QUICK_RUNS: int
    QUICK_NOTE: str

    def design(self, scale: Scale) -> Sequence[Variant]:
        """Return the variants."""

    def measure(self, result: Result) -> pd.DataFrame:
        """Return a tidy table of one variant, with a column `run`."""

    def findings(self, table: pd.DataFrame) -> Findings:
        """Return what the table says."""

    def draw(self, table: pd.DataFrame, source: str) -> Drawing:
        """Return the figure."""


def with_investors(scenario: str, investors: int, carry_alone: bool = False) -> tuple[str, ...]:
    """Return settings that give every population of a scenario so many investors: a resolution, not a quantity.

    With `carry_alone` populations that hold no carry are left out, which changes no draw of the others.
    """
    roles = {kind.Parameters: kind.role for kind in cast()}
    present = resolved(scenario).populations
    out = {name for name, each in present.items() if carry_alone and roles[type(each)] not in CARRY_ROLES}
    return (
        *(f"populations.{name}=null" for name in present if name in out),
        *(f"populations.{name}.investors={investors}" for name in present if name not in out),
    )


def meeting(
    day: str, decision: str, priced: float, guidance: str | None = None, signals: Mapping[str, float] | None = None
) -> str:
    """Return a policy meeting as the text of a setting; `signals` are strengths by day."""
    step = decision if decision != "0bp" else "25bp"
    said = f", guidance: {guidance}" if guidance else ""
    heard = ", ".join(f"{{date: {date}, strength: {strength}}}" for date, strength in (signals or {}).items())
    return (
        f"{{date: {day}, decision: {decision}, step: {step}, priced_probability: {priced}{said}, signals: [{heard}]}}"
    )


@cache
def start_day(scenario: str) -> np.datetime64:
    """Return the first day of a scenario."""
    return np.datetime64(resolved(scenario).start)


def end_after(scenario: str, days: int) -> str:
    """Return the setting that lets a scenario run for so many business days and a few more, holidays allowed for."""
    return f"end={np.busday_offset(start_day(scenario), days + days // 120 + 2)}"


def day_of(record: Record, day: str) -> int:
    """Return the index of a date in a record."""
    return int(np.searchsorted(record.dates, np.datetime64(day, "D")))


def per_run(record: Record, columns: Mapping[str, object]) -> pd.DataFrame:
    """Return one row per finished run; a column is an array over these runs or one value for all of them."""
    return pd.DataFrame({"run": record.runs[FinishedRuns(record).rows]} | dict(columns))


def given_up_share(record: Record, role: str, first: int, last: int) -> FloatArray:
    """Return what holders of a role gave up from day `first` to `last`, as a share of what they held before, by run."""
    finished = FinishedRuns(record)
    names = finished.populations(role)
    held = finished.flow("stock_usd_bn", names)[:, first - 1]
    return np.asarray(finished.flow("unwound_usd_bn", names)[:, first : last + 1].sum(axis=1) / held)


def change_pct(record: Record, column: str, first: int, last: int) -> FloatArray:
    """Return the change of a price from the close of day `first` to that of day `last` in percent, by run."""
    values = record.market[column][FinishedRuns(record).rows]
    return np.asarray(100.0 * (values[:, last] / values[:, first] - 1.0))


def bands(table: pd.DataFrame, by: Sequence[str], column: str) -> pd.DataFrame:
    """Return the number of runs, mean and 10, 50 and 90 % quantiles of a column for each combination of labels."""
    groups = table.groupby(list(by), sort=False)[column]
    quantiles = {"p10": groups.quantile(0.1), "p50": groups.quantile(0.5), "p90": groups.quantile(0.9)}
    return pd.DataFrame({"runs": groups.size(), "mean": groups.mean()} | quantiles).reset_index()


def estimates(table: pd.DataFrame, by: Sequence[str], column: str) -> dict[tuple[str, ...], Estimate]:
    """Return the mean of a column with its standard error for each combination of labels."""
    groups = table.groupby(list(by), sort=False)[column]
    return {
        tuple(map(str, key)): Estimate(float(mean), float(error))
        for key, mean, error in zip(groups.mean().index, groups.mean(), groups.sem(), strict=True)
    }


def indistinct(table: pd.DataFrame, columns: tuple[str, str], order: Sequence[str]) -> list[str]:
    """Return which neighbours in `order` differ by no more than noise, run by run: ``["a and b", ...]``.

    `columns` are the label that is ordered and the measured column.
    """
    wide = table.pivot(index="run", columns=columns[0], values=columns[1])
    steps = {f"{first} and {then}": (wide[then] - wide[first]).to_numpy(dtype=float) for first, then in pairwise(order)}
    return [name for name, step in steps.items() if not Estimate.of(step[np.isfinite(step)]).is_clear]


def against(
    table: pd.DataFrame, twin: pd.DataFrame, columns: Sequence[str], on: Sequence[str] = ("run",)
) -> pd.DataFrame:
    """Return the table with `columns` as differences from a twin that met the same news, run by run.

    Runs that did not finish in both are left out.
    """
    both = table.merge(twin[[*on, *columns]], on=list(on), suffixes=("", "_twin"))
    for column in columns:
        both[column] -= both.pop(f"{column}_twin")
    return both


def question(path: Path) -> str:
    """Return the question an experiment answers, the first line of its docstring, without running it."""
    import ast

    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return docstring.partition("\n")[0]
