"""The schema of a scenario, and the checks that compare several of its keys.

Each part of the model defines its own parameters; this module combines them. Each check yields one message per error.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from functools import partial
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Literal, Self, Union

import numpy as np
from pydantic import Field, SerializerFunctionWrapHandler, field_serializer, field_validator, model_validator

from simulation.investors import population_kinds
from simulation.investors.population import PopulationParameters
from simulation.investors.unwind_rule import UnwindRule, threshold_mean
from simulation.market.fundamentals import Noise, correlation_matrix
from simulation.market.parameters import MARKET_KINDS, STANDARD_MARKETS, AnyMarket, BondMarket
from simulation.policy.central_banks import BalanceSheetFlow, BankOfJapan, FederalReserve
from simulation.policy.ministry_of_finance import Fiscal, MinistryOfFinance
from simulation.policy.rate_paths import DrawnRates
from simulation.values.assets import STANDARD_ORDER, USDJPY, Roster, book_from_shares, ordered_names
from simulation.values.conventions import (
    MONTHS_PER_YEAR,
    TRADING_DAYS_PER_YEAR,
    business_days,
    is_business_day,
    number_of_business_days,
)
from simulation.values.given_news import GivenNews
from simulation.values.parameters import Parameters, quantity


def population_type() -> Any:
    """The union of the parameters of all known kinds of investors, discriminated by ``kind``."""
    return Annotated[Union[tuple(kind.Parameters for kind in population_kinds())], Field(discriminator="kind")]  # noqa: UP007


if TYPE_CHECKING:
    AnyPopulation = PopulationParameters
else:
    AnyPopulation = population_type()


class StartValues(Parameters):
    """Prices and yields at the close of the first day."""

    INERT: ClassVar = {
        "ust2_pct": "a level: carry counts expected policy rates, and incentives what changes from the start",
        "jgb2_pct": "a level: carry counts expected policy rates, and incentives what changes from the start",
        "jgb30_pct": "a level: the incentives of holders count what changes from the start",
        "bitcoin_usd": "a level: bitcoin's holders, impacts and margins count in shares of the price at the start",
    }
    ACTS_WHEN: ClassVar = {
        "usdjpy": "levels or amounts in yen come into play, such as the Ministry's level or yen bonds that are traded",
        "usdjpy_high": "stops lie near the price at the start",
        "basis_bp_per_100_usd_bn": "investors change what they hedge",
    }

    usdjpy: float = quantity(..., "yen per dollar", (20, 1000), "USDJPY")
    usdjpy_high: float | None = Field(
        None, ge=20, le=1000, description="highest close of the 120 business days up to the start"
    )
    ust2_pct: float = quantity(..., "% per year", (-2, 25), "two-year Treasury yield")
    ust10_pct: float = quantity(..., "% per year", (-2, 25), "ten-year Treasury yield")
    jgb2_pct: float = quantity(..., "% per year", (-2, 25), "two-year JGB yield")
    jgb10_pct: float = quantity(..., "% per year", (-2, 25), "ten-year JGB yield")
    jgb30_pct: float = quantity(..., "% per year", (-2, 25), "thirty-year JGB yield")
    basis_bp_per_100_usd_bn: float = quantity(
        2,
        "bp per 100 $bn",
        (0, 100),
        "widening of the basis with hedging demand",
        "sign: Du, Tepper and Verdelhan (2018)",
    )
    basis_bp: float = quantity(-25, "bp per year", (-500, 200), "three-month cross-currency basis", "MODEL section 2")
    bitcoin_usd: float = quantity(91_000, "dollars", (0.01, 1e8), "price of one bitcoin", "CLAIMS, 28 November 2025")


class SpreadPath(Parameters):
    """An imposed path of the ten-year spread from its start value to a target, before any price impact of flows."""

    target_pp: float = quantity(..., "pp", (-10, 20), "ten-year spread, US minus Japan, at the end of the path")
    over_days: int = Field(
        60,
        ge=1,
        le=2600,
        description="business days over which the spread moves in equal steps",
        json_schema_extra={"source": "assumption: a quarter, as long as the December scenarios"},
    )
    surprise: bool = Field(False, description="if true, the whole change is announced on the first day")
    us_share: float = quantity(
        0.5,
        "share",
        (0, 1),
        "part of the change of the spread that comes from US yields",
        "assumption: half each; the article gives only the spread (CLAIMS 28)",
    )


class ThinPeriod(Parameters):
    """A period of thin trading (year-end, Obon)."""

    first_day: date = Field(description="first day of thin trading")
    last_day: date = Field(description="last day of thin trading")


class ClearingLimits(Parameters):
    """Numerical limits of the daily market clearing."""

    ACTS_WHEN: ClassVar = {
        "cascade_tolerance_usd_bn": "the forced orders of a round lie between zero and this size",
        "cascade_rounds": "forced orders of a day need more rounds than this",
    }

    cascade_tolerance_usd_bn: float = quantity(
        0.05, "$bn", (1e-9, 100), "forced orders smaller than this wait until the next day", "MODEL section 5"
    )
    cascade_rounds: int = Field(
        50,
        ge=1,
        le=1000,
        description="maximum number of rounds of forced orders in one day",
        json_schema_extra={"source": "MODEL section 5"},
    )


class Scenario(Parameters):
    """A complete scenario."""

    ACTS_WHEN: ClassVar = {"credibility_bp_per_bp": "guidance of the Bank of Japan lowers the expected path"}

    name: str = Field(min_length=1, description="name in tables, files and commands")
    title: str = Field("", description="title in one line")
    description: str = Field("", description="short description of what is simulated")
    source: str = Field("", description="sources of the values in the scenario")
    start: date = Field(
        ge=date(1971, 1, 1), le=date(2100, 1, 1), description="day whose closing prices are the start state"
    )
    end: date = Field(ge=date(1971, 1, 1), le=date(2100, 1, 1), description="last simulated day")
    seed: int = Field(
        1,
        ge=0,
        le=2**63 - 1,
        description="seed of all random streams",
        json_schema_extra={"source": "1: arbitrary; results are reported as bands over runs"},
    )
    start_values: StartValues
    fed: FederalReserve
    boj: BankOfJapan
    credibility_bp_per_bp: float = quantity(
        0.3,
        "bp per bp",
        (0, 5),
        "rise of Japan's ten-year term premium for each bp by which guidance lowers the expected policy path",
        "assumption: a fully priced hike with dovish guidance weakens the yen, as in December 2025 (MODEL section 2)",
    )
    ministry_of_finance: MinistryOfFinance | None = None
    fiscal: Fiscal = Fiscal()
    spread_path: SpreadPath | None = None
    drawn_rates: DrawnRates | None = None
    unwind: UnwindRule = UnwindRule()
    markets: dict[str, AnyMarket] = Field(
        default_factory=dict,
        validate_default=True,
        description="markets by asset; every standard market is included unless set to null",
    )
    noise: Noise = Noise()
    news: tuple[GivenNews, ...] = Field((), description="dated news that replace drawn news")
    thin_periods: tuple[ThinPeriod, ...] = ()
    populations: dict[str, AnyPopulation] = Field(
        description="populations by name; the kind is `kind` or, without it, the name"
    )
    limits: ClearingLimits = ClearingLimits()
    policy: Literal["given", "none"] = Field(
        "given",
        description="`none`: no meeting, statement, signal, balance-sheet flow, imposed spread or dated intervention "
        "takes place, and what the market expects at the start stays expected; the counterfactual of effects",
        json_schema_extra={"source": "given: policy is part of a scenario"},
    )

    @field_validator("markets", mode="before")
    @classmethod
    def _standard_markets(cls, given: object) -> object:
        if not isinstance(given, Mapping):
            return given
        merged: dict[str, Any] = {name: dict(values) for name, values in STANDARD_MARKETS.items()}
        for name, values in given.items():
            if name not in merged and isinstance(values, Mapping) and "kind" not in values:
                standard, kinds = ", ".join(STANDARD_MARKETS), ", ".join(MARKET_KINDS)
                raise ValueError(
                    f"{name}: unknown market; standard markets: {standard}; for a new market set its kind: {kinds}"
                )
            merged[name] = merged.get(name, {}) | dict(values) if isinstance(values, Mapping) else values
        return {name: values for name, values in merged.items() if values is not None}

    @field_serializer("markets", mode="wrap")
    def _with_omitted_markets(self, markets: dict[str, Any], handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Write omitted standard markets as null, so that the output loads as the same scenario."""
        written: dict[str, Any] = handler(markets)
        return written | {name: None for name in STANDARD_MARKETS if name not in markets}

    @field_validator("populations", mode="before")
    @classmethod
    def _kind_from_name(cls, given: object) -> object:
        if not isinstance(given, Mapping):
            return given
        return {
            name: {"kind": name} | dict(values) if isinstance(values, Mapping) else values
            for name, values in given.items()
        }

    @model_validator(mode="after")
    def _check(self) -> Self:
        """Raise the first message of the consistency checks."""
        for problem in chain(*(check(self) for check in CONSISTENCY_CHECKS)):
            raise ValueError(problem)
        return self


class ImpossibleScenarioError(ValueError):
    """A scenario for which no consistent start balance sheets exist; found only when they are built."""


SECTOR_NAMES = ("abroad", "boj", "dealers", "fed", "issuers", "ministry_of_finance", "money_market", "real_money")
"""Sectors of every scenario; reserved as names of populations."""

YEN_PRICED: Final = {"currency": False, "treasury": False, "jgb": True}
"""Kinds of market with a fixed currency: whether it is the yen."""


def check_day_order(scenario: Scenario) -> Iterator[str]:
    """The scenario has business days, and no period ends before it starts."""
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
            yield f"{key}: last_day {period.last_day} is before first_day {period.first_day}; swap the two days"


def check_meeting_days(scenario: Scenario) -> Iterator[str]:
    """Meetings and signals fall on business days after the start."""
    for bank, meetings in (("fed", scenario.fed.meetings), ("boj", scenario.boj.meetings)):
        for meeting in meetings:
            days = [("meeting", meeting.date), *(("signal", signal.date) for signal in meeting.signals)]
            for what, day in days:
                if day <= scenario.start:
                    yield (
                        f"{bank}.meetings: the {what} of {day} is not after the start, {scenario.start}; "
                        "start earlier or remove it"
                    )
                if not is_business_day(day):
                    yield f"{bank}.meetings: {day} is not a business day ({day:%A}); choose a business day"


def check_news_order(scenario: Scenario) -> Iterator[str]:
    """News entries are in order of date, one entry per day."""
    for place, (earlier, item) in enumerate(pairwise(scenario.news), start=1):
        if item.date <= earlier.date:
            yield (
                f"news[{place}].date: {item.date} follows {earlier.date}; dates must increase, with one entry per day; "
                "combine all news of a day into one entry"
            )


def check_given_days(scenario: Scenario) -> Iterator[str]:
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
            yield (
                f"{key}: {day} is outside the scenario; allowed: after the start, {scenario.start}, up to the end, "
                f"{scenario.end}; remove it or change the dates of the scenario"
            )
        elif not is_business_day(day):
            yield f"{key}: {day} is not a business day ({day:%A}); choose a business day"


def check_given_values(scenario: Scenario) -> Iterator[str]:
    """Given changes of value refer to markets with a value and lie in the allowed range."""
    known = ", ".join(markets_with_values(scenario))
    for place, item in enumerate(scenario.news):
        for asset, change in item.value_pct.items():
            key = f"news[{place}].value_pct.{asset}"
            if asset not in scenario.markets or isinstance(scenario.markets[asset], BondMarket):
                yield f"{key}: {asset!r} on {item.date} has no value that news can change; allowed: {known}"
            if not -99.0 <= change <= 1000.0:
                yield f"{key}: {change:g} % on {item.date} is out of range; allowed: -99 to 1000 %; state the change in %"


def markets_with_values(scenario: Scenario) -> list[str]:
    """Markets with a fundamental value; bonds have yields instead."""
    return [name for name, market in scenario.markets.items() if not isinstance(market, BondMarket)]


def check_purchase_currencies(scenario: Scenario) -> Iterator[str]:
    """Each central bank buys bonds in its own currency."""
    if any(flow.bought_jpy_bn_per_month for flow in scenario.fed.balance_sheet):
        yield "fed.balance_sheet: bought_jpy_bn_per_month applies to the Bank of Japan only; use bought_usd_bn_per_month"
    if any(flow.bought_usd_bn_per_month for flow in scenario.boj.balance_sheet):
        yield "boj.balance_sheet: bought_usd_bn_per_month applies to the Federal Reserve only; use bought_jpy_bn_per_month"


def check_runoffs(scenario: Scenario) -> Iterator[str]:
    """No central bank reduces its bonds by more than it holds."""
    for name, key in (("fed", "bought_usd_bn_per_month"), ("boj", "bought_jpy_bn_per_month")):
        bank = getattr(scenario, name)
        for flow in bank.balance_sheet:
            until = min(flow.last_day or scenario.end, scenario.end)
            left = bank.bonds_held + sum(
                purchases_until(item, key, scenario.start, until) for item in bank.balance_sheet
            )
            if getattr(flow, key) < 0.0 and left < 0.0:
                yield (
                    f"{name}.balance_sheet: by {until} the runoff is {-left:,.0f} bn more than the {bank.bonds_held:,.0f} bn "
                    f"held; reduce the flow, end it earlier or raise {name}.bonds_held"
                )


def purchases_until(flow: BalanceSheetFlow, key: str, start: date, until: date) -> float:
    """Purchases of a flow after the start up to a day, ten-year equivalents, billions of the bond's currency."""
    first, last = max(flow.first_day, start + timedelta(days=1)), min(flow.last_day or until, until)
    days = number_of_business_days(first, last) if first <= last else 0
    return float(getattr(flow, key) * flow.ten_year_share * days * MONTHS_PER_YEAR / TRADING_DAYS_PER_YEAR)


def check_market_currencies(scenario: Scenario) -> Iterator[str]:
    """USDJPY and Treasuries are priced in dollars, JGBs in yen."""
    for name, market in scenario.markets.items():
        yen = YEN_PRICED.get(getattr(market, "kind", ""), market.yen_priced)
        if market.yen_priced != yen:
            money = "true (yen)" if yen else "false (dollars)"
            yield f"markets.{name}.yen_priced: this kind allows only {money}; remove the key or choose another kind"


def check_markets(scenario: Scenario) -> Iterator[str]:
    """USDJPY and both bonds exist; links and correlations refer to existing assets."""
    names = ordered_names(list(scenario.markets))
    if USDJPY not in scenario.markets:
        yield "markets: usdjpy is required; remove the null"
    for name in ("ust10", "jgb10"):
        if not isinstance(scenario.markets.get(name), BondMarket):
            yield f"markets: {name} is required and must be a bond market"
    for name, market in scenario.markets.items():
        for earlier in getattr(market, "links", {}):
            if earlier not in names or names.index(earlier) >= names.index(name):
                yield f"markets.{name}.links: {earlier!r} is not an asset that is priced before {name!r}"
    yield from rejection_messages(partial(correlation_matrix, asset_roster(scenario), scenario.noise.correlations))
    correlated = {asset for first, row in scenario.noise.correlations.items() for asset in (first, *row)}
    for asset in sorted(correlated - set(scenario.markets) - set(STANDARD_ORDER)):
        yield f"noise.correlations: {asset!r} is not a market; known: {', '.join(scenario.markets)}"


def check_populations(scenario: Scenario) -> Iterator[str]:
    """Populations have their assets and unreserved names, and the threshold rule has a mean."""
    kinds = {kind.Parameters: kind for kind in population_kinds()}
    for name, population in scenario.populations.items():
        if name in SECTOR_NAMES:
            yield f"populations.{name}: {name!r} is the name of a sector; choose another name and set its kind"
        basket = getattr(population, "basket", {})
        yield from rejection_messages(partial(book_from_shares, asset_roster(scenario), basket), f"populations.{name}.")
        for asset in kinds[type(population)].needs:
            if asset not in scenario.markets:
                yield f"populations.{name} needs markets.{asset}; remove the population too, with {name}: null"
    if scenario.unwind.rule == "threshold":
        threshold_mean(scenario.unwind, scenario.start_values.ust10_pct - scenario.start_values.jgb10_pct)


def asset_roster(scenario: Scenario) -> Roster:
    """Assets of a scenario in column order."""
    names = ordered_names(list(scenario.markets))
    return Roster(names, tuple(scenario.markets[name].yen_priced for name in names))


def rejection_messages(attempt: Callable[[], object], prefix: str = "") -> Iterator[str]:
    """Yield the message if the call raises ValueError."""
    try:
        attempt()
    except ValueError as error:
        yield f"{prefix}{error}"


CONSISTENCY_CHECKS = (
    check_day_order,
    check_meeting_days,
    check_news_order,
    check_given_days,
    check_given_values,
    check_purchase_currencies,
    check_runoffs,
    check_market_currencies,
    check_markets,
    check_populations,
)
