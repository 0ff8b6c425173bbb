"""What can be moved on the page: the keys of the shipped sweep with their levels, in a reader's words."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from simulation.values.spelling import spoken


@dataclass(frozen=True)
class Level:
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
    levels: tuple[Level, ...]

    @property
    def departures(self) -> list[Any]:
        """Values other than the base scenario's."""
        return [level.value for level in self.levels if level.value is not None]


SPREAD, HIKE = "spread_path", "boj.meetings[0].decision"
PRICED, GUIDANCE = "boj.meetings[0].priced_probability", "boj.meetings[0].guidance"
ORDER = "fed.meetings[0].date"
LEVERAGE, STOCK = "populations.carry_funds.leverage_x.median", "populations.carry_funds.stock_usd_bn"

SLIDERS: Final = (
    Slider(
        SPREAD,
        "Spread",
        "US less Japanese ten-year yield, imposed in equal daily steps over the quarter, from 2.21 points.",
        (
            Level({"target_pp": 2.6}, "widens to 2.60 points"),
            Level(None, "no imposed path"),
            Level({"target_pp": 1.5}, "narrows to 1.50 points"),
            Level({"target_pp": 1.0}, "narrows to 1.00 point"),
        ),
    ),
    Slider(
        HIKE,
        "Size of the hike",
        "What the Bank of Japan does on 19 December.",
        (Level("0bp", "no hike"), Level(None, "25 bp"), Level("50bp", "50 bp")),
    ),
    Slider(
        PRICED,
        "What was priced",
        "Chance of a 25 bp hike, end of November and on the eve. Signals in between multiply its odds: zero stays zero.",
        (
            Level(0.02, "2 %, then 20 %"),
            Level(0.25, "25 %, then 80 %"),
            Level(None, "62 %, then 95 %"),
        ),
    ),
    Slider(
        GUIDANCE,
        "Guidance",
        "What the Bank of Japan says of its next steps. A step every six months is expected: beside that, vague is slower, too.",
        (
            Level("dovish", "dovish"),
            Level(None, "vague"),
            Level("six_monthly", spoken("six_monthly")),
            Level("hawkish", "hawkish"),
        ),
    ),
    Slider(
        ORDER,
        "Who moves first",
        "Moves the Fed's cut alone, which was made on the 10th. It was priced at 87 %, so the order alone changes little.",
        (
            Level(None, "Fed first, 10 Dec"),
            Level("2025-12-19", "both on 19 Dec"),
            Level("2025-12-22", "BOJ first, Fed 22 Dec"),
        ),
    ),
    Slider(
        LEVERAGE,
        "Leverage",
        "Position over equity of the median carry fund. It ends at 5: at 6 some funds would begin under a margin call.",
        (Level(3, "3 times"), Level(None, "4.5 times"), Level(5, "5 times")),
    ),
    Slider(
        STOCK,
        "Carry stock",
        "Dollar positions of carry funds at the start. Levered holders are they and yen borrowers, who hold $100 bn more.",
        (Level(150, "$150 bn"), Level(None, "$250 bn"), Level(500, "$500 bn")),
    ),
)
TOGETHER: Final = (HIKE, PRICED, GUIDANCE)
"""Sliders whose combinations are all computed: what the Bank of Japan does, against what was expected, and what it says."""


def slider_of(key: str, values: list[Any]) -> Slider:
    """The slider of a key of any sweep: the one with words where every value is among its levels, else one made of the values.

    Parameters
    ----------
    key
        A config key.
    values
        Its values in the sweep, none for the base scenario's.
    """
    known = next((slider for slider in SLIDERS if slider.key == key), None)
    if known is not None and all(level_of(known, value) is not None for value in values):
        return Slider(key, known.label, known.help, tuple(level for level in known.levels if level.value in values))
    return Slider(key, key, f"Config key {key}.", tuple(Level(value, _words(value)) for value in _in_order(values)))


def level_of(slider: Slider, value: Any) -> int | None:
    """Position of a value on a slider, none where it is not on it."""
    found = [at for at, level in enumerate(slider.levels) if level.value == value]
    return found[0] if found else None


def _words(value: Any) -> str:
    if value is None:
        return "as in the scenario"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _in_order(values: list[Any]) -> list[Any]:
    """Numbers from small to large, anything else as it comes; the scenario's own value first."""
    own = [value for value in values if value is None]
    rest = [value for value in values if value is not None]
    numbers = all(isinstance(value, int | float) for value in rest)
    return own + (sorted(rest) if numbers else rest)
