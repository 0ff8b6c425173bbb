"""Say in a modeller's words what pydantic found wrong with a value, and how to put it right.

Turn pydantic's findings into mistakes at a place in a file, all of them at once.
"""

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
    """One of pydantic's findings: its type, its own message and context, and what the config holds and may hold."""

    type: str
    text: str
    context: Mapping[str, Any]
    value: object
    node: Node | None
    shape: FieldSchema

    @property
    def is_own(self) -> bool:
        """Whether a check of our own made the finding, in its own words."""
        return not any(self.type in types for types, _ in _DESCRIBERS)

    @property
    def shown(self) -> str:
        """The value as the config has it."""
        held = self.node.content if self.node is not None else self.value
        if isinstance(held, str):
            return repr(held) if len(held) <= 60 else repr(held[:57] + "...")
        if isinstance(held, bool | None):
            return {True: "true", False: "false", None: "nothing"}[held]
        return describe_value(self.node) if self.node is not None and isinstance(held, dict | list) else str(held)


def describe_issue(mistake: ValidationIssue) -> MessageAndCure:
    """Return what is wrong and the cure."""
    for types, say in _DESCRIBERS:
        if mistake.type in types:
            return say(mistake)
    return _describe_own_check(mistake)


def describe_bad_number(mistake: ValidationIssue) -> MessageAndCure:
    """Say that a number is wanted, in its unit, and how to write the one probably meant."""
    whole = mistake.type.startswith("int")
    message = f"{mistake.shown} is not a {'whole ' if whole else ''}number"
    found = NUMBER_WITH_TEXT.match(str(mistake.value)) if isinstance(mistake.value, str) else None
    if found is None:
        return _with_range(message, mistake), ""
    bare = _convert_unit(_without_commas(found[1]), found[2].lower(), mistake.shape.unit or "")
    unit = f" (the unit is {mistake.shape.unit})" if mistake.shape.unit else ""
    quoted = not found[2] and bare == str(mistake.value).strip()
    return _with_range(message, mistake), f"write {bare}{' without quotes' if quoted else ''}{unit}"


def _without_commas(written: str) -> str:
    """Return a number without commas: one that stands before other than three digits is a decimal point (153,72)."""
    whole, comma, rest = written.rpartition(",")
    decimal = comma and "," not in whole and "." not in written and len(rest) != DIGITS_OF_A_GROUP
    return f"{whole}.{rest}" if decimal else written.replace(",", "")


def _convert_unit(number: str, written: str, wanted: str) -> str:
    """Return a number in the unit of its key: 402bp is 4.02 in percent, 50% is 0.5 of a probability or a share."""
    own = wanted.split()[0] if wanted else ""
    if written == "%" and wanted in PURE_NUMBERS:
        return f"{float(number) / PERCENT_IN_ONE:.12g}"
    if written == own or written not in BASIS_POINTS_PER or own not in BASIS_POINTS_PER:
        return number
    return f"{float(number) * BASIS_POINTS_PER[written] / BASIS_POINTS_PER[own]:.12g}"


def describe_bad_date(mistake: ValidationIssue) -> MessageAndCure:
    """Say that a date is wanted, and rewrite one that is nearly right."""
    message = f"{mistake.shown} is not a date"
    parts = DATE_LIKE.match(str(mistake.value))
    if parts is None:
        return message, "write it as YYYY-MM-DD"
    year, month, day = (int(part) for part in parts.groups())
    try:
        return message, f"write {date(year, month, day)}"
    except ValueError as error:
        return f"{message} ({error})", "write it as YYYY-MM-DD"


def _describe_out_of_range(mistake: ValidationIssue) -> MessageAndCure:
    """Say the value, the allowed range and the unit, and ask for the value probably meant."""
    value, unit, allowed = mistake.value, mistake.shape.unit, mistake.shape.allowed
    size = "small" if mistake.type.startswith("greater") else "large"
    if not isinstance(value, int | float):
        return f"{mistake.shown} is too {size}" + _range_suffix(mistake), _suggest_rate(mistake)
    shown = mistake.shown if isinstance(getattr(mistake.node, "content", None), str) else format_quantity(value, unit)
    return f"{shown} is too {size}" + _range_suffix(mistake), suggest_value(value, allowed, unit)


def _suggest_rate(mistake: ValidationIssue) -> str:
    """Return a question that names the rate probably meant (15 bp where 15 % was written), empty where no slip explains it."""
    found = NUMBER_WITH_TEXT.match(str(mistake.value))
    if found is None or found[2].lower() not in BASIS_POINTS_PER:
        return ""
    value = float(_convert_unit(found[1].replace(",", ""), found[2].lower(), mistake.shape.unit))
    return suggest_value(value, mistake.shape.allowed, mistake.shape.unit)


def _range_suffix(mistake: ValidationIssue) -> str:
    """Return the allowed range, ready to follow a message; pydantic's own bound where the type does not tell."""
    limits = mistake.shape.allowed.words(mistake.shape.unit)
    return f"; {limits}" if limits else f" ({mistake.text})"


def _with_range(message: str, mistake: ValidationIssue) -> str:
    """Return the message with the allowed range, or at least the unit, where there is one."""
    limits = mistake.shape.allowed.words(mistake.shape.unit)
    unit = f"unit: {mistake.shape.unit}" if mistake.shape.unit else ""
    return "; ".join(part for part in (message, limits or unit) if part)


def _describe_missing_key(mistake: ValidationIssue) -> MessageAndCure:
    """Say that a key is required, with the unit and range of what to write."""
    keys, about = mistake.shape.keys, mistake.shape.about
    cure = f"it holds: {', '.join(keys)}" if keys else f"add it: {about}" if about else ""
    return _with_range("this required key is missing", mistake), cure


def _describe_too_few(mistake: ValidationIssue) -> MessageAndCure:
    """Say how many are needed of what was left empty."""
    least, about = mistake.context.get("min_length", 1), mistake.shape.about
    return f"{mistake.shown} holds too few entries; allowed: {least} or more", f"add: {about}" if about else ""


def _describe_bad_choice(mistake: ValidationIssue) -> MessageAndCure:
    """Say what may be chosen, with the nearest choice."""
    kind = mistake.shape.kind
    options = [str(option) for option in get_args(kind)] if get_origin(kind) is Literal else []
    if isinstance(kind, type) and issubclass(kind, Enum):
        options = [str(member.value) for member in kind]
    allowed = ", ".join(options) or str(mistake.context.get("expected", ""))
    hint = suggest_name(str(mistake.value), options)
    return f"{mistake.shown} is not one of: {allowed}", hint if hint.startswith("did") else ""


def _describe_bad_kind(mistake: ValidationIssue) -> MessageAndCure:
    """Say which kinds there are, with the nearest one."""
    key, kinds = discriminator_key(mistake.shape), sorted(mistake.shape.members())
    if mistake.type == "union_tag_not_found":
        return f"this needs the key {key}, one of: {', '.join(kinds)}", ""
    tag = str(mistake.context.get("tag", ""))
    hint = suggest_name(tag, kinds)
    return f"unknown {key} {tag!r}, not one of: {', '.join(kinds)}", hint if hint.startswith("did") else ""


def _describe_bad_container(mistake: ValidationIssue) -> MessageAndCure:
    """Say that keys, or a list, are wanted."""
    keys = mistake.shape.keys
    if mistake.type in _LIST_TYPES:
        return f"expected a list, got {mistake.shown}", "write [first, second] or one `- ` line for each item"
    if mistake.value is None:
        return "expected keys and values, got nothing", "null takes away only what a base file or the config sets"
    return f"expected keys and values, got {mistake.shown}", f"valid keys: {', '.join(keys)}" if keys else ""


def _describe_bad_text(mistake: ValidationIssue) -> MessageAndCure:
    """Say that text is wanted, and that quotes make text of anything."""
    simple = isinstance(mistake.value, int | float | date)
    return f"expected text, got {mistake.shown}", "put it in quotes" if simple else ""


def _describe_bad_switch(mistake: ValidationIssue) -> MessageAndCure:
    """Say how to write a switch."""
    return f"{mistake.shown} is neither true nor false", "write true or false"


def _describe_own_check(mistake: ValidationIssue) -> MessageAndCure:
    """Return the message of the check itself, with the value where it does not already say it."""
    text = re.sub(r"^(Value error|Assertion failed), ", "", mistake.text).replace(" after validation", "")
    text = text.replace("Input should", "it must").replace("String should", "the text must")
    simple = mistake.node is not None and not isinstance(mistake.node.content, dict | list)
    return (f"{mistake.shown}: {text}" if simple and mistake.shown not in text else text), ""


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
"""The types of pydantic's findings and the function that words them."""


@dataclass(frozen=True)
class _Finding:
    """A mistake with its key path; `wanted` is the required key that an unknown one probably stands for."""

    path: KeyPath
    problem: ConfigProblem
    wanted: KeyPath = ()


def validation_problems(error: ValidationError, root: type[BaseModel], tree: Node) -> list[ConfigProblem]:
    """Return pydantic's findings as mistakes of the config, without those that follow from a value already reported."""
    details = error.errors(include_url=False)
    missing = {resolve_location(root, tree, detail["loc"])[0] for detail in details if detail["type"] == "missing"}
    findings = [_finding(detail, root, tree, missing) for detail in details]
    replaced = {finding.wanted for finding in findings if finding is not None and finding.wanted}
    return [item.problem for item in findings if item is not None and item.path not in replaced & missing]


def type_problems(root: type[BaseModel], tree: Node) -> list[ConfigProblem]:
    """Return the values that pydantic would convert although they cannot be meant: true as 1, 0 as a date."""
    problems = []
    for path, node, shape in scalar_fields(FieldSchema(root), tree):
        said = _type_problem(node, shape)
        if said is not None:
            problems.append(node.origin.problem(path, *said))
    return problems


def sort_problems(problems: Iterable[ConfigProblem], sources: Sequence[Source]) -> list[ConfigProblem]:
    """Return mistakes by file, line and column, one for each place and key; overrides come last."""
    joined: dict[tuple[str, str], ConfigProblem] = {}
    for problem in problems:
        key = (problem.place, problem.key)
        joined[key] = _merge_problems(joined[key], problem) if key in joined else problem
    rank = {source.name: index for index, source in enumerate(reversed(sources))}
    last = len(rank)
    return sorted(joined.values(), key=lambda p: (rank.get(p.file, last), p.line or 0, p.column or 0))


def _merge_problems(first: ConfigProblem, second: ConfigProblem) -> ConfigProblem:
    """Return one mistake for two findings about the same value, such as the members of a union."""
    if second.message in first.message:
        return first
    return replace(first, message=f"{first.message}; or {second.message}", hint=first.hint or second.hint)


def _finding(detail: ErrorDetails, root: type[BaseModel], tree: Node, missing: set[KeyPath]) -> _Finding | None:
    """Return one of pydantic's findings in place, None where the reader has reported the cause."""
    path, shape = resolve_location(root, tree, detail["loc"])
    near = nearest_node(tree, path)
    if near.broken or _kind_broken(near, shape):
        return None
    if detail["type"] == "extra_forbidden":
        return _unknown_key(path, resolve_location(root, tree, detail["loc"][:-1])[1], near, missing)
    mistake = _validation_issue(detail, descend(tree, path), shape)
    message, hint = describe_issue(mistake)
    if detail["loc"][-1:] == ("[key]",):
        return _Finding(path, near.head.problem(path, message, hint))
    if mistake.is_own and isinstance(near.content, dict | list):
        path, message = locate_message(tree, path, message)
    if mistake.type == "union_tag_invalid" and near.child(discriminator_key(shape)) is not None:
        path = (*path, discriminator_key(shape))
    return _Finding(path, _issue_origin(nearest_node(tree, path), mistake).problem(path, message, hint))


def _validation_issue(detail: ErrorDetails, node: Node | None, shape: FieldSchema) -> ValidationIssue:
    """Return what the wording of a finding needs; for a finding about a key, the key is the value."""
    if detail["loc"][-1:] == ("[key]",) and node is not None:
        node = replace(node, content=str(detail["loc"][-2]))
    return ValidationIssue(detail["type"], detail["msg"], detail.get("ctx", {}), detail["input"], node, shape)


def _issue_origin(node: Node, mistake: ValidationIssue) -> Origin:
    """Return where to point: at the key for what a mapping lacks or holds together, else at the value."""
    container = isinstance(node.content, dict | list) and not mistake.type.endswith("_type")
    return node.head if container else node.origin


def _unknown_key(path: KeyPath, parent: FieldSchema, node: Node, missing: set[KeyPath]) -> _Finding:
    """Return the mistake of a key that the model does not know, with the nearest that it knows."""
    name, known = str(path[-1]), parent.keys
    free = [key for key in known if (*path[:-1], key) in missing] or list(known)
    close = nearest_name(name, free) or nearest_name(name, known)
    hint = f"did you mean {close}?" if close else suggest_name(name, known)
    wanted = (*path[:-1], close) if close else ()
    return _Finding(path, node.head.problem(path, "unknown key", hint), wanted)


def _kind_broken(node: Node, shape: FieldSchema) -> bool:
    """Return whether the kind of a tagged union could not be read."""
    chosen = node.child(discriminator_key(shape)) if shape.members() else None
    return chosen is not None and chosen.broken


def _type_problem(node: Node, shape: FieldSchema) -> MessageAndCure | None:
    """Return what is wrong with a value that pydantic would convert, None where nothing is."""
    value, kind = node.content, shape.kind
    if node.broken or shape.prepares or not isinstance(kind, type):
        return None
    if issubclass(kind, int | float) and kind is not bool and (isinstance(value, bool) or _is_numeric_text(value)):
        return describe_bad_number(_type_issue("int_type" if issubclass(kind, int) else "float_type", node, shape))
    if issubclass(kind, date) and isinstance(value, int | float):
        return describe_bad_date(_type_issue("date_type", node, shape))
    return None


def _type_issue(kind: str, node: Node, shape: FieldSchema) -> ValidationIssue:
    """Return a finding that pydantic does not make."""
    return ValidationIssue(kind, "", {}, node.content, node, shape)


def _is_numeric_text(value: object) -> bool:
    """Return whether a value is text that pydantic would read as a number."""
    if not isinstance(value, str):
        return False
    try:
        float(value)
    except ValueError:
        return False
    return True
