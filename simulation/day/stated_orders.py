"""Orders as a population stated them, with what they add up to; forced orders of those who have one, and of nobody else."""

from dataclasses import dataclass, replace

from simulation.investors.population import Population
from simulation.values.conventions import Flags, Picked, Rows
from simulation.values.information import Information
from simulation.values.orders import Flow, Trade, flow_of
from simulation.values.quote import Quote


@dataclass(frozen=True)
class Order:
    """A population's trade, the same added up over investors, ``(runs, 1)``, and the flow that it makes."""

    trade: Trade
    total: Trade
    flow: Flow


@dataclass(frozen=True)
class Forced(Order):
    """Forced orders of those who have one, each a row of its own, ``(picked, 1)``; the rest of their population has none.

    Attributes
    ----------
    where
        Row and number of each investor in the population that it was picked from.
    rows
        Run of each investor, ``(picked,)``.
    part
        The investors with their sheets as they were when the orders were stated.
    now
        What they know, a row for each.
    """

    where: Picked
    rows: Rows
    part: Population
    now: Information

    def only(self, runs: Flags) -> "Forced":
        """The orders without those of runs outside `runs`, boolean ``(runs, 1)``."""
        if runs[self.rows].all():
            return self
        trade = self.trade.only(runs[self.rows])
        total = trade.by_run(self.rows, runs.size)
        return replace(self, trade=trade, total=total, flow=flow_of(total, self.part.sheet.books))


def order_of(population: Population, trade: Trade) -> Order:
    """A voluntary trade with its sum."""
    total = trade.added_up()
    return Order(trade, total, flow_of(total, population.sheet.books))


def forced_order(population: Population, where: Picked, rows: Rows, quote: Quote, now: Information) -> Forced:
    """What picked investors of the runs `rows` are forced to do, at the quote of all runs and from what is known in all."""
    part, here = population.at(where), now.at(rows)
    trade = part.forced_orders(quote.at(rows), here)
    total = trade.by_run(rows, quote.usdjpy.shape[0])
    return Forced(trade, total, flow_of(total, part.sheet.books), where, rows, part, here)
