"""Whether the kernel computes the engine's day, and how long both take."""

from collections.abc import Callable
from statistics import median
from time import process_time
from typing import Any

import numpy as np

from benchmarks.fused_kernel.day import all_days
from benchmarks.fused_kernel.inputs import Watched, behaviour, named, paths, state, surroundings
from benchmarks.fused_kernel.kernel import OUTPUT
from simulation.day.capital_flows import simulate
from simulation.day.recorder import Record
from simulation.investors.carry_funds import CarryFundParameters
from simulation.scenario.scenario import Scenario
from simulation.values.conventions import Array

TOLERANCE = 1e-9
"""Largest difference from the engine, relative to the larger of its number and one."""


def funds_only(scenario: Scenario) -> Scenario:
    """The scenario with carry funds alone, as many as it has investors in all, and without interventions.

    Of the cast they are the most and have the most rules: orders by incentive and volatility target, margin calls, stops.
    """
    investors = sum(population.investors for population in scenario.populations.values())
    funds = scenario.populations.get("carry_funds", CarryFundParameters()).model_copy(update={"investors": investors})
    return scenario.model_copy(update={"populations": {"carry_funds": funds}, "ministry_of_finance": None})


class Kernel:
    """The compiled loop with its inputs for some runs of a scenario.

    Raises
    ------
    ArithmeticError
        If the engine's run of these funds ends early; the loop goes on to the last day.
    """

    def __init__(self, scenario: Scenario, runs: int) -> None:
        model = Watched(funds_only(scenario), range(runs))
        self.funds, self.market = state(model)
        self.own, self.given = behaviour(model), surroundings(model)
        while model.running:
            model.step()
        for stop in model.stopped.values():
            raise ArithmeticError(f"fused kernel: a run of the funds alone ends on {stop.date}: {stop.message}")
        self.path, self.shape = paths(model), (len(OUTPUT), len(model.dates), runs)

    def once(self) -> Array:
        """All days of all runs from the first day on, ``(columns of OUTPUT, days + 1, runs)``."""
        funds, market = ({key: values.copy() for key, values in part.items()} for part in (self.funds, self.market))
        out = np.zeros(self.shape)
        all_days(named("Funds", funds), named("Market", market), self.path, self.own, self.given, out)
        return out


def prepared(scenario: Scenario, runs: int) -> Callable[[], None]:
    """Compile, hold equal to the engine, and return what runs once.

    Raises
    ------
    ArithmeticError
        If a column differs from the engine's by more than `TOLERANCE`, or a run ends early.
    """
    kernel = Kernel(scenario, runs)
    found, record = kernel.once(), simulate(funds_only(scenario), range(runs))
    for name, difference in differences(found, record).items():
        if not difference <= TOLERANCE:
            raise ArithmeticError(f"fused kernel: {name} differs from the engine by {difference:.1e}")

    def once() -> None:
        kernel.once()

    return once


def differences(found: Array, record: Record) -> dict[str, float]:
    """Largest difference of each column after the first day, relative to the larger of the engine's number and one."""
    columns: dict[str, Any] = record.market | record.flows["carry_funds"]
    largest = {}
    for name, values in zip(OUTPUT, found, strict=True):
        if name in columns:
            expected = columns[name][:, 1:]
            largest[name] = float((np.abs(values.T[:, 1:] - expected) / np.maximum(np.abs(expected), 1.0)).max())
    return largest


def ratios(scenario: Scenario, runs: int, rounds: int) -> tuple[float, float]:
    """Median processor seconds of engine and kernel on the same funds, measured in turn."""
    kernel, engine = prepared(scenario, runs), funds_only(scenario)
    seconds: tuple[list[float], list[float]] = ([], [])

    def engine_once() -> object:
        return simulate(engine, range(runs))

    for _ in range(rounds):
        for times, once in zip(seconds, (engine_once, kernel), strict=True):
            start = process_time()
            once()
            times.append(process_time() - start)
    return median(seconds[0]), median(seconds[1])
