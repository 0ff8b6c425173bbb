"""``carryflow demo``: the December 2025 scenario as the article states it and as official data have it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import click

from simulation.cli import exit_codes, options
from simulation.cli.output import print_json, print_table, remark
from simulation.cli.run_command import RESULTS, Request, requested, simulated

if TYPE_CHECKING:
    from simulation.results.results import Result

SCENARIOS = {"article": "december_2025_article", "official": "december_2025_official"}
COMPARISON = "article_vs_official"


def pair_hash(hashes: list[str]) -> str:
    """Return one hash for both configs."""
    return hashlib.sha256(" ".join(hashes).encode()).hexdigest()


@click.command(short_help="Run December 2025 as the article states it and officially.")
@options.runs
@options.seed
@options.out
@options.force
@options.workers
@options.as_json
@options.quiet
@click.pass_context
def demo(
    context: click.Context,
    runs: int,
    seed: int | None,
    out: Path | None,
    force: bool,
    workers: int | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Run December 2025 twice, as the article states it and with official data, side by side."""
    from simulation.results.store import check_target, content_address
    from simulation.scenario.config.loading import config_hash

    scenarios = {name: requested(scenario, (), seed) for name, scenario in SCENARIOS.items()}
    config = pair_hash([config_hash(scenario) for scenario in scenarios.values()])
    target = out or RESULTS / content_address("demo", config, runs)
    check_target(target, config, force)
    request = Request(runs, workers, quiet)
    results = {name: simulated(scenario, request) for name, scenario in scenarios.items()}
    report(results, as_json)
    remark("Drawing the figures ...", quiet)
    save(results, target, config)
    remark(f"Tables and figures in {target}:", quiet)
    for picture in sorted(path.relative_to(target) for path in target.rglob("*.png")):
        remark(f"  {target / picture}", quiet)
    if any(result.record.stopped for result in results.values()):
        context.exit(exit_codes.FAILED_RUNS)


def save(results: dict[str, Result], target: Path, config: str) -> None:
    """Write both results and the figure that compares them into one folder, whole or not at all."""
    from simulation.results import figures
    from simulation.results.store import write_manifest, written_whole

    records = {name.capitalize(): result.record for name, result in results.items()}
    facts = {
        "kind": "demo",
        "config_hash": config,
        "members": list(results),
        "command": options.command_line(),
    }
    with written_whole(target) as draft:
        for name, result in results.items():
            (draft / name).mkdir()
            result.write(draft / name)
        figures.write({COMPARISON: figures.compare(records)}, draft)
        write_manifest(draft, facts)


def report(results: dict[str, Result], as_json: bool) -> None:
    """Print both summaries side by side and the finding of each."""
    from simulation.results.findings import scenario_finding
    from simulation.results.summary_table import comparison_table

    summaries = {name: result.summary() for name, result in results.items()}
    if as_json:
        print_json({name: summary.to_dict() for name, summary in summaries.items()})
        return
    print_table(comparison_table(list(summaries.values()), list(summaries)))
    click.echo()
    for name, result in results.items():
        click.echo(f"{name.capitalize()}: {scenario_finding(result.record)}")
        for note in summaries[name].notes:
            click.echo(f"  Note: {note}")
    residuals = [summary.ledger_max_residual or 0.0 for summary in summaries.values()]
    click.echo(f"Largest ledger residual: {max(residuals):.1e} (relative)")
