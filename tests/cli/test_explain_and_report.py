"""``carryflow explain`` and ``carryflow report`` on the command line."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import SMALL, Carryflow


def test_a_day_of_a_scenario(carryflow: Carryflow) -> None:
    outcome = carryflow("explain", SMALL, "--date", "2025-12-19", "--out", "day")
    assert outcome.code == 0
    assert outcome.out.startswith("USDJPY ")
    assert "on 19 December 2025" in outcome.out
    assert "Recorded change" in outcome.out
    assert {path.name for path in Path("day").iterdir()} == {
        *("explanation.json", "explanation.txt", "manifest.json", "waterfall.csv", "waterfall.png")
    }


def test_a_day_of_a_folder_is_that_of_the_scenario(carryflow: Carryflow) -> None:
    assert carryflow("run", SMALL, "--runs", "3", "--out", "kept", "--no-figures", "--quiet").code == 0
    wanted = ("--date", "2025-12-10", "--run", "2", "--json", "--no-save")
    first, second = carryflow("explain", "kept", *wanted), carryflow("explain", SMALL, *wanted)
    assert first.code == second.code == 0
    assert json.loads(first.out) == json.loads(second.out)
    assert json.loads(first.out)["run"] == 2


def test_an_event_is_explained(carryflow: Carryflow) -> None:
    small = [f"--set=populations.{name}.investors=4" for name in ("carry_funds", "retail_fx")]
    outcome = carryflow("explain", "august_2024", "--date", "2024-08-05", "--no-save", "--json", *small)
    assert outcome.code == 0
    assert json.loads(outcome.out)["scenario"] == "august_2024"


def test_mechanisms(carryflow: Carryflow) -> None:
    wanted = (
        "--mechanisms",
        "--runs",
        "2",
        "--metric",
        "usdjpy_trough_pct",
        "--set",
        "end=2025-12-05",
        "--json",
        "--quiet",
    )
    outcome = carryflow("explain", SMALL, *wanted, "--out", "shares")
    assert outcome.code == 0
    printed = json.loads(outcome.out)["metrics"]["usdjpy_trough_pct"]
    total = sum(share["value"]["mean"] for share in printed["mechanisms"].values())
    assert total == pytest.approx(printed["full"]["mean"] - printed["none"]["mean"], abs=1e-9)
    assert (Path("shares") / "mechanisms_usdjpy_trough_pct.png").is_file()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--date", "2025-12-06"), "is not a business day; the next one is 2025-12-08"),
        (("--asset", "gold"), "asset 'gold' is not in small"),
        (("--runs", "5"), "--runs needs --mechanisms"),
        (("--mechanisms", "--date", "2025-12-19"), "--date does not go with --mechanisms"),
        (("--mechanisms", "--metric", "trough"), "metric 'trough' is unknown"),
        (("--no-save", "--force"), "--no-save writes nothing"),
    ],
)
def test_mistakes_have_one_message_and_write_nothing(
    carryflow: Carryflow, arguments: tuple[str, ...], message: str
) -> None:
    outcome = carryflow("explain", SMALL, *arguments)
    assert outcome.code == 2
    assert message in outcome.err
    assert "Traceback" not in outcome.err
    assert list(Path().iterdir()) == []


def test_a_folder_takes_no_settings(carryflow: Carryflow) -> None:
    assert carryflow("run", SMALL, "--runs", "1", "--out", "kept", "--no-figures", "--quiet").code == 0
    outcome = carryflow("explain", "kept", "--seed", "3")
    assert outcome.code == 2
    assert "go with a scenario" in outcome.err


def test_a_report(carryflow: Carryflow) -> None:
    assert carryflow("run", SMALL, "--runs", "2", "--out", "kept", "--no-figures", "--quiet").code == 0
    outcome = carryflow("report", "kept", "--json")
    assert outcome.code == 0
    printed = json.loads(outcome.out)
    page = Path(printed["file"]).read_text()
    assert Path(printed["file"]).name == "kept.html"
    assert page.startswith("<!DOCTYPE html>")
    assert "carryflow run " in page
    assert printed["bytes"] < 3_000_000


def test_a_report_of_nothing(carryflow: Carryflow) -> None:
    Path("empty").mkdir()
    outcome = carryflow("report", "empty")
    assert outcome.code == 2
    assert "it is not a folder of results" in outcome.err
    assert not Path("empty.html").exists()
