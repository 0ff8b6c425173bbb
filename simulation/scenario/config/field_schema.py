"""The schema of each key of a config, found along a key path through models, lists, mappings and unions of kinds."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types
from pydantic import BaseModel, BeforeValidator, Discriminator, PlainValidator, Tag, WrapValidator
from pydantic.fields import FieldInfo

from simulation.scenario.config.formatting import AllowedRange
from simulation.scenario.config.tree import KeyPath, Node, descend


@dataclass(frozen=True)
class FieldSchema:
    """An unwrapped type and its annotations: bounds, unit, discriminator."""

    kind: Any
    notes: tuple[Any, ...] = ()

    @property
    def model(self) -> type[BaseModel] | None:
        """The model, or None."""
        return self.kind if isinstance(self.kind, type) and issubclass(self.kind, BaseModel) else None

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of a model; empty for other types."""
        return tuple(_model_fields(self.model)) if self.model else ()

    @property
    def unit(self) -> str:
        """The unit of a quantity; may be empty."""
        for note in self.notes:
            extra = note.json_schema_extra if isinstance(note, FieldInfo) else None
            if isinstance(extra, dict) and extra.get("unit"):
                return str(extra["unit"])
        return ""

    @property
    def description(self) -> str:
        """The description of a key; may be empty."""
        descriptions = (note.description for note in self.notes if isinstance(note, FieldInfo))
        return next((text for text in descriptions if text), "")

    @property
    def allowed(self) -> AllowedRange:
        """The allowed range of a number."""
        bounds: dict[str, Any] = {}
        for note in self.notes:
            for name in ("ge", "gt", "le", "lt"):
                if isinstance(note, _BOUNDS) and getattr(note, name, None) is not None:
                    bounds[name] = getattr(note, name)
        low, high = bounds.get("gt", bounds.get("ge")), bounds.get("lt", bounds.get("le"))
        return AllowedRange(low, high, "gt" in bounds, "lt" in bounds)

    @property
    def has_custom_validator(self) -> bool:
        """Whether a custom validator reads the value before pydantic does (``25bp``)."""
        return any(isinstance(note, BeforeValidator | PlainValidator | WrapValidator) for note in self.notes)

    def members(self) -> dict[str, "FieldSchema"]:
        """Return the members of a tagged union by tag; empty for other types."""
        if get_origin(self.kind) not in (Union, UnionType):
            return {}
        key = next((name for name in map(_discriminator, self.notes) if name is not None), None)
        if key is None:
            return {}
        return {tag: schema for member in get_args(self.kind) for tag, schema in _tagged_members(member, key)}

    def step(self, part: str | int, present: bool) -> tuple["FieldSchema", bool]:
        """Return the schema one step down, and whether the step is a key of the config.

        Pydantic paths also contain kinds and labels of unions, which are not keys.  If the type does not decide,
        `present` does: whether the config has such a key.
        """
        members = self.members()
        if members:
            return members.get(str(part), ANY_FIELD), False
        if self.model:
            field = _model_fields(self.model).get(str(part))
            return (ANY_FIELD if field is None else unwrap_type(field.annotation, _flatten_notes([field]))), True
        origin, arguments = get_origin(self.kind) or self.kind, get_args(self.kind)
        if isinstance(origin, type) and issubclass(origin, Mapping):
            return (unwrap_type(arguments[1]) if len(arguments) == 2 else ANY_FIELD), part != "[key]"
        if isinstance(part, int) and isinstance(origin, type) and issubclass(origin, Sequence | set | frozenset):
            return _item_schema(arguments, part), True
        if origin in (Union, UnionType):
            return _member_by_label(arguments, str(part)), False
        return ANY_FIELD, present


_BOUNDS = (annotated_types.Interval, annotated_types.Ge, annotated_types.Gt, annotated_types.Le, annotated_types.Lt)
ANY_FIELD = FieldSchema(Any)


def unwrap_type(kind: Any, notes: Sequence[Any] = ()) -> FieldSchema:
    """Return the schema of a type without aliases, ``Annotated`` and ``| None``; their annotations are kept."""
    notes = tuple(notes)
    if get_origin(kind) is Annotated:
        inner, *annotations = get_args(kind)
        return unwrap_type(inner, (*notes, *_flatten_notes(annotations)))
    if hasattr(kind, "__value__"):
        return unwrap_type(kind.__value__, notes)
    if get_origin(kind) in (Union, UnionType):
        members = [member for member in get_args(kind) if member is not NoneType]
        if len(members) == 1:
            return unwrap_type(members[0], notes)
    return FieldSchema(kind, notes)


def resolve_location(root: type[BaseModel], tree: Node, location: Sequence[str | int]) -> tuple[KeyPath, FieldSchema]:
    """Return the key path of a pydantic location, and the schema there."""
    schema, path = FieldSchema(root), ()  # type: tuple[FieldSchema, KeyPath]
    for part in location:
        schema, is_key = schema.step(part, descend(tree, (*path, part)) is not None)
        path = (*path, part) if is_key else path
    return path, schema


def union_member(schema: FieldSchema, node: Node | None, key: str) -> FieldSchema:
    """Return the member of a tagged union selected by the kind of a mapping or, without a kind, by its key."""
    members = schema.members()
    if not members or node is None:
        return schema
    for name in filter(None, map(_discriminator, schema.notes)):
        chosen = node.child(name)
        key = chosen.content if chosen is not None and isinstance(chosen.content, str) else key
    return members.get(key, ANY_FIELD)


def scalar_fields(schema: FieldSchema, node: Node, path: KeyPath = ()) -> Iterator[tuple[KeyPath, Node, FieldSchema]]:
    """Yield every scalar of a config with its key path and its schema."""
    schema = union_member(schema, node, str(path[-1]) if path else "")
    if isinstance(node.content, dict):
        children: list[tuple[str | int, Node]] = list(node.content.items())
    elif isinstance(node.content, list):
        children = list(enumerate(node.content))
    else:
        yield path, node, schema
        return
    for part, child in children:
        below, is_key = schema.step(part, True)
        yield from scalar_fields(below if is_key else ANY_FIELD, child, (*path, part))


def discriminator_key(schema: FieldSchema) -> str:
    """Return the key that selects the member of a tagged union."""
    return next((name for name in map(_discriminator, schema.notes) if name), "kind")


def _model_fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """Return the fields of a model by their key in a config."""
    return {info.alias or name: info for name, info in model.model_fields.items()}


def _flatten_notes(notes: Sequence[Any]) -> tuple[Any, ...]:
    """Return annotations, followed by those inside a field."""
    groups = ((note, *note.metadata) if isinstance(note, FieldInfo) else (note,) for note in notes)
    return tuple(part for parts in groups for part in parts)


def _discriminator(note: Any) -> str | None:
    """Return the discriminator key in an annotation; empty for a function, None for other annotations."""
    annotation = note.discriminator if isinstance(note, FieldInfo) else note
    if isinstance(annotation, Discriminator):
        annotation = annotation.discriminator
        return annotation if isinstance(annotation, str) else ""
    return annotation if isinstance(annotation, str) and isinstance(note, FieldInfo) else None


def _tagged_members(member: Any, key: str) -> Iterator[tuple[str, FieldSchema]]:
    """Yield the tags of one member of a union with its schema."""
    schema = unwrap_type(member)
    tags = [note.tag for note in schema.notes if isinstance(note, Tag)]
    field = schema.model.model_fields.get(key) if schema.model else None
    if not tags and field is not None and get_origin(field.annotation) is Literal:
        tags = [str(tag) for tag in get_args(field.annotation)]
    for tag in tags:
        yield tag, schema


def _item_schema(arguments: tuple[Any, ...], index: int) -> FieldSchema:
    """Return the schema of an item of a list or tuple."""
    if len(arguments) == 1 or arguments[1:] == (Ellipsis,):
        return unwrap_type(arguments[0])
    return unwrap_type(arguments[index]) if index < len(arguments) else ANY_FIELD


def _member_by_label(arguments: tuple[Any, ...], label: str) -> FieldSchema:
    """Return the member of a plain union with a pydantic label such as ``list[float]``."""
    schemas = [unwrap_type(member) for member in arguments]
    for schema in schemas:
        name = getattr(schema.kind, "__name__", str(schema.kind))
        if label == name or label.startswith(f"{name}["):
            return schema
    return ANY_FIELD
