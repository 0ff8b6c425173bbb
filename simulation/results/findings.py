"""One-sentence findings for figure titles and the demo, and the number formats they use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from simulation.results.estimates import EstimateWithError, finding_text, join_names, leading_names, paired_difference
from simulation.results.metrics import METRICS, FinishedRuns, FloatArray

if TYPE_CHECKING:
    from simulation.day.recorder import Record


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


def format_amount(amount: EstimateWithError) -> str:
    """Return the size of an amount in USD bn with its standard error, such as $12 ± 3 bn."""
    if np.isnan(amount.error):
        return format_usd_bn(abs(amount.value))
    decimals = 0 if abs(amount.value) >= 10.0 and amount.error >= 1.0 else 1
    return f"${abs(amount.value):,.{decimals}f} ± {amount.error:,.{decimals}f} bn"


def price_change_text(name: str, change_pct: EstimateWithError | None) -> str:
    """Return by how much a price rises or falls, or that it does not clearly change."""
    if change_pct is None:
        return f"{name} is not available"
    return change_text(name, change_pct, "%", ("rises", "falls"))


def change_text(name: str, change: EstimateWithError, unit: str, verbs: tuple[str, str]) -> str:
    """Return how a number changes; `verbs` are those for a clear rise and a clear fall. A single run is called one."""
    if np.isnan(change.error):
        return f"{name} {change} {unit} in one run"
    size = change.size.text(signed=False)
    return finding_text(
        change,
        f"{name} {verbs[0]} {size} {unit}",
        f"{name} {verbs[1]} {size} {unit}",
        f"{name} does not clearly change ({change} {unit})",
    )


def median_change(finished: FinishedRuns, column: str, scale: float = 1.0) -> EstimateWithError | None:
    """Return the median change of a market column from start to end times `scale`; None if the scenario lacks it."""
    values = finished.market(column)
    return None if values is None else EstimateWithError.of_median(scale * (values[:, -1] - values[:, 0]))


def median_metric(finished: FinishedRuns, name: str) -> EstimateWithError | None:
    """Return the median of a metric over the finished runs with its standard error; None without data."""
    values = next(metric for metric in METRICS if metric.name == name).per_run(finished)
    return None if values is None or not values.size else EstimateWithError.of_median(values)


def fan_finding(record: Record) -> str:
    """Return the finding of the fan chart: medians with standard errors, as the chart shows medians."""
    finished = FinishedRuns(record)
    price = price_change_text("USDJPY", median_metric(finished, "usdjpy_change_pct"))
    spread = median_change(finished, "spread_10y_pp", 100.0)
    if spread is None:
        return f"{price} at the median"
    return f"{price} at the median; {change_text('the 10-year spread', spread, 'bp', ('widens by', 'narrows by'))}"


def yen_finding(bought_usd_bn: Mapping[str, FloatArray]) -> str:
    """Return the finding of the flow chart from purchases over the scenario by population and run, ``(runs,)``.

    It names net purchases, and the largest contributor where it is clearly larger than the others.
    """
    total = EstimateWithError.of(np.sum(list(bought_usd_bn.values()), axis=0))
    net = finding_text(
        total,
        f"Investors buy yen worth {format_amount(total)} net (mean over runs)",
        f"Investors sell yen worth {format_amount(total)} net (mean over runs)",
        f"No clear net purchases of yen (mean over runs {total} $bn)",
    )
    if not total.is_clear:
        return net
    signed = {name: np.sign(total.value) * values for name, values in bought_usd_bn.items()}
    means = {name: float(values.mean()) for name, values in signed.items()}
    largest = leading_names(means, lambda first, second: paired_difference(signed[first], signed[second]))
    words = join_names([name.replace("_", " ") for name in largest])
    if len(largest) > 1:
        return f"{net}; largest contributions, without a clear difference: {words}"
    return f"{net}; largest contribution: {words} {format_amount(EstimateWithError.of(signed[largest[0]]))}"


def unwind_finding(levered: EstimateWithError, stock_usd_bn: float, repatriated: EstimateWithError) -> str:
    """Return the finding of the chart of position reductions, from amounts in USD bn and the levered stock."""
    share = abs(levered.value) / stock_usd_bn if stock_usd_bn else 0.0
    size = f"{format_amount(levered)} ({format_percent(share)})"
    positions = finding_text(
        levered,
        f"Levered investors reduce positions by {size}",
        f"Levered investors increase positions by {size}",
        f"Levered investors' positions do not clearly change (reduction {levered} $bn)",
    )
    return f"{positions}; {residents_finding(repatriated)}"


def residents_finding(repatriated: EstimateWithError) -> str:
    """Return the residents' repatriation, or their net outflow if negative, USD bn."""
    size = format_amount(repatriated)
    return finding_text(
        repatriated,
        f"residents repatriate {size}",
        f"residents' net outflow is {size}",
        f"residents do not clearly repatriate ({repatriated} $bn)",
    )


def prices_finding(record: Record) -> str:
    """Return the finding of the asset panel: the worst and the best of the risky assets, where they differ clearly."""
    finished = FinishedRuns(record)
    names = {"us_equity": "US equity", "japan_equity": "Japanese equity", "bitcoin": "bitcoin"}
    changes = {label: median_metric(finished, f"{key}_change_pct") for key, label in names.items()}
    known = {label: change for label, change in changes.items() if change is not None}
    if not known:
        return fan_finding(record)
    worst, best = min(known, key=lambda name: known[name].value), max(known, key=lambda name: known[name].value)
    first = price_change_text(worst[0].upper() + worst[1:], known[worst])
    return f"{first} at the median" if worst == best else f"{first} at the median, {price_change_text(best, known[best])}"


def scenario_finding(record: Record) -> str:
    """Return the result of one scenario in one sentence, medians with standard errors, for the demo."""
    finished = FinishedRuns(record)
    if finished.count == 0:
        return "no run reached its last day"
    nothing = EstimateWithError(0.0, 0.0)
    reduction, share, levered, home = (
        median_metric(finished, name) or nothing
        for name in ("unwound_usd_bn", "unwound_share", "levered_unwind_usd_bn", "repatriation_usd_bn")
    )
    change = price_change_text("USDJPY", median_metric(finished, "usdjpy_change_pct"))
    return (
        f"{change} at the median; reduction in foreign positions {reduction} $bn ({format_percent(share.value)}), "
        f"of which levered investors {levered} $bn; {residents_finding(home)}."
    )


def comparison_finding(records: Mapping[str, Record]) -> str:
    """Return by how much reductions in positions and USDJPY differ between two scenarios, run by run with the same news."""
    ends = {name: FinishedRuns(record) for name, record in records.items()}
    empty = [name for name, end in ends.items() if end.count == 0]
    if empty:
        return "; ".join(f"{name}: no run reached its last day" for name in empty)
    first, *others = ends
    return "; ".join(pair_finding((first, ends[first]), (name, ends[name])) for name in others)


def pair_finding(first: tuple[str, FinishedRuns], second: tuple[str, FinishedRuns]) -> str:
    """Return what levered investors unwind more in the second scenario than in the first, and how USDJPY differs."""
    names = "levered_unwind_usd_bn", "usdjpy_change_pct"
    unwound, change = (metric_difference(first[1], second[1], name) for name in names)
    positions = finding_text(
        unwound,
        f"{second[0]} unwinds {format_amount(unwound)} more levered carry than {first[0]}",
        f"{second[0]} unwinds {format_amount(unwound)} less levered carry than {first[0]}",
        f"{second[0]} does not clearly unwind more or less levered carry than {first[0]} ({unwound} $bn)",
    )
    moved = f"USDJPY {change} points"
    return f"{positions}; {finding_text(change, moved, moved, f'no clear difference of USDJPY ({change} points)')}"


def metric_difference(first: FinishedRuns, second: FinishedRuns, name: str) -> EstimateWithError:
    """Return the mean difference of a metric, second less first; paired by run number where both have the same seed."""
    metric = next(metric for metric in METRICS if metric.name == name)
    own, other = metric.per_run(second), metric.per_run(first)
    if own is None or other is None:
        return EstimateWithError(0.0, float("nan"))
    runs = [end.record.runs[end.rows] for end in (second, first)]
    both = np.intersect1d(runs[0], runs[1])
    if first.record.scenario.seed == second.record.scenario.seed and both.size:
        return paired_difference(own[np.isin(runs[0], both)], other[np.isin(runs[1], both)])
    means = EstimateWithError.of(own), EstimateWithError.of(other)
    return EstimateWithError(means[0].value - means[1].value, float(np.hypot(means[0].error, means[1].error)))
