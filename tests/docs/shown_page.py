"""What the shipped page with sliders shows of its baseline and of every state in which one slider leaves it."""

import json
from functools import cache
from typing import Any

from tests.pages.explore.reading import Reading
from tests.support.places import ROOT

DAY_OF_THE_MEETING = "2025-12-19"


def of_state(reading: Reading, state: int) -> dict[str, Any]:
    """Series at the last day, the table's medians, and the move of USDJPY's median on the day of the meeting, %."""
    content, values = reading.content, reading.whole[state]
    shown: dict[str, Any] = {}
    for column, row in zip(content["columns"], values, strict=True):
        shown.setdefault(column["series"], {})[column["quantile"]] = row[-1] / 10 ** column["decimals"]
        if (column["series"], column["quantile"]) == ("usdjpy", "p50"):
            meeting = content["dates"].index(DAY_OF_THE_MEETING)
            shown["move_pct"] = 100.0 * (row[meeting] / row[meeting - 1] - 1.0)
    cells = zip(content["metrics"], content["numbers"][state], strict=True)
    return shown | {metric["name"]: float(median.replace(",", "")) for metric, (_, median, _) in cells}


@cache
def shown_page() -> dict[str, Any]:
    """The states by the words of the slider that moved, and ``baseline``."""
    reading = Reading(json.loads((ROOT / "configs/explore/december_2025.json").read_text(encoding="utf-8")))
    content = reading.content
    start = content["states"][content["baseline"]]
    states = {"baseline": of_state(reading, content["baseline"])}
    for at, slider in enumerate(content["sliders"]):
        for level, one in enumerate(slider["levels"]):
            if level != start[at]:
                states[one["words"]] = of_state(reading, reading.alone(at, level))
    return states
