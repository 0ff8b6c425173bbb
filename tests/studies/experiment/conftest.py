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
from simulation.studies.experiment.answer import DESCRIPTION, STATISTICS
from simulation.studies.experiment.figures import svg_bytes
from simulation.studies.experiment.runner import ExperimentOutcome, load_experiment, plan_experiment, run_experiment

NAMES = tuple(shipped_files("experiments"))

STUDY = '''"""Does a larger stock of carry unwind more?

More words.
"""

import pandas as pd

from simulation.studies.experiment.answer import Quantity, point_columns, point_table
from simulation.studies.experiment.design import (
    OFFICIAL, ExperimentFindings, ExperimentVariant, end_setting, run_table, with_investors
)
from simulation.results.figures.style import Drawing, Heading, new_figure
from simulation.results.metrics import FinishedRuns

RUNS, QUICK_RUNS, QUICK_NOTE = 3, 2, "five investors instead of ten"
IMPACTS = (0.035, 0.05)
ANSWER = (Quantity("last_usdjpy", "yen per dollar", "USDJPY", band=True),)


def design(scale):
    base = (*with_investors(OFFICIAL, scale.choose(10, 5), carry_alone=True), end_setting(OFFICIAL, 4))
    return [
        ExperimentVariant({"impact": impact, "note": None}, (*base, f"markets.usdjpy.fast_impact_pct_per_usd_bn={impact}"))
        for impact in IMPACTS
    ]


def measure(result):
    finished = FinishedRuns(result.record)
    return run_table(result.record, {"last_usdjpy": finished.market("usdjpy")[:, -1]})


def points(table):
    return point_table(table, ["impact"], ANSWER)


def findings(table):
    mean = float(table["last_usdjpy"].mean())
    return ExperimentFindings(f"USDJPY ends at {mean:.4f} on average.", {"mean": mean})


def draw(table, source):
    figure = new_figure(Heading("A finding", "a subtitle", source))
    axes = figure.add_axes((0.1, 0.1, 0.8, 0.7))
    axes.plot(table["last_usdjpy"])
    return Drawing(figure, point_columns(points(table)))
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


def figure_title(study: Any, table: pd.DataFrame) -> str:
    """Return the title that a study's figure has for a table."""
    return str(study.draw(table, "Source: a test").figure.texts[0].get_text())


def check_output(outcome: ExperimentOutcome, folder: Path) -> None:
    """What holds of every experiment: whole and tidy tables, numbers in the findings, figure within its edges, stable bytes."""
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
    check_tidy(outcome, folder)


def check_tidy(outcome: ExperimentOutcome, folder: Path) -> None:
    """One header and one row per point of the figure, a unit for each; the printed table row by row; raw runs apart."""
    plotted, answer, runs = (pd.read_csv(folder / f"{name}.csv") for name in ("figure", "table", "runs"))
    assert list(plotted.columns)[-7:] == [*DESCRIPTION, *STATISTICS]
    assert len(plotted) == len(outcome.points)
    assert not plotted.duplicated([name for name in plotted.columns if name not in STATISTICS]).any()
    assert plotted.groupby("quantity")["unit"].nunique(dropna=False).max() == 1
    assert {quantity.column for quantity in outcome.plan.study.ANSWER} <= set(plotted["quantity"])
    printed = outcome.answer_text().splitlines()
    assert len(printed) == len(answer) + 2
    assert not answer.filter(regex="_mean$").isna().all(axis=1).any()
    assert len(runs) == len(outcome.table)
