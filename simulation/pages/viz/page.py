"""Solara page with Mesa's SolaraViz; the server imports it after configuring solara for offline use."""

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
"""Styles for narrow screens."""
SERVED: dict[str, PageRequest] = {}
"""The served request, under the key ``request``; set by the server before the first visit."""


@solara.component
def Page() -> None:  # noqa: N802 - the name that solara expects
    """Model, sliders and plots of one visitor."""
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
    """Arguments of the model: the fixed request, and a slider for each control."""
    sliders = {control.name: control_slider(control, value) for control, value in scenario_controls(request.resolved())}
    news = Slider("Random news (first run number)", value=0, min=0, max=MAX_FIRST_RUN, step=1)
    return {"request": request, **sliders, FIRST_RUN: news}


def control_slider(control: SliderControl, value: float) -> Slider:
    """Slider that starts at the value of the scenario; its range is extended to include that value."""
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


def UsdJpyPlot(model: SliderModel) -> None:  # noqa: N802 - solara components are capitalized
    """Exchange rate."""
    show_figure(plots.plot_usdjpy(model.capital_flows))


def UnwoundPlot(model: SliderModel) -> None:  # noqa: N802
    """Unwound share by kind of holder."""
    show_figure(plots.plot_unwound(model.capital_flows))


def FlowsPlot(model: SliderModel) -> None:  # noqa: N802
    """Yen bought by population."""
    show_figure(plots.plot_flows(model.capital_flows))


def ModelState(model: SliderModel) -> None:  # noqa: N802
    """Current day, slider values, changed settings and stopped runs."""
    inner = model.capital_flows
    runs = f"Runs {inner.run_numbers[0]} to {inner.run_numbers[-1]}, {int(inner.alive.sum())} still running."
    changed = " ".join(f"--set {shlex.quote(setting)}" for setting in model.settings)
    with solara.Column():
        solara.Text(f"Day {inner.day} of {len(inner.dates) - 1}: {plots.format_model_day(inner)}")
        solara.Text(runs)
        solara.Text(
            "Slider values: "
            + "; ".join(f"{one.label}: {format_number(value)}" for one, value in scenario_controls(inner.scenario))
            + "."
        )
        solara.Text(f"Changed settings: {changed}" if changed else "No settings are changed.")
        solara.Text("A moved slider takes effect at the next Reset, which restarts the model.")
        for row, stop in inner.stopped.items():
            solara.Text(f"Run {inner.run_numbers[row]} stopped on {stop.date}: {stop.message}.")


def show_figure(figure: Any) -> None:
    """Show a figure as an image, redrawn at every step."""
    solara.FigureMatplotlib(figure, format="png", dpi=DOTS_PER_INCH)
