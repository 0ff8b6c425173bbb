"""What can be moved on the page: the keys of the shipped sweep with their levels, in a reader's words.

Which states of the page are computed: the rows of configs/sweeps/explore.csv.

All combinations of seven sliders are thousands of states.  Computed are the base, every state in which at most two sliders
leave it, and all combinations of what the Bank of Japan does, what was priced and what it says.  From a checkout,
``python -m simulation.pages.explore.sliders > configs/sweeps/explore.csv`` writes them anew.
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
        What the config key is set to; none keeps the base scenario's value.
    words
        What the page says.
    """

    value: Any
    words: str


@dataclass(frozen=True)
class Slider:
    """A config key, its name and help for a reader, and its positions from left to right."""

    key: str
    label: str
    help: str
    levels: tuple[SliderLevel, ...]

    @property
    def departures(self) -> list[Any]:
        """Values other than the base scenario's."""
        return [level.value for level in self.levels if level.value is not None]


SPREAD, HIKE = "spread_path", "boj.meetings[0].decision"
PRICED, GUIDANCE = "boj.meetings[0].priced_probability", "boj.meetings[0].guidance"
MEETING_ORDER = "fed.meetings[0].date"
LEVERAGE, STOCK = "populations.carry_funds.leverage_x.median", "populations.carry_funds.stock_usd_bn"

SLIDERS: Final = (
    Slider(
        SPREAD,
        "Spread",
        "US less Japanese ten-year yield, imposed in equal daily steps over the quarter, from 2.21 points.",
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
        "What the Bank of Japan does on 19 December.",
        (SliderLevel("0bp", "no hike"), SliderLevel(None, "25 bp"), SliderLevel("50bp", "50 bp")),
    ),
    Slider(
        PRICED,
        "What was priced",
        "Chance of a 25 bp hike, end of November and on the eve. Signals in between multiply its odds: zero stays zero.",
        (
            SliderLevel(0.02, "2 %, then 20 %"),
            SliderLevel(0.25, "25 %, then 80 %"),
            SliderLevel(None, "62 %, then 95 %"),
        ),
    ),
    Slider(
        GUIDANCE,
        "Guidance",
        "What the Bank of Japan says of its next steps. A step every six months is expected: beside that, vague is slower, too.",
        (
            SliderLevel("dovish", "dovish"),
            SliderLevel(None, "vague"),
            SliderLevel("six_monthly", readable_name("six_monthly")),
            SliderLevel("hawkish", "hawkish"),
        ),
    ),
    Slider(
        MEETING_ORDER,
        "Who moves first",
        "Moves the Fed's cut alone, which was made on the 10th. It was priced at 87 %, so the order alone changes little.",
        (
            SliderLevel(None, "Fed first, 10 Dec"),
            SliderLevel("2025-12-19", "both on 19 Dec"),
            SliderLevel("2025-12-22", "BOJ first, Fed 22 Dec"),
        ),
    ),
    Slider(
        LEVERAGE,
        "Leverage",
        "Position over equity of the median carry fund. It ends at 5: at 6 some funds would begin under a margin call.",
        (SliderLevel(3, "3 times"), SliderLevel(None, "4.5 times"), SliderLevel(5, "5 times")),
    ),
    Slider(
        STOCK,
        "Carry stock",
        "Dollar positions of carry funds at the start. Levered holders are they and yen borrowers, who hold $100 bn more.",
        (SliderLevel(150, "$150 bn"), SliderLevel(None, "$250 bn"), SliderLevel(500, "$500 bn")),
    ),
)
CROSSED: Final = (HIKE, PRICED, GUIDANCE)
"""Sliders whose combinations are all computed: what the Bank of Japan does, against what was expected, and what it says."""


def slider_for(key: str, values: list[Any]) -> Slider:
    """The slider of a key of any sweep: the one with words where every value is among its levels, else one made of the values.

    Parameters
    ----------
    key
        A config key.
    values
        Its values in the sweep, none for the base scenario's.
    """
    known = next((slider for slider in SLIDERS if slider.key == key), None)
    if known is not None and all(level_index(known, value) is not None for value in values):
        return Slider(key, known.label, known.help, tuple(level for level in known.levels if level.value in values))
    return Slider(
        key, key, f"Config key {key}.", tuple(SliderLevel(value, _level_text(value)) for value in _sort_values(values))
    )


def level_index(slider: Slider, value: Any) -> int | None:
    """Position of a value on a slider, none where it is not on it."""
    found = [at for at, level in enumerate(slider.levels) if level.value == value]
    return found[0] if found else None


def _level_text(value: Any) -> str:
    if value is None:
        return "as in the scenario"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _sort_values(values: list[Any]) -> list[Any]:
    """Numbers from small to large, anything else as it comes; the scenario's own value first."""
    own = [value for value in values if value is None]
    rest = [value for value in values if value is not None]
    numbers = all(isinstance(value, int | float) for value in rest)
    return own + (sorted(rest) if numbers else rest)


MAX_MOVED = 2
"""Sliders that may leave the base together."""
Values = dict[str, Any]


def design_states(sliders: tuple[Slider, ...] = SLIDERS, together: tuple[str, ...] = CROSSED) -> list[Values]:
    """Values of each computed state by config key, the base first; a key that is left out keeps the base's value."""
    chosen = [group for count in range(MAX_MOVED + 1) for group in combinations(sliders, count)]
    chosen.append(tuple(slider for slider in sliders if slider.key in together))
    return [
        dict(zip((slider.key for slider in group), values, strict=True))
        for group in chosen
        for values in product(*(slider.departures for slider in group))
    ]


def design_csv(rows: list[Values]) -> str:
    """The states as a table of a sweep; an empty cell keeps the base's value."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    keys = [slider.key for slider in SLIDERS]
    writer.writerow(keys)
    writer.writerows([[csv_cell(row[key]) if key in row else "" for key in keys] for row in rows])
    return text.getvalue()


def csv_cell(value: Any) -> str:
    """A value as a config reads it."""
    return value if isinstance(value, str) else json.dumps(value)


if __name__ == "__main__":
    sys.stdout.write(design_csv(design_states()))
