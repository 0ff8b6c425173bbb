"""What may be moved on the served page: every slider of the shipped page, those over numbers in finer steps.

The page has the positions of a slider; the server takes any number between its ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from simulation.pages.explore.events import heard
from simulation.pages.explore.sliders import HIKE, LEVERAGE, PRICED, SLIDERS, SPREAD, STOCK, Level, Slider
from simulation.pages.serve.refused import Mistake, RefusedError, shown
from simulation.policy.expected_path import pending_meeting
from simulation.scenario.config.blame import steps
from simulation.scenario.config.wording import Range, number, suggestion
from simulation.sweeps.schema import rate_bp

if TYPE_CHECKING:
    from simulation.scenario.scenario import Scenario

Values = dict[str, Any]


@dataclass(frozen=True)
class Measure:
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
        return Range(self.low, self.high).words(self.unit)

    @property
    def positions(self) -> list[float]:
        """Every number that has a position, in rising order."""
        return [round(self.low + at * self.step, 10) for at in range(round((self.high - self.low) / self.step) + 1)]


MEASURES: Final = {
    SPREAD: Measure("pp", 1.0, 2.6, 0.05),
    HIKE: Measure("bp", 0.0, 75.0, 2.5),
    PRICED: Measure("probability", 0.0, 0.95, 0.05),
    LEVERAGE: Measure("x", 2.0, 5.0, 0.1),
    STOCK: Measure("$bn", 50.0, 600.0, 10.0),
}
"""Keys whose numbers are free; the others have the choices of the shipped page.  Leverage ends where the shipped page does."""
TARGET: Final = "target_pp"
"""The one key of the spread's path that is free."""


def checked(state: Mapping[str, Any]) -> Values:
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
    mistakes: list[Mistake] = []
    for key, value in state.items():
        try:
            found[key] = of_key(key, value)
        except RefusedError as error:
            mistakes += error.mistakes
    if mistakes:
        raise RefusedError(mistakes)
    known = [slider.key for slider in SLIDERS]
    return {key: found[key] for key in known if found.get(key) is not None}


def of_key(key: str, value: Any) -> Any:
    """One value as the config reads it, none for the base scenario's."""
    slider = next((one for one in SLIDERS if one.key == key), None)
    if slider is None:
        keys = [one.key for one in SLIDERS]
        raise RefusedError(
            [Mistake(shown(key), shown(value), "", f"keys: {', '.join(keys)}", suggestion(key[:200], keys))]
        )
    if value is None:
        return None
    return of_measure(key, value) if key in MEASURES else of_choice(slider, value)


def of_choice(slider: Slider, value: Any) -> Any:
    """One of the choices of a slider."""
    choices = [level.value for level in slider.levels if level.value is not None]
    if isinstance(value, str) and value in choices:
        return value
    allowed = f"one of: {', '.join(choices)}; null for the scenario's own"
    raise RefusedError([Mistake(slider.key, shown(value), "", allowed, f"send {choices[0]!r}, or null")])


def of_measure(key: str, value: Any) -> Any:
    """A number within the ends of its slider, in the form that the key takes."""
    measure = MEASURES[key]
    if key == SPREAD:
        return {TARGET: between(f"{key}.{TARGET}", target_of(value), measure)}
    if key == HIKE:
        size = rate_bp(value)
        if size is None:
            cure = "write the rate with its unit as text, such as 25bp"
            raise RefusedError([Mistake(key, shown(value), measure.unit, measure.allowed, cure)])
        try:
            return f"{between(key, size, measure):.12g}bp"
        except RefusedError as error:
            raise RefusedError([replace(one, value=shown(value)) for one in error.mistakes]) from None
    return between(key, value, measure)


def target_of(value: Any) -> Any:
    """The end of an imposed path, the only thing of it that may be chosen."""
    measure = MEASURES[SPREAD]
    if not isinstance(value, Mapping) or set(value) != {TARGET}:
        wrong = [f"{SPREAD}.{name}" for name in value if name != TARGET] if isinstance(value, Mapping) else []
        key, cure = (wrong or [SPREAD])[0], f'send {{"{TARGET}": 1.5}} and no other key, or null for no path'
        raise RefusedError([Mistake(shown(key), shown(value), measure.unit, measure.allowed, cure)])
    return value[TARGET]


def between(key: str, value: Any, measure: Measure) -> int | float:
    """A number within the ends of a slider; what is none lies within no ends."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and measure.low <= value <= measure.high:
        return int(value) if float(value).is_integer() else value
    nearest = measure.high if is_number and value > measure.high else measure.low
    text = f"{number(nearest)}bp" if key == HIKE else number(nearest)
    cure = f"send {text}" if is_number else f"send a number without quotes, such as {text}"
    raise RefusedError([Mistake(key, shown(value), measure.unit, measure.allowed, cure)])


def without_own(values: Values, scenario: Scenario) -> Values:
    """Values that leave the scenario: one that says what the scenario has is no other state."""
    return {
        key: value for key, value in values.items() if key == SPREAD or as_number(value) != own_value(scenario, key)
    }


def as_number(value: Any) -> Any:
    """A rate in basis points, the end of a path in pp, anything else as it is."""
    if isinstance(value, dict):
        return value[TARGET]
    size = rate_bp(value)
    return value if size is None else size


def own_value(scenario: Scenario, key: str) -> Any:
    """What the scenario has under a key; for the path of the spread where the spread starts, pp."""
    if key == SPREAD:
        start = scenario.start_values
        return start.ust10_pct - start.jgb10_pct
    part: Any = scenario
    for name in steps(key):
        part = part[name] if isinstance(name, int) or isinstance(part, dict) else getattr(part, name)
    return part.isoformat() if hasattr(part, "isoformat") else part


def finer(slider: Slider, scenario: Scenario) -> Slider:
    """A slider with all its positions: those of the shipped page and the finer ones between them."""
    measure = MEASURES.get(slider.key)
    if measure is None:
        return slider
    own = own_value(scenario, slider.key)
    known = {round(own if level.value is None else as_number(level.value), 10): level for level in slider.levels}
    added = {
        at: Level(of_measure(slider.key, sent(slider.key, at)), words(slider.key, at, scenario))
        for at in measure.positions
    }
    ordered = sorted((added | known).items(), reverse=slider.key == SPREAD)
    return Slider(slider.key, slider.label, slider.help, tuple(level for _, level in ordered))


def sent(key: str, size: float) -> Any:
    """A number in the form that its key takes."""
    return {TARGET: size} if key == SPREAD else f"{size:.12g}bp" if key == HIKE else size


def words(key: str, size: float, scenario: Scenario) -> str:
    """What the page says of a position."""
    if key == SPREAD:
        verb = "narrows" if size < own_value(scenario, SPREAD) else "widens"
        return f"{verb} to {size:.2f} points"
    if key == HIKE:
        return f"{size:g} bp"
    if key == PRICED:
        return f"{100 * size:.0f} %, then {100 * after_signals(scenario, size):.0f} %"
    return f"{size:g} times" if key == LEVERAGE else f"${size:g} bn"


def after_signals(scenario: Scenario, probability: float) -> float:
    """Odds of the hike when all signals about the Bank of Japan's first meeting have been heard."""
    bank = scenario.boj
    meeting = bank.meetings[0].model_copy(update={"priced_probability": probability})
    odds = pending_meeting(meeting, 0, 1)
    for signal in meeting.signals:
        odds = heard(odds, bank.signal_multiplier * signal.strength)
    return float(odds.probabilities[0, -1])
