"""The table of an experiment as files.

Conduct an experiment: run its variants, collect the table, and write table, figure and findings into one folder.

How long an experiment takes and how many processes that is worth; it decides about processes, never about results.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pandas as pd

from simulation.compute.ensemble import load_scenario, run_ensemble, with_seed
from simulation.compute.workers import map_in_order
from simulation.results.output_folder import atomic_folder, content_address, package_versions, write_manifest
from simulation.results.run_results import Result
from simulation.results.tables import arrow_table
from simulation.scenario.config.catalog import find_file
from simulation.scenario.config.loading import config_hash
from simulation.studies.experiment.design import (
    ExperimentFindings,
    ExperimentModule,
    ExperimentScale,
    ExperimentVariant,
    experiment_question,
)

if TYPE_CHECKING:
    from simulation.results.figures.style import Drawing
    from simulation.scenario.config.parameter_sets import Cloud
    from simulation.scenario.scenario import Scenario


def write_table(table: pd.DataFrame, directory: Path) -> None:
    """Write the table as Parquet and CSV, with the same bytes for the same numbers."""
    import pyarrow.parquet as pq

    pq.write_table(arrow_table(table), directory / "table.parquet", compression="zstd")
    table.to_csv(directory / "table.csv", index=False, lineterminator="\n", float_format="%.10g")


Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class ExperimentPlan:
    """An experiment as it is to be conducted: the file, its size and the seed (none: the scenarios' own)."""

    path: Path
    scale: ExperimentScale
    seed: int | None = None
    cloud: Cloud | None = None

    @property
    def name(self) -> str:
        """Name of the experiment."""
        return self.path.stem

    @cached_property
    def study(self) -> ExperimentModule:
        """The experiment, loaded from its file."""
        return load_experiment(self.path)

    @cached_property
    def variants(self) -> Sequence[ExperimentVariant]:
        """The variants of the experiment."""
        return self.study.design(self.scale)

    @cached_property
    def scenarios(self) -> list[Scenario]:
        """The scenario of each variant, checked, seed included."""
        found = [load_scenario(variant.scenario, variant.settings) for variant in self.variants]
        return found if self.seed is None else [with_seed(scenario, self.seed) for scenario in found]

    @cached_property
    def hash(self) -> str:
        """Hash of everything that the results follow from: the file, the scenarios and the size."""
        runs = [variant.runs(self.scale.runs) for variant in self.variants]
        content = {
            "study": hashlib.sha256(self.path.read_bytes()).hexdigest(),
            "scenarios": [config_hash(scenario) for scenario in self.scenarios],
            "runs": runs,
            "quick": self.scale.quick,
            **({} if self.cloud is None else {"parameter_sets": self.cloud.digest}),
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    @property
    def folder(self) -> str:
        """Name of the folder that the same plan always gives."""
        return content_address(self.name, self.hash, self.scale.runs)

    @property
    def source(self) -> str:
        """Line under the figure: where its numbers come from."""
        scenarios = ", ".join(dict.fromkeys(scenario.name for scenario in self.scenarios))
        seeds = ", ".join(dict.fromkeys(str(scenario.seed) for scenario in self.scenarios))
        quick = ", quick version" if self.scale.quick else ""
        return (
            f"Source: carryflow simulation, experiment {self.name}, scenario {scenarios}, seed {seeds}, "
            f"{self.scale.runs:,} runs per variant{quick}"
            + ("" if self.cloud is None else f", parameter sets {self.cloud.name}")
        )


@dataclass(frozen=True)
class ExperimentOutcome:
    """What an experiment gave."""

    plan: ExperimentPlan
    table: pd.DataFrame
    runs_failed: int

    @cached_property
    def findings(self) -> ExperimentFindings:
        """What the numbers say; a quick version and runs that stopped early are named."""
        found, scale = self.plan.study.findings(self.table), self.plan.scale
        text = found.text
        if scale.quick:
            text += f" Quick version: {scale.runs} runs per variant, {self.plan.study.QUICK_NOTE}."
        if self.runs_failed:
            text += f" {self.runs_failed} runs stopped early and are left out."
        return ExperimentFindings(text, found.values)

    @cached_property
    def drawing(self) -> Drawing:
        """The figure."""
        from simulation.results.figures.style import figure_style

        with figure_style():
            return self.plan.study.draw(self.table, self.plan.source)

    def facts(self) -> dict[str, Any]:
        """What the manifest and ``--json`` say of the experiment."""
        return {
            "kind": "experiment",
            "experiment": self.plan.name,
            "question": experiment_question(self.plan.path),
            "config_hash": self.plan.hash,
            "seed": self.plan.seed,
            "quick": self.plan.scale.quick,
            "parameter_sets": None if self.plan.cloud is None else self.plan.cloud.name,
            "runs": self.plan.scale.runs,
            "runs_failed": self.runs_failed,
            "findings": self.findings.text,
            "values": dict(self.findings.values),
        }

    def save(self, target: Path, command: str | None = None) -> Path:
        """Write table, figure and findings into a folder, whole or not at all, and return it."""
        from simulation.studies.experiment.figures import write_figure

        with atomic_folder(target) as draft:
            write_table(self.table, draft)
            write_figure(self.drawing, draft)
            (draft / "findings.txt").write_text(self.findings.text + "\n", encoding="utf-8")
            variants = [
                {"labels": dict(variant.labels), "scenario": variant.scenario, "settings": list(variant.settings)}
                for variant in self.plan.variants
            ]
            write_manifest(
                draft, self.facts() | {"command": command, "versions": package_versions(), "variants": variants}
            )
        return target


def plan_experiment(
    name: str | Path,
    *,
    quick: bool = False,
    runs: int | None = None,
    seed: int | None = None,
    cloud: Cloud | None = None,
) -> ExperimentPlan:
    """Return the plan of an experiment by name or by file.

    Raises
    ------
    ConfigError
        With the nearest names where there is no such experiment.
    """
    path = find_file("experiments", name)
    study = load_experiment(path)
    wanted = runs if runs is not None else study.QUICK_RUNS if quick else study.RUNS
    return ExperimentPlan(path, ExperimentScale(wanted, quick), seed, cloud)


def load_experiment(path: Path) -> ExperimentModule:
    """Return an experiment from its file; the same file is read once."""
    name = f"carryflow_experiment_{path.stem}_{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:8]}"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, path)
        if spec is None or spec.loader is None:
            raise ImportError(f"{path} is not a Python file")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[name]
            raise
    return cast(ExperimentModule, sys.modules[name])


def run_experiment(plan: ExperimentPlan, workers: int = 1, progress: Progress | None = None) -> ExperimentOutcome:
    """Run every variant and return the table of all of them.

    Parameters
    ----------
    plan : Plan
        What to do.
    workers : int
        Processes to use; each takes one variant at a time.
    progress : callable, optional
        Called with (done, total) runs after every variant.
    """
    total = sum(variant.runs(plan.scale.runs) for variant in plan.variants)
    parts, failed, done = [], 0, 0
    for variant, (part, stopped) in zip(plan.variants, _variant_tables(plan, workers), strict=True):
        parts.append(with_labels(part, variant).assign(parameter_sets="" if plan.cloud is None else plan.cloud.name))
        failed += stopped
        done += variant.runs(plan.scale.runs)
        if progress is not None:
            progress(done, total)
    return ExperimentOutcome(plan, pd.concat(parts, ignore_index=True), failed)


def _variant_tables(plan: ExperimentPlan, workers: int) -> Iterator[tuple[pd.DataFrame, int]]:
    """Yield what `measured` gives for each variant, in their order."""
    tasks = [
        (plan.path, scenario, variant.runs(plan.scale.runs), plan.cloud)
        for variant, scenario in zip(plan.variants, plan.scenarios, strict=True)
    ]
    if workers == 1:
        return (run_variant(*task) for task in tasks)
    return map_in_order(run_variant, tasks, workers)


def run_variant(path: Path, scenario: Scenario, runs: int, cloud: Cloud | None = None) -> tuple[pd.DataFrame, int]:
    """Run one variant of an experiment; returns its table and the number of runs that stopped early."""
    record = run_ensemble(scenario, runs, cloud=cloud)
    return load_experiment(path).measure(Result(record)), len(record.stopped)


def with_labels(part: pd.DataFrame, variant: ExperimentVariant) -> pd.DataFrame:
    """Return a variant's table with its labels as the first columns."""
    for column, (name, value) in enumerate(variant.labels.items()):
        part.insert(column, name, float("nan") if value is None else value)
    return part


WORTH_A_PROCESS_SECONDS = 10.0
"""Expected work below which starting other processes takes longer than it saves."""
SECONDS_PER_POPULATION, SECONDS_PER_INVESTOR = 1e-3, 3e-7
"""Cost of a simulated day, measured on one core of a small machine; they decide about processes, never about results."""


def experiment_workers(plan: ExperimentPlan) -> int:
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
