"""Layers: inheritance, replacement, removal and the origin of each value."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from simulation.scenario.config import catalog
from simulation.scenario.config.errors import ConfigError
from simulation.scenario.config.loading import LoadedConfig
from simulation.scenario.config.yaml_reader import read_config_file

Write = Callable[..., Path]
LoadSample = Callable[..., LoadedConfig[Any]]
Failure = Callable[..., ConfigError]


def test_mappings_merge_and_lists_replace(good: str, write: Write, load_sample: LoadSample) -> None:
    text = """\
extends: base.yaml
boj:
  meetings: [{date: 2025-12-22, decision: 50bp}]
populations:
  carry_funds: {leverage_x: 7}
"""
    write(text, base=good)
    scenario = load_sample().scenario
    assert [str(meeting.date) for meeting in scenario.boj.meetings] == ["2025-12-22"]
    assert scenario.boj.rate_pct == 0.5
    assert (scenario.populations["carry_funds"].leverage_x, scenario.populations["carry_funds"].investors) == (7, 400)
    assert set(scenario.populations) == {"carry_funds", "lifers"}


def test_in_a_chain_of_three_files_the_top_layer_applies(good: str, write: Write, load_sample: LoadSample) -> None:
    write("extends: middle\ntitle: top\n", middle="extends: base\ntitle: middle\nseed: 2\n", base=good)
    loaded = load_sample()
    assert (loaded.scenario.title, loaded.scenario.seed, loaded.scenario.name) == ("top", 2, "sample")
    assert [source.name for source in loaded.sources] == ["base.yaml", "middle.yaml", "a.yaml"]


def test_origins_name_the_file_and_line_that_set_a_value(good: str, write: Write, load_sample: LoadSample) -> None:
    write("# top\nextends: base\nboj: {rate_pct: 0.75}\n", base=good)
    origins = load_sample("./a.yaml", "seed=3").origins
    assert origins["boj.rate_pct"] == "a.yaml:3"
    assert origins["boj.meetings"] == "base.yaml:8"
    assert origins["boj.meetings[0].decision"] == "base.yaml:10"
    assert origins["seed"] == "--set seed=3"
    assert "noise.scale_x" not in origins


def test_a_changed_file_is_read_again(good: str, write: Write, load_sample: LoadSample) -> None:
    seeds = []
    for seed in (2, 3):
        write(f"extends: base\nseed: {seed}\n", base=good)
        loaded = load_sample("./a.yaml", "title=mine")
        seeds.append((loaded.scenario.seed, loaded.scenario.title))
    assert seeds == [(2, "mine"), (3, "mine")]
    # Overrides of one load do not persist in the next.
    assert load_sample().scenario.title != "mine"


def test_equal_text_in_two_files_keeps_separate_origins(good: str, write: Write, load_sample: LoadSample) -> None:
    path = write(good)
    path.with_name("b.yaml").write_text(good)
    first, second = (load_sample(f"./{name}.yaml").origins["boj.rate_pct"] for name in "ab")
    assert first.replace("a.yaml", "b.yaml") == second != first


def test_an_appended_problem_does_not_persist(good: str, write: Write) -> None:
    path = write(good)
    first = read_config_file(path)
    first.problems.append(first.tree.origin.problem((), "mine"))
    assert read_config_file(path).problems == []


def test_null_removes_an_inherited_table(good: str, write: Write, load_sample: LoadSample) -> None:
    write("extends: base\npopulations: {lifers: null}\n", base=good)
    assert set(load_sample().scenario.populations) == {"carry_funds"}


def test_null_over_an_optional_table_is_its_value(good: str, write: Write, load_sample: LoadSample) -> None:
    write("extends: base\nspread_path: ~\n", base=good + "spread_path: {target_pp: 1.5}\n")
    assert load_sample().scenario.spread_path is None


def test_null_over_a_table_with_defaults_restores_them(good: str, write: Write, load_sample: LoadSample) -> None:
    write("extends: base\nnoise: null\n", base=good + "noise: {scale_x: 3}\n")
    assert load_sample().scenario.noise.scale_x == 1


def test_a_removed_table_may_be_set_again(good: str, write: Write, load_sample: LoadSample) -> None:
    top = "extends: middle\npopulations: {lifers: {kind: carry_funds}}\n"
    write(top, middle="extends: base\npopulations: {lifers: null}\n", base=good)
    assert load_sample().scenario.populations["lifers"].kind == "carry_funds"


def test_null_that_removes_nothing_is_an_error(good: str, failure: Failure) -> None:
    error = failure("extends: base\npopulations: {lifer: null}\nname: null\n", base=good)
    assert [problem.key for problem in error.problems] == ["populations.lifer", "name"]
    assert "null removes only what" in str(error)


def test_a_missing_key_points_to_the_table_of_the_top_file(good: str, failure: Failure) -> None:
    error = failure("extends: base\nboj:\n  meetings: []\n", base=good.replace("  rate_pct: 0.5\n", ""))
    assert str(error).startswith("a.yaml:2:1: boj.rate_pct: this required key is missing")


def test_a_cycle_is_shown_as_a_chain(failure: Failure) -> None:
    error = failure("extends: b\n", b="extends: c.yaml\n", c="extends: a\n")
    assert str(error).startswith("c.yaml:1:10: extends: the files extend each other in a cycle: ")
    assert "a.yaml -> b.yaml -> c.yaml -> a.yaml" in str(error)


def test_a_file_cannot_extend_itself(good: str, failure: Failure) -> None:
    assert "cycle: a.yaml -> a.yaml" in str(failure(f"extends: a.yaml\n{good}"))


def test_extends_is_relative_to_the_file(good: str, write: Write, load_sample: LoadSample) -> None:
    folder = write("extends: sub/middle.yaml\n").parent / "sub"
    folder.mkdir()
    (folder / "middle.yaml").write_text("extends: base\n")
    (folder / "base.yaml").write_text(good)
    assert load_sample().scenario.name == "sample"


def test_extends_takes_a_shipped_name(
    good: str, write: Write, load_sample: LoadSample, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = write("extends: shipped_base\n").parent / "configs" / "scenarios"
    shipped.mkdir(parents=True)
    (shipped / "shipped_base.yaml").write_text(good)
    monkeypatch.setattr(catalog, "PACKAGE_FOLDER", shipped.parent.parent)
    assert load_sample().scenario.name == "sample"


def test_a_missing_base_names_the_nearest(good: str, failure: Failure) -> None:
    error = failure("extends: bsae.yaml\n", base=good)
    assert str(error).startswith("a.yaml:1:10: extends: there is no file bsae.yaml in the folder of this file")
    assert "did you mean base?" in str(error)


def test_a_folder_is_not_a_base(write: Write, load_sample: LoadSample) -> None:
    (write("extends: ./sub.yaml\n").parent / "sub.yaml").mkdir()
    with pytest.raises(ConfigError, match=r"sub\.yaml: this is a folder, not a file"):
        load_sample()
