"""Schemas along a key path: kinds, lists, mappings, unions, aliases, ranges."""

from datetime import date
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag
from typing_extensions import TypeAliasType

from simulation.scenario.config.errors import ConfigError
from simulation.scenario.config.field_schema import FieldSchema, resolve_location, unwrap_type
from simulation.scenario.config.formatting import AllowedRange, nearest_name, suggest_name, suggest_value
from simulation.scenario.config.loading import load
from simulation.scenario.config.tree import Node, Origin, Source


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Cat(Strict):
    kind: Literal["cat", "kitten"]
    lives: int = Field(9, gt=0, lt=10)


class Dog(Strict):
    kind: Literal["dog"]
    cat: float = 1


def which(value: Any) -> str:
    return "many" if isinstance(value, dict) and "items" in value else "one"


class One(Strict):
    value: float = 0


class Many(Strict):
    items: list[float] = Field(min_length=1)


Percent = TypeAliasType("Percent", Annotated[float, Field(ge=0, le=100, json_schema_extra={"unit": "%"})])


class Zoo(Strict):
    pet: Annotated[Cat | Dog, Field(discriminator="kind")] | None = None
    pets: list[Annotated[Cat | Dog, Discriminator("kind")]] = []
    chosen: Annotated[Annotated[One, Tag("one")] | Annotated[Many, Tag("many")], Discriminator(which)] = One()
    either: One | list[float] = One()
    pair: tuple[int, date] | None = None
    share: Percent = 5
    shares: dict[str, Percent] = {}
    colour: Colour = Colour.RED
    written: int = Field(1, alias="as_written")
    names: frozenset[str] = frozenset()


@pytest.mark.parametrize(
    ("text", "start", "words"),
    [
        # A tag may have the name of a key of the member.
        ("pet: {kind: dog, cat: x}", "1:23: pet.cat: 'x' is not a number", []),
        ("pet: {kind: kitten, lives: 10}", "1:28: pet.lives: 10 is too large", ["above 0 and below 10"]),
        ("pet: {kind: dog, lives: 1}", "1:18: pet.lives: unknown key", ["valid keys: kind, cat"]),
        ("pet: {lives: 1}", "1:1: pet: the key kind is required; allowed: cat, dog, kitten", []),
        ("pets: [{kind: cat}, {kind: cow}]", "1:28: pets[1].kind: unknown kind 'cow'", ["cat, dog, kitten"]),
        ("pets: [{kind: cat, live: 1}]", "1:20: pets[0].live: unknown key", ["did you mean lives?"]),
        ("chosen: {items: [1, x]}", "1:21: chosen.items[1]: 'x' is not a number", []),
        ("chosen: {items: []}", "1:10: chosen.items: a list of 0 has too few entries; allowed: 1 or more", []),
        ("chosen: {vale: 1}", "1:10: chosen.vale: unknown key", ["did you mean value?"]),
        ("either: [1, x]", "1:13: either[1]: 'x' is not a number", []),
        ("pair: [1, 2025]", "1:11: pair[1]: 2025 is not a date", []),
        ("pair: [1]", "1:1: pair[1]: this required key is missing", []),
        ("share: 500", "1:8: share: 500 % is too large", ["0 to 100 %", "5.00 %?"]),
        ("shares: {a: -1}", "1:13: shares.a: -1 % is too small", ["0 to 100 %"]),
        ("colour: bleu", "1:9: colour: 'bleu' is not one of: red, blue", ["did you mean blue?"]),
        ("as_written: x", "1:13: as_written: 'x' is not a whole number", []),
        ("as_writen: 2", "1:1: as_writen: unknown key", ["did you mean as_written?"]),
        ("names: 5", "1:8: names: expected a list, got 5", []),
        ("share: 5\nnames: [a, 5]", "2:12: names[1]: expected text, got 5", []),
    ],
)
def test_pydantic_paths_become_key_paths(text: str, start: str, words: list[str], tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(path, root=Zoo)
    messages = [str(problem).splitlines()[0].removeprefix(f"{path}:") for problem in caught.value.problems]
    found = [message for message in messages if message.startswith(start)]
    assert found, messages
    assert [word for word in words if word not in found[0]] == [], found


def test_an_alias_and_a_set_survive_show(tmp_path: Path) -> None:
    from simulation.scenario.config.rendering import render_yaml

    path = tmp_path / "a.yaml"
    path.write_text("as_written: 4\ncolour: blue\npets: [{kind: cat}]\n")
    loaded = load(path, root=Zoo)
    path.write_text(render_yaml(loaded))
    assert load(path, root=Zoo).hash == loaded.hash
    assert "as_written: 4" in path.read_text()


def test_resolve_leaves_unknown_labels_out() -> None:
    tree = Node({}, Origin(Source("x", ()), 1, 1))
    assert resolve_location(Zoo, tree, ("pets", 0, "cat", "lives"))[0] == ("pets", 0, "lives")
    assert resolve_location(Zoo, tree, ("either", "list[float]", 1))[0] == ("either", 1)
    assert resolve_location(Zoo, tree, ("shares", "a", "[key]"))[0] == ("shares", "a")


def test_unit_and_range_are_found_through_wrappers() -> None:
    shape = unwrap_type(Annotated[Percent | None, Field(description="x")])
    assert (shape.unit, shape.allowed) == ("%", AllowedRange(0, 100))
    assert FieldSchema(Zoo).keys[-2:] == ("as_written", "names")


@pytest.mark.parametrize(
    ("value", "allowed", "unit", "question"),
    [
        (400, AllowedRange(0, 20), "%", "did you mean 4.00 %?"),
        (0.04, AllowedRange(1, 20), "%", "did you mean 4.00 %?"),
        (85, AllowedRange(0, 1), "share", "did you mean 0.85?"),
        (5_000_000, AllowedRange(0, 10_000), "$bn", "did you mean 5,000 $bn?"),
        (-3, AllowedRange(0, 5), "x", "did you mean 3 x?"),
        (1e9, AllowedRange(0, 1), "x", ""),
        (0, AllowedRange(1, 5), "x", ""),
        (7, AllowedRange(), "x", ""),
        (7, AllowedRange(date(2020, 1, 1), None), "", ""),
    ],
)
def test_likely_corrections(value: float, allowed: AllowedRange, unit: str, question: str) -> None:
    assert suggest_value(value, allowed, unit) == question


@pytest.mark.parametrize(
    ("allowed", "words"),
    [
        (AllowedRange(1, 50), "allowed: 1 to 50 x"),
        (AllowedRange(0, None, low_strict=True), "allowed: above 0 x"),
        (AllowedRange(None, 2.5), "allowed: at most 2.5 x"),
        (AllowedRange(0, 1, high_strict=True), "allowed: at least 0 and below 1 x"),
        (AllowedRange(), ""),
    ],
)
def test_ranges_in_words(allowed: AllowedRange, words: str) -> None:
    assert allowed.words("x") == words


def test_nearest_name_prefers_the_name_with_a_unit() -> None:
    keys = ["stock", "stick_usd_bn", "stack_usd_bn"]
    assert nearest_name("stack", [*keys, "stacks"]) == "stack_usd_bn"
    assert nearest_name("STOCK", keys) == "stock"
    assert nearest_name("qqqq", keys) is None
    assert suggest_name("qqqq", [f"key{i}" for i in range(20)]).endswith("key15 and 4 more")
    assert suggest_name("qqqq", []) == ""
