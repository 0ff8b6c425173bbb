"""What the manifest of a sweep says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from simulation.results.metrics import METRICS
from simulation.results.store import versions
from simulation.sweeps.columns import Columns
from simulation.sweeps.engine import ENGINES
from simulation.sweeps.precision import precision, wanted

if TYPE_CHECKING:
    from simulation.sweeps.have import Have
    from simulation.sweeps.plan import Plan

RUNNING, INTERRUPTED, FINISHED, PARTIAL = "running", "interrupted", "finished", "partial"


def facts_of(plan: Plan, have: Have, status: str, command: str | None, engines: tuple[str, ...]) -> dict[str, Any]:
    """Everything but the digests of the files."""
    sweep, base = plan.sweep, json.loads(plan.base.config)
    runs, failed = have.counts(wanted(sweep, have))
    known = precision(sweep, have)
    return {
        "kind": "sweep",
        "name": sweep.name,
        "title": sweep.title,
        "status": status,
        "config_hash": plan.hash,
        "mixing": plan.mixing,
        "scenario": base.get("name", sweep.scenario),
        "seed": base["seed"],
        "replications": sweep.replications,
        "independent": sweep.independent,
        "parameter_sets": None if plan.cloud is None else plan.cloud.name,
        "design": sweep.design.model_dump(mode="json"),
        "axes": Columns(plan).axes(),
        "metrics": metrics_of(sweep.measured),
        "record": sweep.record,
        "series": list(sweep.kept_series),
        "until": None if sweep.until is None else sweep.until.model_dump(mode="json"),
        "points": len(plan.points),
        "runs": plan.most_runs,
        "runs_done": runs,
        "runs_failed": failed,
        "points_short": None if known is None else known.short,
        "versions": versions(),
        ENGINES: list(engines),
        "command": command,
        "sweep": sweep.model_dump(mode="json"),
        "base": {"kind": plan.base.kind, "config": base},
    }


def metrics_of(names: tuple[str, ...]) -> dict[str, dict[str, str]]:
    """Label and unit of each metric."""
    return {metric.name: {"label": metric.label, "unit": metric.unit} for metric in METRICS if metric.name in names}
