"""What a model allows at each key: follows pydantic models, lists, mappings and unions of kinds along a key path."""

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
    """A type without its wrappers, and what was said about it: bounds, unit, discriminator."""

    kind: Any
    notes: tuple[Any, ...] = ()

    @property
    def model(self) -> type[BaseModel] | None:
        """The model, None for anything else."""
        return self.kind if isinstance(self.kind, type) and issubclass(self.kind, BaseModel) else None

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys that a model knows, none for anything else."""
        return tuple(_model_fields(self.model)) if self.model else ()

    @property
    def unit(self) -> str:
        """The unit of a quantity, empty where none is given."""
        for note in self.notes:
            extra = note.json_schema_extra if isinstance(note, FieldInfo) else None
            if isinstance(extra, dict) and extra.get("unit"):
                return str(extra["unit"])
        return ""

    @property
    def about(self) -> str:
        """What a key means, empty where the model does not say."""
        said = (note.description for note in self.notes if isinstance(note, FieldInfo))
        return next((text for text in said if text), "")

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
    def prepares(self) -> bool:
        """Whether a validator of its own reads the value before pydantic does (``25bp``)."""
        return any(isinstance(note, BeforeValidator | PlainValidator | WrapValidator) for note in self.notes)

    def members(self) -> dict[str, "FieldSchema"]:
        """Return the kinds of a tagged union by tag, empty for anything else."""
        if get_origin(self.kind) not in (Union, UnionType):
            return {}
        key = next((name for name in map(_discriminator, self.notes) if name is not None), None)
        if key is None:
            return {}
        return {tag: shape for member in get_args(self.kind) for tag, shape in _tagged_members(member, key)}

    def step(self, part: str | int, present: bool) -> tuple["FieldSchema", bool]:
        """Return the shape one step down, and whether the step is a key of the config.

        Pydantic's own paths also hold the kinds of a union and other labels, which are no keys; where the type does not
        tell, `present` (the config has such a key) decides.
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
    """Return the shape of a type: aliases, ``Annotated`` and ``| None`` taken off, their notes kept."""
    notes = tuple(notes)
    if get_origin(kind) is Annotated:
        inner, *said = get_args(kind)
        return unwrap_type(inner, (*notes, *_flatten_notes(said)))
    if hasattr(kind, "__value__"):
        return unwrap_type(kind.__value__, notes)
    if get_origin(kind) in (Union, UnionType):
        members = [member for member in get_args(kind) if member is not NoneType]
        if len(members) == 1:
            return unwrap_type(members[0], notes)
    return FieldSchema(kind, notes)


def resolve_location(root: type[BaseModel], tree: Node, location: Sequence[str | int]) -> tuple[KeyPath, FieldSchema]:
    """Return the key path that one of pydantic's locations means, and the shape found there."""
    shape, path = FieldSchema(root), ()  # type: tuple[FieldSchema, KeyPath]
    for part in location:
        shape, is_key = shape.step(part, descend(tree, (*path, part)) is not None)
        path = (*path, part) if is_key else path
    return path, shape


def union_member(shape: FieldSchema, node: Node | None, key: str) -> FieldSchema:
    """Return the member of a tagged union that a mapping chooses by its kind, or by its own key where it names none."""
    members = shape.members()
    if not members or node is None:
        return shape
    for name in filter(None, map(_discriminator, shape.notes)):
        chosen = node.child(name)
        key = chosen.content if chosen is not None and isinstance(chosen.content, str) else key
    return members.get(key, ANY_FIELD)


def scalar_fields(shape: FieldSchema, node: Node, path: KeyPath = ()) -> Iterator[tuple[KeyPath, Node, FieldSchema]]:
    """Yield every scalar of a config with its key path and its shape."""
    shape = union_member(shape, node, str(path[-1]) if path else "")
    if isinstance(node.content, dict):
        children: list[tuple[str | int, Node]] = list(node.content.items())
    elif isinstance(node.content, list):
        children = list(enumerate(node.content))
    else:
        yield path, node, shape
        return
    for part, child in children:
        below, is_key = shape.step(part, True)
        yield from scalar_fields(below if is_key else ANY_FIELD, child, (*path, part))


def discriminator_key(shape: FieldSchema) -> str:
    """Return the key that chooses between the kinds of a tagged union."""
    return next((name for name in map(_discriminator, shape.notes) if name), "kind")


def _model_fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """Return the fields of a model by the key that a config writes."""
    return {info.alias or name: info for name, info in model.model_fields.items()}


def _flatten_notes(notes: Sequence[Any]) -> tuple[Any, ...]:
    """Return notes with those that a field carries laid out beside it."""
    laid_out = ((note, *note.metadata) if isinstance(note, FieldInfo) else (note,) for note in notes)
    return tuple(part for parts in laid_out for part in parts)


def _discriminator(note: Any) -> str | None:
    """Return the key named by a note that chooses between kinds, empty for a function, None for another note."""
    chooser = note.discriminator if isinstance(note, FieldInfo) else note
    if isinstance(chooser, Discriminator):
        chooser = chooser.discriminator
        return chooser if isinstance(chooser, str) else ""
    return chooser if isinstance(chooser, str) and isinstance(note, FieldInfo) else None


def _tagged_members(member: Any, key: str) -> Iterator[tuple[str, FieldSchema]]:
    """Yield the tags of one member of a union with its shape."""
    shape = unwrap_type(member)
    tags = [note.tag for note in shape.notes if isinstance(note, Tag)]
    field = shape.model.model_fields.get(key) if shape.model else None
    if not tags and field is not None and get_origin(field.annotation) is Literal:
        tags = [str(tag) for tag in get_args(field.annotation)]
    for tag in tags:
        yield tag, shape


def _item_schema(arguments: tuple[Any, ...], index: int) -> FieldSchema:
    """Return the shape of an item of a list or tuple."""
    if len(arguments) == 1 or arguments[1:] == (Ellipsis,):
        return unwrap_type(arguments[0])
    return unwrap_type(arguments[index]) if index < len(arguments) else ANY_FIELD


def _member_by_label(arguments: tuple[Any, ...], label: str) -> FieldSchema:
    """Return the member of a plain union that one of pydantic's labels (``list[float]``) names."""
    shapes = [unwrap_type(member) for member in arguments]
    for shape in shapes:
        name = getattr(shape.kind, "__name__", str(shape.kind))
        if label == name or label.startswith(f"{name}["):
            return shape
    return ANY_FIELD
