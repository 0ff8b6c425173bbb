"""The key that a search varies: how its values are written, its current value, a first bracket, and the length of its path.

Under the threshold rule all exits must be complete when the scenario ends; otherwise the result depends on its end date.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from simulation.compute.ensemble import load_scenario
from simulation.results.output_folder import OutputError
from simulation.scenario.config.errors import ConfigError
from simulation.studies.search.response import MetricResponse
from simulation.studies.search.tipping import NoTippingError
from simulation.values.parameters import BASIS_POINTS_PER, RATE_PATTERN

if TYPE_CHECKING:
    from simulation.scenario.scenario import Scenario

SPREAD_KEY: Final = "spread_path.target_pp"
PATH_LENGTH_KEY: Final = "spread_path.over_days"
FIRST_STEP, DOUBLINGS = 0.125, 6
"""First step as a share of the current value, and number of doublings: the search extends up to eight times that value."""
PATH_STEP = re.compile(r"[^.\[\]]+|\[\d+\]")


@dataclass(frozen=True)
class SearchKey:
    """A key of a scenario given by name or file.

    Attributes
    ----------
    key
        The key, such as ``boj.meetings[0].decision``.
    is_rate
        Whether its values are rates, written with their unit and converted to basis points.
    start
        Current value in the scenario; None if it has none.
    """

    key: str
    is_rate: bool
    start: float | None

    @property
    def unit(self) -> str:
        """Unit of its values if the key itself does not state it."""
        return "bp" if self.is_rate else ""

    def setting(self, value: float) -> str:
        """The text after ``--set`` for a value."""
        return f"{self.key}={value!r}{self.unit}"

    def number(self, text: str) -> float:
        """Parse a value: ``25bp`` for a rate, a plain number otherwise.

        Raises
        ------
        OutputError
            If it is neither.
        """
        match = RATE_PATTERN.match(text)
        try:
            return float(match[1]) * BASIS_POINTS_PER[match[2].lower()] if match and self.is_rate else float(text)
        except ValueError:
            cure = "write a rate as 25bp or 0.25%" if self.is_rate else "write a plain number"
            raise OutputError(f"{text!r} is not a value of {self.key}: {cure}") from None


def search_key(name: str, settings: tuple[str, ...], key: str, example: str | None = None) -> SearchKey:
    """Return a key of a scenario, checked against the schema of the scenario.

    Parameters
    ----------
    example
        A value from the command line; it determines the type of a key without a current value.

    Raises
    ------
    ConfigError
        If the scenario has no such key, or the key takes no number.
    OutputError
        If there is no value to start from.
    """
    try:
        scenario = load_scenario(name, settings)
    except ConfigError:
        # Settings may be valid only with the key, as spread_path.over_days needs a target. Other problems are reported below.
        scenario = load_scenario(name)
    start = _current_value(scenario, key)
    value = start if start is not None else _parse_number(example)
    if value is None:
        raise OutputError(f"{scenario.name} has no value of {key} to start from: give --low and --high")
    try:
        load_scenario(name, (*settings, f"{key}={value!r}bp"))
    except ConfigError:
        # Not a rate: report problems with the key or the value for a plain number.
        load_scenario(name, (*settings, f"{key}={value!r}"))
        return SearchKey(key, False, start)
    return SearchKey(key, True, start)


def _parse_number(text: str | None) -> float | None:
    match = RATE_PATTERN.match(text or "")
    if match:
        return float(match[1]) * BASIS_POINTS_PER[match[2].lower()]
    try:
        return None if text is None else float(text)
    except ValueError:
        return None


def _current_value(scenario: Scenario, key: str) -> float | None:
    part: Any = scenario
    for step in PATH_STEP.findall(key):
        if step.startswith("["):
            at = int(step[1:-1])
            part = part[at] if isinstance(part, tuple) and at < len(part) else None
        else:
            part = part.get(step) if isinstance(part, Mapping) else getattr(part, step, None)
    if part is None and key == SPREAD_KEY:
        return scenario.start_values.ust10_pct - scenario.start_values.jgb10_pct
    return float(part) if isinstance(part, int | float) and not isinstance(part, bool) else None


def find_bracket(response: MetricResponse, level: float, start: float) -> tuple[float, float]:
    """Return two values with a crossing of the level between them, searched in growing steps on both sides of a start value.

    Raises
    ------
    NoTippingError
        If there is none.
    """
    inner = {1.0: start, -1.0: start}
    signs = {start: np.sign(_mean_metric(response, start) - level)}
    tried = [start]
    for side, value in _outward(start):
        if side not in inner:
            continue
        try:
            signs[value] = np.sign(_mean_metric(response, value) - level)
        except ConfigError:
            # Outside the allowed range of the key: stop on this side.
            del inner[side]
            continue
        tried.append(value)
        if signs[value] != signs[inner[side]]:
            return min(value, inner[side]), max(value, inner[side])
        inner[side] = value
    raise NoTippingError(
        f"the mean does not cross {level:g} between {min(tried):g} and {max(tried):g}; give a range with --low and --high"
    )


def _outward(start: float) -> Iterator[tuple[float, float]]:
    step = FIRST_STEP * (abs(start) or 1.0)
    for doubling in range(DOUBLINGS + 1):
        for side in (-1.0, 1.0):
            yield side, start + side * step * 2.0**doubling


def _mean_metric(response: MetricResponse, value: float) -> float:
    values = response(np.array([[value]]))
    if not np.isfinite(values).any():
        raise NoTippingError(f"no run finished at {value:g}; give a range with --low and --high")
    return float(np.nanmean(values))


def missing_exit_days(scenario: Scenario) -> int:
    """Business days by which the scenario ends before the last exits are complete; 0 if they are complete.

    The spread arrives after `over_days`; investors whose threshold it crosses on the last of these days exit over `exit_days`.
    """
    from simulation.day.capital_flows import scenario_days

    path, rule = scenario.spread_path, scenario.unwind
    if path is None or rule.rule != "threshold":
        return 0
    arrival = 1 if path.surprise else path.over_days
    return max(0, arrival + rule.exit_days - (len(scenario_days(scenario)) - 1))


def path_length_setting(name: str, settings: tuple[str, ...], key: str, start: float | None) -> tuple[str, ...]:
    """Setting that ends a spread path early enough for the last exits, if only the search gives the scenario such a path.

    Parameters
    ----------
    name, settings
        The scenario; the result is empty if it already has a spread path.
    key, start
        The key that the search varies, and its start value.
    """
    if key != SPREAD_KEY or start is None:
        return ()
    try:
        if load_scenario(name, settings).spread_path is not None:
            return ()
    except ConfigError:
        # A part of the path is already set and needs the target that the search varies.
        return ()
    whole = load_scenario(name, (*settings, f"{SPREAD_KEY}={start!r}"))
    assert whole.spread_path is not None
    days, cut = whole.spread_path.over_days, missing_exit_days(whole)
    return (f"{PATH_LENGTH_KEY}={days - cut}",) if 0 < cut < days else ()


def describe_exits(scenario: Scenario, added: tuple[str, ...]) -> str:
    """Note on incomplete exits or on a setting added for them; empty if neither applies."""
    cut = missing_exit_days(scenario)
    if cut:
        return (
            f"The scenario ends {cut} business days before the last exits are complete (unwind.exit_days is "
            f"{scenario.unwind.exit_days}), so the last exits are not counted in full. A later end or a smaller "
            f"{PATH_LENGTH_KEY} lets them finish."
        )
    if added:
        days = scenario.unwind.exit_days
        return (
            f"{added[0]} was set so that exits, which take {days} business days, are complete when the scenario ends."
        )
    return ""
