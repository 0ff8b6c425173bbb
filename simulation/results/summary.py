"""Summary of a batch of runs: quantiles of every metric, failed runs and notes, printed as a table."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from simulation.results.effects import Effects, effect_sentence
from simulation.results.metrics import (
    BP,
    DAYS,
    FLOWS,
    METRICS,
    PCT,
    RATIO,
    SHARE,
    USD_BN,
    Band,
    FinishedRuns,
    Metric,
    ledger_max_residual,
    metric_bands,
    yen_bought_by_population,
)
from simulation.values.labels import capitalized_name

if TYPE_CHECKING:
    from simulation.day.recorder import Record

LEDGER_TOLERANCE = 1e-9
EXPECTED_IMPACT_PCT = (5.0, 14.0)
"""Expected range of price impact times levered position after August 2024, % (MODEL section 4, set before calibration)."""
CALIBRATED_IMPACT_PCT = (8.3, 17.8)
"""The same at the start of `december_2025_official`: smallest and largest value over the shipped parameter sets, %."""


PLAIN_WIDTH = 100
MISSING_TEXT = "-"
UNIT_SUFFIX = {SHARE: ", % of stock", RATIO: "", DAYS: ""}
YEN_BOUGHT = "Yen bought by population"
WHOLE_NUMBERS_FROM_USD_BN = 1000.0


@dataclass(frozen=True)
class Failure:
    """A run that stopped before its last day, with the reason."""

    run: int
    date: str
    reason: str
    message: str

    def to_dict(self) -> dict[str, int | str]:
        """Return JSON-ready values."""
        return {"run": self.run, "date": self.date, "reason": self.reason, "message": self.message}


@dataclass(frozen=True)
class Summary:
    """Quantiles of metrics over the finished runs of one scenario; prints as a table."""

    scenario: str
    title: str
    period: tuple[str, str]
    runs: int
    seed: int
    metrics: dict[str, Band]
    yen_bought: dict[str, Band]
    ledger_max_residual: float | None
    failures: tuple[Failure, ...]
    notes: tuple[str, ...]
    effects: Effects | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values: numbers or None, never NaN."""
        return {
            "scenario": self.scenario,
            "runs": self.runs,
            "seed": self.seed,
            "metrics": {name: self._metric_to_dict(name) for name in self.metrics},
            "counterfactual": None if self.effects is None else self.effects.counterfactual_to_dict(),
            "yen_bought_by_population": {name: band.to_dict() for name, band in self.yen_bought.items()},
            "ledger_max_residual": self.ledger_max_residual,
            "runs_failed": len(self.failures),
            "failures": [failure.to_dict() for failure in self.failures],
            "notes": list(self.notes),
        }

    def _metric_to_dict(self, name: str) -> dict[str, Any]:
        """Return a metric's band, its effect where there is one, and its unit."""
        effect = None if self.effects is None else self.effects.by_metric.get(name)
        return self.metrics[name].to_dict() | {"effect": None if effect is None else effect.to_dict()}

    def __rich__(self) -> RenderableType:
        """Return the table for a terminal."""
        return summary_table(self)

    def __str__(self) -> str:
        """Return the table as plain text."""
        return plain_text(self)

    __repr__ = __str__


def run_failures(record: Record) -> tuple[Failure, ...]:
    """Return the runs that stopped early, in run order."""
    return tuple(
        Failure(int(record.runs[row]), str(stop.date), stop.name, stop.message)
        for row, stop in sorted(record.stopped.items())
    )


def largest_residual_by_identity(record: Record) -> dict[str, float | None]:
    """Return the largest relative residual of each ledger identity over all runs; None where it is not finite."""
    largest = {name: float(values.max()) for name, values in record.residuals.items()}
    return {name: value if math.isfinite(value) else None for name, value in largest.items()}


def failure_note(record: Record) -> str:
    """Return how many runs stopped early and why, most frequent reason first."""
    reasons = Counter(stop.name for stop in record.stopped.values())
    named = ", ".join(f"{reason} ({count})" for reason, count in reasons.most_common())
    first = run_failures(record)[0]
    return (
        f"{len(record.stopped)} of {len(record.runs)} runs stopped early and are excluded from the quantiles: {named}. "
        f"First: run {first.run} on {first.date}, {first.message}"
    )


def loop_gain_note(record: Record) -> str | None:
    """Return a warning if the loop gain exceeds 1 at the start of any run."""
    gain = FinishedRuns(record).market("loop_gain")
    largest = 0.0 if gain is None or gain.size == 0 else float(gain[:, 0].max())
    if largest <= 1.0:
        return None
    return (
        f"The loop gain is {largest:.2f} at the start: a fall of USDJPY forces sales that lower it by {largest:.2f} times as much. "
        "Above 1, a shock amplifies itself."
    )


def impact_times_position_note(record: Record) -> str | None:
    """Return a warning if impact times levered position lies outside the expected range; None without levered investors.

    Source: MODEL section 4.  The episode of August 2024 identifies this product only, not the position itself.
    """
    product = FinishedRuns(record).market("depth_weighted_stock_pct")
    middle = 0.0 if product is None or product.size == 0 else float(np.median(product[:, 0]))
    low, high = EXPECTED_IMPACT_PCT
    if middle == 0.0 or low <= middle <= high:
        return None
    return (
        f"Price impact times levered position is {middle:.3g} % at the start; the expected range after August 2024 is "
        f"{low:g} to {high:g} %. Calibrated parameter sets have {CALIBRATED_IMPACT_PCT[0]:g} to {CALIBRATED_IMPACT_PCT[1]:g} % "
        "in December 2025 (docs/calibration.md)."
    )


def ledger_note(record: Record) -> str | None:
    """Return a warning if the ledger does not balance."""
    residual = ledger_max_residual(record)
    if residual is None or residual <= LEDGER_TOLERANCE:
        return None
    return f"The ledger does not balance: relative residual {residual:.1e}, allowed {LEDGER_TOLERANCE:.0e}."


def summary_notes(record: Record) -> tuple[str, ...]:
    """Return the warnings that apply to a record."""
    candidates = [
        failure_note(record) if record.stopped else None,
        loop_gain_note(record),
        impact_times_position_note(record),
        ledger_note(record),
    ]
    return tuple(note for note in candidates if note)


def summarise_record(record: Record, effects: Effects | None = None, no_effects: str | None = None) -> Summary:
    """Return the summary of a record, with effects where a counterfactual was simulated, else with the reason why not."""
    scenario = record.scenario
    return Summary(
        scenario=scenario.name,
        title=scenario.title,
        period=(str(record.dates[0]), str(record.dates[-1])),
        runs=len(record.runs),
        seed=scenario.seed,
        metrics=metric_bands(record),
        yen_bought=yen_bought_by_population(record),
        ledger_max_residual=ledger_max_residual(record),
        failures=run_failures(record),
        notes=summary_notes(record) + (() if no_effects is None else (no_effects,)),
        effects=effects,
    )


# Tables


def format_metric(value: float | None, unit: str) -> str:
    """Return a value with digits suited to its unit; shares in percent, changes with a sign."""
    if value is None:
        return MISSING_TEXT
    formats = {USD_BN: "{:,.1f}", SHARE: "{:.1f}", PCT: "{:+.2f}", BP: "{:+.1f}", RATIO: "{:.2f}", DAYS: "{:.0f}"}
    if unit == USD_BN and abs(value) >= WHOLE_NUMBERS_FROM_USD_BN:
        return f"{value:,.0f}"
    text = formats.get(unit, "{:g}").format(100.0 * value if unit == SHARE else value)
    # No sign for a value that rounds to zero.
    return text if any(digit in text for digit in "123456789") else text.lstrip("+-")


def format_mean(value: float, unit: str) -> str:
    """Return a mean over runs; a mean of whole days has a decimal."""
    return f"{value:.1f}" if unit == DAYS else format_metric(value, unit)


def band_cells(band: Band, single: bool) -> list[str]:
    """Return the formatted 10, 50 and 90 % quantiles, or only the median for a single run."""
    values = [band.p50] if single else [band.p10, band.p50, band.p90]
    return [format_metric(value, band.unit) for value in values]


def _empty_table(columns: Sequence[str]) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), show_edge=False, header_style="dim")
    table.add_column("", min_width=28, no_wrap=True)
    for column in columns:
        table.add_column(column, justify="right", min_width=16 if "±" in column else 7, no_wrap=True)
    return table


def label_with_unit(label: str, unit: str) -> str:
    """Return a row label with its unit."""
    return f"  {label}{UNIT_SUFFIX.get(unit, f', {unit}')}"


def _cells(bands: Sequence[Band | None], single: bool) -> list[str]:
    missing = Band(None, None, None, USD_BN)
    return [cell for band in bands for cell in band_cells(band or missing, single)]


def effect_cells(effects: Effects | None, metric: Metric) -> list[str]:
    """Return an effect as mean and standard error, in brackets if it is not clear, with its 10 and 90 % quantiles."""
    effect = None if effects is None else effects.by_metric.get(metric.name)
    if effect is None:
        return [MISSING_TEXT] * 3
    mean, error = (format_mean(value, metric.unit) for value in (effect.mean, effect.se))
    low, high = (format_metric(value, metric.unit) for value in (effect.p10, effect.p90))
    text = f"{mean} ± {error.lstrip('+')}"
    return [text if effect.is_clear else f"({text})", low, high]


def _metric_rows(group: str, cells: Callable[[Metric], Sequence[str]]) -> Iterator[tuple[Text, ...]]:
    yield (Text(group, style="bold"),)
    for metric in METRICS:
        if metric.group == group:
            label = label_with_unit(metric.label, metric.unit)
            yield (Text(label), *(Text(cell) for cell in cells(metric)))


def _add_populations(table: Table, summaries: Sequence[Summary], single: bool) -> None:
    table.add_row(Text(YEN_BOUGHT, style="bold"))
    for name in dict.fromkeys(name for one in summaries for name in one.yen_bought):
        table.add_row(
            Text(label_with_unit(capitalized_name(name), USD_BN)),
            *_cells([one.yen_bought.get(name) for one in summaries], single),
        )


GROUPS = tuple(dict.fromkeys(metric.group for metric in METRICS))


def _table(summaries: Sequence[Summary], columns: Sequence[str], single: bool) -> Table:
    table = _empty_table(columns)

    def cells(metric: Metric) -> list[str]:
        levels = _cells([one.metrics[metric.name] for one in summaries], single)
        alone = len(summaries) == 1 and summaries[0].effects is not None
        return levels + effect_cells(summaries[0].effects, metric) if alone else levels

    for group in GROUPS:
        for row in _metric_rows(group, cells):
            table.add_row(*row)
        if group == FLOWS:
            _add_populations(table, summaries, single)
    return table


def effects_table(summaries: Sequence[Summary], names: Sequence[str]) -> RenderableType:
    """Return the effects of several scenarios side by side: mean and standard error, 10 and 90 % quantile over runs."""
    head = ("mean ± s.e.", "10 %", "90 %")
    columns = [f"{name}\n{part}" if part == head[0] else f"\n{part}" for name in names for part in head]
    table = _empty_table(columns)
    for group in GROUPS:
        for row in _metric_rows(
            group, lambda metric: [c for one in summaries for c in effect_cells(one.effects, metric)]
        ):
            table.add_row(*row)
    return Padding(table, (1, 0))


def _ledger_line(summary: Summary) -> str:
    residual = summary.ledger_max_residual
    return "Largest ledger residual: " + ("not recorded" if residual is None else f"{residual:.1e} (relative)")


def _heading(summary: Summary) -> Group:
    runs = "1 run" if summary.runs == 1 else f"{summary.runs:,} runs"
    details = f"{runs}, seed {summary.seed}, {summary.period[0]} to {summary.period[1]}"
    name = f"{summary.scenario}: {summary.title}" if summary.title else summary.scenario
    return Group(Text(name, style="bold"), Text(details, style="dim"))


EFFECTS_NOTE = (
    "Effect: difference from the counterfactual {against} with the same news, run by run. "
    "In brackets: within two standard errors of zero."
)


def _footer(summary: Summary) -> Group:
    effects = [] if summary.effects is None else [Text(EFFECTS_NOTE.format(against=summary.effects.against))]
    return Group(*effects, Text(_ledger_line(summary)), *(Text(f"Note: {note}") for note in summary.notes))


def summary_table(summary: Summary) -> RenderableType:
    """Return the table of one scenario with 10, 50 and 90 % quantiles over runs."""
    single = summary.runs == 1
    columns = ["value"] if single else ["10 %", "median", "90 %"]
    if summary.effects is not None:
        columns += ["effect ± s.e.", "10 %", "90 %"]
    table = Padding(_table([summary], columns, single), (1, 0))
    answer = [Text(line, style="bold") for line in answer_lines(summary)]
    return Group(*answer, *([Text("")] if answer else []), _heading(summary), table, _footer(summary))


def answer_lines(summary: Summary) -> list[str]:
    """Return the answer to "what does policy do?" as the lines that come first; none without effects."""
    return [] if summary.effects is None else [effect_sentence(summary.effects)]


def effects_block(summaries: Sequence[Summary], names: Sequence[str]) -> RenderableType:
    """Return the effects of several scenarios with their explanation; nothing where no counterfactual was simulated."""
    against = next((one.effects.against for one in summaries if one.effects is not None), None)
    if against is None:
        return Group()
    return Group(effects_table(summaries, names), Text(EFFECTS_NOTE.format(against=against)))


def quantile_rows_table(groups: Mapping[str, Mapping[str, Sequence[str]]], single: bool) -> RenderableType:
    """Return a table of formatted quantiles: group heading, row label, then three cells or, for a single run, one."""
    table = _empty_table(["value"] if single else ["10 %", "median", "90 %"])
    for group, rows in groups.items():
        table.add_row(Text(group, style="bold"))
        for label, cells in rows.items():
            table.add_row(Text(f"  {label}"), *(cells[1:2] if single else cells))
    return Padding(table, (1, 0))


def comparison_table(summaries: Sequence[Summary], names: Sequence[str]) -> RenderableType:
    """Return the table of several scenarios side by side, each with 10, 50 and 90 % quantiles."""
    single = all(one.runs == 1 for one in summaries)
    head = ("",) if single else ("10 %", "median", "90 %")
    columns = [f"{name}\n{part}" if part in ("median", "") else f"\n{part}" for name in names for part in head]
    return Padding(_table(summaries, columns, single), (1, 0))


def plain_text(renderable: RenderableType) -> str:
    """Return a table as plain text, identical on every machine."""
    console = Console(
        file=StringIO(), width=PLAIN_WIDTH, color_system=None, force_terminal=False, highlight=False, emoji=False
    )
    with console.capture() as capture:
        console.print(renderable)
    return "\n".join(line.rstrip() for line in capture.get().rstrip().splitlines())
