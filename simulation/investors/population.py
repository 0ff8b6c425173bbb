"""How investors of one population differ: sizes and personal parameters drawn from stated distributions.

The base of every population, whose rows are investors; in a Mesa model it is one agent (`simulation.day.model`).

Large populations in parts that fit a processor's cache: every verb goes over parts, and arrays stay whole in memory.

A pass over millions of investors at once fetches and allocates every intermediate array from main memory; over
`PART_INVESTORS` at a time it stays in cache, and no intermediate array is larger than a part.
"""

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, ClassVar, Final, Self

import numpy as np
from pydantic import Field, model_validator
from scipy.special import ndtri

from simulation.investors.unwind_rule import UnwindRule, exit_step, personal_thresholds
from simulation.values.assets import Book, Quote, Roster
from simulation.values.balance_sheet import BalanceSheet, set_opening_equity
from simulation.values.conventions import PERCENT, Array, Flags, InvestorIndex, Rows
from simulation.values.orders import Information, Trade
from simulation.values.parameters import Parameters, parameters_of_runs, quantity
from simulation.values.randomness import Streams, stratified_uniform


class ParetoSizes(Parameters):
    """Pareto sizes, capped so that one investor is never the market."""

    shape: float = quantity(
        2.2,
        "exponent",
        (2, 20),
        "tail exponent of sizes",
        "hedge-fund assets are Zipf-like; MODEL section 3: 2 or more",
    )
    largest_x: float = quantity(
        25,
        "multiple of the smallest",
        (1, 1e4),
        "cap on the largest size",
        "assumption: no investor is the market (MODEL section 3)",
    )

    def shares(self, stream: np.random.Generator, count: int) -> Array:
        """`count` shares of the population's stock that add to one."""
        uniform = stratified_uniform(stream, count)
        sizes = np.minimum((1.0 - uniform) ** (-1.0 / self.shape), self.largest_x)
        return np.asarray(sizes / sizes.sum())


class Lognormal(Parameters):
    """A positive personal parameter: lognormal, cut at `lowest` and `highest`."""

    median: float = Field(gt=0, le=1e6, description="median, in the unit of the key")
    log_sd: float = Field(
        0.4,
        ge=0,
        le=5,
        description="standard deviation of the logarithm",
        json_schema_extra={
            "source": "assumption, where a key states no other: the middle 80 % lie within a factor of 1.7"
        },
    )
    lowest: float = Field(
        1e-9, ge=0, description="values below are set to it", json_schema_extra={"source": "no bound"}
    )
    highest: float = Field(
        1e9, ge=0, description="values above are set to it", json_schema_extra={"source": "no bound"}
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.lowest <= self.median <= self.highest:
            raise ValueError(
                f"median {self.median:g} must lie between lowest {self.lowest:g} and highest {self.highest:g}"
            )
        return self

    def sample(self, stream: np.random.Generator, count: int) -> Array:
        """`count` stratified draws, shape ``(count,)``."""
        drawn = self.median * np.exp(self.log_sd * ndtri(stratified_uniform(stream, count)))
        return np.asarray(np.clip(drawn, self.lowest, self.highest))


def personal_parameter(default: Lognormal, unit: str, about: str, source: str = "") -> Any:
    """Declare a personal parameter with the unit of its values, their meaning and the source of the default."""
    extra: dict[str, Any] = {"unit": unit, "source": source}
    return Field(default, description=about, json_schema_extra=extra)


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
class PopulationStart:
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


class SelectedTraits(Mapping[str, Array]):
    """Traits of some runs or of picked investors: each is cut out when it is first asked for; many never are."""

    def __init__(self, whole: Mapping[str, Array], where: Rows | InvestorIndex) -> None:
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
        `sheet`, `traits` and `memory` are cut into parts (`simulation.investors.population`): keep nothing per investor elsewhere.
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

    def __init__(self, name: str, parameters: Any, start: PopulationStart) -> None:
        self.name = self.key = name
        self.parameters = parameters
        self.differs = bool(start.of_run)
        self.start = start.information
        self.traits: Mapping[str, Array] = self._draw(start)
        self.memory: dict[str, Array] = {}
        self.unwind = start.unwind
        self.noise_scale = start.noise_scale
        self.sheet: BalanceSheet = set_opening_equity(self.endowment(start.information), start.information.quote)
        if self.by_threshold:
            spread_pp = float(start.information.imposed_spread[0, 0]) / PERCENT
            threshold = personal_thresholds(self.traits["stock"], self.unwind, spread_pp)
            self.traits = {**self.traits, "threshold": threshold}
            self.memory["left"] = np.zeros_like(self.traits["stock"])

    def _draw(self, start: PopulationStart) -> dict[str, Array]:
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

    def at(self, where: Rows | InvestorIndex) -> Self:
        """A copy of this population for some runs, or of picked investors, to be written back with `put`."""
        rows = where[0][:, 0] if isinstance(where, tuple) else where
        part = self.with_parameters(parameters_of_runs(self.parameters, rows) if self.differs else self.parameters)
        part.sheet = self.sheet.at(where)
        part.traits = SelectedTraits(self.traits, where)
        part.memory = {name: values[where] for name, values in self.memory.items()}
        return part

    def put(self, where: Rows | InvestorIndex, part: Self) -> None:
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


PART_INVESTORS: Final = 32_768
"""Investors in a part, 256 kB an array: so many at any number of runs, because sums are added part by part (measured:
docs/performance_profile.md)."""


class ArrayViews(dict[str, Array]):
    """Arrays by name that are views: assigning to a name that exists writes into its array."""

    def __setitem__(self, name: str, values: Array) -> None:
        if name in self:
            self[name][...] = values
        else:
            super().__setitem__(name, values)

    def __ior__(self, other: Mapping[str, Array]) -> "ArrayViews":  # type: ignore[override, misc]
        for name, values in other.items():
            self[name] = values
        return self


def split_population(population: Population) -> tuple[Population, ...]:
    """The population itself if it is small, else consecutive parts of it; what happens to a part happens to the whole."""
    count = population.traits["stock"].shape[1]
    if count <= PART_INVESTORS:
        return (population,)
    slices = (slice(first, first + PART_INVESTORS) for first in range(0, count, PART_INVESTORS))
    return tuple(_population_part(population, number, investors) for number, investors in enumerate(slices))


def _population_part(population: Population, number: int, investors: slice) -> Population:
    part, sheet = copy.copy(population), population.sheet
    part.key = f"{population.name}/{number}"
    part.sheet = replace(
        sheet,
        holdings=dict(_investor_views(sheet.holdings, investors)),
        usd_cash=sheet.usd_cash[:, investors],
        jpy_cash=sheet.jpy_cash[:, investors],
        hedge_usd=None if sheet.hedge_usd is None else sheet.hedge_usd[:, investors],
        equity_usd=sheet.equity_usd[:, investors],
    )
    part.traits = dict(_investor_views(population.traits, investors))
    own = {name: values for name, values in population.memory.items() if name not in population.common_memory}
    part.memory = ArrayViews(_investor_views(own, investors))
    part.memory |= {name: population.memory[name] for name in population.common_memory}
    return part


def _investor_views(arrays: Mapping[str, Array], investors: slice) -> Iterator[tuple[str, Any]]:
    return ((name, values[:, investors]) for name, values in arrays.items())
