"""Report of a sweep: findings, design, response curves, sensitivity indices, failed runs and reproduction."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Sequence
from math import isfinite
from pathlib import Path
from typing import Any

from simulation.pages.reporting.html import (
    Html,
    code,
    code_block,
    concatenate,
    figure_element,
    paragraphs,
    render_document,
    table,
)
from simulation.pages.reporting.scenario_section import footer_text, reproduction_section
from simulation.results.summary import format_mean
from simulation.scenario.config.formatting import format_number
from simulation.scenario.scenario import Scenario
from simulation.studies.paired import display_unit
from simulation.sweeps.analysis.report import MetricAnalysis, SweepAnalysis, analyse_sweep
from simulation.sweeps.analysis.sobol import SobolIndices
from simulation.sweeps.analysis.sweep_table import SweepAxis, SweepTable, read_sweep
from simulation.values.labels import readable_name

PREFERRED_METRICS = ("unwound_share", "usdjpy_trough_pct", "levered_unwind_share", "repatriation_usd_bn")
"""Metrics shown by default if they were measured and vary."""
MAX_METRICS = 4
MAX_VALUES = 8
"""Largest number of values of an axis that are listed."""
DESIGNS = {
    "factorial": "every combination of the values",
    "one_at_a_time": "the base scenario and variations of one key at a time",
    "latin_hypercube": "a Latin hypercube",
    "sobol": "a Sobol sequence",
    "halton": "a Halton sequence",
    "saltelli": "Saltelli's design for Sobol indices",
    "table": "a user-supplied table of points",
}


def sweep_report_html(folder: Path, metrics: Sequence[str] = ()) -> str:
    """Report of a sweep as HTML."""
    sweep = read_sweep(folder)
    facts: dict[str, Any] = dict(sweep.facts or {})
    analysis = analyse_sweep(sweep, metrics or default_metrics(sweep))
    sections = {
        "Findings": paragraphs(*analysis.text().split("\n\n")),
        "The design": design_section(sweep, facts),
        **{metric_heading(name, facts): metric_section(name, part, facts) for name, part in analysis.metrics.items()},
        "Failed runs": failed_section(sweep, analysis),
        "Ledger audit": ledger_section(sweep),
        "How to reproduce": reproduction_section(facts, rebuild_section(folder), base_scenario(facts)),
    }
    size = f"{facts['points']:,} points, {facts['runs_done']:,} of {facts['runs']:,} runs done"
    line = f"{sweep.name}: {size}, seed {facts['seed']}"
    return render_document(facts.get("title") or sweep.name, line, sections, footer_text(facts, folder))


def default_metrics(sweep: SweepTable) -> list[str]:
    """Metrics shown by default: at most `MAX_METRICS` that vary, preferred ones first."""
    varying = [name for name in sweep.units if sweep.finished[name].nunique() > 1]
    first = [name for name in PREFERRED_METRICS if name in varying]
    return [*first, *(name for name in varying if name not in first)][:MAX_METRICS]


def design_section(sweep: SweepTable, facts: dict[str, Any]) -> Html:
    """Design of the sweep: varied keys, points and replications."""
    kind = facts["design"]["kind"]
    news = (
        "points have independent random news"
        if sweep.independent
        else "replication i has the same random news at every point"
    )
    sets = facts.get("parameter_sets")
    intro = (
        f"The scenario {facts['scenario']} was run at {facts['points']:,} points with {facts['replications']:,} replications "
        f"each; {news}. The points are {DESIGNS.get(kind, kind)}."
    )
    rows = [(axis.name, code(axis.key), axis.unit or "-", axis_values(sweep, axis)) for axis in sweep.axes]
    more = f"Replication i uses parameter set i of {sets}." if sets else ""
    unfinished = "" if facts["status"] == "finished" else f"The sweep is {facts['status']}: some runs are missing."
    varied = table("Varied keys", ("Name", "Config key", "Unit", "Values"), rows, 9)
    return concatenate([paragraphs(intro, more, unfinished), varied])


def axis_values(sweep: SweepTable, axis: SweepAxis) -> str:
    """Values of an axis, or their range if there are more than `MAX_VALUES`."""
    values = sweep.runs[axis.column].dropna().unique()
    if not axis.numeric:
        return ", ".join(sorted(map(str, values)))
    ordered = [format_number(float(f"{value:.4g}")) for value in sorted(values)]
    return ", ".join(ordered) if len(ordered) <= MAX_VALUES else f"{ordered[0]} to {ordered[-1]}, {len(ordered)} values"


def metric_heading(name: str, facts: dict[str, Any]) -> str:
    """Label and unit of a metric."""
    metric = facts["metrics"][name]
    return f"{metric['label']}, {display_unit(metric['unit'])}"


def metric_section(name: str, part: MetricAnalysis, facts: dict[str, Any]) -> Html:
    """Figures, influence of each key, and Sobol indices of one metric."""
    source = f"Source: carryflow sweep {part.sweep.name}, {len(part.sweep.finished):,} runs"
    drawings = part.drawings(source).values()
    figures = [figure_element(f"{name}-{at}".replace("_", "-"), drawing) for at, drawing in enumerate(drawings)]
    rows = [influence_row(part, row) for row in part.influence.to_dict("records")]
    head = ("Key", "Lowest mean", "Highest mean", "Share of the variance between points")
    return concatenate(
        [*figures, table(f"Influence on {metric_heading(name, facts)}", head, rows), indices_table(part.indices)]
    )


def influence_row(part: MetricAnalysis, row: dict[Any, Any]) -> tuple[str, str, str, str]:
    """Name of an axis, lowest and highest mean along it, and its share of the variance between points."""
    ends = [
        format_mean(row[end], part.unit) if isinstance(row.get(end), float) and isfinite(row[end]) else "-"
        for end in ("lowest", "highest")
    ]
    share = f"{100.0 * row['share']:.0f} %" if isfinite(row["share"]) else "-"
    return part.sweep.axis(str(row["key"])).name, ends[0], ends[1], share


def indices_table(indices: SobolIndices | None) -> Html:
    """Sobol indices with confidence intervals."""
    if indices is None:
        return Html("")
    names = [str(name) for name in indices.table if name != "key"]
    rows = [(str(row["key"]), *(f"{row[name]:.3g}" for name in names)) for row in indices.table.to_dict("records")]
    return table("Sobol indices", ("Key", *(readable_name(name) for name in names)), rows)


def failed_section(sweep: SweepTable, analysis: SweepAnalysis) -> Html:
    """Failed runs by reason, and where they occur."""
    if not sweep.failed:
        return paragraphs("All runs finished.")
    reasons = Counter(sweep.runs.loc[sweep.runs["status"] != "done", "reason"].astype(str))
    rows = [(reason or "no reason recorded", f"{count:,}") for reason, count in reasons.most_common()]
    location = analysis.failures.in_words() if analysis.failures is not None else ""
    return concatenate([table("Failed runs by reason", ("Reason", "Runs"), rows), paragraphs(location)])


def ledger_section(sweep: SweepTable) -> Html:
    """Number of runs that violated an accounting identity."""
    broken = int(sweep.runs["reason"].astype(str).str.startswith("ledger:").sum()) if "reason" in sweep.runs else 0
    result = "no run violated one" if not broken else f"{broken:,} runs violated one and are counted as failed"
    return paragraphs(
        f"Seven accounting identities are checked every day of every run; {result}. The store does not record residuals: "
        "carryflow rebuild repeats one run with everything recorded, and carryflow report shows its residuals."
    )


def base_scenario(facts: dict[str, Any]) -> Scenario | None:
    """The base scenario, None if the sweep is based on an episode."""
    base = facts["base"]
    return Scenario.model_validate(base["config"]) if base["kind"] == "scenarios" else None


def rebuild_section(folder: Path) -> Html:
    """How to repeat one run of the store."""
    command = shlex.join(["carryflow", "rebuild", folder.resolve().name, "RUN_ID"])
    return concatenate(
        [
            paragraphs("With the store, to repeat one run and compare it (RUN_ID as in the column run_id):"),
            code_block(command),
        ]
    )
