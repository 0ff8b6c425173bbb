"""The JSON schema of a config, for completion and checking in an editor.

A file may leave to its base what it does not say, so no key is required; it may name its base in ``extends``; and it
may take away an inherited table with null.
"""

import json
from typing import Any

from pydantic import BaseModel

from simulation.scenario.config.layers import EXTENDS

EXTENDS_SCHEMA = {
    "type": "string",
    "title": "Extends",
    "description": "the config that this one is laid over: a file beside it, or the name of a shipped config",
}


def schema(root: type[BaseModel]) -> dict[str, Any]:
    """Return the JSON schema of the partial configs of a model."""
    made: dict[str, Any] = _relaxed(root.model_json_schema(by_alias=True))
    made["properties"] = {EXTENDS: EXTENDS_SCHEMA, **made.get("properties", {})}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made}


def schema_text(root: type[BaseModel]) -> str:
    """Return the JSON schema as the text of a file."""
    return json.dumps(schema(root), indent=2, ensure_ascii=False) + "\n"


def _relaxed(part: Any) -> Any:
    """Return a part of a schema that asks for no key, takes null for a table, and tells kinds apart only if named."""
    if isinstance(part, list):
        return [_relaxed(item) for item in part]
    if not isinstance(part, dict):
        return part
    # A key of a model may itself be called `required`: only the list of that name is the schema's own word.
    kept = {
        key: _relaxed(value)
        for key, value in part.items()
        if not (key == "required" and isinstance(value, list)) and not (key == "discriminator" and "mapping" in value)
    }
    if "oneOf" in kept:
        kept["anyOf"] = kept.pop("oneOf")
    if isinstance(kept.get("additionalProperties"), dict):
        kept["additionalProperties"] = {"anyOf": [kept["additionalProperties"], {"type": "null"}]}
    return kept
