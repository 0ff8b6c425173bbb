"""The official series as histories: USDJPY, yields and speculative positions, aligned to the days of the exchange rate."""

from datetime import date
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from simulation.studies.facts.history import History
from simulation.values.conventions import Array

FIRST_DAY, LAST_DAY = date(1990, 1, 2), date(2024, 12, 31)
POSITIONS_FROM: Final = date(2005, 1, 4)
CONTRACTS: Final = 100_000.0
"""Positions are counted in this many contracts of 12.5 JPY m each."""
NAMES: Final = {"DGS2": "ust2_pct", "2Y": "jgb2_pct", "DGS10": "ust10_pct", "10Y": "jgb10_pct"}


def read_history(folder: Path) -> History:
    """Read the folder of official series: one run, the days of H.10 from 1990 to 2024.

    A yield on a day without one is the last known.  JGB yields begin on 4 January 1990; the two days before take them.

    Parameters
    ----------
    folder
        Holds ``usdjpy_h10.csv``, ``us_treasury_yields.csv`` and ``jgb_yields.csv``.

    Raises
    ------
    OSError
        If a file is missing.
    """
    usdjpy = _read(folder / "usdjpy_h10.csv")["value"].dropna()
    yields = [_read(folder / "us_treasury_yields.csv"), _read(folder / "jgb_yields.csv")]
    days = usdjpy.index
    known = pd.concat([table[[name for name in NAMES if name in table]] for table in yields], axis=1, sort=True).ffill()
    aligned = known.reindex(days, method="ffill").bfill().rename(columns=NAMES)
    columns = {name: _row(aligned[name]) for name in NAMES.values()}
    history = History(days.to_numpy().astype("datetime64[D]"), _row(usdjpy), **columns)
    return history.between(FIRST_DAY, LAST_DAY)


def read_positions(folder: Path) -> History:
    """Read the same with non-commercial net short yen positions, from January 2005.

    A position is known from the Tuesday it describes, though published on Friday: the statistics read it on Fridays.
    """
    history = read_history(folder).between(POSITIONS_FROM, LAST_DAY)
    short = -_read(folder / "cot_jpy.csv")["noncomm_net"].dropna() / CONTRACTS
    aligned = short.reindex(pd.DatetimeIndex(history.dates), method="ffill")
    return History(
        history.dates,
        history.usdjpy,
        history.ust2_pct,
        history.jgb2_pct,
        history.ust10_pct,
        history.jgb10_pct,
        position=_row(aligned),
    )


def _read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, parse_dates=["date"], index_col="date")


def _row(series: "pd.Series[float]") -> Array:
    return np.asarray(series, dtype=np.float64)[None, :]
