"""Sliders of the shipped page, and the design of its sweep (configs/sweeps/explore.csv).

The seven sliders have thousands of combinations.  The design holds the base scenario, every state that differs from it in at
most two sliders, and all combinations of the Bank of Japan's decision, its priced probability and its guidance.  From a
checkout, ``python -m simulation.pages.explore.sliders > configs/sweeps/explore.csv`` writes the design.
"""

from __future__ import annotations

import csv
import io
import json
import sys
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any, Final

from simulation.values.labels import readable_name


@dataclass(frozen=True)
class SliderLevel:
    """One position of a slider.

    Attributes
    ----------
    value
        Value of the config key; None keeps the value of the base scenario.
    words
        Label on the page.
    """

    value: Any
    words: str


@dataclass(frozen=True)
class Slider:
    """A config key with its label, its help text and its positions from left to right."""

    key: str
    label: str
    help: str
    levels: tuple[SliderLevel, ...]

    @property
    def departures(self) -> list[Any]:
        """Values that differ from the base scenario."""
        return [level.value for level in self.levels if level.value is not None]


SPREAD, HIKE = "spread_path", "boj.meetings[0].decision"
PRICED, GUIDANCE = "boj.meetings[0].priced_probability", "boj.meetings[0].guidance"
MEETING_ORDER = "fed.meetings[0].date"
LEVERAGE, STOCK = "populations.carry_funds.leverage_x.median", "populations.carry_funds.stock_usd_bn"

SLIDERS: Final = (
    Slider(
        SPREAD,
        "Spread",
        "US minus Japanese ten-year yield. The path runs in equal daily steps over the quarter, from 2.21 points.",
        (
            SliderLevel({"target_pp": 2.6}, "widens to 2.60 points"),
            SliderLevel(None, "no imposed path"),
            SliderLevel({"target_pp": 1.5}, "narrows to 1.50 points"),
            SliderLevel({"target_pp": 1.0}, "narrows to 1.00 point"),
        ),
    ),
    Slider(
        HIKE,
        "Size of the hike",
        "Decision of the Bank of Japan on 19 December.",
        (SliderLevel("0bp", "no hike"), SliderLevel(None, "25 bp"), SliderLevel("50bp", "50 bp")),
    ),
    Slider(
        PRICED,
        "Priced probability",
        "Market-implied probability of a 25 bp hike, end of November and the day before. Signals in between multiply the odds: "
        "zero stays zero.",
        (
            SliderLevel(0.02, "2 %, then 20 %"),
            SliderLevel(0.25, "25 %, then 80 %"),
            SliderLevel(None, "62 %, then 95 %"),
        ),
    ),
    Slider(
        GUIDANCE,
        "Guidance",
        "Bank of Japan guidance on further hikes. The market expects one every six months, so vague guidance also implies a "
        "slower pace.",
        (
            SliderLevel("dovish", "dovish"),
            SliderLevel(None, "vague"),
            SliderLevel("six_monthly", readable_name("six_monthly")),
            SliderLevel("hawkish", "hawkish"),
        ),
    ),
    Slider(
        MEETING_ORDER,
        "Meeting order",
        "Moves only the date of the Fed's cut (10 December in the data). It was priced at 87 %, so the order has little effect.",
        (
            SliderLevel(None, "Fed first, 10 Dec"),
            SliderLevel("2025-12-19", "both on 19 Dec"),
            SliderLevel("2025-12-22", "BOJ first, Fed 22 Dec"),
        ),
    ),
    Slider(
        LEVERAGE,
        "Leverage",
        "Position divided by equity of the median carry fund. The limit is 5: at 6 some funds would start under a margin call.",
        (SliderLevel(3, "3 times"), SliderLevel(None, "4.5 times"), SliderLevel(5, "5 times")),
    ),
    Slider(
        STOCK,
        "Carry stock",
        "Initial dollar positions of carry funds. Levered holders also include yen borrowers, who hold another $100 bn.",
        (SliderLevel(150, "$150 bn"), SliderLevel(None, "$250 bn"), SliderLevel(500, "$500 bn")),
    ),
)
CROSSED: Final = (HIKE, PRICED, GUIDANCE)
"""Sliders whose combinations are all computed: decision, priced probability and guidance of the Bank of Japan."""


def slider_for(key: str, values: list[Any]) -> Slider:
    """Slider for a key of any sweep: the shipped one if it has every value, otherwise one labelled with the values.

    Parameters
    ----------
    key
        Config key.
    values
        Values in the sweep; None stands for the value of the base scenario.
    """
    known = next((slider for slider in SLIDERS if slider.key == key), None)
    if known is not None and all(level_index(known, value) is not None for value in values):
        return Slider(key, known.label, known.help, tuple(level for level in known.levels if level.value in values))
    return Slider(
        key, key, f"Config key {key}.", tuple(SliderLevel(value, _level_text(value)) for value in _sort_values(values))
    )


def level_index(slider: Slider, value: Any) -> int | None:
    """Position of a value on a slider, None if the slider does not have it."""
    return next((at for at, level in enumerate(slider.levels) if level.value == value), None)


def _level_text(value: Any) -> str:
    if value is None:
        return "as in the scenario"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _sort_values(values: list[Any]) -> list[Any]:
    """The base scenario's value first, then numbers in rising order or other values in the given order."""
    base = [value for value in values if value is None]
    rest = [value for value in values if value is not None]
    numeric = all(isinstance(value, int | float) for value in rest)
    return base + (sorted(rest) if numeric else rest)


MAX_MOVED = 2
"""Largest number of sliders that differ from the base scenario at once, outside `CROSSED`."""
Values = dict[str, Any]


def design_states(sliders: tuple[Slider, ...] = SLIDERS, together: tuple[str, ...] = CROSSED) -> list[Values]:
    """Values of each computed state by config key, the base scenario first; an absent key keeps its value."""
    chosen = [group for count in range(MAX_MOVED + 1) for group in combinations(sliders, count)]
    chosen.append(tuple(slider for slider in sliders if slider.key in together))
    return [
        dict(zip((slider.key for slider in group), values, strict=True))
        for group in chosen
        for values in product(*(slider.departures for slider in group))
    ]


def design_csv(rows: list[Values]) -> str:
    """States as the CSV table of a sweep; an empty cell keeps the value of the base scenario."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    keys = [slider.key for slider in SLIDERS]
    writer.writerow(keys)
    writer.writerows([[csv_cell(row[key]) if key in row else "" for key in keys] for row in rows])
    return text.getvalue()


def csv_cell(value: Any) -> str:
    """A value in config syntax."""
    return value if isinstance(value, str) else json.dumps(value)


if __name__ == "__main__":
    sys.stdout.write(design_csv(design_states()))
