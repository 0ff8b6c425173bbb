"""Metrics of a batch of runs: one value per run, and its 10, 50 and 90 % quantiles over runs.

Levered unwind (a yen loan is repaid) and repatriation (a resident of Japan converts foreign assets into yen)
are separate metrics.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simulation.investors import share_in_japan
from simulation.investors.population import JAPANESE_ROLES
from simulation.values.orders import CAUSE_MEANINGS

if TYPE_CHECKING:
    from simulation.day.recorder import Record

FloatArray = NDArray[np.float64]

LEVERED = "levered"
RESIDENT = "resident"
RETAIL = "retail"
CARRY = (LEVERED, RESIDENT, RETAIL)
PASSIVE_ROLES = ("value", "dealer", "money_market", "official")
QUANTILES = (0.1, 0.5, 0.9)


@dataclass(frozen=True)
class FinishedRuns:
    """The runs of a record that reached their last day."""

    record: Record

    @cached_property
    def rows(self) -> NDArray[np.bool_]:
        """Whether each run of the record reached its last day, shape (R,)."""
        return self.record.finished

    @property
    def count(self) -> int:
        """Number of finished runs."""
        return int(self.rows.sum())

    def market(self, column: str) -> FloatArray | None:
        """Return a market column, shape (finished, T+1), or None if the scenario lacks the asset."""
        self.record.demand(column)
        values = self.record.market.get(column)
        if values is None or bool(np.isnan(values).all()):
            return None
        return values[self.rows]

    def populations(self, *roles: str) -> list[str]:
        """Return the populations with one of the roles, in the record's order."""
        return [name for name in self.record.flows if self.record.roles[name] in roles]

    def residents(self) -> list[str]:
        """Return the populations of which at least a part resides in Japan, in the record's order."""
        known = self.record.scenario.populations
        return [
            name
            for name, role in self.record.roles.items()
            if name in self.record.flows and (share_in_japan(known[name]) > 0.0 if name in known else role in JAPANESE_ROLES)
        ]

    def customers(self) -> list[str]:
        """Return all populations except liquidity providers and officials (PASSIVE_ROLES)."""
        return [name for name in self.record.flows if self.record.roles[name] not in PASSIVE_ROLES]

    def flow(self, column: str, populations: list[str]) -> FloatArray:
        """Return the sum of a flow column over populations, shape (finished, T+1)."""
        self.record.demand(column)
        total = np.zeros((self.count, len(self.record.dates)))
        for name in populations:
            values = self.record.flows[name].get(column)
            if values is not None:
                total += values[self.rows]
        return total


@dataclass(frozen=True)
class MetricFunction:
    """A function of finished runs and the columns it reads."""

    reads: frozenset[str]
    of: Callable[[FinishedRuns], FloatArray | None]

    def __call__(self, finished: FinishedRuns) -> FloatArray | None:
        """Return one value per finished run, or None if the scenario lacks the data."""
        return self.of(finished)


@dataclass(frozen=True)
class Metric:
    """One line of a summary: key, label, unit, group, function, and a meaning where the label does not say it."""

    name: str
    label: str
    unit: str
    group: str
    per_run: MetricFunction
    meaning: str = ""


@dataclass(frozen=True)
class Band:
    """The 10, 50 and 90 % quantiles and the mean over runs; all None without data, the mean also where only quantiles are kept."""

    p10: float | None
    p50: float | None
    p90: float | None
    unit: str
    mean: float | None = None

    def to_dict(self) -> dict[str, float | str | None]:
        """Return JSON-ready values."""
        return {"p10": self.p10, "p50": self.p50, "p90": self.p90, "mean": self.mean, "unit": self.unit}


def path_metric(column: str, function: Callable[[FloatArray], FloatArray]) -> MetricFunction:
    """Return a metric that applies a function to the paths of a market column, shape (finished, T+1)."""

    def of(finished: FinishedRuns) -> FloatArray | None:
        values = finished.market(column)
        return None if values is None else function(values)

    return MetricFunction(frozenset({column}), of)


def change_pct(column: str) -> MetricFunction:
    """Return the metric: percent change from start to end."""
    return path_metric(column, lambda values: 100.0 * (values[:, -1] / values[:, 0] - 1.0))


def change_bp(column: str) -> MetricFunction:
    """Return the metric: change of a yield from start to end, bp."""
    return path_metric(column, lambda values: 100.0 * (values[:, -1] - values[:, 0]))


def trough_pct(column: str) -> MetricFunction:
    """Return the metric: lowest percent change since the start."""
    return path_metric(column, lambda values: 100.0 * (values.min(axis=1) / values[:, 0] - 1.0))


def path_maximum(column: str) -> MetricFunction:
    """Return the metric: largest value on any day."""
    return path_metric(column, lambda values: values.max(axis=1))


def flagged_days(column: str) -> MetricFunction:
    """Return the metric: number of days on which a 0/1 column is 1."""
    return path_metric(column, lambda values: np.asarray(values.sum(axis=1)))


def total_flow(column: str, *roles: str) -> MetricFunction:
    """Return the metric: sum of a flow over all days and the populations with the roles."""

    def of(finished: FinishedRuns) -> FloatArray | None:
        names = finished.populations(*roles)
        return np.asarray(finished.flow(column, names).sum(axis=1)) if names else None

    return MetricFunction(frozenset({column}), of)


def residents_repatriation(finished: FinishedRuns) -> FloatArray | None:
    """Return what residents of Japan convert into yen over the scenario, USD bn; None if no population has residents."""
    names = finished.residents()
    return np.asarray(finished.flow("repatriated_usd_bn", names).sum(axis=1)) if names else None


def share_of_start_stock(column: str, *roles: str) -> MetricFunction:
    """Return the metric: sum of a flow over all days as a share of the initial stock of the roles."""

    def of(finished: FinishedRuns) -> FloatArray | None:
        names = finished.populations(*roles)
        stock = finished.flow("stock_usd_bn", names)[:, 0]
        if not names or not bool((stock > 0).all()):
            return None
        return np.asarray(finished.flow(column, names).sum(axis=1) / stock)

    return MetricFunction(frozenset({column, "stock_usd_bn"}), of)


def announcement_days(record: Record) -> NDArray[np.bool_]:
    """Return which days of a record are announcement days, shape (T+1,): meetings, statements and signals of both central banks."""
    banks = (record.scenario.fed, record.scenario.boj)
    dates = {meeting.date for bank in banks for meeting in bank.meetings}
    dates |= {signal.date for bank in banks for meeting in bank.meetings for signal in meeting.signals}
    dates |= {statement.date for bank in banks for statement in bank.statements}
    return np.isin(record.dates, np.array(sorted(dates), dtype="datetime64[D]"))


def levered_unwind_on_announcement_days(finished: FinishedRuns) -> FloatArray:
    """Return what levered holders unwind on announcement days, in $bn."""
    return levered_unwind_on(finished, announcement_days(finished.record))


def levered_unwind_on(finished: FinishedRuns, days: NDArray[np.bool_]) -> FloatArray:
    """Return what levered holders unwind on some days, boolean ``(T+1,)``, in $bn."""
    unwound = finished.flow("unwound_usd_bn", finished.populations(LEVERED))
    return np.asarray((unwound * days).sum(axis=1))


def yen_bought(finished: FinishedRuns) -> FloatArray:
    """Return the dollars that customers sell for yen over the whole scenario, USD bn."""
    return np.asarray(-finished.flow("spot_usd_bn", finished.customers()).sum(axis=1))


FLOWS, BY_CAUSE, PRICES, STABILITY = "Flows", "Unwound by cause", "Prices, start to end", "Stability"
USD_BN, SHARE, PCT, BP, RATIO, DAYS = "USD bn", "share of start stock", "%", "bp", "ratio", "days"

ANNOUNCEMENT_UNWIND = "levered_unwind_on_announcement_days_usd_bn"

METRICS = (
    Metric("levered_unwind_usd_bn", "Levered unwind", USD_BN, FLOWS, total_flow("unwound_usd_bn", LEVERED)),
    Metric("levered_unwind_share", "Levered unwind", SHARE, FLOWS, share_of_start_stock("unwound_usd_bn", LEVERED)),
    Metric(
        ANNOUNCEMENT_UNWIND,
        "On announcement days",
        USD_BN,
        FLOWS,
        MetricFunction(frozenset({"unwound_usd_bn"}), levered_unwind_on_announcement_days),
    ),
    Metric(
        "repatriation_usd_bn",
        "Repatriation",
        USD_BN,
        FLOWS,
        MetricFunction(frozenset({"repatriated_usd_bn"}), residents_repatriation),
    ),
    Metric("unwound_usd_bn", "Unwound by all", USD_BN, FLOWS, total_flow("unwound_usd_bn", *CARRY)),
    Metric("unwound_share", "Unwound by all", SHARE, FLOWS, share_of_start_stock("unwound_usd_bn", *CARRY)),
    Metric("retail_unwind_usd_bn", "Retail unwind", USD_BN, FLOWS, total_flow("unwound_usd_bn", RETAIL)),
    Metric("yen_bought_usd_bn", "Yen bought", USD_BN, FLOWS, MetricFunction(frozenset({"spot_usd_bn"}), yen_bought)),
    *(
        Metric(
            f"unwound_{cause}_usd_bn",
            cause.replace("_", " ").capitalize(),
            USD_BN,
            BY_CAUSE,
            total_flow(f"{cause}_usd_bn", *CARRY),
            meaning,
        )
        for cause, meaning in CAUSE_MEANINGS.items()
    ),
    Metric("usdjpy_change_pct", "USDJPY", PCT, PRICES, change_pct("usdjpy")),
    Metric("usdjpy_trough_pct", "USDJPY, lowest point", PCT, PRICES, trough_pct("usdjpy")),
    Metric("ust10_change_bp", "US 10-year yield", BP, PRICES, change_bp("ust10_pct")),
    Metric("jgb10_change_bp", "Japan 10-year yield", BP, PRICES, change_bp("jgb10_pct")),
    Metric("us_equity_change_pct", "US equity", PCT, PRICES, change_pct("us_equity")),
    Metric("japan_equity_change_pct", "Japan equity", PCT, PRICES, change_pct("japan_equity")),
    Metric("bitcoin_change_pct", "Bitcoin", PCT, PRICES, change_pct("bitcoin_usd")),
    # Loop gain: forced sales per unit of the fall of USDJPY that causes them, measured by the further fall that they cause.
    Metric("loop_gain_max", "Largest loop gain", RATIO, STABILITY, path_maximum("loop_gain")),
    Metric("cascade_days", "Cascade days", DAYS, STABILITY, flagged_days("cascade")),
)


EFFECT_PREFIX = "effect."
"""What the name of an outcome begins with that is a metric less that of the same run without policy."""


def level_name(outcome: str) -> str:
    """Return the metric of an outcome: the outcome itself, or what follows `EFFECT_PREFIX`."""
    return outcome.removeprefix(EFFECT_PREFIX)


def outcomes() -> tuple[Metric, ...]:
    """Return what sweeps and searches may ask for: every metric, and the effect of policy on it with its label and unit."""
    effects = (replace(one, name=f"{EFFECT_PREFIX}{one.name}", label=f"Effect on {one.label}") for one in METRICS)
    return (*METRICS, *effects)


def columns_read_by(names: Iterable[str]) -> frozenset[str]:
    """Return the columns that the named metrics read; `simulate` can record these only."""
    chosen = {level_name(name) for name in names}
    return frozenset[str]().union(*(metric.per_run.reads for metric in METRICS if metric.name in chosen))


def quantile_band(values: FloatArray | None, unit: str) -> Band:
    """Return the quantiles of one value per run; a band of None without values."""
    if values is None or values.size == 0:
        return Band(None, None, None, unit)
    return Band(*column_quantiles(values[:, None])[0], unit, float(values.mean()))


def column_quantiles(values: FloatArray) -> list[tuple[float, float, float]]:
    """Return the 10, 50 and 90 % quantiles of each column of ``(rows, columns)``."""
    # Adding zero turns -0.0 into 0.0.
    quantiles = np.quantile(values, QUANTILES, axis=0) + 0.0
    return [(low, middle, high) for low, middle, high in quantiles.T.tolist()]


def metric_bands(record: Record) -> dict[str, Band]:
    """Return the quantiles of every metric over the finished runs."""
    finished = FinishedRuns(record)
    return {metric.name: quantile_band(metric.per_run(finished), metric.unit) for metric in METRICS}


def metric_values(record: Record) -> dict[str, FloatArray | None]:
    """Return every metric with one value per finished run."""
    finished = FinishedRuns(record)
    return {metric.name: metric.per_run(finished) for metric in METRICS}


def yen_bought_by_population(record: Record) -> dict[str, Band]:
    """Return the yen that each population bought over the scenario, USD bn (negative: sold)."""
    finished = FinishedRuns(record)
    return {name: quantile_band(-finished.flow("spot_usd_bn", [name]).sum(axis=1), USD_BN) for name in record.flows}


def ledger_max_residual(record: Record) -> float | None:
    """Return the largest relative ledger residual over all days and runs, including stopped runs."""
    residuals = np.abs(record.market["ledger_residual"])
    finite = residuals[np.isfinite(residuals)]
    return float(finite.max()) if finite.size else None
