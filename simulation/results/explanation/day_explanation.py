"""One day explained: the parts of the move with words for each, in sentences, as JSON and as a waterfall.

A day in sentences: what the price did, what news did, who traded and why, and who took the other side.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulation.results.explanation.decomposition import LINK, NEWS, ORDERS, OVERNIGHT, ROUNDING, Part, group_totals
from simulation.results.explanation.reasons import news_label, order_label
from simulation.values.labels import capitalized, capitalized_name, readable_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from simulation.results.figures.style import Drawing

ASSET_NAMES = {
    "usdjpy": "USDJPY", "ust10": "The US 10-year yield", "jgb10": "The Japanese 10-year yield", "us_equity": "US equity",
    "japan_equity": "Japanese equity", "bitcoin": "Bitcoin",
}  # fmt: skip
LINKED_NAMES = {"ust10": "US 10-year yields", "jgb10": "Japanese 10-year yields"}
UNITS = {"usdjpy": "yen", "ust10": "bp", "jgb10": "bp", "bitcoin": "$"}
DECIMALS = {"bp": 2, "$": 0}
SMALL_SHARE = 0.01
"""Parts below this share of the largest are not told one by one; the table and the JSON hold them all."""


@dataclass(frozen=True)
class TradeReason:
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
    stories: tuple[TradeReason, ...]
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
        return tuple(explanation_sentences(self))

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
            "totals": dict(group_totals(list(self.parts))), "parts": [part_dict(self, part) for part in self.parts],
            "forced_rounds": self.rounds, "other_side_usd_bn": self.other_side,
            "planned_usd_bn": self.planned, "sentences": list(self.sentences),
        }  # fmt: skip

    def write(self, directory: Path) -> None:
        """Write the waterfall, its numbers, text and JSON into an existing empty folder."""
        import json

        from simulation.results.figures.charts import write_figures

        write_figures({"waterfall": self.drawing}, directory)
        (directory / "explanation.txt").write_text(self.text() + "\n", encoding="utf-8")
        text = json.dumps(self.to_dict(), indent=2, allow_nan=False, ensure_ascii=False)
        (directory / "explanation.json").write_text(text + "\n", encoding="utf-8")


def part_label(asset: str, part: Part) -> str:
    """A part in a few words."""
    if part.group == NEWS:
        return news_label(part.key)
    if part.group == ORDERS:
        return order_label(part.key, part.forced, (part.flow_usd or 0.0) > 0.0)
    if part.group == LINK:
        return f"Moves with {LINKED_NAMES.get(part.key, readable_name(part.key))}"
    return {OVERNIGHT: "Earlier trades: impact fades, dealers pass them on", ROUNDING: "Rounding"}[part.group]


def part_dict(day: DayExplanation, part: Part) -> dict[str, Any]:
    """A part as JSON-ready values."""
    population, _, cause = part.key.partition(":") if part.group == ORDERS else ("", "", "")
    story = find_trade_reason(day, part)
    return {
        "group": part.group, "key": part.key, "label": part_label(day.asset, part), "population": population or None,
        "cause": cause or None, "forced": part.forced, "flow_usd_bn": part.flow_usd, "change": part.change,
        "why": None if story is None else story.why, "investors_traded": None if story is None else story.traded,
        "investors": None if story is None else story.investors,
    }  # fmt: skip


def find_trade_reason(day: DayExplanation, part: Part) -> TradeReason | None:
    """The story of a part; none where nobody traded."""
    if part.group != ORDERS:
        return None
    return next(one for one in day.stories if one.key == part.key and one.forced == part.forced)


def visible_parts(parts: tuple[Part, ...]) -> Iterator[Part]:
    """Parts worth a line: all that are not nothing, rounding left out."""
    for part in parts:
        if part.group != ROUNDING and (part.change or part.flow_usd):
            yield part


def format_change(value: float, unit: str) -> str:
    """A change with its sign and as many digits as its unit deserves."""
    return _without_sign_of_zero(f"{value:+,.{DECIMALS.get(unit, 3)}f}")


def format_flow(flow_usd: float) -> str:
    """A flow in $bn with its sign."""
    return _without_sign_of_zero(f"{flow_usd:+,.2f}")


def _without_sign_of_zero(text: str) -> str:
    return text if any(digit in text for digit in "123456789") else text.lstrip("+-")


def table_lines(day: DayExplanation) -> list[str]:
    """The parts as a table: what, $bn bought, change."""
    lines = [f"{'':58}{'bought, $bn':>12}{f'change, {day.unit}':>15}"]
    for part in visible_parts(day.parts):
        flow = "" if part.flow_usd is None else format_flow(part.flow_usd)
        lines.append(f"{part_label(day.asset, part):58}{flow:>12}{format_change(part.change, day.unit):>15}")
    return [*lines, f"{'Recorded change':58}{'':12}{format_change(day.change, day.unit):>15}"]


MENTIONED_USD_BN = 0.005
ASSET_WORDS = {
    "usdjpy": "dollars", "ust10": "Treasuries", "jgb10": "JGBs", "us_equity": "US equity",
    "japan_equity": "Japanese equity", "bitcoin": "bitcoin",
}  # fmt: skip


def explanation_sentences(day: DayExplanation) -> Iterator[str]:
    """The day, one sentence or short paragraph at a time."""
    yield headline(day)
    parts = {group: [part for part in day.parts if part.group == group] for group in (NEWS, LINK, OVERNIGHT, ORDERS)}
    if any_visible(day, parts[NEWS]):
        yield f"News: {total_text(day, parts[NEWS])}. {list_large_parts(day, parts[NEWS])}"
    if any_visible(day, parts[LINK]):
        yield f"Links to other assets: {total_text(day, parts[LINK])}."
    if any_visible(day, parts[OVERNIGHT]):
        yield f"Overnight: {total_text(day, parts[OVERNIGHT])}, as impact of earlier trades fades and dealers pass on what they hold."
    for forced in (False, True):
        yield from order_sentences(
            day, [part for part in parts[ORDERS] if part.forced == forced and has_effect(part)], forced
        )
    yield counterparty_sentence(day)
    rounding = next(part.change for part in day.parts if part.group == ROUNDING)
    yield f"The parts add up to the recorded change; what rounding leaves is {abs(rounding):.0e} {day.unit}."


def any_visible(day: DayExplanation, parts: list[Part]) -> bool:
    """Whether any part is more than nothing in the digits shown."""
    return any(format_change(part.change, day.unit).startswith(("+", "-")) for part in parts)


def has_effect(part: Part) -> bool:
    """Whether a part traded anything or moved the price."""
    return bool(part.change or part.flow_usd)


def headline(day: DayExplanation) -> str:
    """What the price did."""
    when = f"{day.date.day} {day.date:%B %Y}"
    whose = f"in run {day.run} of {day.scenario}"
    if not day.change:
        return f"{asset_name(day)} did not move on {when} {whose}."
    verb = "rose" if day.change > 0 else "fell"
    if day.unit == "bp":
        return f"{asset_name(day)} {verb} {abs(day.change):.1f} bp on {when}, from {day.before:.3f} to {day.after:.3f} %, {whose}."
    decimals = 0 if day.unit == "$" else 2
    share = 100.0 * (day.after / day.before - 1.0)
    amount, before, after = (f"{value:,.{decimals}f}" for value in (abs(day.change), day.before, day.after))
    return (
        f"{asset_name(day)} {verb} {amount} {day.unit} on {when}, from {before} to {after} ({share:+.2f} %), {whose}."
    )


def asset_name(day: DayExplanation) -> str:
    """The asset as the first word of a sentence."""
    return ASSET_NAMES.get(day.asset, capitalized_name(day.asset))


def total_text(day: DayExplanation, parts: list[Part]) -> str:
    """What some parts did together."""
    return f"{format_change(sum(part.change for part in parts), day.unit)} {day.unit}"


def list_large_parts(day: DayExplanation, parts: list[Part]) -> str:
    """The larger ones among some parts, largest first."""
    told = ", ".join(
        f"{part_label(day.asset, part)} {format_change(part.change, day.unit)}" for part in large_parts(parts, day)
    )
    return f"{told}." if told else ""


def large_parts(parts: list[Part], day: DayExplanation) -> list[Part]:
    """Parts that matter beside the largest of the day, largest first."""
    largest = max(abs(part.change) for part in day.parts)
    kept = [part for part in parts if abs(part.change) >= SMALL_SHARE * largest and part.change]
    return sorted(kept, key=lambda part: -abs(part.change))


def order_sentences(day: DayExplanation, parts: list[Part], forced: bool) -> Iterator[str]:
    """Who traded, of their own will or by force."""
    if not parts:
        yield "Nobody was forced to trade." if forced else "Nobody traded of their own will."
        return
    rounds = f" in {day.rounds} round{'s' if day.rounds != 1 else ''}" if forced else ""
    yield f"{'Forced orders' if forced else 'Orders of the morning'}: {total_text(day, parts)}{rounds}."
    kept = large_parts(parts, day)
    for part in kept:
        yield f"  {order_sentence(day, part)}"
    if len(parts) > len(kept):
        yield f"  {len(parts) - len(kept)} smaller flow{'s' if len(parts) - len(kept) != 1 else ''} are in the table."


def order_sentence(day: DayExplanation, part: Part) -> str:
    """One population's orders for one cause: what, how many of them, why, and what it did."""
    story = find_trade_reason(day, part)
    flow = part.flow_usd or 0.0
    assert story is not None
    name = readable_name(part.key.partition(":")[0])
    who = f"{name} ({story.traded:,} of {story.investors:,} traded)" if story.investors else name
    did = f"{'bought' if flow >= 0 else 'sold'} ${abs(flow):,.2f} bn of {ASSET_WORDS.get(day.asset, readable_name(day.asset))}"
    effect = f"{format_change(part.change, day.unit)} {day.unit}"
    return f"{capitalized(who)} {did}: {story.why}. Effect {effect}."


def counterparty_sentence(day: DayExplanation) -> str:
    """Who took the other side."""
    told = [
        f"{readable_name(name)} {'bought' if amount >= 0 else 'sold'} ${abs(amount):,.2f} bn"
        for name, amount in day.other_side.items()
        if abs(amount) >= MENTIONED_USD_BN
    ]
    text = " and ".join(told) if told else "nobody took on more than $5 mn"
    whole = f"The other side, after dealers passed a part of their books on at the close: {text}. {planned_flow_sentence(day)}"
    return whole.rstrip()


def planned_flow_sentence(day: DayExplanation) -> str:
    """What residents traded as everybody expected; nothing where that is nothing."""
    if abs(day.planned) < MENTIONED_USD_BN:
        return ""
    did = "bought" if day.planned > 0 else "sold"
    return f"Residents' plans {did} ${abs(day.planned):,.2f} bn more, as everybody expected; that moved nothing."
