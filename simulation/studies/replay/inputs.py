"""What of an event is given from outside, and what the model has to answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from simulation.investors import cast
from simulation.investors.population import Population
from simulation.market.standard import STANDARD_MARKETS, first_day
from simulation.policy.meetings import Meeting
from simulation.scenario.episode_measures import MEASURES, Measure
from simulation.scenario.event import Event

RATES = {
    "ust2": "2-year Treasury yield",
    "ust10": "10-year Treasury yield",
    "jgb2": "2-year JGB yield",
    "jgb10": "10-year JGB yield",
    "basis": "cross-currency basis",
}
"""Keys of given news that are rates."""


@dataclass(frozen=True)
class Input:
    """One exogenous input of an event: what it is, on how many days it is given, and its size in words."""

    name: str
    days: int
    detail: str

    def to_dict(self) -> dict[str, str | int]:
        """The input as JSON-ready values."""
        return {"name": self.name, "days": self.days, "detail": self.detail}


def is_input(event: Event, measure: Measure) -> bool:
    """Whether a measure is about a price whose value the event gives: it is then no answer of the model."""
    asset = MEASURES[measure].price
    return asset is not None and any(asset in item.value_pct for item in event.news)


def inputs_of(event: Event) -> list[Input]:
    """Everything that an event gives, in the order of a day."""
    return [*_policy(event), *_news(event), *_officials(event), *_positions(event)]


def left_out(event: Event) -> list[str]:
    """Standard markets and kinds of investors that the event is without, with the day from which they existed if it is later."""
    markets = [name for name in STANDARD_MARKETS if name not in event.markets]
    held = {type(population) for population in event.populations.values()}
    kinds = [kind for kind in cast() if kind.Parameters not in held]
    gone = {kind.Parameters.model_fields["kind"].default: kind.since for kind in kinds if _not_there(event, kind)}
    first_days = {name: first_day(name) for name in markets} | gone
    return [name if since <= event.start else f"{name} (since {since})" for name, since in first_days.items()]


def _not_there(event: Event, kind: type[Population]) -> bool:
    """Whether a kind of investors could not be there: before its time, or without its market."""
    return event.start < kind.since or any(market not in event.markets for market in kind.needs)


def _policy(event: Event) -> Iterator[Input]:
    for bank, name in ((event.fed, "Federal Reserve"), (event.boj, "Bank of Japan")):
        if bank.meetings:
            told = [
                f"{meeting.date:%-d %b %Y}: {meeting.decision or 0.0:+g} bp, {_odds(meeting)}"
                for meeting in bank.meetings
            ]
            yield Input(f"{name}, decisions", len(told), "; ".join(told))
        if bank.statements:
            said = [f"{item.date:%-d %b %Y}: {item.label or 'statement'}" for item in bank.statements]
            yield Input(f"{name}, statements", len(said), "; ".join(said))


def _odds(meeting: Meeting) -> str:
    if not meeting.priced_probability:
        return "no step priced"
    return f"{100 * meeting.priced_probability:g} % of {meeting.step:+g} bp priced"


def _news(event: Event) -> Iterator[Input]:
    for key, label in RATES.items():
        given = [float(getattr(item, key)) for item in event.news if getattr(item, key) is not None]
        if given:
            yield Input(label, len(given), f"{sum(given):+.1f} bp in all")
    for asset in sorted({name for item in event.news for name in item.value_pct}):
        values = [item.value_pct[asset] for item in event.news if asset in item.value_pct]
        yield Input(f"value of {asset}", len(values), f"{min(values):+.2f} to {max(values):+.2f} % a day")
    shaken = [item.volatility_x for item in event.news if item.volatility_x is not None]
    if shaken:
        yield Input("volatility", len(shaken), f"up to {max(shaken):g} times its long-run value")
    dollars = [item.dollars_bought_usd_bn for item in event.news if item.dollars_bought_usd_bn]
    if dollars:
        yield Input("dollars bought from outside", len(dollars), f"{sum(dollars):+,.0f} $bn")


def _officials(event: Event) -> Iterator[Input]:
    rule = event.ministry_of_finance
    if rule is not None and rule.interventions:
        bought = sum(item.bought_jpy_bn for item in rule.interventions)
        yield Input("interventions", len(rule.interventions), f"JPY {bought:+,.0f} bn bought")


def _positions(event: Event) -> Iterator[Input]:
    stocks = ", ".join(f"{name} {event.populations[name].stock_usd_bn:,.0f}" for name in event.unwound_of)
    yield Input("start positions", 1, f"$bn: {stocks}")
