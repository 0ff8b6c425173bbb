"""Local HTTP server of the page, bound to 127.0.0.1."""

from __future__ import annotations

import socket
from collections.abc import Callable
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from simulation.pages.loopback import GRACE_SECONDS, HOST, bind_loopback, require_packages

if TYPE_CHECKING:
    import uvicorn
    from starlette.types import ASGIApp

    from simulation.pages.serve.dispatcher import Dispatcher
    from simulation.pages.serve.requests import RequestLimits
    from simulation.pages.serve.served_page import ServedPage

REQUIRED_PACKAGES: Final = ("starlette", "uvicorn")
CONNECT_SOURCE: Final = "'self'"
"""Allowed connections of the page: only this server."""


def serve(page: ServedPage, limits: RequestLimits, workers: int, port: int, announce: Callable[[str], None]) -> None:
    """Serve the page until interrupted.

    Parameters
    ----------
    page
        The page to serve.
    limits
        Limits of the server.
    workers
        Number of worker processes.
    port
        Port on 127.0.0.1; 0 selects a free one.
    announce
        Called with the address once the port is bound.

    Raises
    ------
    ServingError
        If the extra is not installed or the port is taken.
    """
    require_packages("serve", REQUIRED_PACKAGES)
    listener = bind_loopback(port)
    from simulation.pages.serve.app import create_app
    from simulation.pages.serve.dispatcher import Dispatcher
    from simulation.pages.serve.worker_pool import WorkerPool

    pool = WorkerPool(page, workers)
    dispatcher = Dispatcher(page, pool, limits)
    port = listener.getsockname()[1]
    app = create_app(dispatcher, *render_served_page(page, limits), port)
    server = uvicorn_server(app, dispatcher)
    announce(f"http://{HOST}:{port}/")
    try:
        server.run(sockets=[listener])
    finally:
        pool.kill()


def uvicorn_server(app: ASGIApp, dispatcher: Dispatcher) -> uvicorn.Server:
    """HTTP server that opens the dispatcher at startup and closes it at shutdown."""
    import uvicorn

    class Server(uvicorn.Server):
        """Responds to waiting clients before shutdown, so that open requests do not delay it."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            """Start the server, then compute the baseline."""
            await super().startup(sockets)
            dispatcher.open()

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            """Respond to waiting clients, then stop the server."""
            await dispatcher.close()
            await super().shutdown(sockets)

    config = uvicorn.Config(
        app, log_level="warning", lifespan="off", timeout_graceful_shutdown=GRACE_SECONDS, server_header=False
    )
    return Server(config)


def render_served_page(page: ServedPage, limits: RequestLimits) -> tuple[str, str]:
    """The page as HTML, including the client script, and its content-security policy."""
    from simulation.pages.explore.html import PageExtension, content_security_policy, render_page

    live = {"runs": limits.runs, "seed": page.scenario.seed}
    extra = PageExtension(
        (files("simulation.pages.serve") / "page" / "live.js").read_text(encoding="utf-8"), CONNECT_SOURCE
    )
    return render_page({**page.content, "live": live}, extra), content_security_policy(extra)
