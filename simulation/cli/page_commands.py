"""What the commands that serve a page share: their port, the browser, and the words for what cannot be served.

``carryflow report``: one self-contained page about a run or a sweep.

``carryflow explore``: a sweep as one HTML page with sliders, for the classroom.

``carryflow serve``: the page for teaching with a server that computes any state, on this machine alone.

``carryflow viz``: the model in Mesa's page with sliders, play and step, on this machine alone.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulation.cli import options
from simulation.cli.output import print_json, remark

if TYPE_CHECKING:
    from simulation.pages.explore.html import Content

Announce = Callable[[str], None]


def port_option(usual: int) -> Callable[..., Any]:
    """The option for the port."""
    return click.option(
        "--port",
        type=click.IntRange(0, 65_535),
        default=usual,
        show_default=True,
        metavar="P",
        help="Port on 127.0.0.1; 0 takes a free one, which is printed.",
    )


open_option = click.option("--open", "open_it", is_flag=True, help="Open the page in a browser.")


def serve_until_interrupted(what: str, open_it: bool, serve: Callable[[Announce], None]) -> None:
    """Serve until interrupted.

    Parameters
    ----------
    what
        What is served, in words.
    open_it
        Whether a browser is opened.
    serve
        Serves, and calls what it is given with the address once the port is ours.

    Raises
    ------
    click.UsageError
        If it cannot be served.
    KeyboardInterrupt
        When it is interrupted: a server has no other end.
    """
    from simulation.pages.loopback import ServingError

    def tell(address: str) -> None:
        click.echo(f"Serving {what} on {address} (Ctrl-C ends it)")
        sys.stdout.flush()
        if open_it:
            click.launch(address)

    try:
        serve(tell)
    except ServingError as error:
        raise click.UsageError(str(error)) from None
    # uvicorn raises the signal again that ended it; on the way out that can get lost.
    raise KeyboardInterrupt


@click.command(short_help="Write one HTML page about a run or a sweep.")
@click.argument("folder", metavar="RUN_OR_STORE", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--metric", "metrics", multiple=True, metavar="NAME", help="Of a sweep: metric to show.  [four that vary]"
)
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FILE", help="File to write.  [default: RUN_OR_STORE.html]"
)
@click.option("--force", is_flag=True, help="Replace a file that is no HTML page.")
@options.as_json
@options.quiet
def report(folder: Path, metrics: tuple[str, ...], out: Path | None, force: bool, as_json: bool, quiet: bool) -> None:
    """Write one HTML page about the run or the sweep in a folder: it needs no network and prints on A4.

    Of a run: the scenario in words, figures, tables, a day taken apart, claims, stopped runs, the ledger audit and how to
    reproduce it. Of a sweep: the design, what matters most, response curves and indices.
    """
    from simulation.pages.reporting.report_file import report as write

    path = write(folder, out, metrics=metrics, force=force)
    size = path.stat().st_size
    if as_json:
        print_json({"file": str(path), "bytes": size})
    else:
        click.echo(str(path))
    remark(f"{size / 1e6:.2f} MB; open it in a browser, or print it", quiet)


SHIPPED_PAGE_DATA = "december_2025"


@click.command(short_help="Write a page with sliders for teaching, one HTML file.")
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="The page to write, FILE.html; FILE.json writes its data alone.",
)
@click.option(
    "--store",
    type=click.Path(path_type=Path),
    metavar="STORE",
    help="Folder of a sweep with daily quantiles, or FILE.json as written before.  [default: December 2025, as shipped]",
)
@click.option("--force", is_flag=True, help="Replace a file that this command did not write.")
@options.quiet
def explore(out: Path, store: Path | None, force: bool, quiet: bool) -> None:
    """Write a page for teaching: sliders over the states of a sweep, in one file that needs no network.

    Without --store the page shows December 2025 by seven sliders. docs/teaching.md tells how to teach with it,
    docs/explore.md how to make a page of another sweep.
    """
    from simulation.pages.explore.html import content_json, render_page

    if out.suffix not in (".html", ".json"):
        raise click.UsageError(f"--out {out}: write FILE.html for the page, or FILE.json for its data alone.")
    check_replaceable(out, force)
    content = load_content(store)
    text = content_json(content) + "\n" if out.suffix == ".json" else render_page(content)
    write_atomically(out, text)
    size = len(text.encode()) / 1e6
    remark(f"{out}: {len(content['states'])} states of {content['runs']} runs, {size:.2f} MB", quiet)


def load_content(store: Path | None) -> Content:
    """Content of a store, of a file, or as shipped."""
    from simulation.pages.explore.html import read_content
    from simulation.scenario.config.catalog import find_file

    path = find_file("explore", SHIPPED_PAGE_DATA) if store is None else store
    if path.suffix == ".json":
        return read_content(path)
    from simulation.pages.explore.content import page_content

    return page_content(path)


def check_replaceable(out: Path, force: bool) -> None:
    """Refuse to replace a file, unless it is told to or it is a page or data that this command wrote."""
    from simulation.results.output_folder import OutputError

    if force or not out.exists():
        return
    if not out.is_file() or PAGE_SIGNATURE not in out.read_text(encoding="utf-8", errors="replace")[:SIGNATURE_LENGTH]:
        raise OutputError(f"{out} was not written by `carryflow explore`; choose another --out, or --force")


PAGE_SIGNATURE, SIGNATURE_LENGTH = "carryflow", 2000
"""What the beginning of a page and of its data says."""


def write_atomically(out: Path, text: str) -> None:
    """Write a file whole or not at all."""
    out.parent.mkdir(parents=True, exist_ok=True)
    draft = out.with_name(f".{out.name}.draft-{os.getpid()}")
    try:
        draft.write_text(text, encoding="utf-8", newline="\n")
        draft.replace(out)
    finally:
        draft.unlink(missing_ok=True)


DEFAULT_SERVE_PORT = 8766


@click.command(short_help="Serve the page of explore with any state on demand.")
@port_option(DEFAULT_SERVE_PORT)
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
@open_option
def serve(port: int, runs: int, first_runs: int, workers: int | None, seconds: int, open_it: bool) -> None:
    """Serve the page of `carryflow explore` with any state computed on demand, on 127.0.0.1.

    December 2025 by seven sliders, those over numbers in fine steps. The page says whether what it shows was shipped or
    computed, from how many runs and with which seed. Needs the extra: pip install 'carryflow[serve]'. Works without a
    network; nobody but this machine can reach it. Interrupt it (Ctrl-C) to end it. docs/serve.md tells more.
    """
    from simulation.compute.workers import available_processors
    from simulation.pages.serve.requests import RequestLimits
    from simulation.pages.serve.served_page import shipped_page
    from simulation.pages.serve.server import serve

    limits = RequestLimits(runs, min(first_runs, runs), seconds)
    count = workers or available_processors()
    serve_until_interrupted("the December page", open_it, lambda tell: serve(shipped_page(), limits, count, port, tell))


DEFAULT_VIZ_PORT = 8765
MOST_VIZ_RUNS = 100


@click.command(short_help="Play a scenario day by day in a web page.")
@click.argument("scenario", default="december_2025_official")
@click.option(
    "--runs",
    type=click.IntRange(1, MOST_VIZ_RUNS),
    default=8,
    show_default=True,
    metavar="N",
    help=f"Runs side by side, at most {MOST_VIZ_RUNS}: few keep the page quick.",
)
@options.settings
@port_option(DEFAULT_VIZ_PORT)
@open_option
def viz(scenario: str, runs: int, settings: tuple[str, ...], port: int, open_it: bool) -> None:
    """Play SCENARIO day by day in a web page: USDJPY, unwound share and flows, with sliders.

    Needs the extra: pip install 'carryflow[viz]'. Works without a network; nobody but this machine can reach it.
    Interrupt it (Ctrl-C) to end it. docs/viz.md tells more.
    """
    from simulation.pages.viz.server import serve
    from simulation.pages.viz.slider_model import PageRequest

    serve_until_interrupted(scenario, open_it, lambda tell: serve(PageRequest(scenario, settings, runs), port, tell))
