"""The labelled panel: what was known at a close, and how soon a cascade followed.

A cascade day has forced orders of CASCADE_USD_BN or more over two rounds or more (`record.market["cascade"]`).  Cascade days
less than EPISODE_GAP_DAYS apart are one episode.  A row of the panel is a close outside any episode: no cascade day among
this day and the EPISODE_GAP_DAYS - 1 before it, so the next cascade day begins a new one and nothing in the row has seen it.
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
"""Business days without a cascade that end an episode: a week, the length of the fall of 31 July - 5 August 2024."""
LONGEST_HORIZON_DAYS: Final = 20
"""Business days that every row can look ahead, about a month; a cascade later than that counts as none."""
LARGE_USD_BN: Final = 25.0
"""Forced orders that make a cascade day a large one: a tenth of the funds' default stock of 250 $bn."""


@dataclass(frozen=True)
class Indicator:
    """A daily series that may warn.

    Attributes
    ----------
    column
        Its column in `record.market`.
    label
        Words for a figure or a table, with the unit.
    warns_when
        1 where a high value warns, -1 where a low one does: stated before looking, never fitted.
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
"""What the model knows of its own fragility.  A low carry for the risk makes holders leave: it warns when low."""
BENCHMARK: Final = Indicator("usdjpy_volatility_pct", "USDJPY volatility, %", 1)
"""What anybody sees without knowing a single balance sheet."""


PANEL_LABELS: Final = ("run", "day", "days_to_cascade", "days_to_large_cascade")
"""Columns of a panel beside the indicators."""


@dataclass(frozen=True)
class Panel:
    """Closes outside episodes; every array is ``(rows,)``.

    Attributes
    ----------
    run, day
        Run number and day of the scenario, 0 at the start.
    days_to_cascade, days_to_large_cascade
        Business days to the next cascade day; LONGEST_HORIZON_DAYS + 1 where none comes within that.
    values
        Indicators by column, as recorded at the close.
    """

    run: Integers
    day: Integers
    days_to_cascade: Integers
    days_to_large_cascade: Integers
    values: Mapping[str, Array]

    def event(self, horizon_days: int, large: bool = False) -> Flags:
        """Whether a cascade begins within so many business days after the close.

        Raises
        ------
        ValueError
            If the horizon is not between 1 and LONGEST_HORIZON_DAYS.
        """
        if not 1 <= horizon_days <= LONGEST_HORIZON_DAYS:
            raise ValueError(f"horizon_days must lie between 1 and {LONGEST_HORIZON_DAYS}, got {horizon_days}")
        return np.asarray((self.days_to_large_cascade if large else self.days_to_cascade) <= horizon_days)

    def score(self, indicator: Indicator) -> Array:
        """The indicator turned so that a higher score warns."""
        return indicator.warns_when * self.values[indicator.column]

    def where(self, rows: Flags) -> Self:
        """The rows for which `rows` is true."""
        return self.from_columns({name: column[rows] for name, column in self.columns().items()})

    def columns(self) -> dict[str, Array | Integers]:
        """Everything in the panel by name, as the columns of a table."""
        return {name: getattr(self, name) for name in PANEL_LABELS} | dict(self.values)

    @classmethod
    def from_columns(cls, columns: Mapping[str, Array | Integers]) -> Self:
        """The panel whose `columns()` these are; further columns are left alone."""
        labels = {name: np.asarray(columns[name], dtype=np.int64) for name in PANEL_LABELS}
        values = {each.column: np.asarray(columns[each.column], dtype=np.float64) for each in (*INDICATORS, BENCHMARK)}
        return cls(**labels, values=values)


def panel_from_record(record: Record, first_day: int = 0, every_days: int = 1) -> Panel:
    """The panel of a record's finished runs.

    The last LONGEST_HORIZON_DAYS closes are left out: what follows them is not known in full.

    Parameters
    ----------
    record
        A finished simulation.
    first_day
        Closes before this day of the scenario are left out: a warm-up.
    every_days
        Keep one close in so many, for a long record.

    Raises
    ------
    ValueError
        If the record is too short for a single row.
    """
    finished = FinishedRuns(record)
    days = len(record.dates)
    if days - LONGEST_HORIZON_DAYS <= first_day:
        raise ValueError(f"{days} days leave nothing after {first_day} and before the last {LONGEST_HORIZON_DAYS}")
    market = {name: column[finished.rows] for name, column in record.market.items()}
    cascade = market["cascade"] > 0.0
    large = cascade & (market["forced_usd_bn"] >= LARGE_USD_BN)
    kept = ~in_episode(cascade)
    kept &= np.isin(np.arange(days), np.arange(first_day, days - LONGEST_HORIZON_DAYS, every_days))
    row, day = np.nonzero(kept)
    return Panel(
        run=record.runs[finished.rows][row],
        day=day.astype(np.int64),
        days_to_cascade=days_to_next_event(cascade)[kept],
        days_to_large_cascade=days_to_next_event(large)[kept],
        values={each.column: market[each.column][kept] for each in (*INDICATORS, BENCHMARK)},
    )


def in_episode(cascade: Flags) -> Flags:
    """Whether a close lies in an episode: a cascade on that day or within the EPISODE_GAP_DAYS - 1 before, ``(runs, days)``."""
    inside = cascade.copy()
    for lag in range(1, EPISODE_GAP_DAYS):
        inside[:, lag:] |= cascade[:, :-lag]
    return inside


def days_to_next_event(happens: Flags) -> Integers:
    """Days from each close to the next day on which something happens, ``(runs, days)``.

    LONGEST_HORIZON_DAYS + 1 where that is further away or unknown; the day itself does not count.
    """
    ahead = np.full(happens.shape, LONGEST_HORIZON_DAYS + 1, dtype=np.int64)
    for lead in range(LONGEST_HORIZON_DAYS, 0, -1):
        ahead[:, :-lead][happens[:, lead:]] = lead
    return ahead


@dataclass(frozen=True)
class PanelSplit:
    """Runs to fit on and runs to judge by: no run number is in both, whatever the scenario or the seed.

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
            raise ValueError(f"runs {both[:5].tolist()} are in both parts; judge by runs that nothing was fitted on")


def split_by_run(training: Panel, evaluation: Panel | None = None) -> PanelSplit:
    """Fit on the runs with an even number, judge by those with an odd one.

    Every run draws from random streams of its own, so the two halves share no news.  `evaluation` may come from another
    scenario; its even runs are left out as well, since runs of one number share their news between scenarios of one seed.
    """
    judged = training if evaluation is None else evaluation
    return PanelSplit(training.where(training.run % 2 == 0), judged.where(judged.run % 2 == 1))
