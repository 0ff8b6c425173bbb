"""A whole calibration: fit, check, and the folder of results."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from simulation.results.findings import percent
from simulation.results.store import versions, write_manifest, written_whole
from simulation.scenario.cloud import Cloud, cloud_text
from simulation.studies.calibration import sbc
from simulation.studies.calibration.checkpoints import Checkpoints
from simulation.studies.calibration.coverage import Coverage, coverage, many_draws, powers_down_to
from simulation.studies.calibration.diagnostics import (
    Columns,
    correlations,
    draws_inside,
    moment_table,
    parameter_table,
    product_table,
    write_tables,
)
from simulation.studies.calibration.emulator_errors import emulator_table
from simulation.studies.calibration.fitting import Fit, fit, redrawn
from simulation.studies.calibration.priors import from_unit
from simulation.studies.calibration.request import Request
from simulation.studies.calibration.simulating import Bench
from simulation.values.conventions import Array

Progress = Callable[[int, int], None]
DIGITS = 6
"""Significant digits of the parameter sets."""


@dataclass(frozen=True)
class Outcome:
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

    request: Request
    fit: Fit
    coverage: Coverage
    prior_ranks: sbc.Ranks
    posterior_ranks: sbc.Ranks

    @cached_property
    def cloud(self) -> Cloud:
        """The parameter sets, equally weighted."""
        problem, sets = self.request.problem, len(self.fit.chosen)
        values = rounded(from_unit(problem.priors, self.fit.chosen))
        notes = {"fitted_events": " ".join(problem.events), "problem": f"{problem.name} {problem.version}"}
        notes |= {"command": self.request.command, "request": self.request.hash} | problem.hashes
        return Cloud(
            problem.name, tuple(prior.key for prior in problem.priors), values, np.full(sets, 1.0 / sets), notes
        )

    @cached_property
    def tables(self) -> dict[str, Columns]:
        """The diagnostics by name."""
        names = [prior.name for prior in self.request.problem.priors]
        between = dict(zip(names, correlations(self.fit).T, strict=True))
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
            "coverage": powers_of(self.coverage),
            "accepted_share": plain(draws_inside(self.fit)),
            "parameters": by_row(parameters, "parameter"),
            "moments": by_row(moments, "moment"),
            "products": by_row(self.tables["products"], "quantity"),
            "checks": {"prior": verdict(self.prior_ranks), "posterior": verdict(self.posterior_ranks)},
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
            f"The data tell most of {best.name} (sd {percent(float(shrinkage.max()))} below the prior's).",
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
        from simulation.results.figures import write
        from simulation.studies.calibration.figures import rank_chart, report
        from simulation.studies.experiment.experiment_figures import write_figure

        problem = self.request.problem
        source = f"Source: carryflow simulation, calibration {problem.name} {problem.version}, seed {self.request.seed}"
        with written_whole(target) as draft:
            (draft / f"{problem.name}.csv").write_text(cloud_text(self.cloud), encoding="utf-8")
            write_tables(draft, self.tables)
            write_figure(report(self.fit, source), draft)
            checks = {"Prior check": self.prior_ranks, "Posterior check": self.posterior_ranks}
            drawings = {
                title.lower().replace(" ", "_"): rank_chart(ranks, title, source) for title, ranks in checks.items()
            }
            write(drawings, draft)
            (draft / "findings.txt").write_text(self.findings + "\n", encoding="utf-8")
            dated = {"command": command, "date": datetime.now(UTC).date().isoformat(), "versions": versions()}
            write_manifest(draft, self.facts() | dated)
        return target


def conducted(
    request: Request, workers: int = 1, checkpoints: Checkpoints | None = None, progress: Progress | None = None
) -> Outcome:
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

    bench = Bench(request.seed, workers, checkpoints, counted)
    plain_fit = fit(request.problem, request.method, bench)
    draws = many_draws(plain_fit, request.method.effort)
    width = coverage(plain_fit, draws, powers_down_to(request.method.least_power), request.cases)
    found = redrawn(plain_fit, request.method, bench, width.power)
    names = [prior.name for prior in request.problem.priors]
    prior = sbc.ranks_of(names, sbc.prior_cases(found, request.cases), workers, counted)
    posterior = sbc.ranks_of(names, sbc.posterior_cases(found, request.cases), workers, counted)
    if progress is not None:
        progress(request.steps, request.steps)
    return Outcome(request, found, width, prior, posterior)


def powers_of(width: Coverage) -> dict[str, Any]:
    """What chose the power of the likelihood, as plain values."""
    places = {"at_power_one": 0, "at_the_power": width.place}
    about = {"power": width.power, "truths": width.truths, "least_draws": width.least_draws}
    return about | {
        name: {"width": float(width.spreads[place]), "width_error": float(width.errors[place])}
        for name, place in places.items()
    }


def verdict(ranks: sbc.Ranks) -> dict[str, Any]:
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


def by_row(table: Columns, key: str) -> list[dict[str, Any]]:
    """A table as one object per row, `key` first; a number that is not finite becomes null."""
    names = [key, *(name for name in table if name != key)]
    return [{name: plain(table[name][row]) for name in names} for row in range(len(table[key]))]


def rounded(values: Array) -> Array:
    """Numbers with so few digits that the file stays small and small differences between machines do not show."""
    return np.array([float(f"{value:.{DIGITS}g}") for value in values.ravel()]).reshape(values.shape)


def plain(value: Any) -> Any:
    """A value as JSON takes it."""
    if isinstance(value, str):
        return value
    return float(value) if np.isfinite(value) else None
