"""``carryflow run``: output, files and usage errors."""

import json
from pathlib import Path

import pandas as pd
import pytest

from simulation.results.metrics import METRICS
from tests.cli.conftest import SMALL, Carryflow

SHORT = ("--runs", "2", "--no-figures")


def written(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_table_on_output_place_on_error(carryflow: Carryflow, tmp_path: Path) -> None:
    outcome = carryflow("run", SMALL, *SHORT)
    assert outcome.code == 0
    assert outcome.out.startswith("Policy ")
    assert "Levered unwind, USD bn" in outcome.out
    assert "\x1b" not in outcome.out
    (folder,) = (tmp_path / "results").iterdir()
    assert folder.name.startswith("small-")
    assert outcome.err == f"Results in results/{folder.name}\n"
    assert written(folder) == ["daily.parquet", "effects.parquet", "flows.parquet", "manifest.json"]


def test_json_is_one_pure_object(carryflow: Carryflow) -> None:
    outcome = carryflow("run", SMALL, *SHORT, "--seed", "11", "--json", "--no-save")
    found = json.loads(outcome.out)
    assert (found["scenario"], found["runs"], found["seed"], found["runs_failed"]) == ("small", 2, 11, 0)
    assert list(found["metrics"]) == [metric.name for metric in METRICS]
    assert found["ledger_max_residual"] <= 1e-9
    assert outcome.err == ""


def test_a_day_is_printed_as_the_tables_have_it(carryflow: Carryflow) -> None:
    outcome = carryflow("run", SMALL, *SHORT, "--runs", "3", "--date", "2025-12-22", "--out", "here")
    daily, flows = (pd.read_parquet(f"here/{name}.parquet") for name in ("daily", "flows"))
    _, found = outcome.out.split("\nOn 22 December 2025\n")
    rows = {
        line.rsplit(maxsplit=3)[0].strip(): line.split()[-3:] for line in found.splitlines() if "  " in line.strip()
    }
    usdjpy = daily.loc[daily["date"] == "2025-12-22", "usdjpy"].quantile([0.1, 0.5, 0.9])
    assert rows["USDJPY"] == [f"{value:.2f}" for value in usdjpy]
    so_far = flows[(flows["date"] <= "2025-12-22") & (flows["population"] == "carry_funds")]
    bought = -so_far.groupby("run")["spot_usd_bn"].sum().quantile([0.1, 0.5, 0.9])
    assert {abs(float(one)) for one in rows["Carry funds, USD bn"]} != {0.0}
    assert [float(one) for one in rows["Carry funds, USD bn"]] == pytest.approx(sorted(bought), abs=0.0501)
    again = json.loads(
        carryflow("run", SMALL, *SHORT, "--runs", "3", "--date", "2025-12-22", "--json", "--no-save").out
    )
    assert again["day"]["date"] == "2025-12-22"
    assert again["day"]["series"]["usdjpy"]["p50"] == pytest.approx(usdjpy[0.5], abs=1e-12)


@pytest.mark.parametrize(
    ("day", "says"), [("2025-12-06", "not a business day; the next one is 2025-12-08"), ("Monday", "is not a date")]
)
def test_a_day_that_is_none_is_refused_before_anything_runs(
    carryflow: Carryflow, tmp_path: Path, day: str, says: str
) -> None:
    outcome = carryflow("run", SMALL, *SHORT, "--date", day)
    assert (outcome.code, outcome.out) == (2, "")
    assert says in outcome.err
    assert list(tmp_path.iterdir()) == []


def test_same_run_is_found_not_piled_up(carryflow: Carryflow, tmp_path: Path) -> None:
    first = carryflow("run", SMALL, *SHORT)
    again = carryflow("run", SMALL, *SHORT)
    other = carryflow("run", SMALL, *SHORT, "--seed", "11")
    assert first.err == again.err != other.err
    assert len(written(tmp_path / "results")) == 2


def test_out_is_the_folder_itself(carryflow: Carryflow, tmp_path: Path) -> None:
    assert carryflow("run", SMALL, *SHORT, "--out", tmp_path / "deep" / "here").code == 0
    manifest = json.loads((tmp_path / "deep" / "here" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["command"].startswith("carryflow run ")
    assert manifest["config"]["name"] == "small"
    assert set(manifest["files"]) == {"daily.parquet", "effects.parquet", "flows.parquet"}
    assert not (tmp_path / "results").exists()


def test_figures_are_drawn(carryflow: Carryflow, tmp_path: Path) -> None:
    assert carryflow("run", SMALL, "--runs", "2", "--out", "here").code == 0
    pictures = list((tmp_path / "here" / "figures").glob("*.png"))
    assert len(pictures) == 4


def test_other_config_is_refused_before_running_unless_forced(carryflow: Carryflow) -> None:
    carryflow("run", SMALL, *SHORT, "--out", "here")
    refused = carryflow("run", SMALL, *SHORT, "--out", "here", "--seed", "12")
    assert refused.code == 2
    assert refused.out == ""
    assert "another config" in refused.err
    assert carryflow("run", SMALL, *SHORT, "--out", "here", "--seed", "12", "--force").code == 0


def test_override_reaches_the_model(carryflow: Carryflow) -> None:
    carryflow("run", SMALL, *SHORT, "--set", "boj.meetings[0].decision=50bp", "--out", "here")
    daily = pd.read_parquet("here/daily.parquet")
    assert daily["boj_rate_pct"].iloc[-1] == pytest.approx(1.0)


def test_workers_change_no_byte(carryflow: Carryflow, tmp_path: Path) -> None:
    carryflow("run", SMALL, *SHORT, "--workers", "1", "--out", "one")
    carryflow("run", SMALL, *SHORT, "--workers", "2", "--out", "two")
    for name in ("daily.parquet", "flows.parquet"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_quiet_says_only_results(carryflow: Carryflow) -> None:
    outcome = carryflow("run", SMALL, *SHORT, "--quiet")
    assert outcome.err == ""
    assert outcome.out


def test_failed_runs_end_with_three(carryflow: Carryflow, tmp_path: Path) -> None:
    wild = ("markets.usdjpy.fast_impact_pct_per_usd_bn=100", "markets.usdjpy.fast_scale_usd_bn=1000000")
    settings = [part for setting in wild for part in ("--set", setting)]
    outcome = carryflow("run", SMALL, *SHORT, *settings, "--json", "--out", "here")
    assert outcome.code == 3
    found = json.loads(outcome.out)
    assert found["runs_failed"] == len(found["failures"]) > 0
    assert {"run", "date", "reason", "message"} == set(found["failures"][0])
    assert not pd.read_parquet(tmp_path / "here" / "daily.parquet").isna().any().any()


@pytest.mark.parametrize(
    "arguments",
    [
        ["--runs", "0"],
        ["--runs", "many"],
        ["--seed", "-1"],
        ["--workers", "0"],
        ["--set", "no.such.key=1"],
        ["--set", "nonsense"],
        ["--no-save", "--out", "x"],
        ["--unknown"],
    ],
)
def test_usage_errors_end_with_two(carryflow: Carryflow, tmp_path: Path, arguments: list[str]) -> None:
    outcome = carryflow("run", SMALL, *arguments)
    assert outcome.code == 2
    assert outcome.out == ""
    assert outcome.err
    assert "Traceback" not in outcome.err
    assert list(tmp_path.iterdir()) == []


def test_unknown_scenario_names_the_nearest(carryflow: Carryflow) -> None:
    outcome = carryflow("run", "december_2025_oficial")
    assert outcome.code == 2
    assert "december_2025_official" in outcome.err
    assert "Traceback" not in outcome.err
