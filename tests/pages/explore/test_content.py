"""The page content equals the store, and the command of a state reproduces its numbers."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import numpy as np
import pytest

import simulation as cf
from simulation.pages.explore.columns import unpack_steps
from simulation.pages.explore.content import format_quantiles, page_content
from simulation.pages.explore.html import Content
from simulation.pages.explore.sliders import GUIDANCE, HIKE, MEETING_ORDER, SPREAD, STOCK
from simulation.results.metrics import METRICS, QUANTILES, USD_BN, quantile_band
from simulation.results.output_folder import OutputError
from simulation.results.summary import format_metric
from simulation.scenario.config.catalog import shipped_files
from simulation.sweeps.store import read_runs, read_series
from tests.pages.explore.conftest import SERIES, SMALL, store_of
from tests.sweeps.conftest import run_into


def shape(content: Content) -> tuple[int, int, int]:
    return len(content["states"]), len(content["columns"]), len(content["dates"])


def column(content: Content, series: str, quantile: str = "p50") -> int:
    (found,) = (
        at for at, one in enumerate(content["columns"]) if (one["series"], one["quantile"]) == (series, quantile)
    )
    return found


def state_of(content: Content, *names: str) -> int:
    """Index of the state with the named slider levels; empty names stand for the base scenario."""
    levels = [
        [level["name"] for level in slider["levels"]].index(name)
        for slider, name in zip(content["sliders"], names, strict=True)
    ]
    found: int = content["states"].index(levels)
    return found


def command_of(content: Content, state: int) -> list[str]:
    """Arguments of the command of a state."""
    levels = zip(content["sliders"], content["states"][state], strict=True)
    settings = [slider["levels"][level]["set"] for slider, level in levels]
    return shlex.split(" ".join([content["command"], *filter(None, settings), content["command_end"]]))


def test_embedded_days_are_the_quantiles_of_the_store(store: Path, content: Content) -> None:
    days = unpack_steps(content["data"], shape(content))
    bands = read_series(store)
    for at, one in enumerate(content["columns"]):
        part = bands[bands.series == one["series"]].pivot(index="point", columns="date", values=one["quantile"])
        assert part.shape == days[:, at].shape
        assert np.abs(days[:, at] * one["step"] - part.to_numpy()).max() <= 0.5 * one["step"] * (1 + 1e-9)


def test_every_series_and_quantile_is_there(content: Content) -> None:
    assert {one["series"] for one in content["columns"]} == set(SERIES)
    fans = [one for one in content["columns"] if one["series"] == "usdjpy"]
    assert [one["quantile"] for one in fans] == ["p10", "p50", "p90"]
    bars = [one["words"] for one in content["columns"] if one["panel"] == "yen"]
    assert bars == ["Carry funds", "Real money Japan", "Real money", "Dealers"]
    assert len({one["colour"] for one in content["columns"] if one["panel"] == "yen"}) == 4


def test_numbers_are_quantiles_of_the_runs_as_they_are_printed(store: Path, content: Content) -> None:
    runs = read_runs(store)
    for state, rows in enumerate(content["numbers"]):
        for metric, cells in zip(content["metrics"], rows, strict=True):
            (unit,) = (one.unit for one in METRICS if one.name == metric["name"])
            values = runs.loc[runs.point == state, metric["name"]].to_numpy(dtype=float)
            bands = [None] * 3 if np.isnan(values).all() else np.quantile(values, QUANTILES).tolist()
            assert cells == [format_metric(value, unit) for value in bands]


def test_metrics_undefined_for_some_runs_use_the_other_runs() -> None:
    values = np.array([[1.0, np.nan, np.nan, 4.0], [2.0, 3.0, np.nan, 8.0], [6.0, 5.0, np.nan, -0.0]])
    metrics = list(METRICS[:4])
    medians = [
        [format_metric(one.p50, one.unit)]
        for one in (quantile_band(values[:, 0], USD_BN), quantile_band(values[1:, 1], metrics[1].unit))
    ]
    found = format_quantiles(values, metrics)
    assert [row[1:2] for row in found[:2]] == medians
    assert found[2] == [format_metric(None, USD_BN)] * 3
    assert found[3][0] == format_metric(float(np.quantile(values[:, 3], 0.1)), USD_BN)
    assert format_quantiles(values[:0], metrics) == [[format_metric(None, USD_BN)] * 3] * 4


def test_sliders_have_the_levels_of_the_sweep(content: Content) -> None:
    assert [slider["key"] for slider in content["sliders"]] == [HIKE, STOCK, GUIDANCE]
    hike, stock, guidance = ([level["words"] for level in slider["levels"]] for slider in content["sliders"])
    assert hike == ["no hike", "25 bp", "50 bp"]
    assert stock == ["$150 bn", "$250 bn", "$500 bn"]
    assert guidance == ["vague", "hawkish"]
    assert len(content["states"]) == len({tuple(levels) for levels in content["states"]}) == 8
    assert content["baseline"] == 0 == state_of(content, "", "", "")


def test_sliders_move_the_exchange_rate_as_expected(content: Content) -> None:
    """A larger surprise strengthens the yen, more so with a larger stock; hawkish guidance does as well."""
    days = unpack_steps(content["data"], shape(content))
    usdjpy = days[:, column(content, "usdjpy"), -1]
    base, hike, none, both, words = (
        usdjpy[state_of(content, *names)]
        for names in (("", "", ""), ("50bp", "", ""), ("0bp", "", ""), ("50bp", "500", ""), ("", "", "hawkish"))
    )
    assert both < hike < base < none
    assert words < base
    assert usdjpy[state_of(content, "", "500", "")] != base


@pytest.mark.parametrize("state", [0, 5, 7])
def test_the_command_gives_the_numbers_on_the_page(content: Content, state: int) -> None:
    assert command_of(content, state)[:3] == ["carryflow", "run", str(SMALL)]
    same_numbers(content, state, ("carry_funds", "real_money", "dealers"))


@pytest.mark.slow
@pytest.mark.parametrize(
    "moved", [{}, {HIKE: "50bp", STOCK: "500"}, {SPREAD: "{target_pp: 1.5}", MEETING_ORDER: "2025-12-22"}], ids=str
)
def test_the_shipped_numbers_are_those_of_this_engine(moved: dict[str, str]) -> None:
    """On failure the results have changed: rebuild the data as described in docs/explore.md."""
    content = json.loads(shipped_files("explore")["december_2025"].read_text(encoding="utf-8"))
    names = [moved.get(slider["key"], "") for slider in content["sliders"]]
    same_numbers(content, state_of(content, *names), ("carry_funds", "life_insurers", "real_money", "dealers"))


def same_numbers(content: Content, state: int, populations: tuple[str, ...]) -> None:
    """The command of a state reproduces its table, its days and its bars on the last day."""
    arguments = command_of(content, state)
    pairs = list(zip(arguments[3::2], arguments[4::2], strict=True))
    options, settings = dict(pairs), [value for key, value in pairs if key == "--set"]
    result = cf.run(arguments[2], runs=int(options["--runs"]), seed=int(options["--seed"]), settings=settings)
    summary = result.summary()
    for metric, cells in zip(content["metrics"], content["numbers"][state], strict=True):
        found = summary.metrics[metric["name"]]
        assert cells == [format_metric(value, found.unit) for value in (found.p10, found.p50, found.p90)]
    days = unpack_steps(content["data"], shape(content))[state]
    for population in populations:
        last = days[column(content, f"yen_bought_{population}_to_date_usd_bn"), -1] / 10
        assert format_metric(last, USD_BN) == format_metric(summary.yen_bought[population].p50, USD_BN)
    middle = result.daily.groupby("date")[["usdjpy", "bitcoin_usd"]].median()
    assert days[column(content, "usdjpy")].tolist() == np.rint(middle.usdjpy.to_numpy() / 0.01).tolist()
    assert days[column(content, "bitcoin_usd")].tolist() == np.rint(middle.bitcoin_usd.to_numpy() / 10).tolist()


def test_an_unknown_key_gets_a_generic_slider(tmp_path: Path) -> None:
    text = (
        "axes: {markets.usdjpy.stress_slope: [1.5, 0.5, 1.0]}\nrecord: quantiles\n" + f"series: [{', '.join(SERIES)}]\n"
    )
    content = page_content(store_of(tmp_path, text))
    (slider,) = content["sliders"]
    assert slider["label"] == "markets.usdjpy.stress_slope"
    assert [level["words"] for level in slider["levels"]] == ["0.5", "1.0", "1.5"]
    assert content["states"] == [[2], [0], [1]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"axes: {{{STOCK}: [1]}}", "record: quantiles"),
        (f"axes: {{{STOCK}: [100]}}\nrecord: quantiles", "no daily series"),
        (f"axes: {{{STOCK}: [100]}}\nrecord: quantiles\nindependent: true", "independent random numbers"),
        (f"axes: {{{STOCK}: {{low: 100, high: 500, steps: 13}}}}\nrecord: quantiles", "takes 13 values"),
        (
            f"axes: {{{STOCK}: [100]}}\nrecord: quantiles\n"
            "until: {metric: unwound_share, standard_error: 1, max_replications: 9}",
            "without until",
        ),
    ],
)
def test_a_sweep_that_cannot_be_shown_is_refused_with_the_cure(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(OutputError, match=message):
        page_content(store_of(tmp_path, text))


def test_an_unfinished_sweep_is_refused(tmp_path: Path) -> None:
    from simulation.sweeps.plan import load_plan
    from tests.pages.explore.conftest import sweep_file

    run_into(tmp_path / "part", load_plan(sweep_file(tmp_path)), part=(0, 2))
    with pytest.raises(OutputError, match="run the same sweep again"):
        page_content(tmp_path / "part")
