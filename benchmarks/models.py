"""Contestants that run this model: the engine, the Mesa twin and the fused kernel."""

import importlib
from collections.abc import Callable
from contextlib import nullcontext
from time import process_time

from benchmarks.contestants import (
    INVESTOR_DAY,
    CannotBeMeasuredError,
    Contestant,
    Measurement,
    Setting,
    skipped_contestant,
)
from benchmarks.mesa_twin.model import MesaTwin, StoppedRunError, UnknownRuleError
from benchmarks.mesa_twin.plain_numbers import plain_rules
from simulation.day.capital_flows import scenario_days, simulate
from simulation.day.recorder import Record

BATCHES = (1, 8, 64, 256)
"""Runs per pass of the engine."""
REFERENCE = "engine, 64 runs"
"""Contestant to which the others are compared."""
TWIN = "Mesa twin"
KERNEL = "fused kernel"
KERNEL_MODULE = "benchmarks.fused_kernel.check"
FUNDS = "engine, 64 runs, funds only"
"""The engine on the funds covered by the kernel."""


def timed(run: Callable[[], Record | None]) -> Measurement:
    """Run and measure the processor time of this process."""
    start = process_time()
    record = run()
    return Measurement(process_time() - start, record)


def complete(measured: Measurement) -> Measurement:
    """Check that every run reached its last day, because the time is divided by all days.

    Raises
    ------
    CannotBeMeasuredError
        If a run stopped early.
    """
    for stop in measured.record.stopped.values() if measured.record else ():
        raise CannotBeMeasuredError(f"a run ends early, on {stop.date}: {stop.message}")
    return measured


def investor_days(setting: Setting, runs: int) -> int:
    """Investors times days times runs."""
    return setting.investors * (len(scenario_days(setting.scenario)) - 1) * runs


def engines(setting: Setting) -> list[Contestant]:
    """The engine with one run and with batches, from a scenario to the record of all columns."""
    return [
        Contestant(
            "engine, 1 run" if runs == 1 else f"engine, {runs} runs",
            f"carryflow, {runs} {'run' if runs == 1 else 'runs'} in one pass",
            INVESTOR_DAY,
            investor_days(setting, runs),
            lambda runs=runs: complete(timed(lambda: simulate(setting.scenario, range(runs)))),  # type: ignore[misc]
        )
        for runs in BATCHES
    ]


def twins(setting: Setting) -> list[Contestant]:
    """The Mesa twin, one run: rules with NumPy scalars, and the same rules with Python floats."""
    days = investor_days(setting, 1)
    return [
        Contestant(
            TWIN,
            "one Mesa agent per investor, the package's rule functions called with scalars, one run",
            INVESTOR_DAY,
            days,
            lambda: timed(lambda: twin(setting, plain=False)),
        ),
        Contestant(
            f"{TWIN}, no NumPy in rules",
            "the same agents; the rule functions run on Python floats, one run",
            INVESTOR_DAY,
            days,
            lambda: timed(lambda: twin(setting, plain=True)),
        ),
    ]


def twin(setting: Setting, plain: bool) -> Record:
    """The record of one run of the twin.

    Raises
    ------
    CannotBeMeasuredError
        If the twin does not support the scenario.
    """
    try:
        model = MesaTwin(setting.scenario)
        with plain_rules() if plain else nullcontext():
            model.run_model()
    except (StoppedRunError, UnknownRuleError) as problem:
        raise CannotBeMeasuredError(str(problem)) from problem
    return model.result()


def kernels(setting: Setting) -> list[Contestant]:
    """The fused compiled kernel, and the engine on the same funds.

    The kernel's module defines ``funds_only(scenario)``, the scenario with carry funds only, and ``prepared(scenario, runs)``,
    which compiles, compares the kernel with the engine, and returns a function for one repetition.
    """
    runs, what = 64, "one compiled loop over the same day of carry funds only, 64 runs: the practical limit"
    try:
        module = importlib.import_module(KERNEL_MODULE)
    except ModuleNotFoundError as missing:
        name = missing.name or KERNEL_MODULE
        reason = "not in this checkout" if KERNEL_MODULE.startswith(name) else f"{name} is not installed"
        return [skipped_contestant(KERNEL, what, INVESTOR_DAY, reason)]
    funds = module.funds_only(setting.scenario)
    try:
        once = module.prepared(setting.scenario, runs)
    except ArithmeticError as problem:
        return [skipped_contestant(KERNEL, what, INVESTOR_DAY, str(problem))]
    units = investor_days(setting, runs)

    def engine() -> Measurement:
        return Measurement(complete(timed(lambda: simulate(funds, range(runs)))).seconds)

    return [
        Contestant(
            FUNDS, "carryflow, the same number of carry funds only, 64 runs in one pass", INVESTOR_DAY, units, engine
        ),
        Contestant(KERNEL, what, INVESTOR_DAY, units, lambda: timed(once), against=FUNDS),
    ]
