"""Additive decomposition of the change of one asset on one day.

Changes of levels (log prices, or yields for bonds) are additive: news, overnight effects of fading impact and transfers by
dealers, announced flows through the slow impact, each round of orders through the fast impact, and links to other assets.
Orders of a round arrive simultaneously and proportionally, so each has the mean slope between the inventories before and after.
The logarithmic mean of both prices converts a change of the log price into a change of the price without a residual.

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
"""Causes of flows that do not reduce positions: hedging, or another rule of the population."""
RELATIVE_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Part:
    """One part of a day's change.

    Attributes
    ----------
    group, key
        Group, and name within the group: a piece of news, an asset, or ``population:cause``.
    change
        Contribution: yen per dollar, index points or dollars for a price, basis points for a yield.
    forced
        Whether lenders or stop-loss rules forced the orders.
    flow_usd
        Purchases of dollars or of the asset, USD bn; None for parts without trades.
    """

    group: str
    key: str
    change: float
    forced: bool = False
    flow_usd: float | None = None


@dataclass(frozen=True)
class PriceScale:
    """Conversion of a change of level into the unit of the parts: a multiplication by `per_level`."""

    column: str
    before: float
    after: float
    per_level: float
    in_bp: bool


def news_parts(model: TracedModel, day: DayTrace, asset: str) -> Iterator[tuple[str, float]]:
    """Yield each piece of news with its change of the fundamental level."""
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
    """Yield the effect of each piece of rates news on log USDJPY; the rule is linear, so each is evaluated separately."""
    silent = no_news(1)
    for bank in ("fed", "boj"):
        bank_news: RateNews = getattr(news, bank)
        for item in fields(bank_news):
            alone = replace(silent, **{item.name: getattr(bank_news, item.name)})
            both = DayNews(**({"fed": silent, "boj": silent} | {bank: alone}))
            yield f"{bank}:{item.name}", float(currency_response(both, market)[0, 0])


def split_by_cause(execution: Execution, column: int) -> dict[str, float]:
    """Return units of an asset that one population bought in a round beyond the expected amount, by cause.

    Dollars of residents are repatriated or hedging.  Other flows are split by the causes' shares in the position reduction.
    """
    bought = float((execution.bought - execution.expected)[column])
    if column == 0 and execution.repatriated_usd is not None:
        repatriated = -execution.repatriated_usd - float(execution.expected[0])
        return {SLOW_REPATRIATION: repatriated, HEDGING: bought - repatriated}
    total, gross = sum(execution.unwound.values()), sum(abs(amount) for amount in execution.unwound.values())
    if abs(total) <= RELATIVE_TOLERANCE * gross or not gross:
        return {OWN_RULE: bought}
    return {cause: bought * amount / total for cause, amount in execution.unwound.items()}


@dataclass(frozen=True)
class ImpactCurve:
    """Fast or slow impact curve of one asset."""

    slow: bool
    slope: float
    scale: float

    def at(self, units: float) -> float:
        """Return the impact of a number of units."""
        rule = slow_impact if self.slow else fast_impact
        return float(rule(np.array([units]), np.array([self.slope]), np.array([self.scale]))[0])


def mean_slope(before: float, after: float, impact: ImpactCurve) -> float:
    """Return the impact per unit between two inventories, or the local slope if they are equal."""
    step = after - before
    if abs(step) <= RELATIVE_TOLERANCE * impact.scale:
        half = RELATIVE_TOLERANCE * impact.scale
        return (impact.at(before + half) - impact.at(before - half)) / (2.0 * half)
    return (impact.at(after) - impact.at(before)) / step


def impact_curves(model: TracedModel, day: DayTrace, column: int) -> tuple[ImpactCurve, ImpactCurve]:
    """Return the fast and the slow impact curve of an asset on a day."""
    table = model.economy.market.table
    slow, slow_scale, fast_scale = (
        float(np.ravel(np.broadcast_to(values, (1, len(day.slope)))[0])[column])
        for values in (table.slow, table.slow_scale, table.fast_scale)
    )
    return ImpactCurve(False, float(day.slope[column]), fast_scale), ImpactCurve(True, slow, slow_scale)


def execution_slope(model: TracedModel, day: DayTrace, execution: Execution, column: int) -> float:
    """Return the change of the log price, or minus that of the yield, per unit traded in this round."""
    fast, slow = impact_curves(model, day, column)
    if execution.announced:
        return mean_slope(float(day.morning.supplied[column]), float(day.close.supplied[column]), slow)
    inventories = [float(day.open_inventory[column]), *(float(row[column]) for row in day.session.inventories)]
    return mean_slope(inventories[execution.round], inventories[execution.round + 1], fast)


def orders_parts(model: TracedModel, day: DayTrace, asset: str) -> Iterator[tuple[str, bool, float, float]]:
    """Yield population and cause, whether forced, units bought, and change of the level."""
    column = model.economy.roster.columns[asset]
    sign = -1.0 if model.economy.market.rules.bond[column] else 1.0
    for execution in day.session.executions:
        slope = execution_slope(model, day, execution, column)
        for cause, units in split_by_cause(execution, column).items():
            yield f"{execution.population}:{cause}", execution.round > 0, units, sign * slope * units


def level_parts(model: TracedModel, day: DayTrace, asset: str) -> list[Part]:
    """Return all parts of an asset's change of level."""
    market, column = model.economy.market, model.economy.roster.columns[asset]
    sign = -1.0 if market.rules.bond[column] else 1.0
    parts = [Part(NEWS, key, value) for key, value in news_parts(model, day, asset)]
    parts.append(Part(OVERNIGHT, "books", sign * float((day.morning.effect - day.before.effect)[column])))
    by_order: dict[tuple[str, bool], list[float]] = {}
    for key, forced, units, change in orders_parts(model, day, asset):
        entry = by_order.setdefault((key, forced), [0.0, 0.0])
        entry[0] += change
        entry[1] += units
    parts += [Part(ORDERS, key, change, forced, units) for (key, forced), (change, units) in by_order.items()]
    changes = day.close.level - day.before.level
    links = [(earlier, weight) for own, earlier, weight in market.rules.links if own == column]
    return parts + [
        Part(LINK, model.economy.roster.names[earlier], weight * float(changes[earlier])) for earlier, weight in links
    ]


def price_scale(model: TracedModel, day: DayTrace, asset: str) -> PriceScale:
    """Return the conversion of a change of level into the recorded change."""
    column = price_column(asset)
    before, after = (float(model.recorder.market[column][0, step]) for step in (day.step - 1, day.step))
    if column.endswith("_pct"):
        return PriceScale(column, before, after, 1.0 / BASIS_POINT, True)
    return PriceScale(column, before, after, logarithmic_mean(before, after), False)


def price_column(asset: str) -> str:
    """Return the column of the daily table for an asset."""
    return {"ust10": "ust10_pct", "jgb10": "jgb10_pct", "bitcoin": "bitcoin_usd"}.get(asset, asset)


def logarithmic_mean(first: float, second: float) -> float:
    """Return ``(b - a) / ln(b / a)``, or the price itself if both are equal.  Source: Ang (2004)."""
    log_change = np.log1p((second - first) / first)
    return float((second - first) / log_change) if log_change else first


def day_parts(model: TracedModel, day: DayTrace, asset: str) -> tuple[list[Part], PriceScale]:
    """Return the parts of a day's recorded change, rounding last, and the conversion of levels."""
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
    """Return the value of a unit of an asset at start prices, dollars."""
    yen_priced = dict(zip(model.economy.roster.names, model.economy.roster.yen_priced, strict=True))[asset]
    return 1.0 / model.economy.market.start_usdjpy if yen_priced and asset != "usdjpy" else 1.0


def planned_usd(model: TracedModel, day: DayTrace, asset: str) -> float:
    """Return expected purchases of dollars or of the asset, USD bn."""
    column = model.economy.roster.columns[asset]
    return dollars_per_unit(model, asset) * sum(
        float(execution.expected[column]) for execution in day.session.executions
    )


def group_totals(parts: list[Part]) -> Mapping[str, float]:
    """Return the sum of each group, in the unit of the parts."""
    groups = dict.fromkeys(part.group for part in parts)
    return {group: sum(part.change for part in parts if part.group == group) for group in groups}
