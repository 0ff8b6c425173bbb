import json
import math

import numpy as np
import pytest

import simulation as cf
from simulation.results.output_folder import OutputError
from simulation.studies.experiment.design import OFFICIAL, with_investors
from simulation.studies.paired import compare, forest_heading, paired_statistics, paired_table

SMALL = (*with_investors(OFFICIAL, 6), "end=2025-12-24")
HIKE = "boj.meetings[0].decision=50bp"


def test_a_paired_difference_needs_fewer_runs_by_what_the_news_have_in_common() -> None:
    news, own = np.random.default_rng(2).standard_normal((2, 4000))
    row = paired_statistics(news, news + 0.5 + 0.1 * own)
    assert row["difference"] == pytest.approx(0.5, abs=4 * 0.1 / np.sqrt(4000))
    assert row["high"] - row["low"] == pytest.approx(2 * 1.96 * 0.1 / np.sqrt(4000), rel=0.05)
    # Unpaired 1 + 1.01, paired 0.01: about two hundred times as many runs.
    assert row["unpaired_runs"] / row["runs"] == pytest.approx(201, rel=0.1)
    assert row["correlation"] == pytest.approx(1 / np.sqrt(1.01), abs=0.001)


def test_so_many_unpaired_runs_do_have_the_same_standard_error() -> None:
    random = np.random.default_rng(3)
    news = random.standard_normal(50)
    row = paired_statistics(news, 1.2 * news + 0.3 + 0.2 * random.standard_normal(50))
    count = round(row["unpaired_runs"])
    draws = random.standard_normal((400, 2, count)) * np.array([1.0, math.sqrt(1.44 + 0.04)])[:, None]
    means = draws[:, 1].mean(axis=1) - draws[:, 0].mean(axis=1)
    assert means.std() == pytest.approx(row["standard_error"], rel=0.3)


def test_a_shift_without_noise_needs_no_second_run() -> None:
    row = paired_statistics(np.array([1.0, 2.0, 4.0]), np.array([2.0, 3.0, 5.0]))
    assert (row["difference"], row["standard_error"]) == (1.0, 0.0)
    assert math.isinf(row["unpaired_runs"])


def test_a_larger_hike_strengthens_the_yen_and_the_change_is_told_in_words() -> None:
    found = compare(OFFICIAL, OFFICIAL, runs=12, settings=(SMALL, (*SMALL, HIKE)))
    row = found.table.set_index("metric").loc["usdjpy_change_pct"]
    assert row["high"] < 0.0
    assert row["unpaired_runs"] > row["runs"]
    assert [change.key for change in found.changes] == ["boj.meetings[0].decision"]
    assert "+25 bp -> +50 bp" in found.text()
    told = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert told["runs"] == 12


def test_a_scenario_does_not_differ_from_itself() -> None:
    scenario = cf.load_scenario(OFFICIAL, SMALL)
    found = cf.compare(scenario, scenario.model_copy(update={"seed": 5}), runs=3)
    assert (found.table["difference"] == 0.0).all()
    assert found.changes == ()


def test_runs_that_finished_in_one_alone_are_left_out() -> None:
    from simulation.compute.ensemble import run_ensemble

    record = run_ensemble(cf.load_scenario(OFFICIAL, SMALL), 4)
    stopped = {2: object(), 3: object()}
    from dataclasses import replace

    other = replace(record, stopped=stopped)  # type: ignore[arg-type]
    assert (paired_table(record, other)["runs"] == 2).all()
    with pytest.raises(OutputError, match="1 runs finished in both"):
        paired_table(record, replace(other, stopped=stopped | {1: object()}))  # type: ignore[arg-type]


def test_a_comparison_with_many_settings_keeps_its_title_readable() -> None:
    short = forest_heading(("A", "B"), "how to read it", "Source: here")
    assert (short.finding, short.source) == ("B minus A, run by run", "Source: here")
    names = ("december_2025_official", "december_2025_official with boj.meetings[0].decision=50bp, end=2025-12-24")
    long = forest_heading(names, "how to read it", "Source: here")
    assert long.finding == "B minus A, run by run"
    assert long.source == f"A: {names[0]}; B: {names[1]}. Source: here"
