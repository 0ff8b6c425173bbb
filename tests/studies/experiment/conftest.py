"""Experiments on a small scale: few runs, few investors, fewer variants than even the quick version."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from simulation.results.figures.charts import png_bytes
from simulation.scenario.config.catalog import shipped_files
from simulation.studies.experiment.figures import svg_bytes
from simulation.studies.experiment.runner import ExperimentOutcome, load_experiment, plan_experiment, run_experiment

NAMES = tuple(shipped_files("experiments"))

STUDY = '''"""Does a larger stock of carry unwind more?

More words.
"""

import pandas as pd

from simulation.studies.experiment.design import (
    OFFICIAL, ExperimentFindings, ExperimentVariant, end_setting, run_table, with_investors
)
from simulation.results.figures.style import Drawing, Heading, new_figure
from simulation.results.metrics import FinishedRuns

RUNS, QUICK_RUNS, QUICK_NOTE = 3, 2, "five investors instead of ten"
IMPACTS = (0.035, 0.05)


def design(scale):
    base = (*with_investors(OFFICIAL, scale.choose(10, 5), carry_alone=True), end_setting(OFFICIAL, 4))
    return [
        ExperimentVariant({"impact": impact, "note": None}, (*base, f"markets.usdjpy.fast_impact_pct_per_usd_bn={impact}"))
        for impact in IMPACTS
    ]


def measure(result):
    finished = FinishedRuns(result.record)
    return run_table(result.record, {"last_usdjpy": finished.market("usdjpy")[:, -1]})


def findings(table):
    mean = float(table["last_usdjpy"].mean())
    return ExperimentFindings(f"USDJPY ends at {mean:.4f} on average.", {"mean": mean})


def draw(table, source):
    figure = new_figure(Heading("A finding", "a subtitle", source))
    axes = figure.add_axes((0.1, 0.1, 0.8, 0.7))
    axes.plot(table["last_usdjpy"])
    return Drawing(figure, {"last_usdjpy": table["last_usdjpy"].to_numpy()})
'''


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """Return the file of a small experiment of one's own."""
    path = tmp_path / "own_study.py"
    path.write_text(STUDY, encoding="utf-8")
    return path


@contextmanager
def small(name: str, runs: int, changes: Mapping[str, object]) -> Iterator[ExperimentOutcome]:
    """Give the outcome of a shipped experiment on a small scale, with some of its constants changed meanwhile."""
    plan = plan_experiment(name, quick=True, runs=runs)
    with pytest.MonkeyPatch.context() as patch:
        for constant, value in changes.items():
            patch.setattr(plan.study, constant, value)
        yield run_experiment(plan)


def study_of(name: str) -> Any:
    """The module of a shipped experiment."""
    return load_experiment(shipped_files("experiments")[name])


def check_output(outcome: ExperimentOutcome, folder: Path) -> None:
    """What holds of every experiment: whole table, numbers in the findings, figure within its edges, stable bytes."""
    assert outcome.runs_failed == 0
    assert list(outcome.table.columns)[: len(outcome.plan.variants[0].labels)] == list(outcome.plan.variants[0].labels)
    assert np.isfinite(outcome.table.select_dtypes("number").drop(columns="threshold_sd_pp", errors="ignore")).all(
        axis=None
    )
    assert len(re.findall(r"\d", outcome.findings.text)) > 5
    assert "nan" not in outcome.findings.text
    box, size = outcome.drawing.figure.get_tightbbox(), outcome.drawing.figure.get_size_inches()
    assert (box.x0 >= 0.0, box.y0 >= 0.0, box.x1 <= size[0], box.y1 <= size[1]) == (True,) * 4
    outcome.save(folder)
    again = ExperimentOutcome(outcome.plan, outcome.table, 0).drawing
    assert png_bytes(again.figure) == (folder / "figure.png").read_bytes()
    assert svg_bytes(again) == (folder / "figure.svg").read_bytes()
    lengths = {len(column) for column in outcome.drawing.numbers.values()}
    assert max(lengths) == len(pd.read_csv(folder / "figure.csv"))
