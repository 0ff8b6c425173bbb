"""Replays as text, JSON and Markdown: scored results are separate from inputs, fitted episodes from out-of-sample ones."""

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
from simulation.studies.replay.scores import RANK, MeasureScore, ReplayRuns

MISSING_TEXT = "–"
COLUMN_WIDTHS = (24, 9, 9, 9, 10, 18)
JSON_UNITS = {
    "scores.*.p10, p50, p90, observed, accept": "in the `unit` of the measure; accept is [minimum, maximum], null: no limit",
    "scores.*.inside": "whether p50 lies in accept; null: no accepted range, or not scored",
    "scores.*.share_inside": "share of runs without drawn news in accept, 0 to 1",
    "bands.usdjpy.p05, p25, p50, p75, p95": "quantiles over runs with drawn news, in bands.unit, one for each of bands.dates",
    "bands.usdjpy.central": "median over runs without drawn news, in bands.unit, one for each of bands.dates",
    "observed.*.values": "in the `unit` of the column, by date",
    "inputs.*.days": "number of dates on which the input is given; `detail` states its size and unit",
    "runs": "runs with drawn news",
    "runs_failed": "runs of either kind that ended early; excluded from all results",
}
"""Units and meaning of the JSON numbers whose key or neighbour does not state them."""


def replay_dict(replay: ReplayRuns) -> dict[str, Any]:
    """Return a replay as JSON-ready values: event, scores, inputs, bands, observations and units."""
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


def replay_text(replay: ReplayRuns) -> str:
    """Return a replay as text: event, inputs, scores and notes."""
    kind = (
        "parameters were fitted to this event" if replay.fitted else "out of sample: nothing was fitted to this event"
    )
    sets = "" if replay.cloud is None else f", parameter sets of {replay.cloud.name}"
    head = f"{replay.event.title or replay.event.name}\n{kind}; {len(replay.full.runs)} runs{sets}"
    given = [f"  {item.name} ({item.days}): {item.detail}" for item in event_inputs(replay.event)]
    rows = [_score_cells(name, score) for name, score in replay.scores.items()]
    columns = ("", "p10", "p50", "p90", "observed", "accepted")
    lines = [_aligned_line(columns), *(_aligned_line(row) for row in rows)]
    failed = [f"{replay.stopped} runs ended early and are excluded:", *stop_reasons(replay)] if replay.stopped else []
    notes = [
        "",
        f"{RANK}: share of runs with drawn news below the observed USDJPY, quantiles over the observed days",
        "other measures: runs with the given inputs and no drawn news",
        "units: _pct %; _pp percentage points; _usd_bn $bn; _days days; _share and rank 0 to 1 (unwound_share < 0: growth)",
    ]
    omitted = omitted_components(replay.event)
    given += [f"  left out: {', '.join(omitted)}"] if omitted else []
    warnings = [f"Caution: {item}" for item in cautions(replay.event)]
    warnings += [f"Note: {item}" for item in start_position_notes(replay)]
    return "\n".join([head, "", "Inputs (not scored):", *given, "", "Simulated:", *lines, *notes, *failed, *warnings])


def start_position_notes(replay: ReplayRuns) -> Iterator[str]:
    """Yield notes on unusual start positions: a loop gain above one, or impact times stock outside the expected range."""
    yield from (note for check in (loop_gain_note, depth_note) if (note := check(replay.central)) is not None)


def stop_reasons(replay: ReplayRuns) -> list[str]:
    """Return why runs ended early: count, reason and first date; the most common reason first."""
    stops = [stop for record in (replay.central, replay.full) for stop in record.stopped.values()]
    counted = Counter(stop.name for stop in stops).most_common()
    first = {stop.name: stop for stop in reversed(stops)}
    return [f"{count} × {name}: {first[name].message} (first on {first[name].date})" for name, count in counted]


def _score_cells(name: str, score: MeasureScore) -> tuple[str, ...]:
    return (*_number_cells(name, score), _range_verdict(score))


def _number_cells(name: str, score: MeasureScore) -> tuple[str, ...]:
    return name, *(format_number(value) for value in (*(score.quantiles or (None, None, None)), score.observed))


def _range_verdict(score: MeasureScore) -> str:
    if score.role == "input":
        return "an input, not scored"
    if score.accept == (None, None):
        return MISSING_TEXT
    verdict = "not measured" if score.inside is None else "yes" if score.inside else "NO"
    share = "" if score.share_inside is None else f", {100 * score.share_inside:.0f} % of runs"
    return f"{range_text(score)}: {verdict}{share}"


def range_text(score: MeasureScore) -> str:
    """Return the accepted range as text."""
    least, most = score.accept
    if least is None:
        return MISSING_TEXT if most is None else f"at most {most:g}"
    return f"at least {least:g}" if most is None else f"{least:g} to {most:g}"


def format_number(value: float | None) -> str:
    """Return a number with two decimals, or a dash if it is missing."""
    return MISSING_TEXT if value is None or not np.isfinite(value) else f"{value:.2f}".replace("-", "−")


def _aligned_line(cells: tuple[str, ...]) -> str:
    first, *middle, last = cells
    aligned = "".join(f"{cell:>{width}}" for cell, width in zip(middle, COLUMN_WIDTHS[1:5], strict=True))
    return f"  {first:<{COLUMN_WIDTHS[0]}}{aligned}  {last}".rstrip()


TABLE_HEADER = "| Event | Measure | p10 | median | p90 | observed | accepted | verdict |"
TABLE_RULE = "|---|---|---|---|---|---|---|---|"
FITTED_TITLE = "Fitted (parameters were fitted to this episode)"
UNFITTED_TITLE = "Out of sample (nothing was fitted to these)"
TAIL_SHARE_LIMIT = 0.05
"""Share of runs beyond the observed path below which an episode counts as not covered by the bands."""


def validation_markdown(replays: Sequence[ReplayRuns]) -> str:
    """Return two Markdown tables, fitted and out of sample, and a list of failures."""
    parts = []
    for title, fitted in ((FITTED_TITLE, True), (UNFITTED_TITLE, False)):
        rows = [line for item in replays if item.fitted is fitted for line in validation_rows(item)]
        parts += [f"## {title}", "", TABLE_HEADER, TABLE_RULE, *rows, ""] if rows else []
    return "\n".join([*parts, "## Results outside the accepted range", "", *validation_failures(replays), ""])


def validation_rows(replay: ReplayRuns) -> Iterable[str]:
    """Yield one Markdown row for each measure of an episode."""
    for name, score in replay.scores.items():
        cells = (replay.event.name, *_number_cells(name, score))
        yield f"| {' | '.join(cells)} | {range_text(score)} | {verdict_text(score)} |"


def verdict_text(score: MeasureScore) -> str:
    """Return whether the median lies in the accepted range, with the share of runs that do."""
    if score.role == "input":
        return "an input, not scored"
    if score.inside is None:
        return ""
    share = "" if score.share_inside is None else f" ({100 * score.share_inside:.0f} % of runs)"
    return ("inside" if score.inside else "**outside**") + share


def validation_failures(replays: Sequence[ReplayRuns]) -> list[str]:
    """Return the measures outside their accepted range, and the episodes whose path lies outside the bands on most days."""
    failures = [
        f"* {item.event.name}: {name} is {format_number(score.quantiles[1])}, accepted is {range_text(score)}."
        for item in replays
        for name, score in item.scores.items()
        if score.inside is False and score.quantiles is not None
    ]
    failures += [
        f"* {item.event.name}: on the median day {100 * rank:.0f} % of the runs lie as far out as the observed USDJPY."
        for item in replays
        if (rank := tail_share(item)) is not None
        and rank < TAIL_SHARE_LIMIT
        and len(item.full.runs) >= 1.0 / TAIL_SHARE_LIMIT
    ]
    return failures or ["No measure lies outside its accepted range."]


def tail_share(replay: ReplayRuns) -> float | None:
    """Return the share of runs at least as far out as the observed path on the median day; None without observations."""
    ranks = replay.scores["rank"].quantiles
    return None if ranks is None else min(ranks[1], 1.0 - ranks[1])
