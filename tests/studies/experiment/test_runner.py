"""Running an experiment: table, files and reproducible bytes."""

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from simulation.compute.workers import EnsembleError, available_processors, map_in_order
from simulation.results.output_folder import read_manifest
from simulation.scenario.config.errors import ConfigError
from simulation.studies.experiment.runner import (
    ExperimentPlan,
    experiment_workers,
    plan_experiment,
    run_experiment,
)

FILES = {"table.parquet", "table.csv", "figure.png", "figure.svg", "figure.csv", "findings.txt", "manifest.json"}


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "manifest.json"}


def test_labels_come_first_then_what_was_measured(study: Path) -> None:
    table = run_experiment(plan_experiment(study)).table
    assert list(table.columns) == ["impact", "note", "run", "last_usdjpy", "parameter_sets"]
    assert list(table["impact"]) == [0.035] * 3 + [0.05] * 3
    assert list(table["run"]) == [0, 1, 2] * 2
    assert bool(table["note"].isna().all())


def test_quick_takes_its_own_number_of_runs_and_says_what_is_smaller(study: Path) -> None:
    quick = run_experiment(plan_experiment(study, quick=True))
    assert len(quick.table) == 4
    assert quick.findings.text.endswith("Quick version: 2 runs per variant, five investors instead of ten.")
    assert "Quick" not in run_experiment(plan_experiment(study)).findings.text
    assert plan_experiment(study, quick=True, runs=9).scale.runs == 9


def test_findings_are_computed_from_the_table(study: Path) -> None:
    outcome = run_experiment(plan_experiment(study))
    mean = outcome.table["last_usdjpy"].mean()
    assert f"{mean:.4f}" in outcome.findings.text
    assert outcome.findings.values == {"mean": mean}


@pytest.mark.usefixtures("unrendered")
def test_everything_is_written_and_described(study: Path, tmp_path: Path) -> None:
    outcome = run_experiment(plan_experiment(study, seed=5))
    folder = outcome.save(tmp_path / "out", "carryflow experiment own_study")
    assert {path.name for path in folder.iterdir()} == FILES
    manifest = read_manifest(folder)
    assert manifest["question"] == "Does a larger stock of carry unwind more?"
    assert (manifest["seed"], manifest["runs"], manifest["runs_failed"]) == (5, 3, 0)
    assert manifest["findings"] + "\n" == (folder / "findings.txt").read_text(encoding="utf-8")
    assert [variant["labels"] for variant in manifest["variants"]] == [
        {"impact": 0.035, "note": None},
        {"impact": 0.05, "note": None},
    ]
    assert set(manifest["files"]) == FILES - {"manifest.json"}


def test_both_tables_and_the_figure_hold_the_same_numbers(study: Path, tmp_path: Path) -> None:
    folder = run_experiment(plan_experiment(study)).save(tmp_path / "out")
    kept, text = pd.read_parquet(folder / "table.parquet"), pd.read_csv(folder / "table.csv")
    np.testing.assert_allclose(kept["last_usdjpy"], text["last_usdjpy"], rtol=1e-9)
    plotted = pd.read_csv(folder / "figure.csv")
    np.testing.assert_allclose(plotted["last_usdjpy"], kept["last_usdjpy"], rtol=1e-9)
    assert (folder / "figure.png").read_bytes().startswith(b"\x89PNG")
    assert b"<svg" in (folder / "figure.svg").read_bytes()[:600]


def test_same_bytes_whatever_the_workers(study: Path, tmp_path: Path) -> None:
    here = run_experiment(plan_experiment(study), workers=1).save(tmp_path / "here")
    there = run_experiment(plan_experiment(study), workers=2).save(tmp_path / "there")
    assert contents(here) == contents(there)


def test_another_seed_is_another_folder_with_other_numbers(study: Path) -> None:
    first, other = plan_experiment(study, seed=1), plan_experiment(study, seed=2)
    assert first.folder != other.folder
    assert not run_experiment(first).table["last_usdjpy"].equals(run_experiment(other).table["last_usdjpy"])


def test_folder_follows_from_file_size_and_seed(study: Path) -> None:
    plans = [
        plan_experiment(study),
        plan_experiment(study),
        plan_experiment(study, quick=True),
        plan_experiment(study, runs=4),
    ]
    assert plans[0].folder == plans[1].folder
    assert len({plan.folder for plan in plans}) == 3
    before = plans[0].folder
    study.write_text(study.read_text(encoding="utf-8") + "\n# another thought\n", encoding="utf-8")
    assert ExperimentPlan(study, plans[0].scale).folder != before


def test_stopped_runs_are_left_out_and_named(study: Path) -> None:
    wild = study.read_text(encoding="utf-8").replace("(0.035, 0.05)", "(0.035, 100)")
    wild = wild.replace('(*base, f"', '(*base, "markets.usdjpy.fast_scale_usd_bn=1000000", f"').replace("4))", "30))")
    other = study.with_name("wild_study.py")
    other.write_text(wild, encoding="utf-8")
    outcome = run_experiment(plan_experiment(other))
    assert outcome.runs_failed > 0
    assert len(outcome.table) == 6 - outcome.runs_failed
    assert f"{outcome.runs_failed} runs stopped early" in outcome.findings.text


def test_a_mistake_in_a_variant_is_found_before_anything_runs(study: Path) -> None:
    study.write_text(study.read_text(encoding="utf-8").replace("fast_impact_pct", "fast_impakt_pct"), encoding="utf-8")
    with pytest.raises(ConfigError, match="fast_impact_pct_per_usd_bn"):
        _ = plan_experiment(study).hash


def test_progress_counts_runs(study: Path) -> None:
    seen: list[tuple[int, int]] = []
    run_experiment(plan_experiment(study), progress=lambda done, total: seen.append((done, total)))
    assert seen == [(3, 6), (6, 6)]


def test_a_broken_file_is_not_kept(study: Path) -> None:
    study.write_text("raise ValueError('no')", encoding="utf-8")
    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            plan_experiment(study)


def test_processes_are_started_for_large_work_only(study: Path) -> None:
    plan = plan_experiment(study)
    assert experiment_workers(plan) == 1
    many = plan_experiment(study, runs=10_000_000)
    assert experiment_workers(many) == min(available_processors(), len(many.variants))


def test_facts_are_json(study: Path) -> None:
    facts = run_experiment(plan_experiment(study)).facts()
    assert json.loads(json.dumps(facts, allow_nan=False)) == facts


def test_a_killed_worker_is_named_not_waited_for() -> None:
    with pytest.raises(EnsembleError, match="--workers 1"):
        list(map_in_order(os._exit, [(1,), (1,)], 2))


def test_results_come_in_the_order_of_the_tasks() -> None:
    assert list(map_in_order(pow, [(2, power) for power in range(5)], 2)) == [1, 2, 4, 8, 16]


def test_an_error_in_a_worker_is_the_callers() -> None:
    with pytest.raises(ZeroDivisionError):
        list(map_in_order(divmod, [(1, 1), (1, 0)], 2))
