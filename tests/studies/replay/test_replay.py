"""Replays: results, reproducibility and the command."""

import json
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from simulation.day.recorder import RunStop
from simulation.scenario.config.parameter_sets import Cloud
from simulation.scenario.event import EPISODE_MEASURES
from simulation.studies.replay import figure as figure_of
from simulation.studies.replay.figure import draw_replay, input_days
from simulation.studies.replay.replay import run_replay
from simulation.studies.replay.tables import replay_dict, replay_text, stop_reasons, validation_markdown
from tests.cli.conftest import Carryflow, carryflow
from tests.studies.replay.conftest import SMALL, Make
from tests.support.places import ROOT

__all__ = ["carryflow"]  # a fixture from the tests of the command line

STOCK = "populations.carry_funds.stock_usd_bn={}"
GUIDE = ROOT / "docs" / "events.md"


def test_central_runs_meet_no_drawn_news(event: Make) -> None:
    found = run_replay(event(), runs=6)
    spread = [np.ptp(record.market["usdjpy"], axis=0).max() for record in (found.central, found.full)]
    # Central runs differ by who the investors are, twenty of each kind here; full runs by everything.
    assert spread[0] < 2.5
    assert spread[1] > 5.0


def test_given_yields_are_the_fundamental(event: Make) -> None:
    august = event(
        "august_2024", *(f"populations.{name}=null" for name in ("foreigners_in_japan", "investment_trusts"))
    )
    record = run_replay(august, runs=2).central
    given = sum(item.ust2 for item in august.news if item.ust2 is not None)
    moved = 100 * (record.market["ust2_pct"][:, -1] - record.market["ust2_pct"][:, 0])
    np.testing.assert_allclose(moved, given, atol=1e-9)


def test_more_carry_falls_deeper(event: Make) -> None:
    small, large = (
        run_replay(event("august_2024", f"populations.carry_funds.stock_usd_bn={stock}"), 2)
        .scores["trough_pct"]
        .quantiles
        for stock in (100, 350)
    )
    assert small is not None
    assert large is not None
    assert large[1] < small[1] - 1.0


def test_without_the_reassurance_of_7_august_the_yen_stays_stronger(event: Make) -> None:
    with_statement, without = (run_replay(event("august_2024", *more), 2) for more in ((), ("boj.statements=[]",)))
    day = int(np.flatnonzero(with_statement.central.dates == np.datetime64("2024-08-07"))[0])
    rise = np.log(with_statement.central.market["usdjpy"][:, day] / without.central.market["usdjpy"][:, day])
    # -6.6 bp at .2 % per bp, a little more through the term premium, a little less through flows.
    assert 0.008 < float(np.median(rise)) < 0.025


def test_runs_take_their_parameter_sets(event: Make) -> None:
    key = "markets.usdjpy.announcement_beta_pct_per_bp"
    cloud = Cloud("two", (key,), np.array([[0.05], [0.3]]), np.array([0.5, 0.5]), {"fitted_events": "march_2024"})
    found = run_replay(event("december_2022"), 2, cloud)
    moves = np.sort(found.central.market["usdjpy"][:, 2] / found.central.market["usdjpy"][:, 1] - 1)
    assert moves[0] < -0.04
    assert moves[1] > -0.02
    assert not found.fitted


def test_the_same_replay_gives_the_same_numbers(event: Make) -> None:
    assert replay_dict(run_replay(event(), 4)) == replay_dict(run_replay(event(), 4))


def test_command_prints_scores_and_writes_a_figure(carryflow: Carryflow, tmp_path: Path) -> None:
    small = [part for setting in SMALL for part in ("--set", setting)]
    outcome = carryflow("replay", "august_2024", "--runs", "4", "--json", "--quiet", "--out", tmp_path / "out", *small)
    assert outcome.code == 0, outcome.err
    found = json.loads(outcome.out)
    assert {"event", "fitted", "scores", "bands", "observed"} <= set(found)
    assert {"path_rmse_pp", "trough_pct", "rank", "unwound_share"} <= set(found["scores"])
    assert all({"p10", "p50", "p90"} <= set(score) for score in found["scores"].values())
    assert (found["event"], found["fitted"]) == ("august_2024", True)
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert written == {"figure.png", "figure.svg", "figure.csv", "scores.json", "manifest.json"}


def test_every_number_of_the_json_has_a_unit(event: Make) -> None:
    found = replay_dict(run_replay(event(), 2))
    known = {meaning.unit for meaning in EPISODE_MEASURES.values()} | {"share, 0 to 1"}
    for name, score in found["scores"].items():
        assert score["unit"] in known, name
        assert score["meaning"]
        assert score["quantiles_over"].startswith("days" if name == "rank" else "runs without drawn news")
    assert found["scores"]["trough_pct"]["unit"] == "%"
    assert found["bands"]["unit"] == found["observed"]["usdjpy"]["unit"] == "yen per dollar"
    described = {key.split(".")[0] for key in found["units"]}
    documented = {
        "event",
        "title",
        "fitted",
        "posterior",
        "seed",
        "why_failed",
        "left_out",
        "cautions",
        "notes",
        "units",
    }
    assert set(found) == described | documented


def test_a_stock_out_of_proportion_to_the_market_is_told(event: Make) -> None:
    shipped, large = run_replay(event("october_2008"), 2), run_replay(event("october_2008", STOCK.format(200)), 2)
    assert replay_dict(shipped)["notes"] == []
    gain, depth = replay_dict(large)["notes"]
    assert gain.startswith("The loop gain is 1.")
    assert depth.startswith("Price impact times levered position is 2")
    assert all(f"Note: {note}" in replay_text(large) for note in (gain, depth))


def test_names_of_measures_tell_their_units() -> None:
    ends = {"%": "_pct", "percentage points": "_pp", "$bn": "_usd_bn", "days": "_days"}
    for name, meaning in EPISODE_MEASURES.items():
        assert name.endswith(ends.get(meaning.unit, "_share")), name


def test_the_help_describes_the_json(carryflow: Carryflow) -> None:
    text = " ".join(carryflow("replay", "--help").out.split())
    assert "_pct is %, _pp percentage points, _usd_bn $bn, _days days; _share and rank run from 0 to 1" in text
    assert "`units` covers all other numbers" in text


EXAMPLES = re.findall(r"```yaml\n(.*?)```", GUIDE.read_text(encoding="utf-8"), flags=re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES, ids=["2024", "2016"])
def test_the_guide_holds_complete_events(carryflow: Carryflow, tmp_path: Path, example: str) -> None:
    (tmp_path / "mine.yaml").write_text(example, encoding="utf-8")
    checked = carryflow("config", "check", "mine.yaml")
    assert (checked.code, checked.err) == (0, "")
    outcome = carryflow("replay", "mine.yaml", "--runs", "2", "--out", "out")
    assert outcome.code == 0, outcome.err
    assert "out of sample" in outcome.out
    assert "Inputs (not scored)" in outcome.out
    assert "Caution:" not in outcome.out
    assert "Note:" not in outcome.out


@pytest.mark.parametrize(
    "arguments",
    [("replay", "august_2042"), ("replay", "nowhere.yaml"), ("replay", "august_2024", "--parameter-sets", "mine")],
)
def test_unknown_names_are_usage_errors(carryflow: Carryflow, arguments: tuple[str, ...]) -> None:
    outcome = carryflow(*arguments)
    assert outcome.code == 2
    assert "known names" in outcome.err or "did you mean" in outcome.err
    assert "Traceback" not in outcome.err


def test_all_episodes_tell_fitted_from_unfitted(event: Make) -> None:
    text = validation_markdown([run_replay(event(name), 4) for name in ("august_2024", "december_2022")])
    fitted, unfitted = text.index("## Fitted"), text.index("## Out of sample")
    assert fitted < text.index("| august_2024 | trough_pct") < unfitted < text.index("| december_2022 | move_pct")
    assert "## Results outside the accepted range" in text


def test_a_measure_outside_its_range_is_called_a_failure(event: Make) -> None:
    wrong = event("december_2022", "accept=[{measure: trough_pct, at_least: 5}]")
    text = validation_markdown([run_replay(wrong, 4)])
    assert "**outside**" in text
    assert "* december_2022: trough_pct is" in text


def test_either_one_event_or_all(carryflow: Carryflow) -> None:
    assert carryflow("replay").code == 2
    assert carryflow("replay", "august_2024", "--all").code == 2


def test_parameter_sets_with_an_unknown_key_are_refused(carryflow: Carryflow, tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("weight,no.such.key\n1,2\n", encoding="utf-8")
    outcome = carryflow("replay", "august_2024", "--parameter-sets", "./mine.csv")
    assert outcome.code == 2
    assert "no.such.key" in outcome.err


def test_parameter_sets_outside_the_range_of_their_key_are_refused(carryflow: Carryflow, tmp_path: Path) -> None:
    text = "weight,markets.usdjpy.stress_slope,populations.carry_funds.stock_usd_bn\n1,0.5,250\n1,-3,250\n"
    (tmp_path / "mine.csv").write_text(text, encoding="utf-8")
    outcome = carryflow("replay", "august_2024", "--parameter-sets", "./mine.csv")
    assert outcome.code == 2
    assert "mine.csv: markets.usdjpy.stress_slope: -3 per unit of stress is too small; allowed: 0 to 100" in outcome.err
    assert "stock_usd_bn" not in outcome.err


def test_runs_that_end_early_are_told_with_the_reason(event: Make) -> None:
    replay = run_replay(event(), 2)
    stop = RunStop(date(2024, 8, 5), "price_runaway", "usdjpy left its plausible range")
    ended = replace(replay, full=replace(replay.full, stopped={0: stop, 1: stop}))
    assert "2 runs ended early and are excluded:\n2 × price_runaway: usdjpy left its plausible range" in replay_text(
        ended
    )
    assert replay_dict(ended)["why_failed"] == stop_reasons(ended)


def test_inputs_without_a_line_are_marked_in_the_figure(event: Make) -> None:
    replay = run_replay(event(), 2)
    days = input_days(replay.event)
    assert {name: len(found) for name, found in days.items()} == {"interventions": 2, "statements": 1}
    assert days["statements"] == [date(2024, 8, 7)]
    drawn = {text.get_text() for axes in draw_replay(replay).figure.axes for text in axes.texts}
    assert {"▲", "interventions (input)", "◆", "statements (input)"} <= drawn


def test_the_figure_of_an_event_without_given_values_says_so_within_its_margins(event: Make) -> None:
    found = run_replay(event("march_2024", "news=[]"), 2)
    figure = draw_replay(found).figure
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert "INPUT: no values given" in titles
    assert "INPUT: no yields given" in titles
    figure.canvas.draw()
    width = figure.bbox.width
    extents = [axes._left_title.get_window_extent() for axes in figure.axes]  # type: ignore[attr-defined]
    assert max(extent.x1 for extent in extents) < width
    assert any("2024-03-08 to" in text.get_text() for text in figure.texts)


def test_a_price_that_never_fell_has_no_sign(event: Make) -> None:
    assert figure_of._signed_text(0.0) == figure_of._signed_text(-0.04) == "0.0"
    assert figure_of._signed_text(-1.26) == "−1.3"
