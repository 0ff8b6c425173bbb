"""A key that a search moves: how its values are written, where the scenario stands, and where to look first.

Whether everybody who leaves under the threshold rule has left when a scenario ends: only then is its answer the rule's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from simulation.results.output_folder import OutputError
from simulation.scenario.config.errors import ConfigError
from simulation.studies.search.response import MetricResponse
from simulation.studies.search.tipping import NoTippingError
from simulation.values.parameters import BASIS_POINTS_PER, RATE_PATTERN

if TYPE_CHECKING:
    from simulation.scenario.scenario import Scenario

SPREAD_KEY: Final = "spread_path.target_pp"
FIRST_STEP, DOUBLINGS = 0.125, 6
"""First step outward as a share of where the scenario stands, and how often it doubles: up to eight times that value away."""
PATH_STEP = re.compile(r"[^.\[\]]+|\[\d+\]")


@dataclass(frozen=True)
class SearchKey:
    """A key of a scenario given by name or file.

    Attributes
    ----------
    key
        The key, such as ``boj.meetings[0].decision``.
    is_rate
        Whether its values are rates, written with their unit and counted in basis points.
    start
        Where the scenario stands; none if it says nothing.
    """

    key: str
    is_rate: bool
    start: float | None

    @property
    def unit(self) -> str:
        """Unit of its values, where the key's own name does not tell it."""
        return "bp" if self.is_rate else ""

    def setting(self, value: float) -> str:
        """The text after ``--set`` that gives it a value."""
        return f"{self.key}={value!r}{self.unit}"

    def number(self, text: str) -> float:
        """A value as typed: ``25bp`` for a rate, a plain number otherwise.

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
            raise OutputError(f"{text!r} is no value of {self.key}: {cure}") from None


def search_key(name: str, settings: tuple[str, ...], key: str, example: str | None = None) -> SearchKey:
    """A key of a scenario, held against the scenario's schema.

    Parameters
    ----------
    example
        A value as typed, to tell what the key takes where the scenario says nothing.

    Raises
    ------
    ConfigError
        If the scenario has no such key, or it takes no number.
    OutputError
        If nothing tells where to begin.
    """
    from simulation.compute.ensemble import load_scenario

    try:
        scenario = load_scenario(name, settings)
    except ConfigError:
        # Settings may need the key to make a whole, as spread_path.over_days needs a target; without it they are told of below.
        scenario = load_scenario(name)
    start = _current_value(scenario, key)
    value = start if start is not None else _parse_number(example)
    if value is None:
        raise OutputError(f"{scenario.name} says nothing of {key}: give --low and --high")
    try:
        load_scenario(name, (*settings, f"{key}={value!r}bp"))
    except ConfigError:
        # No rate then; what is wrong with the key or the value is told for a plain number.
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
    """Two values with a crossing of the level between them, looked for in growing steps to both sides of a start.

    Raises
    ------
    NoTippingError
        If none is found.
    """
    inner = {1.0: start, -1.0: start}
    signs = {start: np.sign(_mean_metric(response, start) - level)}
    seen = [start]
    for side, value in _outward(start):
        if side not in inner:
            continue
        try:
            signs[value] = np.sign(_mean_metric(response, value) - level)
        except ConfigError:
            # Beyond what the key allows: this side ends here.
            del inner[side]
            continue
        seen.append(value)
        if signs[value] != signs[inner[side]]:
            return min(value, inner[side]), max(value, inner[side])
        inner[side] = value
    raise NoTippingError(
        f"the mean does not cross {level:g} between {min(seen):g} and {max(seen):g}; say where to look with --low and --high"
    )


def _outward(start: float) -> Iterator[tuple[float, float]]:
    step = FIRST_STEP * (abs(start) or 1.0)
    for doubling in range(DOUBLINGS + 1):
        for side in (-1.0, 1.0):
            yield side, start + side * step * 2.0**doubling


def _mean_metric(response: MetricResponse, value: float) -> float:
    values = response(np.array([[value]]))
    if not np.isfinite(values).any():
        raise NoTippingError(f"no run finished at {value:g}; say where to look with --low and --high")
    return float(np.nanmean(values))


PATH_LENGTH_KEY: Final = "spread_path.over_days"


def missing_exit_days(scenario: Scenario) -> int:
    """Business days that the last exits still need when the scenario ends; 0 where they are complete.

    The spread arrives after `over_days`; an investor whose threshold it crosses on the last of them leaves over `exit_days`.
    """
    from simulation.day.capital_flows import scenario_days

    path, rule = scenario.spread_path, scenario.unwind
    if path is None or rule.rule != "threshold":
        return 0
    arrival = 1 if path.surprise else path.over_days
    return max(0, arrival + rule.exit_days - (len(scenario_days(scenario)) - 1))


def path_length_setting(name: str, settings: tuple[str, ...], key: str, start: float | None) -> tuple[str, ...]:
    """The setting that lets a path of the spread, where the search itself brings one in, end early enough for the last exits.

    Parameters
    ----------
    name, settings
        The scenario; nothing is added where it has a path of its own.
    key, start
        The key that the search moves, and where it starts.
    """
    from simulation.compute.ensemble import load_scenario

    if key != SPREAD_KEY or start is None:
        return ()
    try:
        if load_scenario(name, settings).spread_path is not None:
            return ()
    except ConfigError:
        # A part of the path is set already and needs the target that the search moves.
        return ()
    whole = load_scenario(name, (*settings, f"{SPREAD_KEY}={start!r}"))
    assert whole.spread_path is not None
    days, cut = whole.spread_path.over_days, missing_exit_days(whole)
    return (f"{PATH_LENGTH_KEY}={days - cut}",) if 0 < cut < days else ()


def describe_exits(scenario: Scenario, added: tuple[str, ...]) -> str:
    """What a reader must know of the exits; empty where there is nothing to say."""
    cut = missing_exit_days(scenario)
    if cut:
        return (
            f"The scenario ends {cut} business days before the last exits are complete (unwind.exit_days is "
            f"{scenario.unwind.exit_days}): part of who left is not counted. A later end or a smaller {PATH_LENGTH_KEY} lets them finish."
        )
    if added:
        days = scenario.unwind.exit_days
        return f"{added[0]} was set, so that exits of {days} business days are complete when the scenario ends."
    return ""
