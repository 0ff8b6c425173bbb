"""A whole calibration: fit, check, and the folder of results."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from simulation.calibration import cloud, sbc
from simulation.calibration.checkpoints import Checkpoints
from simulation.calibration.diagnostics import (
    Columns,
    correlations,
    draws_inside,
    emulator_table,
    moment_table,
    parameter_table,
    product_table,
)
from simulation.calibration.fitting import Fit, Method, fit, simulations_of
from simulation.calibration.priors import from_unit
from simulation.calibration.problem import Problem
from simulation.calibration.sampler import Effort
from simulation.calibration.simulating import Bench
from simulation.findings import percent
from simulation.store import content_address, versions, write_manifest, written_whole

Progress = Callable[[int, int], None]
QUICK_PART, QUICK_LEAST, QUICK_CHECKS = 8, 192, 32
QUICK_METHOD = Method(effort=Effort(particles=1024, rounds=3))
CASES = 256
"""Synthetic data sets of each check."""


@dataclass(frozen=True)
class Request:
    """What is to be calibrated and how.

    Attributes
    ----------
    problem, method, seed
        What the result follows from.
    cases
        Synthetic data sets of each check, at most.
    """

    problem: Problem
    method: Method
    seed: int
    cases: int = CASES

    @property
    def content(self) -> dict[str, Any]:
        """Everything that the bytes of the result follow from, as plain values."""
        own = {"problem": self.problem.name, "version": self.problem.version, "seed": self.seed, "cases": self.cases}
        return own | {"hashes": self.problem.hashes, "method": asdict(self.method)}

    @property
    def hash(self) -> str:
        """Digest of the content."""
        return hashlib.sha256(json.dumps(self.content, sort_keys=True).encode()).hexdigest()

    @property
    def folder(self) -> str:
        """Name of the folder that the same request always gives."""
        return content_address(f"calibration_{self.problem.name}", self.hash, self.seed)

    @property
    def steps(self) -> int:
        """Parameter sets to simulate and synthetic data sets to judge."""
        rows = min(simulator.checks for simulator in self.problem.simulators)
        return simulations_of(self.problem, self.method) + 2 * min(self.cases, rows)


def quick(request: Request) -> Request:
    """The same calibration in a small version that shows that everything works, not what the data say."""
    smaller = tuple(
        replace(one, sets=min(one.sets, max(one.sets // QUICK_PART, QUICK_LEAST)), checks=min(one.checks, QUICK_CHECKS))
        for one in request.problem.simulators
    )
    return replace(
        request, problem=replace(request.problem, simulators=smaller), method=QUICK_METHOD, cases=QUICK_CHECKS
    )


@dataclass(frozen=True)
class Outcome:
    """What a calibration gave.

    Attributes
    ----------
    request, fit
        What was asked and found.
    prior_ranks, posterior_ranks
        The two checks of ``sbc``.
    """

    request: Request
    fit: Fit
    prior_ranks: sbc.Ranks
    posterior_ranks: sbc.Ranks

    @cached_property
    def cloud(self) -> cloud.Cloud:
        """The parameter sets, equally weighted."""
        priors, sets = self.request.problem.priors, len(self.fit.chosen)
        facts = {name: self.request.content[name] for name in ("problem", "version", "seed", "hashes")}
        names, keys = tuple(prior.name for prior in priors), tuple(prior.key for prior in priors)
        values = cloud.rounded(from_unit(priors, self.fit.chosen))
        return cloud.Cloud(names, keys, np.full(sets, 1.0 / sets), values, facts | {"request": self.request.hash})

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
            "simulated": {name: len(table[0]) for name, table in self.fit.tables.items()},
            "rejected": {name: int(np.isnan(table[1]).any(axis=1).sum()) for name, table in self.fit.tables.items()},
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
        from simulation.calibration.figures import rank_chart, report
        from simulation.experiment_figures import write_figure
        from simulation.figures import write

        problem = self.request.problem
        source = f"Source: carryflow simulation, calibration {problem.name} {problem.version}, seed {self.request.seed}"
        with written_whole(target) as draft:
            cloud.write(self.cloud, draft / "posterior.csv")
            for name, table in self.tables.items():
                frame = pd.DataFrame(table)
                frame.to_csv(draft / f"{name}.csv", index=False, lineterminator="\n", float_format="%.7g")
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

    found = fit(request.problem, request.method, Bench(request.seed, workers, checkpoints, counted))
    names = [prior.name for prior in request.problem.priors]
    prior = sbc.ranks_of(names, sbc.prior_cases(found, request.cases), workers, counted)
    posterior = sbc.ranks_of(names, sbc.posterior_cases(found, request.cases), workers, counted)
    if progress is not None:
        progress(request.steps, request.steps)
    return Outcome(request, found, prior, posterior)


def verdict(ranks: sbc.Ranks) -> dict[str, Any]:
    """A check as plain values."""
    (width, error), (worst, p_value) = ranks.width(), ranks.worst()
    return {
        "passed": ranks.passed,
        "truths": len(ranks.values),
        "width": width,
        "width_error": error,
        "worst_parameter": worst,
        "worst_p_value": p_value,
        "p_values": dict(zip(ranks.names, map(float, ranks.p_values()), strict=True)),
    }


def by_row(table: Columns, key: str) -> list[dict[str, Any]]:
    """A table as one object per row, `key` first; a number that is not finite becomes null."""
    names = [key, *(name for name in table if name != key)]
    return [{name: plain(table[name][row]) for name in names} for row in range(len(table[key]))]


def plain(value: Any) -> Any:
    """A value as JSON takes it."""
    if isinstance(value, str):
        return value
    return float(value) if np.isfinite(value) else None
