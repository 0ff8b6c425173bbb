"""The table of config keys is the schema's, and every key of every shipped config stands in it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from pydantic import Field

from simulation.cli.config_commands import config
from simulation.scenario.config.catalog import shipped_files
from simulation.scenario.config.loading import load
from simulation.scenario.config.reference import (
    ParameterGroup,
    ParameterRow,
    flatten_rows,
    parameter_rows,
    parameter_table,
)
from simulation.scenario.config.tree import Node, key_text, walk
from simulation.scenario.event import Event
from simulation.values.parameters import Parameters, Rate, quantity
from tests.support.places import ROOT

PAGE = ROOT / "docs" / "parameters.md"
SHIPPED = [(kind, name) for kind in ("scenarios", "events") for name in shipped_files(kind) if not name.startswith("_")]


class Inner(Parameters):
    a: float = quantity(1, "$bn", (0, 5), "first", "somebody")
    b: bool = True


class Outer(Parameters):
    """A table."""

    must: float
    rate: Rate = "25bp"  # type: ignore[assignment]
    one: Inner = Inner(a=2)
    many: tuple[Inner, ...] = ()
    named: dict[str, Inner] = Field(default_factory=lambda: {"x": Inner(a=3), "y": Inner()})


class Unsourced(Parameters):
    """A table whose author forgot."""

    number: float = quantity(1, "$bn", (0, 5), "a number")
    word: str = Field("slow", description="a word")
    guess: float = quantity(1, "$bn", (0, 5), "a number", "assumption")
    given: float = quantity(..., "$bn", (0, 5), "what the scenario says")
    switch: bool = True
    fine: float = quantity(1, "$bn", (0, 5), "a number", "assumption: as last year")


def test_the_page_is_the_schema() -> None:
    cure = "write it anew: carryflow config table --out docs/parameters.md"
    assert PAGE.read_text(encoding="utf-8") == parameter_table(), cure


def test_the_command_prints_it_or_writes_it(tmp_path: Path) -> None:
    out = tmp_path / "new" / "keys.md"
    printed = CliRunner().invoke(config, ["table"])
    written = CliRunner().invoke(config, ["table", "--out", str(out)])
    assert (printed.exit_code, written.exit_code, written.stdout) == (0, 0, "")
    assert out.read_text(encoding="utf-8") == printed.stdout == PAGE.read_text(encoding="utf-8")


def test_rows_say_what_the_schema_says() -> None:
    found = {
        row.key: row for row in flatten_rows(parameter_rows(ParameterGroup("", Outer))) if isinstance(row, ParameterRow)
    }
    assert found["must"].default == "required"
    assert (found["rate"].default, found["rate"].allowed) == ("25bp", "")
    assert found["one.a"] == ParameterRow("one.a", "first", "$bn", "2", "0 to 5", "somebody")
    assert found["many[].a"].default == "1"
    assert found["named.NAME.a"].default == "1 (x 3)"
    assert found["many[].b"].allowed == "true or false"


def test_every_row_means_something() -> None:
    listed = [row for row in flatten_rows(parameter_rows(ParameterGroup("", Event))) if isinstance(row, ParameterRow)]
    assert len(listed) > 300
    assert [row.key for row in listed if not row.meaning or "|" in row.key] == []


def without_source(listed: list[ParameterRow]) -> list[str]:
    """Keys of rows that say neither where a default comes from nor why it was assumed."""
    return [row.key for row in listed if row.source in ("", "assumption")]


def test_every_default_has_a_source() -> None:
    schema = [row for row in flatten_rows(parameter_rows(ParameterGroup("", Event))) if isinstance(row, ParameterRow)]
    cure = "give the parameter a source where it is defined, or `assumption: why`"
    assert without_source(schema) == [], cure
    table = re.findall(r"^\| `.*\| ([^|]*) \|$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert len(table) > 400
    assert [source for source in table if not source.strip()] == [], cure


def test_a_new_parameter_without_a_source_is_found() -> None:
    listed = [
        row for row in flatten_rows(parameter_rows(ParameterGroup("", Unsourced))) if isinstance(row, ParameterRow)
    ]
    assert without_source(listed) == ["number", "word", "guess"]


def sections() -> dict[str, set[str]]:
    """Keys of each section of the page, relative to it."""
    parts = re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return {
        part.splitlines()[0].strip("`"): set(re.findall(r"^\| `([^`]+)` \|", part, flags=re.MULTILINE))
        for part in parts
    }


def keys_of(tree: Node) -> Iterator[str]:
    """Key paths of the scalars of a config, list items as ``[]``."""
    for path, node in walk(tree):
        if not isinstance(node.content, dict | list):
            yield re.sub(r"\[\d+\]", "[]", key_text(path))


def is_listed(key: str, known: dict[str, set[str]]) -> bool:
    """Whether a key, or the mapping or list of plain values that it is an entry of, stands in its section."""
    for heading, keys in known.items():
        plain = heading in ("Scenario", "Events only")
        if plain or key.startswith(heading + "."):
            inside = key if plain else key.removeprefix(heading + ".")
            if any(matches(inside, one, keys) for one in keys):
                return True
    return False


def matches(key: str, listed: str, keys: set[str]) -> bool:
    """Whether a key is a listed one, with names of the config's own, or an entry of one without keys below it."""
    pattern = re.escape(listed).replace("NAME", r"[^.]+")
    if not any(other.startswith((listed + ".", listed + "[")) for other in keys):
        pattern += r"(\.[^.\[\]]+|\[\])*"
    return re.fullmatch(pattern, key) is not None


@pytest.mark.parametrize(("kind", "name"), SHIPPED)
def test_every_key_of_the_shipped_configs_is_listed(kind: str, name: str) -> None:
    loaded = load(name, kind=kind, root=Event) if kind == "events" else load(name)
    known = sections()
    assert [key for key in set(keys_of(loaded.tree)) - {"extends"} if not is_listed(key, known)] == []


def test_a_key_that_nobody_knows_is_not_listed() -> None:
    assert not is_listed("boj.meetings[].decisions", sections())
    assert is_listed("boj.meetings[].decision", sections())
