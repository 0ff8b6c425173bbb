"""carryflow config sensitivity, and what check and sweep say of keys that move nothing."""

import json
from pathlib import Path

from tests.cli.conftest import SMALL, Carryflow, carryflow

__all__ = ["carryflow"]

QUICK = ("--runs", "2", "--workers", "1", "--quiet")


def test_the_table_names_state_effect_and_reason(carryflow: Carryflow) -> None:
    done = carryflow("config", "sensitivity", SMALL, "--key", "boj.meetings", "--key", "unwind.*", *QUICK)
    lines = {line.split()[0]: line for line in done.out.splitlines()}
    assert done.code == 0
    assert "+5 bp" in lines["boj.meetings[0].decision"]
    assert "±" in lines["boj.meetings[0].decision"]
    assert "inert" in lines["unwind.exit_days"]
    assert "unwind.rule is structural" in lines["unwind.exit_days"]
    assert "2 runs with the same draws, 20 business days to 2025-12-30" in done.out


def test_json_is_a_list_with_steps_reasons_and_effects(carryflow: Carryflow) -> None:
    done = carryflow("config", "sensitivity", SMALL, "--key", "boj", "--json", *QUICK)
    entries = {entry["key"]: entry for entry in json.loads(done.out)}
    decided, held = entries["boj.meetings[0].decision"], entries["boj.bonds_held"]
    assert (decided["step"], decided["unit"], decided["inert"], decided["reason"]) == (5.0, "bp", False, None)
    assert set(decided["outcomes"]["usdjpy_change_pct"]) == {"effect", "se"}
    assert held["inert"] is True
    assert held["reason"].startswith("a stock")
    assert {effect["effect"] for effect in held["outcomes"].values()} == {0.0}


def test_a_setting_counts_and_an_unknown_key_ends_with_two(carryflow: Carryflow) -> None:
    arguments = ("config", "sensitivity", SMALL, "--set", "populations.carry_funds.switches.margin=false")
    done = carryflow(*arguments, "--key", "populations.carry_funds.margin", *QUICK)
    assert done.out.count("switches.margin is false") == 4
    wrong = carryflow(*arguments, "--key", "populations.carry_fund", *QUICK)
    assert wrong.code == 2
    assert "populations.carry_fund" in wrong.err


def test_check_warns_of_a_key_set_in_vain(carryflow: Carryflow) -> None:
    assert "caution" not in carryflow("config", "check", SMALL).err
    done = carryflow("config", "check", SMALL, "--set", "start_values.jgb30_pct=4", "--set", "unwind.anchor_share=0.3")
    assert done.code == 0
    assert "start_values.jgb30_pct moves no outcome: a level" in done.err
    assert "unwind.anchor_share moves no outcome: unwind.rule is structural" in done.err


def test_check_warns_of_a_file_that_sets_what_it_turns_off(carryflow: Carryflow, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(f"extends: {SMALL}\nname: mine\nunwind:\n  anchor_share: 0.3\n", encoding="utf-8")
    assert "mine.yaml:4: unwind.anchor_share moves no outcome" in carryflow("config", "check", file).err


def test_a_sweep_says_which_axis_moves_nothing(carryflow: Carryflow, tmp_path: Path) -> None:
    file = tmp_path / "flat.yaml"
    axes = "start_values.jgb10_pct: [1, 2]\n  unwind.anchor_share: [0.2, 0.3]\n  unwind.rule: [structural"
    file.write_text(f"name: flat\nscenario: {SMALL}\nreplications: 1\naxes:\n  {axes}]\n", encoding="utf-8")
    said = carryflow("sweep", file, "--dry-run").err
    assert "axes.start_values.jgb10_pct: it is varied but hardly moves an outcome: a level" in said
    assert "axes.unwind.anchor_share: it is varied but moves no outcome" in said
    assert "anchor_share" not in carryflow("sweep", both_rules(file), "--dry-run").err


def both_rules(file: Path) -> Path:
    """The sweep with the threshold rule at some of its points: the anchor moves these."""
    both = file.with_name("both.yaml")
    both.write_text(file.read_text().replace("[structural]", "[structural, threshold]").replace("[1, 2]", "[1.8, 2]"))
    return both
