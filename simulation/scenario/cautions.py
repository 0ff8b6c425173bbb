"""Cautions about a valid scenario: values that are allowed but probably unintended, such as a yield change counted twice."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import chain

from simulation.investors import population_kinds
from simulation.policy.central_banks import CentralBank, Meeting
from simulation.scenario.event import Event
from simulation.scenario.scenario import Scenario
from simulation.values.given_news import GivenNews

YIELDS_OF = {"fed": ("ust2", "ust10"), "boj": ("jgb2", "jgb10")}
"""News keys of the yields that decisions and guidance of each central bank move."""
DOVISH_REGIME = "dovish"
"""Guidance regime of the Bank of Japan that is intended to lower the expected path."""
DEFAULT_PRICE_DATE = date(2025, 11, 28)
"""Date of the default bitcoin price."""


@dataclass(frozen=True)
class Caution:
    """A value that is probably unintended.

    Parameters
    ----------
    key : str
        Path of the key, such as ``news[15].jgb2``.
    message : str
        The reason, with dates and values, and the cure.
    """

    key: str
    message: str

    def __str__(self) -> str:
        """Return the key and the message."""
        return f"{self.key}: {self.message}"


def cautions(scenario: Scenario) -> tuple[Caution, ...]:
    """All cautions about a valid scenario, grouped by check."""
    return tuple(chain(*(check(scenario) for check in CAUTION_CHECKS)))


def yield_changes_counted_twice(scenario: Scenario) -> Iterator[Caution]:
    """Given yield changes on days on which the central bank of that country moves the same yields.

    An observed yield change includes the decision of the day.  With a surprise decision on the same day it counts twice,
    through the announcement beta and through the spread beta.
    Source: MODEL section 2, "never apply both to the same yield change".
    """
    for place, item in enumerate(scenario.news):
        for bank, keys in YIELDS_OF.items():
            given = [key for key in keys if getattr(item, key) is not None]
            moved = list(curve_moves_on(getattr(scenario, bank), item.date))
            if given and moved and not item.net_of_policy:
                yield Caution(f"news[{place}].{given[0]}", _counted_twice_message(item, given, bank, moved))


def _counted_twice_message(item: GivenNews, given: list[str], bank: str, moved: list[str]) -> str:
    sizes = " and ".join(f"{key} {getattr(item, key):+g} bp" for key in given)
    return (
        f"{item.date} states {sizes}, and {bank}.{moved[0]} moves the same yields; an observed yield change includes the "
        f"policy news and would count twice; remove {' and '.join(given)} on this day or, if the values exclude the policy "
        "news, add net_of_policy: true (docs/events.md)"
    )


def curve_moves_on(bank: CentralBank, day: date) -> Iterator[str]:
    """Unpriced policy news of a central bank on a day: surprise decisions, guidance and signals."""
    for meeting in bank.meetings:
        uncertain = bank.guidance_regimes[meeting.guidance or bank.guidance].path_uncertainty_bp > 0.0
        if meeting.date == day and (has_surprise(meeting) or (uncertain and meeting.path_surprise is None)):
            yield f"meetings ({describe_meeting_surprise(meeting)})"
        if any(signal.date == day and signal.strength for signal in meeting.signals):
            yield f"meetings (a signal about the meeting of {meeting.date})"
    for item in bank.statements:
        if item.date == day and item.path_surprise != 0.0:
            size = item.guidance if item.path_surprise is None else f"path surprise {item.path_surprise:+g} bp"
            yield f"statements ({size})"


def has_surprise(meeting: Meeting) -> bool:
    """Whether a meeting brings news that was not priced at the start."""
    target = target_surprise_bp(meeting)
    return bool(
        target is None or abs(target) > 1e-9 or meeting.path_surprise or meeting.ten_year_surprise or meeting.guidance
    )


def target_surprise_bp(meeting: Meeting) -> float | None:
    """Decision minus expected change, bp; None if the decision is drawn or signals change the odds before the meeting."""
    if meeting.decision is None or meeting.signals:
        return None
    others = sum(step * probability for step, probability in meeting.other_outcomes.items())
    return meeting.decision - meeting.step * meeting.priced_probability - others


def describe_meeting_surprise(meeting: Meeting) -> str:
    """Surprises and guidance of a meeting in words."""
    target, parts = target_surprise_bp(meeting), []
    if target is not None:
        parts.append(f"target surprise {target:+g} bp")
    for key in ("path_surprise", "ten_year_surprise"):
        if getattr(meeting, key):
            parts.append(f"{key.replace('_', ' ')} {getattr(meeting, key):+g} bp")
    if meeting.guidance:
        parts.append(f"guidance {meeting.guidance}")
    return ", ".join(parts) or "a drawn decision"


def unusual_steps(scenario: Scenario) -> Iterator[Caution]:
    """Odds of the default step at a meeting that decides something else."""
    for bank in YIELDS_OF:
        for place, meeting in enumerate(getattr(scenario, bank).meetings):
            decided = meeting.decision or 0.0
            usual = decided >= 0.0 and decided % meeting.step == 0.0
            if meeting.priced_probability and "step" not in meeting.model_fields_set and not usual:
                message = (
                    f"{meeting.priced_probability:g} on {meeting.date} is the probability of the default step, "
                    f"{meeting.step:+g} bp, but the decision is {decided:+g} bp; state the step that the probability refers "
                    f"to, such as step: {decided:g}bp"
                )
                yield Caution(f"{bank}.meetings[{place}].priced_probability", message)


def dovish_guidance_without_steps(scenario: Scenario) -> Iterator[Caution]:
    """Dovish guidance after a regime that expects no step: it would raise the expected path."""
    for bank in YIELDS_OF:
        central, regime = getattr(scenario, bank), getattr(scenario, bank).guidance
        dated = [(item.date, f"{bank}.{key}[{place}].guidance", item.guidance) for key in ("meetings", "statements")
                for place, item in enumerate(getattr(central, key)) if item.guidance]  # fmt: skip
        for day, key, name in sorted(dated):
            if name == DOVISH_REGIME and central.guidance_regimes[regime].step_probability == 0.0:
                message = (
                    f"{name} on {day} follows {regime}, which expects no step, so {name} raises the expected path; "
                    "state the change of the two-year yield as path_surprise, or the guidance expected before, such as "
                    f"{bank}.guidance: vague"
                )
                yield Caution(key, message)
            regime = name


def parts_before_they_existed(scenario: Scenario) -> Iterator[Caution]:
    """Markets and populations that did not exist on the start day."""
    kinds = {kind.Parameters: kind for kind in population_kinds()}
    first_days = {f"markets.{name}": market.since for name, market in scenario.markets.items()}
    first_days |= {f"populations.{name}": kinds[type(part)].since for name, part in scenario.populations.items()}
    for key, since in first_days.items():
        if scenario.start < since:
            cure = f"remove it with {key.rpartition('.')[2]}: null, unless intended"
            yield Caution(key, f"did not exist on {scenario.start}, only since {since}; {cure}")


def outdated_bitcoin_price(scenario: Scenario) -> Iterator[Caution]:
    """The default bitcoin price in a scenario that starts more than a year from its date."""
    market, years_away = scenario.markets.get("bitcoin"), abs((scenario.start - DEFAULT_PRICE_DATE).days) > 366
    if market is None or scenario.start < market.since or "bitcoin_usd" in scenario.start_values.model_fields_set:
        return
    if years_away:
        price = f"{scenario.start_values.bitcoin_usd:,.0f} dollars, the price of {DEFAULT_PRICE_DATE}"
        message = f"not stated, so bitcoin starts at {price}; state the price of {scenario.start}"
        yield Caution("start_values.bitcoin_usd", message)


def measures_without_observation(scenario: Scenario) -> Iterator[Caution]:
    """Measures without an observed value because the observed series lacks a day."""
    if not isinstance(scenario, Event):
        return
    missing: dict[tuple[date, ...], list[str]] = {}
    for item in scenario.expectations():
        missing.setdefault(scenario.unobserved(item), []).append(item.measure)
    for days, names in missing.items():
        if days:
            message = f"no value for {' and '.join(map(str, days))}, so {', '.join(names)} has no observed value"
            cure = "add the close, change the window (accept) or the end to a day with a value, or state `observed` under accept"
            yield Caution("observed", f"{message}; {cure}")


CAUTION_CHECKS = (
    yield_changes_counted_twice,
    unusual_steps,
    dovish_guidance_without_steps,
    parts_before_they_existed,
    outdated_bitcoin_price,
    measures_without_observation,
)
