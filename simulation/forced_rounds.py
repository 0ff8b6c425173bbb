"""Rounds of forced orders: margin calls, stops and liquidations, until nobody is forced.

Each round trades at the price that it makes; positions held before are marked to that price first.  Runs without forced
orders are left exactly as they are: a cascade goes on in copies of the runs that it holds, written back when it leaves them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from simulation.assets import Roster
from simulation.clearing import ALL, TradingDay
from simulation.conventions import Array, Rows
from simulation.information import Information
from simulation.investors.population import Population
from simulation.orders import Flow
from simulation.quote import Quote
from simulation.scenario import Limits
from simulation.stated_orders import Forced, forced_order


@dataclass(frozen=True)
class Exposed:
    """The populations that can be forced, in the runs whose cascade goes on.

    Attributes
    ----------
    populations
        All runs of them.
    rows
        The runs that go on.
    parts
        The populations cut to these runs; the populations themselves where these are all.
    now
        What is known in all runs.
    here
        What is known in these runs.
    """

    populations: Sequence[Population]
    rows: Rows
    parts: Sequence[Population]
    now: Information
    here: Information

    def only(self, rows: Rows) -> "Exposed":
        """The same in fewer runs, once what happened so far is written back."""
        if rows.size == self.rows.size:
            return self
        self.write_back()
        return exposed(self.populations, rows, self.now)

    def write_back(self) -> None:
        """Let the populations take over what happened to their parts."""
        for population, part in zip(self.populations, self.parts, strict=True):
            if part is not population:
                population.put(self.rows, part)


def exposed(populations: Sequence[Population], rows: Rows, now: Information) -> Exposed:
    """Populations that can be forced, cut to some runs."""
    if rows.size == now.carry.shape[0]:
        return Exposed(populations, rows, populations, now, now)
    parts = [population.at(rows) for population in populations] if rows.size else populations
    return Exposed(populations, rows, parts, now, now.at(rows))


def size_usd(flow: Flow, quote: Quote, roster: Roster) -> Array:
    """Gross dollars of a flow: spot and assets, USD bn, ``(runs, 1)``."""
    amount = np.abs(flow.assets * quote.price)
    amount[:, :1] = np.abs(flow.assets[:, :1])
    per_dollar = np.where(np.array(roster.yen_priced), quote.usdjpy, 1.0)
    return np.asarray((amount / per_dollar).sum(axis=1, keepdims=True))


def forced_of(day: TradingDay, held: Exposed) -> dict[str, Forced]:
    """Forced orders at the current quote, by population; nobody forced, no entry."""
    quote, forced = day.quote.at(held.rows), {}
    for part in held.parts:
        place, investor = np.nonzero(part.forced_investors(quote, held.here))
        if place.size:
            where = place[:, None], investor[:, None]
            forced[part.key] = forced_order(part, where, held.rows[place], day.quote, held.now)
    return forced


def forced_usd(day: TradingDay, forced: Mapping[str, Forced]) -> Array:
    """Gross dollars of all forced orders, USD bn, ``(runs, 1)``."""
    sizes = [size_usd(item.flow, day.quote, day.market.roster) for item in forced.values()]
    return np.asarray(sum(sizes, np.zeros_like(day.rounds)))


def forced_round(day: TradingDay, held: Exposed, tolerance: float) -> Exposed:
    """One round of margin calls, stops and liquidations; returns those of the runs in which somebody was forced."""
    forced = forced_of(day, held)
    amount = forced_usd(day, forced)
    active = (amount > tolerance) & day.alive
    moved = np.flatnonzero(active)
    if not moved.size:
        return held.only(moved)
    bought = sum((item.flow.assets for item in forced.values()), np.zeros_like(day.market.inventory))
    before = day.quote
    day.requote(np.where(active, bought, 0.0))
    everywhere = moved.size == held.rows.size
    day.mark(held.parts, before, moved, ALL if everywhere else np.searchsorted(held.rows, moved))
    for part in held.parts:
        if part.key in forced:
            day.force(part, forced[part.key].only(active), before)
    day.rounds += active
    day.forced_usd += np.where(active, amount, 0.0)
    return held.only(moved)


def trade_forced(day: TradingDay, now: Information, limits: Limits) -> None:
    """Rounds of forced orders until none is left above the tolerance; a cascade cut off is marked as unsettled."""
    first, tolerance = day.quote, limits.cascade_tolerance_usd_bn
    held = exposed(day.parties.forceable(), np.flatnonzero(day.alive), now)
    for _ in range(limits.cascade_rounds):
        if held.rows.size == 0:
            break
        held = forced_round(day, held, tolerance)
    if held.rows.size:
        day.unsettled |= (forced_usd(day, forced_of(day, held)) > tolerance) & day.alive
    held.write_back()
    day.mark([item for item in day.parties.populations if not item.can_be_forced], first)
