"""``carryflow analyse``: what a sweep says."""

from __future__ import annotations

from pathlib import Path

import click

from simulation.cli import options
from simulation.cli.output import print_json, remark


@click.command(short_help="Say what a sweep found: what matters, curves, maps.")
@click.argument("store", type=click.Path(path_type=Path))
@click.option(
    "--metric", "metrics", multiple=True, metavar="NAME", help="Metric to analyse; several may be given.  [all]"
)
@click.option(
    "--where",
    "conditions",
    multiple=True,
    metavar="CONDITION",
    help="Find the corners of parameter space that give an outcome, such as 'usdjpy_trough_pct<-10'.",
)
@click.option("--level", type=click.FloatRange(0.5, 0.999), default=0.95, show_default=True, help="Level of intervals.")
@click.option(
    "--resamples", type=click.IntRange(20, 100_000), default=500, show_default=True, help="Bootstrap resamples."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder to write, itself and not its parent.  [default: STORE-analysis beside the store]",
)
@options.force
@options.as_json
@options.quiet
def analyse(
    store: Path,
    metrics: tuple[str, ...],
    conditions: tuple[str, ...],
    level: float,
    resamples: int,
    out: Path | None,
    force: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Analyse the sweep in the folder STORE.

    Prints which parameters matter most in words; figures (response curves, heat maps, Sobol indices for a saltelli design),
    their numbers and the report go to --out, or to a folder beside the store.
    """
    from simulation.results.store import check_target, versions, write_manifest, written_whole
    from simulation.sweeps.analysis.report import analysed
    from simulation.sweeps.analysis.sobol import Bootstrap
    from simulation.sweeps.analysis.sweep_table import read_sweep

    sweep = read_sweep(store)
    target = out or store.with_name(f"{store.resolve().name}-analysis")
    address = str((sweep.facts or {}).get("config_hash"))
    check_target(target, address, force)
    found = analysed(sweep, metrics, conditions, Bootstrap(level, resamples))
    if as_json:
        print_json(found.to_dict() | {"folder": str(target)})
    else:
        click.echo(found.text())
    with written_whole(target) as draft:
        found.write(draft)
        about = {"kind": "analysis", "config_hash": address, "sweep": sweep.name, "command": options.command_line()}
        write_manifest(draft, about | {"versions": versions()})
    remark(f"Figures and tables in {target}", quiet)
