"""Shipped scenarios validate and reload, and errors in them have a clear message."""

from pathlib import Path

import pytest

from simulation.scenario.config.catalog import shipped_files
from simulation.scenario.config.errors import ConfigError, ConfigProblem
from simulation.scenario.config.loading import load
from simulation.scenario.config.reference import json_schema_text
from simulation.scenario.config.rendering import render_yaml
from simulation.scenario.scenario import Scenario

SHIPPED = ("december_2025_article", "december_2025_official")


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_scenario_shows_and_loads_back(name: str, tmp_path: Path) -> None:
    loaded = load(name)
    path = tmp_path / "again.yaml"
    path.write_text(render_yaml(loaded, origins=True), encoding="utf-8")
    assert loaded.scenario.name == name
    assert load(path).hash == loaded.hash


@pytest.mark.parametrize("path", shipped_files("scenarios").values(), ids=lambda path: str(path.stem))
def test_the_first_line_names_the_schema(path: Path) -> None:
    assert path.read_text(encoding="utf-8").startswith("# yaml-language-server: $schema=../schema.json\n")


def test_the_committed_schema_is_up_to_date() -> None:
    committed = shipped_files("scenarios")[SHIPPED[0]].parents[1] / "schema.json"
    cure = "write it anew: carryflow config schema --out configs/schema.json"
    assert committed.read_text(encoding="utf-8") == json_schema_text(Scenario), cure


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("start_values.usdjpi=150", "unknown key; did you mean usdjpy?"),
        ("start_values.usdjpy=1.5", "allowed: 20 to 1,000 yen per dollar; did you mean 150 yen per dollar?"),
        ("boj.meetings[0].decision=50", "a rate needs its unit: write 25bp, 0.25% or 0.25pp"),
        ("boj.meetings[0].priced_probability=62", "allowed: 0 to 1 (probability); did you mean 0.62?"),
        ("boj.meetings[0].date=2025-12-20", "2025-12-20 is not a business day (Saturday)"),
        ("boj.guidance=six_monthy", "guidance regime 'six_monthy' is not defined"),
        ("populations.carry_found.stock_usd_bn=1", "did you mean carry_funds?"),
        ("populations.carry_funds.stock=1", "did you mean stock_usd_bn?"),
        ("markets.ust10=null", "ust10 is required and must be a bond market"),
        ("end=2025-01-01", "must come after start 2025-11-28"),
    ],
)
def test_an_error_is_reported_at_its_place(override: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load("december_2025_official", [override])
    (problem,) = caught.value.problems
    assert problem.file == f"--set {override}"
    assert words in str(problem)


@pytest.mark.parametrize("value", ["null", "-1", "[{}]"])
@pytest.mark.parametrize("key", list(Scenario.model_fields))
def test_an_invalid_table_always_gives_a_config_error(key: str, value: str) -> None:
    problems: tuple[ConfigProblem, ...] = ()
    try:
        load("december_2025_official", [f"{key}={value}"])
    except ConfigError as error:
        problems = error.problems
    assert all(problem.message and problem.column for problem in problems)


def test_an_omitted_market_survives_layers_and_show(tmp_path: Path) -> None:
    middle, top = tmp_path / "middle.yaml", tmp_path / "top.yaml"
    middle.write_text("extends: december_2025_official\nmarkets: {bitcoin: {fast_impact_pct_per_usd_bn: 2}}\n")
    top.write_text(
        "extends: middle\nmarkets: {bitcoin: null}\npopulations: {crypto_traders: null, bitcoin_etf_holders: null}\n"
    )
    loaded = load(top)
    assert "bitcoin" not in loaded.scenario.markets
    top.write_text(render_yaml(loaded))
    assert load(top).hash == loaded.hash
