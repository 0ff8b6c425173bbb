"""``carryflow analyse``, ``tipping``, ``reverse-stress`` and ``compare``."""

import json
from pathlib import Path

import numpy as np
import pytest

from simulation.cli import output, run_command_line
from simulation.compute.ensemble import load_scenario
from simulation.studies.experiment.design import ARTICLE, NO_POLICY_SETTINGS, OFFICIAL, with_investors
from simulation.studies.search.search_key import SPREAD_KEY, describe_exits, missing_exit_days, path_length_setting
from tests.sweeps.analysis.toys import FloatArray, saltelli, sweep_of

SMALL = (*with_investors(OFFICIAL, 4), "end=2025-12-24")
HIKE_WEEK = (*SMALL, "start=2025-12-15", "end=2025-12-22", "fed.meetings=[]", "boj.meetings[0].signals=[]")
THRESHOLD = (
    *NO_POLICY_SETTINGS,
    *with_investors(ARTICLE, 200, carry_alone=True),
    "unwind={rule: threshold, exit_days: 1}",
    "spread_path.over_days=2",
    "end=2025-12-04",
)
ANALYTIC_HALF = 1.24233
"""Spread, pp, at which half has left under the article's rule: brentq on share_unwound (tests/studies/search/test_tipping.py)."""


def sets(settings: tuple[str, ...]) -> list[str]:
    return [part for text in settings for part in ("--set", text)]


def store(folder: Path) -> Path:
    """A store as ``carryflow sweep`` writes one, of a function."""

    def trough(parameters: FloatArray, noise: FloatArray) -> FloatArray:
        return np.asarray(-10.0 * parameters[..., 0] - 3.0 * parameters[..., 1] + noise)

    sweep = sweep_of(saltelli(("a", "b"), (0, 1), 32), {"usdjpy_trough_pct": trough}, "saltelli", 3)
    folder.mkdir()
    sweep.runs.to_parquet(folder / "runs.parquet")
    axes = {axis.key: {"unit": "", "numeric": True} for axis in sweep.axes}
    metrics = {"usdjpy_trough_pct": {"label": "USDJPY, lowest point", "unit": "%"}}
    facts = {
        "format": 1,
        "kind": "sweep",
        "name": "toy",
        "axes": axes,
        "metrics": metrics,
        "design": {"kind": "saltelli"},
    }
    (folder / "manifest.json").write_text(json.dumps(facts | {"independent": False, "config_hash": "0" * 64}))
    return folder


def test_analyse_writes_figures_and_ranks_parameters(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = store(tmp_path / "toy")
    arguments = ["analyse", str(folder), "--resamples", "50", "--where", "usdjpy_trough_pct<-9", "--json"]
    assert run_command_line(arguments) == output.EXIT_DONE
    printed = json.loads(capsys.readouterr().out)
    metric = printed["metrics"]["usdjpy_trough_pct"]
    assert metric["influence"][0]["key"] == "a"
    assert metric["sobol"]["adds_up"]
    assert printed["discovery"][0]["share"] > 0.0
    written = {path.name for path in (tmp_path / "toy-analysis").iterdir()}
    assert {"curves_usdjpy_trough_pct.png", "map_usdjpy_trough_pct.csv", "sobol_usdjpy_trough_pct.png"} <= written
    assert {"analysis.json", "analysis.txt", "manifest.json"} <= written


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--metric", "nothing"], "has no metric nothing"),
        (["--where", "usdjpy_trough_pct"], "condition"),
    ],
)
def test_analyse_refuses_what_is_not_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], message: str
) -> None:
    assert run_command_line(["analyse", str(store(tmp_path / "toy")), *more]) == output.EXIT_USAGE
    assert message in capsys.readouterr().err


def test_analyse_needs_a_store(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(["analyse", str(tmp_path)]) == output.EXIT_USAGE
    assert "not a folder of results" in capsys.readouterr().err


def test_tipping_finds_the_analytic_spread_without_a_given_range(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ask = [
        "tipping",
        ARTICLE,
        "--metric",
        "unwound_share=0.5",
        "--over",
        "spread_path.target_pp",
        "--runs",
        "6",
        "--json",
    ]
    assert run_command_line([*ask, *sets(THRESHOLD), "--out", str(tmp_path / "found")]) == output.EXIT_DONE
    printed = json.loads(capsys.readouterr().out)
    assert printed["low"] <= ANALYTIC_HALF <= printed["high"]
    assert printed["high"] - printed["low"] < 0.03
    assert {path.name for path in (tmp_path / "found").iterdir()} >= {"figure.png", "figure.csv", "tipping.json"}


@pytest.mark.usefixtures("unrendered")
def test_the_documented_command_lands_on_the_analytic_spread(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As in docs/analysis_and_search.md, with few runs of carry holders alone: exits of ten days end within the scenario."""
    ask = ["tipping", ARTICLE, "--metric", "unwound_share=0.5", "--over", "spread_path.target_pp"]
    ask += ["--set", "unwind.rule=threshold", *sets(with_investors(ARTICLE, 60, carry_alone=True)), "--runs", "3"]
    ask += ["--low", "1.2", "--high", "1.3", "--tolerance", "0.01", "--out", str(tmp_path / "found")]
    assert run_command_line(ask) == output.EXIT_DONE
    said = capsys.readouterr().out
    found = json.loads((tmp_path / "found" / "tipping.json").read_text())
    # With the last exits cut off it would be 1.221.
    assert found["value"] == pytest.approx(ANALYTIC_HALF, abs=0.005)
    assert "spread_path.over_days=53 was set so that exits, which take 10 business days, are complete" in said
    assert "spread_path.over_days=53" in found["settings"]


def test_incomplete_exits_are_reported() -> None:
    """The article's scenario has 63 business days: a path of 60 and an exit of ten need seven more."""
    rule, path = "unwind.rule=threshold", "spread_path={target_pp: 1.2, over_days: 60}"
    assert missing_exit_days(load_scenario(ARTICLE, (rule, path))) == 7
    assert missing_exit_days(load_scenario(ARTICLE, (rule, path, "unwind.exit_days=3"))) == 0
    assert missing_exit_days(load_scenario(ARTICLE, (path,))) == 0
    assert path_length_setting(ARTICLE, (rule, path), SPREAD_KEY, 1.8) == ()
    assert path_length_setting(ARTICLE, (rule, "spread_path.over_days=60"), SPREAD_KEY, 1.8) == ()
    assert path_length_setting(ARTICLE, (), SPREAD_KEY, 1.8) == ()
    assert "7 business days before the last exits" in describe_exits(load_scenario(ARTICLE, (rule, path)), ())


def test_tipping_over_a_second_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ask = [
        "tipping",
        ARTICLE,
        "--metric",
        "unwound_share=0.3",
        "--over",
        "spread_path.target_pp",
        "--runs",
        "2",
        "--json",
    ]
    ask += ["--low", "0.8", "--high", "1.8", "--tolerance", "0.02", "--curve", "unwind.threshold_sd_pp=0.3,0.6"]
    assert run_command_line([*ask, *sets(THRESHOLD), "--out", str(tmp_path / "found")]) == output.EXIT_DONE
    narrow, wide = (row["tipping"]["value"] for row in json.loads(capsys.readouterr().out)["tippings"])
    # Both have 24 % gone at 1.5 pp; from there the narrower distribution needs less further narrowing.
    assert wide < narrow < 1.5


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--metric", "unwound_share", "--over", "spread_path.target_pp"], "METRIC=LEVEL"),
        (["--metric", "nothing=1", "--over", "spread_path.target_pp"], "there is no metric"),
        (["--metric", "unwound_share=0.5", "--over", "spread_path.target"], "has no value"),
        (["--metric", "unwound_share=0.5", "--over", "spread_path.target_pp", "--low", "1"], "belong together"),
    ],
)
def test_tipping_refuses_what_makes_no_question(
    capsys: pytest.CaptureFixture[str], more: list[str], message: str
) -> None:
    assert run_command_line(["tipping", ARTICLE, *more]) == output.EXIT_USAGE
    assert message in capsys.readouterr().err


def test_a_level_that_is_not_crossed_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ask = ["tipping", ARTICLE, "--metric", "unwound_share=0.9", "--over", "spread_path.target_pp", "--runs", "2"]
    ask += ["--low", "1.4", "--high", "1.8", "--out", str(tmp_path / "found")]
    assert run_command_line([*ask, *sets(THRESHOLD)]) == output.EXIT_USAGE
    assert "does not cross 0.9" in capsys.readouterr().err
    assert not (tmp_path / "found").exists()


def test_reverse_stress_reports_shocks_in_their_units(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ask = [
        "reverse-stress",
        OFFICIAL,
        "--metric",
        "usdjpy_trough_pct=-6",
        "--shocks",
        "boj_surprise,us_yield_fall",
        "--json",
    ]
    ask += ["--runs", "3", "--evaluations", "8", "--no-frontier", "--out", str(tmp_path / "found"), *sets(HIKE_WEEK)]
    assert run_command_line(ask) == output.EXIT_DONE
    printed = json.loads(capsys.readouterr().out)
    assert printed["day"] == "2025-12-19"
    assert printed["without_shocks"] > -6.0
    assert printed["amounts"]["boj_surprise"]["amount"] > 0.0
    alone = [one["distance"] for one in printed["alone"].values() if one]
    assert printed["mildest"]["distance"] <= min(alone) + 0.2
    assert (tmp_path / "found" / "figure.png").exists()


def test_shocks_are_listed_with_their_sources(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(["reverse-stress", "--list-shocks", "--json"]) == output.EXIT_DONE
    assert all(shock["source"] for shock in json.loads(capsys.readouterr().out).values())


def test_an_unknown_shock_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    ask = ["reverse-stress", OFFICIAL, "--metric", "usdjpy_trough_pct=-6", "--shocks", "comet"]
    assert run_command_line(ask) == output.EXIT_USAGE
    assert "there is no shock 'comet'" in capsys.readouterr().err


def test_compare_prints_the_change_and_writes_its_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ask = ["compare", OFFICIAL, OFFICIAL, "--set-b", "boj.meetings[0].decision=50bp", "--runs", "4", *sets(SMALL)]
    assert run_command_line([*ask, "--out", str(tmp_path / "both")]) == output.EXIT_DONE
    assert "19 Dec 2025: decision: +25 bp -> +50 bp" in capsys.readouterr().out
    written = {path.name for path in (tmp_path / "both").iterdir()}
    assert written == {
        "figure.png",
        "figure.svg",
        "figure.csv",
        "differences.csv",
        "comparison.txt",
        "comparison.json",
        "manifest.json",
    }


def test_compare_of_one_run_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(["compare", OFFICIAL, ARTICLE, "--runs", "1"]) == output.EXIT_USAGE
    assert "at least 2" in capsys.readouterr().err
