"""The JSON schema, for files that inherit keys from a base."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from simulation.scenario.config.reference import json_schema, json_schema_text
from simulation.values.parameters import Parameters


def parts(node: Any) -> list[dict[str, Any]]:
    """Every mapping inside a schema."""
    if isinstance(node, dict):
        return [node, *(part for value in node.values() for part in parts(value))]
    return [part for item in node for part in parts(item)] if isinstance(node, list) else []


@pytest.fixture
def made(sample_root: type[Parameters]) -> dict[str, Any]:
    return json_schema(sample_root)


def test_extends_is_known_and_unknown_keys_are_not(made: dict[str, Any]) -> None:
    assert made["properties"]["extends"]["type"] == "string"
    assert made["additionalProperties"] is False
    assert list(made["properties"])[:3] == ["extends", "name", "title"]


def test_no_key_is_required(made: dict[str, Any]) -> None:
    assert not [part for part in parts(made) if "required" in part]


def test_kinds_need_no_discriminator(made: dict[str, Any]) -> None:
    assert not [part for part in parts(made) if "oneOf" in part]
    member = made["properties"]["populations"]["additionalProperties"]
    assert {"type": "null"} in member["anyOf"]
    assert {"$ref": "#/$defs/CarryFunds"} in parts(member)


def test_ranges_units_and_descriptions_are_included(made: dict[str, Any]) -> None:
    leverage = made["$defs"]["CarryFunds"]["properties"]["leverage_x"]
    assert (leverage["minimum"], leverage["maximum"], leverage["unit"]) == (1, 50, "x")
    assert leverage["description"] == "leverage"


def test_a_key_called_required_is_kept() -> None:
    class Oddly(Parameters):
        required: int = 1
        one: float = 2

    assert list(json_schema(Oddly)["properties"]) == ["extends", "required", "one"]


def test_the_text_is_stable(sample_root: type[Parameters], made: dict[str, Any]) -> None:
    text = json_schema_text(sample_root)
    assert json.loads(text) == made
    assert text.endswith("}\n")


def test_the_good_config_follows_its_schema(
    made: dict[str, Any], good: str, write: Callable[..., object], load_sample: Callable[..., Any]
) -> None:
    write(good)
    scenario = load_sample().scenario.model_dump(mode="json")
    assert set(scenario) <= set(made["properties"])
