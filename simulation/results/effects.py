"""Effects: each metric of a scenario less that of its counterfactual, run by run with the same news."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from simulation.results.estimates import EstimateWithError, finding_text
from simulation.results.metrics import (
    ANNOUNCEMENT_UNWIND,
    METRICS,
    FinishedRuns,
    FloatArray,
    announcement_days,
    levered_unwind_on,
    quantile_band,
)

from simulation.scenario.counterfactual import NO_POLICY

if TYPE_CHECKING:
    import pandas as pd

    from simulation.day.recorder import Record

LEVERED_UNWIND: Final = "levered_unwind_usd_bn"
FEWEST_RUNS: Final = 2
"""Runs below which a paired difference has no standard error."""
UNITS: Final = {metric.name: metric.unit for metric in METRICS}


@dataclass(frozen=True)
class Effect:
    """Effect on one metric, in the metric's unit: mean over runs, standard error of the mean, 10 and 90 % quantile over runs."""

    mean: float
    se: float
    p10: float
    p90: float

    @property
    def estimate(self) -> EstimateWithError:
        """The mean with its standard error."""
        return EstimateWithError(self.mean, self.se)

    @property
    def is_clear(self) -> bool:
        """Whether the mean lies more than two standard errors from zero."""
        return self.estimate.is_clear

    def to_dict(self) -> dict[str, float]:
        """Return JSON-ready values."""
        return {"mean": self.mean, "se": self.se, "p10": self.p10, "p90": self.p90}


def paired_effect(level: FloatArray, counterfactual: FloatArray) -> Effect:
    """Return the effect from one value per run of a scenario and of its counterfactual, ``(runs,)`` each, in the same order.

    The standard error is that of a mean of paired differences, ``sd(difference) / sqrt(runs)``.
    """
    difference = level - counterfactual
    estimate = EstimateWithError.of(difference)
    low, high = np.quantile(difference, [0.1, 0.9]) + 0.0
    return Effect(estimate.value, estimate.error, float(low), float(high))


@dataclass(frozen=True)
class Effects:
    """Metrics of a scenario and of its counterfactual over the runs that finished in both.

    Attributes
    ----------
    against
        Name of the counterfactual: ``no_policy`` or a scenario.
    runs
        Numbers of the runs that finished in both, ``(n,)``.
    levels, counterfactual_levels
        Each metric run by run, ``(n,)``; a metric that one of them lacks is in neither.
    """

    against: str
    runs: np.ndarray[Any, np.dtype[np.int64]]
    levels: dict[str, FloatArray]
    counterfactual_levels: dict[str, FloatArray]

    @cached_property
    def by_metric(self) -> dict[str, Effect]:
        """Effect on each metric; empty with fewer than `FEWEST_RUNS` runs."""
        if len(self.runs) < FEWEST_RUNS:
            return {}
        return {name: paired_effect(level, self.counterfactual_levels[name]) for name, level in self.levels.items()}

    @property
    def equals_counterfactual(self) -> bool:
        """Whether no metric differs in any run."""
        return all(np.array_equal(level, self.counterfactual_levels[name]) for name, level in self.levels.items())

    def table(self) -> pd.DataFrame:
        """Return the pairs: one row per metric and run with columns run, metric, unit, level, counterfactual, effect."""
        import pandas as pd

        parts = [
            pd.DataFrame(
                {
                    "run": self.runs,
                    "metric": name,
                    "unit": UNITS.get(name, ""),
                    "level": level,
                    "counterfactual": self.counterfactual_levels[name],
                    "effect": level - self.counterfactual_levels[name],
                }
            )
            for name, level in self.levels.items()
        ]
        return pd.concat(parts, ignore_index=True)

    def counterfactual_to_dict(self) -> dict[str, Any]:
        """Return the counterfactual's name and its metrics as JSON-ready values."""
        metrics = {
            name: quantile_band(values, UNITS.get(name, "")).to_dict()
            for name, values in self.counterfactual_levels.items()
            if len(values)
        }
        return {"name": self.against, "metrics": metrics}


def effects_between(record: Record, counterfactual: Record, against: str) -> Effects:
    """Return the effects of a record over its counterfactual; runs are paired by number, stopped runs are left out.

    Announcement days are those of the record in both.
    """
    ends = FinishedRuns(record), FinishedRuns(counterfactual)
    numbers = [end.record.runs[end.rows] for end in ends]
    both = np.intersect1d(numbers[0], numbers[1])
    rows = [np.isin(own, both) for own in numbers]
    pairs = {metric.name: [metric.per_run(end) for end in ends] for metric in METRICS}
    days = record.dates[announcement_days(record)]
    pairs[ANNOUNCEMENT_UNWIND] = [levered_unwind_on(end, np.isin(end.record.dates, days)) for end in ends]
    known = {name: pair for name, pair in pairs.items() if pair[0] is not None and pair[1] is not None}
    levels, others = ({name: pair[at][rows[at]] for name, pair in known.items()} for at in (0, 1))  # type: ignore[index]
    return Effects(against, both, levels, others)


def effects_from_table(table: pd.DataFrame, against: str) -> Effects:
    """Return effects from the table of their pairs (`Effects.table`)."""
    parts = {str(name): part for name, part in table.groupby("metric", sort=False)}
    runs = next(iter(parts.values()))["run"].to_numpy() if parts else np.zeros(0, dtype=np.int64)
    levels, others = (
        {name: part[column].to_numpy() for name, part in parts.items()} for column in ("level", "counterfactual")
    )
    return Effects(against, runs, levels, others)


def effect_sentence(effects: Effects) -> str:
    """Return what policy, or the scenario against another one, does, in one or two sentences with standard errors."""
    found = effects.by_metric
    if LEVERED_UNWIND not in found:
        return f"No effect against {effects.against}: fewer than {FEWEST_RUNS} runs finished in both."
    if effects.equals_counterfactual:
        return f"The scenario equals its counterfactual {effects.against} in every metric of every run: there is no effect to show."
    subject = "Policy" if effects.against == NO_POLICY else f"Against {effects.against}, the scenario"
    clauses = [levered_clause(found[LEVERED_UNWIND])]
    if "usdjpy_change_pct" in found:
        clauses.append(price_clause("USDJPY", found["usdjpy_change_pct"]))
    if "repatriation_usd_bn" in found:
        clauses.append(residents_clause(found["repatriation_usd_bn"]))
    text = f"{subject} {', '.join(clauses)}"
    announced = found.get(ANNOUNCEMENT_UNWIND)
    return f"{text}." if announced is None else f"{text}; {announcement_clause(announced)}."


def levered_clause(effect: Effect) -> str:
    """Say by how much levered carry is reduced or increased."""
    band = f"80 % of runs {effect.p10:+.1f} to {effect.p90:+.1f}".replace("-", "−")
    size, unwound = f"{abs(effect.mean):.1f} $bn of levered carry", f"(unwound: {effect.estimate.text(1)} $bn; {band})"
    verb = finding_text(effect.estimate, f"unwinds {size}", f"adds {size}", "does not clearly change levered carry")
    return f"{verb} {unwound}"


def price_clause(name: str, effect: Effect) -> str:
    """Say by how much a price moves."""
    verb = finding_text(effect.estimate, "moves", "moves", "does not clearly move")
    return f"{verb} {name} ({effect.estimate.text(2)} %)"


def residents_clause(effect: Effect) -> str:
    """Say what residents bring home or send abroad because of it."""
    words = finding_text(
        effect.estimate,
        "residents bring home more",
        "residents bring home less",
        "does not clearly change what residents bring home",
    )
    return f"{words} ({effect.estimate.text(2)} $bn)"


def announcement_clause(effect: Effect) -> str:
    """Say what levered holders unwind more or less on announcement days."""
    words = finding_text(effect.estimate, "more unwound", "less unwound", "no clear change")
    return f"on announcement days {words} ({effect.estimate.text(1)} $bn)"
