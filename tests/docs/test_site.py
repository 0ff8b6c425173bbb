"""The documentation site: complete, built without a warning, and loading nothing from another host."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

import simulation
from tests.support.browser import needs
from tests.support.places import ROOT

DOCS = ROOT / "docs"
LINKS = {"a", "area", "form"}
"""Elements whose addresses a reader follows; those of all others are loaded with the page."""
ADDRESSES = ("src", "href", "srcset", "data", "poster", "action")
IN_STYLES = re.compile(r"(?:url\(\s*['\"]?|@import\s+['\"])((?:https?:)?//[^'\")\s]+)")


class Loaded(HTMLParser):
    """Addresses outside the site that a page loads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(text)
        self.found += IN_STYLES.findall(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in LINKS:
            addresses = [value or "" for name, value in attrs if name in ADDRESSES]
            self.found += [one for one in addresses if re.match(r"(https?:)?//", one)]


class Targets(HTMLParser):
    """Places of a page that a link can lead to, and where its links lead."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.places: set[str] = set()
        self.links: list[str] = []
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id" and value:
                self.places.add(value)
            if tag == "a" and name == "href" and value and "://" not in value:
                self.links.append(value)


def test_every_page_has_its_place_in_the_navigation() -> None:
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    trees = "".join(re.findall(r"```\{toctree\}(.*?)```", index, flags=re.DOTALL))
    entries = re.findall(r"^[^<\n]+ <(\w+)>$", trees, flags=re.MULTILINE)
    pages = {page.stem for page in DOCS.glob("*.md")} - {"index"}
    assert pages <= set(entries)
    assert [page for page in pages if entries.count(page) != 1] == []


def test_every_public_name_is_in_the_reference() -> None:
    listed = re.findall(
        r"auto\w+:: simulation\.(\w+)$", (DOCS / "api.md").read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    assert sorted(listed) == sorted(simulation.__all__)


@pytest.mark.parametrize(
    "text",
    [
        '<script src="https://cdn.example/x.js"></script>',
        '<link rel="stylesheet" href="//fonts.example/css">',
        '<img alt="" src="http://images.example/x.png">',
        "<style>@font-face {src: url('https://fonts.example/x.woff2')}</style>",
        '<style>@import "https://fonts.example/css";</style>',
    ],
)
def test_what_is_loaded_from_elsewhere_is_found(text: str) -> None:
    assert len(Loaded(text).found) == 1


def test_a_link_is_not_loaded() -> None:
    assert Loaded('<a href="https://example.org">there</a><img alt="" src="_images/x.png">').found == []


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `make docs` builds it."""
    needs("docs", "sphinx", "myst_parser", "furo")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "--quiet", "-b", "html"]
    done = subprocess.run([*command, "-d", folder / "trees", DOCS, folder / "html"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder / "html"


@pytest.mark.slow
def test_the_site_loads_nothing_from_elsewhere(site: Path) -> None:
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > len(list(DOCS.glob("*.md")))
    loaded = {page.name: Loaded(page.read_text(encoding="utf-8")).found for page in pages}
    assert {name: found for name, found in loaded.items() if found} == {}
    styles = {path.name: IN_STYLES.findall(path.read_text(encoding="utf-8")) for path in site.rglob("*.css")}
    assert styles
    assert {name: found for name, found in styles.items() if found} == {}


@pytest.mark.slow
def test_links_within_the_site_lead_somewhere(site: Path) -> None:
    pages = {page.name: Targets(page) for page in site.glob("*.html")}
    for name, page in pages.items():
        for link in page.links:
            target, _, place = link.partition("#")
            where = pages.get(target or name)
            assert where is not None or (site / target).is_file(), f"{name}: {link}"
            assert not place or (where is not None and place in where.places), f"{name}: {link}"


@pytest.mark.slow
def test_the_reference_has_signatures_and_words(site: Path) -> None:
    page = Targets(site / "api.html")
    missing = [name for name in simulation.__all__ if not any(place.endswith(f".{name}") for place in page.places)]
    assert missing == []
    assert "Number of runs" in (site / "api.html").read_text(encoding="utf-8")
