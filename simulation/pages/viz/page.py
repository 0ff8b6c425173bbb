"""The page itself, in Mesa's SolaraViz; imported by the server once solara is known to be there and set up offline."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import solara
from mesa.visualization import Slider, SolaraViz

from simulation.pages.viz import plots
from simulation.pages.viz.slider_model import (
    FIRST_RUN,
    MAX_FIRST_RUN,
    PageRequest,
    SliderControl,
    SliderModel,
    scenario_controls,
)
from simulation.scenario.config.formatting import format_number

PLAY_INTERVAL_MS = 100
DOTS_PER_INCH = 160
STYLE_FILE = Path(__file__).with_name("page.css")
"""What a narrow screen needs."""
SERVED: dict[str, PageRequest] = {}
"""What this process serves, under the key ``request``; the server fills it before the first visitor comes."""


@solara.component
def Page() -> None:  # noqa: N802 - the name that solara looks for
    """One visitor's model with its sliders and plots."""
    request = SERVED["request"]
    model = solara.use_memo(lambda: SliderModel(request), [])
    title = request.resolved().title or request.scenario
    solara.Style(STYLE_FILE)
    SolaraViz(
        model,
        components=[(draw, 0) for draw in (UsdJpyPlot, UnwoundPlot, FlowsPlot, ModelState)],
        model_params=model_parameters(request),
        play_interval=PLAY_INTERVAL_MS,
        name=f"carryflow: {title}",
    )


def model_parameters(request: PageRequest) -> dict[str, Any]:
    """Arguments of the model: the request, which is fixed, and a slider each for the others."""
    sliders = {control.name: control_slider(control, value) for control, value in scenario_controls(request.resolved())}
    news = Slider("News drawn (first run)", value=0, min=0, max=MAX_FIRST_RUN, step=1)
    return {"request": request, **sliders, FIRST_RUN: news}


def control_slider(control: SliderControl, value: float) -> Slider:
    """A slider that starts at the scenario's value and reaches it even if it lies outside the usual span."""
    low, high, step = control.span
    whole = all(float(number).is_integer() for number in (value, low, high, step))
    kind = int if whole else float
    return Slider(
        control.label,
        value=kind(value),
        min=kind(min(low, value)),
        max=kind(max(high, value)),
        step=kind(step),
        dtype=kind,
    )


def UsdJpyPlot(model: SliderModel) -> None:  # noqa: N802 - a component, as solara writes them
    """The exchange rate."""
    show_figure(plots.plot_usdjpy(model.capital_flows))


def UnwoundPlot(model: SliderModel) -> None:  # noqa: N802
    """The unwound share."""
    show_figure(plots.plot_unwound(model.capital_flows))


def FlowsPlot(model: SliderModel) -> None:  # noqa: N802
    """The flows."""
    show_figure(plots.plot_flows(model.capital_flows))


def ModelState(model: SliderModel) -> None:  # noqa: N802
    """Where the model is, what the sliders changed, and which runs ended early and why."""
    inner = model.capital_flows
    runs = f"Runs {inner.run_numbers[0]} to {inner.run_numbers[-1]}, {int(inner.alive.sum())} of them alive."
    changed = " ".join(f"--set {shlex.quote(setting)}" for setting in model.settings)
    with solara.Column():
        solara.Text(f"Day {inner.day} of {len(inner.dates) - 1}: {plots.format_model_day(inner)}")
        solara.Text(runs)
        solara.Text(
            "Simulated: "
            + "; ".join(f"{one.label}: {format_number(value)}" for one, value in scenario_controls(inner.scenario))
            + "."
        )
        solara.Text(f"Changed: {changed}" if changed else "Nothing is changed: this is the scenario as it is written.")
        solara.Text("Move a slider, then press Reset: the model starts again with its value.")
        for row, stop in inner.stopped.items():
            solara.Text(f"Run {inner.run_numbers[row]} ended on {stop.date}: {stop.message}.")


def show_figure(figure: Any) -> None:
    """Show a figure as a picture that is drawn anew at every step."""
    solara.FigureMatplotlib(figure, format="png", dpi=DOTS_PER_INCH)
