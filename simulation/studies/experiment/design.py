"""Definition of an experiment and the functions that experiment files share.

An experiment is a Python file with

* a docstring whose first line is the question it answers,
* ``RUNS`` and ``QUICK_RUNS``: runs per variant; ``QUICK_NOTE``: what else the quick version reduces,
* ``design(scale)``: the variants; ``measure(result)``: a tidy table of one variant,
* ``findings(table)``: a paragraph with numbers from the table; ``draw(table, source)``: the figure.

All variants share the same random news (common random numbers), so that differences between them are taken run by run.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulation.compute.ensemble import load_scenario
from simulation.day.recorder import Record
from simulation.investors import population_kinds
from simulation.investors.population import CARRY_ROLES
from simulation.market.parameters import BondMarket
from simulation.results.estimates import EstimateWithError
from simulation.results.figures.style import Drawing
from simulation.results.metrics import LEVERED, FinishedRuns
from simulation.results.run_results import Result
from simulation.scenario.scenario import Scenario

FloatArray = NDArray[np.float64]
Value = TypeVar("Value")
Label = str | float | None
"""A label; None if it does not apply to a variant."""
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
"""Settings without policy news: rates then move only by what the experiment adds and by daily noise."""
BITCOIN_HOLDERS = ("crypto_traders", "bitcoin_etf_holders")
"""Kinds of population that hold only bitcoin."""


@dataclass(frozen=True)
class ExperimentVariant:
    """One variation of a scenario.

    Attributes
    ----------
    labels
        Labels of the variant; each becomes a column of the table.
    settings
        Overrides of the scenario, as after ``--set``.
    scenario
        Name of the scenario.
    most_runs
        Upper limit on the runs, for a variant without sampling noise; None: no limit.
    """

    labels: Labels
    settings: tuple[str, ...] = ()
    scenario: str = OFFICIAL
    most_runs: int | None = None

    def runs(self, requested: int) -> int:
        """Return the number of runs of this variant."""
        return requested if self.most_runs is None else min(requested, self.most_runs)


@dataclass(frozen=True)
class ExperimentScale:
    """Size of an experiment: runs per variant, and whether it is the quick version."""

    runs: int
    quick: bool

    def choose(self, full: Value, quick: Value) -> Value:
        """Return the value for the full or the quick version."""
        return quick if self.quick else full


@dataclass(frozen=True)
class ExperimentFindings:
    """Findings of an experiment: a paragraph, and the numbers behind it by name."""

    text: str
    values: Mapping[str, float | str | None] = field(default_factory=dict)


class ExperimentModule(Protocol):
    """Attributes and functions of an experiment file."""

    RUNS: int
    QUICK_RUNS: int
    QUICK_NOTE: str

    def design(self, scale: ExperimentScale) -> Sequence[ExperimentVariant]:
        """Return the variants."""

    def measure(self, result: Result) -> pd.DataFrame:
        """Return a tidy table of one variant with a column `run`."""

    def findings(self, table: pd.DataFrame) -> ExperimentFindings:
        """Return the findings from the table."""

    def draw(self, table: pd.DataFrame, source: str) -> Drawing:
        """Return the figure."""


def with_investors(scenario: str, investors: int, carry_alone: bool = False) -> tuple[str, ...]:
    """Return settings for the number of investors that represent each population; it does not change its positions.

    `carry_alone` removes populations without carry positions; the random draws of the others do not change.
    """
    roles = {kind.Parameters: kind.role for kind in population_kinds()}
    present = load_scenario(scenario).populations
    removed = {name for name, each in present.items() if carry_alone and roles[type(each)] not in CARRY_ROLES}
    return (
        *(f"populations.{name}=null" for name in present if name in removed),
        *(f"populations.{name}.investors={investors}" for name in present if name not in removed),
    )


def meeting_setting(
    day: str, decision: str, priced: float, guidance: str | None = None, signals: Mapping[str, float] | None = None
) -> str:
    """Return a policy meeting as the value of a setting; `signals` are strengths by date."""
    step = decision if decision != "0bp" else "25bp"
    words = f", guidance: {guidance}" if guidance else ""
    dated = ", ".join(f"{{date: {date}, strength: {strength}}}" for date, strength in (signals or {}).items())
    return (
        f"{{date: {day}, decision: {decision}, step: {step}, priced_probability: {priced}{words}, signals: [{dated}]}}"
    )


@cache
def scenario_start(scenario: str) -> np.datetime64:
    """Return the first day of a scenario."""
    return np.datetime64(load_scenario(scenario).start)


def end_setting(scenario: str, days: int) -> str:
    """Return the setting that ends a scenario after `days` business days, plus a margin for holidays."""
    return f"end={np.busday_offset(scenario_start(scenario), days + days // 120 + 2)}"


def day_index(record: Record, day: str) -> int:
    """Return the index of a date in a record."""
    return int(np.searchsorted(record.dates, np.datetime64(day, "D")))


def run_table(record: Record, columns: Mapping[str, object]) -> pd.DataFrame:
    """Return a table with one row per finished run; each column is an array over these runs or one value for all."""
    return pd.DataFrame({"run": record.runs[FinishedRuns(record).rows]} | dict(columns))


def position_reduction_share(record: Record, role: str, first: int, last: int) -> FloatArray:
    """Return the positions that holders of a role closed from day `first` to `last`, as a share of the stock before, by run."""
    finished = FinishedRuns(record)
    names = finished.populations(role)
    held = finished.flow("stock_usd_bn", names)[:, first - 1]
    return np.asarray(finished.flow("unwound_usd_bn", names)[:, first : last + 1].sum(axis=1) / held)


def price_change_pct(record: Record, column: str, first: int, last: int) -> FloatArray:
    """Return the change of a price from the close of day `first` to the close of day `last`, percent, by run."""
    values = record.market[column][FinishedRuns(record).rows]
    return np.asarray(100.0 * (values[:, last] / values[:, first] - 1.0))


def quantile_table(table: pd.DataFrame, by: Sequence[str], column: str) -> pd.DataFrame:
    """Return number of runs, mean and 10, 50 and 90 % quantiles of a column for each combination of labels."""
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
    """Return the neighbours in `order` whose difference, run by run, is not significant: ``["a and b", ...]``.

    `columns` are the ordered label and the measured column.
    """
    wide = table.pivot(index="run", columns=columns[0], values=columns[1])
    steps = {f"{first} and {then}": (wide[then] - wide[first]).to_numpy(dtype=float) for first, then in pairwise(order)}
    return [name for name, step in steps.items() if not EstimateWithError.of(step[np.isfinite(step)]).is_clear]


def paired_differences(
    table: pd.DataFrame, baseline: pd.DataFrame, columns: Sequence[str], on: Sequence[str] = ("run",)
) -> pd.DataFrame:
    """Return the table with `columns` as differences from a baseline with the same news, run by run.

    Runs that did not finish in both are excluded.
    """
    both = table.merge(baseline[[*on, *columns]], on=list(on), suffixes=("", "_baseline"))
    for column in columns:
        both[column] -= both.pop(f"{column}_baseline")
    return both


def experiment_question(path: Path) -> str:
    """Return the question of an experiment, the first line of its docstring, without importing the file."""
    import ast

    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return docstring.partition("\n")[0]


def asset_exposures(result: Result, asset: str) -> dict[str, float]:
    """Return an asset's exposures: duration, shares of the market bought on credit and with borrowed yen, link to USDJPY."""
    credit, yen = funding_shares(result, asset)
    return {
        "duration_years": yield_duration(result.scenario, asset),
        "on_credit_pct": 100.0 * credit,
        "yen_funded_pct": 100.0 * yen,
        "usdjpy_link": price_link(result.scenario, asset, "usdjpy"),
    }


def yield_duration(scenario: Scenario, asset: str) -> float:
    """Return the fall of the log price per unit rise of the ten-year US yield; for bonds, of their own yield."""
    market = scenario.markets[asset]
    return market.duration_years if isinstance(market, BondMarket) else -price_link(scenario, asset, "ust10")


def price_link(scenario: Scenario, asset: str, other: str) -> float:
    """Return the response of an asset to another one through all links between them."""
    if asset == other:
        return 1.0
    links: dict[str, float] = getattr(scenario.markets[asset], "links", {})
    return sum(size * price_link(scenario, through, other) for through, size in links.items())


def funding_shares(result: Result, asset: str) -> tuple[float, float]:
    """Return the shares of a market bought on credit and with borrowed yen at the start; zero for a currency."""
    size, credit, yen = result.scenario.markets[asset].outstanding(), 0.0, 0.0
    for name, population in result.scenario.populations.items():
        flows = result.record.flows[name]
        stock, equity = float(flows["stock_usd_bn"][0, 0]), float(flows["equity_usd_bn"][0, 0])
        borrowed = max(0.0, stock - equity) * portfolio_share(population, asset)
        credit += borrowed
        yen += borrowed if result.record.roles[name] == LEVERED else 0.0
    return (credit / size, yen / size) if size else (0.0, 0.0)


def portfolio_share(population: object, asset: str) -> float:
    """Return the share of an asset in a population's position; populations without a basket hold bitcoin or nothing."""
    basket: dict[str, float] | None = getattr(population, "basket", None)
    if basket is not None:
        return basket.get(asset, 0.0)
    return float(asset == "bitcoin" and getattr(population, "kind", "") in BITCOIN_HOLDERS)
