"""Base class of all populations, the distributions of personal parameters, and the division of large populations into parts.

Large populations are processed in parts of `PART_INVESTORS` investors, so that intermediate arrays fit the processor cache.
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

CARRY_ROLES = ("levered", "resident", "retail")
"""Roles whose foreign positions make up the carry stock."""
JAPANESE_ROLES = ("resident", "retail")
"""Roles whose investors all reside in Japan."""
PART_INVESTORS: Final = 32_768
"""Investors per part, 256 kB per array; independent of the number of runs, because sums are added part by part (measured in
docs/performance.md)."""


class ParetoSizes(Parameters):
    """Pareto-distributed sizes with a cap on the largest investor."""

    ACTS_WHEN: ClassVar = {
        "largest_x": "the draw of an investor reaches the cap, about one in a thousand",
    }

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
        """Shares of the population's stock, summing to one, ``(count,)``."""
        uniform = stratified_uniform(stream, count)
        sizes = np.minimum((1.0 - uniform) ** (-1.0 / self.shape), self.largest_x)
        return np.asarray(sizes / sizes.sum())


class Lognormal(Parameters):
    """A positive personal parameter: lognormal, clipped at `lowest` and `highest`."""

    ACTS_WHEN: ClassVar = {
        "lowest": "the draw of an investor lies below it",
        "highest": "the draw of an investor lies above it",
    }

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
        """Stratified draws, ``(count,)``."""
        drawn = self.median * np.exp(self.log_sd * ndtri(stratified_uniform(stream, count)))
        return np.asarray(np.clip(drawn, self.lowest, self.highest))


def personal_parameter(default: Lognormal, unit: str, about: str, source: str = "") -> Any:
    """Declare a personal parameter with its default distribution, unit, meaning and source."""
    extra: dict[str, Any] = {"unit": unit, "source": source}
    return Field(default, description=about, json_schema_extra=extra)


class PopulationParameters(Parameters):
    """Config parameters common to all populations."""

    ACTS_WHEN: ClassVar = {
        "funding_spread_bp": "the population has loans",
        "investors": "investors differ in what they do: all act alike, and their number divides the same flow",
        "size": "investors differ in what they do: all act alike, and their sizes divide the same flow",
    }

    kind: str
    investors: int = Field(ge=1, le=20_000_000, description="number of investors: a resolution, not a quantity")
    stock_usd_bn: float = quantity(..., "$bn", (0, 100_000), "position of the whole population at the start")
    size: ParetoSizes = ParetoSizes()
    funding_spread_bp: float = quantity(
        0,
        "bp per year",
        (0, 5000),
        "spread over the policy rate paid on loans",
        "0: populations that borrow have their own default",
    )


@dataclass(frozen=True)
class PopulationStart:
    """Inputs to the construction of a population.

    Attributes
    ----------
    information, streams, unwind, days, noise_scale
        Public information, random streams, unwind rule, number of days, scale of noise.
    of_run
        The population's parameters in each run if they differ between runs; empty: the same in all runs.
    """

    information: Information
    streams: Streams
    unwind: UnwindRule
    days: int
    noise_scale: float
    of_run: tuple[PopulationParameters, ...] = ()


class SelectedTraits(Mapping[str, Array]):
    """Traits of selected runs or investors; each array is selected on first access."""

    def __init__(self, whole: Mapping[str, Array], where: Rows | InvestorIndex) -> None:
        self.whole, self.where = whole, where
        self.cached: dict[str, Array] = {}

    def __getitem__(self, name: str) -> Array:
        values = self.cached.get(name)
        if values is None:
            values = self.cached[name] = self.whole[name][self.where]
        return values

    def __iter__(self) -> Iterator[str]:
        return iter(self.whole)

    def __len__(self) -> int:
        return len(self.whole)


class Population:
    """A population of investors.

    A subclass defines its `Parameters`, its `role`, its initial state (`draws`, `endowment`) and its orders (`orders`);
    leveraged populations also define their forced orders within the day (`forced_orders`).

    Attributes
    ----------
    name
        Name of the population in the scenario.
    sheet
        Balance sheets, arrays ``(runs, investors)``; written by settlement only.
    traits
        Personal parameters, fixed for the run, ``(runs, investors)``.
    memory
        State of investors that carries over between days apart from the balance sheet, ``(runs, investors)``.  Large populations
        split only `sheet`, `traits` and `memory` into parts: keep no per-investor state elsewhere.
    key
        Name of this part of the population; the name of the population if it has one part.
    since
        First date on which investors of this kind existed; earlier scenarios that contain them give a warning.
    role
        ``levered``, ``resident``, ``retail`` or ``other``.
    needs
        Assets without which a scenario cannot contain this population.
    margined
        Whether the population can face margin calls, stops or liquidations within the day.
    owners_in_yen
        Whether owners receive and pay in yen.
    common_memory
        Names in `memory` that are shared by all parts of a population instead of split by investor.
    """

    Parameters: ClassVar[type[PopulationParameters]]
    role: ClassVar[str] = "other"
    needs: ClassVar[tuple[str, ...]] = ()
    margined: ClassVar[bool] = False
    owners_in_yen: ClassVar[bool] = False
    common_memory: ClassVar[tuple[str, ...]] = ()
    since: ClassVar[date] = date.min

    @classmethod
    def share_in_japan(cls, parameters: Any) -> float:
        """Share of the population that resides in Japan, 0 to 1; only these investors repatriate (`Trade.repatriated`)."""
        return 1.0 if cls.role in JAPANESE_ROLES else 0.0

    @property
    def uses_threshold_rule(self) -> bool:
        """Whether this population is part of the carry stock and follows the threshold rule."""
        return self.unwind.rule == "threshold" and self.role in CARRY_ROLES

    @property
    def can_be_forced(self) -> bool:
        """Whether this population can face margin calls or stops within the day; the threshold rule replaces both."""
        return self.margined and not self.uses_threshold_rule

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
        if self.uses_threshold_rule:
            spread_pp = float(start.information.imposed_spread[0, 0]) / PERCENT
            threshold = personal_thresholds(self.traits["stock"], self.unwind, spread_pp)
            self.traits = {**self.traits, "threshold": threshold}
            self.memory["left"] = np.zeros_like(self.traits["stock"])

    def _draw(self, start: PopulationStart) -> dict[str, Array]:
        """Personal parameters of all runs by name, ``(runs, investors)``."""
        per_run = start.of_run or (self.parameters,) * len(start.streams.runs)
        variants = [self.with_parameters(parameters) for parameters in per_run]
        names = list(variants[0].draws(np.random.default_rng(0), 1))
        drawn = start.streams.draw_each(f"population:{self.name}", [variant.sample for variant in variants])
        return {name: np.ascontiguousarray(drawn[:, row]) for row, name in enumerate(names)}

    def sample(self, stream: np.random.Generator) -> Array:
        """Personal parameters of every investor of one run, ``(traits, investors)``."""
        return np.stack(list(self.draws(stream, self.parameters.investors).values()))

    def with_parameters(self, parameters: Any) -> Self:
        """The same population with other parameters; all other state is shared."""
        # copy.copy takes ten times as long, and every round of forced orders needs copies.
        part = object.__new__(type(self))
        part.__dict__.update(self.__dict__, parameters=parameters)
        return part

    def draws(self, stream: np.random.Generator, count: int) -> dict[str, Array]:
        """Personal parameters of `count` investors by name, each ``(count,)``; must include ``stock`` in USD bn."""
        return {"stock": self.parameters.stock_usd_bn * self.parameters.size.shares(stream, count)}

    def books(self, roster: Roster) -> dict[str, Book]:
        """The bundles of assets that this population holds, by name."""
        raise TypeError(f"{type(self).__name__} does not define books: the bundles of assets it holds")

    def endowment(self, now: Information) -> BalanceSheet:
        """Balance sheets at the start."""
        raise TypeError(f"{type(self).__name__} does not define endowment: its balance sheets at the start")

    def orders(self, now: Information) -> Trade | None:
        """Orders of the day, based on yesterday's prices and today's public news; none: no orders."""
        return None

    def forced(self, quote: Quote, now: Information) -> Flags:
        """Whether any investor faces forced orders at these prices, ``(runs,)``."""
        return np.asarray(self.forced_investors(quote, now).any(axis=1))

    def forced_investors(self, quote: Quote, now: Information) -> Flags:
        """Whether each investor faces forced orders at these prices, ``(runs, investors)``."""
        return np.zeros((quote.usdjpy.shape[0], 1), dtype=np.bool_)

    def leave(self, share: Array, now: Information, converted: float) -> Trade:
        """Close a share of the initial position, ``(runs, investors)``, and convert a part `converted` of the proceeds to yen."""
        raise TypeError(f"{type(self).__name__} does not define leave: it is not part of the carry stock")

    def threshold_orders(self, now: Information) -> Trade | None:
        """Orders under the threshold rule: exit if the imposed spread is below the personal threshold."""
        step = exit_step(self.memory["left"], self.traits["threshold"], now.imposed_spread, self.unwind.exit_days)
        if not step.any():
            return None
        self.memory["left"] = self.memory["left"] + step
        return self.leave(step, now, self.unwind.repatriated_share)

    def forced_orders(self, quote: Quote, now: Information) -> Trade:
        """Forced orders at these prices."""
        raise TypeError(f"{type(self).__name__} does not define forced_orders")

    def forced_spot_usd(self, falls: tuple[float, ...], now: Information) -> list[Array]:
        """Forced dollar sales after each of `falls` (decimal) of USDJPY from the close, USD bn, each ``(runs, 1)``."""
        return [np.zeros_like(now.carry) for _ in falls]

    def levered_spot_usd(self, usdjpy: Array) -> Array:
        """Dollars sold for yen at this rate if all positions were closed, USD bn, ``(runs, 1)``."""
        return np.zeros_like(usdjpy)

    def record_execution(self, trade: Trade, order_quote: Quote, now: Information, quote: Quote) -> None:
        """Update memory after an order submitted at `order_quote` is executed at `quote`."""

    def close(self, quote: Quote, income: Array) -> Array | None:
        """Update memory at the close; returns dollars paid to owners, USD bn, ``(runs, investors)``, or none.

        If `owners_in_yen` is set, the amount is the dollar value of yen paid out (negative: paid in).
        """
        return None

    def stock(self) -> Array:
        """Foreign position at start prices, USD bn, ``(runs, 1)``."""
        raise TypeError(f"{type(self).__name__} does not define stock: its foreign position")

    def at(self, where: Rows | InvestorIndex) -> Self:
        """A copy of this population for selected runs or investors, to be written back with `put`."""
        rows = where[0][:, 0] if isinstance(where, tuple) else where
        part = self.with_parameters(parameters_of_runs(self.parameters, rows) if self.differs else self.parameters)
        part.sheet = self.sheet.at(where)
        part.traits = SelectedTraits(self.traits, where)
        part.memory = {name: values[where] for name, values in self.memory.items()}
        return part

    def put(self, where: Rows | InvestorIndex, part: Self) -> None:
        """Write back the state of selected runs or investors from `part`."""
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


class ArrayViews(dict[str, Array]):
    """Array views by name: assigning to an existing name writes into its array."""

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
    """The population itself if it is small, else consecutive parts that share its arrays."""
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
