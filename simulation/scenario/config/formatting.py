"""Text for messages: numbers with units, allowed ranges, likely corrections and nearest valid names."""

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from typing import TypeAlias

MAX_LISTED = 16
SLIP_FACTORS = (0.01, 100.0, 0.001, 0.0001, 1_000.0, -1.0)
"""Factors that correct common errors: percent and share confused, millions for billions, basis points for a share,
trillions for billions, wrong sign.
"""

PURE_NUMBERS = frozenset({"probability", "share", "fraction", "multiple", "ratio"})
LONGEST_UNIT = 20

Bound: TypeAlias = float | date


@dataclass(frozen=True)
class AllowedRange:
    """The allowed range of a number or date; an absent bound is None, a strict bound is itself not allowed."""

    low: Bound | None = None
    high: Bound | None = None
    low_strict: bool = False
    high_strict: bool = False

    @property
    def bounded(self) -> bool:
        """Whether there is any bound."""
        return self.low is not None or self.high is not None

    def __contains__(self, value: float) -> bool:
        """Return whether a number is allowed; always false for a range of dates."""
        low = -math.inf if self.low is None else self.low
        high = math.inf if self.high is None else self.high
        if isinstance(low, date) or isinstance(high, date):
            return False
        above = value > low if self.low_strict else value >= low
        return above and (value < high if self.high_strict else value <= high)

    def words(self, unit: str) -> str:
        """Return the range as ``allowed: 1 to 50 x``; empty if unbounded."""
        if self.low is not None and self.high is not None and not (self.low_strict or self.high_strict):
            return f"allowed: {format_number(self.low)} to {format_number(self.high)}{_spaced_unit(unit)}"
        low = "" if self.low is None else f"{'above' if self.low_strict else 'at least'} {format_number(self.low)}"
        high = "" if self.high is None else f"{'below' if self.high_strict else 'at most'} {format_number(self.high)}"
        limits = " and ".join(part for part in (low, high) if part)
        return f"allowed: {limits}{_spaced_unit(unit)}" if limits else ""


def format_number(value: Bound) -> str:
    """Format a number with up to six digits and thousands separators (5, 0.25, 1,500,000), or a date."""
    if isinstance(value, date):
        return value.isoformat()
    if float(value).is_integer() and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:.6g}"


def format_quantity(value: Bound, unit: str) -> str:
    """Format a number and its unit, ``4 %`` or ``250 $bn``; a descriptive unit such as share is omitted."""
    return format_number(value) + unit_suffix(unit)


def unit_suffix(unit: str) -> str:
    """Return a unit with a leading space; empty for a descriptive unit such as share."""
    return "" if _is_description(unit) else _spaced_unit(unit)


def suggest_value(value: float, allowed: AllowedRange, unit: str) -> str:
    """Return ``did you mean ...?`` with the value if a common error explains the number, else an empty string."""
    if value == 0 or not allowed.bounded:
        return ""
    for factor in SLIP_FACTORS:
        meant = value * factor
        if meant in allowed:
            quantity = f"{meant:.2f}{_spaced_unit(unit)}" if unit.startswith("%") else format_quantity(meant, unit)
            return f"did you mean {quantity}?"
    return ""


def nearest_name(name: str, options: Iterable[str]) -> str | None:
    """Return the most similar option, or None.

    The only option that extends the name (``stock_usd_bn`` for ``stock``) comes before the closest spelling.
    """
    known = list(options)
    longer = [option for option in known if option.startswith(name + "_")]
    if len(longer) == 1:
        return longer[0]
    folded = {option.casefold(): option for option in known}
    close = get_close_matches(name.casefold(), folded, n=1, cutoff=0.6)
    return folded[close[0]] if close else None


def suggest_name(name: str, options: Collection[str], plural: str = "valid keys") -> str:
    """Return ``did you mean ...?`` with the nearest option, or a list of options."""
    close = nearest_name(name, options)
    if close is not None:
        return f"did you mean {close}?"
    if not options:
        return ""
    listed = list(options)[:MAX_LISTED]
    more = f" and {len(options) - MAX_LISTED} more" if len(options) > MAX_LISTED else ""
    return f"{plural}: {', '.join(listed)}{more}"


def _spaced_unit(unit: str) -> str:
    """Return a unit with a leading space, in brackets if it is descriptive (probability, share)."""
    if not unit:
        return ""
    return f" ({unit})" if _is_description(unit) else f" {unit}"


def _is_description(unit: str) -> bool:
    """Return whether a unit describes the number rather than being a unit of measurement."""
    return unit in PURE_NUMBERS or len(unit) > LONGEST_UNIT
