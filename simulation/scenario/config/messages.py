"""Say in a modeller's words what pydantic found wrong with a value, and how to put it right."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any, Literal, get_args, get_origin

from simulation.scenario.config.shape import Shape, discriminator_key
from simulation.scenario.config.tree import Node
from simulation.scenario.config.wording import PURE_NUMBERS, likely_slip, suggestion, with_unit
from simulation.scenario.config.yaml_text import described
from simulation.values.parameters import BASIS_POINTS_PER

Words = tuple[str, str]
NUMBER_WITH_TEXT = re.compile(r"\s*([+-]?[\d,]*\.?\d+(?:e[+-]?\d+)?)\s*(\S*)\s*$", re.IGNORECASE)
PERCENT_IN_ONE = 100.0
DIGITS_OF_A_GROUP = 3
DATE_LIKE = re.compile(r"\s*(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})\s*$")


@dataclass(frozen=True)
class Mistake:
    """One of pydantic's findings: its type, its own message and context, and what the config holds and may hold."""

    type: str
    text: str
    context: Mapping[str, Any]
    value: object
    node: Node | None
    shape: Shape

    @property
    def is_own(self) -> bool:
        """Whether a check of our own made the finding, in its own words."""
        return not any(self.type in types for types, _ in _SAYINGS)

    @property
    def shown(self) -> str:
        """The value as the config has it."""
        held = self.node.content if self.node is not None else self.value
        if isinstance(held, str):
            return repr(held) if len(held) <= 60 else repr(held[:57] + "...")
        if isinstance(held, bool | None):
            return {True: "true", False: "false", None: "nothing"}[held]
        return described(self.node) if self.node is not None and isinstance(held, dict | list) else str(held)


def words(mistake: Mistake) -> Words:
    """Return what is wrong and the cure."""
    for types, say in _SAYINGS:
        if mistake.type in types:
            return say(mistake)
    return _own_words(mistake)


def not_a_number(mistake: Mistake) -> Words:
    """Say that a number is wanted, in its unit, and how to write the one probably meant."""
    whole = mistake.type.startswith("int")
    message = f"{mistake.shown} is not a {'whole ' if whole else ''}number"
    found = NUMBER_WITH_TEXT.match(str(mistake.value)) if isinstance(mistake.value, str) else None
    if found is None:
        return _with_limits(message, mistake), ""
    bare = _converted(_plain_number(found[1]), found[2].lower(), mistake.shape.unit or "")
    unit = f" (the unit is {mistake.shape.unit})" if mistake.shape.unit else ""
    quoted = not found[2] and bare == str(mistake.value).strip()
    return _with_limits(message, mistake), f"write {bare}{' without quotes' if quoted else ''}{unit}"


def _plain_number(written: str) -> str:
    """Return a number without commas: one that stands before other than three digits is a decimal point (153,72)."""
    whole, comma, rest = written.rpartition(",")
    decimal = comma and "," not in whole and "." not in written and len(rest) != DIGITS_OF_A_GROUP
    return f"{whole}.{rest}" if decimal else written.replace(",", "")


def _converted(number: str, written: str, wanted: str) -> str:
    """Return a number in the unit of its key: 402bp is 4.02 in percent, 50% is 0.5 of a probability or a share."""
    own = wanted.split()[0] if wanted else ""
    if written == "%" and wanted in PURE_NUMBERS:
        return f"{float(number) / PERCENT_IN_ONE:.12g}"
    if written == own or written not in BASIS_POINTS_PER or own not in BASIS_POINTS_PER:
        return number
    return f"{float(number) * BASIS_POINTS_PER[written] / BASIS_POINTS_PER[own]:.12g}"


def not_a_date(mistake: Mistake) -> Words:
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


def _out_of_range(mistake: Mistake) -> Words:
    """Say the value, the allowed range and the unit, and ask for the value probably meant."""
    value, unit, allowed = mistake.value, mistake.shape.unit, mistake.shape.allowed
    size = "small" if mistake.type.startswith("greater") else "large"
    if not isinstance(value, int | float):
        return f"{mistake.shown} is too {size}" + _limits(mistake), _slip_of_rate(mistake)
    shown = mistake.shown if isinstance(getattr(mistake.node, "content", None), str) else with_unit(value, unit)
    return f"{shown} is too {size}" + _limits(mistake), likely_slip(value, allowed, unit)


def _slip_of_rate(mistake: Mistake) -> str:
    """Return a question that names the rate probably meant (15 bp where 15 % was written), empty where no slip explains it."""
    found = NUMBER_WITH_TEXT.match(str(mistake.value))
    if found is None or found[2].lower() not in BASIS_POINTS_PER:
        return ""
    value = float(_converted(found[1].replace(",", ""), found[2].lower(), mistake.shape.unit))
    return likely_slip(value, mistake.shape.allowed, mistake.shape.unit)


def _limits(mistake: Mistake) -> str:
    """Return the allowed range, ready to follow a message; pydantic's own bound where the type does not tell."""
    limits = mistake.shape.allowed.words(mistake.shape.unit)
    return f"; {limits}" if limits else f" ({mistake.text})"


def _with_limits(message: str, mistake: Mistake) -> str:
    """Return the message with the allowed range, or at least the unit, where there is one."""
    limits = mistake.shape.allowed.words(mistake.shape.unit)
    unit = f"unit: {mistake.shape.unit}" if mistake.shape.unit else ""
    return "; ".join(part for part in (message, limits or unit) if part)


def _missing(mistake: Mistake) -> Words:
    """Say that a key is required, with the unit and range of what to write."""
    keys, about = mistake.shape.keys, mistake.shape.about
    cure = f"it holds: {', '.join(keys)}" if keys else f"add it: {about}" if about else ""
    return _with_limits("this required key is missing", mistake), cure


def _too_few(mistake: Mistake) -> Words:
    """Say how many are needed of what was left empty."""
    least, about = mistake.context.get("min_length", 1), mistake.shape.about
    return f"{mistake.shown} holds too few entries; allowed: {least} or more", f"add: {about}" if about else ""


def _not_a_choice(mistake: Mistake) -> Words:
    """Say what may be chosen, with the nearest choice."""
    kind = mistake.shape.kind
    options = [str(option) for option in get_args(kind)] if get_origin(kind) is Literal else []
    if isinstance(kind, type) and issubclass(kind, Enum):
        options = [str(member.value) for member in kind]
    allowed = ", ".join(options) or str(mistake.context.get("expected", ""))
    hint = suggestion(str(mistake.value), options)
    return f"{mistake.shown} is not one of: {allowed}", hint if hint.startswith("did") else ""


def _wrong_kind(mistake: Mistake) -> Words:
    """Say which kinds there are, with the nearest one."""
    key, kinds = discriminator_key(mistake.shape), sorted(mistake.shape.members())
    if mistake.type == "union_tag_not_found":
        return f"this needs the key {key}, one of: {', '.join(kinds)}", ""
    tag = str(mistake.context.get("tag", ""))
    hint = suggestion(tag, kinds)
    return f"unknown {key} {tag!r}, not one of: {', '.join(kinds)}", hint if hint.startswith("did") else ""


def _wrong_container(mistake: Mistake) -> Words:
    """Say that keys, or a list, are wanted."""
    keys = mistake.shape.keys
    if mistake.type in _LIST_TYPES:
        return f"expected a list, got {mistake.shown}", "write [first, second] or one `- ` line for each item"
    if mistake.value is None:
        return "expected keys and values, got nothing", "null takes away only what a base file or the config sets"
    return f"expected keys and values, got {mistake.shown}", f"valid keys: {', '.join(keys)}" if keys else ""


def _not_text(mistake: Mistake) -> Words:
    """Say that text is wanted, and that quotes make text of anything."""
    simple = isinstance(mistake.value, int | float | date)
    return f"expected text, got {mistake.shown}", "put it in quotes" if simple else ""


def _not_a_truth(mistake: Mistake) -> Words:
    """Say how to write a switch."""
    return f"{mistake.shown} is neither true nor false", "write true or false"


def _own_words(mistake: Mistake) -> Words:
    """Return the message of the check itself, with the value where it does not already say it."""
    text = re.sub(r"^(Value error|Assertion failed), ", "", mistake.text).replace(" after validation", "")
    text = text.replace("Input should", "it must").replace("String should", "the text must")
    simple = mistake.node is not None and not isinstance(mistake.node.content, dict | list)
    return (f"{mistake.shown}: {text}" if simple and mistake.shown not in text else text), ""


_LIST_TYPES = ("list_type", "tuple_type", "set_type", "frozen_set_type")
_DATE_TYPES = ("date_type", "date_parsing", "date_from_datetime_parsing", "date_from_datetime_inexact")
_FLOAT_TYPES = ("float_type", "float_parsing", "finite_number")
_INT_TYPES = ("int_type", "int_parsing", "int_from_float", "int_parsing_size")
_SAYINGS: tuple[tuple[tuple[str, ...], Callable[[Mistake], Words]], ...] = (
    (("missing",), _missing),
    (_FLOAT_TYPES + _INT_TYPES, not_a_number),
    (("greater_than_equal", "greater_than", "less_than_equal", "less_than"), _out_of_range),
    (_DATE_TYPES, not_a_date),
    (("literal_error", "enum"), _not_a_choice),
    (("union_tag_invalid", "union_tag_not_found"), _wrong_kind),
    (("model_type", "model_attributes_type", "dict_type", *_LIST_TYPES), _wrong_container),
    (("too_short",), _too_few),
    (("string_type",), _not_text),
    (("bool_type", "bool_parsing"), _not_a_truth),
)
"""The types of pydantic's findings and the function that words them."""
