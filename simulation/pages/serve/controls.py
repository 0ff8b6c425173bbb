"""Sliders of the served page: ranges, validation of requested values, and finer positions.

The page offers the positions of a slider; the server accepts any number in its range.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from simulation.pages.explore.content import update_odds
from simulation.pages.explore.sliders import HIKE, LEVERAGE, PRICED, SLIDERS, SPREAD, STOCK, Slider, SliderLevel
from simulation.policy.rate_paths import pending_meeting
from simulation.scenario.config.formatting import AllowedRange, format_number, suggest_name
from simulation.scenario.config.tree import parse_key_path
from simulation.sweeps.schema import rate_bp

if TYPE_CHECKING:
    from simulation.scenario.scenario import Scenario

MAX_QUOTED: Final = 80
"""Longest quotation of an invalid value in a message, in characters."""


@dataclass(frozen=True)
class RequestMistake:
    """An invalid part of a request.

    Attributes
    ----------
    key
        Config key or field of the request; empty for the whole request.
    value
        The value sent, as text.
    unit
        Unit of the key; empty if it has none.
    allowed
        Allowed values.
    cure
        How to correct the request.
    """

    key: str
    value: str
    unit: str
    allowed: str
    cure: str


class RequestError(ValueError):
    """An invalid request, with all its mistakes."""

    def __init__(self, mistakes: Iterable[RequestMistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("; ".join(f"{one.key}: {one.value} is not allowed; {one.allowed}" for one in self.mistakes))

    def to_dict(self) -> dict[str, Any]:
        """Return the content of the error response."""
        return {
            "error": "the request is invalid; nothing was computed",
            "mistakes": [asdict(one) for one in self.mistakes],
        }


def quote_value(value: object) -> str:
    """The value as it was sent, shortened to `MAX_QUOTED` characters."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=True, default=repr)
    return text if len(text) <= MAX_QUOTED else text[: MAX_QUOTED - 3] + "..."


Values = dict[str, Any]


@dataclass(frozen=True)
class SliderRange:
    """Range of a numeric slider.

    Attributes
    ----------
    unit
        Unit of the values.
    low, high
        Ends of the range, both included.
    step
        Distance between positions on the page, in the unit.
    """

    unit: str
    low: float
    high: float
    step: float

    @property
    def allowed(self) -> str:
        """Text of the allowed range."""
        return AllowedRange(self.low, self.high).words(self.unit)

    @property
    def positions(self) -> list[float]:
        """Values of the positions in rising order."""
        return [round(self.low + at * self.step, 10) for at in range(round((self.high - self.low) / self.step) + 1)]


SLIDER_RANGES: Final = {
    SPREAD: SliderRange("pp", 1.0, 2.6, 0.05),
    HIKE: SliderRange("bp", 0.0, 75.0, 2.5),
    PRICED: SliderRange("probability", 0.0, 0.95, 0.05),
    LEVERAGE: SliderRange("x", 2.0, 5.0, 0.1),
    STOCK: SliderRange("$bn", 50.0, 600.0, 10.0),
}
"""Keys with a numeric range; the others have the choices of the shipped page."""
SPREAD_TARGET: Final = "target_pp"
"""The only key of the spread path that a request may set."""


def parse_state(state: Mapping[str, Any]) -> Values:
    """Validate the values of a state and convert them to config syntax; values of the base scenario are left out.

    Parameters
    ----------
    state
        Values by config key, as sent.

    Raises
    ------
    RequestError
        Listing every mistake.
    """
    values: Values = {}
    mistakes: list[RequestMistake] = []
    for key, value in state.items():
        try:
            values[key] = parse_value(key, value)
        except RequestError as error:
            mistakes += error.mistakes
    if mistakes:
        raise RequestError(mistakes)
    keys = [slider.key for slider in SLIDERS]
    return {key: values[key] for key in keys if values.get(key) is not None}


def parse_value(key: str, value: Any) -> Any:
    """Validate one value; None keeps the value of the base scenario."""
    slider = next((one for one in SLIDERS if one.key == key), None)
    if slider is None:
        keys = [one.key for one in SLIDERS]
        allowed, cure = f"keys: {', '.join(keys)}", suggest_name(key[:200], keys)
        raise RequestError([RequestMistake(quote_value(key), quote_value(value), "", allowed, cure)])
    if value is None:
        return None
    return parse_number(key, value) if key in SLIDER_RANGES else parse_choice(slider, value)


def parse_choice(slider: Slider, value: Any) -> Any:
    """Validate a choice of a slider without a numeric range."""
    choices = [level.value for level in slider.levels if level.value is not None]
    if isinstance(value, str) and value in choices:
        return value
    allowed = f"one of: {', '.join(choices)}; null for the value of the base scenario"
    raise RequestError([RequestMistake(slider.key, quote_value(value), "", allowed, f"send {choices[0]!r}, or null")])


def parse_number(key: str, value: Any) -> Any:
    """Validate a number and convert it to the syntax of its key."""
    limits = SLIDER_RANGES[key]
    if key == SPREAD:
        return {SPREAD_TARGET: number_in_range(f"{key}.{SPREAD_TARGET}", parse_spread_target(value), limits)}
    if key == HIKE:
        size = rate_bp(value)
        if size is None:
            cure = "write the rate with its unit as text, such as 25bp"
            raise RequestError([RequestMistake(key, quote_value(value), limits.unit, limits.allowed, cure)])
        try:
            return f"{number_in_range(key, size, limits):.12g}bp"
        except RequestError as error:
            raise RequestError([replace(one, value=quote_value(value)) for one in error.mistakes]) from None
    return number_in_range(key, value, limits)


def parse_spread_target(value: Any) -> Any:
    """End value of an imposed spread path, the only key of the path that a request may set."""
    limits = SLIDER_RANGES[SPREAD]
    if not isinstance(value, Mapping) or set(value) != {SPREAD_TARGET}:
        unknown = [f"{SPREAD}.{name}" for name in value if name != SPREAD_TARGET] if isinstance(value, Mapping) else []
        key, cure = (unknown or [SPREAD])[0], f'send {{"{SPREAD_TARGET}": 1.5}} and no other key, or null for no path'
        raise RequestError([RequestMistake(quote_value(key), quote_value(value), limits.unit, limits.allowed, cure)])
    return value[SPREAD_TARGET]


def number_in_range(key: str, value: Any, limits: SliderRange) -> int | float:
    """Validate that a value is a number in the range of its slider."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and limits.low <= value <= limits.high:
        return int(value) if float(value).is_integer() else value
    nearest = limits.high if is_number and value > limits.high else limits.low
    text = f"{format_number(nearest)}bp" if key == HIKE else format_number(nearest)
    cure = f"send {text}" if is_number else f"send a number without quotes, such as {text}"
    raise RequestError([RequestMistake(key, quote_value(value), limits.unit, limits.allowed, cure)])


def drop_base_values(values: Values, scenario: Scenario) -> Values:
    """Values that differ from those of the base scenario."""
    return {
        key: value
        for key, value in values.items()
        if key == SPREAD or numeric_value(value) != scenario_value(scenario, key)
    }


def numeric_value(value: Any) -> Any:
    """A rate in bp, the end of a spread path in pp; any other value unchanged."""
    if isinstance(value, dict):
        return value[SPREAD_TARGET]
    size = rate_bp(value)
    return value if size is None else size


def scenario_value(scenario: Scenario, key: str) -> Any:
    """Value of a key in the scenario; for the spread path the initial spread, pp."""
    if key == SPREAD:
        start = scenario.start_values
        return start.ust10_pct - start.jgb10_pct
    part: Any = scenario
    for name in parse_key_path(key):
        part = part[name] if isinstance(name, int) or isinstance(part, dict) else getattr(part, name)
    return part.isoformat() if hasattr(part, "isoformat") else part


def fine_slider(slider: Slider, scenario: Scenario) -> Slider:
    """The slider with the positions of the shipped page and the finer ones in between."""
    limits = SLIDER_RANGES.get(slider.key)
    if limits is None:
        return slider
    base = scenario_value(scenario, slider.key)
    known = {round(base if level.value is None else numeric_value(level.value), 10): level for level in slider.levels}
    added = {
        at: SliderLevel(parse_number(slider.key, config_value(slider.key, at)), position_text(slider.key, at, scenario))
        for at in limits.positions
    }
    ordered = sorted((added | known).items(), reverse=slider.key == SPREAD)
    return Slider(slider.key, slider.label, slider.help, tuple(level for _, level in ordered))


def config_value(key: str, size: float) -> Any:
    """A number in the config syntax of its key."""
    return {SPREAD_TARGET: size} if key == SPREAD else f"{size:.12g}bp" if key == HIKE else size


def position_text(key: str, size: float, scenario: Scenario) -> str:
    """Label of a position."""
    if key == SPREAD:
        verb = "narrows" if size < scenario_value(scenario, SPREAD) else "widens"
        return f"{verb} to {size:.2f} points"
    if key == HIKE:
        return f"{size:g} bp"
    if key == PRICED:
        return f"{100 * size:.0f} %, then {100 * odds_after_signals(scenario, size):.0f} %"
    return f"{size:g} times" if key == LEVERAGE else f"${size:g} bn"


def odds_after_signals(scenario: Scenario, probability: float) -> float:
    """Probability of the hike after all signals about the Bank of Japan's first meeting."""
    bank = scenario.boj
    meeting = bank.meetings[0].model_copy(update={"priced_probability": probability})
    odds = pending_meeting(meeting, 0, 1)
    for signal in meeting.signals:
        odds = update_odds(odds, bank.signal_multiplier * signal.strength)
    return float(odds.probabilities[0, -1])
