"""Shapley shares of the mechanisms: data, text, JSON and figures."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from simulation.results.estimates import EstimateWithError, finding_text, join_names, leading_names, paired_difference
from simulation.results.figures.style import (
    ACCENT,
    GREY,
    INK,
    Drawing,
    Heading,
    figure_style,
    new_figure,
    with_minus_sign,
)
from simulation.results.metrics import SHARE, FloatArray, Metric
from simulation.results.summary import format_mean
from simulation.studies.experiment.figures import style_bar_axes
from simulation.studies.paired import display_unit
from simulation.studies.shapley.switches import MECHANISM_LABELS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INTERVAL = 2.0
"""Standard errors shown on either side of a bar's end."""
BAR_HEIGHT = 0.5


@dataclass(frozen=True)
class MechanismShare:
    """Contribution of one mechanism to a metric.

    Attributes
    ----------
    value
        Shapley value.
    alone, last
        Contribution as the only mechanism, and in addition to all others.
    per_run
        Shapley value of each run, ``(runs,)``.
    """

    mechanism: str
    value: EstimateWithError
    alone: EstimateWithError
    last: EstimateWithError
    per_run: FloatArray = field(repr=False, compare=False)


@dataclass(frozen=True)
class Attribution:
    """Contributions of all mechanisms to one metric.

    Attributes
    ----------
    metric
        The metric.
    none, full, difference
        The metric without and with all mechanisms, and full minus none, which equals the sum of the Shapley values.
    """

    metric: Metric
    none: EstimateWithError
    full: EstimateWithError
    difference: EstimateWithError
    shares: tuple[MechanismShare, ...]


@dataclass(frozen=True)
class Mechanisms:
    """Shapley shares of the mechanisms of a scenario; prints as a table.

    Attributes
    ----------
    runs, failed
        Runs of each coalition, and those excluded because they stopped early in any coalition.
    switched
        Keys that switch each mechanism off, with their values.
    """

    scenario: str
    seed: int
    runs: int
    failed: int
    attributions: tuple[Attribution, ...]
    switched: dict[str, dict[str, Any]]

    def text(self) -> str:
        """Return sentences and tables."""
        return mechanisms_text(self)

    __str__ = text
    __repr__ = text

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return mechanisms_dict(self)

    @property
    def drawings(self) -> dict[str, Drawing]:
        """One figure per metric, with its data."""
        return {f"mechanisms_{one.metric.name}": shares_figure(self, one) for one in self.attributions}

    def plot(self) -> dict[str, Figure]:
        """Return one figure per metric: Shapley values with their standard errors."""
        return {name: drawing.figure for name, drawing in self.drawings.items()}

    def write(self, directory: Path) -> None:
        """Write figures with their data, text and JSON into an existing empty folder."""
        from simulation.results.figures.charts import write_figures

        write_figures(self.drawings, directory)
        (directory / "mechanisms.txt").write_text(self.text() + "\n", encoding="utf-8")
        text = json.dumps(self.to_dict(), indent=2, allow_nan=False, ensure_ascii=False)
        (directory / "mechanisms.json").write_text(text + "\n", encoding="utf-8")


# Text


def mechanisms_text(found: Mechanisms) -> str:
    """Return sentences and tables of all metrics, and the settings that switch the mechanisms off."""
    count = 2 ** len(found.switched)
    lines = [
        f"{found.scenario}: {count} coalitions of mechanisms, {found.runs} runs each with the same news, seed {found.seed}"
    ]
    if found.failed:
        lines.append(f"{found.failed} runs stopped early in at least one coalition and are excluded from all.")
    for one in found.attributions:
        lines += ["", attribution_sentence(one), "", *share_table_lines(one)]
    lines += ["", "Switched off by:"]
    return "\n".join(
        [*lines, *(f"  {MECHANISM_LABELS[name]}: {format_settings(off)}" for name, off in found.switched.items())]
    )


def attribution_sentence(one: Attribution) -> str:
    """Return the metric without and with all mechanisms, and the significant contributions."""
    unit = one.metric.unit
    label = f"{one.metric.label}, {display_unit(unit)}".rstrip(", ")
    none, full = format_mean(one.none.value, unit), format_mean(one.full.value, unit)
    start = f"{label}: {none} without the mechanisms, {full} with all of them"
    if not one.difference.is_clear:
        return f"{start}; the difference is not significant (two standard errors)."
    significant = [share for share in one.shares if share.value.is_clear]
    ranked = sorted(significant, key=lambda share: -abs(share.value.value))
    parts = [
        f"{lower_first(MECHANISM_LABELS[share.mechanism])} {format_contribution(share.value.value, unit)}"
        for share in ranked
    ]
    return f"{start}. Significant contributions (two standard errors): {', '.join(parts) or 'none'}."


def share_table_lines(one: Attribution) -> list[str]:
    """Return the table of Shapley values with standard errors and of the contributions alone and last."""
    unit = one.metric.unit
    lines = [f"{'':36}{'Shapley':>9}{'s.e.':>8}{'alone':>9}{'last':>9}"]
    for share in one.shares:
        value, error = format_contribution(share.value.value, unit), format_standard_error(share.value, unit)
        alone, last = format_contribution(share.alone.value, unit), format_contribution(share.last.value, unit)
        lines.append(f"{MECHANISM_LABELS[share.mechanism]:36}{value:>9}{error:>8}{alone:>9}{last:>9}")
    total = f"{format_contribution(one.difference.value, unit):>9}{format_standard_error(one.difference, unit):>8}"
    return [*lines, f"{'Sum: all minus none':36}{total}"]


def format_contribution(value: float, unit: str) -> str:
    """Return a contribution with its sign."""
    text = format_difference(value, unit)
    return text if text.startswith("-") or not any(digit in text for digit in "123456789") else f"+{text}"


def format_difference(value: float, unit: str) -> str:
    """Return a mean with enough digits for a difference: shares in percent with two decimals."""
    if unit != SHARE:
        return format_mean(value, unit).lstrip("+")
    text = f"{100.0 * value:.2f}"
    return text if any(digit in text for digit in "123456789") else text.lstrip("-")


def format_standard_error(estimate: EstimateWithError, unit: str) -> str:
    """Return a standard error without a sign."""
    return format_difference(estimate.error, unit)


def lower_first(words: str) -> str:
    """Return words with a lower-case first letter."""
    return words[:1].lower() + words[1:]


def format_settings(off: dict[str, Any]) -> str:
    """Return the settings that switch a mechanism off, in the form of ``--set``."""
    return ", ".join(f"{key}={json.dumps(value)}" for key, value in json_settings(off).items())


# JSON


def json_settings(off: dict[str, Any]) -> dict[str, Any]:
    """Return settings as JSON-ready values."""
    return {key: value if isinstance(value, bool | float) else value.model_dump() for key, value in off.items()}


def mechanisms_dict(found: Mechanisms) -> dict[str, Any]:
    """Return JSON-ready values; shares of the stock are decimals."""
    return {
        "scenario": found.scenario, "seed": found.seed, "runs": found.runs, "runs_failed": found.failed,
        "metrics": {one.metric.name: attribution_dict(one) for one in found.attributions},
        "switched_off_by": {name: json_settings(off) for name, off in found.switched.items()},
    }  # fmt: skip


def attribution_dict(one: Attribution) -> dict[str, Any]:
    """Return one metric as JSON-ready values."""
    totals = {name: estimate_dict(getattr(one, name)) for name in ("none", "full", "difference")}
    shares = {
        share.mechanism: {name: estimate_dict(getattr(share, name)) for name in ("value", "alone", "last")}
        for share in one.shares
    }
    unit = "share" if one.metric.unit == SHARE else one.metric.unit
    words = attribution_sentence(one)
    return {"label": one.metric.label, "unit": unit, "words": words} | totals | {"mechanisms": shares}


def estimate_dict(estimate: EstimateWithError) -> dict[str, float]:
    """Return an estimate as JSON-ready values."""
    return {"mean": estimate.value, "standard_error": estimate.error}


# Figure


def shares_figure(found: Mechanisms, one: Attribution) -> Drawing:
    """Return the figure of the Shapley values of one metric."""
    data = share_columns(one)
    unit = one.metric.unit
    with figure_style():
        figure = new_figure(shares_heading(found, one))
        axes = figure.add_axes((0.29, 0.1, 0.47, 0.74))
        labels = [*(MECHANISM_LABELS[share.mechanism] for share in one.shares), "All minus none"]
        style_bar_axes(axes, labels)
        rows, colours = np.arange(len(labels)), [*([ACCENT] * len(one.shares)), GREY]
        axes.barh(rows, data["value"], height=BAR_HEIGHT, color=colours)
        half = INTERVAL * data["standard_error"]
        axes.hlines(rows, data["value"] - half, data["value"] + half, color=INK, linewidth=1.2)
        for marker, name in (("o", "alone"), ("D", "last")):
            axes.plot(data[name][:-1], rows[:-1], marker, color=INK, markersize=5, fillstyle="none", linestyle="none")
        for row, estimate in enumerate([*(share.value for share in one.shares), one.difference]):
            value = with_minus_sign(format_contribution(estimate.value, unit))
            text = f"{value}  (s.e. {format_standard_error(estimate, unit)})"
            axes.text(1.03, row, text, transform=axes.get_yaxis_transform(), fontsize=8.5, color=GREY, va="center")
    return Drawing(figure, data)


def share_columns(one: Attribution) -> dict[str, np.ndarray]:
    """Return the plotted data; shares of the stock in percent."""
    scale = 100.0 if one.metric.unit == SHARE else 1.0
    estimates = [*(share.value for share in one.shares), one.difference]
    ends = {name: [getattr(share, name).value for share in one.shares] for name in ("alone", "last")}
    return {
        "mechanism": np.array([*(share.mechanism for share in one.shares), "all_less_none"]),
        "value": scale * np.array([estimate.value for estimate in estimates]),
        "standard_error": scale * np.array([estimate.error for estimate in estimates]),
        **{name: scale * np.array([*means, np.nan]) for name, means in ends.items()},
    }


def shares_heading(found: Mechanisms, one: Attribution) -> Heading:
    """Return the headings of the figure."""
    label, unit = one.metric.label, display_unit(one.metric.unit)
    marks = "Bars: Shapley values; lines: ± 2 standard errors; circles: alone; diamonds: last"
    subtitle = f"Contributions to {label}, {unit}. {marks}"
    source = f"Source: carryflow simulation, {found.scenario}, {found.runs} runs of each coalition, seed {found.seed}"
    return Heading(largest_contribution(one), subtitle, source)


def largest_contribution(one: Attribution) -> str:
    """Return the title: the mechanism with the largest contribution where it is clearly the largest, or those that may be it."""
    label, unit = one.metric.label, display_unit(one.metric.unit)
    values = {share.mechanism: share.value for share in one.shares}
    signed = {share.mechanism: np.sign(share.value.value) * share.per_run for share in one.shares}
    sizes = {name: abs(value.value) for name, value in values.items()}
    leaders = leading_names(sizes, lambda first, second: paired_difference(signed[first], signed[second]))
    if not finding_text(values[leaders[0]], "above", "below", ""):
        return f"{label}: no mechanism contributes clearly"
    names = join_names([lower_first(MECHANISM_LABELS[name]) for name in leaders if values[name].is_clear])
    if len(leaders) > 1:
        return f"{label}: largest contributions from {names}, without a clear difference"
    value, total = (
        with_minus_sign(format_contribution(estimate.value, one.metric.unit))
        for estimate in (values[leaders[0]], one.difference)
    )
    error = format_standard_error(values[leaders[0]], one.metric.unit)
    return f"{label}: largest contribution from {names}, {value} ± {error} of {total} {unit}"
