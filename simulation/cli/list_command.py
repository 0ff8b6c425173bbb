"""``carryflow list``: shipped scenarios, experiments, events and sweeps, and all metrics."""

from __future__ import annotations

from pathlib import Path

import click

from simulation.cli import options
from simulation.cli.output import print_json

ListEntry = dict[str, str]
FILE_KINDS = ("scenarios", "experiments", "events", "sweeps")
UNTITLED = "(no title: base config for others)"
LISTED_KINDS = (*FILE_KINDS, "metrics")


def yaml_title(kind: str, path: Path) -> str:
    """Return the title of a config, own or inherited, without validating the rest."""
    from simulation.scenario.config.errors import ConfigError
    from simulation.scenario.config.layers import read_layers
    from simulation.scenario.config.tree import descend

    try:
        title = descend(read_layers(path, kind).tree, ("title",))
    except ConfigError:
        return f"(cannot be read: carryflow config check {path.stem})"
    return str(title.content) if title is not None else UNTITLED


def docstring_title(path: Path) -> str:
    """Return the first line of a Python file's docstring."""
    import ast

    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return docstring.partition("\n")[0]


def file_entries(kind: str) -> list[ListEntry]:
    """Return names and titles of the shipped files of a kind."""
    from simulation.scenario.config.catalog import shipped_files

    return [
        {"name": name, "title": docstring_title(path) if path.suffix == ".py" else yaml_title(kind, path)}
        for name, path in shipped_files(kind).items()
    ]


def metric_entries() -> list[ListEntry]:
    """Return name, label and unit of every metric."""
    from simulation.results.metrics import METRICS

    return [{"name": metric.name, "title": metric.label, "unit": metric.unit} for metric in METRICS]


def list_entries(kind: str) -> list[ListEntry]:
    """Return the entries of a kind."""
    return metric_entries() if kind == "metrics" else file_entries(kind)


@click.command("list", short_help="List scenarios, experiments, events, sweeps or metrics.")
@click.argument("kind", type=click.Choice(LISTED_KINDS), required=False)
@options.as_json
def list_names(kind: str | None, as_json: bool) -> None:
    """List scenarios, experiments, events, sweeps or metrics; without an argument, all of them."""
    entries = {name: list_entries(name) for name in ([kind] if kind else LISTED_KINDS)}
    if as_json:
        print_json(entries)
        return
    for name, rows in entries.items():
        if not kind:
            click.echo(f"{name}:" if rows else f"{name}: none yet")
        print_rows(rows, "" if kind else "  ")


def print_rows(rows: list[ListEntry], indent: str) -> None:
    """Print names and titles in columns, without line breaks inside an entry."""
    width = max((len(row["name"]) for row in rows), default=0)
    for row in rows:
        unit = f" ({row['unit']})" if "unit" in row else ""
        click.echo(f"{indent}{row['name']:<{width}}  {row['title']}{unit}".rstrip())
