"""Records with given cascades, and panels with given scores."""

from collections.abc import Mapping

import numpy as np

from simulation.day.recorder import Record, RunStop
from simulation.studies.early_warning.panel import BENCHMARK, INDICATORS, Integers, Panel
from simulation.values.conventions import Array, Flags
from tests.support.scenarios import ONE_WEEK, official

FAR = 21
"""Days to a cascade where none comes within the longest horizon."""


def record_of(forced_usd: Array, stopped: Mapping[int, RunStop] | None = None, first_run: int = 0) -> Record:
    """A record with these forced orders a day, ``(runs, days)``, in two rounds; indicators count runs and days."""
    runs, days = forced_usd.shape
    counted: Array = np.asarray(np.arange(runs)[:, None] * 1000.0 + np.arange(days), dtype=np.float64)
    market: dict[str, Array] = {
        each.column: counted + place / 10 for place, each in enumerate((*INDICATORS, BENCHMARK))
    }
    market |= {"forced_usd_bn": forced_usd, "cascade": (forced_usd >= 5.0).astype(np.float64)}
    dates = np.datetime64("2025-12-01") + np.arange(days)
    return Record(
        official(ONE_WEEK), np.arange(first_run, first_run + runs), dates, market, {}, {}, dict(stopped or {})
    )


def forced_on(days: int, amounts: Mapping[int, float]) -> Array:
    """One run with forced orders on some days."""
    forced = np.zeros((1, days))
    for day, amount in amounts.items():
        forced[0, day] = amount
    return forced


def panel_with(run: Integers, event: Flags, scores: Mapping[str, Array]) -> Panel:
    """A panel whose closes are before a cascade of the next day or before none; indicators not named are zero."""
    ahead = np.where(event, 1, FAR).astype(np.int64)
    values = {each.column: np.zeros(run.size) for each in (*INDICATORS, BENCHMARK)}
    day = np.arange(run.size, dtype=np.int64)
    return Panel(run.astype(np.int64), day, ahead, ahead, values | dict(scores))
