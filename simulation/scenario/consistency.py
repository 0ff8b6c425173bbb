"""What only several keys of a scenario together show to be wrong: one generator of complaints for each kind of mistake."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from simulation.investors import cast
from simulation.investors.unwind_rule import threshold_mean
from simulation.market.bonds import BondMarket
from simulation.market.fundamentals import correlation_matrix
from simulation.values.assets import STANDARD_ORDER, USDJPY, Roster, bundle, ordered_names
from simulation.values.calendar import business_days, is_business_day, number_of_business_days
from simulation.values.conventions import MONTHS_PER_YEAR, TRADING_DAYS_PER_YEAR

if TYPE_CHECKING:
    from simulation.policy.central_banks import BalanceSheetFlow
    from simulation.scenario.scenario import Scenario, ThinPeriod

SECTOR_NAMES = ("abroad", "boj", "dealers", "fed", "issuers", "ministry_of_finance", "money_market", "real_money")
"""Sectors that every scenario has; a population cannot take their names."""

YEN_PRICED: Final = {"currency": False, "treasury": False, "jgb": True}
"""Kinds of market that have one money only, and whether it is the yen."""


def days_in_order(scenario: "Scenario") -> Iterator[str]:
    """The scenario has days, and its periods do not run backwards."""
    if scenario.end <= scenario.start:
        yield f"end {scenario.end} must come after start {scenario.start}; choose a later day"
    elif not (business_days(scenario.start, scenario.end) > np.datetime64(scenario.start)).any():
        yield f"end: there is no business day between {scenario.start} and {scenario.end}; choose a later day"
    periods: list[tuple[str, ThinPeriod | BalanceSheetFlow]] = [
        ("thin_periods", item) for item in scenario.thin_periods
    ]
    periods += [("fed.balance_sheet", flow) for flow in scenario.fed.balance_sheet]
    periods += [("boj.balance_sheet", flow) for flow in scenario.boj.balance_sheet]
    for key, period in periods:
        if period.last_day and period.last_day < period.first_day:
            yield f"{key}: last_day {period.last_day} comes before first_day {period.first_day}"


def meetings_on_business_days(scenario: "Scenario") -> Iterator[str]:
    """Meetings and signals fall on business days after the start."""
    for bank, meetings in (("fed", scenario.fed.meetings), ("boj", scenario.boj.meetings)):
        for meeting in meetings:
            days = [("meeting", meeting.date), *(("signal", signal.date) for signal in meeting.signals)]
            for what, day in days:
                if day <= scenario.start:
                    words = f"the {what} of {day} is not after the start, {scenario.start}"
                    yield f"{bank}.meetings: {words}; start earlier or leave it out"
                if not is_business_day(day):
                    yield f"{bank}.meetings: {day} is not a business day ({day:%A}); choose one"


def news_in_order(scenario: "Scenario") -> Iterator[str]:
    """News are given in order of days, each day once."""
    for place, (earlier, item) in enumerate(pairwise(scenario.news), start=1):
        if item.date <= earlier.date:
            words = f"{item.date} follows {earlier.date}; days must be in order and each day once"
            yield f"news[{place}].date: {words}; put everything that is given of a day into one entry, in its place"


def given_days_possible(scenario: "Scenario") -> Iterator[str]:
    """News, statements and interventions fall on business days after the start and up to the end."""
    dated = [("news", item.date) for item in scenario.news]
    for bank in ("fed", "boj"):
        dated += [(f"{bank}.statements", item.date) for item in getattr(scenario, bank).statements]
    if scenario.ministry_of_finance is not None:
        dated += [
            ("ministry_of_finance.interventions", item.date) for item in scenario.ministry_of_finance.interventions
        ]
    for key, day in dated:
        if not scenario.start < day <= scenario.end:
            span = f"the start, {scenario.start} (excluded), and the end, {scenario.end}"
            yield f"{key}: {day} is not between {span}; leave it out"
        elif not is_business_day(day):
            yield f"{key}: {day} is not a business day ({day:%A}); choose one"


def given_values_possible(scenario: "Scenario") -> Iterator[str]:
    """Changes of values speak of markets that have one, and leave something of it."""
    known = ", ".join(valued(scenario))
    for place, item in enumerate(scenario.news):
        for asset, change in item.value_pct.items():
            key = f"news[{place}].value_pct.{asset}"
            if asset not in scenario.markets or isinstance(scenario.markets[asset], BondMarket):
                yield f"{key}: {asset!r} of {item.date} has no value to give; known: {known}; name one of them"
            if not -99.0 <= change <= 1000.0:
                yield f"{key}: {change:g} % of {item.date} is no change of a value; allowed: -99 to 1000 %; give it in %"


def valued(scenario: "Scenario") -> list[str]:
    """Markets whose value news can change; bonds have yields instead."""
    return [name for name, market in scenario.markets.items() if not isinstance(market, BondMarket)]


def purchases_in_own_currency(scenario: "Scenario") -> Iterator[str]:
    """Each bank buys bonds of its own currency."""
    if any(flow.bought_jpy_bn_per_month for flow in scenario.fed.balance_sheet):
        yield "fed.balance_sheet: bought_jpy_bn_per_month is for the Bank of Japan; write bought_usd_bn_per_month"
    if any(flow.bought_usd_bn_per_month for flow in scenario.boj.balance_sheet):
        yield "boj.balance_sheet: bought_usd_bn_per_month is for the Federal Reserve; write bought_jpy_bn_per_month"


def runoffs_possible(scenario: "Scenario") -> Iterator[str]:
    """No central bank runs off more bonds than it holds."""
    for name, key in (("fed", "bought_usd_bn_per_month"), ("boj", "bought_jpy_bn_per_month")):
        bank = getattr(scenario, name)
        for flow in bank.balance_sheet:
            until = min(flow.last_day or scenario.end, scenario.end)
            left = bank.bonds_held + sum(bought_until(item, key, scenario.start, until) for item in bank.balance_sheet)
            if getattr(flow, key) < 0.0 and left < 0.0:
                yield (
                    f"{name}.balance_sheet: until {until} it runs off {-left:,.0f} bn more than the {bank.bonds_held:,.0f} bn "
                    f"held; lower the flow, end it earlier or raise {name}.bonds_held"
                )


def bought_until(flow: "BalanceSheetFlow", key: str, start: date, until: date) -> float:
    """Ten-year equivalents that a flow buys after the start and until a day, billions of the bond's currency."""
    first, last = max(flow.first_day, start + timedelta(days=1)), min(flow.last_day or until, until)
    days = number_of_business_days(first, last) if first <= last else 0
    return float(getattr(flow, key) * flow.ten_year_share * days * MONTHS_PER_YEAR / TRADING_DAYS_PER_YEAR)


def markets_in_their_money(scenario: "Scenario") -> Iterator[str]:
    """Spot dollars and Treasuries are priced in dollars, JGBs in yen."""
    for name, market in scenario.markets.items():
        yen = YEN_PRICED.get(getattr(market, "kind", ""), market.yen_priced)
        if market.yen_priced != yen:
            money = "true (yen)" if yen else "false (dollars)"
            yield f"markets.{name}.yen_priced: of this kind only {money} is possible; leave it out or choose another kind"


def markets_complete(scenario: "Scenario") -> Iterator[str]:
    """The currency and both bonds are there; links and correlations lead to assets that exist."""
    names = ordered_names(list(scenario.markets))
    if USDJPY not in scenario.markets:
        yield "markets: usdjpy cannot be left out"
    for name in ("ust10", "jgb10"):
        if not isinstance(scenario.markets.get(name), BondMarket):
            yield f"markets: {name} must be there and be a bond market"
    for name, market in scenario.markets.items():
        for earlier in getattr(market, "links", {}):
            if earlier not in names or names.index(earlier) >= names.index(name):
                yield f"markets.{name}.links: {earlier!r} is not an asset priced before {name!r}"
    yield from refused(partial(correlation_matrix, roster_of(scenario), scenario.noise.correlations))
    correlated = {asset for first, row in scenario.noise.correlations.items() for asset in (first, *row)}
    for asset in sorted(correlated - set(scenario.markets) - set(STANDARD_ORDER)):
        yield f"noise.correlations: {asset!r} is not one of the markets: {', '.join(scenario.markets)}"


def populations_possible(scenario: "Scenario") -> Iterator[str]:
    """Populations find their assets, have names of their own, and the threshold rule has an anchor."""
    kinds = {kind.Parameters: kind for kind in cast()}
    for name, population in scenario.populations.items():
        if name in SECTOR_NAMES:
            yield f"populations.{name}: {name!r} is the name of another sector; choose another name and state its kind"
        basket = getattr(population, "basket", {})
        yield from refused(partial(bundle, roster_of(scenario), basket), f"populations.{name}.")
        for asset in kinds[type(population)].needs:
            if asset not in scenario.markets:
                yield f"populations.{name} needs markets.{asset}; leave the population out too"
    if scenario.unwind.rule == "threshold":
        threshold_mean(scenario.unwind, scenario.start_values.ust10_pct - scenario.start_values.jgb10_pct)


def roster_of(scenario: "Scenario") -> Roster:
    """The scenario's assets in column order."""
    names = ordered_names(list(scenario.markets))
    return Roster(names, tuple(scenario.markets[name].yen_priced for name in names))


def refused(attempt: Callable[[], object], prefix: str = "") -> Iterator[str]:
    """The reason why an attempt is refused, if it is."""
    try:
        attempt()
    except ValueError as error:
        yield f"{prefix}{error}"


CHECKS = (
    days_in_order,
    meetings_on_business_days,
    news_in_order,
    given_days_possible,
    given_values_possible,
    purchases_in_own_currency,
    runoffs_possible,
    markets_in_their_money,
    markets_complete,
    populations_possible,
)
