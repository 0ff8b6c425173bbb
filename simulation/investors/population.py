"""The base of every population, whose rows are investors; in a Mesa model it is one agent (`simulation.day.model`)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Self

import numpy as np
from pydantic import Field

from simulation.investors.heterogeneity import ParetoSizes
from simulation.investors.unwind_rule import UnwindRule, exit_step, personal_thresholds
from simulation.values.assets import Book, Roster
from simulation.values.balance_sheet import BalanceSheet, opened
from simulation.values.conventions import PERCENT, Array, Flags, Picked, Rows
from simulation.values.information import Information
from simulation.values.orders import Trade
from simulation.values.parameters import Parameters, of_rows, quantity
from simulation.values.quote import Quote
from simulation.values.randomness import Streams

CARRY_ROLES = ("levered", "resident", "retail")
"""Roles whose foreign positions make up the carry stock."""


class PopulationParameters(Parameters):
    """What every population states in a config."""

    kind: str
    investors: int = Field(ge=1, le=20_000_000, description="number of investors: a resolution, not a quantity")
    stock_usd_bn: float = quantity(..., "$bn", (0, 100_000), "position of the whole population at the start")
    size: ParetoSizes = ParetoSizes()
    funding_spread_bp: float = quantity(
        0, "bp per year", (0, 5000), "spread over the policy rate paid on loans", "0: those who borrow state their own"
    )


@dataclass(frozen=True)
class Start:
    """The state a population is born into.

    Attributes
    ----------
    information, streams, unwind, days, noise_scale
        Public information, random streams, unwind rule, number of days, scale of noise.
    of_run
        The population's parameters in each run where they differ between runs; empty: the same in all.
    """

    information: Information
    streams: Streams
    unwind: UnwindRule
    days: int
    noise_scale: float
    of_run: tuple[PopulationParameters, ...] = ()


class CutTraits(Mapping[str, Array]):
    """Traits of some runs or of picked investors: each is cut out when it is first asked for; many never are."""

    def __init__(self, whole: Mapping[str, Array], where: Rows | Picked) -> None:
        self.whole, self.where = whole, where
        self.cut: dict[str, Array] = {}

    def __getitem__(self, name: str) -> Array:
        found = self.cut.get(name)
        if found is None:
            found = self.cut[name] = self.whole[name][self.where]
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self.whole)

    def __len__(self) -> int:
        return len(self.whole)


class Population:
    """A population of investors.

    A subclass states its `Parameters`, its `role`, how it starts (`draws`, `endowment`) and what it wants (`orders`);
    leveraged ones also state what they are forced to do within the day (`forced_orders`).

    Attributes
    ----------
    name
        Name of the population in the scenario.
    sheet
        Balance sheets, arrays ``(runs, investors)``; written by settlement only.
    traits
        Personal parameters, fixed for the run, ``(runs, investors)``.
    memory
        What investors remember from day to day beside their balance sheet, ``(runs, investors)``.  Of large populations only
        `sheet`, `traits` and `memory` are cut into parts (`simulation.investors.parts`): keep nothing per investor elsewhere.
    key
        Name of this part of the population; of a population in one part, its name.
    since
        First day on which there were investors of this kind; an earlier scenario that holds them is told so.
    """

    Parameters: ClassVar[type[PopulationParameters]]
    role: ClassVar[str] = "other"
    needs: ClassVar[tuple[str, ...]] = ()
    margined: ClassVar[bool] = False
    owners_in_yen: ClassVar[bool] = False
    common_memory: ClassVar[tuple[str, ...]] = ()
    since: ClassVar[date] = date.min

    @property
    def by_threshold(self) -> bool:
        """Whether this population holds carry and leaves by the scenario's threshold rule."""
        return self.unwind.rule == "threshold" and self.role in CARRY_ROLES

    @property
    def can_be_forced(self) -> bool:
        """Whether lenders or stops can force this population within the day; the threshold rule replaces both."""
        return self.margined and not self.by_threshold

    def __init__(self, name: str, parameters: Any, start: Start) -> None:
        self.name = self.key = name
        self.parameters = parameters
        self.differs = bool(start.of_run)
        self.start = start.information
        self.traits: Mapping[str, Array] = self._draw(start)
        self.memory: dict[str, Array] = {}
        self.unwind = start.unwind
        self.noise_scale = start.noise_scale
        self.sheet: BalanceSheet = opened(self.endowment(start.information), start.information.quote)
        if self.by_threshold:
            spread_pp = float(start.information.imposed_spread[0, 0]) / PERCENT
            threshold = personal_thresholds(self.traits["stock"], self.unwind, spread_pp)
            self.traits = {**self.traits, "threshold": threshold}
            self.memory["left"] = np.zeros_like(self.traits["stock"])

    def _draw(self, start: Start) -> dict[str, Array]:
        each = start.of_run or (self.parameters,) * len(start.streams.runs)
        makers = [self.with_parameters(own) for own in each]
        names = list(makers[0].draws(np.random.default_rng(0), 1))
        drawn = start.streams.draw_each(f"population:{self.name}", [maker.sample for maker in makers])
        return {name: np.ascontiguousarray(drawn[:, row]) for row, name in enumerate(names)}

    def sample(self, stream: np.random.Generator) -> Array:
        """Personal parameters of every investor of one run, ``(traits, investors)``."""
        return np.stack(list(self.draws(stream, self.parameters.investors).values()))

    def with_parameters(self, parameters: Any) -> Self:
        """The same population with other parameters; everything else is shared."""
        part = object.__new__(
            type(self)
        )  # copy.copy takes ten times as long, and every round of a cascade asks for copies
        part.__dict__.update(self.__dict__, parameters=parameters)
        return part

    def draws(self, stream: np.random.Generator, count: int) -> dict[str, Array]:
        """Personal parameters of `count` investors by name, each ``(count,)``; must include ``stock`` in USD bn."""
        return {"stock": self.parameters.stock_usd_bn * self.parameters.size.shares(stream, count)}

    def books(self, roster: Roster) -> dict[str, Book]:
        """The bundles of assets this population holds, by name."""
        raise TypeError(f"{type(self).__name__} does not say what it holds")

    def endowment(self, now: Information) -> BalanceSheet:
        """Balance sheets at the start."""
        raise TypeError(f"{type(self).__name__} does not say what it owns at the start")

    def orders(self, now: Information) -> Trade | None:
        """What the investors want to trade today, from yesterday's prices and today's public news."""
        return None

    def forced(self, quote: Quote, now: Information) -> Flags:
        """Which runs have an investor whom lenders or stop orders force at these prices, ``(runs,)``."""
        return np.asarray(self.forced_investors(quote, now).any(axis=1))

    def forced_investors(self, quote: Quote, now: Information) -> Flags:
        """Whom lenders or stop orders force at these prices, ``(runs, investors)``; nobody else has forced orders."""
        return np.zeros((quote.usdjpy.shape[0], 1), dtype=np.bool_)

    def leave(self, share: Array, now: Information, converted: float) -> Trade:
        """Give up a share of the start position, ``(runs, investors)``, converting a part `converted` of the money to yen."""
        raise TypeError(f"{type(self).__name__} holds no carry")

    def threshold_orders(self, now: Information) -> Trade | None:
        """Leave where the imposed spread is below the personal threshold."""
        step = exit_step(self.memory["left"], self.traits["threshold"], now.imposed_spread, self.unwind.exit_days)
        if not step.any():
            return None
        self.memory["left"] = self.memory["left"] + step
        return self.leave(step, now, self.unwind.repatriated_share)

    def forced_orders(self, quote: Quote, now: Information) -> Trade:
        """What lenders and stop orders force at these prices."""
        raise TypeError(f"{type(self).__name__} is never forced")

    def forced_spot_usd(self, falls: tuple[float, ...], now: Information) -> list[Array]:
        """Dollars sold by force if USDJPY fell by each of `falls` (decimals) from the close, each ``(runs, 1)``."""
        return [np.zeros_like(now.carry) for _ in falls]

    def levered_spot_usd(self, usdjpy: Array) -> Array:
        """Dollars it would sell for yen at this rate if it were forced out altogether, USD bn, ``(runs, 1)``."""
        return np.zeros_like(usdjpy)

    def executed(self, trade: Trade, order_quote: Quote, now: Information, quote: Quote) -> None:
        """Remember what execution at `quote` of an order stated at `order_quote` changes beside the balance sheet."""

    def close(self, quote: Quote, income: Array) -> Array | None:
        """End of day: update personal memory; returns dollars paid to owners, ``(runs, investors)``, or none.

        Where `owners_in_yen` holds, that is the dollar value of yen paid out or brought in.
        """
        return None

    def stock(self) -> Array:
        """Foreign position at start prices, USD bn, ``(runs, 1)``."""
        raise TypeError(f"{type(self).__name__} does not say what its foreign position is")

    def at(self, where: Rows | Picked) -> Self:
        """A copy of this population for some runs, or of picked investors, to be written back with `put`."""
        rows = where[0][:, 0] if isinstance(where, tuple) else where
        part = self.with_parameters(of_rows(self.parameters, rows) if self.differs else self.parameters)
        part.sheet = self.sheet.at(where)
        part.traits = CutTraits(self.traits, where)
        part.memory = {name: values[where] for name, values in self.memory.items()}
        return part

    def put(self, where: Rows | Picked, part: Self) -> None:
        """Take over what happened to some runs or picked investors."""
        self.sheet.put(where, part.sheet)
        for name, values in part.memory.items():
            self.memory[name][where] = values

    def __getitem__(self, investor: int) -> dict[str, float]:
        """One investor of the first run, for teaching and debugging."""
        sheet = self.sheet
        view = {name: float(values[0, investor]) for name, values in self.traits.items()}
        view |= {book: float(units[0, investor]) for book, units in sheet.holdings.items()}
        for key in ("usd_cash", "jpy_cash", "hedge_usd", "equity_usd"):
            values = getattr(sheet, key)
            view |= {} if values is None else {key: float(values[0, investor])}
        return view
