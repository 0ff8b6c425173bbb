"""A replay as tables and as JSON: outputs that are scored apart from inputs that are given.

All shipped episodes at once: what was fitted and what was not, in separate tables, failures named.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from simulation.results.summary import depth_note, loop_gain_note
from simulation.scenario.cautions import cautions
from simulation.scenario.event import COLUMN_UNITS
from simulation.studies.replay.measures import event_inputs, omitted_components
from simulation.studies.replay.replay import RANK, MeasureScore, Replay

MISSING_TEXT = "–"
COLUMN_WIDTHS = (24, 9, 9, 9, 10, 18)
JSON_UNITS = {
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


def replay_dict(replay: Replay) -> dict[str, Any]:
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
        "why_failed": stop_reasons(replay),
        "scores": {name: score.to_dict() for name, score in replay.scores.items()},
        "inputs": [item.to_dict() for item in event_inputs(replay.event)],
        "left_out": omitted_components(replay.event),
        "cautions": [asdict(item) for item in cautions(replay.event)],
        "notes": list(start_position_notes(replay)),
        "bands": {"dates": dates, "unit": COLUMN_UNITS["usdjpy"], "usdjpy": bands},
        "observed": series,
        "units": JSON_UNITS,
    }


def replay_text(replay: Replay) -> str:
    """The replay for a reader: what it is, what was given, what came out."""
    kind = (
        "parameters were fitted to this event" if replay.fitted else "out of sample: nothing was fitted to this event"
    )
    sets = "" if replay.cloud is None else f", parameter sets of {replay.cloud.name}"
    head = f"{replay.event.title or replay.event.name}\n{kind}; {len(replay.full.runs)} runs{sets}"
    given = [f"  {item.name} ({item.days}): {item.detail}" for item in event_inputs(replay.event)]
    rows = [_score_cells(name, score) for name, score in replay.scores.items()]
    columns = ("", "p10", "p50", "p90", "observed", "accepted")
    lines = [_aligned_line(columns), *(_aligned_line(row) for row in rows)]
    failed = [f"{replay.stopped} runs ended early and are left out:", *stop_reasons(replay)] if replay.stopped else []
    notes = [
        "",
        f"{RANK}: part of the runs with drawn news that lie below the observed USDJPY, over days",
        "everything else: runs that meet the given inputs and no drawn news",
        "units: _pct %; _pp percentage points; _usd_bn $bn; _days days; _share and rank: 0 to 1 (unwound_share < 0: they grew)",
    ]
    without = omitted_components(replay.event)
    given += [f"  left out: {', '.join(without)}"] if without else []
    careful = [f"Look again: {item}" for item in cautions(replay.event)]
    careful += [f"Note: {item}" for item in start_position_notes(replay)]
    return "\n".join([head, "", "Given (not scored):", *given, "", "Simulated:", *lines, *notes, *failed, *careful])


def start_position_notes(replay: Replay) -> Iterator[str]:
    """What start positions to look at again: a loop gain above one, impact times stock out of the range expected."""
    yield from (note for check in (loop_gain_note, depth_note) if (note := check(replay.central)) is not None)


def stop_reasons(replay: Replay) -> list[str]:
    """Why runs ended early: how many, the reason and the first of them; the commonest reason first."""
    stops = [stop for record in (replay.central, replay.full) for stop in record.stopped.values()]
    counted = Counter(stop.name for stop in stops).most_common()
    first = {stop.name: stop for stop in reversed(stops)}
    return [f"{count} × {name}: {first[name].message} (first on {first[name].date})" for name, count in counted]


def _score_cells(name: str, score: MeasureScore) -> tuple[str, ...]:
    low, middle, high = score.quantiles or (None, None, None)
    return (
        name,
        format_number(low),
        format_number(middle),
        format_number(high),
        format_number(score.observed),
        _range_verdict(score),
    )


def _range_verdict(score: MeasureScore) -> str:
    if score.role == "input":
        return "an input, not scored"
    if score.accept == (None, None):
        return MISSING_TEXT
    verdict = "not measured" if score.inside is None else "yes" if score.inside else "NO"
    share = "" if score.share_inside is None else f", {100 * score.share_inside:.0f} % of runs"
    return f"{range_text(score)}: {verdict}{share}"


def range_text(score: MeasureScore) -> str:
    """The range accepted, in words."""
    least, most = score.accept
    if least is None:
        return MISSING_TEXT if most is None else f"at most {most:g}"
    return f"at least {least:g}" if most is None else f"{least:g} to {most:g}"


def format_number(value: float | None) -> str:
    """A number with two decimals, or a dash."""
    return MISSING_TEXT if value is None or not np.isfinite(value) else f"{value:.2f}".replace("-", "−")


def _aligned_line(cells: tuple[str, ...]) -> str:
    first, *middle, last = cells
    numbers = "".join(f"{cell:>{width}}" for cell, width in zip(middle, COLUMN_WIDTHS[1:5], strict=True))
    return f"  {first:<{COLUMN_WIDTHS[0]}}{numbers}  {last}".rstrip()


TABLE_HEADER = "| Event | Measure | p10 | median | p90 | observed | accepted | verdict |"
TABLE_RULE = "|---|---|---|---|---|---|---|---|"
FITTED_TITLE = "Fitted (parameters were fitted to this episode)"
UNFITTED_TITLE = "Out of sample (nothing was fitted to these)"


def validation_markdown(replays: Sequence[Replay]) -> str:
    """Two tables in Markdown, fitted and out of sample, and a list of what failed."""
    parts = []
    for title, wanted in ((FITTED_TITLE, True), (UNFITTED_TITLE, False)):
        rows = [line for item in replays if item.fitted is wanted for line in validation_rows(item)]
        parts += [f"## {title}", "", TABLE_HEADER, TABLE_RULE, *rows, ""] if rows else []
    return "\n".join([*parts, "## What fails", "", *validation_failures(replays), ""])


def validation_rows(replay: Replay) -> Iterable[str]:
    """One line for each measure of an episode."""
    for name, score in replay.scores.items():
        low, middle, high = score.quantiles or (None, None, None)
        cells = (
            replay.event.name,
            name,
            format_number(low),
            format_number(middle),
            format_number(high),
            format_number(score.observed),
        )
        yield f"| {' | '.join(cells)} | {range_text(score)} | {verdict_text(score)} |"


def verdict_text(score: MeasureScore) -> str:
    """Whether the median lies in the accepted range, and how many runs do."""
    if score.role == "input":
        return "an input, not scored"
    if score.inside is None:
        return ""
    share = "" if score.share_inside is None else f" ({100 * score.share_inside:.0f} % of runs)"
    return ("inside" if score.inside else "**outside**") + share


def validation_failures(replays: Sequence[Replay]) -> list[str]:
    """Measures outside their accepted range, and episodes whose path the bands do not hold on most days."""
    found = [
        f"* {item.event.name}: {name} is {format_number(score.quantiles[1])}, accepted is {range_text(score)}."
        for item in replays
        for name, score in item.scores.items()
        if score.inside is False and score.quantiles is not None
    ]
    found += [
        f"* {item.event.name}: on the median day {100 * rank:.0f} % of the runs lie as far out as the observed USDJPY."
        for item in replays
        if (rank := tail_share(item)) is not None
        and rank < TAIL_SHARE_LIMIT
        and len(item.full.runs) >= 1.0 / TAIL_SHARE_LIMIT
    ]
    return found or ["Nothing that has a range."]


TAIL_SHARE_LIMIT = 0.05
"""Share of runs beyond the observed path below which an episode counts as not foreseen."""


def tail_share(replay: Replay) -> float | None:
    """Share of runs at least as far out as the observed path, on the median day; none without observations."""
    ranks = replay.scores["rank"].quantiles
    return None if ranks is None else min(ranks[1], 1.0 - ranks[1])
