"""The resolved config as YAML: it loads as the same config and shows the origin of each value."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import model_validator

from simulation.scenario.config.loading import LoadedConfig, canonical_json, config_hash, load
from simulation.scenario.config.rendering import format_inline, format_scalar, render_yaml, resolved_tree
from simulation.scenario.config.tree import Source, plain_values
from simulation.scenario.config.yaml_reader import parse_yaml
from simulation.values.parameters import Parameters

Write = Callable[..., Path]
LoadSample = Callable[..., LoadedConfig[Any]]

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(codec="utf-8"), max_size=30),
    st.sampled_from(
        ["no", "null", "~", "25bp", "0.25%", "2025-12-19", "1e3", "0x1F", "a: b", "- a", "#", " a", "x #y", ""]
    ),
    st.dates(min_value=date(1000, 1, 1)),
)


@given(value=scalars)
def test_a_scalar_reads_back_as_itself(value: object) -> None:
    node = parse_yaml(f"key: {format_scalar(value)}", Source("x", ())).tree.child("key")
    assert node is not None
    assert (type(node.content), node.content) == (type(value), value)


@given(key=st.text(st.characters(codec="utf-8"), min_size=1, max_size=20))
def test_a_key_reads_back_as_itself(key: str) -> None:
    node = parse_yaml("a: {b: 1}", Source("x", ())).tree
    assert isinstance(node.content, dict)
    renamed = type(node)({key: node.content["a"]}, node.origin)
    reading = parse_yaml(format_inline(renamed), Source("x", ()))
    assert plain_values(reading.tree) == {key: {"b": 1}}
    assert reading.problems == []


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_show_loads_back_to_the_same_hash(
    data: st.DataObject, tmp_path: Path, good: str, sample_root: type[Any]
) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(good, encoding="utf-8")
    days = data.draw(st.integers(1, 60))
    meeting = date(2026, 1, 5) + timedelta(days=7 * days)
    step = data.draw(st.sampled_from(["10bp", "-0.25%", "0.333333333pp", "+15 bp"]))
    overrides = [
        f"title={format_scalar(data.draw(st.text(st.characters(codec='utf-8'), max_size=40)))}",
        f"boj.rate_pct={format_scalar(data.draw(st.floats(-2, 25)))}",
        f"boj.meetings=[{{date: {meeting}, decision: {step}}}, {{date: 2026-01-22, decision: 0bp}}]",
        f"noise={{weights: {data.draw(st.lists(st.floats(-1e300, 1e300), max_size=3))}}}",
        f"populations.lifers.hedge_ratio={data.draw(st.floats(0, 1))}",
        f"other_outcomes={{{step}: 0.25}}",
    ]
    loaded = load(path, overrides, root=sample_root)
    for origins in (False, True):
        path.write_text(render_yaml(loaded, origins), encoding="utf-8")
        assert load(path, root=sample_root).hash == loaded.hash


def test_show_fills_in_what_is_inherited_and_left_at_its_default(
    good: str, write: Write, load_sample: LoadSample
) -> None:
    write("extends: base\nnoise:\n  scale_x: 2\n", base=good)
    lines = render_yaml(load_sample("./a.yaml", "seed=7"), origins=True).splitlines()
    stated = {tuple(part.strip() for part in line.split("  #")) for line in lines if "  #" in line}
    assert {
        ("name: sample", "base.yaml:2"),
        ("seed: 7", "--set seed=7"),
        ("- date: 2025-12-19", "base.yaml:9"),
        ("decision: 25bp", "base.yaml:10"),
        ("scale_x: 2", "a.yaml:3"),
        ("tails: 5.0", "default"),
        ("spread_path: null", "default"),
        ("kind: carry_funds", "default"),
        ("kind: life_insurers", "base.yaml:18"),
    } <= stated


def test_every_leaf_has_an_origin(write: Write, load_sample: LoadSample) -> None:
    write()
    for line in render_yaml(load_sample(), origins=True).splitlines():
        assert line.endswith(":") or "  # " in line, line


def test_show_without_origins_has_no_comments(write: Write, load_sample: LoadSample) -> None:
    write()
    assert "#" not in render_yaml(load_sample())


def test_a_null_that_omits_something_is_shown(tmp_path: Path) -> None:
    class Roster(Parameters):
        markets: dict[str, float]

        @model_validator(mode="before")
        @classmethod
        def _standard(cls, given: Any) -> Any:
            markets = {"usdjpy": 1.0, "bitcoin": 2.0} | given.get("markets", {})
            return {"markets": {name: value for name, value in markets.items() if value is not None}}

    path = tmp_path / "a.yaml"
    path.write_text("markets: {bitcoin: null}\n")
    loaded = load(path, root=Roster)
    path.write_text(render_yaml(loaded))
    assert "bitcoin: null" in path.read_text()
    assert load(path, root=Roster).hash == loaded.hash


def test_the_hash_ignores_layout(good: str, write: Write, load_sample: LoadSample) -> None:
    write()
    first = load_sample().hash
    write(good.replace("end: 2026-03-31\n", "").replace("name:", "# words\n\nend:   2026-03-31\nname:"))
    assert load_sample().hash == first
    write(good.replace("decision: 25bp", "decision: 0.25%").replace("rate_pct: 0.5", "rate_pct: 0.50"))
    assert load_sample().hash == first
    write("extends: base\n", base=good)
    assert load_sample().hash == first


@pytest.mark.parametrize("override", ["seed=2", "title=x", "boj.meetings[0].decision=26bp", "populations.lifers=null"])
def test_the_hash_depends_on_every_value(override: str, write: Write, load_sample: LoadSample) -> None:
    write()
    assert load_sample("./a.yaml", override).hash != load_sample().hash


def test_the_hash_is_sha256_of_sorted_json(write: Write, load_sample: LoadSample) -> None:
    write()
    scenario = load_sample().scenario
    text = canonical_json(scenario)
    assert text.startswith('{"boj":{"meetings":[{"date":"2025-12-19","decision":"25.0bp"')
    assert len(config_hash(scenario)) == 64
    assert set(config_hash(scenario)) <= set("0123456789abcdef")


def test_resolved_values_keep_their_spelling(write: Write, load_sample: LoadSample) -> None:
    write()
    values = plain_values(resolved_tree(load_sample()))
    assert isinstance(values, dict)
    assert values["boj"]["meetings"][0]["decision"] == "25bp"
    assert values["noise"] == {"scale_x": 1, "weights": [], "tails": 5.0}
