"""Comparison of two scenarios run by run with the same random news, so that most of the noise cancels out.

>>> import simulation as cf
>>> print(cf.compare("december_2025_official", "december_2025_article"))  # doctest: +SKIP
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import t as student

from simulation.compute.ensemble import run_ensemble, with_seed
from simulation.results.effects import paired_effect
from simulation.results.figures.style import ACCENT, GREY, Drawing, Heading, figure_style, new_figure
from simulation.results.metrics import METRICS, FinishedRuns
from simulation.results.output_folder import OutputError
from simulation.results.summary import format_mean
from simulation.scenario.config.loading import LoadedConfig, load
from simulation.scenario.config.parameter_sets import sets_beside
from simulation.scenario.config.rendering import ConfigDifference, config_differences
from simulation.studies.experiment.figures import style_bar_axes, write_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from simulation.compute.ensemble import Progress
    from simulation.day.recorder import Record
    from simulation.scenario.config.parameter_sets import Cloud
    from simulation.scenario.scenario import Scenario


FloatArray = NDArray[np.float64]
CONFIDENCE_LEVEL = 0.95
FEWEST_RUNS = 2
"""Smallest number of runs for a difference with an interval."""
LONGEST_FOREST_TITLE = 90
"""Longest title in characters that fits the figure in a readable size."""
_TABLE_HEADER = f"{'':40}{'A':>10}{'B':>10}{'B - A':>10}  {'95 % interval':^22}{'unpaired runs':>14}"


def display_unit(unit: str) -> str:
    """Return a unit as displayed: shares are shown in percent."""
    return "% of stock" if unit.startswith("share") else unit


def paired_statistics(first: FloatArray, second: FloatArray) -> dict[str, float]:
    """Return the difference between two samples of a metric with the same random news, second minus first.

    Returns
    -------
    dict
        Means ``a`` and ``b``; ``difference`` with its ``standard_error`` and 95 % interval ``low``, ``high``; ``p10`` and
        ``p90`` of the differences of single runs; ``correlation`` over runs; ``unpaired_runs``, the number of independent
        runs of each scenario with the same standard error (infinite if all paired differences are equal).

    Source: the variance of a mean difference, paired ``var(d)/n``, unpaired ``(var(a) + var(b))/m``.
    """
    effect, count = paired_effect(second, first), len(first)
    mean, error = effect.mean, effect.se
    half = float(student.ppf(0.5 + CONFIDENCE_LEVEL / 2.0, count - 1)) * error
    variances = float(first.var(ddof=1) + second.var(ddof=1))
    unpaired = variances / error**2 if error > 0.0 else (math.inf if variances > 0.0 else float(count))
    spread = first.std() * second.std()
    correlation = (
        float(((first - first.mean()) * (second - second.mean())).mean() / spread) if spread > 0.0 else math.nan
    )
    return {
        "a": float(first.mean()), "b": float(second.mean()), "difference": mean, "standard_error": error,
        "low": mean - half, "high": mean + half, "p10": effect.p10, "p90": effect.p90, "runs": float(count),
        "correlation": correlation, "unpaired_runs": unpaired, "sd_a": float(first.std(ddof=1)),
    }  # fmt: skip


def paired_table(first: Record, second: Record) -> pd.DataFrame:
    """Return the statistics of every metric that both records have, over the runs that finished in both.

    One row per metric, with the columns of `paired_statistics`.

    Raises
    ------
    OutputError
        If fewer than two runs finished in both.
    """
    ends = (FinishedRuns(first), FinishedRuns(second))
    finished = [end.record.runs[end.rows] for end in ends]
    both = np.intersect1d(finished[0], finished[1])
    if len(both) < FEWEST_RUNS:
        raise OutputError(f"{len(both)} runs finished in both scenarios; at least {FEWEST_RUNS} are needed")
    rows = []
    for metric in METRICS:
        own, other = (metric.per_run(end) for end in ends)
        if own is None or other is None:
            continue
        own, other = own[np.isin(finished[0], both)], other[np.isin(finished[1], both)]
        rows.append({"metric": metric.name, "label": metric.label, "unit": metric.unit} | paired_statistics(own, other))
    return pd.DataFrame(rows)


@dataclass(frozen=True)
class PairedComparison:
    """Comparison of two scenarios; prints as a table.

    Attributes
    ----------
    names
        Names of both.
    table
        One row per metric: means, difference with interval, and the runs an unpaired comparison would need.
    changes
        Differences between the configurations.
    seed, runs
        Seed of both and runs of each.
    failed
        Number of runs that did not finish in both scenarios.
    """

    names: tuple[str, str]
    table: pd.DataFrame
    changes: tuple[ConfigDifference, ...]
    seed: int
    runs: int
    failed: int

    @cached_property
    def runs_saved(self) -> float:
        """Runs that an unpaired comparison would need, as a multiple of the actual runs; median over metrics."""
        ratio = (self.table["unpaired_runs"] / self.table["runs"]).replace(np.inf, np.nan).dropna()
        return float(ratio.median()) if len(ratio) else math.nan

    def text(self) -> str:
        """Return the comparison as text: configuration differences, then the metrics."""
        head = f"{self.names[1]} minus {self.names[0]}: {self.runs} runs of each with the same news, seed {self.seed}"
        changes = [f"  {change}" for change in self.changes] or ["  none"]
        lines = [
            head,
            "Configuration differences:",
            *changes,
            "",
            _TABLE_HEADER,
            *(_table_line(row) for row in self.table.to_dict("records")),
        ]
        if math.isfinite(self.runs_saved):
            lines += [
                "",
                f"An unpaired comparison would need about {self.runs_saved:.3g} times as many runs (median over metrics).",
            ]
        if self.failed:
            lines.append(f"{self.failed} runs did not finish in both scenarios and are excluded.")
        return "\n".join(lines)

    __str__ = text
    __repr__ = text

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison as JSON-ready values."""
        rows = [
            {str(key): _finite_or_none(value) for key, value in row.items()} for row in self.table.to_dict("records")
        ]
        return {
            "a": self.names[0], "b": self.names[1], "seed": self.seed, "runs": self.runs, "runs_failed": self.failed,
            "changes": [change.as_json() for change in self.changes], "metrics": rows,
            "runs_saved": _finite_or_none(self.runs_saved),
        }  # fmt: skip

    @property
    def drawing(self) -> Drawing:
        """The figure with the plotted values."""
        return forest_plot(self.table, self.names, f"{self.runs} runs of each with the same news, seed {self.seed}")

    def plot(self) -> Figure:
        """Return a figure of all differences with intervals, in standard deviations over runs of the first scenario."""
        return self.drawing.figure

    def write(self, directory: Path) -> None:
        """Write figure, table and report into an existing empty folder."""
        write_figure(self.drawing, directory)
        self.table.to_csv(directory / "differences.csv", index=False)
        (directory / "comparison.txt").write_text(self.text() + "\n", encoding="utf-8")
        text = json.dumps(self.to_dict(), indent=2, allow_nan=False, ensure_ascii=False)
        (directory / "comparison.json").write_text(text + "\n", encoding="utf-8")


def _table_line(row: dict[Any, Any]) -> str:
    unit = row["unit"]
    a, b, difference, low, high = (format_mean(row[name], unit) for name in ("a", "b", "difference", "low", "high"))
    unpaired = "any" if not math.isfinite(row["unpaired_runs"]) else f"{row['unpaired_runs']:,.0f}"
    label = f"{row['label']}, {display_unit(unit)}"
    return f"{label:40}{a:>10}{b:>10}{difference:>10}  {f'{low} to {high}':^22}{unpaired:>14}"


def _finite_or_none(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def compare(  # noqa: PLR0913 - the one call that most users make
    a: str | Path | Scenario,
    b: str | Path | Scenario,
    *,
    runs: int = 100,
    seed: int | None = None,
    workers: int | None = 1,
    settings: tuple[Sequence[str], Sequence[str]] = ((), ()),
    cloud: Cloud | None = None,
    progress: Progress | None = None,
) -> PairedComparison:
    """Compare two scenarios run by run under common random numbers.

    Parameters
    ----------
    a, b : str, Path or Scenario
        Shipped names, files or validated scenarios; the seed of `a` is used for both.
    runs : int
        Runs of each, at least 2.
    seed : int, optional
        Replaces the seed of both.
    workers : int, optional
        Processes to use; None chooses by the amount of work.
    settings : pair of sequences of str
        Overrides of `a` and of `b`, as after ``--set``.
    cloud : Cloud, optional
        Calibrated parameter sets: run i of both uses set i, except for keys in the settings.
    progress : callable, optional
        Called with (done, total) runs.
    """
    if runs < FEWEST_RUNS:
        raise ValueError(f"runs must be at least {FEWEST_RUNS} to estimate an interval, got {runs}")
    loaded = [_load_scenario(one, own) for one, own in zip((a, b), settings, strict=True)]
    common = loaded[0].scenario.seed if seed is None else seed
    both = [with_seed(one.scenario, common) for one in loaded]
    records = [
        run_ensemble(
            one, runs, workers, _shifted_progress(progress, at * runs, 2 * runs), sets_beside(cloud, settings[at])
        )
        for at, one in enumerate(both)
    ]
    changes = tuple(change for change in config_differences(loaded[0], loaded[1]) if change.key not in ("seed", "name"))
    table = paired_table(records[0], records[1])
    failed = runs - int(table["runs"].iloc[0])
    names = (_scenario_label(both[0], settings[0]), _scenario_label(both[1], settings[1]))
    return PairedComparison(names, table, changes, common, runs, failed)


def _load_scenario(scenario: str | Path | Scenario, settings: Sequence[str]) -> LoadedConfig[Any]:
    if isinstance(scenario, str | Path):
        return load(scenario, settings)
    if settings:
        raise TypeError("settings apply to a scenario given by name or file; use model_copy for an object")
    from simulation.scenario.config.tree import Node, Origin, Source

    return LoadedConfig(scenario, Node({}, Origin(Source(scenario.name, (), inline=True), 1, 1)), ())


def _scenario_label(scenario: Scenario, settings: Sequence[str]) -> str:
    return f"{scenario.name} ({', '.join(settings)})" if settings else scenario.name


def _shifted_progress(progress: Progress | None, before: int, total: int) -> Progress | None:
    return None if progress is None else lambda done, _runs: progress(before + done, total)


def forest_plot(compared: pd.DataFrame, names: tuple[str, str], about: str) -> Drawing:
    """Return a forest plot of the differences with intervals, in standard deviations over runs of the first scenario.

    Parameters
    ----------
    compared
        One row per metric, as from `paired_table`.
    names
        Names of both scenarios.
    about
        Runs and seed, for the source line.
    """
    table = compared[compared["sd_a"] > 0.0].reset_index(drop=True)
    scaled = {name: table[name].to_numpy() / table["sd_a"].to_numpy() for name in ("difference", "low", "high")}
    subtitle = (
        "Mean difference in standard deviations of the first scenario over runs; lines: 95 % intervals; right: B − A"
    )
    with figure_style():
        figure = new_figure(forest_heading(names, subtitle, f"Source: carryflow compare, {about}"))
        axes = figure.add_axes((0.24, 0.09, 0.54, 0.76))
        rows = np.arange(len(table))
        style_bar_axes(
            axes, [f"{label}, {display_unit(unit)}" for label, unit in zip(table["label"], table["unit"], strict=True)]
        )
        axes.hlines(rows, scaled["low"], scaled["high"], color=ACCENT, linewidth=2.2)
        axes.plot(scaled["difference"], rows, "o", color=ACCENT, markersize=5)
        for row, one in enumerate(table.to_dict("records")):
            text = "{}  [{}, {}]".format(*(format_mean(one[name], one["unit"]) for name in scaled))
            axes.text(1.03, row, text, transform=axes.get_yaxis_transform(), fontsize=8, color=GREY, va="center")
    return Drawing(figure, {str(name): table[name].to_numpy() for name in table})


def forest_heading(names: tuple[str, str], subtitle: str, source: str) -> Heading:
    """Return title, subtitle and source line; names too long for the title move to the source line."""
    title = f"{names[1]} minus {names[0]}, run by run"
    if len(title) <= LONGEST_FOREST_TITLE:
        return Heading(title, subtitle, source)
    return Heading("B minus A, run by run", subtitle, f"A: {names[0]}; B: {names[1]}. {source}")
