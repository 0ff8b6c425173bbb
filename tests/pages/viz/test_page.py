"""The page in Chromium without a network: plots advance with step and play, and follow the sliders."""

import itertools
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.support.browser import launched, needs, playwright

SCENARIO = (
    "december_2025_official", "--port", "0", "--runs", "2",
    "--set", "end=2025-12-23", "--set", "populations.carry_funds.investors=50",
    "--set", "populations.crypto_traders.investors=10",
)  # fmt: skip
NO_NAMES = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
# The command in a process that reports and refuses every connection beyond this machine.
SERVER = """
import socket, sys
connect = socket.socket.connect
def watched(self, address):
    if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1"):
        print("REACHED OUT TO", address, file=sys.stderr, flush=True)
        raise OSError("no network in this test")
    return connect(self, address)
socket.socket.connect = watched
from simulation.cli import main
main(["viz", *sys.argv[1:]])
"""
WAIT_MS = 120_000

pytestmark = pytest.mark.slow


@dataclass
class Visit:
    """A browser page, its address and its problems."""

    page: Any
    address: str
    problems: list[str] = field(default_factory=list)

    def day(self, number: int) -> None:
        self.page.get_by_text(re.compile(rf"^Day {number} of \d+: ")).wait_for(timeout=WAIT_MS)

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def pictures(self) -> list[str]:
        return [image.get_attribute("src") for image in self.page.locator("img[src^='blob:'], img[src^='data:']").all()]

    def record_console(self, message: Any) -> None:
        if message.type == "error":
            self.problems.append(f"console: {message.text}")

    def record_request(self, request: Any) -> None:
        if not request.url.startswith((self.address, "blob:", "data:")):
            self.problems.append(f"asked for {request.url}")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    needs("viz", "solara", "uvicorn", "altair", "ipyvuetify")
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", SERVER, *SCENARIO],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        line = process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        assert found, line + process.stderr.read()
        yield found[0]
    finally:
        process.terminate()
        errors = process.communicate(timeout=60)[1]
    assert "REACHED OUT" not in errors, errors
    assert "Traceback" not in errors, errors


@pytest.fixture(scope="module")
def visit(address: str) -> Iterator[Visit]:
    with playwright() as driver:
        browser = launched(driver, NO_NAMES)
        seen = Visit(browser.new_page(viewport={"width": 1280, "height": 1100}), address)
        seen.page.set_default_timeout(WAIT_MS)
        seen.page.on("request", seen.record_request)
        seen.page.on("requestfailed", lambda request: seen.problems.append(f"failed: {request.url}"))
        seen.page.on("pageerror", lambda error: seen.problems.append(f"error: {error}"))
        seen.page.on("console", seen.record_console)
        seen.page.goto(address)
        yield seen
        browser.close()


def test_the_page_plays_offline(visit: Visit) -> None:
    visit.day(0)
    for count in range(1, 3):
        visit.press("Step")
        visit.day(count)
    before = visit.pictures()
    assert len(set(before)) == 3
    visit.press("▶")
    visit.page.get_by_text(re.compile(r"^Day (\d+) of \1: 23 Dec 2025")).wait_for(timeout=WAIT_MS)
    after = visit.pictures()
    assert len(after) == 3
    assert not set(before) & set(after), "every plot is redrawn"
    assert visit.problems == []


def test_a_slider_counts_from_the_next_reset(visit: Visit) -> None:
    slider = visit.page.get_by_role("slider", name="Bank of Japan decision, bp")
    slider.focus()
    slider.press("ArrowRight")
    visit.press("Reset")
    visit.day(0)
    visit.page.get_by_text("boj.meetings[0].decision=50bp").wait_for(timeout=WAIT_MS)
    visit.press("Step")
    visit.day(1)
    assert visit.problems == []


def test_a_phone_shows_plots_over_its_width_and_the_buttons(visit: Visit) -> None:
    page = visit.page.context.browser.new_page(viewport={"width": 390, "height": 844})
    page.set_default_timeout(WAIT_MS)
    phone = Visit(page, visit.address)
    page.on("console", phone.record_console)
    page.goto(phone.address)
    phone.day(0)
    phone.press("Step")
    phone.day(1)
    assert page.evaluate("[scrollY, document.documentElement.scrollWidth]") == [0, 390], "the button is in sight"
    boxes = [image.bounding_box() for image in page.locator(".vue-grid-item img").all()]
    assert [box["width"] > 340 for box in boxes] == [True] * 3
    assert all(upper["y"] + upper["height"] <= lower["y"] for upper, lower in itertools.pairwise(boxes))
    middle = "document.elementFromPoint(195, 250).tagName"
    assert page.evaluate(middle) == "IMG", "nothing lies over the first plot"
    page.close()
    assert phone.problems == []
