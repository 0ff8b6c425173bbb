"""The served page in Chromium: sliders show the numbers of the engine, and the page names their source."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from simulation.pages.explore.columns import unpack_steps
from simulation.pages.explore.sliders import SLIDERS, STOCK
from simulation.pages.serve.served_page import ServedPage, shipped_page
from simulation.pages.serve.worker_pool import StateJob, compute_states
from tests.pages.explore.conftest import chromium
from tests.pages.explore.reading import in_a_shell, printed_rows, shown

__all__ = ["chromium"]
pytestmark = pytest.mark.slow
WAIT_MS = 240_000
RUNS, FIRST = 12, 8
SLIDER = [slider.key for slider in SLIDERS].index(STOCK)


@dataclass
class Served:
    """A server and a browser page."""

    process: subprocess.Popen[str]
    address: str
    page: Any = None
    messages: list[str] = field(default_factory=list)
    requests: set[str] = field(default_factory=set)

    def wait_for_origin(self, pattern: str) -> str:
        """Wait for a text about the source of the numbers, and return it."""
        self.page.locator(f"#origin:text-matches({pattern!r})").wait_for(timeout=WAIT_MS)
        text: str = self.page.locator("#origin").text_content()
        return text

    def move(self, steps: int) -> None:
        """Move the carry stock with the arrow keys."""
        self.page.locator(f"#slider-{SLIDER}").focus()
        for _ in range(abs(steps)):
            self.page.keyboard.press("ArrowRight" if steps > 0 else "ArrowLeft")


@pytest.fixture(scope="module")
def page() -> ServedPage:
    return shipped_page()


@pytest.fixture
def served(chromium: Any) -> Iterator[Served]:
    options = ("--port", "0", "--runs", str(RUNS), "--first-runs", str(FIRST))
    process = subprocess.Popen(
        [sys.executable, "-m", "simulation", "serve", *options], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    found = re.search(r"http://127\.0\.0\.1:\d+/", process.stdout.readline())
    assert found is not None
    one = Served(process, found[0])
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(WAIT_MS)
    one.page = context.new_page()
    one.page.on("request", lambda request: one.requests.add(request.url.partition("#")[0]))
    one.page.on("console", lambda message: one.messages.append(message.text))
    one.page.on("pageerror", lambda error: one.messages.append(str(error)))
    one.page.goto(one.address)
    yield one
    one.page.context.close()
    process.send_signal(signal.SIGINT)
    process.wait(60)
    process.stdout.close()
    assert {request for request in one.requests if not request.startswith((one.address, "data:"))} == set()


def engine_state(page: ServedPage, values: dict[str, Any], runs: int) -> dict[str, Any]:
    (one,) = compute_states(page.work, page.columns, [StateJob(json.dumps(values), runs)])
    answer: dict[str, Any] = json.loads(one.texts[runs])
    return answer


def as_shown(cells: list[list[str]]) -> list[list[str]]:
    return [[cell.replace("-", "−") for cell in row] for row in cells]


def test_a_slider_shows_the_numbers_of_the_engine(served: Served, page: ServedPage, tmp_path: Path) -> None:
    assert served.wait_for_origin("^Shipped") == "Shipped numbers: 64 runs, seed 20251219."
    assert "runs" not in served.page.locator("#source").text_content()
    served.move(3)
    assert "The panels still show the previous one" in served.page.locator("#origin").text_content()
    assert f"{RUNS} runs, seed 20251219" in served.wait_for_origin(f"server: {RUNS} runs,")
    values = {STOCK: 280}
    expected, base = engine_state(page, values, RUNS), engine_state(page, {}, RUNS)
    found = shown(served.page)
    assert [row[:3] for row in found["table"]] == as_shown(expected["numbers"])
    assert [row[3] for row in found["table"]] == [row[1] for row in as_shown(base["numbers"])]
    last = unpack_steps(expected["data"], (1, len(page.columns), len(page.content["dates"])))[0, :, -1]
    usdjpy = [
        f"{value / 100:.2f}" for value, column in zip(last, page.columns, strict=True) if column.series == "usdjpy"
    ]
    assert all(number in found["findings"]["usdjpy"] for number in usdjpy)
    assert f"--set {STOCK}=280 --runs {RUNS} --seed 20251219" in found["command"]
    assert served.messages == []

    labels = [one["label"] for one in page.content["metrics"]]
    rows = dict(zip(labels, (row[:3] for row in found["table"]), strict=True))
    assert printed_rows(in_a_shell(found["command"], tmp_path), rows) == rows

    again = served.page.context.new_page()
    again.goto(served.page.url)
    again.locator(f"#origin:text-matches('server: {RUNS} runs,')").wait_for(timeout=WAIT_MS)
    assert shown(again)["table"] == found["table"]
    again.close()


def test_without_the_server_the_page_shows_shipped_states(served: Served) -> None:
    served.process.send_signal(signal.SIGINT)
    served.process.wait(60)
    served.move(1)
    served.page.locator("#message:text-matches('server does not respond')").wait_for(timeout=WAIT_MS)
    assert served.wait_for_origin("^Shipped").startswith("Shipped numbers: 64 runs")
    levels = served.page.locator(f"#slider-{SLIDER}")
    before = levels.input_value()
    served.page.get_by_role("button", name="Back to the baseline").click()
    assert shown(served.page)["message"] == ""
    served.page.evaluate(f"location.hash = '{STOCK}=500'")
    served.page.locator(f"#slider-{SLIDER}-words:text-matches('500')").wait_for()
    assert served.wait_for_origin("^Shipped")
    assert levels.input_value() != before
    assert all("ERR_CONNECTION_REFUSED" in text for text in served.messages)


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_overflows_while_the_server_computes(served: Served, width: int) -> None:
    served.page.set_viewport_size({"width": width, "height": 900})
    served.move(1)
    assert "is computing this state" in (origin := served.page.locator("#origin").text_content()) or "so far" in origin
    assert served.page.evaluate("document.documentElement.scrollWidth") <= width
    served.wait_for_origin("^Computed")
    assert served.page.evaluate("document.documentElement.scrollWidth") <= width
    assert served.messages == []


def test_the_page_connects_only_to_its_server(served: Served) -> None:
    other = "http://localhost:9/"
    assert served.page.evaluate(f"fetch('{other}').then(() => 'answered', (error) => error.name)") == "TypeError"
    assert any("Content Security Policy" in text for text in served.messages)
    served.messages.clear()
    ran = served.page.evaluate(
        """() => { const one = document.createElement('script'); one.textContent = 'window.ran = 1';
        document.body.append(one); return window.ran; }"""
    )
    assert ran is None
