"""Run an experiment: simulate its variants, collect the table, and write table, figure and findings into one folder."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pandas as pd

from simulation.compute.ensemble import Progress, default_worker_count_for, load_scenario, run_ensemble, with_seed
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


@dataclass(frozen=True)
class ExperimentPlan:
    """An experiment to run: file, size, seed (None: the scenarios' seeds) and parameter sets."""

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
        """The module of the experiment file."""
        return load_experiment(self.path)

    @cached_property
    def variants(self) -> Sequence[ExperimentVariant]:
        """The variants of the experiment."""
        return self.study.design(self.scale)

    @cached_property
    def scenarios(self) -> list[Scenario]:
        """The validated scenario of each variant, with the plan's seed."""
        scenarios = [load_scenario(variant.scenario, variant.settings) for variant in self.variants]
        return scenarios if self.seed is None else [with_seed(scenario, self.seed) for scenario in scenarios]

    @cached_property
    def hash(self) -> str:
        """Hash of everything that determines the results: file, scenarios, size and parameter sets."""
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
        """Name of the output folder; equal plans share it."""
        return content_address(self.name, self.hash, self.scale.runs)

    @property
    def source(self) -> str:
        """Source line of the figure."""
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
    """Results of an experiment."""

    plan: ExperimentPlan
    table: pd.DataFrame
    runs_failed: int

    @cached_property
    def findings(self) -> ExperimentFindings:
        """The findings, with a note on a quick version and on runs that stopped early."""
        findings, scale = self.plan.study.findings(self.table), self.plan.scale
        text = findings.text
        if scale.quick:
            text += f" Quick version: {scale.runs} runs per variant, {self.plan.study.QUICK_NOTE}."
        if self.runs_failed:
            text += f" {self.runs_failed} runs stopped early and are excluded."
        return ExperimentFindings(text, findings.values)

    @cached_property
    def drawing(self) -> Drawing:
        """The figure."""
        from simulation.results.figures.style import figure_style

        with figure_style():
            return self.plan.study.draw(self.table, self.plan.source)

    def facts(self) -> dict[str, Any]:
        """Return the experiment's entries of the manifest and of ``--json``."""
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
        """Write table, figure and findings into a folder, completely or not at all; return the folder."""
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


def write_table(table: pd.DataFrame, directory: Path) -> None:
    """Write the table as Parquet and CSV, with reproducible bytes."""
    import pyarrow.parquet as pq

    pq.write_table(arrow_table(table), directory / "table.parquet", compression="zstd")
    table.to_csv(directory / "table.csv", index=False, lineterminator="\n", float_format="%.10g")


def plan_experiment(
    name: str | Path,
    *,
    quick: bool = False,
    runs: int | None = None,
    seed: int | None = None,
    cloud: Cloud | None = None,
) -> ExperimentPlan:
    """Return the plan of an experiment by name or file.

    Raises
    ------
    ConfigError
        If there is no such experiment; the message lists the nearest names.
    """
    path = find_file("experiments", name)
    study = load_experiment(path)
    count = runs if runs is not None else study.QUICK_RUNS if quick else study.RUNS
    return ExperimentPlan(path, ExperimentScale(count, quick), seed, cloud)


def load_experiment(path: Path) -> ExperimentModule:
    """Return the module of an experiment file; a file is imported once."""
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
    """Run every variant and return the combined table.

    Parameters
    ----------
    plan : ExperimentPlan
        The experiment.
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
    """Return table and number of stopped runs of each variant, in order."""
    tasks = [
        (plan.path, scenario, variant.runs(plan.scale.runs), plan.cloud)
        for variant, scenario in zip(plan.variants, plan.scenarios, strict=True)
    ]
    if workers == 1:
        return (run_variant(*task) for task in tasks)
    return map_in_order(run_variant, tasks, workers)


def run_variant(path: Path, scenario: Scenario, runs: int, cloud: Cloud | None = None) -> tuple[pd.DataFrame, int]:
    """Return the table of one variant and the number of its runs that stopped early."""
    record = run_ensemble(scenario, runs, cloud=cloud)
    return load_experiment(path).measure(Result(record)), len(record.stopped)


def with_labels(part: pd.DataFrame, variant: ExperimentVariant) -> pd.DataFrame:
    """Return a variant's table with its labels as the first columns."""
    for column, (name, value) in enumerate(variant.labels.items()):
        part.insert(column, name, float("nan") if value is None else value)
    return part


def experiment_workers(plan: ExperimentPlan) -> int:
    """Return the number of processes for an experiment by its total work; at most one per variant."""
    runs = [variant.runs(plan.scale.runs) for variant in plan.variants]
    return default_worker_count_for(list(zip(plan.scenarios, runs, strict=True)), len(runs))
