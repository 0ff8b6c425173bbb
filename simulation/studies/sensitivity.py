"""Which outcomes each numeric key of a scenario moves: one key at a time by one step, all with the same draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from simulation.compute.workers import map_in_order
from simulation.results.effects import FEWEST_RUNS, effects_between
from simulation.results.estimates import EstimateWithError
from simulation.results.metrics import FloatArray
from simulation.scenario.batch import BLOCK_RUNS, number_may_differ
from simulation.scenario.inert_keys import dormant_reason, inert_reason, level_reason
from simulation.scenario.numeric_keys import MovedScenario, NumericKey, moved_scenario, numeric_keys
from simulation.scenario.scenario import ImpossibleScenarioError

if TYPE_CHECKING:
    from simulation.compute.ensemble import Progress
    from simulation.day.recorder import Record
    from simulation.scenario.scenario import Scenario

ROUNDING: Final = 1e-9
"""Differences below this part of a column's or metric's largest value are rounding, as in the ledger (`TOLERANCE`)."""
NOT_AN_OUTCOME: Final = frozenset({"ledger_residual"})
"""Columns that measure rounding itself."""
LIVE, WEAK, INERT, UNTESTED = "live", "weak", "inert", "untested"
"""States of a key: an effect beyond two standard errors; effects within two; nothing moves; the scenario refuses every step."""
MOST_NAMED: Final = 3
"""Columns named in a reason, and metrics in a line of the table."""
NO_REASON: Final = "no reason is known"
"""Reason of an inert key whose field gives none, which is a defect of the field."""


class UnknownKeyError(ValueError):
    """A chosen key stands for no numeric key of the scenario."""


@dataclass(frozen=True)
class Difference:
    """What runs of a moved scenario came to against those of the scenario with the same numbers.

    Attributes
    ----------
    columns
        Market and flow columns that moved beyond rounding.
    levels
        Those of them that moved by one amount or one factor on all days of all runs.
    effects
        Each metric's mean difference with its standard error; NaN errors with one run, no entries with none.
    """

    columns: tuple[str, ...]
    levels: tuple[str, ...]
    effects: dict[str, EstimateWithError]

    @property
    def is_nothing(self) -> bool:
        """Whether no outcome moved: no column but for the level at which it is quoted."""
        return self.columns == self.levels

    @property
    def moves_no_metric(self) -> bool:
        """Whether columns moved but no metric did."""
        return not any(effect.value or effect.error > 0.0 for effect in self.effects.values())


@dataclass(frozen=True)
class KeySensitivity:
    """What one step of one key moves.

    Attributes
    ----------
    moved
        The key and its step.
    difference
        What it moved; none where the scenario refuses every step.
    reason
        Why nothing or no metric moves, or why no step is possible; of a level, also what to move instead; empty otherwise.
    """

    moved: MovedScenario
    difference: Difference | None
    reason: str

    @property
    def key(self) -> str:
        """The key as one writes it."""
        return self.moved.key.key

    @property
    def state(self) -> str:
        """Live, weak, inert or untested."""
        if self.difference is None:
            return UNTESTED
        if self.difference.is_nothing:
            return INERT
        clear = any(effect.value and effect.is_clear for effect in self.difference.effects.values())
        return LIVE if clear else WEAK

    def clearest(self) -> list[tuple[str, EstimateWithError]]:
        """Metrics that move, by effect over standard error; of a live key those beyond two standard errors."""
        effects = {} if self.difference is None else self.difference.effects
        moving = [(name, effect) for name, effect in effects.items() if effect.value]
        clear = [(name, effect) for name, effect in moving if effect.is_clear]
        return sorted(clear or moving, key=lambda item: -abs(item[1].value) / max(item[1].error, 1e-300))

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values; `inert` is null where no step was possible."""
        found = self.difference
        effects = {} if found is None else found.effects
        outcomes = {
            name: {"effect": one.value, "se": None if np.isnan(one.error) else one.error}
            for name, one in effects.items()
        }
        return {
            "key": self.key, "value": self.moved.key.value, "step": self.moved.step, "unit": self.moved.key.unit,
            "against": self.moved.against, "state": self.state, "inert": None if found is None else found.is_nothing,
            "reason": self.reason or None, "outcomes": outcomes,
        }  # fmt: skip


@dataclass(frozen=True)
class Sensitivity:
    """What the numeric keys of a scenario move: runs, business days, and one entry for each key."""

    scenario: Scenario
    runs: int
    days: int
    keys: tuple[KeySensitivity, ...]

    def count(self, state: str) -> int:
        """Number of keys in a state."""
        return sum(key.state == state for key in self.keys)

    def sentence(self) -> str:
        """Say how many keys are live, weak and inert, with runs and horizon."""
        counts = ", ".join(
            f"{self.count(state)} {state}" for state in (LIVE, WEAK, INERT, UNTESTED) if self.count(state)
        )
        return (
            f"{self.scenario.name}: {len(self.keys)} numeric keys, {counts}; {self.runs} runs with the same draws, "
            f"{self.days} business days to {self.scenario.end}."
        )

    def to_list(self) -> list[dict[str, Any]]:
        """Return one JSON-ready entry for each key, each with runs and horizon."""
        horizon = {"runs": self.runs, "days": self.days, "end": self.scenario.end.isoformat()}
        return [key.to_dict() | horizon for key in self.keys]


def measure_sensitivity(
    scenario: Scenario,
    runs: int,
    chosen: Sequence[str] = (),
    workers: int = 1,
    progress: Progress | None = None,
) -> Sensitivity:
    """Move each numeric key of a scenario by one step and return what moves.

    Parameters
    ----------
    scenario, runs
        What to simulate, and how many runs for each key, with the same draws as without the step.
    chosen
        Keys or patterns such as ``boj.*``; a table stands for all keys below it; empty for all.
    workers, progress
        Number of processes, and a callback with (finished, total) runs.

    Raises
    ------
    UnknownKeyError
        If a chosen key stands for no numeric key of the scenario.
    EnsembleError
        If a worker process died.
    """
    from simulation.day.capital_flows import scenario_days

    every = numeric_keys(scenario)
    moved = [moved_scenario(scenario, key, every) for key in chosen_keys(every, chosen)]
    found = simulated_differences(scenario, moved, runs, workers, progress)
    again = [moved_scenario(scenario, one.key, every, signs=(-1.0,)) for one in moved if found.get(one.key.key) is None]
    found |= simulated_differences(scenario, again, runs, workers)
    used = {one.key.key: one for one in moved} | {one.key.key: one for one in again if one.scenario is not None}
    days = len(scenario_days(scenario)) - 1
    keys = (key_sensitivity(scenario, one, found.get(name)) for name, one in used.items())
    return Sensitivity(scenario, runs, days, tuple(keys))


def simulated_differences(
    scenario: Scenario, moved: Sequence[MovedScenario], runs: int, workers: int, progress: Progress | None = None
) -> dict[str, Difference | None]:
    """Return what each moved scenario differs in by key, None where its balance sheets cannot be opened."""
    batches = variant_batches(moved, runs)
    tasks = [(scenario, [variant for _, variant in batch], runs) for batch in batches]
    alone = workers == 1 or len(tasks) < 2
    results = (differences_of(*task) for task in tasks) if alone else map_in_order(differences_of, tasks, workers)
    found: dict[str, Difference | None] = {}
    for batch, differences in zip(batches, results, strict=True):
        found.update(zip((key for key, _ in batch), differences, strict=True))
        if progress is not None:
            progress(len(found) * runs, sum(map(len, batches)) * runs)
    return found


def key_sensitivity(scenario: Scenario, moved: MovedScenario, difference: Difference | None) -> KeySensitivity:
    """What a key moves, with the reason where it moves nothing."""
    if moved.key.path == ("seed",):
        reason = "the draws themselves: what differs is noise"
    elif difference is None:
        reason = f"no step is possible: {moved.problem}"
    elif difference.is_nothing:
        reason = inert_reason(scenario, moved.key) or dormant_reason(scenario, moved.key) or NO_REASON
    elif difference.moves_no_metric:
        reason = (
            level_reason(scenario, moved.key) or f"no metric moves, only {', '.join(difference.columns[:MOST_NAMED])}"
        )
    else:
        reason = level_reason(scenario, moved.key) or ""
    return KeySensitivity(moved, difference, reason)


def chosen_keys(keys: Sequence[NumericKey], patterns: Sequence[str]) -> list[NumericKey]:
    """The keys that patterns stand for, in their order; all without a pattern."""
    for pattern in patterns:
        if not any(matches(key, pattern) for key in keys):
            raise UnknownKeyError(
                f"--key {pattern}: no numeric key of the scenario is called so; see `carryflow config show`"
            )
    return [key for key in keys if not patterns or any(matches(key, pattern) for pattern in patterns)]


def matches(key: NumericKey, pattern: str) -> bool:
    """Whether a key is meant by its name, by a table above it, or by a pattern with ``*``."""
    below = key.key.startswith((f"{pattern}.", f"{pattern}["))
    # Square brackets are indices of lists here, not sets of letters.
    return key.key == pattern or below or fnmatchcase(key.key, pattern.replace("[", "[[]"))


def variant_batches(moved: Sequence[MovedScenario], runs: int) -> list[list[tuple[str, Scenario]]]:
    """Keys with their moved scenarios, in batches that one pass can simulate; a key without a step is in none."""
    together: list[tuple[str, Scenario]] = []
    apart: list[tuple[str, Scenario]] = []
    for one in moved:
        if one.scenario is not None:
            kind = together if all(number_may_differ(key) for key in one.keys) else apart
            kind.append((one.key.key, one.scenario))
    size = max(1, BLOCK_RUNS // runs)
    return [*(together[at : at + size] for at in range(0, len(together), size)), *([one] for one in apart)]


def differences_of(scenario: Scenario, variants: Sequence[Scenario], runs: int) -> list[Difference | None]:
    """Simulate runs 0 to runs - 1 of each variant, all in one pass, and return what differs from the scenario.

    A variant whose balance sheets cannot be opened has None.
    """
    from simulation.day.capital_flows import simulate

    reference = reference_record(scenario, runs)
    try:
        if len(variants) == 1:
            return [difference_between(simulate(variants[0], range(runs)), reference)]
        record = simulate(scenario, list(range(runs)) * len(variants), [one for one in variants for _ in range(runs)])
    except ImpossibleScenarioError:
        return [None] if len(variants) == 1 else [differences_of(scenario, [one], runs)[0] for one in variants]
    return [difference_between(record_rows(record, at * runs, runs), reference) for at in range(len(variants))]


def reference_record(scenario: Scenario, runs: int) -> Record:
    """Runs 0 to runs - 1 of the scenario itself; simulated once in each process."""
    return _simulated(scenario.model_dump_json(by_alias=True), type(scenario), runs)


@lru_cache(maxsize=1)
def _simulated(config: str, kind: type[Scenario], runs: int) -> Record:
    from simulation.day.capital_flows import simulate

    return simulate(kind.model_validate_json(config), range(runs))


def record_rows(record: Record, first: int, count: int) -> Record:
    """Return `count` rows of a record from `first` on."""
    rows = slice(first, first + count)
    return replace(
        record,
        runs=record.runs[rows],
        market={name: values[rows] for name, values in record.market.items()},
        flows={owner: {name: values[rows] for name, values in table.items()} for owner, table in record.flows.items()},
        stopped={row - first: stop for row, stop in record.stopped.items() if first <= row < first + count},
        residuals={name: values[rows] for name, values in record.residuals.items()},
    )


def difference_between(record: Record, reference: Record) -> Difference:
    """Return what differs between runs of a moved scenario and those of the scenario, in the same order."""
    own, other = recorded_columns(record), recorded_columns(reference)
    both = dict.fromkeys([*own, *other])
    moved = tuple(name for name in both if not (name in own and name in other) or has_moved(own[name], other[name]))
    levels = tuple(
        name
        for name in moved
        if name in own and name in other and name in record.market and is_level(own[name], other[name])
    )
    return Difference(moved, levels, metric_effects(record, reference))


def recorded_columns(record: Record) -> dict[str, FloatArray]:
    """Return the market columns by name and the flow columns by population and name, ``(runs, days + 1)``."""
    flows = {f"{owner}.{name}": values for owner, table in record.flows.items() for name, values in table.items()}
    return {name: values for name, values in record.market.items() if name not in NOT_AN_OUTCOME} | flows


def has_moved(values: FloatArray, reference: FloatArray) -> bool:
    """Whether a column differs beyond rounding, or is not a number elsewhere."""
    if not np.array_equal(np.isnan(values), np.isnan(reference)):
        return True
    size = np.nanmax(np.abs(reference), initial=1.0)
    return bool(np.nanmax(np.abs(values - reference), initial=0.0) > ROUNDING * size)


def is_level(values: FloatArray, reference: FloatArray) -> bool:
    """Whether a column moved by one amount, or by one factor, on all days of all runs."""
    shifted = reference + (values[0, 0] - reference[0, 0])
    scaled = reference * (values[0, 0] / reference[0, 0]) if reference[0, 0] else shifted
    return not has_moved(values, shifted) or not has_moved(values, scaled)


def metric_effects(record: Record, reference: Record) -> dict[str, EstimateWithError]:
    """Return each metric's mean paired difference over the runs that finished in both; differences by rounding are zero."""
    effects = effects_between(record, reference, reference.scenario.name)
    if not len(effects.runs):
        return {}
    return {
        name: mean_difference(values, effects.counterfactual_levels[name]) for name, values in effects.levels.items()
    }


def mean_difference(values: FloatArray, reference: FloatArray) -> EstimateWithError:
    """Return the mean paired difference with its standard error, NaN for one run."""
    size = float(np.abs(reference).max(initial=1.0))
    difference = values - reference
    difference = np.where(np.abs(difference) > ROUNDING * size, difference, 0.0)
    if len(difference) < FEWEST_RUNS:
        return EstimateWithError(float(difference.mean()), float("nan"))
    return EstimateWithError.of(difference)
