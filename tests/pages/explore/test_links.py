"""Addresses and days of the page in Chromium: unknown parts are named, and future events are not drawn."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulation.pages.explore.sliders import HIKE, STOCK
from tests.pages.explore.conftest import Opened
from tests.pages.explore.reading import Reading, shown

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("hash_", "named"),
    [
        (f"#{STOCK}=260", [f"{STOCK}=260", "Carry stock has no such position", "$250 bn"]),
        ("#boj.meetings%5B0%5D.decision=37bp", [f"{HIKE}=37bp", "Size of the hike has no such position", "25 bp"]),
        ("#boj.colour=blue", ["boj.colour=blue", "no such slider"]),
        ("#day=1999-01-01", ["day=1999-01-01", "no such day"]),
    ],
)
def test_an_unknown_part_of_a_link_is_reported(
    small: tuple[Path, Reading], opened: Opened, hash_: str, named: list[str]
) -> None:
    path, reading = small
    page = opened(path, hash_)
    found = shown(page)
    assert found["state"] == reading.content["baseline"]
    assert [words for words in named if words not in found["message"]] == []
    page.get_by_role("button", name="Back to the baseline").click()
    assert shown(page)["message"] == ""


def test_the_known_part_of_a_link_is_kept(small: tuple[Path, Reading], opened: Opened) -> None:
    page = opened(small[0], f"#{HIKE}=50bp&{STOCK}=260")
    found = shown(page)
    assert found["hash"] == "#boj.meetings%5B0%5D.decision=50bp"
    assert "Carry stock has no such position" in found["message"]
    page.evaluate(f"location.hash = '{STOCK}=500'")
    page.locator("#message:text-is('')").wait_for(state="attached")
    assert shown(page)["hash"] == f"#{STOCK}=500"


def test_the_end_of_play_is_the_address_of_the_last_day(small: tuple[Path, Reading], opened: Opened) -> None:
    path, reading = small
    page = opened(path)
    page.select_option("#speed", "0.15")
    page.locator("#play").press("Enter")
    assert shown(page)["hash"].startswith(f"#day={reading.content['dates'][0][:4]}")
    page.locator("#play:text-is('Play')").wait_for()
    assert "day" not in shown(page)["hash"]


def test_future_events_are_not_drawn(small: tuple[Path, Reading], opened: Opened) -> None:
    path, reading = small
    days, story = reading.content["dates"], reading.content["stories"][0]
    (first, *_) = [one for one in story if one["mark"]]
    page = opened(path, f"#day={days[first['day'] - 1]}")
    visible = """() => [...document.querySelectorAll('#panels svg .policy, #panel-usdjpy svg text')]
        .filter((one) => getComputedStyle(one).visibility === 'visible').map((one) => one.textContent)"""
    points = "() => document.querySelector('#panel-usdjpy .baseline').getAttribute('d').split(/[ML]/).length - 1"
    assert first["mark"] not in page.evaluate(visible)
    assert "" not in page.evaluate(visible)
    assert page.evaluate(points) == first["day"]
    page.locator("#day").focus()
    page.keyboard.press("ArrowRight")
    assert first["mark"] in page.evaluate(visible)
    assert page.evaluate(points) == first["day"] + 1
    page.keyboard.press("End")
    assert page.evaluate(points) == len(days)


def test_table_cells_fit_on_a_phone(shipped: tuple[Path, Reading], opened: Opened) -> None:
    page = opened(shipped[0], width=390)
    cut = page.evaluate(
        """() => [...document.querySelectorAll('#numbers th, #numbers td')].filter((cell) => {
        const words = document.createRange(); words.selectNodeContents(cell);
        return words.getBoundingClientRect().right > cell.getBoundingClientRect().right + 0.5
          || cell.getBoundingClientRect().right > innerWidth; })
        .map((cell) => cell.textContent)"""
    )
    assert cut == []
