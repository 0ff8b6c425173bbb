"""``carryflow compare``: two scenarios run by run with the same news."""

from __future__ import annotations

from pathlib import Path

import click

from simulation.cli import options, output, searching
from simulation.cli.output import print_json, progress, remark


@click.command(short_help="Compare two scenarios run by run under the same news.")
@click.argument("a")
@click.argument("b")
@options.runs
@options.seed
@options.settings
@click.option("--set-b", "settings_b", multiple=True, metavar="KEY=VALUE", help="As --set, for B alone.")
@options.posterior
@options.parameter_sets
@options.out
@options.force
@options.workers
@options.as_json
@options.quiet
@click.pass_context
def compare(
    context: click.Context,
    a: str,
    b: str,
    runs: int,
    seed: int | None,
    settings: tuple[str, ...],
    settings_b: tuple[str, ...],
    posterior: bool,
    parameter_sets: str | None,
    out: Path | None,
    force: bool,
    workers: int | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Compare the scenarios A and B run by run: both meet the same news, with A's seed.

    Prints what differs between the configs, the difference of every metric with its interval, and how many runs a comparison
    with news of their own would have needed. Figure and tables go to --out, or to a folder under results/.
    """
    from simulation.results.output_folder import atomic_folder, package_versions, write_manifest
    from simulation.scenario.config.loading import load
    from simulation.studies.paired import FEWEST_RUNS
    from simulation.studies.paired import compare as compared

    if runs < FEWEST_RUNS:
        raise click.UsageError(f"--runs {runs}: a difference with an interval needs at least {FEWEST_RUNS}.")
    both = (settings, (*settings, *settings_b))
    cloud = options.selected_parameter_sets(posterior, parameter_sets)
    hashes = [load(name, own).hash for name, own in zip((a, b), both, strict=True)]
    about = {"configs": hashes, "seed": seed, "runs": runs, "sets": cloud.digest if cloud else None}
    target = searching.result_folder("compare", about, out, force)
    with progress("compare", quiet, 2 * runs) as update:
        found = compared(a, b, runs=runs, seed=seed, workers=workers, settings=both, cloud=cloud, progress=update)
    if as_json:
        print_json(found.to_dict() | {"folder": str(target.folder)})
    else:
        click.echo(found.text())
    with atomic_folder(target.folder) as draft:
        found.write(draft)
        facts = {"kind": "compare", "config_hash": target.address, "command": options.command_line()}
        write_manifest(draft, facts | {"versions": package_versions()})
    remark(f"Figure and tables in {target.folder}", quiet)
    if found.failed:
        context.exit(output.EXIT_FAILED_RUNS)
