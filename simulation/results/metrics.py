"""What is measured on a batch of runs: one number per run and metric, and its band over runs.

Every metric is a pure function of the finished runs of a record. Levered unwind (a yen loan is
repaid and disappears) and repatriation (a Japanese resident brings money home) stay apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simulation.values.orders import CAUSES

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
    """The runs of a record that reached their last day; a stopped run has no end to measure."""

    record: Record

    @cached_property
    def rows(self) -> NDArray[np.bool_]:
        """Which rows of the record reached the end, shape (R,)."""
        return self.record.finished

    @property
    def count(self) -> int:
        """Number of finished runs."""
        return int(self.rows.sum())

    def market(self, column: str) -> FloatArray | None:
        """Return a market column, shape (finished, T+1), or None where the scenario lacks the asset."""
        self.record.demand(column)
        values = self.record.market.get(column)
        if values is None or bool(np.isnan(values).all()):
            return None
        return values[self.rows]

    def populations(self, *roles: str) -> list[str]:
        """Names of the populations that play one of the roles, in the record's order."""
        return [name for name in self.record.flows if self.record.roles[name] in roles]

    def customers(self) -> list[str]:
        """Names of everyone who does not take the other side by trade: no dealers, no value investors."""
        return [name for name in self.record.flows if self.record.roles[name] not in PASSIVE_ROLES]

    def flow(self, column: str, populations: list[str]) -> FloatArray:
        """Sum a flow column over populations, shape (finished, T+1)."""
        self.record.demand(column)
        total = np.zeros((self.count, len(self.record.dates)))
        for name in populations:
            values = self.record.flows[name].get(column)
            if values is not None:
                total += values[self.rows]
        return total


@dataclass(frozen=True)
class MetricFunction:
    """How a number is read from finished runs, and the columns that are read for it."""

    reads: frozenset[str]
    of: Callable[[FinishedRuns], FloatArray | None]

    def __call__(self, finished: FinishedRuns) -> FloatArray | None:
        """Return the number of every finished run, or None where the scenario cannot have it."""
        return self.of(finished)


@dataclass(frozen=True)
class Metric:
    """One line of a summary: its key, the words and unit a reader sees, and how to measure it."""

    name: str
    label: str
    unit: str
    group: str
    per_run: MetricFunction


@dataclass(frozen=True)
class Band:
    """The 10, 50 and 90 % quantiles over runs; None throughout where nothing could be measured."""

    p10: float | None
    p50: float | None
    p90: float | None
    unit: str

    def to_dict(self) -> dict[str, float | str | None]:
        """Return the band as JSON-ready values."""
        return {"p10": self.p10, "p50": self.p50, "p90": self.p90, "unit": self.unit}


def path_metric(column: str, function: Callable[[FloatArray], FloatArray]) -> MetricFunction:
    """Return what a function makes of the paths of a market column, shape (finished, T+1)."""

    def of(finished: FinishedRuns) -> FloatArray | None:
        values = finished.market(column)
        return None if values is None else function(values)

    return MetricFunction(frozenset({column}), of)


def change_pct(column: str) -> MetricFunction:
    """Return the metric "percent change of a price from the scenario's start to its end"."""
    return path_metric(column, lambda values: 100.0 * (values[:, -1] / values[:, 0] - 1.0))


def change_bp(column: str) -> MetricFunction:
    """Return the metric "change of a yield in basis points from start to end"."""
    return path_metric(column, lambda values: 100.0 * (values[:, -1] - values[:, 0]))


def trough_pct(column: str) -> MetricFunction:
    """Return the metric "lowest cumulative percent change since the start"."""
    return path_metric(column, lambda values: 100.0 * (values.min(axis=1) / values[:, 0] - 1.0))


def path_maximum(column: str) -> MetricFunction:
    """Return the metric "largest value of a market column on any day"."""
    return path_metric(column, lambda values: values.max(axis=1))


def flagged_days(column: str) -> MetricFunction:
    """Return the metric "number of days on which a 0/1 market column was 1"."""
    return path_metric(column, lambda values: np.asarray(values.sum(axis=1)))


def total_flow(column: str, *roles: str) -> MetricFunction:
    """Return the metric "sum of a flow over all days and over the populations of some roles"."""

    def of(finished: FinishedRuns) -> FloatArray | None:
        names = finished.populations(*roles)
        return np.asarray(finished.flow(column, names).sum(axis=1)) if names else None

    return MetricFunction(frozenset({column}), of)


def share_of_start_stock(column: str, *roles: str) -> MetricFunction:
    """Return the metric "sum of a flow over all days as a share of the roles' start stock"."""

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
    unwound = finished.flow("unwound_usd_bn", finished.populations(LEVERED))
    return np.asarray((unwound * announcement_days(finished.record)).sum(axis=1))


def yen_bought(finished: FinishedRuns) -> FloatArray:
    """Return dollars sold for yen by customers over the whole scenario, in $bn."""
    return np.asarray(-finished.flow("spot_usd_bn", finished.customers()).sum(axis=1))


FLOWS, BY_CAUSE, PRICES, STABILITY = "Flows", "Unwound by cause", "Prices, start to end", "Stability"
USD_BN, SHARE, PCT, BP, RATIO, DAYS = "USD bn", "share of start stock", "%", "bp", "ratio", "days"

ANNOUNCEMENT_UNWIND = "levered_unwind_on_announcement_days_usd_bn"

METRICS = (
    Metric("levered_unwind_usd_bn", "Levered unwind", USD_BN, FLOWS, total_flow("unwound_usd_bn", LEVERED)),
    Metric("levered_unwind_share", "Levered unwind", SHARE, FLOWS, share_of_start_stock("unwound_usd_bn", LEVERED)),
    Metric(
        ANNOUNCEMENT_UNWIND,
        "  on announcement days",
        USD_BN,
        FLOWS,
        MetricFunction(frozenset({"unwound_usd_bn"}), levered_unwind_on_announcement_days),
    ),
    Metric("repatriation_usd_bn", "Repatriation", USD_BN, FLOWS, total_flow("repatriated_usd_bn", RESIDENT)),
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
        )
        for cause in CAUSES
    ),
    Metric("usdjpy_change_pct", "USDJPY", PCT, PRICES, change_pct("usdjpy")),
    Metric("usdjpy_trough_pct", "USDJPY, lowest point", PCT, PRICES, trough_pct("usdjpy")),
    Metric("ust10_change_bp", "US 10-year yield", BP, PRICES, change_bp("ust10_pct")),
    Metric("jgb10_change_bp", "Japan 10-year yield", BP, PRICES, change_bp("jgb10_pct")),
    Metric("us_equity_change_pct", "US equity", PCT, PRICES, change_pct("us_equity")),
    Metric("japan_equity_change_pct", "Japan equity", PCT, PRICES, change_pct("japan_equity")),
    Metric("bitcoin_change_pct", "Bitcoin", PCT, PRICES, change_pct("bitcoin_usd")),
    Metric("loop_gain_max", "Largest loop gain", RATIO, STABILITY, path_maximum("loop_gain")),
    Metric("cascade_days", "Cascade days", DAYS, STABILITY, flagged_days("cascade")),
)


def columns_read_by(names: Iterable[str]) -> frozenset[str]:
    """Return the columns that some metrics read, by name (`simulate` records no others where it is given them)."""
    wanted = set(names)
    return frozenset[str]().union(*(metric.per_run.reads for metric in METRICS if metric.name in wanted))


def quantile_band(values: FloatArray | None, unit: str) -> Band:
    """Return the quantiles of one value per run; an empty band where there is no value."""
    if values is None or values.size == 0:
        return Band(None, None, None, unit)
    return Band(*column_quantiles(values[:, None])[0], unit)


def column_quantiles(values: FloatArray) -> list[tuple[float, float, float]]:
    """Return the quantiles of each column over its rows, ``(rows, columns)``; all columns cost hardly more than one."""
    # Adding zero turns -0.0 into 0.0, which prints as people write it.
    found = np.quantile(values, QUANTILES, axis=0) + 0.0
    return [(low, middle, high) for low, middle, high in found.T.tolist()]


def metric_bands(record: Record) -> dict[str, Band]:
    """Return every metric of METRICS with its band over the finished runs."""
    finished = FinishedRuns(record)
    return {metric.name: quantile_band(metric.per_run(finished), metric.unit) for metric in METRICS}


def metric_values(record: Record) -> dict[str, FloatArray | None]:
    """Return every metric run by run (finished runs only), for histograms and paired differences."""
    finished = FinishedRuns(record)
    return {metric.name: metric.per_run(finished) for metric in METRICS}


def yen_bought_by_population(record: Record) -> dict[str, Band]:
    """Return the yen each population bought over the scenario in $bn (negative: sold)."""
    finished = FinishedRuns(record)
    return {name: quantile_band(-finished.flow("spot_usd_bn", [name]).sum(axis=1), USD_BN) for name in record.flows}


def ledger_max_residual(record: Record) -> float | None:
    """Return the largest relative ledger residual of any day of any run, stopped runs included."""
    residuals = np.abs(record.market["ledger_residual"])
    finite = residuals[np.isfinite(residuals)]
    return float(finite.max()) if finite.size else None
