"""Rounds of forced orders: margin calls, stops and liquidations, until nobody is forced.

Each round trades at the price that it makes; positions held before are marked to that price first.  Runs without forced
orders are left exactly as they are: a cascade goes on in copies of the runs that it holds, written back when it leaves them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from simulation.day.clearing import ALL, TradingDay
from simulation.day.stated_orders import Forced, forced_order
from simulation.investors.population import Population
from simulation.scenario.scenario import Limits
from simulation.values.assets import Roster
from simulation.values.conventions import Array, Flags, Rows, row_sum
from simulation.values.information import Information
from simulation.values.orders import Flow
from simulation.values.quote import Quote


@dataclass(frozen=True)
class Exposed:
    """The populations that can be forced, in runs of which a cascade goes on in some or all.

    Attributes
    ----------
    populations
        All runs of them.
    rows
        The runs that are held here.
    parts
        The populations cut to these runs; the populations themselves where these are all.
    going
        Those of `rows` in which the cascade goes on.
    now
        What is known in all runs.
    here
        What is known in these runs.
    """

    populations: Sequence[Population]
    rows: Rows
    parts: Sequence[Population]
    going: Rows
    now: Information
    here: Information

    @property
    def places(self) -> Rows | slice:
        """Where the runs in which the cascade goes on stand among those held here."""
        return ALL if self.going.size == self.rows.size else np.searchsorted(self.rows, self.going)

    @property
    def flags(self) -> Flags:
        """In which of the runs held here the cascade goes on, ``(rows, 1)``."""
        flags: Flags = np.zeros((self.rows.size, 1), dtype=np.bool_)
        flags[self.places] = True
        return flags

    def only(self, going: Rows) -> "Exposed":
        """The same when the cascade goes on in fewer runs; others are written back and dropped once they are the half."""
        if 2 * going.size > self.rows.size:
            return replace(self, going=going)
        self.write_back()
        return exposed(self.populations, going, self.now)

    def write_back(self) -> None:
        """Let the populations take over what happened to their parts."""
        for population, part in zip(self.populations, self.parts, strict=True):
            if part is not population:
                population.put(self.rows, part)


def exposed(populations: Sequence[Population], rows: Rows, now: Information) -> Exposed:
    """Populations that can be forced, cut to some runs."""
    if rows.size == now.carry.shape[0]:
        return Exposed(populations, rows, populations, rows, now, now)
    parts = [population.at(rows) for population in populations] if rows.size else populations
    return Exposed(populations, rows, parts, rows, now, now.at(rows))


def size_usd(flow: Flow, quote: Quote, roster: Roster) -> Array:
    """Gross dollars of a flow: spot and assets, USD bn, ``(runs, 1)``."""
    amount = flow.assets * quote.price
    amount[:, :1] = flow.assets[:, :1]
    amount /= np.where(roster.in_yen, quote.usdjpy, 1.0)
    return row_sum(np.abs(amount, out=amount))


def forced_of(day: TradingDay, held: Exposed) -> dict[str, Forced]:
    """Forced orders at the current quote, by population; nobody forced, no entry."""
    quote, forced, everywhere = day.quote.at(held.rows), {}, held.going.size == held.rows.size
    for part in held.parts:
        hit = part.forced_investors(quote, held.here)
        hit = hit if everywhere else hit & held.flags
        picked = hit.ravel().nonzero()[0]
        if picked.size:
            place, investor = np.divmod(picked, hit.shape[1])
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
    moved = active.ravel().nonzero()[0]
    if not moved.size:
        return held.only(moved)
    bought = sum((item.flow.assets for item in forced.values()), np.zeros_like(day.market.inventory))
    before = day.quote
    day.requote(np.where(active, bought, 0.0))
    held = replace(held, going=moved)
    day.mark(held.parts, before, moved, held.places)
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
        if held.going.size == 0:
            break
        held = forced_round(day, held, tolerance)
    if held.going.size:
        day.unsettled |= (forced_usd(day, forced_of(day, held)) > tolerance) & day.alive
    held.write_back()
    moved = np.flatnonzero(day.rounds)
    if moved.size:
        day.mark([item for item in day.parties.populations if not item.can_be_forced], first, moved, moved)
