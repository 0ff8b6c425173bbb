"""One row for each key that a config may hold: meaning, unit, default, allowed values and source, read off the schema."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from simulation.scenario.config.shape import Shape, unwrapped
from simulation.scenario.config.wording import number

RATE_UNIT = "bp, % or pp, written with the value"
KIND = "kind of the table"
OF_SCENARIO = "stated by the scenario"
OF_MODELLER = "the modeller's choice"
RESOLUTION = "a resolution: results converge as it grows"
KINDS = {bool: "true or false", str: "text", date: "a date", int: "a whole number", float: "a number"}


@dataclass(frozen=True)
class Row:
    """What is said of one key; every field is text, empty where nothing is said."""

    key: str
    meaning: str
    unit: str
    default: str
    allowed: str
    source: str


@dataclass(frozen=True)
class Nested:
    """A table below a key.

    Attributes
    ----------
    path, model
        Key path, with ``[]`` for the items of a list and ``NAME`` for a name that the config chooses, and the table's type.
    defaults
        Instance that holds its defaults; none where the type's own count.
    named
        Instances that are there by default under names of their own.
    source
        Where the values come from that `defaults` sets and the type does not.
    """

    path: str
    model: type[BaseModel]
    defaults: BaseModel | None = None
    named: Mapping[str, BaseModel] = field(default_factory=dict)
    source: str = ""


def rows(table: Nested) -> Iterator[Row | Nested]:
    """Yield a row for each key of a table that holds a value, and the tables below it, in the schema's order."""
    for name, info in table.model.model_fields.items():
        of_type = info.get_default(call_default_factory=True, validated_data={})
        default = of_type if table.defaults is None else getattr(table.defaults, name)
        for item in entries(f"{table.path}.{name}".lstrip("."), info, default):
            if isinstance(item, Row) and table.source and default != of_type:
                item = replace(item, source=table.source)
            yield with_names(item, name, table.named) if isinstance(item, Row) else item


def entries(path: str, info: FieldInfo, default: Any) -> Iterator[Row | Nested]:
    """Yield the row of one field, the table that it opens, or both."""
    shape = unwrapped(info.annotation, (info, *info.metadata))
    below = opened(shape)
    given = default if isinstance(default, BaseModel) else None
    if below is None or is_value(shape, given):
        yield row(path, info, shape, default)
        return
    suffix, models = below
    if suffix or (given is None and default is not PydanticUndefined):
        yield row(path, info, shape if len(models) > 1 else Shape(models[0], shape.notes), default)
    named = default if suffix == ".NAME" and isinstance(default, Mapping) else {}
    for model in models:
        yield Nested(path + suffix, model, given, named, info.description or "")


def with_names(of_type: Row, name: str, named: Mapping[str, BaseModel]) -> Row:
    """Return a row with the defaults of the named tables that differ from the type's own."""
    others = {key: written(getattr(one, name), of_type.unit == RATE_UNIT) for key, one in named.items()}
    differing = [f"{key} {value}" for key, value in others.items() if value != of_type.default]
    return replace(of_type, default=f"{of_type.default} ({', '.join(differing)})") if differing else of_type


def opened(shape: Shape) -> tuple[str, tuple[type[BaseModel], ...]] | None:
    """Return what the path of a table gets added (list item, name or nothing) and the tables, None where there are none."""
    if shape.model:
        return "", (shape.model,)
    origin, arguments = get_origin(shape.kind), get_args(shape.kind)
    if origin in (Union, UnionType):
        models = tuple(inner.model for inner in map(unwrapped, arguments) if inner.model)
        return ("", models) if models else None
    if not isinstance(origin, type) or not arguments:
        return None
    mapping = issubclass(origin, Mapping)
    inner = opened(unwrapped(arguments[1] if mapping else arguments[0]))
    return None if inner is None else (".NAME" if mapping else "[]", inner[1])


def is_value(shape: Shape, given: BaseModel | None) -> bool:
    """Whether a table is written as one value: it has keys that must be given, and a default that gives them."""
    model = shape.model
    return model is not None and given is not None and any(part.is_required() for part in model.model_fields.values())


def row(path: str, info: FieldInfo, shape: Shape, default: Any) -> Row:
    """Return the row of one key."""
    extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    meaning = info.description or first_line(shape.model) or KIND
    unit = RATE_UNIT if shape.prepares else shape.unit
    text = written(default, shape.prepares)
    source = str(extra.get("source", "")) or without_claim(path, meaning, text)
    return Row(path, meaning, unit, text, allowed(shape), source)


def without_claim(path: str, meaning: str, default: str) -> str:
    """Return who answers for a value that claims nothing about the world; empty where a source has to be stated.

    Values without a default are the scenario's, which gives their sources; a switch, a kind and a number of investors are
    choices.  Every other default is a number or a word about the world.
    """
    if default in ("required", "none"):
        return OF_SCENARIO
    if meaning == KIND or default in ("true", "false"):
        return OF_MODELLER
    return RESOLUTION if path.endswith(".investors") else ""


def written(value: Any, is_rate: bool = False) -> str:
    """Return a default as it would be written in a config."""
    if value is PydanticUndefined:
        return "required"
    if isinstance(value, BaseModel):
        set_here = [key for key in type(value).model_fields if key in value.model_fields_set]
        return written({key: getattr(value, key) for key in set_here})
    if value is None or (not isinstance(value, bool | int | float | date) and not value):
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return ", ".join(entry(key, part) for key, part in value.items())
    if isinstance(value, tuple | list):
        return ", ".join(written(part) for part in value)
    return f"{value:g}bp" if is_rate and isinstance(value, float) else text_of(value)


def entry(key: Any, value: Any) -> str:
    """Return one entry of a mapping: its name alone where it is a table, which has a section of its own."""
    if isinstance(value, BaseModel):
        return str(key)
    inner = f"({written(value)})" if isinstance(value, Mapping) else written(value)
    return f"{text_of(key)}: {inner}"


def text_of(value: Any) -> str:
    """Return a number or text as it is written."""
    return number(value) if isinstance(value, int | float | date) else str(value)


def allowed(shape: Shape) -> str:
    """Return what values a key takes: a range, a choice, or a kind of value."""
    words = shape.allowed.words(shape.unit if shape.prepares else "").removeprefix("allowed: ")
    if words or shape.prepares:
        return words
    if get_origin(shape.kind) is Literal:
        return " or ".join(map(str, get_args(shape.kind)))
    return KINDS.get(shape.kind, "") if isinstance(shape.kind, type) else ""


def first_line(model: type[BaseModel] | None) -> str:
    """Return what a table says of itself in one line, without the full stop."""
    return (model.__doc__ or "").strip().splitlines()[0].rstrip(".") if model and model.__doc__ else ""
