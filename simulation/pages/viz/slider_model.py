"""What the page's sliders change: a model that is built from a scenario's name and a few keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import mesa

from simulation.compute.ensemble import load_scenario
from simulation.day.model import CapitalFlowModel
from simulation.scenario.scenario import Scenario

FIRST_RUN = "first_run"
"""Name of the slider that chooses the news: runs are counted from it."""
MAX_FIRST_RUN = 50

SliderValue = float | str


@dataclass(frozen=True)
class SliderControl:
    """A slider over one key of the config.

    Attributes
    ----------
    name
        Argument of `SteeredModel`.
    label
        What the reader sees, with the unit.
    key
        Key path of the config.
    span
        Lowest value, highest value and step, in the unit of the label.
    scale
        Value of the config per unit of the label.
    unit
        Unit that the config wants to be written.
    """

    name: str
    label: str
    key: str
    span: tuple[float, float, float]
    scale: float = 1.0
    unit: str = ""

    def start(self, scenario: Scenario) -> float | None:
        """Value in the scenario, in the unit of the label; none where the scenario has no such key."""
        found: object = scenario
        for part in self.key.replace("[", ".").replace("]", "").split("."):
            found = _child(found, part)
        return round(float(found) / self.scale, 9) if isinstance(found, int | float) else None

    def setting(self, value: float) -> str:
        """The change of the config, as after ``--set``."""
        return f"{self.key}={value * self.scale:.12g}{self.unit}"


def _child(found: object, part: str) -> object:
    """One step down a key path: an entry of a list, a value of a mapping or a field; none where there is none."""
    if isinstance(found, tuple):
        return found[int(part)] if int(part) < len(found) else None
    return found.get(part) if isinstance(found, Mapping) else getattr(found, part, None)


CONTROLS = (
    SliderControl("boj_decision_bp", "Bank of Japan decides, bp", "boj.meetings[0].decision", (0, 75, 25), unit="bp"),
    SliderControl("priced_pct", "Priced before, %", "boj.meetings[0].priced_probability", (0, 100, 1), 0.01),
    SliderControl(
        "carry_stock_usd_bn", "Carry funds hold, USD bn", "populations.carry_funds.stock_usd_bn", (50, 1000, 10)
    ),
    SliderControl(
        "leverage_x", "Carry funds' leverage, x", "populations.carry_funds.leverage_x.median", (1.0, 6.0, 0.1)
    ),
    SliderControl("noise_x", "Size of random news, x", "noise.scale_x", (0.0, 2.0, 0.1)),
)
"""Every slider that the page may have; a scenario shows those whose key it has."""


@dataclass(frozen=True)
class PageRequest:
    """What a page was asked to show: a scenario by name or file, changes to it, and how many runs."""

    scenario: str
    settings: tuple[str, ...] = ()
    runs: int = 8

    def resolved(self) -> Scenario:
        """The scenario with its changes."""
        return load_scenario(self.scenario, self.settings)


class SliderModel(mesa.Model):
    """What Mesa's page builds anew after every change of a slider: a `CapitalFlowModel` with arguments that are numbers.

    The page of Mesa 3.5 looks into ``model.scenario`` for a scenario of Mesa's own, so ours stays in the model inside.

    Parameters
    ----------
    request
        What the page was asked to show.
    first_run
        First of the consecutive run numbers; another one brings other news.
    scenario
        A scenario of Mesa's own, which the page of Mesa 3.5 hands over at every Reset; it holds a seed and is not used.
    kwargs
        Values of sliders by the name of their control, in the unit of the label. A value that is the scenario's own
        changes nothing, to the last bit.

    Raises
    ------
    ConfigError
        If the scenario with these values makes no sense.
    """

    def __init__(self, request: PageRequest, first_run: int = 0, scenario: object = None, **kwargs: float) -> None:
        self.settings = (*request.settings, *changed_settings(request.resolved(), kwargs))
        own = load_scenario(request.scenario, self.settings)
        super().__init__(rng=own.seed)
        self.capital_flows = CapitalFlowModel(own, range(first_run, first_run + request.runs))

    def step(self) -> None:
        """Simulate one business day."""
        self.capital_flows.step()
        self.running = self.capital_flows.running


def changed_settings(scenario: Scenario, values: Mapping[str, float]) -> Iterator[str]:
    """Settings for the sliders that were moved away from the scenario's own value."""
    known = {control.name: control for control in CONTROLS}
    for name, value in values.items():
        if value != known[name].start(scenario):
            yield known[name].setting(value)


def scenario_controls(scenario: Scenario) -> list[tuple[SliderControl, float]]:
    """The controls that a scenario has, each with its own value there."""
    found = ((control, control.start(scenario)) for control in CONTROLS)
    return [(control, value) for control, value in found if value is not None]
