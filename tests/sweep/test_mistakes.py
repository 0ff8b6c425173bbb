"""Mistakes in a sweep file are told with line, column and cure, before anything runs."""

from pathlib import Path

import pytest

from simulation.config.errors import ConfigError
from simulation.sweep.plan import plan_of
from tests.sweep.conftest import sweep_of

SLOPE = "markets.usdjpy.stress_slope"


def mistakes(folder: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        plan_of(sweep_of(folder, text))
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
    ],
)
def test_a_sweep_file_is_checked(tmp_path: Path, text: str, said: str) -> None:
    found = mistakes(tmp_path, text)
    assert all(part in found for part in said.split("|")), found


def test_the_scenarios_own_mistakes_are_told_at_the_axis_all_at_once(tmp_path: Path) -> None:
    found = mistakes(
        tmp_path,
        "axes:\n  markets.usdjpy.stress_slop: [1]\n  boj.meetings[4].decision: [25bp]\n"
        "  populations.carry_funds.stock_usd_bn: {low: -3, high: 20, steps: 3}\n",
    )
    assert "sweep.yaml:4:32: markets.usdjpy.stress_slop: unknown key; did you mean stress_slope?" in found
    assert "sweep.yaml:5:30: boj.meetings[4]: index 4 is out of range" in found
    assert "sweep.yaml:6:47: populations.carry_funds.stock_usd_bn: -3 $bn is too small" in found


def test_a_combination_that_does_not_fit_is_found_before_the_start(tmp_path: Path) -> None:
    dates = "axes:\n  start: [2025-12-01, 2025-12-02]\n  boj.meetings[0].date: [2025-12-03, 2025-12-02]\n"
    assert "the meeting of 2025-12-02 is not after the start" in mistakes(tmp_path, dates)
