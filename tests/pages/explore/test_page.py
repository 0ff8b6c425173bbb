"""The page makes no request, its policy forbids them, and files are written atomically."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path

import pytest

from simulation.pages.explore.html import Content, content_json, render_page
from simulation.pages.explore.sliders import CROSSED, MAX_MOVED, SLIDERS, design_csv, design_states, level_index
from simulation.scenario.config.catalog import shipped_files
from simulation.sweeps.plan import load_plan
from tests.cli.conftest import Carryflow, carryflow

__all__ = ["carryflow"]
SHIPPED = shipped_files("explore")["december_2025"]


def between(page: str, start: str, end: str) -> str:
    return page.partition(start)[2].partition(end)[0]


def test_the_policy_allows_only_the_embedded_script_and_style(content: Content) -> None:
    page = render_page(content)
    policy = between(page, 'Content-Security-Policy" content="', '"')
    script, style = between(page, "<script>", "</script>"), between(page, "<style>", "</style>")
    for text in (script, style):
        assert base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() in policy
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert page.count("<script") == 2
    assert " style=" not in page
    assert " on" not in re.sub(r">[^<]*<", "><", page.partition("<script")[0]).replace(" only", "")


def test_the_page_contains_no_external_address(content: Content) -> None:
    addresses = set(re.findall(r"\w+://[^\"' ]*", render_page(content)))
    assert addresses == {"http://www.w3.org/2000/svg"}


def test_content_is_escaped_inside_its_script_element(content: Content) -> None:
    page = render_page(content | {"title": "</script><script>alert(1)</script><!--"})
    assert page.count("<script") == 2
    assert page.count("</script>") == 2
    assert "<title>&lt;/script&gt;" in page
    text = between(page, 'id="content">', "</script>")
    assert json.loads(text)["title"] == "</script><script>alert(1)</script><!--"


def test_a_store_and_its_exported_data_give_the_same_page(carryflow: Carryflow, store: Path) -> None:
    assert carryflow("explore", "--store", store, "--out", "a.html").code == 0
    assert carryflow("explore", "--store", store, "--out", "data.json").code == 0
    assert carryflow("explore", "--store", "data.json", "--out", "b.html").code == 0
    assert Path("a.html").read_bytes() == Path("b.html").read_bytes()


def test_an_unrelated_file_is_not_overwritten(carryflow: Carryflow, store: Path) -> None:
    Path("notes.html").write_text("mine")
    outcome = carryflow("explore", "--store", store, "--out", "notes.html")
    assert outcome.code == 2
    assert "--force" in outcome.err
    assert Path("notes.html").read_text() == "mine"
    assert carryflow("explore", "--store", store, "--out", "notes.html", "--force").code == 0
    assert carryflow("explore", "--store", store, "--out", "notes.html").code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--out", "page.txt"], "FILE.html"),
        (["--out", "page.html", "--store", "nowhere"], "manifest.json"),
        (["--out", "page.html", "--store", "nowhere.json"], "cannot be read"),
        ([], "--out"),
    ],
)
def test_invalid_arguments_write_nothing(carryflow: Carryflow, arguments: list[str], message: str) -> None:
    outcome = carryflow("explore", *arguments)
    assert outcome.code == 2
    assert message in outcome.err
    assert list(Path.cwd().iterdir()) == []


def test_json_of_something_else_is_refused(carryflow: Carryflow) -> None:
    Path("other.json").write_text("[1]")
    outcome = carryflow("explore", "--store", "other.json", "--out", "page.html")
    assert outcome.code == 2
    assert "not page data of format" in outcome.err


def test_the_shipped_design_is_current() -> None:
    states = design_states()
    assert shipped_files("sweeps")["explore"].with_suffix(".csv").read_text(encoding="utf-8") == design_csv(states)
    texts = {json.dumps(values, sort_keys=True) for values in states}
    assert states[0] == {}
    assert len(texts) == len(states)
    assert all(len(values) <= MAX_MOVED or set(values) == set(CROSSED) for values in states)
    moved = [len(slider.departures) for slider in SLIDERS]
    pairs = (sum(moved) ** 2 - sum(count**2 for count in moved)) // 2
    together = [len(slider.departures) for slider in SLIDERS if slider.key in CROSSED]
    assert len(states) == 1 + sum(moved) + pairs + together[0] * together[1] * together[2]


def test_the_shipped_page_has_every_state_of_its_sweep() -> None:
    """After a change of the sweep, rebuild the data as described in docs/explore.md."""
    content, plan = json.loads(SHIPPED.read_text(encoding="utf-8")), load_plan("explore")
    assert content["config_hash"] == plan.hash
    keys = [slider["key"] for slider in content["sliders"]]
    by_key = {slider.key: slider for slider in SLIDERS}
    expected = [[level_index(by_key[key], values.get(key)) for key in keys] for values in design_states()]
    assert content["states"] == expected
    texts = [(slider["label"], slider["help"]) for slider in content["sliders"]]
    assert texts == [(by_key[key].label, by_key[key].help) for key in keys]


def test_the_shipped_page_is_small(carryflow: Carryflow) -> None:
    assert carryflow("explore", "--out", "page.html").code == 0
    assert Path("page.html").stat().st_size < 3e6
    assert SHIPPED.read_text(encoding="utf-8") == content_json(json.loads(SHIPPED.read_text(encoding="utf-8"))) + "\n"
