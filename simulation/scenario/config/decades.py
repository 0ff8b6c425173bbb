"""Which shipped base belongs to the day an event starts on, for an event that names none."""

from datetime import date

from simulation.scenario.config.tree import Node

LATEST = date(2100, 1, 1)
DECADES = (
    ("_base_1990s", date(1999, 1, 1), "before 1999"),
    ("_base_2000s", date(2009, 1, 1), "1999 to 2008"),
    ("_base_2010s", date(2020, 1, 1), "2009 to 2019"),
    ("_base_2020s", date.max, "2020 or later"),
)
"""Bases of events, the day before which an event starts that each is for, and that in words."""


def start_of(tree: Node) -> date | None:
    """Return the day an event starts on, none where it does not say a day."""
    start = tree.child("start")
    return start.content if start is not None and isinstance(start.content, date) else None


def assumed_base(tree: Node) -> str:
    """Return the base that an event was probably meant to extend: that of its start, of the 2020s without one."""
    start = start_of(tree)
    return next(name for name, before, _ in DECADES if (start or LATEST) < before)


def stands_alone(tree: Node) -> bool:
    """Return whether an event without a base states every market itself, as a resolved one does."""
    from simulation.market.standard import STANDARD_MARKETS

    markets = tree.child("markets")
    return markets is not None and all(markets.child(name) is not None for name in STANDARD_MARKETS)


def complaint(tree: Node) -> tuple[str, str]:
    """Return what is wrong with an event that extends nothing, and the cure."""
    start = start_of(tree)
    when = f", for it starts on {start}" if start else ""
    allowed = ", ".join(f"{name} ({words})" for name, _, words in DECADES)
    message = (
        "this required key is missing: without it markets would have the sizes of November 2025, whatever the year; "
        f"allowed: {allowed}, or a file of your own"
    )
    return message, f"write `extends: {assumed_base(tree)}`{when}"
