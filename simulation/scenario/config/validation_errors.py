"""Validation errors of pydantic as problems at a place in a file, with a message and a cure."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from simulation.scenario.config.errors import ConfigProblem
from simulation.scenario.config.field_schema import FieldSchema, discriminator_key, resolve_location, scalar_fields
from simulation.scenario.config.formatting import (
    PURE_NUMBERS,
    format_quantity,
    nearest_name,
    suggest_name,
    suggest_value,
)
from simulation.scenario.config.tree import KeyPath, Node, Origin, Source, descend, locate_message, nearest_node
from simulation.scenario.config.yaml_reader import describe_value
from simulation.values.parameters import BASIS_POINTS_PER

MessageAndCure = tuple[str, str]
NUMBER_WITH_TEXT = re.compile(r"\s*([+-]?[\d,]*\.?\d+(?:e[+-]?\d+)?)\s*(\S*)\s*$", re.IGNORECASE)
PERCENT_IN_ONE = 100.0
DIGITS_OF_A_GROUP = 3
DATE_LIKE = re.compile(r"\s*(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})\s*$")


@dataclass(frozen=True)
class ValidationIssue:
    """A validation error: its type, message and context, and the value and the schema of the key."""

    type: str
    text: str
    context: Mapping[str, Any]
    value: object
    node: Node | None
    schema: FieldSchema

    @property
    def is_own(self) -> bool:
        """Whether the error comes from a check of the model rather than from pydantic."""
        return not any(self.type in types for types, _ in _DESCRIBERS)

    @property
    def written_value(self) -> str:
        """The value as written in the config."""
        value = self.node.content if self.node is not None else self.value
        if isinstance(value, str):
            return repr(value) if len(value) <= 60 else repr(value[:57] + "...")
        if isinstance(value, bool | None):
            return {True: "true", False: "false", None: "nothing"}[value]
        return describe_value(self.node) if self.node is not None and isinstance(value, dict | list) else str(value)


def describe_issue(issue: ValidationIssue) -> MessageAndCure:
    """Return message and cure."""
    for types, describe in _DESCRIBERS:
        if issue.type in types:
            return describe(issue)
    return _describe_own_check(issue)


def describe_bad_number(issue: ValidationIssue) -> MessageAndCure:
    """Message for a value that is not a number; the cure is the likely number in the unit of the key."""
    whole = issue.type.startswith("int")
    message = f"{issue.written_value} is not a {'whole ' if whole else ''}number"
    found = NUMBER_WITH_TEXT.match(str(issue.value)) if isinstance(issue.value, str) else None
    if found is None:
        return _with_range(message, issue), ""
    converted = _convert_unit(_without_commas(found[1]), found[2].lower(), issue.schema.unit or "")
    unit = f" (the unit is {issue.schema.unit})" if issue.schema.unit else ""
    quoted = not found[2] and converted == str(issue.value).strip()
    return _with_range(message, issue), f"write {converted}{' without quotes' if quoted else ''}{unit}"


def _without_commas(written: str) -> str:
    """Return a number without commas; a single comma not followed by three digits is a decimal point (153,72)."""
    whole, comma, rest = written.rpartition(",")
    decimal = comma and "," not in whole and "." not in written and len(rest) != DIGITS_OF_A_GROUP
    return f"{whole}.{rest}" if decimal else written.replace(",", "")


def _convert_unit(number: str, written: str, unit: str) -> str:
    """Convert a number to the unit of its key: 402bp is 4.02 in percent, 50% is 0.5 as a probability or share."""
    own = unit.split()[0] if unit else ""
    if written == "%" and unit in PURE_NUMBERS:
        return f"{float(number) / PERCENT_IN_ONE:.12g}"
    if written == own or written not in BASIS_POINTS_PER or own not in BASIS_POINTS_PER:
        return number
    return f"{float(number) * BASIS_POINTS_PER[written] / BASIS_POINTS_PER[own]:.12g}"


def describe_bad_date(issue: ValidationIssue) -> MessageAndCure:
    """Message for a value that is not a date; the cure corrects the format if possible."""
    message = f"{issue.written_value} is not a date"
    parts = DATE_LIKE.match(str(issue.value))
    if parts is None:
        return message, "write it as YYYY-MM-DD"
    year, month, day = (int(part) for part in parts.groups())
    try:
        return message, f"write {date(year, month, day)}"
    except ValueError as error:
        return f"{message} ({error})", "write it as YYYY-MM-DD"


def _describe_out_of_range(issue: ValidationIssue) -> MessageAndCure:
    """Message with value, unit and allowed range; the cure is the likely value."""
    value, unit, allowed = issue.value, issue.schema.unit, issue.schema.allowed
    size = "small" if issue.type.startswith("greater") else "large"
    if not isinstance(value, int | float):
        return f"{issue.written_value} is too {size}" + _range_suffix(issue), _suggest_rate(issue)
    shown = (
        issue.written_value if isinstance(getattr(issue.node, "content", None), str) else format_quantity(value, unit)
    )
    return f"{shown} is too {size}" + _range_suffix(issue), suggest_value(value, allowed, unit)


def _suggest_rate(issue: ValidationIssue) -> str:
    """Return ``did you mean ...?`` with the likely rate (15 bp for 15 %), else an empty string."""
    found = NUMBER_WITH_TEXT.match(str(issue.value))
    if found is None or found[2].lower() not in BASIS_POINTS_PER:
        return ""
    value = float(_convert_unit(found[1].replace(",", ""), found[2].lower(), issue.schema.unit))
    return suggest_value(value, issue.schema.allowed, issue.schema.unit)


def _range_suffix(issue: ValidationIssue) -> str:
    """Return the allowed range as a suffix of a message; the pydantic message if the schema has no range."""
    limits = issue.schema.allowed.words(issue.schema.unit)
    return f"; {limits}" if limits else f" ({issue.text})"


def _with_range(message: str, issue: ValidationIssue) -> str:
    """Return the message with the allowed range or, without a range, the unit."""
    limits = issue.schema.allowed.words(issue.schema.unit)
    unit = f"unit: {issue.schema.unit}" if issue.schema.unit else ""
    return "; ".join(part for part in (message, limits or unit) if part)


def _describe_missing_key(issue: ValidationIssue) -> MessageAndCure:
    """Message for a missing key, with unit and range."""
    keys, description = issue.schema.keys, issue.schema.description
    cure = f"keys: {', '.join(keys)}" if keys else f"add it: {description}" if description else ""
    return _with_range("this required key is missing", issue), cure


def _describe_too_few(issue: ValidationIssue) -> MessageAndCure:
    """Message for too few entries, with the minimum."""
    minimum, description = issue.context.get("min_length", 1), issue.schema.description
    return (
        f"{issue.written_value} has too few entries; allowed: {minimum} or more",
        f"add: {description}" if description else "",
    )


def _describe_bad_choice(issue: ValidationIssue) -> MessageAndCure:
    """Message for an invalid choice; the cure is the nearest valid one."""
    kind = issue.schema.kind
    options = [str(option) for option in get_args(kind)] if get_origin(kind) is Literal else []
    if isinstance(kind, type) and issubclass(kind, Enum):
        options = [str(member.value) for member in kind]
    allowed = ", ".join(options) or str(issue.context.get("expected", ""))
    hint = suggest_name(str(issue.value), options)
    return f"{issue.written_value} is not one of: {allowed}", hint if hint.startswith("did") else ""


def _describe_bad_kind(issue: ValidationIssue) -> MessageAndCure:
    """Message for an unknown kind; the cure is the nearest valid one."""
    key, kinds = discriminator_key(issue.schema), sorted(issue.schema.members())
    if issue.type == "union_tag_not_found":
        return f"the key {key} is required; allowed: {', '.join(kinds)}", f"add the key {key}"
    tag = str(issue.context.get("tag", ""))
    hint = suggest_name(tag, kinds)
    return f"unknown {key} {tag!r}, not one of: {', '.join(kinds)}", hint if hint.startswith("did") else ""


def _describe_bad_container(issue: ValidationIssue) -> MessageAndCure:
    """Message for a value that should be a mapping or a list."""
    keys = issue.schema.keys
    if issue.type in _LIST_TYPES:
        return f"expected a list, got {issue.written_value}", "write [first, second] or one `- ` line for each item"
    if issue.value is None:
        return "expected keys and values, got nothing", "null removes only what a base file or the config sets"
    return f"expected keys and values, got {issue.written_value}", f"valid keys: {', '.join(keys)}" if keys else ""


def _describe_bad_text(issue: ValidationIssue) -> MessageAndCure:
    """Message for a value that should be text."""
    simple = isinstance(issue.value, int | float | date)
    return f"expected text, got {issue.written_value}", "put it in quotes" if simple else ""


def _describe_bad_switch(issue: ValidationIssue) -> MessageAndCure:
    """Message for a value that should be true or false."""
    return f"{issue.written_value} is neither true nor false", "write true or false"


def _describe_own_check(issue: ValidationIssue) -> MessageAndCure:
    """Return the message of a check of the model, with the value if the message does not contain it."""
    text = re.sub(r"^(Value error|Assertion failed), ", "", issue.text).replace(" after validation", "")
    text = text.replace("Input should", "it must").replace("String should", "the text must")
    simple = issue.node is not None and not isinstance(issue.node.content, dict | list)
    return (f"{issue.written_value}: {text}" if simple and issue.written_value not in text else text), ""


_LIST_TYPES = ("list_type", "tuple_type", "set_type", "frozen_set_type")
_DATE_TYPES = ("date_type", "date_parsing", "date_from_datetime_parsing", "date_from_datetime_inexact")
_FLOAT_TYPES = ("float_type", "float_parsing", "finite_number")
_INT_TYPES = ("int_type", "int_parsing", "int_from_float", "int_parsing_size")
_DESCRIBERS: tuple[tuple[tuple[str, ...], Callable[[ValidationIssue], MessageAndCure]], ...] = (
    (("missing",), _describe_missing_key),
    (_FLOAT_TYPES + _INT_TYPES, describe_bad_number),
    (("greater_than_equal", "greater_than", "less_than_equal", "less_than"), _describe_out_of_range),
    (_DATE_TYPES, describe_bad_date),
    (("literal_error", "enum"), _describe_bad_choice),
    (("union_tag_invalid", "union_tag_not_found"), _describe_bad_kind),
    (("model_type", "model_attributes_type", "dict_type", *_LIST_TYPES), _describe_bad_container),
    (("too_short",), _describe_too_few),
    (("string_type",), _describe_bad_text),
    (("bool_type", "bool_parsing"), _describe_bad_switch),
)
"""Pydantic error types and the functions that describe them."""


@dataclass(frozen=True)
class _LocatedProblem:
    """A problem with its key path; `likely_path` is the required key that an unknown key probably stands for."""

    path: KeyPath
    problem: ConfigProblem
    likely_path: KeyPath = ()


def validation_problems(error: ValidationError, root: type[BaseModel], tree: Node) -> list[ConfigProblem]:
    """Return the problems behind a validation error, without those that follow from another reported problem."""
    details = error.errors(include_url=False)
    missing = {resolve_location(root, tree, detail["loc"])[0] for detail in details if detail["type"] == "missing"}
    located = [_located_problem(detail, root, tree, missing) for detail in details]
    replaced = {item.likely_path for item in located if item is not None and item.likely_path}
    return [item.problem for item in located if item is not None and item.path not in replaced & missing]


def type_problems(root: type[BaseModel], tree: Node) -> list[ConfigProblem]:
    """Return problems with values that pydantic would convert although they are wrong: true as 1, 0 as a date."""
    problems = []
    for path, node, schema in scalar_fields(FieldSchema(root), tree):
        message_and_cure = _type_problem(node, schema)
        if message_and_cure is not None:
            problems.append(node.origin.problem(path, *message_and_cure))
    return problems


def sort_problems(problems: Iterable[ConfigProblem], sources: Sequence[Source]) -> list[ConfigProblem]:
    """Return problems by file, line and column, one per place and key; overrides come last."""
    merged: dict[tuple[str, str], ConfigProblem] = {}
    for problem in problems:
        key = (problem.place, problem.key)
        merged[key] = _merge_problems(merged[key], problem) if key in merged else problem
    rank = {source.name: index for index, source in enumerate(reversed(sources))}
    last = len(rank)
    return sorted(merged.values(), key=lambda p: (rank.get(p.file, last), p.line or 0, p.column or 0))


def _merge_problems(first: ConfigProblem, second: ConfigProblem) -> ConfigProblem:
    """Combine two problems with one value, such as those from the members of a union."""
    if second.message in first.message:
        return first
    return replace(first, message=f"{first.message}; or {second.message}", hint=first.hint or second.hint)


def _located_problem(
    detail: ErrorDetails, root: type[BaseModel], tree: Node, missing: set[KeyPath]
) -> _LocatedProblem | None:
    """Return the problem of one validation error; None if the YAML reader has reported its cause."""
    path, schema = resolve_location(root, tree, detail["loc"])
    near = nearest_node(tree, path)
    if near.broken or _kind_broken(near, schema):
        return None
    if detail["type"] == "extra_forbidden":
        return _unknown_key(path, resolve_location(root, tree, detail["loc"][:-1])[1], near, missing)
    issue = _validation_issue(detail, descend(tree, path), schema)
    message, hint = describe_issue(issue)
    if detail["loc"][-1:] == ("[key]",):
        return _LocatedProblem(path, near.head.problem(path, message, hint))
    if issue.is_own and isinstance(near.content, dict | list):
        path, message = locate_message(tree, path, message)
    if issue.type == "union_tag_invalid" and near.child(discriminator_key(schema)) is not None:
        path = (*path, discriminator_key(schema))
    return _LocatedProblem(path, _issue_origin(nearest_node(tree, path), issue).problem(path, message, hint))


def _validation_issue(detail: ErrorDetails, node: Node | None, schema: FieldSchema) -> ValidationIssue:
    """Return the issue of one validation error; for an invalid key, the key is the value."""
    if detail["loc"][-1:] == ("[key]",) and node is not None:
        node = replace(node, content=str(detail["loc"][-2]))
    return ValidationIssue(detail["type"], detail["msg"], detail.get("ctx", {}), detail["input"], node, schema)


def _issue_origin(node: Node, issue: ValidationIssue) -> Origin:
    """Return the place to show: the key for a problem inside a container, else the value."""
    container = isinstance(node.content, dict | list) and not issue.type.endswith("_type")
    return node.head if container else node.origin


def _unknown_key(path: KeyPath, parent: FieldSchema, node: Node, missing: set[KeyPath]) -> _LocatedProblem:
    """Return the problem of an unknown key, with the nearest known key."""
    name, known = str(path[-1]), parent.keys
    free = [key for key in known if (*path[:-1], key) in missing] or list(known)
    close = nearest_name(name, free) or nearest_name(name, known)
    hint = f"did you mean {close}?" if close else suggest_name(name, known)
    likely_path = (*path[:-1], close) if close else ()
    return _LocatedProblem(path, node.head.problem(path, "unknown key", hint), likely_path)


def _kind_broken(node: Node, schema: FieldSchema) -> bool:
    """Return whether the kind of a tagged union is unreadable."""
    chosen = node.child(discriminator_key(schema)) if schema.members() else None
    return chosen is not None and chosen.broken


def _type_problem(node: Node, schema: FieldSchema) -> MessageAndCure | None:
    """Return message and cure for a value that pydantic would convert wrongly, or None."""
    value, kind = node.content, schema.kind
    if node.broken or schema.has_custom_validator or not isinstance(kind, type):
        return None
    if issubclass(kind, int | float) and kind is not bool and (isinstance(value, bool) or _is_numeric_text(value)):
        return describe_bad_number(_type_issue("int_type" if issubclass(kind, int) else "float_type", node, schema))
    if issubclass(kind, date) and isinstance(value, int | float):
        return describe_bad_date(_type_issue("date_type", node, schema))
    return None


def _type_issue(kind: str, node: Node, schema: FieldSchema) -> ValidationIssue:
    """Return an issue that pydantic does not report."""
    return ValidationIssue(kind, "", {}, node.content, node, schema)


def _is_numeric_text(value: object) -> bool:
    """Return whether a value is text that pydantic would read as a number."""
    if not isinstance(value, str):
        return False
    try:
        float(value)
    except ValueError:
        return False
    return True
