"""Local server of the Solara page; all assets come from installed packages, without network access."""

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
"""An address without a server, so that a missing asset is an error and not a download."""
OFFLINE_SETTINGS = {
    "SOLARA_ASSETS_PROXY": "True",  # scripts, styles and fonts come from this server
    "SOLARA_ASSETS_CDN": UNREACHABLE,
    "SOLARA_TELEMETRY_MIXPANEL_ENABLE": "False",
    "SOLARA_MODE": "production",
    "SOLARA_THEME_TITLE": "carryflow",
    "SOLARA_THEME_SHOW_BANNER": "False",
    "SOLARA_CHECK_HOOKS": "off",  # the check of hooks would report Mesa's own code
    "SOLARA_APP": "simulation.pages.viz.page",
}


def serve(request: PageRequest, port: int, announce: Callable[[str], None]) -> None:
    """Serve the page until interrupted.

    Parameters
    ----------
    request
        Scenario, settings and number of runs.
    port
        Port on 127.0.0.1; 0 selects a free one.
    announce
        Called with the address once the port is bound.

    Raises
    ------
    ServingError
        If the extra is not installed or the port is not free.
    ConfigError
        If the scenario is invalid.
    """
    request.resolved()
    require_packages("viz", REQUIRED_PACKAGES)
    check_assets()
    listener = bind_loopback(port)
    os.environ |= OFFLINE_SETTINGS
    # Solara warns at every visit that a page without https cannot be embedded; this page is not embedded.
    warnings.filterwarnings("ignore", message="Cookies with samesite=none")
    # Imported here because solara reads the settings above at import.
    import uvicorn
    from solara.server import starlette

    from simulation.pages.viz import page

    page.SERVED["request"] = request

    class Server(uvicorn.Server):
        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            # Closing open pages makes solara and uvicorn log tracebacks, which are not errors.
            logging.disable(logging.CRITICAL)
            super().handle_exit(sig, frame)

    server = Server(uvicorn.Config(starlette.app, log_level="warning", timeout_graceful_shutdown=GRACE_SECONDS))
    announce(f"http://{HOST}:{listener.getsockname()[1]}")
    server.run(sockets=[listener])


def check_assets() -> None:
    """Check that the assets of the page are installed."""
    if not any((Path(home) / "share/solara/cdn/@widgetti").is_dir() for home in data_prefixes()):
        raise ServingError(
            f"carryflow viz needs the package solara-assets, so that scripts and fonts are not downloaded; {install_hint('viz')}"
        )


def data_prefixes() -> list[str]:
    """Prefixes of shared package files: those of the environment and of the user."""
    import site

    return [sys.prefix, site.getuserbase()]
