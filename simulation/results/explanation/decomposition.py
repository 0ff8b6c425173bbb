"""The move of one asset on one day, taken apart so that the parts add up to what was recorded.

Levels (log prices, or yields for bonds) add up: news, what dealers' books and fading impact did overnight, announced flows
through the slow impact, each round of orders through the fast one, links to other assets.  Within a round the orders arrive
evenly together, so that each gets the mean slope between the inventory before and after.  A change of a log price becomes a
change of the price by the logarithmic mean of both prices, which adds up without a remainder.

Sources: Aumann and Shapley (1974), shares along the straight path; Ang (2004), logarithmic-mean Divisia decomposition.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace

import numpy as np

from simulation.expectations.expectations import DayNews, RateNews, currency_response, no_news
from simulation.market.parameters import CurrencyMarket
from simulation.market.prices import fast_impact, slow_impact
from simulation.results.explanation.trace import DayTrace, Execution, TracedModel
from simulation.values.conventions import BASIS_POINT
from simulation.values.orders import SLOW_REPATRIATION

NEWS, OVERNIGHT, ORDERS, LINK, ROUNDING = "news", "overnight", "orders", "link", "rounding"
"""Groups of parts."""
HEDGING, OWN_RULE = "hedging", "own_rule"
"""Why a flow came that unwinds nothing: a change of hedges, or another rule of the population."""
RELATIVE_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Part:
    """One part of a day's move.

    Attributes
    ----------
    group, key
        Where it belongs, and its name within: a piece of news, an asset, or ``population:cause``.
    change
        What it did: price units for a price (yen per dollar, index points, dollars), basis points for a yield.
    forced
        Whether lenders or stops forced it.
    flow_usd
        Dollars or dollars' worth of the asset bought by it, USD bn; none where nothing was traded.
    """

    group: str
    key: str
    change: float
    forced: bool = False
    flow_usd: float | None = None


@dataclass(frozen=True)
class PriceScale:
    """How levels become what a reader sees: `per_level` turns a change of level into the unit of the parts."""

    column: str
    before: float
    after: float
    per_level: float
    in_bp: bool


def news_parts(model: TracedModel, day: DayTrace, asset: str) -> Iterator[tuple[str, float]]:
    """Change of the fundamental level by piece of news."""
    economy, column = model.economy, model.economy.roster.columns[asset]
    fx = model.scenario.markets[asset]
    if economy.market.rules.bond[column]:
        yield "curve", float((day.morning.fundamental - day.before.fundamental)[column])
        return
    if isinstance(fx, CurrencyMarket):
        yield from rates_parts(day.news, fx)
        yield "ministry_signal", -day.signal
    yield "growth", float(economy.growth[column])
    given = model.officials.given.value[day.step, column]
    change = float((day.morning.fundamental - day.before.fundamental)[column])
    drawn = float(economy.news[day.step, 0, column])
    if np.isnan(given):
        yield "own_news", drawn
    else:
        others = sum(value for _, value in rates_parts(day.news, fx)) if isinstance(fx, CurrencyMarket) else 0.0
        yield "given_news", change - float(economy.growth[column]) - others + (day.signal if column == 0 else 0.0)


def rates_parts(news: DayNews, market: CurrencyMarket) -> Iterator[tuple[str, float]]:
    """What each piece of rates news did to log USDJPY; the rule is linear, so each piece is put through it alone."""
    silent = no_news(1)
    for bank in ("fed", "boj"):
        heard: RateNews = getattr(news, bank)
        for item in fields(heard):
            alone = replace(silent, **{item.name: getattr(heard, item.name)})
            both = DayNews(**({"fed": silent, "boj": silent} | {bank: alone}))
            yield f"{bank}:{item.name}", float(currency_response(both, market)[0, 0])


def split_by_cause(done: Execution, column: int) -> dict[str, float]:
    """Units of an asset that one population bought in a round beyond what was expected, by cause.

    The dollars of a resident are those brought home and those of its hedges.  Elsewhere causes share a flow as they share
    the position given up: loans and positions of a population's investors move in proportion.
    """
    bought = float((done.bought - done.expected)[column])
    if column == 0 and done.brought_home_usd is not None:
        home = -done.brought_home_usd - float(done.expected[0])
        return {SLOW_REPATRIATION: home, HEDGING: bought - home}
    total, gross = sum(done.unwound.values()), sum(abs(amount) for amount in done.unwound.values())
    if abs(total) <= RELATIVE_TOLERANCE * gross or not gross:
        return {OWN_RULE: bought}
    return {cause: bought * amount / total for cause, amount in done.unwound.items()}


def mean_slope(before: float, after: float, impact: "ImpactCurve") -> float:
    """Impact per unit between two inventories; the slope there where they are the same."""
    step = after - before
    if abs(step) <= RELATIVE_TOLERANCE * impact.scale:
        return (
            impact.at(before + RELATIVE_TOLERANCE * impact.scale)
            - impact.at(before - RELATIVE_TOLERANCE * impact.scale)
        ) / (2.0 * RELATIVE_TOLERANCE * impact.scale)
    return (impact.at(after) - impact.at(before)) / step


@dataclass(frozen=True)
class ImpactCurve:
    """An impact curve of one asset: fast or slow, with its slope and scale."""

    slow: bool
    slope: float
    scale: float

    def at(self, units: float) -> float:
        """Impact of so many units."""
        rule = slow_impact if self.slow else fast_impact
        return float(rule(np.array([units]), np.array([self.slope]), np.array([self.scale]))[0])


def impact_curves(model: TracedModel, day: DayTrace, column: int) -> tuple[ImpactCurve, ImpactCurve]:
    """Fast and slow curve of an asset on a day."""
    table = model.economy.market.table
    slow, slow_scale, fast_scale = (
        float(np.ravel(np.broadcast_to(values, (1, len(day.slope)))[0])[column])
        for values in (table.slow, table.slow_scale, table.fast_scale)
    )
    return ImpactCurve(False, float(day.slope[column]), fast_scale), ImpactCurve(True, slow, slow_scale)


def execution_slope(model: TracedModel, day: DayTrace, done: Execution, column: int) -> float:
    """Log price per unit that a trade of this round moved, or yield per unit with the sign turned."""
    fast, slow = impact_curves(model, day, column)
    if done.announced:
        return mean_slope(float(day.morning.supplied[column]), float(day.close.supplied[column]), slow)
    inventories = [float(day.opened_with[column]), *(float(row[column]) for row in day.session.inventories)]
    return mean_slope(inventories[done.round], inventories[done.round + 1], fast)


def orders_parts(model: TracedModel, day: DayTrace, asset: str) -> Iterator[tuple[str, bool, float, float]]:
    """Population and cause, whether forced, units bought, change of the level."""
    column = model.economy.roster.columns[asset]
    sign = -1.0 if model.economy.market.rules.bond[column] else 1.0
    for done in day.session.done:
        slope = execution_slope(model, day, done, column)
        for cause, units in split_by_cause(done, column).items():
            yield f"{done.population}:{cause}", done.round > 0, units, sign * slope * units


def level_parts(model: TracedModel, day: DayTrace, asset: str) -> list[Part]:
    """All parts of an asset's change of level."""
    market, column = model.economy.market, model.economy.roster.columns[asset]
    sign = -1.0 if market.rules.bond[column] else 1.0
    parts = [Part(NEWS, key, value) for key, value in news_parts(model, day, asset)]
    parts.append(Part(OVERNIGHT, "books", sign * float((day.morning.effect - day.before.effect)[column])))
    found: dict[tuple[str, bool], list[float]] = {}
    for key, forced, units, change in orders_parts(model, day, asset):
        entry = found.setdefault((key, forced), [0.0, 0.0])
        entry[0] += change
        entry[1] += units
    parts += [Part(ORDERS, key, change, forced, units) for (key, forced), (change, units) in found.items()]
    moved = day.close.level - day.before.level
    links = [(earlier, weight) for own, earlier, weight in market.rules.links if own == column]
    return parts + [
        Part(LINK, model.economy.roster.names[earlier], weight * float(moved[earlier])) for earlier, weight in links
    ]


def price_scale(model: TracedModel, day: DayTrace, asset: str) -> PriceScale:
    """How a change of level becomes a change of what is recorded."""
    column = price_column(asset)
    before, after = (float(model.recorder.market[column][0, step]) for step in (day.step - 1, day.step))
    if column.endswith("_pct"):
        return PriceScale(column, before, after, 1.0 / BASIS_POINT, True)
    return PriceScale(column, before, after, logarithmic_mean(before, after), False)


def price_column(asset: str) -> str:
    """Column of the daily table that holds an asset."""
    return {"ust10": "ust10_pct", "jgb10": "jgb10_pct", "bitcoin": "bitcoin_usd"}.get(asset, asset)


def logarithmic_mean(first: float, second: float) -> float:
    """``(b - a) / ln(b / a)``, the price itself where both are the same.  Source: Ang (2004)."""
    move = np.log1p((second - first) / first)
    return float((second - first) / move) if move else first


def day_parts(model: TracedModel, day: DayTrace, asset: str) -> tuple[list[Part], PriceScale]:
    """Parts of a day's recorded change, rounding last, and the scale they are in."""
    scale, per_unit = price_scale(model, day, asset), dollars_per_unit(model, asset)
    parts = [
        replace(
            part,
            change=part.change * scale.per_level,
            flow_usd=None if part.flow_usd is None else part.flow_usd * per_unit,
        )
        for part in level_parts(model, day, asset)
    ]
    recorded = (scale.after - scale.before) * (100.0 if scale.in_bp else 1.0)
    rest = recorded - sum(part.change for part in parts)
    return [*parts, Part(ROUNDING, "rounding", rest)], scale


def dollars_per_unit(model: TracedModel, asset: str) -> float:
    """Worth of a unit of an asset at start prices, dollars."""
    yen_priced = dict(zip(model.economy.roster.names, model.economy.roster.yen_priced, strict=True))[asset]
    return 1.0 / model.economy.market.start_usdjpy if yen_priced and asset != "usdjpy" else 1.0


def planned_usd(model: TracedModel, day: DayTrace, asset: str) -> float:
    """Dollars, or the asset's worth, that were bought as everybody expected, USD bn."""
    column = model.economy.roster.columns[asset]
    return dollars_per_unit(model, asset) * sum(float(done.expected[column]) for done in day.session.done)


def group_totals(parts: list[Part]) -> Mapping[str, float]:
    """Sum of each group, in the unit of the parts."""
    groups = dict.fromkeys(part.group for part in parts)
    return {group: sum(part.change for part in parts if part.group == group) for group in groups}
