"""What a replayed episode may be judged by: the name of each measure, what it means and its unit."""

from dataclasses import dataclass
from typing import Literal

Measure = Literal[
    "path_rmse_pp",
    "trough_pct",
    "peak_pct",
    "end_pct",
    "move_pct",
    "unwound_share",
    "retrace_share",
    "us_equity_trough_pct",
    "repatriation_usd_bn",
    "cascade_days",
]
SHARE = "share, 0 to 1"


@dataclass(frozen=True)
class Meaning:
    """What a number says, its unit, and the price that it is about, if it is about one."""

    words: str
    unit: str
    price: str | None = None

    def __str__(self) -> str:
        """Return words and unit."""
        return f"{self.words}, {self.unit}"


MEASURES: dict[Measure, Meaning] = {
    "path_rmse_pp": Meaning(
        "root mean squared distance of the path of log USDJPY from the observed one", "percentage points", "usdjpy"
    ),
    "trough_pct": Meaning("lowest close of USDJPY in the window against the close of its first day", "%", "usdjpy"),
    "peak_pct": Meaning("highest close of USDJPY in the window against the close of its first day", "%", "usdjpy"),
    "end_pct": Meaning("close of USDJPY at the end of the window against the close of its first day", "%", "usdjpy"),
    "move_pct": Meaning(
        "change of USDJPY from the close before the window to the close at its end (one day if both are the same)",
        "%",
        "usdjpy",
    ),
    "unwound_share": Meaning(
        "part of the positions of `unwound_of` held at the first day that is gone at the end of the window; negative: "
        "they grew",
        "share, at most 1",
    ),
    "retrace_share": Meaning(
        "best close after the turning day to the end of the window, as a part of the fall from its first to the turning day",
        "share of the fall",
        "usdjpy",
    ),
    "us_equity_trough_pct": Meaning(
        "lowest close of US equity in the window against the first day's", "%", "us_equity"
    ),
    "repatriation_usd_bn": Meaning(
        "foreign assets that residents sold and converted to yen, net of purchases beyond plan", "$bn"
    ),
    "cascade_days": Meaning("days with a cascade of forced orders", "days"),
}
"""Everything that a replay may be judged by."""
RANK_MEANING = Meaning("part of the runs with drawn news that lie below the observed USDJPY", SHARE)
"""What a replay says besides, unasked."""
ALWAYS: tuple[Measure, ...] = ("path_rmse_pp", "trough_pct", "unwound_share", "end_pct", "cascade_days")
"""Measured in every replay; an entry under `accept` gives them a window and a range."""
COLUMN_UNITS = {
    "usdjpy": "yen per dollar",
    "us_equity": "index, 100 at the start",
    "japan_equity": "index, 100 at the start",
    "bitcoin_usd": "dollars",
    "ust2_pct": "% per year",
    "ust10_pct": "% per year",
    "jgb2_pct": "% per year",
    "jgb10_pct": "% per year",
    "spread_10y_pp": "percentage points",
}
"""Columns of the daily table that an event may give observations of, and their units; measures are about USDJPY and US equity."""
