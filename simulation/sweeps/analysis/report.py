"""The analysis of a sweep: results for each metric as text, as JSON, and as a folder of figures and tables."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from simulation.results.metrics import outcomes
from simulation.results.output_folder import OutputError
from simulation.sweeps.analysis.discovery import Discovery, OutcomeCondition, discover_boxes, discover_failures
from simulation.sweeps.analysis.response_curves import (
    ResponseMap,
    describe_influence,
    influence_table,
    is_grid,
    response_curve,
    response_map,
)
from simulation.sweeps.analysis.sobol import (
    SALTELLI,
    STANDARD_BOOTSTRAP,
    Bootstrap,
    SobolIndices,
    VarianceShares,
    sobol_analysis,
    variance_shares,
)
from simulation.sweeps.analysis.sweep_table import SweepAxis, SweepTable
from simulation.values.labels import capitalized

if TYPE_CHECKING:
    from simulation.results.figures.style import Drawing


@dataclass(frozen=True)
class MetricAnalysis:
    """Results of a sweep for one metric."""

    sweep: SweepTable
    metric: str
    bootstrap: Bootstrap = STANDARD_BOOTSTRAP

    @cached_property
    def influence(self) -> pd.DataFrame:
        """Axes by influence."""
        return influence_table(self.sweep, self.metric)

    @cached_property
    def indices(self) -> SobolIndices | None:
        """Sobol indices; None for designs other than Saltelli."""
        return sobol_analysis(self.sweep, self.metric, self.bootstrap) if self.sweep.design == SALTELLI else None

    @cached_property
    def shares(self) -> VarianceShares | None:
        """Decomposition of the variance of a run; None if points have one run."""
        return variance_shares(self.sweep, self.metric)

    @cached_property
    def curves(self) -> list[tuple[SweepAxis, pd.DataFrame]]:
        """Response curves, the most influential axis first; axes with one value are excluded."""
        axes = [self.sweep.axis(str(key)) for key in self.influence["key"]]
        curves = [(axis, response_curve(self.sweep, axis, self.metric)) for axis in axes]
        return [(axis, curve) for axis, curve in curves if len(curve) > 1]

    @cached_property
    def map(self) -> ResponseMap | None:
        """Response to the two most influential axes; None for a one-at-a-time design or a single axis."""
        if self.sweep.design == "one_at_a_time" or len(self.curves) < 2:
            return None
        # A numeric axis with few values gives the columns; otherwise the order of influence decides.
        chosen = [axis for axis, _ in self.curves][:2]
        rows, columns = sorted(chosen, key=lambda axis: is_grid(self.sweep, axis) and axis.numeric)
        return response_map(self.sweep, (rows, columns), self.metric)

    @property
    def unit(self) -> str:
        """Unit of the metric."""
        return self.sweep.units[self.metric]

    @property
    def names(self) -> dict[str, str]:
        """Names of the keys and of the metric, where they differ from the key."""
        known = {axis.key: axis.name for axis in self.sweep.axes}
        known |= {one.name: one.label for one in outcomes() if one.name == self.metric}
        return {key: words for key, words in known.items() if words != key}

    def text(self) -> str:
        """Describe the results in sentences."""
        indices = None if self.indices is None else self.indices.table
        parts = [describe_influence(self.influence, self.metric, self.unit, indices, self.names)]
        if self.indices is not None:
            parts.append(self.indices.in_words())
        if self.shares is not None:
            parts.append(self.shares.in_words(self.sweep.independent))
        return " ".join(parts)

    def to_dict(self) -> dict[str, Any]:
        """Return the results as JSON-ready values."""
        sobol_part = None
        if self.indices is not None:
            value, low, high = self.indices.interactions
            keys = {
                "rows": self.indices.rows,
                "adds_up": self.indices.adds_up,
                "indices": json_records(self.indices.table),
            }
            sobol_part = keys | {"interactions": {"value": value, "low": low, "high": high}}
        return {
            "unit": self.unit,
            "words": self.text(),
            "influence": json_records(self.influence),
            "sobol": sobol_part,
            "variance_shares": None if self.shares is None else vars(self.shares),
            "curves": {axis.key: json_records(curve) for axis, curve in self.curves},
        }

    def drawings(self, source: str, level: float | None = None) -> dict[str, Drawing]:
        """The figures by name."""
        from simulation.sweeps.analysis.figures import FigureMetric, curves_figure, map_figure, sobol_figure

        metric = FigureMetric(self.metric, self.unit, source)
        drawings: dict[str, Drawing] = {}
        if self.curves:
            first = self.curves[0][0].name
            title = f"{capitalized(metric.words)} depends most on {first}"
            drawings[f"curves_{self.metric}"] = curves_figure(self.curves, metric, title)
        if self.map is not None:
            drawings[f"map_{self.metric}"] = map_figure(self.map, metric, level)
        if self.indices is not None:
            drawings[f"sobol_{self.metric}"] = sobol_figure(self.indices, self.sweep.axes, metric)
        return drawings


@dataclass(frozen=True)
class SweepAnalysis:
    """Results of a sweep for some metrics, and the regions in which outcomes are frequent."""

    sweep: SweepTable
    metrics: Mapping[str, MetricAnalysis]
    discoveries: Sequence[Discovery]
    failures: Discovery | None = None

    def text(self) -> str:
        """Describe all results."""
        sweep = self.sweep
        points, done = sweep.runs["point"].nunique(), len(sweep.finished)
        head = f"{sweep.name}: {points:,} points of a {sweep.design} design, {done:,} finished runs, {sweep.failed:,} failed."
        parts = [part.text() for part in self.metrics.values()]
        if self.failures is not None:
            head += " Runs that stopped early are excluded, which biases the results for the regions where they lie. "
            head += self.failures.in_words()
        return "\n\n".join([head, *parts, *(discovery.in_words() for discovery in self.discoveries)])

    def to_dict(self) -> dict[str, Any]:
        """Return all results as JSON-ready values."""
        sweep = self.sweep
        return {
            "sweep": sweep.name,
            "design": sweep.design,
            "points": int(sweep.runs["point"].nunique()),
            "runs": len(sweep.finished),
            "runs_failed": sweep.failed,
            "failures": None if self.failures is None else _discovery_json(self.failures),
            "metrics": {name: part.to_dict() for name, part in self.metrics.items()},
            "discovery": [_discovery_json(discovery) for discovery in self.discoveries],
        }

    def write(self, directory: Path) -> None:
        """Write figures, their data and the report into an existing empty folder."""
        from simulation.results.figures.charts import write_figures
        from simulation.studies.experiment.figures import svg_bytes

        conditions = [OutcomeCondition.parse(discovery.condition) for discovery in self.discoveries]
        levels = {condition.metric: condition.level for condition in conditions}
        source = f"Source: carryflow sweep {self.sweep.name}, {len(self.sweep.finished):,} runs"
        for name, part in self.metrics.items():
            drawings = part.drawings(source, levels.get(name))
            write_figures(drawings, directory)
            for figure, drawing in drawings.items():
                (directory / f"{figure}.svg").write_bytes(svg_bytes(drawing))
        (directory / "analysis.txt").write_text(self.text() + "\n", encoding="utf-8")
        text = json.dumps(self.to_dict(), indent=2, allow_nan=False, ensure_ascii=False)
        (directory / "analysis.json").write_text(text + "\n", encoding="utf-8")


def analyse_sweep(
    sweep: SweepTable,
    metrics: Sequence[str] = (),
    conditions: Sequence[str] = (),
    bootstrap: Bootstrap = STANDARD_BOOTSTRAP,
) -> SweepAnalysis:
    """Return the analysis of a sweep.

    Parameters
    ----------
    metrics
        Metrics to analyse; none for all that vary.
    conditions
        Outcomes whose regions are searched, such as ``usdjpy_trough_pct<-10``.

    Raises
    ------
    OutputError
        If the sweep lacks a metric, or no run is finished.
    """
    if sweep.finished.empty:
        raise OutputError(f"no run of {sweep.name} is finished: there is nothing to analyse")
    outcomes = [OutcomeCondition.parse(text) for text in conditions]
    for name in [*metrics, *(outcome.metric for outcome in outcomes)]:
        sweep.check_metric(name)
    chosen = metrics or [name for name in sweep.units if sweep.finished[name].nunique() > 1]
    parts = {name: MetricAnalysis(sweep, name, bootstrap) for name in chosen}
    failures = discover_failures(sweep) if sweep.failed else None
    return SweepAnalysis(sweep, parts, [discover_boxes(sweep, outcome) for outcome in outcomes], failures)


def json_records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """A table as JSON-ready rows; missing values are null."""
    return [{str(key): _json_scalar(value) for key, value in row.items()} for row in table.to_dict("records")]


def _json_scalar(value: Any) -> Any:
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _discovery_json(discovery: Discovery) -> dict[str, Any]:
    boxes = [vars(box) | {"limits": list(box.limits)} for box in discovery.boxes]
    return {"condition": discovery.condition, "share": discovery.share, "boxes": boxes, "note": discovery.note}
