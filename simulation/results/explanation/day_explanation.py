"""Explanation of a price change on one day: its parts with labels and reasons, as text, JSON and a waterfall chart."""

from __future__ import annotations

import json
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

    from simulation.results.explanation.waterfall import WaterfallBar
    from simulation.results.figures.style import Drawing

ASSET_NAMES = {
    "usdjpy": "USDJPY", "ust10": "The US 10-year yield", "jgb10": "The Japanese 10-year yield", "us_equity": "US equity",
    "japan_equity": "Japanese equity", "bitcoin": "Bitcoin",
}  # fmt: skip
LINKED_NAMES = {"ust10": "US 10-year yields", "jgb10": "Japanese 10-year yields"}
TRADED_NAMES = {
    "usdjpy": "dollars", "ust10": "Treasuries", "jgb10": "JGBs", "us_equity": "US equity",
    "japan_equity": "Japanese equity", "bitcoin": "bitcoin",
}  # fmt: skip
UNITS = {"usdjpy": "yen", "ust10": "bp", "jgb10": "bp", "bitcoin": "$"}
DECIMALS = {"bp": 2, "$": 0}
SMALL_SHARE = 0.01
"""Parts smaller than this share of the largest part have no sentence; the table and the JSON contain all parts."""
SMALL_FLOW_USD_BN = 0.005
"""Counterparty and planned flows below this amount are not mentioned."""
MOST_BARS = 11


@dataclass(frozen=True)
class TradeReason:
    """Why a population traded, and how many of its investors did.

    Attributes
    ----------
    key, forced
        The part it explains.
    why
        The trading rule and the values it used.
    traded, investors
        Number of investors that traded, and of all investors; 0 for officials.
    """

    key: str
    forced: bool
    why: str
    traded: int
    investors: int


@dataclass(frozen=True)
class DayExplanation:
    """Decomposition of the change of an asset on one day of one run; prints as text.

    Attributes
    ----------
    scenario, run, date, asset
        What is explained.
    before, after
        Recorded values at the previous close and at the close; yields in %.
    parts
        Parts of the change in yen per dollar, index points, dollars, or bp for yields; they sum to the recorded change.
    reasons
        Why each population traded.
    rounds
        Number of rounds of forced orders.
    other_side
        Purchases by dealers and value investors, the counterparties, USD bn.
    planned
        Purchases by residents that the market expected, USD bn. They are in the previous close and are no part of the change.
        Flows of all parts, of the counterparties and planned flows sum to zero; for bonds, to sales by central banks.
    """

    scenario: str
    run: int
    date: date
    asset: str
    before: float
    after: float
    parts: tuple[Part, ...]
    reasons: tuple[TradeReason, ...]
    rounds: int
    other_side: dict[str, float]
    planned: float

    @property
    def unit(self) -> str:
        """Unit of the parts."""
        return UNITS.get(self.asset, "points")

    @property
    def change(self) -> float:
        """The recorded change in the unit of the parts."""
        return (self.after - self.before) * (100.0 if self.unit == "bp" else 1.0)

    @property
    def drawing(self) -> Drawing:
        """The waterfall chart with its data."""
        from simulation.results.explanation.waterfall import waterfall_chart

        return waterfall_chart(chart_headings(self), waterfall_bars(self), (self.before, self.after), self.unit)

    def plot(self) -> Figure:
        """Return the waterfall chart from the previous close to the close."""
        return self.drawing.figure

    @cached_property
    def sentences(self) -> tuple[str, ...]:
        """The explanation in sentences; those on single orders are indented."""
        return tuple(explanation_sentences(self))

    def text(self) -> str:
        """Return the sentences and the table of parts."""
        return "\n".join([*self.sentences, "", *table_lines(self)])

    __str__ = text
    __repr__ = text

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            "scenario": self.scenario, "run": self.run, "date": self.date.isoformat(), "asset": self.asset,
            "unit": self.unit, "before": self.before, "after": self.after, "change": self.change,
            "totals": dict(group_totals(list(self.parts))), "parts": [part_dict(self, part) for part in self.parts],
            "forced_rounds": self.rounds, "other_side_usd_bn": self.other_side,
            "planned_usd_bn": self.planned, "sentences": list(self.sentences),
        }  # fmt: skip

    def write(self, directory: Path) -> None:
        """Write the chart with its data, the text and the JSON into an existing empty folder."""
        from simulation.results.figures.charts import write_figures

        write_figures({"waterfall": self.drawing}, directory)
        (directory / "explanation.txt").write_text(self.text() + "\n", encoding="utf-8")
        text = json.dumps(self.to_dict(), indent=2, allow_nan=False, ensure_ascii=False)
        (directory / "explanation.json").write_text(text + "\n", encoding="utf-8")


# Parts: labels, reasons and numbers


def part_label(asset: str, part: Part) -> str:
    """Return a short label of a part."""
    if part.group == NEWS:
        return news_label(part.key)
    if part.group == ORDERS:
        return order_label(part.key, part.forced, (part.flow_usd or 0.0) > 0.0)
    if part.group == LINK:
        return f"Link to {LINKED_NAMES.get(part.key, readable_name(part.key))}"
    return {OVERNIGHT: "Overnight: fading impact, transfers by dealers", ROUNDING: "Rounding"}[part.group]


def part_dict(day: DayExplanation, part: Part) -> dict[str, Any]:
    """Return a part as JSON-ready values."""
    population, _, cause = part.key.partition(":") if part.group == ORDERS else ("", "", "")
    reason = find_trade_reason(day, part)
    return {
        "group": part.group, "key": part.key, "label": part_label(day.asset, part), "population": population or None,
        "cause": cause or None, "forced": part.forced, "flow_usd_bn": part.flow_usd, "change": part.change,
        "why": None if reason is None else reason.why, "investors_traded": None if reason is None else reason.traded,
        "investors": None if reason is None else reason.investors,
    }  # fmt: skip


def find_trade_reason(day: DayExplanation, part: Part) -> TradeReason | None:
    """Return the reason of an order part; None for other parts."""
    if part.group != ORDERS:
        return None
    return next(one for one in day.reasons if one.key == part.key and one.forced == part.forced)


def visible_parts(parts: tuple[Part, ...]) -> Iterator[Part]:
    """Yield the parts with a change or a flow, without rounding."""
    for part in parts:
        if part.group != ROUNDING and has_effect(part):
            yield part


def has_effect(part: Part) -> bool:
    """Whether a part has a change or a flow."""
    return bool(part.change or part.flow_usd)


def large_parts(parts: list[Part], day: DayExplanation) -> list[Part]:
    """Return the parts that are not small relative to the largest of the day, largest first."""
    largest = max(abs(part.change) for part in day.parts)
    large = [part for part in parts if abs(part.change) >= SMALL_SHARE * largest and part.change]
    return sorted(large, key=lambda part: -abs(part.change))


def any_visible(day: DayExplanation, parts: list[Part]) -> bool:
    """Whether any part differs from zero after rounding to the displayed digits."""
    return any(format_change(part.change, day.unit).startswith(("+", "-")) for part in parts)


def format_change(value: float, unit: str) -> str:
    """Return a change with its sign and the digits of its unit."""
    return _without_sign_of_zero(f"{value:+,.{DECIMALS.get(unit, 3)}f}")


def format_flow(flow_usd: float) -> str:
    """Return a flow in USD bn with its sign."""
    return _without_sign_of_zero(f"{flow_usd:+,.2f}")


def _without_sign_of_zero(text: str) -> str:
    return text if any(digit in text for digit in "123456789") else text.lstrip("+-")


def table_lines(day: DayExplanation) -> list[str]:
    """Return the table of parts: label, USD bn bought, change."""
    lines = [f"{'':58}{'bought, $bn':>12}{f'change, {day.unit}':>15}"]
    for part in visible_parts(day.parts):
        flow = "" if part.flow_usd is None else format_flow(part.flow_usd)
        lines.append(f"{part_label(day.asset, part):58}{flow:>12}{format_change(part.change, day.unit):>15}")
    return [*lines, f"{'Recorded change':58}{'':12}{format_change(day.change, day.unit):>15}"]


# Waterfall chart


def waterfall_bars(day: DayExplanation) -> list[WaterfallBar]:
    """Return a bar for each large part in the order of the day and one for all smaller parts; they sum to the change."""
    from simulation.results.explanation.waterfall import WaterfallBar

    parts = list(visible_parts(day.parts))
    least = SMALL_SHARE / 2.0 * max((abs(part.change) for part in parts), default=0.0)
    large = sorted((part for part in parts if abs(part.change) >= least), key=lambda part: -abs(part.change))[
        :MOST_BARS
    ]
    bars = [
        WaterfallBar(
            part_label(day.asset, part),
            part.change,
            format_change(part.change, day.unit),
            part.key.partition(":")[0] if part.group == ORDERS else "",
            part.group == NEWS,
        )
        for part in parts
        if part in large
    ]
    rest = [part for part in parts if part not in large]
    rounding = sum(part.change for part in day.parts if part.group == ROUNDING)
    if rest:
        change = sum(part.change for part in rest) + rounding
        bars.append(WaterfallBar(f"{len(rest)} smaller parts", change, format_change(change, day.unit)))
    return bars


def chart_headings(day: DayExplanation) -> tuple[str, str, str]:
    """Return the finding (the change and its largest part), subtitle and source line of the chart."""
    name = asset_name(day).removeprefix("The ")
    largest = max(day.parts, key=lambda part: part.change * (1.0 if day.change >= 0 else -1.0))
    label = part_label(day.asset, largest)
    names_country = largest.group == NEWS and ":" in largest.key
    label = label if names_country else label[0].lower() + label[1:]
    verb = "rises" if day.change >= 0 else "falls"
    size = format_change(abs(day.change), day.unit).lstrip("+")
    finding = f"{name} {verb} {size} {day.unit}; largest part: {label}"
    subtitle = f"Contributions on {day.date.day} {day.date:%B %Y}, {day.unit}; the bars sum to the recorded change"
    return finding, subtitle, f"Source: carryflow simulation, scenario {day.scenario}, run {day.run}"


# Sentences


def explanation_sentences(day: DayExplanation) -> Iterator[str]:
    """Yield the explanation: the change, news, links, overnight effects, orders, counterparties, rounding."""
    yield headline(day)
    parts = {group: [part for part in day.parts if part.group == group] for group in (NEWS, LINK, OVERNIGHT, ORDERS)}
    if any_visible(day, parts[NEWS]):
        yield f"News: {total_text(day, parts[NEWS])}. {list_large_parts(day, parts[NEWS])}"
    if any_visible(day, parts[LINK]):
        yield f"Links to other assets: {total_text(day, parts[LINK])}."
    if any_visible(day, parts[OVERNIGHT]):
        yield f"Overnight: {total_text(day, parts[OVERNIGHT])}, from fading impact of earlier trades and transfers by dealers."
    for forced in (False, True):
        yield from order_sentences(
            day, [part for part in parts[ORDERS] if part.forced == forced and has_effect(part)], forced
        )
    yield counterparty_sentence(day)
    rounding = next(part.change for part in day.parts if part.group == ROUNDING)
    yield f"The parts sum to the recorded change, with a rounding error of {abs(rounding):.0e} {day.unit}."


def headline(day: DayExplanation) -> str:
    """Return the change of the asset in one sentence."""
    name, when, run = asset_name(day), f"{day.date.day} {day.date:%B %Y}", f"in run {day.run} of {day.scenario}"
    if not day.change:
        return f"{name} did not change on {when} {run}."
    verb = "rose" if day.change > 0 else "fell"
    if day.unit == "bp":
        return f"{name} {verb} {abs(day.change):.1f} bp on {when}, from {day.before:.3f} to {day.after:.3f} %, {run}."
    decimals = 0 if day.unit == "$" else 2
    share = 100.0 * (day.after / day.before - 1.0)
    amount, before, after = (f"{value:,.{decimals}f}" for value in (abs(day.change), day.before, day.after))
    return f"{name} {verb} {amount} {day.unit} on {when}, from {before} to {after} ({share:+.2f} %), {run}."


def asset_name(day: DayExplanation) -> str:
    """Return the asset's name for the start of a sentence."""
    return ASSET_NAMES.get(day.asset, capitalized_name(day.asset))


def total_text(day: DayExplanation, parts: list[Part]) -> str:
    """Return the total change of some parts with its unit."""
    return f"{format_change(sum(part.change for part in parts), day.unit)} {day.unit}"


def list_large_parts(day: DayExplanation, parts: list[Part]) -> str:
    """Return the large parts with their changes, largest first."""
    large = large_parts(parts, day)
    text = ", ".join(f"{part_label(day.asset, part)} {format_change(part.change, day.unit)}" for part in large)
    return f"{text}." if text else ""


def order_sentences(day: DayExplanation, parts: list[Part], forced: bool) -> Iterator[str]:
    """Yield the total of voluntary or forced orders and a sentence for each large one."""
    kind = "forced" if forced else "voluntary"
    if not parts:
        yield f"There were no {kind} orders."
        return
    rounds = f" in {day.rounds} round{'s' if day.rounds != 1 else ''}" if forced else ""
    yield f"{kind.capitalize()} orders: {total_text(day, parts)}{rounds}."
    large = large_parts(parts, day)
    for part in large:
        yield f"  {order_sentence(day, part)}"
    if small := len(parts) - len(large):
        yield f"  The table lists {small} smaller flow{'s' if small != 1 else ''}."


def order_sentence(day: DayExplanation, part: Part) -> str:
    """Return what a population traded for one cause, why, and the effect on the price."""
    reason = find_trade_reason(day, part)
    flow = part.flow_usd or 0.0
    assert reason is not None
    name = readable_name(part.key.partition(":")[0])
    who = f"{name} ({reason.traded:,} of {reason.investors:,} traded)" if reason.investors else name
    traded = TRADED_NAMES.get(day.asset, readable_name(day.asset))
    trade = f"{'bought' if flow >= 0 else 'sold'} ${abs(flow):,.2f} bn of {traded}"
    return f"{capitalized(who)} {trade}: {reason.why}. Effect {format_change(part.change, day.unit)} {day.unit}."


def counterparty_sentence(day: DayExplanation) -> str:
    """Return what dealers and value investors traded, and planned flows of residents."""
    trades = [
        f"{readable_name(name)} {'bought' if amount >= 0 else 'sold'} ${abs(amount):,.2f} bn"
        for name, amount in day.other_side.items()
        if abs(amount) >= SMALL_FLOW_USD_BN
    ]
    text = " and ".join(trades) if trades else "none bought or sold more than $5 mn"
    return f"Counterparties, after transfers by dealers at the close: {text}. {planned_flow_sentence(day)}".rstrip()


def planned_flow_sentence(day: DayExplanation) -> str:
    """Return the planned flows of residents; empty if they are small."""
    if abs(day.planned) < SMALL_FLOW_USD_BN:
        return ""
    side = "purchases" if day.planned > 0 else "sales"
    return f"Planned {side} by residents of ${abs(day.planned):,.2f} bn were expected and did not move the price."
