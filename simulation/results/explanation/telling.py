"""A day in sentences: what the price did, what news did, who traded and why, and who took the other side."""

from __future__ import annotations

from collections.abc import Iterator

from simulation.results.explanation.day import NAMES, SMALL_SHARE, DayExplanation, label, signed, story_of
from simulation.results.explanation.parts import LINK, NEWS, ORDERS, OVERNIGHT, ROUNDING, Part
from simulation.values.spelling import sentence, spoken, title

MENTIONED_USD_BN = 0.005
ASSET_WORDS = {
    "usdjpy": "dollars", "ust10": "Treasuries", "jgb10": "JGBs", "us_equity": "US equity",
    "japan_equity": "Japanese equity", "bitcoin": "bitcoin",
}  # fmt: skip


def sentences(day: DayExplanation) -> Iterator[str]:
    """The day, one sentence or short paragraph at a time."""
    yield headline(day)
    parts = {group: [part for part in day.parts if part.group == group] for group in (NEWS, LINK, OVERNIGHT, ORDERS)}
    if told(day, parts[NEWS]):
        yield f"News: {total(day, parts[NEWS])}. {listed(day, parts[NEWS])}"
    if told(day, parts[LINK]):
        yield f"Links to other assets: {total(day, parts[LINK])}."
    if told(day, parts[OVERNIGHT]):
        yield f"Overnight: {total(day, parts[OVERNIGHT])}, as impact of earlier trades fades and dealers pass on what they hold."
    for forced in (False, True):
        yield from traded(day, [part for part in parts[ORDERS] if part.forced == forced and moves(part)], forced)
    yield other_side(day)
    rounding = next(part.change for part in day.parts if part.group == ROUNDING)
    yield f"The parts add up to the recorded change; what rounding leaves is {abs(rounding):.0e} {day.unit}."


def told(day: DayExplanation, parts: list[Part]) -> bool:
    """Whether any part is more than nothing in the digits shown."""
    return any(signed(part.change, day.unit).startswith(("+", "-")) for part in parts)


def moves(part: Part) -> bool:
    """Whether a part traded anything or moved the price."""
    return bool(part.change or part.flow_usd)


def headline(day: DayExplanation) -> str:
    """What the price did."""
    when = f"{day.date.day} {day.date:%B %Y}"
    whose = f"in run {day.run} of {day.scenario}"
    if not day.change:
        return f"{named(day)} did not move on {when} {whose}."
    verb = "rose" if day.change > 0 else "fell"
    if day.unit == "bp":
        return f"{named(day)} {verb} {abs(day.change):.1f} bp on {when}, from {day.before:.3f} to {day.after:.3f} %, {whose}."
    decimals = 0 if day.unit == "$" else 2
    share = 100.0 * (day.after / day.before - 1.0)
    amount, before, after = (f"{value:,.{decimals}f}" for value in (abs(day.change), day.before, day.after))
    return f"{named(day)} {verb} {amount} {day.unit} on {when}, from {before} to {after} ({share:+.2f} %), {whose}."


def named(day: DayExplanation) -> str:
    """The asset as the first word of a sentence."""
    return NAMES.get(day.asset, title(day.asset))


def total(day: DayExplanation, parts: list[Part]) -> str:
    """What some parts did together."""
    return f"{signed(sum(part.change for part in parts), day.unit)} {day.unit}"


def listed(day: DayExplanation, parts: list[Part]) -> str:
    """The larger ones among some parts, largest first."""
    told = ", ".join(f"{label(day.asset, part)} {signed(part.change, day.unit)}" for part in large(parts, day))
    return f"{told}." if told else ""


def large(parts: list[Part], day: DayExplanation) -> list[Part]:
    """Parts that matter beside the largest of the day, largest first."""
    largest = max(abs(part.change) for part in day.parts)
    kept = [part for part in parts if abs(part.change) >= SMALL_SHARE * largest and part.change]
    return sorted(kept, key=lambda part: -abs(part.change))


def traded(day: DayExplanation, parts: list[Part], forced: bool) -> Iterator[str]:
    """Who traded, of their own will or by force."""
    if not parts:
        yield "Nobody was forced to trade." if forced else "Nobody traded of their own will."
        return
    rounds = f" in {day.rounds} round{'s' if day.rounds != 1 else ''}" if forced else ""
    yield f"{'Forced orders' if forced else 'Orders of the morning'}: {total(day, parts)}{rounds}."
    kept = large(parts, day)
    for part in kept:
        yield f"  {order(day, part)}"
    if len(parts) > len(kept):
        yield f"  {len(parts) - len(kept)} smaller flow{'s' if len(parts) - len(kept) != 1 else ''} are in the table."


def order(day: DayExplanation, part: Part) -> str:
    """One population's orders for one cause: what, how many of them, why, and what it did."""
    story = story_of(day, part)
    flow = part.flow_usd or 0.0
    assert story is not None
    name = spoken(part.key.partition(":")[0])
    who = f"{name} ({story.traded:,} of {story.investors:,} traded)" if story.investors else name
    did = f"{'bought' if flow >= 0 else 'sold'} ${abs(flow):,.2f} bn of {ASSET_WORDS.get(day.asset, spoken(day.asset))}"
    effect = f"{signed(part.change, day.unit)} {day.unit}"
    return f"{sentence(who)} {did}: {story.why}. Effect {effect}."


def other_side(day: DayExplanation) -> str:
    """Who took the other side."""
    told = [
        f"{spoken(name)} {'bought' if amount >= 0 else 'sold'} ${abs(amount):,.2f} bn"
        for name, amount in day.other_side.items()
        if abs(amount) >= MENTIONED_USD_BN
    ]
    text = " and ".join(told) if told else "nobody took on more than $5 mn"
    whole = f"The other side, after dealers passed a part of their books on at the close: {text}. {by_plan(day)}"
    return whole.rstrip()


def by_plan(day: DayExplanation) -> str:
    """What residents traded as everybody expected; nothing where that is nothing."""
    if abs(day.planned) < MENTIONED_USD_BN:
        return ""
    did = "bought" if day.planned > 0 else "sold"
    return f"Residents' plans {did} ${abs(day.planned):,.2f} bn more, as everybody expected; that moved nothing."
