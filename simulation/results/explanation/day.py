"""One day explained: the parts of the move with words for each, in sentences, as JSON and as a waterfall."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulation.results.explanation.parts import LINK, NEWS, ORDERS, OVERNIGHT, ROUNDING, Part, totals
from simulation.results.explanation.why import news_label, order_label
from simulation.values.spelling import spoken

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from simulation.results.figures import Drawing

NAMES = {
    "usdjpy": "USDJPY", "ust10": "The US 10-year yield", "jgb10": "The Japanese 10-year yield", "us_equity": "US equity",
    "japan_equity": "Japanese equity", "bitcoin": "Bitcoin",
}  # fmt: skip
LINKED = {"ust10": "US 10-year yields", "jgb10": "Japanese 10-year yields"}
UNITS = {"usdjpy": "yen", "ust10": "bp", "jgb10": "bp", "bitcoin": "$"}
DECIMALS = {"bp": 2, "$": 0}
SMALL_SHARE = 0.01
"""Parts below this share of the largest are not told one by one; the table and the JSON hold them all."""


@dataclass(frozen=True)
class Story:
    """Who traded: population and cause, why, and how many of its investors.

    Attributes
    ----------
    key, forced
        The part it belongs to.
    why
        The rule and what it looked at.
    traded, investors
        Investors of the population that traded, and all of them; zero for officials.
    """

    key: str
    forced: bool
    why: str
    traded: int
    investors: int


@dataclass(frozen=True)
class DayExplanation:
    """What one day of one run was made of; prints as text.

    Attributes
    ----------
    scenario, run, date, asset
        What is explained.
    before, after
        The recorded value on the day before and on the day; yields in %.
    parts
        Parts of the change, in yen per dollar, index points, dollars, or bp for yields; they add up to the recorded change.
    stories
        Who traded and why.
    rounds
        Rounds of forced orders.
    other_side
        Dollars (or the asset's worth) that dealers and value investors took on from customers, USD bn.
    planned
        What residents bought as everybody expected, USD bn: the price held it before, so it is no part of the change.  With it,
        all flows of the parts and the other side's add up to nothing; of bonds, up to what central banks sold.
    """

    scenario: str
    run: int
    date: date
    asset: str
    before: float
    after: float
    parts: tuple[Part, ...]
    stories: tuple[Story, ...]
    rounds: int
    other_side: dict[str, float]
    planned: float

    @property
    def unit(self) -> str:
        """Unit of the parts."""
        return UNITS.get(self.asset, "points")

    @property
    def change(self) -> float:
        """The recorded change, in the unit of the parts."""
        return (self.after - self.before) * (100.0 if self.unit == "bp" else 1.0)

    @property
    def drawing(self) -> Drawing:
        """The waterfall with its numbers."""
        from simulation.results.explanation.waterfall import waterfall

        return waterfall(self)

    def plot(self) -> Figure:
        """Waterfall from yesterday's close to today's."""
        return self.drawing.figure

    @cached_property
    def sentences(self) -> tuple[str, ...]:
        """The day in plain sentences."""
        from simulation.results.explanation.telling import sentences

        return tuple(sentences(self))

    def text(self) -> str:
        """Sentences and the table of parts."""
        return "\n".join([*self.sentences, "", *table_lines(self)])

    __str__ = text
    __repr__ = text

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON-ready values."""
        return {
            "scenario": self.scenario, "run": self.run, "date": self.date.isoformat(), "asset": self.asset,
            "unit": self.unit, "before": self.before, "after": self.after, "change": self.change,
            "totals": dict(totals(list(self.parts))), "parts": [part_dict(self, part) for part in self.parts],
            "forced_rounds": self.rounds, "other_side_usd_bn": self.other_side,
            "planned_usd_bn": self.planned, "sentences": list(self.sentences),
        }  # fmt: skip

    def write(self, directory: Path) -> None:
        """Write the waterfall, its numbers, text and JSON into an existing empty folder."""
        import json

        from simulation.results.figures import write

        write({"waterfall": self.drawing}, directory)
        (directory / "explanation.txt").write_text(self.text() + "\n", encoding="utf-8")
        text = json.dumps(self.to_dict(), indent=2, allow_nan=False, ensure_ascii=False)
        (directory / "explanation.json").write_text(text + "\n", encoding="utf-8")


def label(asset: str, part: Part) -> str:
    """A part in a few words."""
    if part.group == NEWS:
        return news_label(part.key)
    if part.group == ORDERS:
        return order_label(part.key, part.forced, (part.flow_usd or 0.0) > 0.0)
    if part.group == LINK:
        return f"Moves with {LINKED.get(part.key, spoken(part.key))}"
    return {OVERNIGHT: "Earlier trades: impact fades, dealers pass them on", ROUNDING: "Rounding"}[part.group]


def part_dict(day: DayExplanation, part: Part) -> dict[str, Any]:
    """A part as JSON-ready values."""
    population, _, cause = part.key.partition(":") if part.group == ORDERS else ("", "", "")
    story = story_of(day, part)
    return {
        "group": part.group, "key": part.key, "label": label(day.asset, part), "population": population or None,
        "cause": cause or None, "forced": part.forced, "flow_usd_bn": part.flow_usd, "change": part.change,
        "why": None if story is None else story.why, "investors_traded": None if story is None else story.traded,
        "investors": None if story is None else story.investors,
    }  # fmt: skip


def story_of(day: DayExplanation, part: Part) -> Story | None:
    """The story of a part; none where nobody traded."""
    if part.group != ORDERS:
        return None
    return next(one for one in day.stories if one.key == part.key and one.forced == part.forced)


def shown(parts: tuple[Part, ...]) -> Iterator[Part]:
    """Parts worth a line: all that are not nothing, rounding left out."""
    for part in parts:
        if part.group != ROUNDING and (part.change or part.flow_usd):
            yield part


def signed(value: float, unit: str) -> str:
    """A change with its sign and as many digits as its unit deserves."""
    return _without_sign_of_zero(f"{value:+,.{DECIMALS.get(unit, 3)}f}")


def flow_text(flow_usd: float) -> str:
    """A flow in $bn with its sign."""
    return _without_sign_of_zero(f"{flow_usd:+,.2f}")


def _without_sign_of_zero(text: str) -> str:
    return text if any(digit in text for digit in "123456789") else text.lstrip("+-")


def table_lines(day: DayExplanation) -> list[str]:
    """The parts as a table: what, $bn bought, change."""
    lines = [f"{'':58}{'bought, $bn':>12}{f'change, {day.unit}':>15}"]
    for part in shown(day.parts):
        flow = "" if part.flow_usd is None else flow_text(part.flow_usd)
        lines.append(f"{label(day.asset, part):58}{flow:>12}{signed(part.change, day.unit):>15}")
    return [*lines, f"{'Recorded change':58}{'':12}{signed(day.change, day.unit):>15}"]
