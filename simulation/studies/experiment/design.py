"""What an experiment is: a question, variations of a scenario, what is measured, what the numbers say and show.

An experiment is a file of its own that states

* in the first line of its docstring the question it answers,
* ``RUNS`` and ``QUICK_RUNS``, how many runs each variant gets, and ``QUICK_NOTE``, what else is smaller when quick,
* ``design(scale)``, the variants, ``measure(result)``, a tidy table of one variant,
* ``findings(table)``, a paragraph whose numbers all come from the table, and ``draw(table, source)``, its figure.

All variants meet the same news (common random numbers), so differences between them are taken run by run.

What an asset is exposed to in a scenario: yields, USDJPY, and holders who bought it on credit or with borrowed yen.
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

from simulation.compute.ensemble import load_scenario
from simulation.day.recorder import Record
from simulation.investors import population_kinds
from simulation.investors.population import CARRY_ROLES
from simulation.market.parameters import BondMarket
from simulation.results.figures.style import Drawing
from simulation.results.metrics import LEVERED, FinishedRuns
from simulation.results.run_results import Result
from simulation.scenario.scenario import Scenario

FloatArray = NDArray[np.float64]
Value = TypeVar("Value")
Label = str | float | None
"""None where a label does not apply to a variant."""
Labels = Mapping[str, Label]
ARTICLE, OFFICIAL = "december_2025_article", "december_2025_official"
NO_POLICY_SETTINGS = (
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
class ExperimentVariant:
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
class ExperimentScale:
    """How large a study is to be."""

    runs: int
    quick: bool

    def choose(self, full: Value, quick: Value) -> Value:
        """Return one of two values by the size of the study."""
        return quick if self.quick else full


@dataclass(frozen=True)
class ExperimentFindings:
    """What the numbers say: a paragraph, and the numbers in it by name."""

    text: str
    values: Mapping[str, float | str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class EstimateWithError:
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


class ExperimentModule(Protocol):
    """What an experiment file defines."""

    RUNS: int
    QUICK_RUNS: int
    QUICK_NOTE: str

    def design(self, scale: ExperimentScale) -> Sequence[ExperimentVariant]:
        """Return the variants."""

    def measure(self, result: Result) -> pd.DataFrame:
        """Return a tidy table of one variant, with a column `run`."""

    def findings(self, table: pd.DataFrame) -> ExperimentFindings:
        """Return what the table says."""

    def draw(self, table: pd.DataFrame, source: str) -> Drawing:
        """Return the figure."""


def with_investors(scenario: str, investors: int, carry_alone: bool = False) -> tuple[str, ...]:
    """Return settings that give every population of a scenario so many investors: a resolution, not a quantity.

    With `carry_alone` populations that hold no carry are left out, which changes no draw of the others.
    """
    roles = {kind.Parameters: kind.role for kind in population_kinds()}
    present = load_scenario(scenario).populations
    out = {name for name, each in present.items() if carry_alone and roles[type(each)] not in CARRY_ROLES}
    return (
        *(f"populations.{name}=null" for name in present if name in out),
        *(f"populations.{name}.investors={investors}" for name in present if name not in out),
    )


def meeting_setting(
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
def scenario_start(scenario: str) -> np.datetime64:
    """Return the first day of a scenario."""
    return np.datetime64(load_scenario(scenario).start)


def end_setting(scenario: str, days: int) -> str:
    """Return the setting that lets a scenario run for so many business days and a few more, holidays allowed for."""
    return f"end={np.busday_offset(scenario_start(scenario), days + days // 120 + 2)}"


def day_index(record: Record, day: str) -> int:
    """Return the index of a date in a record."""
    return int(np.searchsorted(record.dates, np.datetime64(day, "D")))


def run_table(record: Record, columns: Mapping[str, object]) -> pd.DataFrame:
    """Return one row per finished run; a column is an array over these runs or one value for all of them."""
    return pd.DataFrame({"run": record.runs[FinishedRuns(record).rows]} | dict(columns))


def position_reduction_share(record: Record, role: str, first: int, last: int) -> FloatArray:
    """Return what holders of a role gave up from day `first` to `last`, as a share of what they held before, by run."""
    finished = FinishedRuns(record)
    names = finished.populations(role)
    held = finished.flow("stock_usd_bn", names)[:, first - 1]
    return np.asarray(finished.flow("unwound_usd_bn", names)[:, first : last + 1].sum(axis=1) / held)


def price_change_pct(record: Record, column: str, first: int, last: int) -> FloatArray:
    """Return the change of a price from the close of day `first` to that of day `last` in percent, by run."""
    values = record.market[column][FinishedRuns(record).rows]
    return np.asarray(100.0 * (values[:, last] / values[:, first] - 1.0))


def quantile_table(table: pd.DataFrame, by: Sequence[str], column: str) -> pd.DataFrame:
    """Return the number of runs, mean and 10, 50 and 90 % quantiles of a column for each combination of labels."""
    groups = table.groupby(list(by), sort=False)[column]
    quantiles = {"p10": groups.quantile(0.1), "p50": groups.quantile(0.5), "p90": groups.quantile(0.9)}
    return pd.DataFrame({"runs": groups.size(), "mean": groups.mean()} | quantiles).reset_index()


def mean_estimates(table: pd.DataFrame, by: Sequence[str], column: str) -> dict[tuple[str, ...], EstimateWithError]:
    """Return the mean of a column with its standard error for each combination of labels."""
    groups = table.groupby(list(by), sort=False)[column]
    return {
        tuple(map(str, key)): EstimateWithError(float(mean), float(error))
        for key, mean, error in zip(groups.mean().index, groups.mean(), groups.sem(), strict=True)
    }


def indistinct_neighbours(table: pd.DataFrame, columns: tuple[str, str], order: Sequence[str]) -> list[str]:
    """Return which neighbours in `order` differ by no more than noise, run by run: ``["a and b", ...]``.

    `columns` are the label that is ordered and the measured column.
    """
    wide = table.pivot(index="run", columns=columns[0], values=columns[1])
    steps = {f"{first} and {then}": (wide[then] - wide[first]).to_numpy(dtype=float) for first, then in pairwise(order)}
    return [name for name, step in steps.items() if not EstimateWithError.of(step[np.isfinite(step)]).is_clear]


def paired_differences(
    table: pd.DataFrame, twin: pd.DataFrame, columns: Sequence[str], on: Sequence[str] = ("run",)
) -> pd.DataFrame:
    """Return the table with `columns` as differences from a twin that met the same news, run by run.

    Runs that did not finish in both are left out.
    """
    both = table.merge(twin[[*on, *columns]], on=list(on), suffixes=("", "_twin"))
    for column in columns:
        both[column] -= both.pop(f"{column}_twin")
    return both


def experiment_question(path: Path) -> str:
    """Return the question an experiment answers, the first line of its docstring, without running it."""
    import ast

    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return docstring.partition("\n")[0]


BITCOIN_HOLDERS = ("crypto_traders", "bitcoin_etf_holders")
"""Kinds of population that hold bitcoin and nothing else."""


def asset_exposures(result: Result, asset: str) -> dict[str, float]:
    """Return what may explain how hard an asset is hit: duration, share bought on credit, with borrowed yen, link to USDJPY."""
    credit, yen = funding_shares(result, asset)
    return {
        "duration_years": yield_duration(result.scenario, asset),
        "on_credit_pct": 100.0 * credit,
        "yen_funded_pct": 100.0 * yen,
        "usdjpy_link": price_link(result.scenario, asset, "usdjpy"),
    }


def yield_duration(scenario: Scenario, asset: str) -> float:
    """Return the fall of the log price per rise of the ten-year US yield; of JGBs, per rise of their own."""
    market = scenario.markets[asset]
    return market.duration_years if isinstance(market, BondMarket) else -price_link(scenario, asset, "ust10")


def price_link(scenario: Scenario, asset: str, other: str) -> float:
    """Return the response of an asset to another one, through all links between them."""
    if asset == other:
        return 1.0
    links: dict[str, float] = getattr(scenario.markets[asset], "links", {})
    return sum(size * price_link(scenario, through, other) for through, size in links.items())


def funding_shares(result: Result, asset: str) -> tuple[float, float]:
    """Return the shares of a market that are bought on credit and with borrowed yen at the start; none for a currency."""
    size, credit, yen = result.scenario.markets[asset].outstanding(), 0.0, 0.0
    for name, population in result.scenario.populations.items():
        flows = result.record.flows[name]
        stock, equity = float(flows["stock_usd_bn"][0, 0]), float(flows["equity_usd_bn"][0, 0])
        borrowed = max(0.0, stock - equity) * portfolio_share(population, asset)
        credit += borrowed
        yen += borrowed if result.record.roles[name] == LEVERED else 0.0
    return (credit / size, yen / size) if size else (0.0, 0.0)


def portfolio_share(population: object, asset: str) -> float:
    """Return the share of an asset in the position of a population; those without a basket hold the one they are named after."""
    basket: dict[str, float] | None = getattr(population, "basket", None)
    if basket is not None:
        return basket.get(asset, 0.0)
    return float(asset == "bitcoin" and getattr(population, "kind", "") in BITCOIN_HOLDERS)
