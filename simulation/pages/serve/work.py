"""What a worker process does: run the states of a pass and say of each what the page shows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from simulation.pages.explore.columns import Column, packed
from simulation.pages.explore.content import printed
from simulation.pages.explore.events import happenings
from simulation.results.metrics import METRICS, QUANTILES
from simulation.sweeps.kernel import Work, scenario_of, simulated
from simulation.sweeps.rows import Piece, Rows, joined

QUANTILE_NAMES: Final = ("p10", "p50", "p90")


@dataclass(frozen=True)
class Order:
    """Runs of a state.

    Attributes
    ----------
    values
        The state, as JSON.
    runs
        Number of runs that there shall be.
    before
        Runs that there are, none at first.
    cuts
        Further numbers of runs of which the page is told, each at most `runs`.
    """

    values: str
    runs: int
    before: Rows | None = None
    cuts: tuple[int, ...] = ()


@dataclass(frozen=True)
class Made:
    """A state with its runs, and what the page is told of the first so many of them, as JSON."""

    rows: Rows
    texts: dict[int, str]


def made(work: Work, columns: tuple[Column, ...], orders: Sequence[Order]) -> list[Made]:
    """Compute the missing runs of some states in one pass, each run as it would be alone.

    Parameters
    ----------
    work
        The scenario, what is measured and the daily series.
    columns
        What the page shows.
    orders
        States with the number of their runs.
    """
    rows = simulated(work, [piece(at, order) for at, order in enumerate(orders)])
    return [finished(work, columns, order, rows_of(rows, at)) for at, order in enumerate(orders)]


def piece(at: int, order: Order) -> Piece:
    """The missing runs of a state."""
    first = 0 if order.before is None else len(order.before)
    return Piece(at, at, order.values, tuple(range(first, order.runs)))


def rows_of(rows: Rows, point: int) -> Rows:
    """The rows of one state out of those of a pass, as if it had been alone in it."""
    mine = np.flatnonzero(rows.point == point)
    series = []
    for first, part in rows.series:
        own = mine[(mine >= first) & (mine < first + len(part.values))]
        if len(own):
            kept = replace(part, values=part.values[own - first], reached=part.reached[own - first])
            series.append((int(np.searchsorted(mine, own[0])), kept))
    reasons = tuple(rows.reason[at] for at in mine)
    return Rows(rows.point[mine], rows.key[mine], rows.replication[mine], reasons, rows.metrics[mine], tuple(series))


def finished(work: Work, columns: tuple[Column, ...], order: Order, fresh: Rows) -> Made:
    """A state with its earlier and its fresh runs."""
    rows = fresh if order.before is None else joined([order.before, fresh])
    cuts = sorted({*order.cuts, order.runs})
    return Made(rows, {runs: told(work, columns, order.values, first(rows, runs)) for runs in cuts})


def first(rows: Rows, runs: int) -> Rows:
    """The first so many rows."""
    series = tuple(
        (at, replace(part, values=part.values[: runs - at], reached=part.reached[: runs - at]))
        for at, part in rows.series
        if at < runs
    )
    return Rows(
        rows.point[:runs], rows.key[:runs], rows.replication[:runs], rows.reason[:runs], rows.metrics[:runs], series
    )


def told(work: Work, columns: tuple[Column, ...], values: str, rows: Rows) -> str:
    """What the page is told of a state: the parts of a page's content that belong to one state (docs/explore.md)."""
    fine = np.array([not reason for reason in rows.reason])
    answer: dict[str, Any] = {"runs": len(rows), "failed": int((~fine).sum())}
    if not fine.any():
        return json.dumps(answer | {"reason": rows.reason[0]})
    days, daily = series_of(rows, fine)
    scenario = scenario_of(work.base, values)
    answer["data"] = packed(quantiles(daily, work.series, columns))
    answer["numbers"] = numbers(rows.metrics[fine], work.metrics)
    answer["story"] = [asdict(one) for one in happenings(scenario, days)]
    return json.dumps(answer, separators=(",", ":"), allow_nan=False)


def series_of(rows: Rows, fine: NDArray[np.bool_]) -> tuple[NDArray[np.datetime64], NDArray[np.float64]]:
    """Days, and the daily values of the runs that reached the last of them, ``(runs, days, series)``."""
    parts = [part.values[fine[at : at + len(part.values)]] for at, part in rows.series]
    return rows.series[0][1].days.astype("datetime64[D]"), np.concatenate(parts)


def quantiles(daily: NDArray[np.float64], names: tuple[str, ...], columns: tuple[Column, ...]) -> NDArray[np.float64]:
    """Quantiles over runs in steps of each column, ``(1, columns, days)``."""
    bands = np.quantile(daily, QUANTILES, axis=0)
    chosen = [bands[QUANTILE_NAMES.index(one.quantile), :, names.index(one.series)] / one.step for one in columns]
    return np.stack(chosen)[None]


def numbers(metrics: NDArray[np.float64], names: tuple[str, ...]) -> list[list[str]]:
    """Quantiles of each metric as `carryflow run` prints them."""
    known = [one for one in METRICS if one.name in names]
    return printed(metrics[:, [names.index(one.name) for one in known]], known)
