"""Serve the page on this machine alone until interrupted."""

from __future__ import annotations

import socket
from collections.abc import Callable
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from simulation.pages.loopback import GRACE_SECONDS, HOST, bind_loopback, require_packages

if TYPE_CHECKING:
    from simulation.pages.serve.requests import RequestLimits
    from simulation.pages.serve.served_page import ServedPage

REQUIRED_PACKAGES: Final = ("starlette", "uvicorn")
CONNECT_SOURCE: Final = "'self'"
"""What the page may connect to: where it came from."""


def serve(study: ServedPage, limits: RequestLimits, workers: int, port: int, tell: Callable[[str], None]) -> None:
    """Serve the page until interrupted.

    Parameters
    ----------
    study
        What is served.
    limits
        How much may be asked.
    workers
        Processes that compute.
    port
        Port on 127.0.0.1; 0 takes a free one.
    tell
        Called with the address once the port is ours.

    Raises
    ------
    ServingError
        If the extra is not installed or the port is taken.
    """
    require_packages("serve", REQUIRED_PACKAGES)
    listener = bind_loopback(port)
    import uvicorn

    from simulation.pages.serve.app import create_app
    from simulation.pages.serve.dispatcher import Dispatcher
    from simulation.pages.serve.worker_pool import WorkerPool

    bench = WorkerPool(study, workers)
    desk = Dispatcher(study, bench, limits)
    port = listener.getsockname()[1]
    app = create_app(desk, *render_served_page(study, limits), port)

    class Server(uvicorn.Server):
        """Tells those who wait before it ends, so that nothing holds it up."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            """Begin to compute the baseline as soon as requests are taken."""
            await super().startup(sockets)
            desk.open()

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            """End what waits, then the server."""
            await desk.close()
            await super().shutdown(sockets)

    config = uvicorn.Config(
        app, log_level="warning", lifespan="off", timeout_graceful_shutdown=GRACE_SECONDS, server_header=False
    )
    tell(f"http://{HOST}:{port}/")
    try:
        Server(config).run(sockets=[listener])
    finally:
        bench.kill()


def render_served_page(study: ServedPage, limits: RequestLimits) -> tuple[str, str]:
    """The page with its script for the server, and its content-security policy."""
    from simulation.pages.explore.html import PageExtension, content_security_policy, render_page

    live = {"runs": limits.runs, "seed": study.scenario.seed}
    extra = PageExtension(
        (files("simulation.pages.serve") / "page" / "live.js").read_text(encoding="utf-8"), CONNECT_SOURCE
    )
    return render_page({**study.content, "live": live}, extra), content_security_policy(extra)
