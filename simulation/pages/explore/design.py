"""Which states of the page are computed: the rows of configs/sweeps/explore.csv.

All combinations of seven sliders are thousands of states.  Computed are the base, every state in which at most two sliders
leave it, and all combinations of what the Bank of Japan does, what was priced and what it says.  From a checkout,
``python -m simulation.pages.explore.design > configs/sweeps/explore.csv`` writes them anew.
"""

from __future__ import annotations

import csv
import io
import json
import sys
from itertools import combinations, product
from typing import Any

from simulation.pages.explore.sliders import SLIDERS, TOGETHER, Slider

AT_MOST = 2
"""Sliders that may leave the base together."""
Values = dict[str, Any]


def states(sliders: tuple[Slider, ...] = SLIDERS, together: tuple[str, ...] = TOGETHER) -> list[Values]:
    """Values of each computed state by config key, the base first; a key that is left out keeps the base's value."""
    chosen = [group for count in range(AT_MOST + 1) for group in combinations(sliders, count)]
    chosen.append(tuple(slider for slider in sliders if slider.key in together))
    return [
        dict(zip((slider.key for slider in group), values, strict=True))
        for group in chosen
        for values in product(*(slider.departures for slider in group))
    ]


def csv_text(rows: list[Values]) -> str:
    """The states as a table of a sweep; an empty cell keeps the base's value."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    keys = [slider.key for slider in SLIDERS]
    writer.writerow(keys)
    writer.writerows([[cell(row[key]) if key in row else "" for key in keys] for row in rows])
    return text.getvalue()


def cell(value: Any) -> str:
    """A value as a config reads it."""
    return value if isinstance(value, str) else json.dumps(value)


if __name__ == "__main__":
    sys.stdout.write(csv_text(states()))
