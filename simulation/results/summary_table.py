"""A summary as a table that a person reads: in a terminal with weight and colour, elsewhere as plain text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import StringIO
from typing import TYPE_CHECKING

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from simulation.results.metrics import BP, DAYS, FLOWS, METRICS, PCT, RATIO, SHARE, USD_BN, Band
from simulation.values.spelling import title

if TYPE_CHECKING:
    from simulation.results.summary import Summary

PLAIN_WIDTH = 100
NOTHING = "-"
SHOWN_UNIT = {SHARE: ", % of stock", RATIO: "", DAYS: ""}
YEN_BOUGHT = "Yen bought by population"
NO_DECIMALS_FROM = 1000.0


def number_text(value: float | None, unit: str) -> str:
    """Return a number with the digits its unit deserves; shares as percent, changes with their sign."""
    if value is None:
        return NOTHING
    formats = {USD_BN: "{:,.1f}", SHARE: "{:.1f}", PCT: "{:+.2f}", BP: "{:+.1f}", RATIO: "{:.2f}", DAYS: "{:.0f}"}
    if unit == USD_BN and abs(value) >= NO_DECIMALS_FROM:
        return f"{value:,.0f}"
    text = formats.get(unit, "{:g}").format(100.0 * value if unit == SHARE else value)
    # A rounded -0.0 reads as a direction that is not there.
    return text if any(digit in text for digit in "123456789") else text.lstrip("+-")


def band_cells(band: Band, single: bool) -> list[str]:
    """Return the printed quantiles: three of them, or the one value of a single run."""
    values = [band.p50] if single else [band.p10, band.p50, band.p90]
    return [number_text(value, band.unit) for value in values]


def _empty_table(columns: Sequence[str]) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), show_edge=False, header_style="dim")
    table.add_column("", min_width=28, no_wrap=True)
    for column in columns:
        table.add_column(column, justify="right", min_width=7, no_wrap=True)
    return table


def labelled(label: str, unit: str) -> str:
    """Return a row's label with its unit."""
    return f"  {label}{SHOWN_UNIT.get(unit, f', {unit}')}"


def _cells(bands: Sequence[Band | None], single: bool) -> list[str]:
    missing = Band(None, None, None, USD_BN)
    return [cell for band in bands for cell in band_cells(band or missing, single)]


def _add_metrics(table: Table, summaries: Sequence[Summary], group: str, single: bool) -> None:
    table.add_row(Text(group, style="bold"))
    for metric in METRICS:
        if metric.group == group:
            cells = _cells([one.metrics[metric.name] for one in summaries], single)
            table.add_row(Text(labelled(metric.label, metric.unit)), *cells)


def _add_populations(table: Table, summaries: Sequence[Summary], single: bool) -> None:
    table.add_row(Text(YEN_BOUGHT, style="bold"))
    for name in dict.fromkeys(name for one in summaries for name in one.yen_bought):
        table.add_row(
            Text(labelled(title(name), USD_BN)), *_cells([one.yen_bought.get(name) for one in summaries], single)
        )


def _table(summaries: Sequence[Summary], columns: Sequence[str], single: bool) -> Table:
    table = _empty_table(columns)
    for group in dict.fromkeys(metric.group for metric in METRICS):
        _add_metrics(table, summaries, group, single)
        if group == FLOWS:
            _add_populations(table, summaries, single)
    return table


def _ledger_line(summary: Summary) -> str:
    residual = summary.ledger_max_residual
    return "Largest ledger residual: " + ("none recorded" if residual is None else f"{residual:.1e} (relative)")


def _heading(summary: Summary) -> Group:
    runs = "1 run" if summary.runs == 1 else f"{summary.runs:,} runs"
    facts = f"{runs}, seed {summary.seed}, {summary.period[0]} to {summary.period[1]}"
    name = f"{summary.scenario}: {summary.title}" if summary.title else summary.scenario
    return Group(Text(name, style="bold"), Text(facts, style="dim"))


def _footer(summary: Summary) -> Group:
    return Group(Text(_ledger_line(summary)), *(Text(f"Note: {note}") for note in summary.notes))


def summary_table(summary: Summary) -> RenderableType:
    """Return one scenario with its 10, 50 and 90 % quantiles over runs."""
    single = summary.runs == 1
    columns = ["value"] if single else ["10 %", "median", "90 %"]
    table = Padding(_table([summary], columns, single), (1, 0))
    return Group(_heading(summary), table, _footer(summary))


def rows_table(groups: Mapping[str, Mapping[str, Sequence[str]]], single: bool) -> RenderableType:
    """Return groups of rows that are printed already: by heading, then label, three quantiles or the one value of a run."""
    table = _empty_table(["value"] if single else ["10 %", "median", "90 %"])
    for group, rows in groups.items():
        table.add_row(Text(group, style="bold"))
        for label, cells in rows.items():
            table.add_row(Text(f"  {label}"), *(cells[1:2] if single else cells))
    return Padding(table, (1, 0))


def comparison_table(summaries: Sequence[Summary], names: Sequence[str]) -> RenderableType:
    """Return several scenarios side by side: the median and the 10-90 % range of each."""
    single = all(one.runs == 1 for one in summaries)
    head = ("",) if single else ("10 %", "median", "90 %")
    columns = [f"{name}\n{part}" if part in ("median", "") else f"\n{part}" for name in names for part in head]
    return Padding(_table(summaries, columns, single), (1, 0))


def plain_text(renderable: RenderableType) -> str:
    """Return a table as text without colour, the same on every machine."""
    console = Console(
        file=StringIO(), width=PLAIN_WIDTH, color_system=None, force_terminal=False, highlight=False, emoji=False
    )
    with console.capture() as capture:
        console.print(renderable)
    return "\n".join(line.rstrip() for line in capture.get().rstrip().splitlines())
