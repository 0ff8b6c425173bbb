"""What the commands that serve a page share: their port, the browser, and the words for what cannot be served."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import click

Tell = Callable[[str], None]


def port(usual: int) -> Callable[..., Any]:
    """The option for the port."""
    return click.option(
        "--port",
        type=click.IntRange(0, 65_535),
        default=usual,
        show_default=True,
        metavar="P",
        help="Port on 127.0.0.1; 0 takes a free one, which is printed.",
    )


in_browser = click.option("--open", "open_it", is_flag=True, help="Open the page in a browser.")


def until_ended(what: str, open_it: bool, serve: Callable[[Tell], None]) -> None:
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
