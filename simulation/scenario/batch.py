"""Batches of runs with different parameters: one scenario with columns ``(runs, 1)`` where the runs differ.

Behaviour rules broadcast over runs, so runs with different parameter sets need only one pass through the model.
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
"""Maximum number of runs in one pass; beyond about 100 runs the fixed cost of a pass per run is small (measured)."""
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
"""Parameters that may differ between the runs of a batch, and so may be columns of calibrated parameter sets."""
GIVEN_MAY_DIFFER: Final = (
    "fed.meetings*.decision",
    "fed.meetings*.priced_probability",
    "boj.meetings*.decision",
    "boj.meetings*.priced_probability",
    "spread_path.target_pp",
)
"""Policy inputs that may also differ; they are not parameters of the model."""
GIVEN_NAMES_MAY_DIFFER: Final = ("fed.meetings*.guidance", "boj.meetings*.guidance")
"""Text inputs that may differ, if every run states one.  All other keys must be equal in all runs, with two exceptions that
give runs separate officials: an imposed path of the spread in some runs only, and the days of meetings."""


@dataclass(frozen=True)
class RunBatch:
    """The runs of a batch and their scenarios.

    Attributes
    ----------
    runs
        Run numbers.
    common
        The base scenario.
    scenario
        The scenario with columns ``(runs, 1)`` where runs differ.
    variants
        The scenario of each run; empty if all runs use `common`.
    calendars
        Groups of rows with the same meeting days, each with its scenario; one entry if all rows have the same days.
    """

    runs: tuple[int, ...]
    common: Scenario
    scenario: Scenario
    variants: tuple[Scenario, ...]
    calendars: tuple[tuple[NDArray[np.intp], Scenario], ...]

    def parts(self) -> Iterator[tuple[Scenario, tuple[int, ...]]]:
        """Scenarios and their run numbers, in the order of the runs."""
        if not self.variants:
            yield self.common, self.runs
        for run, variant in zip(self.runs, self.variants, strict=bool(self.variants)):
            yield variant, (run,)

    def populations(self, name: str) -> tuple[PopulationParameters, ...]:
        """Parameters of a population in each run; empty if all runs use `common`."""
        return tuple(variant.populations[name] for variant in self.variants)


def build_batch(scenario: Scenario, runs: Sequence[int], variants: Sequence[Scenario] | None) -> RunBatch:
    """A batch of runs of one scenario, or of one variant of it per run.

    Raises
    ------
    ValueError
        If the number of variants is not the number of runs, or variants differ in a key that must be equal in all runs.
    """
    numbers = tuple(runs)
    all_rows = np.arange(len(numbers))
    if variants is None:
        return RunBatch(numbers, scenario, scenario, (), ((all_rows, scenario),))
    if len(variants) != len(numbers):
        raise ValueError(f"{len(variants)} variants for {len(numbers)} runs; pass one variant per run")
    calendars = tuple((rows, stack_scenarios([variants[row] for row in rows])) for rows in rows_by_calendar(variants))
    whole = (
        calendars[0][1]
        if len(calendars) == 1
        else stack_scenarios([with_calendar_of(variants[0], one) for one in variants])
    )
    return RunBatch(numbers, scenario, whole, tuple(variants), calendars)


def rows_by_calendar(variants: Sequence[Scenario]) -> list[NDArray[np.intp]]:
    """Groups of rows with the same days of all meetings."""
    found: dict[Any, list[int]] = {}
    for row, variant in enumerate(variants):
        days = tuple(tuple(meeting.date for meeting in bank.meetings) for bank in (variant.fed, variant.boj))
        found.setdefault(days, []).append(row)
    return [np.array(rows) for rows in found.values()]


def with_calendar_of(first: Scenario, variant: Scenario) -> Scenario:
    """A variant with the meetings and the imposed spread of the first; only officials use these, and have their own copy."""
    banks = {
        name: getattr(variant, name).model_copy(update={"meetings": getattr(first, name).meetings})
        for name in ("fed", "boj")
    }
    return variant.model_copy(update={**banks, "spread_path": first.spread_path})


def stack_scenarios(variants: Sequence[Scenario]) -> Scenario:
    """One scenario in which each number that differs between the variants is a column ``(runs, 1)``."""
    combined: Scenario = _stack_values(with_spread_paths(variants), "")
    return combined


def with_spread_paths(variants: Sequence[Scenario]) -> list[Scenario]:
    """The variants, all with a path of the spread if some have one; its target is NaN where none was imposed."""
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
    raise ValueError(f"{key} may not differ between the runs of one batch; run these variants separately")


def parameter_may_differ(key: str) -> bool:
    """Whether a parameter, such as ``markets.usdjpy.stress_slope``, may differ between the runs of a batch."""
    return any(fnmatchcase(key, pattern) for pattern in MAY_DIFFER)


def number_may_differ(key: str) -> bool:
    """Whether a number, a parameter or a policy input, may differ between the runs of a batch."""
    return parameter_may_differ(key) or any(fnmatchcase(key, pattern) for pattern in GIVEN_MAY_DIFFER)


def name_may_differ(key: str) -> bool:
    """Whether a text input may differ between the runs of a batch."""
    return any(fnmatchcase(key, pattern) for pattern in GIVEN_NAMES_MAY_DIFFER)
