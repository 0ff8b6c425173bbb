"""Figures of a calibration: what the data taught in one report figure, and the rank histograms of the check."""

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
    house_style,
    new_figure,
    panel_title,
    plain,
)
from simulation.results.figures.style import Columns as Numbers
from simulation.studies.calibration.diagnostics import (
    Columns,
    Drawn,
    Product,
    log_factors,
    moment_table,
    parameter_table,
    product,
)
from simulation.studies.calibration.fitting import Fit
from simulation.studies.calibration.rank_figure import rank_chart
from simulation.values.conventions import Array

__all__ = ["draw_learned", "draw_pair", "draw_parameters", "rank_chart", "report"]

PRIOR_COLOUR, POSTERIOR_COLOUR = "#c9c9c9", ACCENT
MISSED = COLOURS["carry_funds"]
FAR = 4.0
"""Scores beyond so many standard deviations are drawn at the edge."""
DOTS = 600
SMALL = 7.5
"""Size of the words of a panel that stands beside two others."""
STRONG = 0.25
"""Correlations beyond are named."""


def report(fit: Fit, source: str) -> Drawing:
    """Draw prior against posterior, the fit of the moments, and the product that the data tell."""
    with house_style():
        parameters, moments = parameter_table(fit), moment_table(fit)
        figure = new_figure(Heading(finding(fit, parameters), SUBTITLE, source))
        left = figure.add_axes((0.145, 0.085, 0.12, 0.73))
        draw_parameters(left, fit, parameters)
        panel_title(left, "Prior (grey) and posterior (blue)")
        middle = figure.add_axes((0.585, 0.085, 0.10, 0.73))
        _draw_moments(middle, fit, moments)
        panel_title(middle, "Simulated less observed")
        _draw_identification(figure, fit)
    return Drawing(figure, numbers(fit, parameters, moments))


SUBTITLE = (
    "Middle 80 % and median. Parameters: percent of the prior's range. Moments: simulated anew, in the targets' sd; "
    "observed in brackets"
)


def finding(drawn: Drawn, parameters: Columns) -> str:
    """Return what the figure shows in one sentence."""
    shrinkage = np.asarray(parameters["shrinkage"])
    learned = int((shrinkage > STRONG).sum())
    told = f"{learned} of {len(shrinkage)} parameters narrowed by over a quarter"
    if not drawn.problem.products:
        return told
    pair = product(drawn, drawn.problem.products[0])
    first, second = symbols(drawn, pair)
    if pair.identified:
        return f"{told}; the data tell {first} × {second} better than {first} or {second}"
    return f"{told}; the data tell {best_known(drawn, pair)}, not {first} × {second}"


def symbols(drawn: Drawn, pair: Product) -> tuple[str, str]:
    """Return the symbols of two factors."""
    labels = {prior.name: short(prior.label) for prior in drawn.problem.priors}
    return labels[pair.names[0]], labels[pair.names[1]]


def best_known(drawn: Drawn, pair: Product) -> str:
    """Return the combination of two factors that is known best, ``λ × K^0.35``."""
    first, second = symbols(drawn, pair)
    return f"{first} × {second}^{pair.exponent:.2f}".replace("-", "−")


def short(label: str) -> str:
    """Return the symbol at the end of a label, or the label itself."""
    last = label.split()[-1]
    return last if len(last) == 1 else label


def draw_parameters(axes: Axes, drawn: Drawn, table: Columns, size: float = SMALL) -> None:
    """Draw prior and posterior of each parameter, the posterior's numbers beside them, in letters of a size in points."""
    unit = 100.0 * np.quantile(drawn.unit, (0.1, 0.5, 0.9), axis=0)
    rows = np.arange(unit.shape[1])
    axes.hlines(rows, 10.0, 90.0, color=PRIOR_COLOUR, linewidth=7.0)
    axes.hlines(rows, unit[0], unit[2], color=POSTERIOR_COLOUR, linewidth=3.2)
    axes.plot(unit[1], rows, "o", color="white", markeredgecolor=POSTERIOR_COLOUR, markersize=4.5)
    columns = [np.asarray(table[f"posterior_p{level}"]) for level in (10, 50, 90)]
    for row, (low, middle, high) in enumerate(zip(*columns, strict=True)):
        _beside(axes, row, f"{_number(middle)}  ({_number(low)} to {_number(high)})", size)
    _rows(axes, [prior.label for prior in drawn.problem.priors], size)
    axes.set_xlim(0.0, 100.0)
    axes.set_xticks([0, 50, 100])


def _draw_moments(axes: Axes, fit: Fit, table: Columns) -> None:
    seen, sd = np.asarray(table["observed"], dtype=np.float64), np.asarray(table["sd"], dtype=np.float64)
    low, middle, high = (
        np.clip((np.asarray(table[f"simulated_p{level}"], dtype=np.float64) - seen) / sd, -FAR, FAR)
        for level in (10, 50, 90)
    )
    rows = np.arange(len(seen))
    shades = np.where(np.abs(middle) <= 2.0, POSTERIOR_COLOUR, MISSED)
    axes.axvspan(-2.0, 2.0, color=LIGHT, alpha=0.45, linewidth=0)
    axes.hlines(rows, low, high, color=shades, linewidth=3.2)
    axes.scatter(middle, rows, s=22, facecolor="white", edgecolor=shades, zorder=3)
    for row, (value, found) in enumerate(zip(seen, np.asarray(table["simulated_p50"]), strict=True)):
        _beside(axes, row, f"{_number(found)} ({_number(value)})")
    labels = {target.name: target.label for target in fit.problem.targets}
    _rows(axes, [labels[name] for name in table["moment"]])
    axes.axvline(0.0, color=INK, linewidth=0.8)
    axes.set_xlim(-FAR - 0.3, FAR + 0.3)
    axes.set_xticks([-4, -2, 0, 2, 4], ["−4", "−2", "0", "2", "4"])


def _rows(axes: Axes, labels: list[str], size: float = SMALL) -> None:
    """Style a panel of one line per name, the first on top."""
    plain(axes)
    axes.grid(visible=False, axis="y")
    axes.grid(visible=True, axis="x", color=LIGHT, linewidth=0.7)
    axes.yaxis.tick_left()
    axes.set_yticks(range(len(labels)), labels)
    axes.tick_params(axis="y", length=0, labelsize=size, labelcolor=INK)
    axes.tick_params(axis="x", labelsize=size)
    axes.set_ylim(len(labels) - 0.5, -0.5)


def _number(value: float) -> str:
    """Return a number in two or three digits, without an exponent up to a thousand."""
    return f"{value:.{3 if abs(value) >= 1 else 2}g}".replace("-", "−")


def _beside(axes: Axes, row: int, text: str, size: float = SMALL) -> None:
    axes.text(1.03, row, text, transform=axes.get_yaxis_transform(), va="center", fontsize=0.9 * size, color=GREY)


def _draw_identification(figure: Figure, drawn: Drawn) -> None:
    """Draw each pair of factors with lines of equal product, in the right column."""
    pairs = drawn.problem.products[:1]
    for pair in pairs:
        axes = figure.add_axes((0.82, 0.47, 0.135, 0.345))
        draw_pair(axes, drawn, pair)
    axes = figure.add_axes((0.895, 0.085, 0.08, 0.26 if pairs else 0.73))
    draw_learned(axes, drawn)


def draw_pair(axes: Axes, drawn: Drawn, pair: tuple[str, str], size: float = SMALL) -> None:
    """Draw the posterior of two factors with the line on which their product is the median's."""
    priors = {prior.name: prior for prior in drawn.problem.priors}
    first, second = (priors[name] for name in pair)
    logs = log_factors(drawn, pair, drawn.unit[:: max(1, len(drawn.unit) // DOTS)])
    middle = float(np.median(logs[:, 2]))
    span = np.linspace(first.low, first.high, 50)
    axes.plot(np.exp(logs[:, 0]), np.exp(logs[:, 1]), ".", color=POSTERIOR_COLOUR, markersize=2.5, alpha=0.5)
    axes.plot(span, np.exp(middle) / span, color=INK, linewidth=1.2)
    plain(axes)
    axes.set(xscale="log", yscale="log", xlim=(first.low, first.high), ylim=(second.low, second.high))
    for axis, prior in ((axes.xaxis, first), (axes.yaxis, second)):
        ticks = np.exp(np.linspace(np.log(prior.low), np.log(prior.high), 3))
        axis.set_ticks(ticks, [_number(float(tick)) for tick in ticks])
        axis.set_minor_locator(NullLocator())
    axes.tick_params(labelsize=size)
    axes.tick_params(axis="x", pad=0.8 * size)
    axes.set_xlabel(f"{first.label}, {first.unit}", fontsize=size)
    panel_title(
        axes, f"{short(second.label)} by {short(first.label)}; line: fixed {short(first.label)}{short(second.label)}"
    )


def draw_learned(axes: Axes, drawn: Drawn, size: float = SMALL) -> None:
    """Draw how much narrower the posterior is than the prior, for factors and their products first, then the best known."""
    names, values = learned(drawn)
    rows = np.arange(len(names))
    axes.barh(rows, 100.0 * values, height=0.6, color=POSTERIOR_COLOUR)
    _rows(axes, names, size)
    axes.set_xlim(0.0, 100.0)
    axes.set_xticks([0, 50, 100])
    panel_title(axes, "Narrower, %")


def learned(drawn: Drawn, most: int = 7) -> tuple[list[str], Array]:
    """Return names and shrinkage of the product and its factors, then of the parameters that shrank most."""
    labels = {prior.name: prior.label for prior in drawn.problem.priors}
    found = [row for pair in drawn.problem.products[:1] for row in learned_of(drawn, product(drawn, pair))]
    table = parameter_table(drawn)
    shrinkage = np.asarray(table["shrinkage"], dtype=np.float64)
    others = [(labels[table["parameter"][column]], float(shrinkage[column])) for column in np.argsort(-shrinkage)]
    told = {name for name, _ in found}
    found = (found + [row for row in others if row[0] not in told])[:most]
    return [name for name, _ in found], np.array([value for _, value in found])


def learned_of(drawn: Drawn, pair: Product) -> list[tuple[str, float]]:
    """Return names and shrinkage of a product, of the combination known best where that is another, and of the factors."""
    labels = {prior.name: prior.label for prior in drawn.problem.priors}
    one, other, both = (float(1.0 - ratio) for ratio in pair.ratios)
    rows = [("Product " + " × ".join(symbols(drawn, pair)), both)]
    if not pair.identified:
        rows.append((best_known(drawn, pair), float(1.0 - pair.direction_ratio)))
    return [*rows, (labels[pair.names[0]], one), (labels[pair.names[1]], other)]


def numbers(fit: Fit, parameters: Columns, moments: Columns) -> Numbers:
    """Return the plotted numbers."""
    columns = parameter_numbers(parameters)
    columns |= {name: np.array(moments[name]) for name in ("moment", "observed", "sd")}
    columns |= {f"simulated_p{level}": np.array(moments[f"simulated_p{level}"]) for level in (10, 50, 90)}
    return columns | pair_numbers(fit, fit.chosen)


def parameter_numbers(parameters: Columns) -> Numbers:
    """Return the plotted numbers of prior and posterior."""
    kept = ("prior_p10", "prior_p50", "prior_p90", "posterior_p10", "posterior_p50", "posterior_p90", "shrinkage")
    columns: Numbers = {"parameter": np.array(parameters["parameter"])}
    return columns | {name: np.asarray(parameters[name]) for name in kept}


def pair_numbers(drawn: Drawn, unit: Array) -> Numbers:
    """Return the logarithms of the first pair of factors at points of the unit cube."""
    columns: Numbers = {}
    for first, second in drawn.problem.products[:1]:
        logs = log_factors(drawn, (first, second), unit)
        columns |= {f"log_{first}": logs[:, 0], f"log_{second}": logs[:, 1]}
    return columns
