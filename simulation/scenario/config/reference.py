"""Reference of all config keys: the JSON schema for editors and the Markdown page docs/parameters.md."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from simulation.investors import ROSTER
from simulation.investors.population import Lognormal
from simulation.market.parameters import STANDARD_MARKETS, AnyMarket
from simulation.scenario.config.field_schema import FieldSchema, unwrap_type
from simulation.scenario.config.formatting import format_number
from simulation.scenario.config.layers import EXTENDS
from simulation.scenario.event import Event
from simulation.scenario.scenario import Scenario
from simulation.values.parameters import Parameters

EXTENDS_SCHEMA = {
    "type": "string",
    "title": "Extends",
    "description": "the base of this config: a file in the same folder, or the name of a shipped config",
}


def json_schema(root: type[BaseModel]) -> dict[str, Any]:
    """Return the JSON schema of the configs of a model.

    A config may inherit any key, so no key is required.  It may name its base in ``extends`` and remove an inherited table
    with null.
    """
    relaxed: dict[str, Any] = _relax_schema(root.model_json_schema(by_alias=True))
    relaxed["properties"] = {EXTENDS: EXTENDS_SCHEMA, **relaxed.get("properties", {})}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **relaxed}


def json_schema_text(root: type[BaseModel]) -> str:
    """Return the JSON schema as the text of a file."""
    return json.dumps(json_schema(root), indent=2, ensure_ascii=False) + "\n"


def _relax_schema(part: Any) -> Any:
    """Return a part of a schema without required keys and default kinds, with null allowed for tables."""
    if isinstance(part, list):
        return [_relax_schema(item) for item in part]
    if not isinstance(part, dict):
        return part
    # A key of a model may also be named `required`; only a list is the keyword of JSON schema.
    kept = {
        key: _relax_schema(value)
        for key, value in part.items()
        if not (key == "required" and isinstance(value, list)) and not (key == "discriminator" and "mapping" in value)
    }
    if "oneOf" in kept:
        kept["anyOf"] = kept.pop("oneOf")
    if isinstance(kept.get("additionalProperties"), dict):
        kept["additionalProperties"] = {"anyOf": [kept["additionalProperties"], {"type": "null"}]}
    return kept


RATE_UNIT = "bp, % or pp, written with the value"
KIND_MEANING = "kind of the table"
SOURCE_SCENARIO = "stated by the scenario"
SOURCE_MODELLER = "the modeller's choice"
SOURCE_RESOLUTION = "numerical resolution: results converge as it increases"
TYPE_NAMES = {bool: "true or false", str: "text", date: "a date", int: "a whole number", float: "a number"}


@dataclass(frozen=True)
class ParameterRow:
    """Description of one key; all fields are text and may be empty."""

    key: str
    meaning: str
    unit: str
    default: str
    allowed: str
    source: str


@dataclass(frozen=True)
class ParameterGroup:
    """A table below a key.

    Attributes
    ----------
    path, model
        Key path, with ``[]`` for items of a list and ``NAME`` for a name chosen in the config, and the type of the table.
    defaults
        Instance with the defaults; None if the defaults of the type apply.
    named
        Named instances that exist by default.
    source
        Source of the values in `defaults` that differ from those of the type.
    """

    path: str
    model: type[BaseModel]
    defaults: BaseModel | None = None
    named: Mapping[str, BaseModel] = field(default_factory=dict)
    source: str = ""


def parameter_rows(table: ParameterGroup) -> Iterator[ParameterRow | ParameterGroup]:
    """Yield a row for each key with a value, and the tables below, in the order of the schema."""
    for name, info in table.model.model_fields.items():
        of_type = info.get_default(call_default_factory=True, validated_data={})
        default = of_type if table.defaults is None else getattr(table.defaults, name)
        for item in field_entries(f"{table.path}.{name}".lstrip("."), info, default):
            if isinstance(item, ParameterRow) and (inert := inert_text(table.model, name)):
                item = replace(item, meaning=f"{item.meaning}; moves no outcome ({inert})")
            if isinstance(item, ParameterRow) and table.source and default != of_type:
                item = replace(item, source=table.source)
            yield with_named_defaults(item, name, table.named) if isinstance(item, ParameterRow) else item


def inert_text(model: type[BaseModel], name: str) -> str:
    """Return why a key moves no outcome in any scenario; empty for other keys."""
    found = (table.INERT.get(name) for table in model.__mro__ if issubclass(table, Parameters))
    return next(filter(None, found), "")


def field_entries(path: str, info: FieldInfo, default: Any) -> Iterator[ParameterRow | ParameterGroup]:
    """Yield the row of one field, the tables below it, or both."""
    schema = unwrap_type(info.annotation, (info, *info.metadata))
    below = nested_tables(schema)
    given = default if isinstance(default, BaseModel) else None
    if below is None or is_single_value(schema, given):
        yield parameter_row(path, info, schema, default)
        return
    suffix, models = below
    if suffix or (given is None and default is not PydanticUndefined):
        yield parameter_row(path, info, schema if len(models) > 1 else FieldSchema(models[0], schema.notes), default)
    named = default if suffix == ".NAME" and isinstance(default, Mapping) else {}
    for model in models:
        yield ParameterGroup(path + suffix, model, given, named, info.description or "")


def with_named_defaults(of_type: ParameterRow, name: str, named: Mapping[str, BaseModel]) -> ParameterRow:
    """Return a row with the defaults of named tables that differ from those of the type."""
    others = {key: format_default(getattr(one, name), of_type.unit == RATE_UNIT) for key, one in named.items()}
    differing = [f"{key} {value}" for key, value in others.items() if value != of_type.default]
    return replace(of_type, default=f"{of_type.default} ({', '.join(differing)})") if differing else of_type


def nested_tables(schema: FieldSchema) -> tuple[str, tuple[type[BaseModel], ...]] | None:
    """Return the path suffix (list item, name or none) and the types of the tables below a key; None without tables."""
    if schema.model:
        return "", (schema.model,)
    origin, arguments = get_origin(schema.kind), get_args(schema.kind)
    if origin in (Union, UnionType):
        models = tuple(inner.model for inner in map(unwrap_type, arguments) if inner.model)
        return ("", models) if models else None
    if not isinstance(origin, type) or not arguments:
        return None
    mapping = issubclass(origin, Mapping)
    inner = nested_tables(unwrap_type(arguments[1] if mapping else arguments[0]))
    return None if inner is None else (".NAME" if mapping else "[]", inner[1])


def is_single_value(schema: FieldSchema, given: BaseModel | None) -> bool:
    """Whether a table is shown as one value: it has required keys, and a default that sets them."""
    model = schema.model
    return model is not None and given is not None and any(part.is_required() for part in model.model_fields.values())


def parameter_row(path: str, info: FieldInfo, schema: FieldSchema, default: Any) -> ParameterRow:
    """Return the row of one key."""
    extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    meaning = info.description or docstring_title(schema.model) or KIND_MEANING
    unit = RATE_UNIT if schema.has_custom_validator else schema.unit
    text = format_default(default, schema.has_custom_validator)
    source = str(extra.get("source", "")) or default_source(path, meaning, text)
    return ParameterRow(path, meaning, unit, text, allowed_values(schema), source)


def default_source(path: str, meaning: str, default: str) -> str:
    """Return the source of a default that needs no reference; empty if a source must be stated.

    Values without a default come from the scenario, which states their sources.  Switches, kinds and numbers of investors
    are choices of the modeller.  All other defaults need a source.
    """
    if default in ("required", "none"):
        return SOURCE_SCENARIO
    if meaning == KIND_MEANING or default in ("true", "false"):
        return SOURCE_MODELLER
    return SOURCE_RESOLUTION if path.endswith(".investors") else ""


def format_default(value: Any, is_rate: bool = False) -> str:
    """Format a default as in a config."""
    if value is PydanticUndefined:
        return "required"
    if isinstance(value, BaseModel):
        set_here = [key for key in type(value).model_fields if key in value.model_fields_set]
        return format_default({key: getattr(value, key) for key in set_here})
    if value is None or (not isinstance(value, bool | int | float | date) and not value):
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return ", ".join(format_entry(key, part) for key, part in value.items())
    if isinstance(value, tuple | list):
        return ", ".join(format_default(part) for part in value)
    return f"{value:g}bp" if is_rate and isinstance(value, float) else format_default_scalar(value)


def format_entry(key: Any, value: Any) -> str:
    """Format an entry of a mapping; of a table only the name, because it has its own section."""
    if isinstance(value, BaseModel):
        return str(key)
    inner = f"({format_default(value)})" if isinstance(value, Mapping) else format_default(value)
    return f"{format_default_scalar(key)}: {inner}"


def format_default_scalar(value: Any) -> str:
    """Format a number, date or text."""
    return format_number(value) if isinstance(value, int | float | date) else str(value)


def allowed_values(schema: FieldSchema) -> str:
    """Return the allowed values of a key: a range, a list of choices, or a type."""
    words = schema.allowed.words(schema.unit if schema.has_custom_validator else "").removeprefix("allowed: ")
    if words or schema.has_custom_validator:
        return words
    if get_origin(schema.kind) is Literal:
        return " or ".join(map(str, get_args(schema.kind)))
    return TYPE_NAMES.get(schema.kind, "") if isinstance(schema.kind, type) else ""


def docstring_title(model: type[BaseModel] | None) -> str:
    """Return the first line of the docstring of a table without the full stop."""
    return (model.__doc__ or "").strip().splitlines()[0].rstrip(".") if model and model.__doc__ else ""


PAGE_HEADER = """# Configuration keys

<!-- Generated by `carryflow config table --out docs/parameters.md`; a test compares it with the schema. -->

All keys of a scenario file, generated from the schema that validates it. Keys are grouped by table; `[]` is an item of a list,
`NAME` a name of your choice. *required* means that the config or its base must state the value, *none* that there is no default.
Keys with an empty unit are plain numbers or text. Every default has a source or a reasoned assumption; scenarios state the
sources of their own values, and switches are the modeller's choice. Rates include their unit in the value: `25bp`, `0.25%`.
In the last column, MODEL and CALIBRATION are the briefs that the model was built from; CLAIMS with a number is a claim in
`configs/claims.yaml` (`carryflow claims`). Posterior medians: [calibration](calibration.md).

To change one value: `carryflow run SCENARIO --set KEY=VALUE`. To see all values of a file and their origin: `carryflow config
show FILE --origin`.

To see which keys matter: `carryflow config sensitivity SCENARIO` moves each numeric key by one step with the same draws and lists
the outcomes that move, as effect ± standard error. The step is 10 % of the value, 5 bp of a rate, or a size by unit from zero;
it goes down where the range ends, and against a key beside it where shares add up. A key is *live* if a metric moves by more
than two standard errors, *weak* if none does, and *inert* if no market or flow column moves on any day by more than rounding
(1e-9), or only the level at which it is quoted; then the reason is given. About one metric in twenty lies beyond two standard
errors by chance. A step of `seed` or `investors` changes the draws. Keys that move no outcome in any scenario say so below;
`carryflow config check --set` and `carryflow sweep` warn when one is set or varied.
"""
TABLE_COLUMNS = ("Key", "Meaning", "Unit", "Default", "Allowed", "Source")
STANDARD_SOURCE = "standard market: simulation/market/parameters.py"
SEPARATE_SECTIONS = ("markets", "populations")


def parameter_table() -> str:
    """Return the page: one section per table of a scenario, then the keys of events."""
    sections = [PAGE_HEADER, *scenario_sections(), *market_sections(), *population_sections()]
    only_events = [
        item for item in parameter_rows(ParameterGroup("", Event)) if first_key(item) not in Scenario.model_fields
    ]
    sections += [markdown_section("Events only", docstring_title(Event), only_events)]
    note = f"{docstring_title(Lognormal)}. Keys whose default shows a median take such a table"
    return "\n".join(
        [*sections, markdown_section("Distributions", note, list(parameter_rows(ParameterGroup("", Lognormal))))]
    )


def scenario_sections() -> Iterator[str]:
    """Yield the section of keys outside tables, then one section per table."""
    items = list(parameter_rows(ParameterGroup("", Scenario)))
    yield markdown_section(
        "Scenario", docstring_title(Scenario), [item for item in items if isinstance(item, ParameterRow)]
    )
    for item in items:
        if isinstance(item, ParameterGroup) and first_key(item) not in SEPARATE_SECTIONS:
            yield table_section(item)


def market_sections() -> Iterator[str]:
    """Yield a section per standard market with its defaults."""
    kinds = {kind.model_fields["kind"].default: kind for kind in get_args(unwrap_type(AnyMarket).kind)}
    for name, values in STANDARD_MARKETS.items():
        kind = kinds[values["kind"]]
        yield table_section(
            ParameterGroup(f"markets.{name}", kind, kind.model_validate(values), source=STANDARD_SOURCE)
        )


def population_sections() -> Iterator[str]:
    """Yield a section per kind of population."""
    for population in ROSTER:
        kind = population.Parameters
        yield table_section(ParameterGroup(f"populations.{kind.model_fields['kind'].default}", kind))


def table_section(table: ParameterGroup) -> str:
    """Return the section of a table and the tables below, with keys relative to it."""
    return markdown_section(
        f"`{table.path}`", docstring_title(table.model), flatten_rows(parameter_rows(table)), table.path + "."
    )


def flatten_rows(items: Iterator[ParameterRow | ParameterGroup]) -> list[ParameterRow | ParameterGroup]:
    """Return rows, with tables replaced by their rows."""
    rows: list[ParameterRow | ParameterGroup] = []
    for item in items:
        rows += [item] if isinstance(item, ParameterRow) else flatten_rows(parameter_rows(item))
    return rows


def markdown_section(title: str, about: str, items: list[ParameterRow | ParameterGroup], prefix: str = "") -> str:
    """Return a heading, a sentence and a table of rows."""
    lines = [
        f"## {title}",
        "",
        f"{about}.",
        "",
        markdown_row(TABLE_COLUMNS),
        markdown_row(["---"] * len(TABLE_COLUMNS)),
    ]
    for item in flatten_rows(iter(items)):
        if isinstance(item, ParameterRow):
            key = item.key.removeprefix(prefix)
            lines.append(markdown_row((f"`{key}`", item.meaning, item.unit, item.default, item.allowed, item.source)))
    return "\n".join([*lines, ""])


def markdown_row(cells: "tuple[str, ...] | list[str]") -> str:
    """Return one line of a Markdown table."""
    return "| " + " | ".join(cell.replace("|", "\\|").replace("<", "&lt;") for cell in cells) + " |"


def first_key(item: ParameterRow | ParameterGroup) -> str:
    """Return the first key of a path."""
    path = item.key if isinstance(item, ParameterRow) else item.path
    return path.split(".")[0].removesuffix("[]")
