"""What is wrong with a question: every mistake with its key, value, unit, allowed range and cure.

What may be moved on the served page: every slider of the shipped page, those over numbers in finer steps.

The page has the positions of a slider; the server takes any number between its ends.
"""

from __future__ import annotations

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
"""Characters of a wrong value that are said back."""


@dataclass(frozen=True)
class RequestMistake:
    """One mistake.

    Attributes
    ----------
    key
        The config key or the part of the question; empty for the question as a whole.
    value
        What was sent, as text.
    unit
        Unit of the key, empty where it has none.
    allowed
        What may be sent.
    cure
        What to send instead.
    """

    key: str
    value: str
    unit: str
    allowed: str
    cure: str


class RequestError(ValueError):
    """A question that cannot be answered; holds every mistake in it."""

    def __init__(self, mistakes: Iterable[RequestMistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("; ".join(f"{one.key}: {one.value} is not allowed; {one.allowed}" for one in self.mistakes))

    def to_dict(self) -> dict[str, Any]:
        """Return the body of the answer."""
        return {
            "error": "the question was not understood; nothing was computed",
            "mistakes": [asdict(one) for one in self.mistakes],
        }


def quote_value(value: object) -> str:
    """A value as it was sent, cut to what one reads."""
    import json

    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=True, default=repr)
    return text if len(text) <= MAX_QUOTED else text[: MAX_QUOTED - 3] + "..."


Values = dict[str, Any]


@dataclass(frozen=True)
class SliderRange:
    """A slider over numbers.

    Attributes
    ----------
    unit
        Unit of the numbers.
    low, high
        Ends, both allowed.
    step
        Distance of two positions on the page, in the unit.
    """

    unit: str
    low: float
    high: float
    step: float

    @property
    def allowed(self) -> str:
        """The allowed range in words."""
        return AllowedRange(self.low, self.high).words(self.unit)

    @property
    def positions(self) -> list[float]:
        """Every number that has a position, in rising order."""
        return [round(self.low + at * self.step, 10) for at in range(round((self.high - self.low) / self.step) + 1)]


SLIDER_RANGES: Final = {
    SPREAD: SliderRange("pp", 1.0, 2.6, 0.05),
    HIKE: SliderRange("bp", 0.0, 75.0, 2.5),
    PRICED: SliderRange("probability", 0.0, 0.95, 0.05),
    LEVERAGE: SliderRange("x", 2.0, 5.0, 0.1),
    STOCK: SliderRange("$bn", 50.0, 600.0, 10.0),
}
"""Keys whose numbers are free; the others have the choices of the shipped page.  Leverage ends where the shipped page does."""
SPREAD_TARGET: Final = "target_pp"
"""The one key of the spread's path that is free."""


def parse_state(state: Mapping[str, Any]) -> Values:
    """The values of a state as the config reads them, so that equal states are equal; what keeps the base is left out.

    Parameters
    ----------
    state
        Values by config key as they were sent.

    Raises
    ------
    RefusedError
        With every mistake.
    """
    found: Values = {}
    mistakes: list[RequestMistake] = []
    for key, value in state.items():
        try:
            found[key] = parse_value(key, value)
        except RequestError as error:
            mistakes += error.mistakes
    if mistakes:
        raise RequestError(mistakes)
    known = [slider.key for slider in SLIDERS]
    return {key: found[key] for key in known if found.get(key) is not None}


def parse_value(key: str, value: Any) -> Any:
    """One value as the config reads it, none for the base scenario's."""
    slider = next((one for one in SLIDERS if one.key == key), None)
    if slider is None:
        keys = [one.key for one in SLIDERS]
        raise RequestError(
            [
                RequestMistake(
                    quote_value(key), quote_value(value), "", f"keys: {', '.join(keys)}", suggest_name(key[:200], keys)
                )
            ]
        )
    if value is None:
        return None
    return parse_number(key, value) if key in SLIDER_RANGES else parse_choice(slider, value)


def parse_choice(slider: Slider, value: Any) -> Any:
    """One of the choices of a slider."""
    choices = [level.value for level in slider.levels if level.value is not None]
    if isinstance(value, str) and value in choices:
        return value
    allowed = f"one of: {', '.join(choices)}; null for the scenario's own"
    raise RequestError([RequestMistake(slider.key, quote_value(value), "", allowed, f"send {choices[0]!r}, or null")])


def parse_number(key: str, value: Any) -> Any:
    """A number within the ends of its slider, in the form that the key takes."""
    measure = SLIDER_RANGES[key]
    if key == SPREAD:
        return {SPREAD_TARGET: number_in_range(f"{key}.{SPREAD_TARGET}", parse_spread_target(value), measure)}
    if key == HIKE:
        size = rate_bp(value)
        if size is None:
            cure = "write the rate with its unit as text, such as 25bp"
            raise RequestError([RequestMistake(key, quote_value(value), measure.unit, measure.allowed, cure)])
        try:
            return f"{number_in_range(key, size, measure):.12g}bp"
        except RequestError as error:
            raise RequestError([replace(one, value=quote_value(value)) for one in error.mistakes]) from None
    return number_in_range(key, value, measure)


def parse_spread_target(value: Any) -> Any:
    """The end of an imposed path, the only thing of it that may be chosen."""
    measure = SLIDER_RANGES[SPREAD]
    if not isinstance(value, Mapping) or set(value) != {SPREAD_TARGET}:
        wrong = [f"{SPREAD}.{name}" for name in value if name != SPREAD_TARGET] if isinstance(value, Mapping) else []
        key, cure = (wrong or [SPREAD])[0], f'send {{"{SPREAD_TARGET}": 1.5}} and no other key, or null for no path'
        raise RequestError([RequestMistake(quote_value(key), quote_value(value), measure.unit, measure.allowed, cure)])
    return value[SPREAD_TARGET]


def number_in_range(key: str, value: Any, measure: SliderRange) -> int | float:
    """A number within the ends of a slider; what is none lies within no ends."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and measure.low <= value <= measure.high:
        return int(value) if float(value).is_integer() else value
    nearest = measure.high if is_number and value > measure.high else measure.low
    text = f"{format_number(nearest)}bp" if key == HIKE else format_number(nearest)
    cure = f"send {text}" if is_number else f"send a number without quotes, such as {text}"
    raise RequestError([RequestMistake(key, quote_value(value), measure.unit, measure.allowed, cure)])


def drop_base_values(values: Values, scenario: Scenario) -> Values:
    """Values that leave the scenario: one that says what the scenario has is no other state."""
    return {
        key: value
        for key, value in values.items()
        if key == SPREAD or numeric_value(value) != scenario_value(scenario, key)
    }


def numeric_value(value: Any) -> Any:
    """A rate in basis points, the end of a path in pp, anything else as it is."""
    if isinstance(value, dict):
        return value[SPREAD_TARGET]
    size = rate_bp(value)
    return value if size is None else size


def scenario_value(scenario: Scenario, key: str) -> Any:
    """What the scenario has under a key; for the path of the spread where the spread starts, pp."""
    if key == SPREAD:
        start = scenario.start_values
        return start.ust10_pct - start.jgb10_pct
    part: Any = scenario
    for name in parse_key_path(key):
        part = part[name] if isinstance(name, int) or isinstance(part, dict) else getattr(part, name)
    return part.isoformat() if hasattr(part, "isoformat") else part


def fine_slider(slider: Slider, scenario: Scenario) -> Slider:
    """A slider with all its positions: those of the shipped page and the finer ones between them."""
    measure = SLIDER_RANGES.get(slider.key)
    if measure is None:
        return slider
    own = scenario_value(scenario, slider.key)
    known = {round(own if level.value is None else numeric_value(level.value), 10): level for level in slider.levels}
    added = {
        at: SliderLevel(parse_number(slider.key, config_value(slider.key, at)), position_text(slider.key, at, scenario))
        for at in measure.positions
    }
    ordered = sorted((added | known).items(), reverse=slider.key == SPREAD)
    return Slider(slider.key, slider.label, slider.help, tuple(level for _, level in ordered))


def config_value(key: str, size: float) -> Any:
    """A number in the form that its key takes."""
    return {SPREAD_TARGET: size} if key == SPREAD else f"{size:.12g}bp" if key == HIKE else size


def position_text(key: str, size: float, scenario: Scenario) -> str:
    """What the page says of a position."""
    if key == SPREAD:
        verb = "narrows" if size < scenario_value(scenario, SPREAD) else "widens"
        return f"{verb} to {size:.2f} points"
    if key == HIKE:
        return f"{size:g} bp"
    if key == PRICED:
        return f"{100 * size:.0f} %, then {100 * odds_after_signals(scenario, size):.0f} %"
    return f"{size:g} times" if key == LEVERAGE else f"${size:g} bn"


def odds_after_signals(scenario: Scenario, probability: float) -> float:
    """Odds of the hike when all signals about the Bank of Japan's first meeting have been heard."""
    bank = scenario.boj
    meeting = bank.meetings[0].model_copy(update={"priced_probability": probability})
    odds = pending_meeting(meeting, 0, 1)
    for signal in meeting.signals:
        odds = update_odds(odds, bank.signal_multiplier * signal.strength)
    return float(odds.probabilities[0, -1])
