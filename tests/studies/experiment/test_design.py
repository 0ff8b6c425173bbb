"""Functions that experiments share: variants, settings, quantiles and paired differences."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.figure import Figure

import simulation as cf
from simulation.investors import ROSTER
from simulation.investors.population import CARRY_ROLES
from simulation.results.estimates import EstimateWithError
from simulation.studies.experiment.design import (
    OFFICIAL,
    ExperimentScale,
    ExperimentVariant,
    day_index,
    end_setting,
    experiment_question,
    indistinct_neighbours,
    mean_estimates,
    meeting_setting,
    paired_differences,
    position_reduction_share,
    quantile_table,
    with_investors,
)
from simulation.studies.experiment.figures import DIVERGING, RISING, HeatMapCells, draw_heat_map


def test_a_variant_takes_no_more_runs_than_it_needs() -> None:
    assert ExperimentVariant({}, most_runs=4).runs(100) == 4
    assert ExperimentVariant({}, most_runs=4).runs(2) == 2
    assert ExperimentVariant({}).runs(100) == 100


def test_quick_chooses_the_second() -> None:
    assert ExperimentScale(1, quick=True).choose("full", "quick") == "quick"
    assert ExperimentScale(1, quick=False).choose("full", "quick") == "full"


def test_every_population_gets_the_investors() -> None:
    before, after = cf.load_scenario(OFFICIAL), cf.load_scenario(OFFICIAL, with_investors(OFFICIAL, 7))
    assert set(after.populations) == set(before.populations)
    assert {each.investors for each in after.populations.values()} == {7}
    assert all(after.populations[name].stock_usd_bn == each.stock_usd_bn for name, each in before.populations.items())


def test_carry_alone_follows_the_roles_of_the_cast() -> None:
    kept = cf.load_scenario(OFFICIAL, with_investors(OFFICIAL, 7, carry_alone=True)).populations
    roles = {kind.Parameters: kind.role for kind in ROSTER}
    assert {roles[type(each)] for each in kept.values()} <= set(CARRY_ROLES)
    whole = cf.load_scenario(OFFICIAL).populations
    assert set(kept) == {name for name, each in whole.items() if roles[type(each)] in CARRY_ROLES}


@pytest.mark.parametrize("decision", ["25bp", "-25bp", "0bp"])
def test_a_meeting_reads_back_as_it_was_meant(decision: str) -> None:
    text = meeting_setting("2025-12-19", decision, 0.3, "vague", {"2025-12-16": -1.0})
    (read,) = cf.load_scenario(OFFICIAL, [f"boj.meetings=[{text}]"]).boj.meetings
    assert (str(read.date), read.priced_probability, read.guidance) == ("2025-12-19", 0.3, "vague")
    assert read.decision == float(decision.removesuffix("bp"))
    assert read.step == (read.decision or 25.0)
    assert [(str(signal.date), signal.strength) for signal in read.signals] == [("2025-12-16", -1.0)]


@pytest.mark.parametrize("days", [5, 60, 270])
def test_a_scenario_runs_for_as_many_days_as_asked(days: int) -> None:
    from simulation.day.capital_flows import scenario_days

    steps = len(scenario_days(cf.load_scenario(OFFICIAL, [end_setting(OFFICIAL, days)]))) - 1
    assert days <= steps <= days + 4


def test_bands_by_label() -> None:
    table = pd.DataFrame({"side": ["a"] * 5 + ["b"], "size": [1.0, 2.0, 3.0, 4.0, 10.0, 7.0]})
    found = quantile_table(table, ["side"], "size").set_index("side")
    assert list(found.loc["a"]) == [5, 4.0, 1.4, 3.0, pytest.approx(7.6)]
    assert list(found.loc["b"]) == [1, 7.0, 7.0, 7.0, 7.0]


def test_differences_are_taken_run_by_run() -> None:
    twin = pd.DataFrame({"run": [0, 1, 2], "size": [1.0, 10.0, 100.0]})
    other = pd.DataFrame({"kind": "other", "run": [2, 0], "size": [101.0, 5.0]})
    found = paired_differences(other, twin, ["size"])
    assert list(found.columns) == ["kind", "run", "size"]
    assert dict(zip(found["run"], found["size"], strict=True)) == {0: 4.0, 2: 1.0}


def test_an_estimate_knows_its_error() -> None:
    table = pd.DataFrame({"a": ["x"] * 4, "b": ["y"] * 4, "size": [1.0, 2.0, 3.0, 4.0]})
    (found,) = mean_estimates(table, ["a", "b"], "size").items()
    assert found[0] == ("x", "y")
    assert found[1].value == 2.5
    assert found[1].error == pytest.approx(np.std([1, 2, 3, 4], ddof=1) / 2)
    assert EstimateWithError(-2.1, 1.0).is_clear
    assert not EstimateWithError(-1.9, 1.0).is_clear
    assert str(EstimateWithError(-1.94, 0.44)) == "−1.9 ± 0.4"


def test_neighbours_that_noise_could_tell_apart_are_named() -> None:
    runs = np.arange(20)
    sizes = {"a": runs % 3, "b": runs % 3 + runs % 2 - 0.5, "c": runs % 3 + 10.0}
    parts = [pd.DataFrame({"kind": kind, "run": runs, "size": size}) for kind, size in sizes.items()]
    assert indistinct_neighbours(pd.concat(parts), ("kind", "size"), ["a", "b", "c"]) == ["a and b"]


def test_given_up_share_counts_only_the_days_asked_for() -> None:
    settings = [*with_investors(OFFICIAL, 20, carry_alone=True), end_setting(OFFICIAL, 12)]
    record = cf.run(OFFICIAL, runs=2, settings=settings).record
    levered = [name for name, role in record.roles.items() if role == "levered"]
    held, gave = (
        np.sum([record.flows[name][column] for name in levered], axis=0)
        for column in ("stock_usd_bn", "unwound_usd_bn")
    )
    np.testing.assert_allclose(position_reduction_share(record, "levered", 3, 6), gave[:, 3:7].sum(axis=1) / held[:, 2])
    # What is given up is what the stock falls by: two routes to one number.
    np.testing.assert_allclose(
        position_reduction_share(record, "levered", 3, 6), 1.0 - held[:, 6] / held[:, 2], atol=1e-9
    )


def test_a_day_is_found_by_its_date() -> None:
    record = cf.run(OFFICIAL, runs=1, settings=[*with_investors(OFFICIAL, 2), end_setting(OFFICIAL, 8)]).record
    assert str(record.dates[day_index(record, "2025-12-10")]) == "2025-12-10"


def test_a_question_is_read_without_running_the_file(tmp_path: Path) -> None:
    study = tmp_path / "study.py"
    study.write_text('"""Is it so?\n\nMore."""\nraise SystemExit("must not run")\n')
    assert experiment_question(study) == "Is it so?"


def lightness(shade: tuple[float, ...]) -> float:
    """Relative luminance of WCAG 2."""
    parts = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in shade[:3]]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


@pytest.mark.parametrize(("low", "colours"), [(-1.0, DIVERGING), (0.0, RISING)])
def test_numbers_in_a_heat_map_can_be_read(low: float, colours: LinearSegmentedColormap) -> None:
    values = np.linspace(low, 1.0, 41)
    axes = Figure().add_subplot()
    draw_heat_map(axes, HeatMapCells(values[None], ["row"], [""] * 41), (low, 1.0), colours)
    assert len(axes.texts) == 41
    for value, text in zip(values, axes.texts, strict=True):
        ends = [lightness(colours((value - low) / (1.0 - low))), lightness(to_rgb(text.get_color()))]
        assert (max(ends) + 0.05) / (min(ends) + 0.05) >= 4.5
