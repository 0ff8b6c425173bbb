"""What the numbers say, in one sentence each: titles of figures and lines of the demo."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from simulation.results.metrics import FinishedRuns, FloatArray, metric_bands

if TYPE_CHECKING:
    from simulation.day.recorder import Record

STILL_PCT = 0.05
STILL_BP = 0.5


def format_usd_bn(usd_bn: float) -> str:
    """Return a dollar amount as one says it."""
    size = abs(usd_bn)
    sign = "−" if usd_bn <= -0.05 else ""
    if size >= 1000.0:
        return f"{sign}${size / 1000.0:,.2f} tn"
    return f"{sign}${size:,.0f} bn" if size >= 10.0 else f"{sign}${size:,.1f} bn"


def format_percent(share: float) -> str:
    """Return a share as percent, with a decimal where it is small."""
    size = 100.0 * abs(share)
    sign = "−" if share <= -0.0005 else ""
    return f"{sign}{size:.0f} %" if size >= 10.0 else f"{sign}{size:.1f} %"


def price_change_text(name: str, change_pct: float | None) -> str:
    """Say by how much a price rose or fell."""
    if change_pct is None:
        return f"{name} is not measured"
    if abs(change_pct) < STILL_PCT:
        return f"{name} ends where it began"
    return f"{name} {'rises' if change_pct > 0 else 'falls'} {abs(change_pct):.1f} %"


def spread_change_text(change_bp: float) -> str:
    """Say by how much the 10-year spread narrowed or widened."""
    if abs(change_bp) < STILL_BP:
        return "the 10-year spread stays put"
    return f"the 10-year spread {'narrows' if change_bp < 0 else 'widens'} by {abs(change_bp):.0f} bp"


def median_change(finished: FinishedRuns, column: str) -> float:
    """Return the median change of a market column from start to end."""
    values = finished.market(column)
    return 0.0 if values is None else float(np.median(values[:, -1] - values[:, 0]))


def fan_finding(record: Record) -> str:
    """Return the finding of the fan chart."""
    usdjpy = metric_bands(record)["usdjpy_change_pct"].p50
    spread = 100.0 * median_change(FinishedRuns(record), "spread_10y_pp")
    return f"{price_change_text('USDJPY', usdjpy)} at the median; {spread_change_text(spread)}"


def yen_finding(net_usd_bn: FloatArray, by_population: dict[str, float]) -> str:
    """Return the finding of the flow chart: the net over the scenario and who did most of it."""
    total = float(net_usd_bn.sum())
    side = "buy" if total >= 0 else "sell"
    largest = max(by_population, key=lambda name: by_population[name] * (1 if total >= 0 else -1))
    share = f"{largest.replace('_', ' ')} {format_usd_bn(abs(by_population[largest]))}"
    return f"Investors {side} {format_usd_bn(abs(total))} of yen on average, {share}"


def unwind_finding(levered: float, levered_share: float, repatriated: float) -> str:
    """Return the finding of the unwind chart."""
    verb = "unwind" if levered >= 0 else "add"
    home = residents_finding(repatriated)
    return f"Levered holders {verb} {format_usd_bn(abs(levered))} ({format_percent(abs(levered_share))} of their stock); {home}"


def residents_finding(repatriated: float) -> str:
    """Say what residents brought home, or sent abroad where it is negative, $bn."""
    home = format_usd_bn(abs(repatriated))
    return f"residents bring home {home}" if repatriated >= 0 else f"residents send {home} abroad"


def prices_finding(record: Record) -> str:
    """Return the finding of the asset panel: the hardest hit and the best of the risky assets."""
    metrics = metric_bands(record)
    names = {"us_equity": "US equity", "japan_equity": "Japanese equity", "bitcoin": "bitcoin"}
    changes = {label: metrics[f"{key}_change_pct"].p50 for key, label in names.items()}
    known = {label: change for label, change in changes.items() if change is not None}
    if not known:
        return fan_finding(record)
    worst, best = min(known, key=lambda name: known[name]), max(known, key=lambda name: known[name])
    first = price_change_text(worst[0].upper() + worst[1:], known[worst])
    return first if worst == best else f"{first} at the median, {price_change_text(best, known[best])}"


def scenario_finding(record: Record) -> str:
    """Return one scenario in one sentence, for the demo."""
    finished = FinishedRuns(record)
    if finished.count == 0:
        return "no run reached its last day"
    metrics = metric_bands(record)
    unwound, share = metrics["unwound_usd_bn"].p50 or 0.0, metrics["unwound_share"].p50 or 0.0
    levered, home = metrics["levered_unwind_usd_bn"].p50 or 0.0, metrics["repatriation_usd_bn"].p50 or 0.0
    return (
        f"{price_change_text('USDJPY', metrics['usdjpy_change_pct'].p50)} at the median; {format_usd_bn(unwound)} of foreign positions "
        f"({format_percent(share)}) are unwound, {format_usd_bn(levered)} by levered holders, and "
        f"{residents_finding(home)}."
    )


def comparison_finding(records: Mapping[str, Record]) -> str:
    """Say for each scenario what was unwound and what the yen did."""
    parts = []
    for name, record in records.items():
        metrics = metric_bands(record)
        unwound, change = metrics["unwound_usd_bn"].p50, metrics["usdjpy_change_pct"].p50
        told = "no run reached its end"
        if unwound is not None and change is not None:
            told = f"{format_usd_bn(unwound)} unwound, USDJPY {change:+.1f} %".replace("-", "−")
        parts.append(f"{name}: {told}")
    return "; ".join(parts)
