"""One-sentence findings for figure titles and the demo, and the number formats they use."""

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
    """Return an amount in USD bn as text, such as $12 bn or $1.23 tn."""
    size = abs(usd_bn)
    sign = "−" if usd_bn <= -0.05 else ""
    if size >= 1000.0:
        return f"{sign}${size / 1000.0:,.2f} tn"
    return f"{sign}${size:,.0f} bn" if size >= 10.0 else f"{sign}${size:,.1f} bn"


def format_percent(share: float) -> str:
    """Return a share in percent; values below 10 % have one decimal."""
    size = 100.0 * abs(share)
    sign = "−" if share <= -0.0005 else ""
    return f"{sign}{size:.0f} %" if size >= 10.0 else f"{sign}{size:.1f} %"


def price_change_text(name: str, change_pct: float | None) -> str:
    """Return by how much a price rises or falls."""
    if change_pct is None:
        return f"{name} is not available"
    if abs(change_pct) < STILL_PCT:
        return f"{name} is unchanged"
    return f"{name} {'rises' if change_pct > 0 else 'falls'} {abs(change_pct):.1f} %"


def spread_change_text(change_bp: float) -> str:
    """Return by how much the 10-year spread narrows or widens."""
    if abs(change_bp) < STILL_BP:
        return "the 10-year spread is unchanged"
    return f"the 10-year spread {'narrows' if change_bp < 0 else 'widens'} by {abs(change_bp):.0f} bp"


def median_change(finished: FinishedRuns, column: str) -> float:
    """Return the median change of a market column from start to end; 0 if the scenario lacks it."""
    values = finished.market(column)
    return 0.0 if values is None else float(np.median(values[:, -1] - values[:, 0]))


def fan_finding(record: Record) -> str:
    """Return the finding of the fan chart."""
    usdjpy = metric_bands(record)["usdjpy_change_pct"].p50
    spread = 100.0 * median_change(FinishedRuns(record), "spread_10y_pp")
    return f"{price_change_text('USDJPY', usdjpy)} at the median; {spread_change_text(spread)}"


def yen_finding(net_usd_bn: FloatArray, by_population: dict[str, float]) -> str:
    """Return the finding of the flow chart: net purchases over the scenario and the largest contributor."""
    total = float(net_usd_bn.sum())
    side = "buy" if total >= 0 else "sell"
    largest = max(by_population, key=lambda name: by_population[name] * (1 if total >= 0 else -1))
    share = f"{largest.replace('_', ' ')} {format_usd_bn(abs(by_population[largest]))}"
    return f"Investors {side} yen worth {format_usd_bn(abs(total))} net (mean over runs); largest contribution: {share}"


def unwind_finding(levered: float, levered_share: float, repatriated: float) -> str:
    """Return the finding of the chart of position reductions."""
    verb = "reduce" if levered >= 0 else "increase"
    size = f"{format_usd_bn(abs(levered))} ({format_percent(abs(levered_share))})"
    return f"Levered investors {verb} positions by {size}; {residents_finding(repatriated)}"


def residents_finding(repatriated: float) -> str:
    """Return the residents' repatriation, or their net outflow if negative, USD bn."""
    size = format_usd_bn(abs(repatriated))
    return f"residents repatriate {size}" if repatriated >= 0 else f"residents' net outflow is {size}"


def prices_finding(record: Record) -> str:
    """Return the finding of the asset panel: the worst and the best of the risky assets."""
    metrics = metric_bands(record)
    names = {"us_equity": "US equity", "japan_equity": "Japanese equity", "bitcoin": "bitcoin"}
    changes = {label: metrics[f"{key}_change_pct"].p50 for key, label in names.items()}
    available = {label: change for label, change in changes.items() if change is not None}
    if not available:
        return fan_finding(record)
    worst, best = min(available, key=lambda name: available[name]), max(available, key=lambda name: available[name])
    first = price_change_text(worst[0].upper() + worst[1:], available[worst])
    return first if worst == best else f"{first} at the median, {price_change_text(best, available[best])}"


def scenario_finding(record: Record) -> str:
    """Return the result of one scenario in one sentence, for the demo."""
    finished = FinishedRuns(record)
    if finished.count == 0:
        return "no run reached its last day"
    metrics = metric_bands(record)
    reduction, share = metrics["unwound_usd_bn"].p50 or 0.0, metrics["unwound_share"].p50 or 0.0
    levered, repatriated = metrics["levered_unwind_usd_bn"].p50 or 0.0, metrics["repatriation_usd_bn"].p50 or 0.0
    change = price_change_text("USDJPY", metrics["usdjpy_change_pct"].p50)
    return (
        f"{change} at the median; reduction in foreign positions {format_usd_bn(reduction)} ({format_percent(share)}), "
        f"of which levered investors {format_usd_bn(levered)}; {residents_finding(repatriated)}."
    )


def comparison_finding(records: Mapping[str, Record]) -> str:
    """Return each scenario's reduction in positions and change of USDJPY."""
    parts = []
    for name, record in records.items():
        metrics = metric_bands(record)
        unwound, change = metrics["unwound_usd_bn"].p50, metrics["usdjpy_change_pct"].p50
        result = "no run reached its last day"
        if unwound is not None and change is not None:
            result = f"positions reduced by {format_usd_bn(unwound)}, USDJPY {change:+.1f} %".replace("-", "−")
        parts.append(f"{name}: {result}")
    return "; ".join(parts)
