"""What kept parameter sets say of their priors: tables and a figure, nothing simulated again."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from simulation.results.figures.style import Drawing, Heading, house_style, new_figure, panel_title
from simulation.results.store import versions, write_manifest, written_whole
from simulation.scenario.cloud import Cloud
from simulation.studies.calibration.diagnostics import (
    Columns,
    correlations,
    parameter_table,
    product_table,
    write_tables,
)
from simulation.studies.calibration.figures import (
    draw_learned,
    draw_pair,
    draw_parameters,
    finding,
    pair_numbers,
    parameter_numbers,
)
from simulation.studies.calibration.priors import to_unit
from simulation.studies.calibration.problem import Problem
from simulation.values.conventions import Array


@dataclass(frozen=True)
class Kept:
    """Parameter sets as draws from a posterior.

    Attributes
    ----------
    problem
        The problem whose priors they belong to.
    cloud
        The sets, each as often as its weight says.
    unit
        Points of the unit cube of the priors, ``(sets, d)``.
    """

    problem: Problem
    cloud: Cloud
    unit: Array

    def tables(self) -> dict[str, Columns]:
        """Prior against posterior, products and correlations by name."""
        names = [prior.name for prior in self.problem.priors]
        between = dict(zip(names, correlations(self).T, strict=True))
        return {
            "parameters": parameter_table(self),
            "products": product_table(self),
            "correlations": {"parameter": names, **between},
        }

    def draw(self) -> Drawing:
        """Draw prior against posterior, and which of impact and stock the data tell."""
        parameters = parameter_table(self)
        with house_style():
            figure = new_figure(Heading(finding(self, parameters), SUBTITLE, self.source))
            left = figure.add_axes((0.185, 0.085, 0.215, 0.73))
            draw_parameters(left, self, parameters, LARGE)
            panel_title(left, "Prior (grey) and posterior (blue)")
            _draw_identification(figure, self)
        return Drawing(figure, parameter_numbers(parameters) | pair_numbers(self, self.unit))

    @property
    def source(self) -> str:
        """Where the sets come from, for the foot of the figure."""
        return (
            f"Source: carryflow, parameter sets {self.cloud.name}; {self.cloud.notes.get('command', 'command unknown')}"
        )

    def save(self, target: Path, command: str) -> Path:
        """Write figure and tables into a folder, whole or not at all, and return it."""
        from simulation.studies.experiment.experiment_figures import write_figure

        with written_whole(target) as draft:
            write_tables(draft, self.tables())
            write_figure(self.draw(), draft)
            write_manifest(draft, self.facts() | {"command": command, "versions": versions()})
        return target

    def facts(self) -> dict[str, Any]:
        """What the manifest says."""
        about = {"kind": "parameter_sets", "config_hash": self.cloud.digest, "name": self.cloud.name}
        return about | {"sets": len(self.unit), "notes": dict(self.cloud.notes)}


LARGE = 9.0
"""Size of the words of both panels: the figure is meant for a slide too."""
SUBTITLE = "Middle 80 % and median of each parameter, percent of the prior's range; dots: one parameter set each"


def kept(problem: Problem, cloud: Cloud) -> Kept:
    """Return parameter sets as draws from the posterior of a problem.

    Raises
    ------
    ValueError
        If the sets are not of this problem: other keys, or values outside the priors.
    """
    keys = [prior.key for prior in problem.priors]
    if sorted(keys) != sorted(cloud.keys):
        strange = sorted(set(keys) ^ set(cloud.keys))
        raise ValueError(
            f"parameter sets {cloud.name} are not of problem {problem.name}: {', '.join(strange)} in one only"
        )
    values = cloud.values[cloud.order][:, [cloud.keys.index(key) for key in keys]]
    for prior, column in zip(problem.priors, values.T, strict=True):
        if column.min() < prior.low or column.max() > prior.high:
            raise ValueError(
                f"parameter sets {cloud.name}: {prior.key} reaches from {column.min():g} to {column.max():g} {prior.unit}; "
                f"the prior of {problem.name} allows {prior.low:g} to {prior.high:g}"
            )
    return Kept(problem, cloud, np.ascontiguousarray(to_unit(problem.priors, values)))


def _draw_identification(figure: Figure, sets: Kept) -> None:
    """Draw the pair of factors above what became narrower."""
    for pair in sets.problem.products[:1]:
        draw_pair(figure.add_axes((0.70, 0.49, 0.245, 0.325)), sets, pair, LARGE)
    draw_learned(figure.add_axes((0.80, 0.085, 0.145, 0.26 if sets.problem.products else 0.73)), sets, LARGE)
