"""The labelled panel: indicators known at a close, and the number of days to the next cascade.

A cascade day has forced orders of at least CASCADE_USD_BN over at least two rounds (`record.market["cascade"]`). Cascade
days less than EPISODE_GAP_DAYS apart belong to one episode. A row of the panel is a close outside any episode: neither
that day nor the EPISODE_GAP_DAYS - 1 days before it are cascade days. The next cascade day then begins a new episode.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from simulation.day.recorder import Record
from simulation.results.metrics import FinishedRuns
from simulation.values.conventions import Array, Flags

Integers = NDArray[np.int64]

EPISODE_GAP_DAYS: Final = 5
"""Business days without a cascade that end an episode: about the length of the fall of 31 July - 5 August 2024."""
LONGEST_HORIZON_DAYS: Final = 20
"""Longest horizon in business days, about a month; a later cascade counts as none."""
LARGE_USD_BN: Final = 25.0
"""Forced orders on a large cascade day: a tenth of the funds' default stock of 250 $bn."""


@dataclass(frozen=True)
class Indicator:
    """A daily series that may predict cascades.

    Attributes
    ----------
    column
        Its column in `record.market`.
    label
        Label for figures and tables, with the unit.
    warns_when
        1 if a high value warns, -1 if a low one does; set in advance, never fitted.
    """

    column: str
    label: str
    warns_when: int


INDICATORS: Final = (
    Indicator("loop_gain", "loop gain", 1),
    Indicator("tipping_distance_pct", "distance to a gain of one, %", -1),
    Indicator("cascade_distance_pct", "distance to a cascade, %", -1),
    Indicator("crowding_share", "crowding, share", 1),
    Indicator("depth_weighted_stock_pct", "stock times depth, %", 1),
    Indicator("carry_to_volatility", "carry to volatility", -1),
)
"""Fragility indicators of the model. Carry to volatility warns when low: holders then close positions."""
BENCHMARK: Final = Indicator("usdjpy_volatility_pct", "USDJPY volatility, %", 1)
"""A market indicator that requires no balance-sheet data."""
PANEL_LABELS: Final = ("run", "day", "days_to_cascade", "days_to_large_cascade")
"""Columns of a panel other than the indicators."""


@dataclass(frozen=True)
class Panel:
    """Closes outside episodes; every array is ``(rows,)``.

    Attributes
    ----------
    run, day
        Run number and day of the scenario, 0 at the start.
    days_to_cascade, days_to_large_cascade
        Business days to the next cascade day; LONGEST_HORIZON_DAYS + 1 if there is none within the longest horizon.
    values
        Indicators by column, at the close.
    """

    run: Integers
    day: Integers
    days_to_cascade: Integers
    days_to_large_cascade: Integers
    values: Mapping[str, Array]

    def event(self, horizon_days: int, large: bool = False) -> Flags:
        """Return whether a cascade begins within `horizon_days` business days of the close, ``(rows,)``.

        Raises
        ------
        ValueError
            If the horizon is not between 1 and LONGEST_HORIZON_DAYS.
        """
        if not 1 <= horizon_days <= LONGEST_HORIZON_DAYS:
            raise ValueError(f"horizon_days must lie between 1 and {LONGEST_HORIZON_DAYS}, got {horizon_days}")
        return np.asarray((self.days_to_large_cascade if large else self.days_to_cascade) <= horizon_days)

    def score(self, indicator: Indicator) -> Array:
        """Return the indicator, with its sign changed if a low value warns."""
        return indicator.warns_when * self.values[indicator.column]

    def where(self, rows: Flags) -> Self:
        """Return the rows for which `rows` is true."""
        return self.from_columns({name: column[rows] for name, column in self.columns().items()})

    def columns(self) -> dict[str, Array | Integers]:
        """Return the panel as columns of a table, by name."""
        return {name: getattr(self, name) for name in PANEL_LABELS} | dict(self.values)

    @classmethod
    def from_columns(cls, columns: Mapping[str, Array | Integers]) -> Self:
        """Return the panel with these `columns()`; other columns are ignored."""
        labels = {name: np.asarray(columns[name], dtype=np.int64) for name in PANEL_LABELS}
        values = {each.column: np.asarray(columns[each.column], dtype=np.float64) for each in (*INDICATORS, BENCHMARK)}
        return cls(**labels, values=values)


def panel_from_record(record: Record, first_day: int = 0, every_days: int = 1) -> Panel:
    """Return the panel of a record's finished runs, without the last LONGEST_HORIZON_DAYS closes.

    Parameters
    ----------
    record
        A finished simulation.
    first_day
        First day of the scenario to include; earlier days are a warm-up.
    every_days
        Include every n-th close only, for long records.

    Raises
    ------
    ValueError
        If the record is too short.
    """
    finished = FinishedRuns(record)
    days = len(record.dates)
    if days - LONGEST_HORIZON_DAYS <= first_day:
        raise ValueError(
            f"the record has {days} days; more than first_day + {LONGEST_HORIZON_DAYS} = {first_day + LONGEST_HORIZON_DAYS} "
            "are needed"
        )
    market = {name: column[finished.rows] for name, column in record.market.items()}
    cascade = market["cascade"] > 0.0
    large = cascade & (market["forced_usd_bn"] >= LARGE_USD_BN)
    selected = ~in_episode(cascade)
    selected &= np.isin(np.arange(days), np.arange(first_day, days - LONGEST_HORIZON_DAYS, every_days))
    row, day = np.nonzero(selected)
    return Panel(
        run=record.runs[finished.rows][row],
        day=day.astype(np.int64),
        days_to_cascade=days_to_next_event(cascade)[selected],
        days_to_large_cascade=days_to_next_event(large)[selected],
        values={each.column: market[each.column][selected] for each in (*INDICATORS, BENCHMARK)},
    )


def in_episode(cascade: Flags) -> Flags:
    """Return whether a close lies in an episode, ``(runs, days)``: a cascade on that day or EPISODE_GAP_DAYS - 1 days before."""
    inside = cascade.copy()
    for lag in range(1, EPISODE_GAP_DAYS):
        inside[:, lag:] |= cascade[:, :-lag]
    return inside


def days_to_next_event(event: Flags) -> Integers:
    """Return the days from each close to the next event, ``(runs, days)``; the day itself does not count.

    LONGEST_HORIZON_DAYS + 1 if the next event is further away or unknown.
    """
    ahead = np.full(event.shape, LONGEST_HORIZON_DAYS + 1, dtype=np.int64)
    for lead in range(LONGEST_HORIZON_DAYS, 0, -1):
        ahead[:, :-lead][event[:, lead:]] = lead
    return ahead


@dataclass(frozen=True)
class PanelSplit:
    """Training runs and evaluation runs; no run number may be in both, whatever the scenario or seed.

    Raises
    ------
    ValueError
        If a run is in both parts.
    """

    training: Panel
    evaluation: Panel

    def __post_init__(self) -> None:
        both = np.intersect1d(self.training.run, self.evaluation.run)
        if both.size:
            raise ValueError(f"runs {both[:5].tolist()} are in both parts; training and evaluation runs must differ")


def split_by_run(training: Panel, evaluation: Panel | None = None) -> PanelSplit:
    """Return runs with an even number for training and runs with an odd number for evaluation.

    Every run has its own random streams, so the two halves share no news. `evaluation` may come from another scenario; its
    even runs are excluded too, since runs of the same number share news between scenarios of the same seed.
    """
    other = training if evaluation is None else evaluation
    return PanelSplit(training.where(training.run % 2 == 0), other.where(other.run % 2 == 1))
