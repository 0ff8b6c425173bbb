"""A report in Chromium: the console stays empty, and it prints on A4."""

import re
import subprocess
from pathlib import Path

import pytest

import simulation as cf
from tests.support.browser import FLAGS, needs_browser
from tests.support.scenarios import COARSE, ONE_WEEK, official

QUIET = ("--headless", "--disable-gpu", "--enable-logging=stderr", "--v=0", "--no-pdf-header-footer")
A4_POINTS = (595, 842)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("browser")
    return cf.report(cf.run(official(COARSE, ONE_WEEK), runs=2).save(folder / "run", figures=False))


def browse(page: Path, *arguments: str) -> str:
    """Open a page and return what the browser logged."""
    command = [needs_browser(), *FLAGS, *QUIET, f"--user-data-dir={page.parent / 'profile'}", *arguments, page.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=300).stderr


def test_the_console_stays_empty(page: Path) -> None:
    log = browse(page, "--window-size=390,2000", f"--screenshot={page.parent / 'narrow.png'}")
    assert (page.parent / "narrow.png").stat().st_size > 10_000
    assert "CONSOLE" not in log


def test_a_blocked_request_appears_in_the_console(page: Path) -> None:
    broken = page.with_name("broken.html")
    broken.write_text(
        page.read_text(encoding="utf-8").replace("<main>", '<main><img src="https://example.org/a.png" alt="">')
    )
    assert "CONSOLE" in browse(broken, f"--screenshot={page.parent / 'broken.png'}")


def test_it_prints_on_a4(page: Path) -> None:
    browse(page, f"--print-to-pdf={page.parent / 'page.pdf'}")
    boxes = re.findall(rb"/MediaBox \[\s*0 0 ([\d.]+) ([\d.]+)", (page.parent / "page.pdf").read_bytes())
    assert len(boxes) >= 3
    assert {(round(float(width)), round(float(height))) for width, height in boxes} == {A4_POINTS}
