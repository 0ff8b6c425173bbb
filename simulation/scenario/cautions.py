"""What a scenario may say but hardly means: a yield change counted twice, an asset before its time.  Told, never refused."""

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
"""Keys of given news that each central bank moves by what it does and says."""
DOVISH_REGIME = "dovish"
"""Guidance regime of the Bank of Japan that is meant to lower the expected path."""
DEFAULT_PRICE_DATE = date(2025, 11, 28)
"""Day of the default price of bitcoin."""


@dataclass(frozen=True)
class Caution:
    """Something to look at again.

    Parameters
    ----------
    key : str
        Path of the key, such as ``news[15].jgb2``.
    message : str
        What is suspicious, with its date and numbers, and the cure.
    """

    key: str
    message: str

    def __str__(self) -> str:
        """Return the key and the message."""
        return f"{self.key}: {self.message}"


def cautions(scenario: Scenario) -> tuple[Caution, ...]:
    """Return everything that is suspicious about a valid scenario, one kind of suspicion after the other."""
    return tuple(chain(*(check(scenario) for check in CAUTION_CHECKS)))


def yield_changes_counted_twice(scenario: Scenario) -> Iterator[Caution]:
    """Find given changes of yields on days on which that country's central bank moves the same yields.

    An observed change of a yield holds the decision of the day.  Beside a decision that surprises it counts twice, once by
    the announcement beta and once by the spread beta.  Source: MODEL section 2, "never apply both to the same yield change".
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
        f"{item.date} gives {sizes} on top of what {bank}.{moved[0]} moves that day; an observed change of a yield already "
        f"holds it and would count twice; leave {' and '.join(given)} of the day out, or, if the numbers are what is left "
        "without it, add net_of_policy: true (docs/events.md)"
    )


def curve_moves_on(bank: CentralBank, day: date) -> Iterator[str]:
    """Tell what moves a bank's curve on a day by itself: a surprising decision, words, a signal; nothing that was priced."""
    for meeting in bank.meetings:
        words = bank.guidance_regimes[meeting.guidance or bank.guidance].path_uncertainty_bp > 0.0
        if meeting.date == day and (has_surprise(meeting) or (words and meeting.path_surprise is None)):
            yield f"meetings ({describe_meeting_surprise(meeting)})"
        if any(signal.date == day and signal.strength for signal in meeting.signals):
            yield f"meetings (a signal about the meeting of {meeting.date})"
    for said in bank.statements:
        if said.date == day and said.path_surprise != 0.0:
            size = said.guidance if said.path_surprise is None else f"path surprise {said.path_surprise:+g} bp"
            yield f"statements ({size})"


def has_surprise(meeting: Meeting) -> bool:
    """Whether a meeting is known to bring anything that was not priced at the start."""
    target = target_surprise_bp(meeting)
    return bool(
        target is None or abs(target) > 1e-9 or meeting.path_surprise or meeting.ten_year_surprise or meeting.guidance
    )


def target_surprise_bp(meeting: Meeting) -> float | None:
    """Return the decision less what was priced, bp; none where the decision is drawn or signals move the odds before."""
    if meeting.decision is None or meeting.signals:
        return None
    others = sum(step * probability for step, probability in meeting.other_outcomes.items())
    return meeting.decision - meeting.step * meeting.priced_probability - others


def describe_meeting_surprise(meeting: Meeting) -> str:
    """Say what a meeting moves."""
    target, parts = target_surprise_bp(meeting), []
    if target is not None:
        parts.append(f"target surprise {target:+g} bp")
    for key in ("path_surprise", "ten_year_surprise"):
        if getattr(meeting, key):
            parts.append(f"{key.replace('_', ' ')} {getattr(meeting, key):+g} bp")
    if meeting.guidance:
        parts.append(f"guidance {meeting.guidance}")
    return ", ".join(parts) or "a decision that is not given"


def unusual_steps(scenario: Scenario) -> Iterator[Caution]:
    """Find odds that speak of the usual step beside a decision that is not one: the step was hardly meant."""
    for bank in YIELDS_OF:
        for place, meeting in enumerate(getattr(scenario, bank).meetings):
            decided = meeting.decision or 0.0
            usual = decided >= 0.0 and decided % meeting.step == 0.0
            if meeting.priced_probability and "step" not in meeting.model_fields_set and not usual:
                message = (
                    f"{meeting.priced_probability:g} on {meeting.date} speaks of the usual step, {meeting.step:+g} bp, "
                    f"but {decided:+g} bp is decided; state what the odds speak of, such as step: {decided:g}bp"
                )
                yield Caution(f"{bank}.meetings[{place}].priced_probability", message)


def dovish_guidance_without_steps(scenario: Scenario) -> Iterator[Caution]:
    """Find soft words where no further step was guided: they can only raise the expected path, which is not meant."""
    for bank in YIELDS_OF:
        central, regime = getattr(scenario, bank), getattr(scenario, bank).guidance
        said = [(item.date, f"{bank}.{key}[{place}].guidance", item.guidance) for key in ("meetings", "statements")
                for place, item in enumerate(getattr(central, key)) if item.guidance]  # fmt: skip
        for day, key, name in sorted(said):
            if name == DOVISH_REGIME and central.guidance_regimes[regime].step_probability == 0.0:
                message = (
                    f"{name} on {day} follows {regime}, which expects no step, so that its few steps raise the expected path; "
                    "state the change of the two-year yield as path_surprise, or what was expected before, such as "
                    f"{bank}.guidance: vague"
                )
                yield Caution(key, message)
            regime = name


def parts_before_they_existed(scenario: Scenario) -> Iterator[Caution]:
    """Find markets and populations that did not exist on the first day."""
    kinds = {kind.Parameters: kind for kind in population_kinds()}
    first_days = {f"markets.{name}": market.since for name, market in scenario.markets.items()}
    first_days |= {f"populations.{name}": kinds[type(part)].since for name, part in scenario.populations.items()}
    for key, since in first_days.items():
        if scenario.start < since:
            cure = f"leave it out with {key.rpartition('.')[2]}: null, unless it is meant"
            yield Caution(key, f"there was no such thing on {scenario.start}, only since {since}; {cure}")


def outdated_bitcoin_price(scenario: Scenario) -> Iterator[Caution]:
    """Find a bitcoin that starts at the default price, years away from its day."""
    market, years_away = scenario.markets.get("bitcoin"), abs((scenario.start - DEFAULT_PRICE_DATE).days) > 366
    if market is None or scenario.start < market.since or "bitcoin_usd" in scenario.start_values.model_fields_set:
        return
    if years_away:
        price = f"{scenario.start_values.bitcoin_usd:,.0f} dollars, the price of {DEFAULT_PRICE_DATE}"
        yield Caution(
            "start_values.bitcoin_usd", f"not given: bitcoin starts at {price}; state that of {scenario.start}"
        )


def measures_without_observation(scenario: Scenario) -> Iterator[Caution]:
    """Find measures that stay without an observed value because a day is missing in the observed series."""
    if not isinstance(scenario, Event):
        return
    missing: dict[tuple[date, ...], list[str]] = {}
    for item in scenario.expectations():
        missing.setdefault(scenario.unobserved(item), []).append(item.measure)
    for days, names in missing.items():
        if days:
            told = (
                f"nothing is given of {' and '.join(map(str, days))}, so that {', '.join(names)} has no observed value"
            )
            cure = "give the close, move the window (accept) or the end to a day that has one, or state `observed` under accept"
            yield Caution("observed", f"{told}; {cure}")


CAUTION_CHECKS = (
    yield_changes_counted_twice, unusual_steps, dovish_guidance_without_steps, parts_before_they_existed, outdated_bitcoin_price, measures_without_observation
)  # fmt: skip
