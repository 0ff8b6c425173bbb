"""The report of a sweep: the design in words, what matters most, response curves and indices, failures, how to reproduce."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Sequence
from math import isfinite
from pathlib import Path
from typing import Any

from simulation.pages.reporting.html import Html, joined, paragraphs, table
from simulation.pages.reporting.page import code, lines, page
from simulation.pages.reporting.pictures import picture
from simulation.pages.reporting.reproducing import closing, reproducing
from simulation.scenario.config.wording import number
from simulation.scenario.scenario import Scenario
from simulation.studies.paired.paired_words import mean_text, shown_unit
from simulation.sweeps.analysis.report import Analysis, MetricAnalysis, analysed
from simulation.sweeps.analysis.sobol import Indices
from simulation.sweeps.analysis.sweep_table import Axis, SweepTable, read_sweep
from simulation.values.spelling import spoken

PREFERRED = ("unwound_share", "usdjpy_trough_pct", "levered_unwind_share", "repatriation_usd_bn")
"""Metrics shown unless others are asked for, as far as they were measured and vary."""
MOST_METRICS = 4
MOST_VALUES = 8
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


def sweep_page(folder: Path, metrics: Sequence[str] = ()) -> str:
    """The page about a sweep."""
    sweep = read_sweep(folder)
    facts: dict[str, Any] = dict(sweep.facts or {})
    found = analysed(sweep, metrics or chosen(sweep))
    sections = {
        "Findings": paragraphs(*found.text().split("\n\n")),
        "The design": design(sweep, facts),
        **{heading(name, facts): metric_part(name, part, facts) for name, part in found.metrics.items()},
        "Failed runs": failed(sweep, found),
        "Ledger audit": ledger_words(sweep),
        "How to reproduce": reproducing(facts, again(folder), base_of(facts)),
    }
    size = f"{facts['points']:,} points, {facts['runs_done']:,} of {facts['runs']:,} runs done"
    line = f"{sweep.name}: {size}, seed {facts['seed']}"
    return page(facts.get("title") or sweep.name, line, sections, closing(facts, folder))


def chosen(sweep: SweepTable) -> list[str]:
    """The metrics to show: preferred ones first, at most four that vary."""
    varying = [name for name in sweep.units if sweep.finished[name].nunique() > 1]
    first = [name for name in PREFERRED if name in varying]
    return [*first, *(name for name in varying if name not in first)][:MOST_METRICS]


def design(sweep: SweepTable, facts: dict[str, Any]) -> Html:
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
    rows = [(axis.name, code(axis.key), axis.unit or "-", values_of(sweep, axis)) for axis in sweep.axes]
    more = f"Replication i has the i-th parameter set of {sets}." if sets else ""
    unfinished = "" if facts["status"] == "finished" else f"The sweep is {facts['status']}: some runs are missing."
    return joined(
        [paragraphs(told, more, unfinished), table("What varies", ("Key", "In the config", "Unit", "Values"), rows, 9)]
    )


def values_of(sweep: SweepTable, axis: Axis) -> str:
    """Values of an axis at the points, or their range where there are many."""
    values = sweep.runs[axis.column].dropna().unique()
    if not axis.numeric:
        return ", ".join(sorted(map(str, values)))
    ordered = [number(float(f"{value:.4g}")) for value in sorted(values)]
    return (
        ", ".join(ordered) if len(ordered) <= MOST_VALUES else f"{ordered[0]} to {ordered[-1]}, {len(ordered)} values"
    )


def heading(name: str, facts: dict[str, Any]) -> str:
    """A metric with its unit."""
    about = facts["metrics"][name]
    return f"{about['label']}, {shown_unit(about['unit'])}"


def metric_part(name: str, part: MetricAnalysis, facts: dict[str, Any]) -> Html:
    """Figures, influence and indices of one metric."""
    source = f"Source: carryflow sweep {part.sweep.name}, {len(part.sweep.finished):,} runs"
    drawn = part.drawings(source).values()
    figures = [picture(f"{name}-{at}".replace("_", "-"), drawing) for at, drawing in enumerate(drawn)]
    rows = [influence_row(part, row) for row in part.influence.to_dict("records")]
    head = ("Key", "Lowest mean", "Highest mean", "Share of the variance between points")
    return joined([*figures, table(f"Influence on: {heading(name, facts)}", head, rows), indices(part.indices)])


def influence_row(part: MetricAnalysis, row: dict[Any, Any]) -> tuple[str, str, str, str]:
    """An axis, the range of the means along it, and the share of the variance that it explains by itself."""
    ends = [
        mean_text(row[end], part.unit) if isinstance(row.get(end), float) and isfinite(row[end]) else "-"
        for end in ("lowest", "highest")
    ]
    share = f"{100.0 * row['share']:.0f} %" if isfinite(row["share"]) else "-"
    return part.sweep.axis(str(row["key"])).name, ends[0], ends[1], share


def indices(found: Indices | None) -> Html:
    """Sobol indices with their intervals."""
    if found is None:
        return Html("")
    names = [str(name) for name in found.table if name != "key"]
    rows = [(str(row["key"]), *(f"{row[name]:.3g}" for name in names)) for row in found.table.to_dict("records")]
    return table("Sobol indices", ("Key", *(spoken(name) for name in names)), rows)


def failed(sweep: SweepTable, found: Analysis) -> Html:
    """How many runs failed and why."""
    if not sweep.failed:
        return paragraphs("Every run finished.")
    reasons = Counter(sweep.runs.loc[sweep.runs["status"] != "done", "reason"].astype(str))
    rows = [(reason or "no reason kept", f"{count:,}") for reason, count in reasons.most_common()]
    where = found.failures.in_words() if found.failures is not None else ""
    return joined([table("Failed runs by reason", ("Reason", "Runs"), rows), paragraphs(where)])


def ledger_words(sweep: SweepTable) -> Html:
    """What the store knows of the ledger: a run that broke an identity has failed with its name."""
    broken = int(sweep.runs["reason"].astype(str).str.startswith("ledger:").sum()) if "reason" in sweep.runs else 0
    held = "no run broke one" if not broken else f"{broken:,} runs broke one and stand among the failed"
    return paragraphs(
        f"Seven accounting identities are checked every day of every run; {held}. A store keeps no residuals: "
        "carryflow rebuild runs one run again with everything recorded, and carryflow report tells its residuals."
    )


def base_of(facts: dict[str, Any]) -> Scenario | None:
    """The base scenario where it is one by itself."""
    base = facts["base"]
    return Scenario.model_validate(base["config"]) if base["kind"] == "scenarios" else None


def again(folder: Path) -> Html:
    """How one row of the store is run again."""
    command = shlex.join(["carryflow", "rebuild", folder.resolve().name, "RUN_ID"])
    return joined(
        [
            paragraphs("With the store, to run one run again and compare it (the column run_id names them):"),
            lines(command),
        ]
    )
