"""Comparison of the kernel with the engine: results and times."""

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
"""Largest allowed difference from the engine, relative to the larger of the engine's value and one."""


def funds_only(scenario: Scenario) -> Scenario:
    """The scenario with carry funds only, as many as it has investors in total, and without interventions.

    Carry funds are the largest population and have the most rules: incentive, volatility target, margin calls, stops.
    """
    investors = sum(population.investors for population in scenario.populations.values())
    funds = scenario.populations.get("carry_funds", CarryFundParameters()).model_copy(update={"investors": investors})
    return scenario.model_copy(update={"populations": {"carry_funds": funds}, "ministry_of_finance": None})


class Kernel:
    """The compiled loop with its inputs for some runs of a scenario.

    Raises
    ------
    ArithmeticError
        If a run of the engine with these funds stops early; the loop always runs to the last day.
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
        """Simulate all days of all runs; returns ``(columns of OUTPUT, days + 1, runs)``."""
        funds, market = ({key: values.copy() for key, values in part.items()} for part in (self.funds, self.market))
        out = np.zeros(self.shape)
        all_days(named("Funds", funds), named("Market", market), self.path, self.own, self.given, out)
        return out


def prepared(scenario: Scenario, runs: int) -> Callable[[], None]:
    """Compile, compare with the engine, and return a function for one repetition.

    Raises
    ------
    ArithmeticError
        If a column differs from the engine's by more than `TOLERANCE`, or a run stops early.
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
    """Largest difference of each column after the first day, relative to the larger of the engine's value and one."""
    columns: dict[str, Any] = record.market | record.flows["carry_funds"]
    largest = {}
    for name, values in zip(OUTPUT, found, strict=True):
        if name in columns:
            expected = columns[name][:, 1:]
            largest[name] = float((np.abs(values.T[:, 1:] - expected) / np.maximum(np.abs(expected), 1.0)).max())
    return largest


def ratios(scenario: Scenario, runs: int, rounds: int) -> tuple[float, float]:
    """Median processor seconds of engine and kernel on the same funds, measured alternately."""
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
