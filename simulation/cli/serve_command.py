"""``carryflow serve``: the page for teaching with a server that computes any state, on this machine alone."""

from __future__ import annotations

import click

from simulation.cli import serving

USUAL_PORT = 8766


@click.command(short_help="Serve the page of explore with any state on demand.")
@serving.port(USUAL_PORT)
@click.option(
    "--runs",
    type=click.IntRange(8, 256),
    default=64,
    show_default=True,
    metavar="N",
    help="Runs that a state gets in the end, 8 to 256; the shipped states have 64.",
)
@click.option(
    "--first-runs",
    type=click.IntRange(2, 64),
    default=8,
    show_default=True,
    metavar="N",
    help="Runs of the first answer, 2 to 64; under load it comes from fewer, down to 2.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    metavar="N",
    help="Processes that compute, 1 to 64.  [default: one per processor]",
)
@click.option(
    "--seconds",
    type=click.IntRange(1, 600),
    default=30,
    show_default=True,
    metavar="S",
    help="A computation that takes longer is given up, 1 to 600 s.",
)
@serving.in_browser
def serve(port: int, runs: int, first_runs: int, workers: int | None, seconds: int, open_it: bool) -> None:
    """Serve the page of `carryflow explore` with any state computed on demand, on 127.0.0.1.

    December 2025 by seven sliders, those over numbers in fine steps. The page says whether what it shows was shipped or
    computed, from how many runs and with which seed. Needs the extra: pip install 'carryflow[serve]'. Works without a
    network; nobody but this machine can reach it. Interrupt it (Ctrl-C) to end it. docs/serve.md tells more.
    """
    from simulation.compute.workers import processors
    from simulation.pages.serve.server import serve
    from simulation.pages.serve.study import shipped_study
    from simulation.pages.serve.tickets import Limits

    limits = Limits(runs, min(first_runs, runs), seconds)
    count = workers or processors()
    serving.until_ended("the December page", open_it, lambda tell: serve(shipped_study(), limits, count, port, tell))
