"""The Chromium of the browser tests: where it is, how it is started, and what happens where it is missing."""

import os
import shutil
from importlib import import_module
from importlib.util import find_spec
from typing import Any, NoReturn

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
PATH = next(filter(None, map(shutil.which, NAMES)), None)
FLAGS = (
    "--no-sandbox",  # Chromium refuses its sandbox to root, who runs the tests in a container
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""Chromium asks nobody for anything of its own accord, so that a request that is seen is the page's."""
MUST = "CARRYFLOW_TEST_ALL"
"""Set in CI: what cannot be tested there is a failure and not a skip."""


def left_out(reason: str) -> NoReturn:
    """Skip what cannot be tested here, or fail where everything must be."""
    (pytest.fail if os.environ.get(MUST) else pytest.skip)(reason)


def needs_browser() -> str:
    """Return the path of a Chromium; without one the test is left out."""
    return PATH or left_out(f"no Chromium here ({', '.join(NAMES)}): apt-get install chromium")


def needs(extra: str, *modules: str) -> None:
    """Leave the test out if a module of an extra is not installed."""
    missing = [name for name in modules if find_spec(name) is None]
    if missing:
        left_out(f"{', '.join(missing)} not installed: pip install 'carryflow[{extra}]'")


def playwright() -> Any:
    """Return Playwright's interface, as a context; without it the test is left out."""
    needs("browser", "playwright")
    return import_module("playwright.sync_api").sync_playwright()


def launched(driver: Any, *more: str) -> Any:
    """Start a headless Chromium with an empty profile of its own."""
    return driver.chromium.launch(executable_path=needs_browser(), args=[*FLAGS, *more])
