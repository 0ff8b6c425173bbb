"""How long an experiment takes and how many processes that is worth; it decides about processes, never about results."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulation.scenario.scenario import Scenario
    from simulation.studies.experiment.experiment_runner import Plan

WORTH_A_PROCESS_SECONDS = 10.0
"""Expected work below which starting other processes takes longer than it saves."""
SECONDS_PER_POPULATION, SECONDS_PER_INVESTOR = 1e-3, 3e-7
"""Cost of a simulated day, measured on one core of a small machine; they decide about processes, never about results."""


def worthwhile_workers(plan: Plan) -> int:
    """Return how many processes finish soonest: one for a small study, as many as there are processors for a large one."""
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    runs = [variant.runs(plan.scale.runs) for variant in plan.variants]
    seconds = sum(expected_seconds(scenario, count) for scenario, count in zip(plan.scenarios, runs, strict=True))
    return max(1, min(processors, len(runs))) if seconds > WORTH_A_PROCESS_SECONDS else 1


def expected_seconds(scenario: Scenario, runs: int) -> float:
    """Return about how long a variant takes: each population has its cost a day, and so has each investor of each run."""
    days = (scenario.end - scenario.start).days * 5 / 7
    investors = sum(population.investors for population in scenario.populations.values())
    return days * (SECONDS_PER_POPULATION * len(scenario.populations) + SECONDS_PER_INVESTOR * runs * investors)
