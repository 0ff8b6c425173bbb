"""A replay as tables and as JSON: outputs that are scored apart from inputs that are given."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import numpy as np

from simulation.results.summary import depth_note, loop_gain_note
from simulation.scenario.cautions import cautions
from simulation.scenario.episode_measures import COLUMN_UNITS
from simulation.studies.replay.inputs import inputs_of, left_out
from simulation.studies.replay.replay import RANK, Replay, Score

MISSING = "–"
WIDTHS = (24, 9, 9, 9, 10, 18)
UNITS = {
    "scores.*.p10, p50, p90, observed, accept": "in the `unit` of the measure; accept is [least, most], null: no limit",
    "scores.*.inside": "whether p50 lies in accept; null: nothing is accepted or scored",
    "scores.*.share_inside": "share of the runs without drawn news that lie in accept, 0 to 1",
    "bands.usdjpy.p05, p25, p50, p75, p95": "quantiles over the runs with drawn news, in bands.unit, one for each of bands.dates",
    "bands.usdjpy.central": "median over the runs without drawn news, in bands.unit, one for each of bands.dates",
    "observed.*.values": "in the `unit` of the column, by date",
    "inputs.*.days": "number of dates on which the input is given; `detail` states sizes with their units",
    "runs": "runs with drawn news",
    "runs_failed": "runs of either kind that ended early; they are left out everywhere",
}
"""What the numbers of the JSON mean that do not say it themselves."""


def as_json(replay: Replay) -> dict[str, Any]:
    """The replay as JSON-ready values: event, fitted, scores, bands, observed, and what it was made with."""
    dates = [str(day) for day in replay.full.dates]
    bands = {name: [float(value) for value in row] for name, row in replay.bands().items()}
    series = {
        item.column: {
            "unit": COLUMN_UNITS[item.column],
            "source": item.source,
            "values": {str(day): value for day, value in sorted(item.values.items())},
        }
        for item in replay.event.observed
    }
    return {
        "event": replay.event.name,
        "title": replay.event.title,
        "fitted": replay.fitted,
        "posterior": None if replay.cloud is None else replay.cloud.name,
        "seed": replay.event.seed,
        "runs": len(replay.full.runs),
        "runs_failed": replay.stopped,
        "why_failed": reasons(replay),
        "scores": {name: score.to_dict() for name, score in replay.scores.items()},
        "inputs": [item.to_dict() for item in inputs_of(replay.event)],
        "left_out": left_out(replay.event),
        "cautions": [asdict(item) for item in cautions(replay.event)],
        "notes": list(start_notes(replay)),
        "bands": {"dates": dates, "unit": COLUMN_UNITS["usdjpy"], "usdjpy": bands},
        "observed": series,
        "units": UNITS,
    }


def text(replay: Replay) -> str:
    """The replay for a reader: what it is, what was given, what came out."""
    kind = (
        "parameters were fitted to this event" if replay.fitted else "out of sample: nothing was fitted to this event"
    )
    sets = "" if replay.cloud is None else f", parameter sets of {replay.cloud.name}"
    head = f"{replay.event.title or replay.event.name}\n{kind}; {len(replay.full.runs)} runs{sets}"
    given = [f"  {item.name} ({item.days}): {item.detail}" for item in inputs_of(replay.event)]
    rows = [_row(name, score) for name, score in replay.scores.items()]
    columns = ("", "p10", "p50", "p90", "observed", "accepted")
    lines = [_aligned(columns), *(_aligned(row) for row in rows)]
    failed = [f"{replay.stopped} runs ended early and are left out:", *reasons(replay)] if replay.stopped else []
    notes = [
        "",
        f"{RANK}: part of the runs with drawn news that lie below the observed USDJPY, over days",
        "everything else: runs that meet the given inputs and no drawn news",
        "units: _pct %; _pp percentage points; _usd_bn $bn; _days days; _share and rank: 0 to 1 (unwound_share < 0: they grew)",
    ]
    without = left_out(replay.event)
    given += [f"  left out: {', '.join(without)}"] if without else []
    careful = [f"Look again: {item}" for item in cautions(replay.event)]
    careful += [f"Note: {item}" for item in start_notes(replay)]
    return "\n".join([head, "", "Given (not scored):", *given, "", "Simulated:", *lines, *notes, *failed, *careful])


def start_notes(replay: Replay) -> Iterator[str]:
    """What start positions to look at again: a loop gain above one, impact times stock out of the range expected."""
    yield from (note for check in (loop_gain_note, depth_note) if (note := check(replay.central)) is not None)


def reasons(replay: Replay) -> list[str]:
    """Why runs ended early: how many, the reason and the first of them; the commonest reason first."""
    stops = [stop for record in (replay.central, replay.full) for stop in record.stopped.values()]
    counted = Counter(stop.name for stop in stops).most_common()
    first = {stop.name: stop for stop in reversed(stops)}
    return [f"{count} × {name}: {first[name].message} (first on {first[name].date})" for name, count in counted]


def _row(name: str, score: Score) -> tuple[str, ...]:
    low, middle, high = score.quantiles or (None, None, None)
    return name, number(low), number(middle), number(high), number(score.observed), _verdict(score)


def _verdict(score: Score) -> str:
    if score.role == "input":
        return "an input, not scored"
    if score.accept == (None, None):
        return MISSING
    verdict = "not measured" if score.inside is None else "yes" if score.inside else "NO"
    share = "" if score.share_inside is None else f", {100 * score.share_inside:.0f} % of runs"
    return f"{span(score)}: {verdict}{share}"


def span(score: Score) -> str:
    """The range accepted, in words."""
    least, most = score.accept
    if least is None:
        return MISSING if most is None else f"at most {most:g}"
    return f"at least {least:g}" if most is None else f"{least:g} to {most:g}"


def number(value: float | None) -> str:
    """A number with two decimals, or a dash."""
    return MISSING if value is None or not np.isfinite(value) else f"{value:.2f}".replace("-", "−")


def _aligned(cells: tuple[str, ...]) -> str:
    first, *middle, last = cells
    numbers = "".join(f"{cell:>{width}}" for cell, width in zip(middle, WIDTHS[1:5], strict=True))
    return f"  {first:<{WIDTHS[0]}}{numbers}  {last}".rstrip()
