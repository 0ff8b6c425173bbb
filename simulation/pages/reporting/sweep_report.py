"""The report of a sweep: the design in words, what matters most, response curves and indices, failures, how to reproduce."""

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
from simulation.scenario.config.formatting import format_number
from simulation.scenario.scenario import Scenario
from simulation.studies.paired import display_unit, format_mean
from simulation.sweeps.analysis.report import MetricAnalysis, SweepAnalysis, analyse_sweep
from simulation.sweeps.analysis.sobol import SobolIndices
from simulation.sweeps.analysis.sweep_table import SweepAxis, SweepTable, read_sweep
from simulation.values.labels import readable_name

PREFERRED_METRICS = ("unwound_share", "usdjpy_trough_pct", "levered_unwind_share", "repatriation_usd_bn")
"""Metrics shown unless others are asked for, as far as they were measured and vary."""
MAX_METRICS = 4
MAX_VALUES = 8
"""Values of an axis named one by one."""
DESIGNS = {
    "factorial": "every combination of the values",
    "one_at_a_time": "the base scenario, then one key at a time",
    "latin_hypercube": "a Latin hypercube",
    "sobol": "a Sobol sequence",
    "halton": "a Halton sequence",
    "saltelli": "Saltelli's design for Sobol indices",
    "table": "a table of points made elsewhere",
}


def sweep_report_html(folder: Path, metrics: Sequence[str] = ()) -> str:
    """The page about a sweep."""
    sweep = read_sweep(folder)
    facts: dict[str, Any] = dict(sweep.facts or {})
    found = analyse_sweep(sweep, metrics or default_metrics(sweep))
    sections = {
        "Findings": paragraphs(*found.text().split("\n\n")),
        "The design": design_section(sweep, facts),
        **{metric_heading(name, facts): metric_section(name, part, facts) for name, part in found.metrics.items()},
        "Failed runs": failed_section(sweep, found),
        "Ledger audit": ledger_section(sweep),
        "How to reproduce": reproduction_section(facts, rebuild_section(folder), base_scenario(facts)),
    }
    size = f"{facts['points']:,} points, {facts['runs_done']:,} of {facts['runs']:,} runs done"
    line = f"{sweep.name}: {size}, seed {facts['seed']}"
    return render_document(facts.get("title") or sweep.name, line, sections, footer_text(facts, folder))


def default_metrics(sweep: SweepTable) -> list[str]:
    """The metrics to show: preferred ones first, at most four that vary."""
    varying = [name for name in sweep.units if sweep.finished[name].nunique() > 1]
    first = [name for name in PREFERRED_METRICS if name in varying]
    return [*first, *(name for name in varying if name not in first)][:MAX_METRICS]


def design_section(sweep: SweepTable, facts: dict[str, Any]) -> Html:
    """What was varied, how, and how often each point was run."""
    kind = facts["design"]["kind"]
    news = (
        "every point draws news of its own" if sweep.independent else "replication i meets the same news at every point"
    )
    sets = facts.get("parameter_sets")
    told = (
        f"The scenario {facts['scenario']} was run at {facts['points']:,} points, {facts['replications']:,} times each; {news}. "
        f"The points are {DESIGNS.get(kind, kind)}."
    )
    rows = [(axis.name, code(axis.key), axis.unit or "-", axis_values(sweep, axis)) for axis in sweep.axes]
    more = f"Replication i has the i-th parameter set of {sets}." if sets else ""
    unfinished = "" if facts["status"] == "finished" else f"The sweep is {facts['status']}: some runs are missing."
    return concatenate(
        [paragraphs(told, more, unfinished), table("What varies", ("Key", "In the config", "Unit", "Values"), rows, 9)]
    )


def axis_values(sweep: SweepTable, axis: SweepAxis) -> str:
    """Values of an axis at the points, or their range where there are many."""
    values = sweep.runs[axis.column].dropna().unique()
    if not axis.numeric:
        return ", ".join(sorted(map(str, values)))
    ordered = [format_number(float(f"{value:.4g}")) for value in sorted(values)]
    return ", ".join(ordered) if len(ordered) <= MAX_VALUES else f"{ordered[0]} to {ordered[-1]}, {len(ordered)} values"


def metric_heading(name: str, facts: dict[str, Any]) -> str:
    """A metric with its unit."""
    about = facts["metrics"][name]
    return f"{about['label']}, {display_unit(about['unit'])}"


def metric_section(name: str, part: MetricAnalysis, facts: dict[str, Any]) -> Html:
    """Figures, influence and indices of one metric."""
    source = f"Source: carryflow sweep {part.sweep.name}, {len(part.sweep.finished):,} runs"
    drawn = part.drawings(source).values()
    figures = [figure_element(f"{name}-{at}".replace("_", "-"), drawing) for at, drawing in enumerate(drawn)]
    rows = [influence_row(part, row) for row in part.influence.to_dict("records")]
    head = ("Key", "Lowest mean", "Highest mean", "Share of the variance between points")
    return concatenate(
        [*figures, table(f"Influence on: {metric_heading(name, facts)}", head, rows), indices_table(part.indices)]
    )


def influence_row(part: MetricAnalysis, row: dict[Any, Any]) -> tuple[str, str, str, str]:
    """An axis, the range of the means along it, and the share of the variance that it explains by itself."""
    ends = [
        format_mean(row[end], part.unit) if isinstance(row.get(end), float) and isfinite(row[end]) else "-"
        for end in ("lowest", "highest")
    ]
    share = f"{100.0 * row['share']:.0f} %" if isfinite(row["share"]) else "-"
    return part.sweep.axis(str(row["key"])).name, ends[0], ends[1], share


def indices_table(found: SobolIndices | None) -> Html:
    """Sobol indices with their intervals."""
    if found is None:
        return Html("")
    names = [str(name) for name in found.table if name != "key"]
    rows = [(str(row["key"]), *(f"{row[name]:.3g}" for name in names)) for row in found.table.to_dict("records")]
    return table("Sobol indices", ("Key", *(readable_name(name) for name in names)), rows)


def failed_section(sweep: SweepTable, found: SweepAnalysis) -> Html:
    """How many runs failed and why."""
    if not sweep.failed:
        return paragraphs("Every run finished.")
    reasons = Counter(sweep.runs.loc[sweep.runs["status"] != "done", "reason"].astype(str))
    rows = [(reason or "no reason kept", f"{count:,}") for reason, count in reasons.most_common()]
    where = found.failures.in_words() if found.failures is not None else ""
    return concatenate([table("Failed runs by reason", ("Reason", "Runs"), rows), paragraphs(where)])


def ledger_section(sweep: SweepTable) -> Html:
    """What the store knows of the ledger: a run that broke an identity has failed with its name."""
    broken = int(sweep.runs["reason"].astype(str).str.startswith("ledger:").sum()) if "reason" in sweep.runs else 0
    held = "no run broke one" if not broken else f"{broken:,} runs broke one and stand among the failed"
    return paragraphs(
        f"Seven accounting identities are checked every day of every run; {held}. A store keeps no residuals: "
        "carryflow rebuild runs one run again with everything recorded, and carryflow report tells its residuals."
    )


def base_scenario(facts: dict[str, Any]) -> Scenario | None:
    """The base scenario where it is one by itself."""
    base = facts["base"]
    return Scenario.model_validate(base["config"]) if base["kind"] == "scenarios" else None


def rebuild_section(folder: Path) -> Html:
    """How one row of the store is run again."""
    command = shlex.join(["carryflow", "rebuild", folder.resolve().name, "RUN_ID"])
    return concatenate(
        [
            paragraphs("With the store, to run one run again and compare it (the column run_id names them):"),
            code_block(command),
        ]
    )
