"""The daily series that a sweep may keep: what each is called and how it is read from a record."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator

from simulation.results.metrics import CARRY, LEVERED
from simulation.scenario.config.wording import suggestion
from simulation.values.orders import CAUSES

if TYPE_CHECKING:
    from simulation.day.recorder import Record

FloatArray = NDArray[np.float64]

MARKET_SERIES: Final = (
    *("usdjpy", "ust10_pct", "jgb10_pct", "us_equity", "japan_equity", "bitcoin_usd", "spread_10y_pp"),
    *("usdjpy_volatility_pct", "basis_bp", "loop_gain", "cascade", "forced_usd_bn"),
)
FLOW_SERIES: Final = ("unwound_usd_bn", "repatriated_usd_bn")
"""Daily flows over all populations that are kept beside the market's columns."""
USUAL_SERIES: Final = (*MARKET_SERIES, *FLOW_SERIES)
"""What is kept where a sweep names no series."""
SHARES_TO_DATE: Final = {"unwound_share_to_date": CARRY, "levered_unwind_share_to_date": (LEVERED,)}
"""Unwound since the start as a share of the start stock, decimal, and the roles that are counted."""
CAUSES_TO_DATE: Final = {f"unwound_{cause}_to_date_usd_bn": cause for cause in CAUSES}
"""Unwound since the start for one cause, $bn."""
YEN_TO_DATE: Final = re.compile(r"yen_bought_(?P<population>\w+)_to_date_usd_bn")
"""Dollars that one population sold for yen since the start, $bn."""
NAMED: Final = (*USUAL_SERIES, *SHARES_TO_DATE, *CAUSES_TO_DATE)


def yen_to_date(population: str) -> str:
    """Name of the series of the yen that a population bought since the start."""
    return f"yen_bought_{population}_to_date_usd_bn"


def population_of(series: str) -> str | None:
    """The population whose yen a series counts, none for any other series."""
    match = YEN_TO_DATE.fullmatch(series)
    return None if match is None else match["population"]


def _known(series: str) -> str:
    if series not in NAMED and population_of(series) is None:
        names = [*NAMED, yen_to_date("POPULATION")]
        raise ValueError(f"no daily series is called {series!r}; {suggestion(series, names, 'known')}")
    return series


SeriesName = Annotated[str, AfterValidator(_known)]


def read_for(name: str) -> frozenset[str]:
    """The columns of a record that a series is read from."""
    if name in SHARES_TO_DATE:
        return frozenset({"stock_usd_bn", "unwound_usd_bn"})
    if name in CAUSES_TO_DATE:
        return frozenset({f"{CAUSES_TO_DATE[name]}_usd_bn"})
    return frozenset({name if population_of(name) is None else "spot_usd_bn"})


def daily_values(record: Record, name: str) -> FloatArray:
    """One series of every run, ``(runs, days)``; not-a-number where the scenario lacks the asset or the population."""
    nothing = np.full((len(record.runs), len(record.dates)), np.nan)
    if name in MARKET_SERIES:
        record.demand(name)
        return record.market.get(name, nothing)
    if name in FLOW_SERIES:
        return _flow(record, name, tuple(sorted(record.flows)))
    if name in SHARES_TO_DATE:
        return _share_to_date(record, SHARES_TO_DATE[name])
    if name in CAUSES_TO_DATE:
        return _to_date(_flow(record, f"{CAUSES_TO_DATE[name]}_usd_bn", _of_roles(record, CARRY)))
    population = population_of(name)
    known = population is not None and population in record.flows
    return _to_date(-_flow(record, "spot_usd_bn", (str(population),))) if known else nothing


def _of_roles(record: Record, roles: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in record.flows if record.roles[name] in roles)


def _flow(record: Record, column: str, populations: tuple[str, ...]) -> FloatArray:
    """A daily flow summed over populations, ``(runs, days)``."""
    record.demand(column)
    tables = [record.flows[name][column] for name in populations if column in record.flows[name]]
    shape = (len(record.runs), len(record.dates))
    return np.asarray(np.sum(tables, axis=0)) if tables else np.zeros(shape)


def _to_date(flow: FloatArray) -> FloatArray:
    return np.asarray(np.cumsum(flow, axis=1)) + 0.0


def _share_to_date(record: Record, roles: tuple[str, ...]) -> FloatArray:
    populations = _of_roles(record, roles)
    stock = _flow(record, "stock_usd_bn", populations)[:, :1]
    unwound = _to_date(_flow(record, "unwound_usd_bn", populations))
    return np.divide(unwound, stock, out=np.full_like(unwound, np.nan), where=stock > 0.0)
