"""What is to be calibrated and how, and the digest that names its result.

A whole calibration: fit, check, and the folder of results.
"""

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
"""Synthetic data sets of each check."""


@dataclass(frozen=True)
class CalibrationRequest:
    """What is to be calibrated and how.

    Attributes
    ----------
    problem, method, seed
        What the result follows from.
    cases
        Synthetic data sets of each check, at most.

    Raises
    ------
    ValueError
        If a simulator may be called for fewer sets than its emulator needs.
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
        """Everything that the bytes of the result follow from, as plain values."""
        own = {"problem": self.problem.name, "version": self.problem.version, "seed": self.seed, "cases": self.cases}
        return own | {"hashes": self.problem.hashes, "method": asdict(self.method)}

    @property
    def engine(self) -> str:
        """Digest of the code that simulates, which no version tells."""
        modules = {simulator.simulate.__module__ for simulator in self.problem.simulators}
        return code_fingerprint("simulation.day.capital_flows", *sorted(modules))

    @property
    def hash(self) -> str:
        """Digest of the content."""
        return hashlib.sha256(json.dumps(self.content, sort_keys=True).encode()).hexdigest()

    @property
    def folder(self) -> str:
        """Name of the folder that the same request always gives."""
        return content_address(f"calibration_{self.problem.name}", self.hash, self.seed)

    @property
    def command(self) -> str:
        """The command that gives the result, where and how fast left out."""
        sizes = " ".join(f"{one.name} {one.sets}" for one in self.problem.simulators)
        return f"carryflow calibrate --seed {self.seed} ({sizes} parameter sets)"

    @property
    def steps(self) -> int:
        """Parameter sets to simulate and synthetic data sets to judge."""
        rows = min(simulator.checks for simulator in self.problem.simulators)
        sets = simulation_count(self.problem, self.method) + check_count(self.problem, self.method)
        return sets + 2 * min(self.cases, rows)


def quick_request(request: CalibrationRequest) -> CalibrationRequest:
    """The same calibration in a small version that shows that everything works, not what the data say."""
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
    """What a calibration gave.

    Attributes
    ----------
    request, fit
        What was asked and found.
    coverage
        From which the power of the likelihood follows.
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
        """The parameter sets, equally weighted."""
        problem, sets = self.request.problem, len(self.fit.chosen)
        values = round_values(from_unit(problem.priors, self.fit.chosen))
        notes = {"fitted_events": " ".join(problem.events), "problem": f"{problem.name} {problem.version}"}
        notes |= {"command": self.request.command, "request": self.request.hash} | problem.hashes
        return Cloud(
            problem.name, tuple(prior.key for prior in problem.priors), values, np.full(sets, 1.0 / sets), notes
        )

    @cached_property
    def tables(self) -> dict[str, TableColumns]:
        """The diagnostics by name."""
        names = [prior.name for prior in self.request.problem.priors]
        between = dict(zip(names, posterior_correlations(self.fit).T, strict=True))
        return {
            "parameters": parameter_table(self.fit),
            "moments": moment_table(self.fit),
            "products": product_table(self.fit),
            "correlations": {"parameter": names, **between},
            "emulator": emulator_table(self.fit),
        }

    def facts(self) -> dict[str, Any]:
        """What the manifest and ``--json`` say."""
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
        """What the calibration found, in a few sentences."""
        moments = self.tables["moments"]
        near = int((np.abs(np.asarray(moments["score"], dtype=np.float64)) <= 2.0).sum())
        shrinkage = np.asarray(self.tables["parameters"]["shrinkage"], dtype=np.float64)
        best = self.request.problem.priors[int(np.argmax(shrinkage))]
        sentences = [
            f"{len(self.fit.chosen)} parameter sets; the median of {near} of {len(moments['moment'])} moments lies "
            "within two standard deviations of its target.",
            f"The data tell most of {best.name} (sd {format_percent(float(shrinkage.max()))} below the prior's).",
            f"The likelihood has the power {self.fit.power:.2f}: at power one ranks of other truths spread "
            f"{self.coverage.spreads[0]:.2f} ± {2 * self.coverage.errors[0]:.2f} times as in a right posterior.",
        ]
        for name, ranks in (("Prior", self.prior_ranks), ("Posterior", self.posterior_ranks)):
            width, error = ranks.width()
            word = "passed" if ranks.passed else "FAILED"
            sentences.append(
                f"{name} check {word}: ranks of {len(ranks.values)} truths spread {width:.2f} ± {2 * error:.2f} times as "
                f"uniform ones, smallest corrected p-value {ranks.worst()[1]:.2g} ({ranks.worst()[0]})."
            )
        return " ".join(sentences)

    def save(self, target: Path, command: str) -> Path:
        """Write cloud, diagnostics and figures into a folder, whole or not at all, and return it."""
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
    """Calibrate and check.

    Parameters
    ----------
    request
        What to do.
    workers
        Processes to use; the result does not depend on their number.
    checkpoints
        Where finished batches are kept, and found again.
    progress
        Called with the steps done and those in all.
    """
    done = 0

    def counted(more: int) -> None:
        nonlocal done
        done += more
        if progress is not None:
            progress(min(done, request.steps), request.steps)

    bench = ExecutionSettings(request.seed, workers, checkpoints, counted)
    plain_fit = fit_posterior(request.problem, request.method, bench)
    draws = posterior_draws(plain_fit, request.method.effort)
    width = coverage_by_power(plain_fit, draws, power_grid(request.method.least_power), request.cases)
    found = redraw_posterior(plain_fit, request.method, bench, width.power)
    names = [prior.name for prior in request.problem.priors]
    prior = sbc.rank_cases(names, sbc.prior_cases(found, request.cases), workers, counted)
    posterior = sbc.rank_cases(names, sbc.posterior_cases(found, request.cases), workers, counted)
    if progress is not None:
        progress(request.steps, request.steps)
    return CalibrationResult(request, found, width, prior, posterior)


def coverage_summary(width: Coverage) -> dict[str, Any]:
    """What chose the power of the likelihood, as plain values."""
    places = {"at_power_one": 0, "at_the_power": width.place}
    about = {"power": width.power, "truths": width.truths, "least_draws": width.least_draws}
    return about | {
        name: {"width": float(width.spreads[place]), "width_error": float(width.errors[place])}
        for name, place in places.items()
    }


def rank_check_summary(ranks: sbc.Ranks) -> dict[str, Any]:
    """A check as plain values."""
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
    """A table as one object per row, `key` first; a number that is not finite becomes null."""
    names = [key, *(name for name in table if name != key)]
    return [{name: json_value(table[name][row]) for name in names} for row in range(len(table[key]))]


def round_values(values: Array) -> Array:
    """Numbers with so few digits that the file stays small and small differences between machines do not show."""
    return np.array([float(f"{value:.{SET_DIGITS}g}") for value in values.ravel()]).reshape(values.shape)


def json_value(value: Any) -> Any:
    """A value as JSON takes it."""
    if isinstance(value, str):
        return value
    return float(value) if np.isfinite(value) else None
