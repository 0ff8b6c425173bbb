"""What the mechanisms contribute: shares with their errors, printed, drawn and written.

The mechanisms' shares in words, as a table and as JSON-ready values.

The figure of the mechanisms' shares: bars with their standard errors, and what each adds alone and last.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

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
from simulation.results.metrics import SHARE, Metric
from simulation.studies.experiment.figures import style_bar_axes
from simulation.studies.paired import display_unit, format_mean
from simulation.studies.shapley.switches import MECHANISM_LABELS
from simulation.studies.shapley.values import FloatArray

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Estimate:
    """A mean over runs and its standard error; not-a-number where no error can be told."""

    mean: float
    standard_error: float

    @classmethod
    def of(cls, values: FloatArray) -> Estimate:
        """Mean and standard error of one number per run."""
        return cls(float(values.mean()), float(values.std(ddof=1) / math.sqrt(len(values))))


@dataclass(frozen=True)
class MechanismShare:
    """What one mechanism contributes to a metric.

    Attributes
    ----------
    value
        Shapley value.
    alone, last
        What it adds when it is the only one, and when all others are there.
    """

    mechanism: str
    value: Estimate
    alone: Estimate
    last: Estimate


@dataclass(frozen=True)
class Attribution:
    """The mechanisms' shares of one metric.

    Attributes
    ----------
    metric
        What is measured.
    none, full, difference
        The metric without any of the mechanisms, with all, and full less none, which the shares add up to.
    """

    metric: Metric
    none: Estimate
    full: Estimate
    difference: Estimate
    shares: tuple[MechanismShare, ...]


@dataclass(frozen=True)
class Mechanisms:
    """Shapley shares of the mechanisms of a scenario; prints as a table.

    Attributes
    ----------
    runs, failed
        Runs of each coalition, and those left out because they stopped early in any of them.
    switched
        Keys that switch each mechanism off, with the value for off.
    """

    scenario: str
    seed: int
    runs: int
    failed: int
    attributions: tuple[Attribution, ...]
    switched: dict[str, dict[str, Any]]

    def text(self) -> str:
        """Sentences and tables."""
        return mechanisms_text(self)

    __str__ = text
    __repr__ = text

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON-ready values."""
        return mechanisms_dict(self)

    @property
    def drawings(self) -> dict[str, Drawing]:
        """One figure a metric."""
        return {f"mechanisms_{one.metric.name}": shares_figure(self, one) for one in self.attributions}

    def plot(self) -> dict[str, Figure]:
        """Shares with their standard errors, one figure a metric."""
        return {name: drawing.figure for name, drawing in self.drawings.items()}

    def write(self, directory: Path) -> None:
        """Write figures, their numbers, text and JSON into an existing empty folder."""
        import json

        from simulation.results.figures.charts import write_figures

        write_figures(self.drawings, directory)
        (directory / "mechanisms.txt").write_text(self.text() + "\n", encoding="utf-8")
        text = json.dumps(self.to_dict(), indent=2, allow_nan=False, ensure_ascii=False)
        (directory / "mechanisms.json").write_text(text + "\n", encoding="utf-8")


SIGNAL = 2.0
"""A value this many standard errors from zero is told as a contribution."""


def mechanisms_text(found: Mechanisms) -> str:
    """Everything as plain text."""
    head = f"{found.scenario}: {2 ** len(found.switched)} coalitions of mechanisms, {found.runs} runs of each with the same news"
    lines = [f"{head}, seed {found.seed}"]
    if found.failed:
        lines.append(f"{found.failed} runs stopped early in some coalition and are left out of all.")
    for one in found.attributions:
        lines += ["", attribution_sentence(one), "", *share_table_lines(one)]
    lines += ["", "Switched off by:"]
    return "\n".join(
        [*lines, *(f"  {MECHANISM_LABELS[name]}: {format_settings(off)}" for name, off in found.switched.items())]
    )


def attribution_sentence(one: Attribution) -> str:
    """What the mechanisms do to a metric, and which of them do it."""
    unit = one.metric.unit
    label = f"{one.metric.label}, {display_unit(unit)}".rstrip(", ")
    told = f"{label}: {format_mean(one.none.mean, unit)} with none of the mechanisms, {format_mean(one.full.mean, unit)} with all"
    if abs(one.difference.mean) < SIGNAL * one.difference.standard_error or not one.difference.mean:
        return f"{told}; the difference is within its noise."
    clear = [
        share
        for share in one.shares
        if abs(share.value.mean) >= SIGNAL * share.value.standard_error and share.value.mean
    ]
    ranked = sorted(clear, key=lambda share: -abs(share.value.mean))
    parts = [
        f"{lower_first(MECHANISM_LABELS[share.mechanism])} {format_contribution(share.value.mean, unit)}"
        for share in ranked
    ]
    return f"{told}. Clear of noise: {', '.join(parts) or 'none of them'}."


def share_table_lines(one: Attribution) -> list[str]:
    """Shapley values with errors, and what a mechanism adds alone and last."""
    unit = one.metric.unit
    lines = [f"{'':36}{'Shapley':>9}{'s.e.':>8}{'alone':>9}{'last':>9}"]
    for share in one.shares:
        cells = f"{format_contribution(share.value.mean, unit):>9}{format_standard_error(share.value, unit):>8}"
        lines.append(
            f"{MECHANISM_LABELS[share.mechanism]:36}{cells}{format_contribution(share.alone.mean, unit):>9}{format_contribution(share.last.mean, unit):>9}"
        )
    total = f"{format_contribution(one.difference.mean, unit):>9}{format_standard_error(one.difference, unit):>8}"
    return [*lines, f"{'Sum: all less none':36}{total}"]


def format_contribution(value: float, unit: str) -> str:
    """A contribution with its sign."""
    digits = format_difference(value, unit)
    return digits if digits.startswith("-") or not any(digit in digits for digit in "123456789") else f"+{digits}"


def format_difference(value: float, unit: str) -> str:
    """A mean with digits enough for a difference: shares with two decimals of a percent."""
    if unit != SHARE:
        return format_mean(value, unit).lstrip("+")
    text = f"{100.0 * value:.2f}"
    return text if any(digit in text for digit in "123456789") else text.lstrip("-")


def format_standard_error(estimate: Estimate, unit: str) -> str:
    """A standard error without a sign."""
    return format_difference(estimate.standard_error, unit)


def lower_first(words: str) -> str:
    """Words within a sentence."""
    return words[:1].lower() + words[1:]


def format_settings(off: dict[str, Any]) -> str:
    """Keys and values that switch a mechanism off, as after ``--set``."""
    return ", ".join(f"{key}={json.dumps(value)}" for key, value in json_settings(off).items())


def json_settings(off: dict[str, Any]) -> dict[str, Any]:
    """Values that JSON knows."""
    return {key: value if isinstance(value, bool | float) else value.model_dump() for key, value in off.items()}


def mechanisms_dict(found: Mechanisms) -> dict[str, Any]:
    """Everything as JSON-ready values; shares of the stock stay decimals."""
    return {
        "scenario": found.scenario, "seed": found.seed, "runs": found.runs, "runs_failed": found.failed,
        "metrics": {one.metric.name: attribution_dict(one) for one in found.attributions},
        "switched_off_by": {name: json_settings(off) for name, off in found.switched.items()},
    }  # fmt: skip


def attribution_dict(one: Attribution) -> dict[str, Any]:
    """One metric."""
    ends = {name: vars(getattr(one, name)) for name in ("none", "full", "difference")}
    shares = {
        share.mechanism: {name: vars(getattr(share, name)) for name in ("value", "alone", "last")}
        for share in one.shares
    }
    unit = "share" if one.metric.unit == SHARE else one.metric.unit
    return {"label": one.metric.label, "unit": unit, "words": attribution_sentence(one)} | ends | {"mechanisms": shares}


BAR_HEIGHT = 0.5
INTERVAL = 2.0
"""Standard errors on either side of a bar's end."""


def shares_figure(found: Mechanisms, one: Attribution) -> Drawing:
    """Shapley values of one metric."""
    numbers = share_columns(one)
    with figure_style():
        figure = new_figure(shares_heading(found, one))
        axes = figure.add_axes((0.29, 0.1, 0.47, 0.74))
        labels = [*(MECHANISM_LABELS[share.mechanism] for share in one.shares), "All less none"]
        style_bar_axes(axes, labels)
        rows, shades = np.arange(len(labels)), [*([ACCENT] * len(one.shares)), GREY]
        axes.barh(rows, numbers["value"], height=BAR_HEIGHT, color=shades)
        half = INTERVAL * numbers["standard_error"]
        axes.hlines(rows, numbers["value"] - half, numbers["value"] + half, color=INK, linewidth=1.2)
        for mark, name in (("o", "alone"), ("D", "last")):
            axes.plot(numbers[name][:-1], rows[:-1], mark, color=INK, markersize=5, fillstyle="none", linestyle="none")
        for row, share in enumerate([*(share.value for share in one.shares), one.difference]):
            text = f"{with_minus_sign(format_contribution(share.mean, one.metric.unit))}  (s.e. {format_standard_error(share, one.metric.unit)})"
            axes.text(1.03, row, text, transform=axes.get_yaxis_transform(), fontsize=8.5, color=GREY, va="center")
    return Drawing(figure, numbers)


def share_columns(one: Attribution) -> dict[str, np.ndarray]:
    """The numbers shown; shares of the stock in percent."""
    scale = 100.0 if one.metric.unit == SHARE else 1.0
    values = [*(share.value for share in one.shares), one.difference]
    ends = {name: [getattr(share, name).mean for share in one.shares] for name in ("alone", "last")}
    return {
        "mechanism": np.array([*(share.mechanism for share in one.shares), "all_less_none"]),
        "value": scale * np.array([value.mean for value in values]),
        "standard_error": scale * np.array([value.standard_error for value in values]),
        **{name: scale * np.array([*means, np.nan]) for name, means in ends.items()},
    }


def shares_heading(found: Mechanisms, one: Attribution) -> Heading:
    """The finding: the mechanism that does most."""
    most = max(one.shares, key=lambda share: abs(share.value.mean))
    label, unit = one.metric.label, display_unit(one.metric.unit)
    subtitle = f"Contribution to: {label}, {unit}. Bars: Shapley values; lines: two standard errors; circle: alone; diamond: last"
    did = f"{with_minus_sign(format_contribution(most.value.mean, one.metric.unit))} of {with_minus_sign(format_contribution(one.difference.mean, one.metric.unit))} {unit}"
    finding = f"{label}: {lower_first(MECHANISM_LABELS[most.mechanism])} do most, {did}"
    source = f"Source: carryflow simulation, {found.scenario}, {found.runs} runs of each coalition, seed {found.seed}"
    return Heading(finding, subtitle, source)
