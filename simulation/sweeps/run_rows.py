"""What a run returns: a row of metrics and the daily series that a sweep can keep."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator

from simulation.results.metrics import CARRY, LEVERED
from simulation.scenario.config.formatting import suggest_name
from simulation.values.orders import CAUSES

if TYPE_CHECKING:
    from simulation.day.recorder import Record

FloatArray = NDArray[np.float64]

MARKET_SERIES: Final = (
    *("usdjpy", "ust10_pct", "jgb10_pct", "us_equity", "japan_equity", "bitcoin_usd", "spread_10y_pp"),
    *("usdjpy_volatility_pct", "basis_bp", "loop_gain", "cascade", "forced_usd_bn"),
)
FLOW_SERIES: Final = ("unwound_usd_bn", "repatriated_usd_bn")
"""Daily flows summed over all populations."""
USUAL_SERIES: Final = (*MARKET_SERIES, *FLOW_SERIES)
"""Series kept by default."""
SHARES_TO_DATE: Final = {"unwound_share_to_date": CARRY, "levered_unwind_share_to_date": (LEVERED,)}
"""Unwound since the start as a share of the initial stock, decimal, and the investor roles included."""
CAUSES_TO_DATE: Final = {f"unwound_{cause}_to_date_usd_bn": cause for cause in CAUSES}
"""Unwound since the start for one cause, $bn."""
YEN_TO_DATE: Final = re.compile(r"yen_bought_(?P<population>\w+)_to_date_usd_bn")
"""Dollars sold for yen by one population since the start, $bn."""
FIXED_SERIES_NAMES: Final = (*USUAL_SERIES, *SHARES_TO_DATE, *CAUSES_TO_DATE)


def yen_series_name(population: str) -> str:
    """Name of the series of cumulative yen purchases by a population."""
    return f"yen_bought_{population}_to_date_usd_bn"


def series_population(series: str) -> str | None:
    """The population of a series of yen purchases; None for any other series."""
    match = YEN_TO_DATE.fullmatch(series)
    return None if match is None else match["population"]


def _check_series_name(series: str) -> str:
    if series not in FIXED_SERIES_NAMES and series_population(series) is None:
        names = [*FIXED_SERIES_NAMES, yen_series_name("POPULATION")]
        raise ValueError(f"there is no daily series {series!r}; {suggest_name(series, names, 'known')}")
    return series


SeriesName = Annotated[str, AfterValidator(_check_series_name)]


def record_columns(name: str) -> frozenset[str]:
    """Columns of a record from which a series is computed."""
    if name in SHARES_TO_DATE:
        return frozenset({"stock_usd_bn", "unwound_usd_bn"})
    if name in CAUSES_TO_DATE:
        return frozenset({f"{CAUSES_TO_DATE[name]}_usd_bn"})
    return frozenset({name if series_population(name) is None else "spot_usd_bn"})


def daily_values(record: Record, name: str) -> FloatArray:
    """Return one series for every run, ``(runs, days)``; not-a-number if the scenario lacks the asset or the population."""
    missing = np.full((len(record.runs), len(record.dates)), np.nan)
    if name in MARKET_SERIES:
        record.demand(name)
        return record.market.get(name, missing)
    if name in FLOW_SERIES:
        return _total_flow(record, name, tuple(sorted(record.flows)))
    if name in SHARES_TO_DATE:
        return _cumulative_share(record, SHARES_TO_DATE[name])
    if name in CAUSES_TO_DATE:
        return _cumulative(
            _total_flow(record, f"{CAUSES_TO_DATE[name]}_usd_bn", _populations_with_roles(record, CARRY))
        )
    population = series_population(name)
    known = population is not None and population in record.flows
    return _cumulative(-_total_flow(record, "spot_usd_bn", (str(population),))) if known else missing


def _populations_with_roles(record: Record, roles: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in record.flows if record.roles[name] in roles)


def _total_flow(record: Record, column: str, populations: tuple[str, ...]) -> FloatArray:
    """A daily flow summed over populations, ``(runs, days)``."""
    record.demand(column)
    tables = [record.flows[name][column] for name in populations if column in record.flows[name]]
    shape = (len(record.runs), len(record.dates))
    return np.asarray(np.sum(tables, axis=0)) if tables else np.zeros(shape)


def _cumulative(flow: FloatArray) -> FloatArray:
    return np.asarray(np.cumsum(flow, axis=1)) + 0.0


def _cumulative_share(record: Record, roles: tuple[str, ...]) -> FloatArray:
    populations = _populations_with_roles(record, roles)
    stock = _total_flow(record, "stock_usd_bn", populations)[:, :1]
    unwound = _cumulative(_total_flow(record, "unwound_usd_bn", populations))
    return np.divide(unwound, stock, out=np.full_like(unwound, np.nan), where=stock > 0.0)


@dataclass(frozen=True)
class PointRuns:
    """Some replications of one point.

    Attributes
    ----------
    point
        Number of the point in the design.
    key
        Key of the point.
    values
        Values of the point, as JSON.
    replications
        Numbers of the replications.
    """

    point: int
    key: int
    values: str
    replications: tuple[int, ...]


@dataclass(frozen=True)
class DailySeries:
    """Daily values of some runs.

    Attributes
    ----------
    days
        Days since 1970, ``(days,)``.
    values
        ``(runs, days, series)``; not-a-number if the scenario lacks the asset.
    reached
        Days that each run reached before it ended, ``(runs, days)``.
    """

    days: NDArray[np.int32]
    values: NDArray[np.float64]
    reached: NDArray[np.bool_]


@dataclass(frozen=True)
class RunRows:
    """Results of some runs, one row per run, in arrays that are cheap to send between processes.

    Attributes
    ----------
    point
        Number of the point, ``(runs,)``.
    key
        Key of the point, ``(runs,)``.
    replication
        ``(runs,)``.
    reason
        Why the run failed; empty for a finished run.
    metrics
        ``(runs, metrics)``, not-a-number if the run failed or the scenario does not have the metric.
    series
        Daily values, each with the number of its first row; runs without daily values are not included.
    """

    point: NDArray[np.int64]
    key: NDArray[np.uint64]
    replication: NDArray[np.int64]
    reason: tuple[str, ...]
    metrics: NDArray[np.float64]
    series: tuple[tuple[int, DailySeries], ...] = ()

    def __len__(self) -> int:
        """Return the number of runs."""
        return len(self.point)

    @property
    def failed(self) -> int:
        """Number of runs that failed."""
        return sum(bool(reason) for reason in self.reason)


def concatenate_rows(parts: Sequence[RunRows]) -> RunRows:
    """All rows in order."""
    before = np.cumsum([0, *(len(part) for part in parts)]).tolist()
    return RunRows(
        np.concatenate([part.point for part in parts]),
        np.concatenate([part.key for part in parts]),
        np.concatenate([part.replication for part in parts]),
        tuple(reason for part in parts for reason in part.reason),
        np.concatenate([part.metrics for part in parts]),
        tuple((first + at, series) for first, part in zip(before, parts, strict=False) for at, series in part.series),
    )


def failed_rows(batch: Sequence[PointRuns], reason: str, metrics: int) -> RunRows:
    """Rows of runs that failed for one reason; `metrics` is the number of metrics."""
    point, key, replication = run_labels(batch)
    runs = len(point)
    return RunRows(point, key, replication, (reason,) * runs, np.full((runs, metrics), np.nan))


def run_labels(batch: Sequence[PointRuns]) -> tuple[NDArray[np.int64], NDArray[np.uint64], NDArray[np.int64]]:
    """Point, key and replication of every run, each ``(runs,)``."""
    counts = [len(point_runs.replications) for point_runs in batch]
    point = np.repeat(np.array([point_runs.point for point_runs in batch], dtype=np.int64), counts)
    key = np.repeat(np.array([point_runs.key for point_runs in batch], dtype=np.uint64), counts)
    replication = np.array([number for point_runs in batch for number in point_runs.replications], dtype=np.int64)
    return point, key, replication
