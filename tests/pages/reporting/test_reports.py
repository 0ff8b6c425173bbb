"""Reports are complete, self-contained, well-formed and accessible."""

import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest

import simulation as cf
from simulation.pages.reporting.html import POLICY, STYLE
from simulation.pages.reporting.report_file import check_target, report, report_html
from simulation.results.output_folder import OutputError
from simulation.scenario.config.loading import load
from simulation.scenario.scenario import Scenario
from tests.support.scenarios import COARSE, ONE_WEEK, official, shocks
from tests.sweeps.conftest import run_into, sweep_of

HOSTILE = '</title><script>alert(1)</script> & "quoted" <b>'
VOID = {"meta"}


class Reader(HTMLParser):
    """Strict HTML parser that checks that tags are closed and collects attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def values(self, attribute: str) -> list[str]:
        return [value for _, attributes in self.tags if (value := attributes.get(attribute)) is not None]


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    return reader


def crash() -> Scenario:
    scenario = official(COARSE, shocks({"2025-12-03": 0.09}), ONE_WEEK)
    return scenario.model_copy(
        update={"name": f"crash {HOSTILE}", "title": HOSTILE, "description": HOSTILE, "source": HOSTILE}
    )


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return cf.run(crash(), runs=3).save(tmp_path_factory.mktemp("reports") / "run", figures=False)


@pytest.fixture(scope="session")
def sweep_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sweeps")
    from simulation.sweeps.plan import load_plan

    axes = "axes: {boj.meetings[0].guidance: [vague, six_monthly], markets.usdjpy.stress_slope: {low: 0.1, high: 2, steps: 3}}"
    metrics = "replications: 3\nmetrics: [usdjpy_trough_pct, levered_unwind_usd_bn]\n"
    text = axes.replace("boj.meetings[0].guidance", '"boj.meetings[0].guidance"')
    run_into(folder / "store", load_plan(sweep_of(folder, f"{metrics}{text}\n"), ()))
    return folder / "store"


@pytest.fixture(scope="session")
def pages(run_folder: Path, sweep_store: Path) -> dict[str, str]:
    return {"run": report_html(run_folder), "sweep": report_html(sweep_store)}


@pytest.mark.parametrize("kind", ["run", "sweep"])
def test_a_page_is_well_formed_and_fetches_nothing(pages: dict[str, str], kind: str) -> None:
    reader = read(pages[kind])
    assert {tag for tag, _ in reader.tags} & {"script", "link", "iframe", "object", "embed", "base", "form"} == set()
    policy = next(attributes["content"] for tag, attributes in reader.tags if attributes.get("http-equiv"))
    assert policy == POLICY
    assert "default-src 'none'" in POLICY
    loaded = [value for name in ("src", "href", "xlink:href") for value in reader.values(name)]
    assert all(value.startswith(("#", "data:image/png;base64,")) for value in loaded)
    assert "@import" not in pages[kind]
    assert set(re.findall(r"url\((.)", pages[kind])) <= {"#"}


@pytest.mark.parametrize("kind", ["run", "sweep"])
def test_ids_are_unique_and_links_lead_to_them(pages: dict[str, str], kind: str) -> None:
    reader = read(pages[kind])
    ids = reader.values("id")
    assert len(ids) == len(set(ids))
    linked = {value[1:] for name in ("href", "xlink:href") for value in reader.values(name) if value.startswith("#")}
    assert linked <= set(ids)
    assert set(re.findall(r"url\(#([^)]+)\)", pages[kind])) <= set(ids)


@pytest.mark.parametrize("kind", ["run", "sweep"])
def test_every_figure_is_described(pages: dict[str, str], kind: str) -> None:
    figures = [attributes for tag, attributes in read(pages[kind]).tags if tag == "svg"]
    assert len(figures) >= 2
    assert all(attributes["role"] == "img" and len(attributes["aria-label"] or "") > 40 for attributes in figures)


def test_a_hostile_title_is_escaped(pages: dict[str, str]) -> None:
    assert "<script" not in pages["run"]
    assert pages["run"].count('&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt; &amp; "quoted" &lt;b&gt;') >= 3


def test_the_report_of_a_run_is_complete(pages: dict[str, str], run_folder: Path) -> None:
    page = unescape(pages["run"])
    result = cf.read_run(run_folder)
    assert "The scenario runs from 28 November 2025 to 5 December 2025, 5 business days." in page
    trough = result.summary().metrics["usdjpy_trough_pct"].p50
    assert trough is not None
    assert f">{trough:.2f}</td>" in page
    assert result.config_hash in page
    assert "Identity 3: every investor's net worth" in page
    assert page.count(">holds</td>") == 7
    assert "All runs reached the last day." in page
    assert "This scenario is not one of the cases of the claims ledger." in page
    assert f">carryflow verify {run_folder.name}\n<" in page
    assert str(run_folder) not in page, "contains a machine path"
    assert ("Medians of parts do not add up" in page) == (result.summary().runs > 1)
    assert "Carry funds: stop, forced" in page


def test_the_config_in_the_page_is_the_config_of_the_run(
    pages: dict[str, str], run_folder: Path, tmp_path: Path
) -> None:
    (block,) = re.findall(r'<pre tabindex="0" id="config">(.*?)</pre>', pages["run"], flags=re.DOTALL)
    path = tmp_path / "scenario.yaml"
    path.write_text(unescape(block))
    assert load(path).hash == cf.read_run(run_folder).config_hash


def test_the_same_folder_gives_the_same_page(pages: dict[str, str], run_folder: Path, sweep_store: Path) -> None:
    assert report_html(run_folder) == pages["run"]
    assert report_html(sweep_store) == pages["sweep"]


def test_stopped_runs_are_listed_with_their_reason(tmp_path: Path) -> None:
    forced = official(COARSE, ONE_WEEK, {"populations.carry_funds.margin.floor_pct": 90})
    page = report_html(cf.run(forced, runs=2).save(tmp_path / "stopped", figures=False))
    read(page)
    assert "forced at start" in page
    assert "carry_funds are under margin calls at start prices; lower their leverage" in page
    assert page.count("<svg") == 0


def test_a_run_is_matched_with_its_case_of_the_claims_ledger(tmp_path: Path) -> None:
    from simulation.pages.reporting.run_report import matching_case
    from simulation.studies.claims.assessment import load_ledger

    ledger = load_ledger()
    official_case = cf.load_scenario("december_2025_official")
    assert matching_case(ledger, official_case.model_copy(update={"seed": 3})) == ("official", ledger.cases["official"])
    assert matching_case(ledger, cf.load_scenario("december_2025_official", ["end=2025-12-31"])) is None


def test_the_report_of_a_sweep_is_complete(pages: dict[str, str]) -> None:
    page = unescape(pages["sweep"])
    assert (
        "was run at 6 points with 3 replications each; replication i has the same random news at every point." in page
    )
    assert "0.1, 1.05, 2" in page
    assert "Influence on USDJPY, lowest point, %" in page
    assert ">carryflow rebuild store RUN_ID\n<" in page
    assert re.search(r"USDJPY, lowest point \(usdjpy_trough_pct\) (depends most on|responds to none)", page)
    assert "no run violated one" in page


def luminance(colour: str) -> float:
    digits = "".join(2 * sign for sign in colour) if len(colour) == 3 else colour
    parts = [int(digits[at : at + 2], 16) / 255.0 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_text_has_the_contrast_of_level_aa() -> None:
    colours = set(re.findall(r"(?<![-\w])color: #([0-9a-f]{3,6})", STYLE))
    assert len(colours) >= 3
    for colour in colours:
        for paper in ("fff", "f4f4f4"):
            high, low = luminance(paper), luminance(colour)
            assert (high + 0.05) / (low + 0.05) >= 4.5, colour


def test_only_html_pages_are_replaced(run_folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "page.html"
    assert report(run_folder, target) == target
    check_target(target, force=False)
    target.write_text("my notes")
    with pytest.raises(OutputError, match="is not an HTML page"):
        report(run_folder, target)
    assert target.read_text() == "my notes"
    check_target(target, force=True)
    with pytest.raises(OutputError, match="is a folder"):
        report(run_folder, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


def test_other_folders_are_refused(tmp_path: Path, run_folder: Path) -> None:
    with pytest.raises(OutputError, match="it is not a folder of results"):
        report(tmp_path, tmp_path / "page.html")
    with pytest.raises(OutputError, match="metrics can be chosen only for a sweep"):
        report(run_folder, tmp_path / "page.html", metrics=["unwound_share"])
    assert list(tmp_path.iterdir()) == []
