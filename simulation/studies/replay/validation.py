"""All shipped episodes at once: what was fitted and what was not, in separate tables, failures named."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from simulation.studies.replay.replay import Replay, Score
from simulation.studies.replay.telling import number, span

HEADER = "| Event | Measure | p10 | median | p90 | observed | accepted | verdict |"
RULE = "|---|---|---|---|---|---|---|---|"
FITTED_TITLE = "Fitted (parameters were fitted to this episode)"
UNFITTED_TITLE = "Out of sample (nothing was fitted to these)"


def markdown(replays: Sequence[Replay]) -> str:
    """Two tables in Markdown, fitted and out of sample, and a list of what failed."""
    parts = []
    for title, wanted in ((FITTED_TITLE, True), (UNFITTED_TITLE, False)):
        rows = [line for item in replays if item.fitted is wanted for line in lines(item)]
        parts += [f"## {title}", "", HEADER, RULE, *rows, ""] if rows else []
    return "\n".join([*parts, "## What fails", "", *failures(replays), ""])


def lines(replay: Replay) -> Iterable[str]:
    """One line for each measure of an episode."""
    for name, score in replay.scores.items():
        low, middle, high = score.quantiles or (None, None, None)
        cells = (replay.event.name, name, number(low), number(middle), number(high), number(score.observed))
        yield f"| {' | '.join(cells)} | {span(score)} | {verdict(score)} |"


def verdict(score: Score) -> str:
    """Whether the median lies in the accepted range, and how many runs do."""
    if score.role == "input":
        return "an input, not scored"
    if score.inside is None:
        return ""
    share = "" if score.share_inside is None else f" ({100 * score.share_inside:.0f} % of runs)"
    return ("inside" if score.inside else "**outside**") + share


def failures(replays: Sequence[Replay]) -> list[str]:
    """Measures outside their accepted range, and episodes whose path the bands do not hold on most days."""
    found = [
        f"* {item.event.name}: {name} is {number(score.quantiles[1])}, accepted is {span(score)}."
        for item in replays
        for name, score in item.scores.items()
        if score.inside is False and score.quantiles is not None
    ]
    found += [
        f"* {item.event.name}: on the median day {100 * rank:.0f} % of the runs lie as far out as the observed USDJPY."
        for item in replays
        if (rank := outlying(item)) is not None and rank < OUTLYING and len(item.full.runs) >= 1.0 / OUTLYING
    ]
    return found or ["Nothing that has a range."]


OUTLYING = 0.05
"""Share of runs beyond the observed path below which an episode counts as not foreseen."""


def outlying(replay: Replay) -> float | None:
    """Share of runs at least as far out as the observed path, on the median day; none without observations."""
    ranks = replay.scores["rank"].quantiles
    return None if ranks is None else min(ranks[1], 1.0 - ranks[1])
