"""Problems in a sweep file are reported with line, column and cure before anything runs."""

from pathlib import Path

import pytest

from simulation.scenario.config.errors import ConfigError
from simulation.sweeps.plan import load_plan
from tests.sweeps.conftest import sweep_of

SLOPE = "markets.usdjpy.stress_slope"


def mistakes(folder: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load_plan(sweep_of(folder, text))
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"axes: {{{SLOPE}: [1]}}\ndesign: {{kind: sobol, samples: 100}}", "4:32|use 64 or 128"),
        (f"axes: {{{SLOPE}: {{low: 3, high: 1}}}}", "high: 1.0 is not above low"),
        (f"axes: {{{SLOPE}: {{low: 0, high: 1, steps: 3, scale: log}}}}", "needs numbers above 0"),
        (f"axes: {{{SLOPE}: {{low: 0.1, high: 1}}}}", f"sweep.yaml:3:8: axes.{SLOPE}: |needs steps"),
        ("axes: {seed: [1, 2]}", "sweep.yaml:3:8: axes.seed: |one seed|independent: true"),
        (f"axes: {{{SLOPE}: {{low: 0.1, high: 10bp, steps: 2}}}}", "both be numbers or both rates"),
        (f"axes: {{{SLOPE}: []}}", f"axes.{SLOPE}: the axis has no values"),
        ("replications: 3", "needs at least one axis"),
        (f"axes: {{{SLOPE}: [1]}}\nmetrics: [unwound_shar]", "did you mean unwound_share"),
        (f"axes: {{{SLOPE}: [1]}}\ndesign: {{kind: halton}}", "needs samples"),
        (f"axes: {{{SLOPE}: [1]}}\nreplication: 5", "did you mean replications"),
        (
            f"axes: {{{SLOPE}: [1]}}\nuntil: {{metric: unwound_share, standard_error: 1, max_replications: 5}}",
            "below replications",
        ),
        (
            f"axes: {{{SLOPE}: [1]}}\nuntil: {{metric: unwound_share, standard_error: -1, max_replications: 500}}",
            "standard_error: -1 is too small|did you mean 1?",
        ),
    ],
)
def test_a_sweep_file_is_checked(tmp_path: Path, text: str, said: str) -> None:
    found = mistakes(tmp_path, text)
    assert all(part in found for part in said.split("|")), found


def test_problems_of_the_scenario_are_reported_together_at_the_axis(tmp_path: Path) -> None:
    found = mistakes(
        tmp_path,
        "axes:\n  markets.usdjpy.stress_slop: [1]\n  boj.meetings[4].decision: [25bp]\n"
        "  populations.carry_funds.stock_usd_bn: {low: -3, high: 20, steps: 3}\n",
    )
    assert "sweep.yaml:4:32: markets.usdjpy.stress_slop: unknown key; did you mean stress_slope?" in found
    assert "sweep.yaml:5:30: boj.meetings[4]: index 4 is out of range" in found
    assert "sweep.yaml:6:47: populations.carry_funds.stock_usd_bn: -3 $bn is too small" in found


def test_an_invalid_combination_is_reported_before_the_start(tmp_path: Path) -> None:
    dates = "axes:\n  start: [2025-12-01, 2025-12-02]\n  boj.meetings[0].date: [2025-12-03, 2025-12-02]\n"
    assert "the meeting of 2025-12-02 is not after the start" in mistakes(tmp_path, dates)


def test_problems_in_a_table_name_the_file_the_row_and_the_key(tmp_path: Path) -> None:
    stock = "populations.carry_funds.stock_usd_bn"
    (tmp_path / "design.csv").write_text(f"{stock},note,boj.meetings[7].decision\n# made by hand\n-5,a,\nabc,b,25bp\n")
    found = mistakes(tmp_path, "design: {kind: table, file: design.csv}")
    assert f"design.csv: row 1: {stock}: -5 $bn is too small; allowed:" in found
    assert f"design.csv: row 2: {stock}: 'abc' is not a number" in found
    assert "design.csv: row 2: boj.meetings[7]: index 7 is out of range" in found
    assert found.count("note: unknown key") == 1
    assert "the point" not in found


def test_a_column_that_is_not_a_key_is_reported_with_the_file(tmp_path: Path) -> None:
    (tmp_path / "design.csv").write_text("my note\n1\n")
    assert "design.csv: row 1: my note: this is not a path of keys" in mistakes(
        tmp_path, "design: {kind: table, file: design.csv}"
    )


def test_fractional_values_of_a_range_are_reported_at_the_range_with_a_cure(tmp_path: Path) -> None:
    investors = "populations.carry_funds.investors"
    found = mistakes(tmp_path, f"axes:\n  {investors}: {{low: 2, high: 10, steps: 4}}\n")
    assert f"sweep.yaml:4:38: {investors}: " in found
    assert "is not a whole number" in found
    assert "write whole: true in the range" in found
    assert found.count("whole number") == 1


def test_a_share_in_percent_is_reported_as_a_share(tmp_path: Path) -> None:
    found = mistakes(tmp_path, 'axes: {"boj.meetings[0].priced_probability": [50%]}')
    assert "'50%' is not a number; allowed: 0 to 1 (probability); write 0.5" in found


def test_a_seed_in_a_table_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "design.csv").write_text("seed\n1\n2\n")
    found = mistakes(tmp_path, "design: {kind: table, file: design.csv}")
    assert "design.csv: seed: a sweep has one seed" in found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("settings: [start=2025-12-04]\n", "sweep.yaml:3:11: boj.meetings[0].date: with these settings the meeting of"),
        ("settings: [end=2025-12-05, start=2025-13-17]\n", "sweep.yaml:3:28: start: 2025-13-17 is not a date"),
        ("settings: ['boj.meetings[3].decision=25bp']\n", "sweep.yaml:3:12: boj.meetings[3]: index 3 is out of range"),
    ],
)
def test_invalid_settings_are_reported_in_the_sweep_file_with_the_problems_of_the_axes(
    tmp_path: Path, text: str, said: str
) -> None:
    found = mistakes(tmp_path, text + f"axes: {{{SLOPE}x: [1], {SLOPE}: [0.5, -3]}}\n")
    assert said in found
    assert f"sweep.yaml:4:{len('axes: {') + len(SLOPE) + len('x: [') + 1}: {SLOPE}x: unknown key" in found
    assert f": {SLOPE}: -3" in found
    assert "too small" in found


def test_a_misspelt_scenario_is_reported_in_the_sweep_file(tmp_path: Path) -> None:
    path = tmp_path / "sweep.yaml"
    path.write_text("name: mine\nscenario: december_2025_oficial\naxes: {markets.usdjpy.stress_slope: [1]}\n")
    with pytest.raises(ConfigError, match=r"sweep\.yaml:2:11: scenario: no scenario of this name; did you mean dec"):
        load_plan(path)


def test_an_invalid_date_of_an_axis_is_reported_at_the_axis_and_not_at_the_setting(tmp_path: Path) -> None:
    found = mistakes(tmp_path, "settings: [end=2025-12-05]\naxes:\n  end: [2025-12-04, 2025-11-10]\n")
    assert "sweep.yaml:5:21: end: end 2025-11-10 must come after start 2025-12-01" in found


def test_an_axis_and_a_part_of_it_are_rejected(tmp_path: Path) -> None:
    whole, part = "boj.meetings[0]", "boj.meetings[0].decision"
    meeting = "{date: 2025-12-03, decision: 25bp, priced_probability: 0.5}"
    text = f'axes:\n  "{whole}": [{meeting}]\n  "{part}": [50bp]\n'
    assert f"sweep.yaml:5:3: {part}: it lies inside {whole}" in mistakes(tmp_path, text)
    load_plan(sweep_of(tmp_path, f"{text}design: {{kind: one_at_a_time}}"))


def test_settings_for_the_base_scenario_are_reported_with_the_correct_option(tmp_path: Path) -> None:
    path = sweep_of(tmp_path, f"axes: {{{SLOPE}: [1]}}")
    with pytest.raises(ConfigError) as caught:
        load_plan(path, ["boj.meetings[0].decision=50bp"])
    assert "--set changes the sweep file, which has no key boj" in str(caught.value)
    cure = str(caught.value).split("write --set '")[1].split("'")[0]
    assert load_plan(path, [cure]).sweep.settings == ("boj.meetings[0].decision=50bp",)


def test_a_key_with_brackets_inside_braces_needs_quotes(tmp_path: Path) -> None:
    assert "needs quotes inside { }" in mistakes(tmp_path, "axes: {boj.meetings[0].decision: [25bp]}")
