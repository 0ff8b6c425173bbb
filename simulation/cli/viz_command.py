"""``carryflow viz``: the model in Mesa's page with sliders, play and step, on this machine alone."""

from __future__ import annotations

import click

from simulation.cli import options, serving

USUAL_PORT = 8765
MOST_RUNS = 100


@click.command(short_help="Play a scenario day by day in a web page.")
@click.argument("scenario", default="december_2025_official")
@click.option(
    "--runs",
    type=click.IntRange(1, MOST_RUNS),
    default=8,
    show_default=True,
    metavar="N",
    help=f"Runs side by side, at most {MOST_RUNS}: few keep the page quick.",
)
@options.settings
@serving.port(USUAL_PORT)
@serving.in_browser
def viz(scenario: str, runs: int, settings: tuple[str, ...], port: int, open_it: bool) -> None:
    """Play SCENARIO day by day in a web page: USDJPY, unwound share and flows, with sliders.

    Needs the extra: pip install 'carryflow[viz]'. Works without a network; nobody but this machine can reach it.
    Interrupt it (Ctrl-C) to end it. docs/viz.md tells more.
    """
    from simulation.pages.viz.server import serve
    from simulation.pages.viz.steering import Request

    serving.until_ended(scenario, open_it, lambda tell: serve(Request(scenario, settings, runs), port, tell))
