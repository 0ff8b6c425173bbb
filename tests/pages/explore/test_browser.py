"""The page in Chromium, opened from a file, without a network."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from simulation.pages.explore.sliders import GUIDANCE, HIKE, STOCK
from tests.pages.explore.conftest import Opened
from tests.pages.explore.reading import CONTRAST, Reading, in_a_shell, printed_cells, printed_rows, shown

pytestmark = pytest.mark.slow


def check_page(page: Any, reading: Reading, state: int, day: int = -1) -> None:
    """Check that every panel shows the expected numbers of a state and a day."""
    found = shown(page)
    assert found["state"] == state
    for panel, numbers in reading.findings(state, day).items():
        assert [number for number in numbers if number not in found["findings"][panel]] == []
    assert found["bars"] == {panel: reading.bars(state, panel, day) for panel in ("yen", "cause")}
    assert found["table"] == reading.table(state)


def move(page: Any, slider: int, level: int) -> None:
    """Move a slider with the arrow keys."""
    handle = page.locator(f"#slider-{slider}")
    handle.focus()
    steps = level - int(handle.input_value())
    for _ in range(abs(steps)):
        page.keyboard.press("ArrowRight" if steps > 0 else "ArrowLeft")


@pytest.mark.parametrize("which", ["small", "shipped"])
def test_every_slider_shows_the_numbers_of_its_states(
    which: str, request: pytest.FixtureRequest, opened: Opened
) -> None:
    path, reading = request.getfixturevalue(which)
    page = opened(path)
    base = reading.content["baseline"]
    check_page(page, reading, base)
    before = shown(page)
    for slider, about in enumerate(reading.content["sliders"]):
        home = reading.content["states"][base][slider]
        for level in (level for level in range(len(about["levels"])) if level != home):
            move(page, slider, level)
            check_page(page, reading, reading.alone(slider, level))
            after = shown(page)
            assert after["findings"]["usdjpy"] != before["findings"]["usdjpy"]
            assert after["findings"]["unwound"] != before["findings"]["unwound"]
            assert after["bars"] != before["bars"]
            assert after["table"] != before["table"]
            assert about["levels"][level]["set"] in after["command"]
        move(page, slider, home)
        check_page(page, reading, base)
    assert shown(page)["command"] == before["command"]


def test_marks_and_captions_follow_the_state(small: tuple[Path, Reading], opened: Opened) -> None:
    page = opened(small[0])
    assert "BOJ +25 bp" in shown(page)["marks"]
    move(page, 0, 2)
    assert "BOJ +50 bp" in shown(page)["marks"]


def test_an_uncomputed_combination_shows_the_nearest_state(small: tuple[Path, Reading], opened: Opened) -> None:
    path, reading = small
    keys = [slider["key"] for slider in reading.content["sliders"]]
    page = opened(path)
    move(page, keys.index(STOCK), 2)
    move(page, keys.index(GUIDANCE), 1)
    check_page(page, reading, reading.alone(keys.index(GUIDANCE), 1))
    message = shown(page)["message"]
    assert "not computed" in message
    assert "Carry stock: $250 bn" in message
    assert page.locator(f"#slider-{keys.index(STOCK)}").input_value() == "1"
    page.get_by_role("button", name="Back to the baseline").click()
    assert shown(page)["message"] == ""
    check_page(page, reading, reading.content["baseline"])


def test_play_steps_through_every_day(shipped: tuple[Path, Reading], opened: Opened) -> None:
    path, reading = shipped
    page = opened(path)
    page.select_option("#speed", "0.15")
    page.evaluate(
        """() => { window.seen = []; new MutationObserver(() => window.seen.push(document.querySelector('#date').textContent))
        .observe(document.querySelector('#date'), {childList: true}); }"""
    )
    page.locator("#play").press("Enter")
    assert page.locator("#play").text_content() == "Pause"
    page.locator("#play:text-is('Play')").wait_for()
    found = shown(page)
    assert found["date"] == "27 Feb 2026"
    assert found["caption"] == "End of the scenario."
    assert len(dict.fromkeys(page.evaluate("window.seen"))) == len(reading.content["dates"])


def test_a_day_shows_its_own_numbers(small: tuple[Path, Reading], opened: Opened) -> None:
    path, reading = small
    page = opened(path)
    page.locator("#day").focus()
    for _ in range(4):
        page.keyboard.press("ArrowLeft")
    check_page(page, reading, reading.content["baseline"], -5)
    assert shown(page)["hash"] == f"#day={reading.content['dates'][-5]}"
    page.locator("#play").press("Enter")
    page.locator("#play").press("Enter")
    assert page.locator("#play").text_content() == "Play"


def test_the_address_holds_the_state(small: tuple[Path, Reading], opened: Opened) -> None:
    path, reading = small
    page = opened(path)
    move(page, 0, 2)
    move(page, 1, 2)
    address = shown(page)["hash"]
    again = opened(path, address)
    assert shown(again)["state"] == shown(page)["state"] != reading.content["baseline"]
    again.evaluate("location.hash = ''")
    again.locator("#panel-usdjpy[data-state='0']").wait_for()
    for broken in ("#%E0%A4%A=1&day=1999-01-01", "#x=y&=", f"#{HIKE}=900bp", "#panels"):
        check_page(opened(path, broken), reading, reading.content["baseline"])


@pytest.mark.parametrize("which", ["small", "shipped"])
def test_the_copied_command_gives_the_numbers_on_the_page(
    which: str, request: pytest.FixtureRequest, opened: Opened, tmp_path: Path
) -> None:
    path, reading = request.getfixturevalue(which)
    page = opened(path, f"#day={reading.content['dates'][-6]}")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    move(page, 0, 2)
    move(page, 1, 2)
    page.get_by_role("button", name="Copy this state as a command").press("Enter")
    page.locator("#copied:text-matches('.')").wait_for()
    found = shown(page)
    assert found["command"] == page.evaluate("navigator.clipboard.readText()")
    whole, day = in_a_shell(found["command"], tmp_path).split(f"\nOn {reading.day_words(-6)}\n")
    labels = [one["label"] for one in reading.content["metrics"]]
    rows = dict(zip(labels, (row[:3] for row in found["table"]), strict=True))
    assert printed_rows(whole, rows) == rows
    of_day = reading.of_day(found["state"], -6)
    assert {at: printed_cells(day)[at] for at in of_day} == of_day
    for panel, numbers in reading.findings(found["state"], -6).items():
        assert [number for number in numbers if number not in found["findings"][panel]] == []
    assert found["bars"] == {panel: reading.bars(found["state"], panel, -6) for panel in ("yen", "cause")}
    page.locator("#day").focus()
    page.keyboard.press("End")
    assert page.locator("#copied").text_content() == ""
    assert shown(page)["command"].endswith(f"--date {reading.content['dates'][-1]}")


def test_every_control_can_be_focused_with_a_visible_outline(small: tuple[Path, Reading], opened: Opened) -> None:
    page = opened(small[0])
    seen = []
    for _ in range(16):
        page.keyboard.press("Tab")
        seen.append(
            page.evaluate(
                "(one => [one.id || one.className, getComputedStyle(one).outlineStyle])(document.activeElement)"
            )
        )
    names = [name for name, _ in seen]
    order = ["skip", "slider-0", "slider-1", "slider-2", "reset", "command", "copy", "play", "speed", "day", "scroll"]
    assert [name for name in names if name in order][: len(order)] == order
    assert {style for name, style in seen if name in order} == {"solid"}


def test_text_has_contrast(small: tuple[Path, Reading], opened: Opened) -> None:
    page = opened(small[0])
    move(page, 1, 2)
    move(page, 2, 1)  # with a message
    found = page.evaluate(CONTRAST)
    assert len(found) > 100
    assert [text for text, ratio in found if ratio < 4.5] == []


def test_charts_have_labels_for_screen_readers(small: tuple[Path, Reading], opened: Opened) -> None:
    page = opened(small[0])
    labels = page.evaluate(
        "[...document.querySelectorAll('svg')].map((one) => [one.getAttribute('role'), one.ariaLabel])"
    )
    assert len(labels) == 7
    assert all(role == "img" and len(text) > 40 for role, text in labels)
    assert page.evaluate("[...document.querySelectorAll('input, select')].every((one) => one.labels.length === 1)")
    assert page.locator("#slider-0").get_attribute("aria-valuetext") == "25 bp"


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_overflows(small: tuple[Path, Reading], opened: Opened, width: int) -> None:
    page = opened(small[0], width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    outside = page.evaluate(
        """() => [...document.querySelectorAll('svg text')].filter((text) => {
        const own = text.getBoundingClientRect(), box = text.ownerSVGElement.getBoundingClientRect();
        return own.left < box.left - 1 || own.right > box.right + 1; }).map((text) => text.textContent)"""
    )
    assert outside == []


def test_prints_on_two_pages_of_a4(shipped: tuple[Path, Reading], opened: Opened) -> None:
    page = opened(shipped[0])
    pdf = page.pdf(prefer_css_page_size=True)
    sizes = re.findall(rb"/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    assert len(sizes) == 2
    assert {(round(float(width)), round(float(height))) for width, height in sizes} == {(595, 842)}


def test_the_policy_is_enforced(small: tuple[Path, Reading], chromium: Any) -> None:
    page = chromium.new_page()
    page.goto(small[0].as_uri())
    refused = page.evaluate("fetch('data:,x').then(() => false, () => true)")
    ran = page.evaluate(
        """() => { const one = document.createElement('script'); one.textContent = 'window.ran = 1';
        document.body.append(one); return window.ran; }"""
    )
    page.close()
    assert refused
    assert ran is None
