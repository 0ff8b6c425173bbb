"""Serve the page on this machine alone until interrupted."""

from __future__ import annotations

import socket
from collections.abc import Callable
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from simulation.pages.loopback import GRACE_SECONDS, HOST, bound, require

if TYPE_CHECKING:
    from simulation.pages.serve.study import Study
    from simulation.pages.serve.tickets import Limits

NEEDED: Final = ("starlette", "uvicorn")
CONNECT: Final = "'self'"
"""What the page may connect to: where it came from."""


def serve(study: Study, limits: Limits, workers: int, port: int, tell: Callable[[str], None]) -> None:
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
    require("serve", NEEDED)
    listener = bound(port)
    import uvicorn

    from simulation.pages.serve.app import app_of
    from simulation.pages.serve.bench import Bench
    from simulation.pages.serve.desk import Desk

    bench = Bench(study, workers)
    desk = Desk(study, bench, limits)
    port = listener.getsockname()[1]
    app = app_of(desk, *page_and_policy(study, limits), port)

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


def page_and_policy(study: Study, limits: Limits) -> tuple[str, str]:
    """The page with its script for the server, and its content-security policy."""
    from simulation.pages.explore.page import Extra, page_of, policy_of

    live = {"runs": limits.runs, "seed": study.scenario.seed}
    extra = Extra((files("simulation.pages.serve") / "page" / "live.js").read_text(encoding="utf-8"), CONNECT)
    return page_of({**study.content, "live": live}, extra), policy_of(extra)
