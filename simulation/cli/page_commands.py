"""``carryflow report``, ``explore``, ``serve`` and ``viz``: write or serve HTML pages."""

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
"""Called with the address when the server is ready."""
SHIPPED_PAGE_DATA = "december_2025"
PAGE_SIGNATURE, SIGNATURE_LENGTH = "carryflow", 2000
"""Text near the start of every page and data file of this command, and the number of characters searched."""
DEFAULT_SERVE_PORT = 8766
DEFAULT_VIZ_PORT = 8765
MOST_VIZ_RUNS = 100


def port_option(default: int) -> Callable[..., Any]:
    """Decorator that adds --port."""
    return click.option(
        "--port",
        type=click.IntRange(0, 65_535),
        default=default,
        show_default=True,
        metavar="P",
        help="Port on 127.0.0.1; 0 selects a free port and prints it.",
    )


open_option = click.option("--open", "open_it", is_flag=True, help="Open the page in a browser.")


def serve_until_interrupted(what: str, open_it: bool, serve: Callable[[Announce], None]) -> None:
    """Serve until interrupted.

    Parameters
    ----------
    what
        Name of the page, for the message.
    open_it
        Whether to open a browser.
    serve
        Runs the server; calls its argument with the address once the port is open.

    Raises
    ------
    click.UsageError
        If the server cannot start.
    KeyboardInterrupt
        Always at the end: a server stops only when interrupted.
    """
    from simulation.pages.loopback import ServingError

    def announce(address: str) -> None:
        click.echo(f"Serving {what} on {address} (stop with Ctrl-C)")
        sys.stdout.flush()
        if open_it:
            click.launch(address)

    try:
        serve(announce)
    except ServingError as error:
        raise click.UsageError(str(error)) from None
    # uvicorn re-raises the signal, but it can get lost during shutdown.
    raise KeyboardInterrupt


@click.command(short_help="Write one HTML page about a run or a sweep.")
@click.argument("folder", metavar="RUN_OR_STORE", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--metric",
    "metrics",
    multiple=True,
    metavar="NAME",
    help="For a sweep: metric to show; repeatable.  [default: four that vary]",
)
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FILE", help="Output file.  [default: RUN_OR_STORE.html]"
)
@click.option("--force", is_flag=True, help="Overwrite a file that is not an HTML page.")
@options.as_json
@options.quiet
def report(folder: Path, metrics: tuple[str, ...], out: Path | None, force: bool, as_json: bool, quiet: bool) -> None:
    """Write one self-contained HTML page about the run or sweep in a folder; it needs no network and prints on A4.

    For a run: description of the scenario, figures, tables, decomposition of one day, claims, stopped runs, ledger audit and
    how to reproduce the run. For a sweep: design, most important parameters, response curves and sensitivity indices.
    """
    from simulation.pages.reporting.report_file import report as write_report

    path = write_report(folder, out, metrics=metrics, force=force)
    size = path.stat().st_size
    if as_json:
        print_json({"file": str(path), "bytes": size})
    else:
        click.echo(str(path))
    remark(f"{size / 1e6:.2f} MB; open it in a browser or print it", quiet)


@click.command(short_help="Write a teaching page with sliders, one HTML file.")
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Output file: FILE.html for the page, FILE.json for its data only.",
)
@click.option(
    "--store",
    type=click.Path(path_type=Path),
    metavar="STORE",
    help="Folder of a sweep with daily quantiles, or a FILE.json written by this command.  [default: shipped December 2025]",
)
@click.option("--force", is_flag=True, help="Overwrite a file that this command did not write.")
@options.quiet
def explore(out: Path, store: Path | None, force: bool, quiet: bool) -> None:
    """Write a teaching page: sliders over the parameter points of a sweep, in one file that needs no network.

    Without --store the page shows December 2025 with seven sliders. See docs/teaching.md for teaching with the page and
    docs/explore.md for pages of other sweeps.
    """
    from simulation.pages.explore.html import content_json, render_page

    if out.suffix not in (".html", ".json"):
        raise click.UsageError(f"--out {out}: write FILE.html for the page, or FILE.json for its data only.")
    check_replaceable(out, force)
    content = load_content(store)
    text = content_json(content) + "\n" if out.suffix == ".json" else render_page(content)
    write_atomically(out, text)
    size = len(text.encode()) / 1e6
    remark(f"{out}: {len(content['states'])} states of {content['runs']} runs, {size:.2f} MB", quiet)


def load_content(store: Path | None) -> Content:
    """Page content from a sweep store, a data file, or the shipped data."""
    from simulation.pages.explore.html import read_content
    from simulation.scenario.config.catalog import find_file

    path = find_file("explore", SHIPPED_PAGE_DATA) if store is None else store
    if path.suffix == ".json":
        return read_content(path)
    from simulation.pages.explore.content import page_content

    return page_content(path)


def check_replaceable(out: Path, force: bool) -> None:
    """Raise OutputError if `out` exists and was not written by this command, unless `force`."""
    from simulation.results.output_folder import OutputError

    if force or not out.exists():
        return
    if not out.is_file() or PAGE_SIGNATURE not in out.read_text(encoding="utf-8", errors="replace")[:SIGNATURE_LENGTH]:
        raise OutputError(f"{out} was not written by `carryflow explore`; choose another --out, or use --force")


def write_atomically(out: Path, text: str) -> None:
    """Write a file; a failure leaves no partial file."""
    out.parent.mkdir(parents=True, exist_ok=True)
    draft = out.with_name(f".{out.name}.draft-{os.getpid()}")
    try:
        draft.write_text(text, encoding="utf-8", newline="\n")
        draft.replace(out)
    finally:
        draft.unlink(missing_ok=True)


@click.command(short_help="Serve the teaching page; compute states on demand.")
@port_option(DEFAULT_SERVE_PORT)
@click.option(
    "--runs",
    type=click.IntRange(8, 256),
    default=64,
    show_default=True,
    metavar="N",
    help="Runs per state once complete, 8 to 256; shipped states have 64.",
)
@click.option(
    "--first-runs",
    type=click.IntRange(2, 64),
    default=8,
    show_default=True,
    metavar="N",
    help="Runs of the first response, 2 to 64; fewer under load, at least 2.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    metavar="N",
    help="Worker processes, 1 to 64.  [default: one per processor]",
)
@click.option(
    "--seconds",
    type=click.IntRange(1, 600),
    default=30,
    show_default=True,
    metavar="S",
    help="Time limit of a computation, 1 to 600 seconds.",
)
@open_option
def serve(port: int, runs: int, first_runs: int, workers: int | None, seconds: int, open_it: bool) -> None:
    """Serve the page of `carryflow explore` on 127.0.0.1 and compute any state on demand.

    December 2025 with seven sliders; numeric sliders move in fine steps. The page shows whether a state was shipped or
    computed, with how many runs and which seed. Requires the extra: pip install 'carryflow[serve]'. Works offline and is
    reachable from this machine only. Stop with Ctrl-C. See docs/serve.md.
    """
    from simulation.compute.workers import available_processors
    from simulation.pages.serve.requests import RequestLimits
    from simulation.pages.serve.served_page import shipped_page
    from simulation.pages.serve.server import serve

    limits = RequestLimits(runs, min(first_runs, runs), seconds)
    count = workers or available_processors()
    serve_until_interrupted(
        "the December page", open_it, lambda announce: serve(shipped_page(), limits, count, port, announce)
    )


@click.command(short_help="Step through a scenario day by day in a web page.")
@click.argument("scenario", default="december_2025_official")
@click.option(
    "--runs",
    type=click.IntRange(1, MOST_VIZ_RUNS),
    default=8,
    show_default=True,
    metavar="N",
    help=f"Number of runs, at most {MOST_VIZ_RUNS}; fewer runs keep the page responsive.",
)
@options.settings
@port_option(DEFAULT_VIZ_PORT)
@open_option
def viz(scenario: str, runs: int, settings: tuple[str, ...], port: int, open_it: bool) -> None:
    """Step through SCENARIO day by day in a web page with sliders: USDJPY, unwound share and flows.

    Requires the extra: pip install 'carryflow[viz]'. Works offline and is reachable from this machine only. Stop with
    Ctrl-C. See docs/viz.md.
    """
    from simulation.pages.viz.server import serve
    from simulation.pages.viz.slider_model import PageRequest

    request = PageRequest(scenario, settings, runs)
    serve_until_interrupted(scenario, open_it, lambda announce: serve(request, port, announce))
