"""A small sweep with three sliders and an incomplete set of combinations, and its page."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from simulation.pages.explore.content import page_content
from simulation.pages.explore.html import Content, render_page
from simulation.pages.explore.sliders import GUIDANCE, HIKE, STOCK
from simulation.scenario.config.catalog import shipped_files
from simulation.sweeps.plan import load_plan
from tests.pages.explore.reading import Reading
from tests.support.browser import launched, playwright
from tests.support.places import SMALL_SCENARIO
from tests.sweeps.conftest import run_into

Opened = Callable[..., Any]
WAIT_MS = 120_000
SMALL = SMALL_SCENARIO
TABLE = f"""{HIKE},{STOCK},{GUIDANCE}
,,
50bp,,
0bp,,
,500,
,150,
50bp,500,
,,hawkish
50bp,,hawkish
"""
SERIES = (
    *("usdjpy", "us_equity", "japan_equity", "bitcoin_usd", "unwound_share_to_date", "levered_unwind_share_to_date"),
    *("unwound_incentive_to_date_usd_bn", "unwound_volatility_target_to_date_usd_bn", "unwound_margin_to_date_usd_bn"),
    *("unwound_stop_to_date_usd_bn", "unwound_liquidation_to_date_usd_bn", "unwound_slow_repatriation_to_date_usd_bn"),
    *("yen_bought_carry_funds_to_date_usd_bn", "yen_bought_real_money_japan_to_date_usd_bn"),
    *("yen_bought_real_money_to_date_usd_bn", "yen_bought_dealers_to_date_usd_bn"),
)


def sweep_file(folder: Path, text: str = "", series: tuple[str, ...] = SERIES) -> Path:
    """Sweep file over the small scenario; `text` replaces the default design and record."""
    usual = "design: {kind: table, file: states.csv}\nrecord: quantiles\n" + f"series: [{', '.join(series)}]\n"
    (folder / "states.csv").write_text(TABLE)
    path = folder / "sweep.yaml"
    path.write_text(f"name: small_page\nscenario: {SMALL}\nreplications: 5\n{text or usual}")
    return path


def store_of(folder: Path, text: str = "", series: tuple[str, ...] = SERIES) -> Path:
    """Store of such a sweep."""
    run_into(folder / "store", load_plan(sweep_file(folder, text, series)))
    return folder / "store"


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return store_of(tmp_path_factory.mktemp("explore"))


@pytest.fixture(scope="session")
def content(store: Path) -> Content:
    return page_content(store)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with playwright() as driver:
        browser = launched(driver)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def small(content: Content, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Reading]:
    path = tmp_path_factory.mktemp("page") / "small.html"
    path.write_text(render_page(content), encoding="utf-8")
    return path, Reading(content)


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Reading]:
    content = json.loads(shipped_files("explore")["december_2025"].read_text(encoding="utf-8"))
    path = tmp_path_factory.mktemp("page") / "december.html"
    path.write_text(render_page(content), encoding="utf-8")
    return path, Reading(content)


@pytest.fixture
def opened(chromium: Any) -> Iterator[Opened]:
    """Open pages; at the end, check that they made no request and logged no message."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    requests: list[str] = []
    messages: list[str] = []

    def open_(path: Path, hash_: str = "", width: int = 1280) -> Any:
        page = context.new_page()
        page.set_viewport_size({"width": width, "height": 900})
        page.set_default_timeout(WAIT_MS)
        page.on("request", lambda request: requests.append(request.url.partition("#")[0]))
        page.on("console", lambda message: messages.append(message.text))
        page.on("pageerror", lambda error: messages.append(str(error)))
        page.goto(path.as_uri() + hash_)
        expected.add(path.as_uri())
        return page

    expected: set[str] = set()
    yield open_
    context.close()
    assert set(requests) <= expected
    assert messages == []
