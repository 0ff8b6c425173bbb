"""The page itself, in Mesa's SolaraViz; imported by the server once solara is known to be there and set up offline."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import solara
from mesa.visualization import Slider, SolaraViz

from simulation.pages.viz import plots
from simulation.pages.viz.steering import FIRST_RUN, MOST_FIRST_RUN, Control, Request, SteeredModel, shown
from simulation.scenario.config.wording import number

PLAY_INTERVAL_MS = 100
DOTS_PER_INCH = 160
STYLE = Path(__file__).with_name("page.css")
"""What a narrow screen needs."""
LAUNCHED: dict[str, Request] = {}
"""What this process serves, under the key ``request``; the server fills it before the first visitor comes."""


@solara.component
def Page() -> None:  # noqa: N802 - the name that solara looks for
    """One visitor's model with its sliders and plots."""
    request = LAUNCHED["request"]
    model = solara.use_memo(lambda: SteeredModel(request), [])
    title = request.resolved().title or request.scenario
    solara.Style(STYLE)
    SolaraViz(
        model,
        components=[(draw, 0) for draw in (UsdJpy, Unwound, Flows, State)],
        model_params=parameters(request),
        play_interval=PLAY_INTERVAL_MS,
        name=f"carryflow: {title}",
    )


def parameters(request: Request) -> dict[str, Any]:
    """Arguments of the model: the request, which is fixed, and a slider each for the others."""
    sliders = {control.name: slider(control, value) for control, value in shown(request.resolved())}
    news = Slider("News drawn (first run)", value=0, min=0, max=MOST_FIRST_RUN, step=1)
    return {"request": request, **sliders, FIRST_RUN: news}


def slider(control: Control, value: float) -> Slider:
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


def UsdJpy(model: SteeredModel) -> None:  # noqa: N802 - a component, as solara writes them
    """The exchange rate."""
    picture(plots.usdjpy(model.capital_flows))


def Unwound(model: SteeredModel) -> None:  # noqa: N802
    """The unwound share."""
    picture(plots.unwound(model.capital_flows))


def Flows(model: SteeredModel) -> None:  # noqa: N802
    """The flows."""
    picture(plots.flows(model.capital_flows))


def State(model: SteeredModel) -> None:  # noqa: N802
    """Where the model is, what the sliders changed, and which runs ended early and why."""
    inner = model.capital_flows
    runs = f"Runs {inner.run_numbers[0]} to {inner.run_numbers[-1]}, {int(inner.alive.sum())} of them alive."
    changed = " ".join(f"--set {shlex.quote(setting)}" for setting in model.settings)
    with solara.Column():
        solara.Text(f"Day {inner.day} of {len(inner.dates) - 1}: {plots.day_text(inner)}")
        solara.Text(runs)
        solara.Text(
            "Simulated: " + "; ".join(f"{one.label}: {number(value)}" for one, value in shown(inner.scenario)) + "."
        )
        solara.Text(f"Changed: {changed}" if changed else "Nothing is changed: this is the scenario as it is written.")
        solara.Text("Move a slider, then press Reset: the model starts again with its value.")
        for row, stop in inner.stopped.items():
            solara.Text(f"Run {inner.run_numbers[row]} ended on {stop.date}: {stop.message}.")


def picture(figure: Any) -> None:
    """Show a figure as a picture that is drawn anew at every step."""
    solara.FigureMatplotlib(figure, format="png", dpi=DOTS_PER_INCH)
