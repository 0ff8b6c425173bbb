"""A batch of runs whose parameters may differ from run to run: one scenario with columns where its runs differ.

Every behaviour is a function that broadcasts over runs, so a parameter may be one number or a column ``(runs, 1)``.
A cloud of calibrated parameter sets, or the points of a sweep, then cost one pass through the same code.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from simulation.investors.population import PopulationParameters
from simulation.scenario.scenario import Scenario

BLOCK_RUNS: Final = 128
"""Runs computed in one pass at most: beyond about 100 the fixed cost of a pass is spread thinly enough (measured)."""
MAY_DIFFER: Final = (
    "markets.usdjpy.fast_impact_pct_per_usd_bn",
    "markets.usdjpy.slow_impact_pct_per_usd_bn",
    "markets.usdjpy.own_volatility_pct",
    "markets.usdjpy.announcement_beta_pct_per_bp",
    "markets.usdjpy.spread_beta_pct_per_pp",
    "markets.usdjpy.credibility_beta_pct_per_bp",
    "markets.*.release_pct_per_day",
    "markets.*.decay_pct_per_day",
    "markets.*.lasting_share",
    "markets.*.stress_slope",
    "markets.*.stress_cap",
    "markets.*.thin_factor_x",
    "noise.student_t_df",
    "noise.clustering",
    "noise.clustering_memory",
    "credibility_bp_per_bp",
    "populations.*.stock_usd_bn",
    "populations.*.position_scale_x",
    "populations.*.leverage_x.*",
    "populations.*.leverage_cap_x",
    "populations.*.volatility_target_cap_x",
    "populations.*.incentive.*",
    "populations.*.adjustment.*",
    "populations.*.margin.*",
    "populations.*.trailing_stop.*",
)
"""Parameters that may differ between the runs of a batch, so that a cloud of parameter sets may hold them."""
GIVEN_MAY_DIFFER: Final = (
    "fed.meetings*.decision",
    "fed.meetings*.priced_probability",
    "boj.meetings*.decision",
    "boj.meetings*.priced_probability",
    "spread_path.target_pp",
)
"""Given numbers that may differ, too: policy, and no parameter of the model."""
GIVEN_NAMES_MAY_DIFFER: Final = ("fed.meetings*.guidance", "boj.meetings*.guidance")
"""Given names that may differ, but for one in some runs and none in others.  Every other key is one for all runs, except that
a path of the spread may be imposed in some runs and not in others, and the days of meetings may differ: runs that differ in
these have officials apart."""


@dataclass(frozen=True)
class RunBatch:
    """The runs of a batch and what they are run with.

    Attributes
    ----------
    runs
        Run numbers.
    common
        The scenario that all runs vary.
    scenario
        The same with columns ``(runs, 1)`` where runs differ.
    variants
        The scenario of each run; empty where all runs have `common`.
    calendars
        Rows with the same meeting days, each with their scenario as columns; one entry where all rows are alike.
    """

    runs: tuple[int, ...]
    common: Scenario
    scenario: Scenario
    variants: tuple[Scenario, ...]
    calendars: tuple[tuple[NDArray[np.intp], Scenario], ...]

    def parts(self) -> Iterator[tuple[Scenario, tuple[int, ...]]]:
        """Scenarios with the run numbers that they belong to, in the order of the runs."""
        if not self.variants:
            yield self.common, self.runs
        for run, variant in zip(self.runs, self.variants, strict=bool(self.variants)):
            yield variant, (run,)

    def populations(self, name: str) -> tuple[PopulationParameters, ...]:
        """Parameters of a population in each run; empty where they are the same in all."""
        return tuple(variant.populations[name] for variant in self.variants)


def build_batch(scenario: Scenario, runs: Sequence[int], variants: Sequence[Scenario] | None) -> RunBatch:
    """A batch of runs of one scenario, or of one variant of it each.

    Raises
    ------
    ValueError
        If there is not one variant per run, or variants differ in a key outside `MAY_DIFFER`.
    """
    numbers = tuple(runs)
    everybody = np.arange(len(numbers))
    if variants is None:
        return RunBatch(numbers, scenario, scenario, (), ((everybody, scenario),))
    if len(variants) != len(numbers):
        raise ValueError(f"{len(variants)} variants for {len(numbers)} runs; give one for each run")
    calendars = tuple((rows, stack_scenarios([variants[row] for row in rows])) for rows in rows_by_calendar(variants))
    whole = (
        calendars[0][1]
        if len(calendars) == 1
        else stack_scenarios([with_calendar_of(variants[0], one) for one in variants])
    )
    return RunBatch(numbers, scenario, whole, tuple(variants), calendars)


def rows_by_calendar(variants: Sequence[Scenario]) -> list[NDArray[np.intp]]:
    """Rows that share officials: the days of all meetings are the same."""
    found: dict[Any, list[int]] = {}
    for row, variant in enumerate(variants):
        days = tuple(tuple(meeting.date for meeting in bank.meetings) for bank in (variant.fed, variant.boj))
        found.setdefault(days, []).append(row)
    return [np.array(rows) for rows in found.values()]


def with_calendar_of(first: Scenario, variant: Scenario) -> Scenario:
    """A variant with the meetings and the imposed spread of the first: only officials know of these, and have their own."""
    banks = {
        name: getattr(variant, name).model_copy(update={"meetings": getattr(first, name).meetings})
        for name in ("fed", "boj")
    }
    return variant.model_copy(update={**banks, "spread_path": first.spread_path})


def stack_scenarios(variants: Sequence[Scenario]) -> Scenario:
    """One scenario in which every number that differs between the variants is a column ``(runs, 1)``."""
    joined: Scenario = _stack_values(with_spread_paths(variants), "")
    return joined


def with_spread_paths(variants: Sequence[Scenario]) -> list[Scenario]:
    """The variants with a path of the spread in all if there is one in some: without a target where none is imposed."""
    paths = [variant.spread_path for variant in variants if variant.spread_path is not None]
    if not paths or len(paths) == len(variants):
        return list(variants)
    none = paths[0].model_copy(update={"target_pp": np.nan})
    return [one.model_copy(update={"spread_path": one.spread_path or none}) for one in variants]


def _stack_values(values: list[Any], key: str) -> Any:
    first = values[0]
    if all(value is first or value == first for value in values[1:]):
        return first
    if isinstance(first, BaseModel) and all(type(value) is type(first) for value in values):
        names = type(first).model_fields
        parts = {name: _stack_values([getattr(value, name) for value in values], f"{key}.{name}") for name in names}
        return first.model_copy(update=parts)
    if isinstance(first, Mapping) and all(value.keys() == first.keys() for value in values):
        return {name: _stack_values([value[name] for value in values], f"{key}.{name}") for name in first}
    if isinstance(first, tuple) and all(isinstance(value, tuple) and len(value) == len(first) for value in values):
        return tuple(_stack_values([value[at] for value in values], f"{key}[{at}]") for at in range(len(first)))
    return _stack_column(values, key.removeprefix("."))


def _stack_column(values: list[Any], key: str) -> Any:
    if number_may_differ(key) and all(isinstance(value, float | int) for value in values):
        return np.array(values, dtype=np.float64)[:, None]
    if name_may_differ(key) and all(isinstance(value, str) for value in values):
        return np.array(values)[:, None]
    raise ValueError(f"{key} may not differ between the runs of one batch; run these variants one after the other")


def parameter_may_differ(key: str) -> bool:
    """Whether a parameter, such as ``markets.usdjpy.stress_slope``, may differ between the runs of a batch."""
    return any(fnmatchcase(key, pattern) for pattern in MAY_DIFFER)


def number_may_differ(key: str) -> bool:
    """Whether runs that differ in a number, a parameter or a given one, may be computed in one pass."""
    return parameter_may_differ(key) or any(fnmatchcase(key, pattern) for pattern in GIVEN_MAY_DIFFER)


def name_may_differ(key: str) -> bool:
    """Whether runs that differ in a name under a key may be computed in one pass."""
    return any(fnmatchcase(key, pattern) for pattern in GIVEN_NAMES_MAY_DIFFER)
