"""What is served: the shipped page with finer sliders, and the scenario behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from simulation.pages.explore.columns import Column
from simulation.pages.explore.content import told
from simulation.pages.explore.page import Content, read_content
from simulation.pages.explore.sliders import SLIDERS, Slider, level_of
from simulation.pages.serve.controls import Values, finer, without_own
from simulation.results.store import OutputError
from simulation.scenario.config.catalog import named, path_of
from simulation.scenario.config.loading import load
from simulation.scenario.scenario import Scenario
from simulation.sweeps.basing import base_of, based
from simulation.sweeps.kernel import Work
from simulation.sweeps.points import text_of
from simulation.sweeps.schema import Sweep

SWEEP: Final = "explore"
PAGE: Final = "december_2025"


@dataclass(frozen=True)
class Study:
    """The page and how its states are computed.

    Attributes
    ----------
    content
        What the page holds from the start: the shipped states, on the finer sliders.
    scenario
        The base scenario.
    work
        How a state is run and measured.
    columns
        Quantiles that the page shows.
    """

    content: Content
    scenario: Scenario
    work: Work
    columns: tuple[Column, ...]

    def key(self, values: Values) -> str:
        """One text for equal states."""
        return text_of(without_own(values, self.scenario))


def shipped_study(settings: tuple[str, ...] = ()) -> Study:
    """December 2025, as `carryflow explore` ships it.

    Parameters
    ----------
    settings
        Changes to the sweep behind the page, such as a smaller scenario.

    Raises
    ------
    OutputError
        If the shipped page has other sliders than this version.
    """
    read = load(path_of("sweeps", SWEEP), settings, root=Sweep, kind="sweeps")
    sweep, loaded = read.scenario, based(read, named("sweeps")[SWEEP].parent)
    content = read_content(named("explore")[PAGE])
    if [slider["key"] for slider in content["sliders"]] != [slider.key for slider in SLIDERS]:
        raise OutputError(f"{PAGE} was shipped with other sliders than these: make it again with `make explore-data`")
    sliders = [finer(slider, loaded.scenario) for slider in SLIDERS]
    work = Work(base_of(loaded, sweep), False, sweep.measured, sweep.kept_series)
    columns = tuple(Column(**column) for column in content["columns"])
    return Study(on_sliders(content, sliders), loaded.scenario, work, columns)


def on_sliders(content: Content, sliders: list[Slider]) -> Content:
    """The content with finer sliders; its states keep their values."""
    places = [
        [level_of(fine, level.value) for level in coarse.levels] for coarse, fine in zip(SLIDERS, sliders, strict=True)
    ]
    states = [[places[at][level] for at, level in enumerate(levels)] for levels in content["states"]]
    return {**content, "sliders": [with_values(slider) for slider in sliders], "states": states}


def with_values(slider: Slider) -> dict[str, Any]:
    """A slider for the page, each position with what is asked of the server."""
    about = told(slider)
    levels = [{**level, "value": one.value} for level, one in zip(about["levels"], slider.levels, strict=True)]
    return {**about, "levels": levels}


def neighbours(study: Study) -> list[str]:
    """Keys of the states in which one slider leaves the baseline and that were not shipped, the nearest first."""
    content = study.content
    home, shipped = content["states"][content["baseline"]], {tuple(levels) for levels in content["states"]}
    moved = [
        (abs(level - home[at]), [*home[:at], level, *home[at + 1 :]])
        for at, slider in enumerate(content["sliders"])
        for level in range(len(slider["levels"]))
    ]
    wanted = [levels for _, levels in sorted(moved) if tuple(levels) not in shipped]
    return [study.key(values_at(content, levels)) for levels in wanted]


def values_at(content: Content, levels: list[int]) -> Values:
    """The values of a state by its levels."""
    values = {one["key"]: one["levels"][at]["value"] for one, at in zip(content["sliders"], levels, strict=True)}
    return {key: value for key, value in values.items() if value is not None}
