"""The shipped experiments: what each states about itself, and what its numbers say on a small scale."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from simulation.config.catalog import named
from simulation.experiment import Scale, question
from simulation.experiment_files import svg
from simulation.experiment_runner import Outcome, loaded, plan_of
from simulation.figures import png
from tests.experiments.conftest import NAMES, small

Rows = pd.DataFrame
THREE = ("six_monthly", "vague", "dovish")


def study_of(name: str) -> Any:
    """The module of a shipped experiment."""
    return cast(ModuleType, loaded(named("experiments")[name]))


@pytest.mark.parametrize("name", NAMES)
def test_first_line_is_the_question(name: str) -> None:
    assert question(named("experiments")[name]).endswith("?")


@pytest.mark.parametrize("name", NAMES)
def test_only_the_package_and_its_libraries_are_used(name: str) -> None:
    tree = ast.parse(named("experiments")[name].read_text(encoding="utf-8"))
    modules = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    modules |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert {module.split(".")[0] for module in modules} <= {
        "collections", "dataclasses", "itertools", "matplotlib", "numpy", "pandas", "simulation",
    }  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_no_private_name_of_the_package_is_used(name: str) -> None:
    tree = ast.parse(named("experiments")[name].read_text(encoding="utf-8"))
    imported = [alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names]
    attributes = [node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    assert [each for each in imported + attributes if each.startswith("_")] == []


@pytest.mark.parametrize("name", NAMES)
def test_variants_are_told_apart_by_their_labels(name: str) -> None:
    for quick in (True, False):
        variants = study_of(name).design(Scale(10, quick))
        labels = [tuple(variant.labels.items()) for variant in variants]
        assert len(set(labels)) == len(labels)
        assert len({tuple(variant.labels) for variant in variants}) == 1


@pytest.mark.parametrize("name", NAMES)
def test_quick_is_smaller_and_its_scenarios_are_valid(name: str) -> None:
    quick, full = plan_of(name, quick=True), plan_of(name)
    assert quick.scale.runs < full.scale.runs
    assert len(quick.variants) <= len(full.variants)
    assert quick.study.QUICK_NOTE
    assert len(quick.scenarios) == len(quick.variants)
    assert quick.folder != full.folder


@pytest.mark.parametrize("name", NAMES)
def test_files_stay_short(name: str) -> None:
    assert len(named("experiments")[name].read_text(encoding="utf-8").splitlines()) <= 250


def check_output(outcome: Outcome, folder: Path) -> None:
    """What holds of every experiment: whole table, numbers in the findings, figure within its edges, stable bytes."""
    assert outcome.runs_failed == 0
    assert list(outcome.table.columns)[: len(outcome.plan.variants[0].labels)] == list(outcome.plan.variants[0].labels)
    assert np.isfinite(outcome.table.select_dtypes("number").drop(columns="threshold_sd_pp", errors="ignore")).all(axis=None)
    assert len(re.findall(r"\d", outcome.findings.text)) > 5
    assert "nan" not in outcome.findings.text
    box, size = outcome.drawing.figure.get_tightbbox(), outcome.drawing.figure.get_size_inches()
    assert (box.x0 >= 0.0, box.y0 >= 0.0, box.x1 <= size[0], box.y1 <= size[1]) == (True,) * 4
    assert png(outcome.drawing.figure) == png(outcome.drawing.figure)
    assert svg(outcome.drawing) == svg(Outcome(outcome.plan, outcome.table, 0).drawing)
    outcome.save(folder)
    lengths = {len(column) for column in outcome.drawing.numbers.values()}
    assert max(lengths) == len(pd.read_csv(folder / "figure.csv"))


class TestSpread:
    @pytest.fixture(scope="class")
    def outcome(self) -> Iterator[Outcome]:
        changes = {
            "SPEEDS": {"10 days": 10, "1 day": 1, "surprise": 1},
            "CURVE_DAYS": 10,
            "AFTER_DAYS": 10,
            "THRESHOLD_RUNS": 2,
        }
        with small("spread", 6, changes) as outcome:
            yield outcome

    def left(self, outcome: Outcome) -> Rows:
        study = outcome.plan.study
        found: Rows = study.shares(study.by_threshold(outcome.table))  # type: ignore[attr-defined]
        return found.groupby(["threshold_sd_pp", "spread_pp"])["share_pct"].mean().unstack()

    def test_output(self, outcome: Outcome, tmp_path: Path) -> None:
        check_output(outcome, tmp_path / "out")

    def test_a_quarter_leaves_at_the_anchor_whatever_the_deviation(self, outcome: Outcome) -> None:
        np.testing.assert_allclose(self.left(outcome)[1.5], 24.0, atol=1.0)
        values = outcome.findings.values
        assert values["stock_usd_bn"] == pytest.approx(5000.0)
        assert values["threshold_usd_bn"] == pytest.approx(1200.0, abs=50.0)

    def test_half_of_what_residents_sell_comes_home(self, outcome: Outcome) -> None:
        values = cast(dict[str, float], outcome.findings.values)
        home, kept = values["threshold_brought home_usd_bn"], values["threshold_kept abroad, hedged_usd_bn"]
        assert home / (home + kept) == pytest.approx(0.5, abs=0.01)
        parts = [value for key, value in values.items() if key.startswith("threshold_") and key.endswith("_usd_bn")]
        assert sum(parts) - values["threshold_usd_bn"] == pytest.approx(values["threshold_usd_bn"])

    def test_more_leaves_at_lower_spreads_and_nobody_at_wider_ones(self, outcome: Outcome) -> None:
        left = self.left(outcome)
        assert (left.diff(axis=1).iloc[:, 1:] <= 1e-9).all(axis=None)
        assert (left[[1.81, 2.2]] == 0.0).all(axis=None)
        # Thresholds that lie closer together leave more at once below the anchor.
        assert left.loc[0.3, 1.0] > left.loc[0.45, 1.0] > left.loc[0.6, 1.0]

    def test_a_surprise_moves_levered_holders_most(self, outcome: Outcome) -> None:
        values = cast(dict[str, float], outcome.findings.values)
        speeds = [values[f"levered_share_pct {name}"] for name in ("10 days", "1 day", "surprise")]
        assert speeds[2] > 2.0 * max(speeds[:2])
        assert f"{values['surprise_multiple']:.0f} times" in outcome.findings.text

    def test_levered_and_residents_have_rows_of_their_own(self, outcome: Outcome) -> None:
        table = outcome.table
        assert set(table["role"]) == {"levered", "retail", "resident"}
        levered = table[table["role"] == "levered"]
        assert (levered["repatriated_usd_bn"] == 0.0).all()
        assert levered["start_stock_usd_bn"].unique() == pytest.approx([250.0])


class TestSurprise:
    @pytest.fixture(scope="class")
    def outcome(self) -> Iterator[Outcome]:
        with small("surprise", 4, {"REGIMES": THREE}) as outcome:
            yield outcome

    def test_output(self, outcome: Outcome, tmp_path: Path) -> None:
        check_output(outcome, tmp_path / "out")

    def test_the_move_rises_with_what_was_priced_under_each_guidance(self, outcome: Outcome) -> None:
        moves = outcome.plan.study.map_of(outcome.table).moves  # type: ignore[attr-defined]
        assert (np.diff(moves, axis=1) > 0.0).all()
        assert outcome.findings.values["monotone_regimes"] == len(THREE)

    def test_vague_words_turn_a_priced_hike_into_a_weaker_yen(self, outcome: Outcome) -> None:
        values = cast(dict[str, float], outcome.findings.values)
        assert values["usdjpy_day0_pct vague 0"] < -1.0
        assert values["usdjpy_day0_pct vague 0.98"] > 1.0
        assert 0.15 < values["weaker_yen_above vague"] < 0.85
        assert abs(values["usdjpy_day0_pct six_monthly 0.98"]) < 0.3

    def test_the_unpriced_hike_is_what_unwinds(self, outcome: Outcome) -> None:
        values = cast(dict[str, float], outcome.findings.values)
        assert values["levered_unwind_pct six_monthly 0"] > 30.0 + values["levered_unwind_pct six_monthly 0.98"]

    def test_cells_with_few_runs_are_hatched(self, outcome: Outcome) -> None:
        hatched = [patch for axes in outcome.drawing.figure.axes for patch in axes.patches if patch.get_hatch()]
        assert len(hatched) == 2 * len(THREE) * 5

    def test_where_the_yen_turns(self) -> None:
        study = study_of("surprise")
        assert study.flip(np.array([-3.0, -2.0, -1.0, 1.0, 2.0])) == pytest.approx((0.5 + 0.85) / 2)
        assert study.flip(np.array([1.0, 2.0, 3.0, 4.0, 5.0])) is None


class TestSequence:
    @pytest.fixture(scope="class")
    def outcome(self) -> Iterator[Outcome]:
        with small("sequence", 6, {}) as outcome:
            yield outcome

    def test_output(self, outcome: Outcome, tmp_path: Path) -> None:
        check_output(outcome, tmp_path / "out")

    def test_a_second_move_that_became_less_likely_hits_harder(self, outcome: Outcome) -> None:
        unwound = outcome.plan.study.averages(outcome.table, "levered_unwind_pct")  # type: ignore[attr-defined]
        less, more = (unwound["even odds", "Fed first", response].value for response in ("less likely", "more likely"))
        assert less > more

    def test_both_on_one_day_make_the_worst_day(self, outcome: Outcome) -> None:
        values = cast(dict[str, float], outcome.findings.values)
        assert values["worst_day_pct even odds / same day / fixed"] < -0.5

    def test_differences_are_to_the_fed_first(self, outcome: Outcome) -> None:
        effects = outcome.plan.study.effects(outcome.table)  # type: ignore[attr-defined]
        assert not ((effects["order"] == "Fed first") & (effects["response"] == "fixed")).any()
        assert len(effects) == 2 * 6 * 6


class TestGuidance:
    @pytest.fixture(scope="class")
    def outcome(self) -> Iterator[Outcome]:
        with small("guidance", 6, {"LATER": ("2026-01-23",), "END": "2026-02-27"}) as outcome:
            yield outcome

    def test_output(self, outcome: Outcome, tmp_path: Path) -> None:
        check_output(outcome, tmp_path / "out")

    def test_the_less_is_promised_the_weaker_the_yen_on_the_day(self, outcome: Outcome) -> None:
        values = cast(dict[str, float], outcome.findings.values)
        assert values["usdjpy_day0_pct six_monthly"] == 0.0
        assert 1.0 < values["usdjpy_day0_pct vague"] < values["usdjpy_day0_pct wage_dependent"]

    def test_the_verdict_follows_the_numbers(self) -> None:
        study = study_of("guidance")
        clear, noise = study.Estimate(-2.0, 0.5), study.Estimate(-0.5, 0.5)
        said = [study.verdict(study.Tail(2.0, (0.0,) * 3, (0.0,) * 2, year, fall)) for year, fall in ((clear, clear), (noise, noise))]
        assert "are paid for later" in said[0]
        assert "cannot be told" in said[1]


class TestCarrySize:
    @pytest.fixture(scope="class")
    def outcome(self) -> Iterator[Outcome]:
        changes = {"QUICK_STOCKS": (150, 300, 500), "QUICK_IMPACTS": (0.02, 0.035, 0.08)}
        with small("carry_size", 4, changes) as outcome:
            yield outcome

    def test_output(self, outcome: Outcome, tmp_path: Path) -> None:
        check_output(outcome, tmp_path / "out")

    def test_more_stock_and_more_impact_move_the_yen_further(self, outcome: Outcome) -> None:
        found = outcome.plan.study.map_of(outcome.table)  # type: ignore[attr-defined]
        assert (np.diff(found.trough, axis=0) < 0.0).all()
        assert (np.diff(found.trough, axis=1) < 0.0).all()

    def test_the_product_explains_more_than_its_factors(self, outcome: Outcome) -> None:
        values = cast(dict[str, float], outcome.findings.values)
        factors = values["trough_explained_by_stock"], values["trough_explained_by_impact"]
        assert values["trough_explained_by_product"] > max(factors)
        assert "what counts is the product" in outcome.findings.text

    def test_cells_outside_the_supported_range_are_named(self, outcome: Outcome) -> None:
        # 3, 5.25 | 12, 6, 10.5, 24, 10, 17.5, 40: four of nine lie outside 5-14 %.
        assert outcome.findings.values["cells_outside"] == 4.0
        assert "Warning: 4 of 9 cells" in outcome.findings.text


class TestReservoir:
    @pytest.fixture(scope="class")
    def outcome(self) -> Iterator[Outcome]:
        with small("reservoir", 3, {"QUICK_END": "2026-01-30"}) as outcome:
            yield outcome

    def test_output(self, outcome: Outcome, tmp_path: Path) -> None:
        check_output(outcome, tmp_path / "out")

    def test_the_claim_grows_by_ninety_five_a_month(self) -> None:
        assert list(study_of("reservoir").claimed(pd.Series([0.0, 2.0]))) == [550.0, 740.0]

    def test_fed_purchases_are_those_of_the_scenario(self, outcome: Outcome) -> None:
        last = outcome.table.groupby("case", sort=False).last()
        months = last["months"].to_numpy()
        # The article's purchases start with the first day, the official ones on 12 December, nine business days later.
        np.testing.assert_allclose(last["fed_bought_usd_bn"].iloc[:2], 95.0 * months[:2])
        np.testing.assert_allclose(last["fed_bought_usd_bn"].iloc[2], 40.0 * (months[2] - 9 * 12 / 252))

    def test_yen_purchases_add_up(self, outcome: Outcome) -> None:
        parts = ["levered_yen_bought_usd_bn", "retail_yen_bought_usd_bn", "repatriated_usd_bn", "hedges_usd_bn"]
        np.testing.assert_allclose(outcome.table[parts].sum(axis=1), outcome.table["yen_bought_usd_bn"], atol=1e-9)

    def test_the_threshold_rule_brings_home_most(self, outcome: Outcome) -> None:
        values = cast(dict[str, float], outcome.findings.values)
        home = [value for key, value in values.items() if key.startswith("home | ")]
        assert home[0] > 5.0 * abs(home[1])


class TestAssetClasses:
    @pytest.fixture(scope="class")
    def outcome(self) -> Iterator[Outcome]:
        with small("asset_classes", 6, {}) as outcome:
            yield outcome

    def test_output(self, outcome: Outcome, tmp_path: Path) -> None:
        check_output(outcome, tmp_path / "out")

    def test_long_duration_bought_with_yen_is_hit_harder_than_solid_equity(self, outcome: Outcome) -> None:
        values = cast(dict[str, float], outcome.findings.values)
        assert values["largest_pct long_duration_equity"] < values["largest_pct solid_equity"] < 0.0
        assert values["long_over_solid"] > 3.0
        assert values["largest_pct bitcoin"] < values["largest_pct us_equity"] < 0.0

    def test_exposures_are_those_of_the_scenario(self, outcome: Outcome) -> None:
        known = outcome.table.groupby("asset")[["duration_years", "on_credit_pct", "yen_funded_pct", "usdjpy_link"]].first()
        assert list(known["duration_years"][["ust10", "long_duration_equity", "solid_equity"]]) == [8.1, 6.0, 1.0]
        assert known["duration_years"]["bitcoin"] == pytest.approx(1.3 * 3.0)
        assert list(known["usdjpy_link"][["usdjpy", "japan_equity", "us_equity"]]) == [1.0, 0.4, 0.0]
        assert (known["yen_funded_pct"] <= known["on_credit_pct"] + 1e-12).all()
        assert known["on_credit_pct"]["bitcoin"] > known["yen_funded_pct"]["bitcoin"] > 0.0


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_quick_version_as_shipped(name: str, tmp_path: Path) -> None:
    with small(name, plan_of(name, quick=True).scale.runs, {}) as outcome:
        check_output(outcome, tmp_path / "out")
