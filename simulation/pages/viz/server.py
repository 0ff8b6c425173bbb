"""Serve the page on this machine alone, with every asset from the installed packages and no call to anybody else."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from simulation.pages.loopback import GRACE_SECONDS, HOST, ServingError, bind_loopback, install_hint, require_packages
from simulation.pages.viz.slider_model import PageRequest

REQUIRED_PACKAGES = ("solara", "uvicorn", "altair", "ipyvuetify")
UNREACHABLE = f"http://{HOST}:9/"
"""An address that nothing answers: an asset that is not installed is an error, never a download."""
OFFLINE_SETTINGS = {
    "SOLARA_ASSETS_PROXY": "True",  # the browser asks this server for scripts, styles and fonts
    "SOLARA_ASSETS_CDN": UNREACHABLE,
    "SOLARA_TELEMETRY_MIXPANEL_ENABLE": "False",
    "SOLARA_MODE": "production",
    "SOLARA_THEME_TITLE": "carryflow",
    "SOLARA_THEME_SHOW_BANNER": "False",
    "SOLARA_CHECK_HOOKS": "off",  # a check of the page's code, which would find fault with Mesa's own
    "SOLARA_APP": "simulation.pages.viz.page",
}


def serve(request: PageRequest, port: int, tell: Callable[[str], None]) -> None:
    """Serve the page until interrupted.

    Parameters
    ----------
    request
        What to show.
    port
        Port on 127.0.0.1; 0 takes a free one.
    tell
        Called with the address once the port is ours.

    Raises
    ------
    ServingError
        If the extra is not installed or the port is taken.
    ConfigError
        If the scenario cannot be read.
    """
    request.resolved()
    require_packages("viz", REQUIRED_PACKAGES)
    check_assets()
    listener = bind_loopback(port)
    os.environ |= OFFLINE_SETTINGS
    # Solara says at every visit that a page without https cannot be embedded; this one is not meant to be.
    warnings.filterwarnings("ignore", message="Cookies with samesite=none")
    # Imported here, after the settings above: solara reads them when it is imported.
    import uvicorn
    from solara.server import starlette

    from simulation.pages.viz import page

    page.SERVED["request"] = request

    class Server(uvicorn.Server):
        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            # Pages that are still open are cut off, of which solara and uvicorn tell with tracebacks; it is nobody's mistake.
            logging.disable(logging.CRITICAL)
            super().handle_exit(sig, frame)

    server = Server(uvicorn.Config(starlette.app, log_level="warning", timeout_graceful_shutdown=GRACE_SECONDS))
    tell(f"http://{HOST}:{listener.getsockname()[1]}")
    server.run(sockets=[listener])


def check_assets() -> None:
    """Refuse to start without the assets of the page."""
    if not any((Path(home) / "share/solara/cdn/@widgetti").is_dir() for home in data_prefixes()):
        raise ServingError(
            f"carryflow viz needs the scripts and fonts of solara-assets, to load none from elsewhere; {install_hint('viz')}"
        )


def data_prefixes() -> list[str]:
    """Folders in which pip puts the shared files of packages: the environment's and the user's."""
    import site

    return [sys.prefix, site.getuserbase()]
