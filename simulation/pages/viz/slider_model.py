"""Sliders of the page, and a Mesa model that is built from a scenario and slider values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import mesa

from simulation.compute.ensemble import load_scenario
from simulation.day.model import CapitalFlowModel
from simulation.scenario.scenario import Scenario

FIRST_RUN = "first_run"
"""Name of the slider for the first run number, which selects the random news."""
MAX_FIRST_RUN = 50

SliderValue = float | str


@dataclass(frozen=True)
class SliderControl:
    """A slider for one config key.

    Attributes
    ----------
    name
        Argument of `SliderModel`.
    label
        Label with the unit.
    key
        Config key.
    span
        Lowest value, highest value and step, in the unit of the label.
    scale
        Config value per unit of the label.
    unit
        Unit suffix required by the config.
    """

    name: str
    label: str
    key: str
    span: tuple[float, float, float]
    scale: float = 1.0
    unit: str = ""

    def start(self, scenario: Scenario) -> float | None:
        """Value in the scenario, in the unit of the label; None if the scenario does not have the key."""
        value: object = scenario
        for part in self.key.replace("[", ".").replace("]", "").split("."):
            value = _child(value, part)
        return round(float(value) / self.scale, 9) if isinstance(value, int | float) else None

    def setting(self, value: float) -> str:
        """Setting in the syntax of ``--set``."""
        return f"{self.key}={value * self.scale:.12g}{self.unit}"


def _child(parent: object, part: str) -> object:
    """Item, mapping value or field of an object; None if it does not exist."""
    if isinstance(parent, tuple):
        return parent[int(part)] if int(part) < len(parent) else None
    return parent.get(part) if isinstance(parent, Mapping) else getattr(parent, part, None)


CONTROLS = (
    SliderControl("boj_decision_bp", "Bank of Japan decision, bp", "boj.meetings[0].decision", (0, 75, 25), unit="bp"),
    SliderControl("priced_pct", "Priced probability, %", "boj.meetings[0].priced_probability", (0, 100, 1), 0.01),
    SliderControl(
        "carry_stock_usd_bn", "Carry fund positions, USD bn", "populations.carry_funds.stock_usd_bn", (50, 1000, 10)
    ),
    SliderControl("leverage_x", "Carry fund leverage, x", "populations.carry_funds.leverage_x.median", (1.0, 6.0, 0.1)),
    SliderControl("noise_x", "Scale of random news, x", "noise.scale_x", (0.0, 2.0, 0.1)),
)
"""Available sliders; the page shows those whose key the scenario has."""


@dataclass(frozen=True)
class PageRequest:
    """Scenario (name or file), settings and number of runs of a page."""

    scenario: str
    settings: tuple[str, ...] = ()
    runs: int = 8

    def resolved(self) -> Scenario:
        """The scenario with the settings applied."""
        return load_scenario(self.scenario, self.settings)


class SliderModel(mesa.Model):
    """Wrapper of `CapitalFlowModel` with numeric arguments, which Mesa's page recreates at every Reset.

    Mesa 3.5 expects a Mesa scenario in ``model.scenario``, so the carryflow scenario is kept in the inner model.

    Parameters
    ----------
    request
        Scenario, settings and number of runs.
    first_run
        First of the consecutive run numbers; it selects the random news.
    scenario
        Mesa scenario passed by Mesa 3.5 at every Reset; not used.
    kwargs
        Slider values by name of the control, in the unit of the label. A value equal to that of the scenario leaves the
        results bit-identical.

    Raises
    ------
    ConfigError
        If the scenario is invalid with these values.
    """

    def __init__(self, request: PageRequest, first_run: int = 0, scenario: object = None, **kwargs: float) -> None:
        self.settings = (*request.settings, *changed_settings(request.resolved(), kwargs))
        resolved = load_scenario(request.scenario, self.settings)
        super().__init__(rng=resolved.seed)
        self.capital_flows = CapitalFlowModel(resolved, range(first_run, first_run + request.runs))

    def step(self) -> None:
        """Simulate one business day."""
        self.capital_flows.step()
        self.running = self.capital_flows.running


def changed_settings(scenario: Scenario, values: Mapping[str, float]) -> Iterator[str]:
    """Yield the settings of sliders whose value differs from the scenario."""
    controls = {control.name: control for control in CONTROLS}
    for name, value in values.items():
        if value != controls[name].start(scenario):
            yield controls[name].setting(value)


def scenario_controls(scenario: Scenario) -> list[tuple[SliderControl, float]]:
    """Controls whose key the scenario has, with the values of the scenario."""
    values = ((control, control.start(scenario)) for control in CONTROLS)
    return [(control, value) for control, value in values if value is not None]
