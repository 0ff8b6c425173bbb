"""Figures of a calibration: rank histograms, prior and posterior, fit of the moments, and stored parameter sets."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from simulation.results.figures.style import (
    ACCENT,
    COLOURS,
    GREY,
    INK,
    LIGHT,
    Drawing,
    Heading,
    figure_style,
    new_figure,
    panel_title,
    remove_frame,
)
from simulation.results.figures.style import Columns as Numbers
from simulation.results.output_folder import atomic_folder, package_versions, write_manifest
from simulation.scenario.config.parameter_sets import Cloud
from simulation.studies.calibration.diagnostics import (
    PosteriorDraws,
    ProductIdentification,
    TableColumns,
    log_factors,
    moment_table,
    parameter_table,
    posterior_correlations,
    product_identification,
    product_table,
    write_tables,
)
from simulation.studies.calibration.fitting import PosteriorFit
from simulation.studies.calibration.problem import CalibrationProblem, to_unit
from simulation.studies.calibration.sbc import BINS, LIKELIHOOD, Ranks
from simulation.values.conventions import Array

PRIOR_COLOUR, POSTERIOR_COLOUR = "#c9c9c9", ACCENT
MISSED_COLOUR = COLOURS["carry_funds"]
OUTSIDE_COLOUR = COLOURS["carry_funds"]
HISTOGRAM_COLUMNS = 7
SCORE_LIMIT = 4.0
"""Larger scores, in standard deviations, are drawn at the edge of the panel."""
MAX_DOTS = 600
NARROWED_SHARE = 0.25
"""Shrinkage above which a parameter counts as narrowed."""
PANEL_FONT_SIZE = 7.5
"""Font size in a figure with three columns of panels, points."""
SLIDE_FONT_SIZE = 9.0
"""Font size in the figure of stored parameter sets, legible on a slide, points."""
RANK_SUBTITLE = (
    "Rank of the true value in its posterior, data sets per bin; grey: 99 % band for all bins jointly; trough: too narrow, "
    "hump: too wide"
)
FIT_SUBTITLE = (
    "Middle 80 % and median. Parameters: percent of the prior's range. Moments: new simulations, in the targets' sd; "
    "observed in brackets"
)
SETS_SUBTITLE = "Middle 80 % and median of each parameter, percent of the prior's range; dots: one parameter set each"


def rank_chart(ranks: Ranks, title: str, source: str) -> Drawing:
    """Draw one histogram of ranks per parameter, with the joint band for all bins."""
    width, error = ranks.width()
    verdict = "calibrated" if ranks.passed else "not calibrated"
    text = f"{title}: {verdict}; spread of ranks {width:.2f} ± {2 * error:.2f} times uniform"
    with figure_style():
        figure = new_figure(Heading(text, RANK_SUBTITLE, source))
        rows = -(-len(ranks.names) // HISTOGRAM_COLUMNS)
        counts = ranks.histogram()
        for place, name in enumerate(ranks.names):
            row, column = divmod(place, HISTOGRAM_COLUMNS)
            height = 0.80 / rows
            axes = figure.add_axes((0.03 + column * 0.135, 0.07 + (rows - 1 - row) * height, 0.12, 0.68 * height))
            _draw_histogram(axes, counts[:, place], ranks.band(), len(ranks.values))
            criterion = " (mean tested)" if name == LIKELIHOOD else ""
            axes.set_title(name.replace("_", " ") + criterion, loc="left", fontsize=7.5, color=INK, pad=3)
    return Drawing(figure, rank_columns(ranks))


def _draw_histogram(
    axes: Axes, counts: np.ndarray[tuple[int], np.dtype[np.float64]], band: tuple[float, float], cases: int
) -> None:
    remove_frame(axes)
    axes.grid(visible=False)
    axes.axhspan(*band, color=LIGHT, alpha=0.6, linewidth=0)
    axes.axhline(cases / BINS, color=GREY, linewidth=0.8)
    inside = (counts >= band[0]) & (counts <= band[1])
    axes.bar(np.arange(BINS), counts, width=0.85, color=np.where(inside, ACCENT, OUTSIDE_COLOUR))
    axes.set_xticks([])
    axes.set_ylim(0.0, 1.05 * max(float(counts.max()), band[1]))
    axes.set_yticks([round(cases / BINS)])
    axes.tick_params(labelsize=7)


def rank_columns(ranks: Ranks) -> Numbers:
    """Return the counts, one row per bin, and the band."""
    low, high = ranks.band()
    columns: Numbers = {"bin": np.arange(BINS), "band_low": np.full(BINS, low), "band_high": np.full(BINS, high)}
    return columns | dict(zip(ranks.names, ranks.histogram().T, strict=True))


def calibration_figure(fit: PosteriorFit, source: str) -> Drawing:
    """Draw prior and posterior, fit of the moments, and identification of the product."""
    with figure_style():
        parameters, moments = parameter_table(fit), moment_table(fit)
        figure = new_figure(Heading(finding_sentence(fit, parameters), FIT_SUBTITLE, source))
        left = figure.add_axes((0.145, 0.085, 0.12, 0.73))
        draw_parameters(left, fit, parameters)
        panel_title(left, "Prior (grey) and posterior (blue)")
        middle = figure.add_axes((0.585, 0.085, 0.10, 0.73))
        _draw_moments(middle, fit, moments)
        panel_title(middle, "Simulated less observed")
        _draw_fit_identification(figure, fit)
    return Drawing(figure, report_columns(fit, parameters, moments))


def finding_sentence(draws: PosteriorDraws, parameters: TableColumns) -> str:
    """Return the main result of the figure in one sentence."""
    shrinkage = np.asarray(parameters["shrinkage"])
    narrowed = int((shrinkage > NARROWED_SHARE).sum())
    summary = f"{narrowed} of {len(shrinkage)} parameters narrowed by over a quarter"
    if not draws.problem.products:
        return summary
    pair = product_identification(draws, draws.problem.products[0])
    first, second = factor_symbols(draws, pair)
    if pair.identified:
        return f"{summary}; {first} × {second} better identified than {first} or {second}"
    return f"{summary}; {best_known_combination(draws, pair)} identified, not {first} × {second}"


def factor_symbols(draws: PosteriorDraws, pair: ProductIdentification) -> tuple[str, str]:
    """Return the symbols of two factors."""
    labels = {prior.name: label_symbol(prior.label) for prior in draws.problem.priors}
    return labels[pair.names[0]], labels[pair.names[1]]


def best_known_combination(draws: PosteriorDraws, pair: ProductIdentification) -> str:
    """Return the best-identified combination of two factors, such as ``λ × K^0.35``."""
    first, second = factor_symbols(draws, pair)
    return f"{first} × {second}^{pair.exponent:.2f}".replace("-", "−")


def label_symbol(label: str) -> str:
    """Return the symbol at the end of a label, or the label itself."""
    last = label.split()[-1]
    return last if len(last) == 1 else label


def draw_parameters(axes: Axes, draws: PosteriorDraws, table: TableColumns, size: float = PANEL_FONT_SIZE) -> None:
    """Draw prior and posterior of each parameter, with posterior quantiles as text; `size` is the font size in points."""
    unit = 100.0 * np.quantile(draws.unit, (0.1, 0.5, 0.9), axis=0)
    rows = np.arange(unit.shape[1])
    axes.hlines(rows, 10.0, 90.0, color=PRIOR_COLOUR, linewidth=7.0)
    axes.hlines(rows, unit[0], unit[2], color=POSTERIOR_COLOUR, linewidth=3.2)
    axes.plot(unit[1], rows, "o", color="white", markeredgecolor=POSTERIOR_COLOUR, markersize=4.5)
    columns = [np.asarray(table[f"posterior_p{level}"]) for level in (10, 50, 90)]
    for row, (low, middle, high) in enumerate(zip(*columns, strict=True)):
        _write_beside(axes, row, f"{_format_number(middle)}  ({_format_number(low)} to {_format_number(high)})", size)
    _style_rows(axes, [prior.label for prior in draws.problem.priors], size)
    axes.set_xlim(0.0, 100.0)
    axes.set_xticks([0, 50, 100])


def _draw_moments(axes: Axes, fit: PosteriorFit, table: TableColumns) -> None:
    observed, sd = np.asarray(table["observed"], dtype=np.float64), np.asarray(table["sd"], dtype=np.float64)
    low, middle, high = (
        np.clip((np.asarray(table[f"simulated_p{level}"], dtype=np.float64) - observed) / sd, -SCORE_LIMIT, SCORE_LIMIT)
        for level in (10, 50, 90)
    )
    rows = np.arange(len(observed))
    shades = np.where(np.abs(middle) <= 2.0, POSTERIOR_COLOUR, MISSED_COLOUR)
    axes.axvspan(-2.0, 2.0, color=LIGHT, alpha=0.45, linewidth=0)
    axes.hlines(rows, low, high, color=shades, linewidth=3.2)
    axes.scatter(middle, rows, s=22, facecolor="white", edgecolor=shades, zorder=3)
    for row, (value, simulated) in enumerate(zip(observed, np.asarray(table["simulated_p50"]), strict=True)):
        _write_beside(axes, row, f"{_format_number(simulated)} ({_format_number(value)})")
    labels = {target.name: target.label for target in fit.problem.targets}
    _style_rows(axes, [labels[name] for name in table["moment"]])
    axes.axvline(0.0, color=INK, linewidth=0.8)
    axes.set_xlim(-SCORE_LIMIT - 0.3, SCORE_LIMIT + 0.3)
    axes.set_xticks([-4, -2, 0, 2, 4], ["−4", "−2", "0", "2", "4"])


def _style_rows(axes: Axes, labels: list[str], size: float = PANEL_FONT_SIZE) -> None:
    """Style a panel with one row per label, from top to bottom."""
    remove_frame(axes)
    axes.grid(visible=False, axis="y")
    axes.grid(visible=True, axis="x", color=LIGHT, linewidth=0.7)
    axes.yaxis.tick_left()
    axes.set_yticks(range(len(labels)), labels)
    axes.tick_params(axis="y", length=0, labelsize=size, labelcolor=INK)
    axes.tick_params(axis="x", labelsize=size)
    axes.set_ylim(len(labels) - 0.5, -0.5)


def _format_number(value: float) -> str:
    """Return a number with two or three significant digits, without an exponent below a thousand."""
    return f"{value:.{3 if abs(value) >= 1 else 2}g}".replace("-", "−")


def _write_beside(axes: Axes, row: int, text: str, size: float = PANEL_FONT_SIZE) -> None:
    axes.text(1.03, row, text, transform=axes.get_yaxis_transform(), va="center", fontsize=0.9 * size, color=GREY)


def _draw_fit_identification(figure: Figure, draws: PosteriorDraws) -> None:
    """Draw the first pair of factors and the shrinkage, in the right column."""
    pairs = draws.problem.products[:1]
    for pair in pairs:
        axes = figure.add_axes((0.82, 0.47, 0.135, 0.345))
        draw_pair(axes, draws, pair)
    axes = figure.add_axes((0.895, 0.085, 0.08, 0.26 if pairs else 0.73))
    draw_shrinkage(axes, draws)


def draw_pair(axes: Axes, draws: PosteriorDraws, pair: tuple[str, str], size: float = PANEL_FONT_SIZE) -> None:
    """Draw the posterior of two factors, and the line of the median product."""
    priors = {prior.name: prior for prior in draws.problem.priors}
    first, second = (priors[name] for name in pair)
    logs = log_factors(draws, pair, draws.unit[:: max(1, len(draws.unit) // MAX_DOTS)])
    middle = float(np.median(logs[:, 2]))
    span = np.linspace(first.low, first.high, 50)
    axes.plot(np.exp(logs[:, 0]), np.exp(logs[:, 1]), ".", color=POSTERIOR_COLOUR, markersize=2.5, alpha=0.5)
    axes.plot(span, np.exp(middle) / span, color=INK, linewidth=1.2)
    remove_frame(axes)
    axes.set(xscale="log", yscale="log", xlim=(first.low, first.high), ylim=(second.low, second.high))
    for axis, prior in ((axes.xaxis, first), (axes.yaxis, second)):
        ticks = np.exp(np.linspace(np.log(prior.low), np.log(prior.high), 3))
        axis.set_ticks(ticks, [_format_number(float(tick)) for tick in ticks])
        axis.set_minor_locator(NullLocator())
    axes.tick_params(labelsize=size)
    axes.tick_params(axis="x", pad=0.8 * size)
    axes.set_xlabel(f"{first.label}, {first.unit}", fontsize=size)
    x, y = label_symbol(first.label), label_symbol(second.label)
    panel_title(axes, f"{y} by {x}; line: fixed {x}{y}")


def draw_shrinkage(axes: Axes, draws: PosteriorDraws, size: float = PANEL_FONT_SIZE) -> None:
    """Draw the shrinkage of the factors and their product, then that of the best-identified parameters."""
    names, values = shrinkage_ranking(draws)
    rows = np.arange(len(names))
    axes.barh(rows, 100.0 * values, height=0.6, color=POSTERIOR_COLOUR)
    _style_rows(axes, names, size)
    axes.set_xlim(0.0, 100.0)
    axes.set_xticks([0, 50, 100])
    panel_title(axes, "Shrinkage, %")


def shrinkage_ranking(draws: PosteriorDraws, most: int = 7) -> tuple[list[str], Array]:
    """Return labels and shrinkage of the product and its factors, then of the parameters with the highest shrinkage."""
    labels = {prior.name: prior.label for prior in draws.problem.priors}
    ranking = [
        row
        for pair in draws.problem.products[:1]
        for row in product_shrinkage(draws, product_identification(draws, pair))
    ]
    table = parameter_table(draws)
    shrinkage = np.asarray(table["shrinkage"], dtype=np.float64)
    others = [(labels[table["parameter"][column]], float(shrinkage[column])) for column in np.argsort(-shrinkage)]
    included = {name for name, _ in ranking}
    ranking = (ranking + [row for row in others if row[0] not in included])[:most]
    return [name for name, _ in ranking], np.array([value for _, value in ranking])


def product_shrinkage(draws: PosteriorDraws, pair: ProductIdentification) -> list[tuple[str, float]]:
    """Return labels and shrinkage of a product, the best-identified combination if different, and the factors."""
    labels = {prior.name: prior.label for prior in draws.problem.priors}
    one, other, both = (float(1.0 - ratio) for ratio in pair.ratios)
    rows = [("Product " + " × ".join(factor_symbols(draws, pair)), both)]
    if not pair.identified:
        rows.append((best_known_combination(draws, pair), float(1.0 - pair.direction_ratio)))
    return [*rows, (labels[pair.names[0]], one), (labels[pair.names[1]], other)]


def report_columns(fit: PosteriorFit, parameters: TableColumns, moments: TableColumns) -> Numbers:
    """Return the plotted values."""
    columns = parameter_columns(parameters)
    columns |= {name: np.array(moments[name]) for name in ("moment", "observed", "sd")}
    columns |= {f"simulated_p{level}": np.array(moments[f"simulated_p{level}"]) for level in (10, 50, 90)}
    return columns | pair_columns(fit, fit.chosen)


def parameter_columns(parameters: TableColumns) -> Numbers:
    """Return the plotted values of prior and posterior."""
    plotted = ("prior_p10", "prior_p50", "prior_p90", "posterior_p10", "posterior_p50", "posterior_p90", "shrinkage")
    columns: Numbers = {"parameter": np.array(parameters["parameter"])}
    return columns | {name: np.asarray(parameters[name]) for name in plotted}


def pair_columns(draws: PosteriorDraws, unit: Array) -> Numbers:
    """Return logarithms of the first pair of factors at points of the unit cube."""
    columns: Numbers = {}
    for first, second in draws.problem.products[:1]:
        logs = log_factors(draws, (first, second), unit)
        columns |= {f"log_{first}": logs[:, 0], f"log_{second}": logs[:, 1]}
    return columns


@dataclass(frozen=True)
class PosteriorSets:
    """Stored parameter sets as draws from a posterior.

    Attributes
    ----------
    problem
        Problem with their priors.
    cloud
        Parameter sets, repeated in proportion to their weights.
    unit
        Points of the unit cube of the priors, ``(sets, d)``.
    """

    problem: CalibrationProblem
    cloud: Cloud
    unit: Array

    def tables(self) -> dict[str, TableColumns]:
        """Tables of prior and posterior, products and correlations by name."""
        names = [prior.name for prior in self.problem.priors]
        correlations = dict(zip(names, posterior_correlations(self).T, strict=True))
        return {
            "parameters": parameter_table(self),
            "products": product_table(self),
            "correlations": {"parameter": names, **correlations},
        }

    def draw(self) -> Drawing:
        """Draw prior and posterior, and the identification of impact and stock."""
        parameters = parameter_table(self)
        with figure_style():
            figure = new_figure(Heading(finding_sentence(self, parameters), SETS_SUBTITLE, self.source))
            left = figure.add_axes((0.185, 0.085, 0.215, 0.73))
            draw_parameters(left, self, parameters, SLIDE_FONT_SIZE)
            panel_title(left, "Prior (grey) and posterior (blue)")
            _draw_sets_identification(figure, self)
        return Drawing(figure, parameter_columns(parameters) | pair_columns(self, self.unit))

    @property
    def source(self) -> str:
        """Source line of the figure."""
        return (
            f"Source: carryflow, parameter sets {self.cloud.name}; {self.cloud.notes.get('command', 'command unknown')}"
        )

    def save(self, target: Path, command: str) -> Path:
        """Write figure and tables atomically into a folder, and return it."""
        from simulation.studies.experiment.figures import write_figure

        with atomic_folder(target) as draft:
            write_tables(draft, self.tables())
            write_figure(self.draw(), draft)
            write_manifest(draft, self.facts() | {"command": command, "versions": package_versions()})
        return target

    def facts(self) -> dict[str, Any]:
        """Content of the manifest."""
        summary = {"kind": "parameter_sets", "config_hash": self.cloud.digest, "name": self.cloud.name}
        return summary | {"sets": len(self.unit), "notes": dict(self.cloud.notes)}


def posterior_sets(problem: CalibrationProblem, cloud: Cloud) -> PosteriorSets:
    """Return parameter sets as draws from the posterior of a problem.

    Raises
    ------
    ValueError
        If the parameter sets belong to another problem: their keys differ, or values lie outside the priors.
    """
    keys = [prior.key for prior in problem.priors]
    if sorted(keys) != sorted(cloud.keys):
        unmatched = sorted(set(keys) ^ set(cloud.keys))
        raise ValueError(
            f"parameter sets {cloud.name} do not belong to problem {problem.name}: only one of them has "
            f"{', '.join(unmatched)}; give --problem or other parameter sets"
        )
    values = cloud.values[cloud.order][:, [cloud.keys.index(key) for key in keys]]
    for prior, column in zip(problem.priors, values.T, strict=True):
        if column.min() < prior.low or column.max() > prior.high:
            raise ValueError(
                f"parameter sets {cloud.name}: {prior.key} ranges from {column.min():g} to {column.max():g} {prior.unit}; "
                f"the prior of {problem.name} allows {prior.low:g} to {prior.high:g}"
            )
    return PosteriorSets(problem, cloud, np.ascontiguousarray(to_unit(problem.priors, values)))


def _draw_sets_identification(figure: Figure, sets: PosteriorSets) -> None:
    """Draw the first pair of factors above the shrinkage."""
    for pair in sets.problem.products[:1]:
        draw_pair(figure.add_axes((0.70, 0.49, 0.245, 0.325)), sets, pair, SLIDE_FONT_SIZE)
    draw_shrinkage(
        figure.add_axes((0.80, 0.085, 0.145, 0.26 if sets.problem.products else 0.73)), sets, SLIDE_FONT_SIZE
    )
