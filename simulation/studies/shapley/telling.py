"""The mechanisms' shares in words, as a table and as JSON-ready values."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from simulation.results.metrics import SHARE
from simulation.studies.paired.paired_words import mean_text, shown_unit
from simulation.studies.shapley.switches import WORDS

if TYPE_CHECKING:
    from simulation.studies.shapley.shares import Attribution, Estimate, Mechanisms

SIGNAL = 2.0
"""A value this many standard errors from zero is told as a contribution."""


def text(found: Mechanisms) -> str:
    """Everything as plain text."""
    head = f"{found.scenario}: {2 ** len(found.switched)} coalitions of mechanisms, {found.runs} runs of each with the same news"
    lines = [f"{head}, seed {found.seed}"]
    if found.failed:
        lines.append(f"{found.failed} runs stopped early in some coalition and are left out of all.")
    for one in found.attributions:
        lines += ["", sentence(one), "", *table(one)]
    lines += ["", "Switched off by:"]
    return "\n".join([*lines, *(f"  {WORDS[name]}: {keys(off)}" for name, off in found.switched.items())])


def sentence(one: Attribution) -> str:
    """What the mechanisms do to a metric, and which of them do it."""
    unit = one.metric.unit
    label = f"{one.metric.label}, {shown_unit(unit)}".rstrip(", ")
    told = f"{label}: {mean_text(one.none.mean, unit)} with none of the mechanisms, {mean_text(one.full.mean, unit)} with all"
    if abs(one.difference.mean) < SIGNAL * one.difference.standard_error or not one.difference.mean:
        return f"{told}; the difference is within its noise."
    clear = [
        share
        for share in one.shares
        if abs(share.value.mean) >= SIGNAL * share.value.standard_error and share.value.mean
    ]
    ranked = sorted(clear, key=lambda share: -abs(share.value.mean))
    parts = [f"{lower(WORDS[share.mechanism])} {shown(share.value.mean, unit)}" for share in ranked]
    return f"{told}. Clear of noise: {', '.join(parts) or 'none of them'}."


def table(one: Attribution) -> list[str]:
    """Shapley values with errors, and what a mechanism adds alone and last."""
    unit = one.metric.unit
    lines = [f"{'':36}{'Shapley':>9}{'s.e.':>8}{'alone':>9}{'last':>9}"]
    for share in one.shares:
        cells = f"{shown(share.value.mean, unit):>9}{error(share.value, unit):>8}"
        lines.append(
            f"{WORDS[share.mechanism]:36}{cells}{shown(share.alone.mean, unit):>9}{shown(share.last.mean, unit):>9}"
        )
    total = f"{shown(one.difference.mean, unit):>9}{error(one.difference, unit):>8}"
    return [*lines, f"{'Sum: all less none':36}{total}"]


def shown(value: float, unit: str) -> str:
    """A contribution with its sign."""
    digits = fine(value, unit)
    return digits if digits.startswith("-") or not any(digit in digits for digit in "123456789") else f"+{digits}"


def fine(value: float, unit: str) -> str:
    """A mean with digits enough for a difference: shares with two decimals of a percent."""
    if unit != SHARE:
        return mean_text(value, unit).lstrip("+")
    text = f"{100.0 * value:.2f}"
    return text if any(digit in text for digit in "123456789") else text.lstrip("-")


def error(estimate: Estimate, unit: str) -> str:
    """A standard error without a sign."""
    return fine(estimate.standard_error, unit)


def lower(words: str) -> str:
    """Words within a sentence."""
    return words[:1].lower() + words[1:]


def keys(off: dict[str, Any]) -> str:
    """Keys and values that switch a mechanism off, as after ``--set``."""
    return ", ".join(f"{key}={json.dumps(value)}" for key, value in plain(off).items())


def plain(off: dict[str, Any]) -> dict[str, Any]:
    """Values that JSON knows."""
    return {key: value if isinstance(value, bool | float) else value.model_dump() for key, value in off.items()}


def as_dict(found: Mechanisms) -> dict[str, Any]:
    """Everything as JSON-ready values; shares of the stock stay decimals."""
    return {
        "scenario": found.scenario, "seed": found.seed, "runs": found.runs, "runs_failed": found.failed,
        "metrics": {one.metric.name: attribution_dict(one) for one in found.attributions},
        "switched_off_by": {name: plain(off) for name, off in found.switched.items()},
    }  # fmt: skip


def attribution_dict(one: Attribution) -> dict[str, Any]:
    """One metric."""
    ends = {name: vars(getattr(one, name)) for name in ("none", "full", "difference")}
    shares = {
        share.mechanism: {name: vars(getattr(share, name)) for name in ("value", "alone", "last")}
        for share in one.shares
    }
    unit = "share" if one.metric.unit == SHARE else one.metric.unit
    return {"label": one.metric.label, "unit": unit, "words": sentence(one)} | ends | {"mechanisms": shares}
