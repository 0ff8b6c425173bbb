"""A complete calibration: request, fit, checks, and the output folder."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np

from simulation.results.findings import format_percent
from simulation.results.fingerprint import code_fingerprint
from simulation.results.output_folder import atomic_folder, content_address, package_versions, write_manifest
from simulation.scenario.config.parameter_sets import Cloud, cloud_text
from simulation.studies.calibration import sbc
from simulation.studies.calibration.diagnostics import (
    TableColumns,
    accepted_set_share,
    emulator_table,
    moment_table,
    parameter_table,
    posterior_correlations,
    product_table,
    write_tables,
)
from simulation.studies.calibration.emulator import min_rows
from simulation.studies.calibration.fitting import (
    FIRST_SHARE,
    CalibrationMethod,
    PosteriorFit,
    check_count,
    fit_posterior,
    redraw_posterior,
    simulation_count,
    stage_sizes,
)
from simulation.studies.calibration.problem import CalibrationProblem, from_unit
from simulation.studies.calibration.sampler import SamplerEffort
from simulation.studies.calibration.sbc import Coverage, coverage_by_power, posterior_draws, power_grid
from simulation.studies.calibration.simulations import Checkpoints, ExecutionSettings
from simulation.values.conventions import Array

QUICK_PART, QUICK_LEAST, QUICK_CHECKS = 8, 192, 32
QUICK_METHOD = CalibrationMethod(effort=SamplerEffort(particles=1024, rounds=3))
CHECK_CASES = 256
"""Synthetic data sets in each check."""


@dataclass(frozen=True)
class CalibrationRequest:
    """Problem, method and seed of a calibration.

    Attributes
    ----------
    problem, method, seed
        Inputs of the result.
    cases
        Maximum number of synthetic data sets in each check.

    Raises
    ------
    ValueError
        If the budget of a simulator is too small for its emulator.
    """

    problem: CalibrationProblem
    method: CalibrationMethod
    seed: int
    cases: int = CHECK_CASES

    def __post_init__(self) -> None:
        least = min_rows(len(self.problem.priors))
        for one in self.problem.simulators:
            first = stage_sizes(one, len(self.method.powers))[0]
            if first < least:
                raise ValueError(
                    f"{one.sets} parameter sets for simulator {one.name!r} leave {first} to the first stage; an emulator of "
                    f"{len(self.problem.priors)} parameters needs {least}: allow {ceil(least / FIRST_SHARE)} or more"
                )

    @property
    def content(self) -> dict[str, Any]:
        """All inputs that determine the bytes of the result, as JSON values."""
        inputs = {"problem": self.problem.name, "version": self.problem.version, "seed": self.seed, "cases": self.cases}
        return inputs | {"hashes": self.problem.hashes, "method": asdict(self.method)}

    @property
    def engine(self) -> str:
        """Digest of the simulation code, which changes more often than the version."""
        modules = {simulator.simulate.__module__ for simulator in self.problem.simulators}
        return code_fingerprint("simulation.day.capital_flows", *sorted(modules))

    @property
    def hash(self) -> str:
        """Digest of the content."""
        return hashlib.sha256(json.dumps(self.content, sort_keys=True).encode()).hexdigest()

    @property
    def folder(self) -> str:
        """Name of the output folder, which is the same for the same request."""
        return content_address(f"calibration_{self.problem.name}", self.hash, self.seed)

    @property
    def command(self) -> str:
        """Command that gives the result, without output folder and number of workers."""
        sizes = " ".join(f"{one.name} {one.sets}" for one in self.problem.simulators)
        return f"carryflow calibrate --seed {self.seed} ({sizes} parameter sets)"

    @property
    def steps(self) -> int:
        """Number of parameter sets to simulate and synthetic data sets to evaluate."""
        rows = min(simulator.checks for simulator in self.problem.simulators)
        sets = simulation_count(self.problem, self.method) + check_count(self.problem, self.method)
        return sets + 2 * min(self.cases, rows)


def quick_request(request: CalibrationRequest) -> CalibrationRequest:
    """A small version of the same calibration, to test that the whole process works."""
    smaller = tuple(
        replace(one, sets=min(one.sets, max(one.sets // QUICK_PART, QUICK_LEAST)), checks=min(one.checks, QUICK_CHECKS))
        for one in request.problem.simulators
    )
    return replace(
        request, problem=replace(request.problem, simulators=smaller), method=QUICK_METHOD, cases=QUICK_CHECKS
    )


Progress = Callable[[int, int], None]
SET_DIGITS = 6
"""Significant digits of the parameter sets."""


@dataclass(frozen=True)
class CalibrationResult:
    """Result of a calibration.

    Attributes
    ----------
    request, fit
        Inputs and posterior.
    coverage
        Coverage by power, which determines the power of the likelihood.
    prior_ranks, posterior_ranks
        The two checks of ``sbc``.
    """

    request: CalibrationRequest
    fit: PosteriorFit
    coverage: Coverage
    prior_ranks: sbc.Ranks
    posterior_ranks: sbc.Ranks

    @cached_property
    def cloud(self) -> Cloud:
        """Parameter sets with equal weights."""
        problem, sets = self.request.problem, len(self.fit.chosen)
        values = round_values(from_unit(problem.priors, self.fit.chosen))
        notes = {"fitted_events": " ".join(problem.events), "problem": f"{problem.name} {problem.version}"}
        notes |= {"command": self.request.command, "request": self.request.hash} | problem.hashes
        return Cloud(
            problem.name, tuple(prior.key for prior in problem.priors), values, np.full(sets, 1.0 / sets), notes
        )

    @cached_property
    def tables(self) -> dict[str, TableColumns]:
        """Diagnostic tables by name."""
        names = [prior.name for prior in self.request.problem.priors]
        correlations = dict(zip(names, posterior_correlations(self.fit).T, strict=True))
        return {
            "parameters": parameter_table(self.fit),
            "moments": moment_table(self.fit),
            "products": product_table(self.fit),
            "correlations": {"parameter": names, **correlations},
            "emulator": emulator_table(self.fit),
        }

    def facts(self) -> dict[str, Any]:
        """Content of the manifest and of the output of ``--json``."""
        parameters, moments = (self.tables[name] for name in ("parameters", "moments"))
        return {
            "kind": "calibration",
            "config_hash": self.request.hash,
            **self.request.content,
            "sets": len(self.fit.chosen),
            "simulated": {name: len(table) for name, table in self.fit.tables.items()},
            "rejected": {name: int((~table.finished).sum()) for name, table in self.fit.tables.items()},
            "coverage": coverage_summary(self.coverage),
            "accepted_share": json_value(accepted_set_share(self.fit)),
            "parameters": table_records(parameters, "parameter"),
            "moments": table_records(moments, "moment"),
            "products": table_records(self.tables["products"], "quantity"),
            "checks": {
                "prior": rank_check_summary(self.prior_ranks),
                "posterior": rank_check_summary(self.posterior_ranks),
            },
            "findings": self.findings,
        }

    @property
    def findings(self) -> str:
        """Summary of the result in a few sentences."""
        moments = self.tables["moments"]
        within = int((np.abs(np.asarray(moments["score"], dtype=np.float64)) <= 2.0).sum())
        shrinkage = np.asarray(self.tables["parameters"]["shrinkage"], dtype=np.float64)
        best = self.request.problem.priors[int(np.argmax(shrinkage))]
        sentences = [
            f"{len(self.fit.chosen)} parameter sets; the median of {within} of {len(moments['moment'])} moments is "
            "within two standard deviations of its target.",
            f"The best identified parameter is {best.name} (standard deviation {format_percent(float(shrinkage.max()))} "
            "below the prior's).",
            f"The power of the likelihood is {self.fit.power:.2f}: at power one, ranks of true parameter sets spread "
            f"{self.coverage.spreads[0]:.2f} ± {2 * self.coverage.errors[0]:.2f} times as much as in a correct posterior.",
        ]
        for name, ranks in (("Prior", self.prior_ranks), ("Posterior", self.posterior_ranks)):
            width, error = ranks.width()
            status = "passed" if ranks.passed else "FAILED"
            sentences.append(
                f"{name} check {status}: ranks of {len(ranks.values)} true parameter sets spread "
                f"{width:.2f} ± {2 * error:.2f} times as much as uniform ranks, "
                f"smallest corrected p-value {ranks.worst()[1]:.2g} ({ranks.worst()[0]})."
            )
        return " ".join(sentences)

    def save(self, target: Path, command: str) -> Path:
        """Write parameter sets, diagnostics and figures atomically into a folder, and return it."""
        from simulation.results.figures.charts import write_figures
        from simulation.studies.calibration.figures import calibration_figure, rank_chart
        from simulation.studies.experiment.figures import write_figure

        problem = self.request.problem
        source = f"Source: carryflow simulation, calibration {problem.name} {problem.version}, seed {self.request.seed}"
        with atomic_folder(target) as draft:
            (draft / f"{problem.name}.csv").write_text(cloud_text(self.cloud), encoding="utf-8")
            write_tables(draft, self.tables)
            write_figure(calibration_figure(self.fit, source), draft)
            checks = {"Prior check": self.prior_ranks, "Posterior check": self.posterior_ranks}
            drawings = {
                title.lower().replace(" ", "_"): rank_chart(ranks, title, source) for title, ranks in checks.items()
            }
            write_figures(drawings, draft)
            (draft / "findings.txt").write_text(self.findings + "\n", encoding="utf-8")
            dated = {"command": command, "date": datetime.now(UTC).date().isoformat(), "versions": package_versions()}
            write_manifest(draft, self.facts() | dated)
        return target


def run_calibration(
    request: CalibrationRequest,
    workers: int = 1,
    checkpoints: Checkpoints | None = None,
    progress: Progress | None = None,
) -> CalibrationResult:
    """Fit the posterior, choose the power of the likelihood, and check the result.

    Parameters
    ----------
    request
        Problem, method and seed.
    workers
        Processes to use; the result does not depend on their number.
    checkpoints
        Location of finished batches, to save and reuse.
    progress
        Called with the numbers of finished and total steps.
    """
    done = 0

    def counted(more: int) -> None:
        nonlocal done
        done += more
        if progress is not None:
            progress(min(done, request.steps), request.steps)

    settings = ExecutionSettings(request.seed, workers, checkpoints, counted)
    first_fit = fit_posterior(request.problem, request.method, settings)
    draws = posterior_draws(first_fit, request.method.effort)
    coverage = coverage_by_power(first_fit, draws, power_grid(request.method.least_power), request.cases)
    fit = redraw_posterior(first_fit, request.method, settings, coverage.power)
    names = [prior.name for prior in request.problem.priors]
    prior = sbc.rank_cases(names, sbc.prior_cases(fit, request.cases), workers, counted)
    posterior = sbc.rank_cases(names, sbc.posterior_cases(fit, request.cases), workers, counted)
    if progress is not None:
        progress(request.steps, request.steps)
    return CalibrationResult(request, fit, coverage, prior, posterior)


def coverage_summary(coverage: Coverage) -> dict[str, Any]:
    """Coverage at power one and at the chosen power, as JSON values."""
    indices = {"at_power_one": 0, "at_the_power": coverage.place}
    summary = {"power": coverage.power, "truths": coverage.truths, "least_draws": coverage.least_draws}
    return summary | {
        name: {"width": float(coverage.spreads[index]), "width_error": float(coverage.errors[index])}
        for name, index in indices.items()
    }


def rank_check_summary(ranks: sbc.Ranks) -> dict[str, Any]:
    """Result of a check as JSON values."""
    (width, error), (worst, p_value) = ranks.width(), ranks.worst()
    return {
        "passed": ranks.passed,
        "truths": len(ranks.values),
        "width": width,
        "width_error": error,
        "likelihood_rank": ranks.likelihood_rank(),
        "worst_parameter": worst,
        "worst_p_value": p_value,
        "p_values": dict(zip(ranks.names, map(float, ranks.p_values()), strict=True)),
    }


def table_records(table: TableColumns, key: str) -> list[dict[str, Any]]:
    """Table as one object per row, with `key` first; values that are not finite become null."""
    names = [key, *(name for name in table if name != key)]
    return [{name: json_value(table[name][row]) for name in names} for row in range(len(table[key]))]


def round_values(values: Array) -> Array:
    """Values rounded to few significant digits, for a small file without differences between machines."""
    return np.array([float(f"{value:.{SET_DIGITS}g}") for value in values.ravel()]).reshape(values.shape)


def json_value(value: Any) -> Any:
    """Value for JSON."""
    if isinstance(value, str):
        return value
    return float(value) if np.isfinite(value) else None
