"""Numbers quoted in the pages are those of the model.

docs/quotes.yaml says which. Those of the tables in docs/validation.md and of small computations are compared in every run of the
tests, those of commands in the slow ones, which also make the tables of the episodes anew.
"""

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from simulation.scenario.config.parameter_sets import load_cloud
from simulation.studies.calibration.august_2024 import problem
from simulation.studies.experiment.runner import plan_experiment, run_experiment
from tests.docs.blocks import blocks_of
from tests.docs.quotes import Quote, difference, file, prose, quotes, unclassified, value_of
from tests.docs.shipped_posterior import farthest_default, impact_and_stock, narrowed, width_of_log
from tests.support.places import ROOT

PAGES = ("README.md", "docs/model_card.md")
COMMANDS: dict[str, str] = file()["commands"]
VALIDATION = ROOT / "docs" / "validation.md"
REPLAY = "carryflow replay --all --posterior --runs 256"
EPISODES = re.compile(
    r"^\| (\w+) \| (\w+) \| (.+?) \| (.+?) \| (.+?) \| (.+?) \| (.+?) \| (.*?) ?\|$", flags=re.MULTILINE
)
LAST_DIGIT = 0.011
"""Tables of another kind of processor may round a last digit otherwise."""


def of_calibration(pattern: str) -> float:
    """A number that docs/calibration.md states."""
    found = re.findall(pattern, prose("docs/calibration.md"))
    assert len(found) == 1, pattern
    return float(found[0])


FACTS: dict[str, Callable[[], float]] = {
    "fitted_parameters": lambda: len(problem().priors),
    "parameters_narrowed_by_less_than_13_pct": lambda: narrowed(13),
    "farthest_default": farthest_default,
    "width_of_log_impact": lambda: width_of_log(1, 0),
    "width_of_log_stock": lambda: width_of_log(0, 1),
    "width_of_log_product": lambda: width_of_log(1, 1),
    "power_of_stock_known_best": lambda: impact_and_stock().exponent,
    "width_of_best_known": lambda: impact_and_stock().direction_ratio,
    "width_of_posterior": lambda: of_calibration(r"posterior check finds ranks spread ([\d.]+) "),
}


def validation() -> dict[str, Any]:
    """The tables of docs/validation.md by event and measure, and the stylised facts."""
    text = VALIDATION.read_text(encoding="utf-8").replace("−", "-")
    rows: dict[str, Any] = {"facts": stylised(text)}
    for event, measure, low, middle, high, seen, _, verdict in EPISODES.findall(text):
        cells = {"p10": low, "median": middle, "p90": high, "observed": seen}
        inside = re.search(r"\((\d+) % of runs\)", verdict)
        cells |= {"inside_pct": inside[1]} if inside else {}
        rows.setdefault(event, {})[measure] = cells
    return rows


def stylised(text: str) -> dict[str, Any]:
    """The table of stylised facts by its first column, and its last line."""
    (table,) = re.findall(r"^Statistic .*?(?=^```)", text, flags=re.MULTILINE | re.DOTALL)
    rows = re.findall(r"^(\S.{38}\S?) +(-?[\d.]+|-)(?: \(.*?\))? +(-?[\d.]+|-)", table, flags=re.MULTILINE)
    facts: dict[str, Any] = {label.strip(): {"history": seen, "model": made} for label, seen, made in rows}
    (counts,) = re.findall(r"(\d+) of (\d+) facts lie inside .*; of (\d+) others (\d+) agree", table)
    return facts | dict(zip(("inside", "ranges", "compared", "agree"), counts, strict=True))


def wrong(quote: Quote, source: Any) -> list[str]:
    """What is wrong with the numbers of a quote."""
    pairs = zip(quote.numbers, quote.keys, strict=True)
    found = [(key, difference(written, value_of(key, source), quote.within)) for written, key in pairs]
    return [f"{quote.page}: {key}: {what}" for key, what in found if what]


@pytest.mark.parametrize("quote", quotes(), ids=str)
def test_a_passage_stands_on_its_page(quote: Quote) -> None:
    assert prose(quote.page).count(quote.passage) == 1
    assert len(quote.numbers) == len(quote.keys) > 0
    assert quote.of in {*COMMANDS, "facts", "validation", "spread"}


@pytest.mark.parametrize("given", file()["given"], ids=lambda one: one["says"][:30])
def test_a_given_passage_stands_on_its_page_with_a_reason(given: dict[str, str]) -> None:
    assert given["says"] in prose(given["page"])
    assert given["why"]


@pytest.mark.parametrize("page", PAGES)
def test_every_number_with_a_unit_is_quoted_or_given(page: str) -> None:
    assert unclassified(page) == [], "put it into docs/quotes.yaml"


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem)
def test_notebooks_quote_no_result(path: Path) -> None:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    text = " ".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    harmless = re.sub(r"95 % interval|50 and 80 % of|spread of \d|to 1\.5 points", "", text)
    assert re.findall(r"\d[\d.]* ?(?:%|pp\b|\$bn|points\b)", harmless) == [], "let a cell compute and print it"


@pytest.mark.parametrize("quote", [one for one in quotes() if one.of in ("facts", "validation")], ids=str)
def test_numbers_of_tables_and_configs(quote: Quote) -> None:
    sources: dict[str, Callable[[], dict[str, Any]]] = {
        "facts": lambda: {key: FACTS[key]() for key in FACTS if any(key in asked for asked in quote.keys)},
        "validation": validation,
    }
    assert wrong(quote, sources[quote.of]()) == []


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_stands_in_the_documentation(name: str) -> None:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    lines = {line for page in pages for block in blocks_of(page) for line in block.text.splitlines()}
    assert COMMANDS[name] in lines


def output(command: str, folder: Path, *more: str) -> str:
    """Run a command of carryflow in a folder and return what it printed."""
    arguments = [*shlex.split(command)[1:], *more, "--quiet"]
    done = subprocess.run(
        [sys.executable, "-m", "simulation", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", COMMANDS)
def test_numbers_of_a_command(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    source = json.loads(output(COMMANDS[name], tmp_path, "--json"))
    asked = [quote for quote in quotes() if quote.of == name]
    assert asked
    assert [what for quote in asked for what in wrong(quote, source)] == []


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_numbers_of_the_spread_experiment() -> None:
    plan = plan_experiment("spread", cloud=load_cloud("august_2024"))
    study: Any = plan.study
    how = (study.CURVE_DAYS, study.NO_POLICY_SETTINGS)
    three = [study.structural("twin", study.START, how)]
    three += [study.structural(name, study.ANCHOR, (days, how[1])) for name, days in (("60 days", 60), ("surprise", 1))]
    assert [variant for variant in three[1:] if variant not in plan.variants] == [], "as the experiment has them"
    plan.__dict__["variants"] = three
    effects = study.structural_effects(run_experiment(plan).table).query(f"spread_pp == {study.ANCHOR}")
    levered = study.shares(effects, ["levered"]).groupby("delivery")["share_pct"].mean()
    everybody = study.shares(effects.query("delivery == '60 days'"))["share_pct"]
    source = {f"levered_share_pct {name}": value for name, value in levered.items()}
    source |= {"structural_share_pct": everybody.mean()}
    source |= {f"structural_p{level}": everybody.quantile(level / 100) for level in (10, 90)}
    assert [what for quote in quotes() if quote.of == "spread" for what in wrong(quote, source)] == []


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_tables_of_episodes_are_those_of_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    assert f"`{REPLAY}`" in VALIDATION.read_text(encoding="utf-8")
    made = EPISODES.findall(output(REPLAY, tmp_path))
    shown = EPISODES.findall(VALIDATION.read_text(encoding="utf-8"))
    assert [row[:2] for row in made] == [row[:2] for row in shown]
    for new, old in zip(made, shown, strict=True):
        assert [cell for cell in zip(new[2:6], old[2:6], strict=True) if not alike(*cell)] == [], new[:2]


def alike(new: str, old: str) -> bool:
    """Whether two cells hold the same number up to its last digit."""
    try:
        return abs(float(new.replace("−", "-")) - float(old.replace("−", "-"))) <= LAST_DIGIT
    except ValueError:
        return new == old


@pytest.mark.parametrize(("written", "value", "is_right"), [
    ("12.2", 12.151, True), ("12.2", 12.26, False), ("5,000", 5000.2, True), ("-3.0", 3.0, False),
    ("a third", 0.31, True), ("half", 0.4, False), ("Nine", 10.0, False),
])  # fmt: skip
def test_a_stale_number_is_found(written: str, value: float, is_right: bool) -> None:
    assert (difference(written, value) == "") is is_right
