"""``carryflow config check | show | diff | schema | table | sensitivity``: inspect configs; only the last one runs anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from simulation.cli import options
from simulation.cli.output import EXIT_USAGE, print_json
from simulation.cli.sensitivity_command import sensitivity
from simulation.scenario.config.errors import ConfigError

if TYPE_CHECKING:
    from pydantic import BaseModel

    from simulation.scenario.config.loading import LoadedConfig
    from simulation.scenario.scenario import Scenario


SET_ORIGIN = "--set"
"""Beginning of the place of a value that was set on the command line."""


@contextmanager
def exit_on_config_error() -> Iterator[None]:
    """Print all errors of an invalid config to standard error and exit with code 2.

    A context manager, or a decorator below the decorators of click.  Messages have no markup: programs parse
    ``file:12:3``, and ``populations[0]`` is not a style.
    """
    try:
        yield
    except ConfigError as error:
        click.echo(str(error), err=True, color=False)
        raise click.exceptions.Exit(EXIT_USAGE) from None


@click.group("config")
def config() -> None:
    """Check, show and compare scenario files, by name or path."""


@config.command("check", short_help="Check files and report all errors with file and line.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--sweep", is_flag=True, help="The files are sweep files; check their scenarios too.")
@options.settings
@options.as_json
def check(files: Sequence[str], sweep: bool, settings: Sequence[str], as_json: bool) -> None:
    """Check configs and report all errors with file and line; exit code 2 if there is an error."""
    results = [_check_file(file, settings, sweep) for file in files]
    if as_json:
        listed = [_check_as_json(file, result) for file, result in zip(files, results, strict=True)]
        print_json({"ok": all(entry["ok"] for entry in listed), "files": listed})
    else:
        for file, result in zip(files, results, strict=True):
            _print_check(file, result)
    if any(isinstance(result, ConfigError) for result in results):
        raise click.exceptions.Exit(EXIT_USAGE)


@config.command("show", short_help="Print a config with all defaults filled in.")
@click.argument("file")
@click.option("--resolved", is_flag=True, help="Fill in inherited values and defaults (always done).")
@click.option("--origin", is_flag=True, help="Add the file and line that set each value.")
@options.settings
@exit_on_config_error()
def show(file: str, resolved: bool, origin: bool, settings: Sequence[str]) -> None:
    """Print a config with inherited values and defaults, as YAML that loads to the same config."""
    from simulation.scenario.config.rendering import render_yaml

    click.echo(render_yaml(_load_config(file, settings), origins=origin), nl=False)


@config.command("diff", short_help="List the differences between two configs.")
@click.argument("first")
@click.argument("second")
@options.settings
@options.as_json
@exit_on_config_error()
def diff(first: str, second: str, settings: Sequence[str], as_json: bool) -> None:
    """List the differences of the SECOND config from the FIRST; --set applies to both."""
    from simulation.scenario.config.rendering import config_differences

    differences = config_differences(_load_config(first, settings), _load_config(second, settings))
    if as_json:
        listed = [difference.as_json() for difference in differences]
        print_json({"first": first, "second": second, "differences": listed})
        return
    click.echo("\n".join(map(str, differences)) or "the configs mean the same")


@config.command("schema", short_help="Print the JSON schema of a scenario, event or sweep file.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file.")
@click.option("--event", is_flag=True, help="Schema of an event file.")
@click.option("--sweep", is_flag=True, help="Schema of a sweep file.")
@exit_on_config_error()
def schema(out: Path | None, event: bool, sweep: bool) -> None:
    """Print the JSON schema of a scenario file, for validation and completion in an editor."""
    from simulation.scenario.config.reference import json_schema_text

    if event and sweep:
        raise click.UsageError("--event and --sweep select different schemas: leave one out.")
    _print_or_write(json_schema_text(_root_model(event, sweep)), out)


@config.command("table", short_help="Print every config key with unit, default and source.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file.")
@exit_on_config_error()
def table(out: Path | None) -> None:
    """Print every config key with description, unit, default, range and source, as Markdown."""
    from simulation.scenario.config.reference import parameter_table

    _print_or_write(parameter_table(), out)


config.add_command(sensitivity)


def _print_or_write(text: str, out: Path | None) -> None:
    """Print a text, or write it to `out`."""
    if out is None:
        click.echo(text, nl=False)
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text, encoding="utf-8", newline="\n")
    click.echo(f"written: {out}", err=True)


def _root_model(event: bool, sweep: bool) -> type[BaseModel]:
    """Return the Pydantic model of the file type."""
    if sweep:
        from simulation.sweeps.schema import Sweep

        return Sweep
    from simulation.scenario.config.loading import scenario_model
    from simulation.scenario.event import Event

    return Event if event else scenario_model()


def _load_config(file: str, settings: Sequence[str]) -> LoadedConfig[Scenario]:
    """Load a scenario or an event by name or path."""
    from simulation.scenario.config.loading import load_scenario_or_event

    return load_scenario_or_event(file, settings)


@dataclass(frozen=True)
class ValidConfig:
    """Result of checking a valid config: its hash, and cautions with file and line."""

    hash: str
    cautions: tuple[str, ...] = ()


def _check_file(file: str, settings: Sequence[str], sweep: bool) -> ValidConfig | ConfigError:
    """Return the hash and cautions of a valid config, or the error of an invalid one."""
    try:
        if sweep:
            from simulation.sweeps.plan import load_plan

            return ValidConfig(load_plan(file, settings).hash)
        loaded = _load_config(file, settings)
    except ConfigError as error:
        return error
    return ValidConfig(loaded.hash, _cautions(loaded))


def _cautions(loaded: LoadedConfig[Scenario]) -> tuple[str, ...]:
    """Return the cautions of a scenario or an event, each with its file and line."""
    from simulation.scenario.cautions import cautions
    from simulation.scenario.scenario import Scenario

    if not isinstance(loaded.scenario, Scenario):
        return ()
    origins = loaded.origins
    suspicious = [
        f"{origins[item.key]}: {item}" if item.key in origins else str(item) for item in cautions(loaded.scenario)
    ]
    return (*suspicious, *_inert_keys(loaded.scenario, origins))


def _inert_keys(scenario: Scenario, origins: Mapping[str, str]) -> Iterator[str]:
    """Yield what is set and moves no outcome: any such key after --set, in a file what the scenario itself turns off.

    Facts that a file records, such as a stock or the level of a yield, are no mistake there.
    """
    from simulation.scenario.inert_keys import stated_reasons, turned_off_reasons

    overridden = [key for key, place in origins.items() if place.startswith(SET_ORIGIN)]
    in_file = [key for key in origins if key not in overridden]
    reasons = turned_off_reasons(scenario, in_file) | stated_reasons(scenario, overridden)
    yield from (f"{origins[key]}: {key} {reason}" for key, reason in reasons.items())


def _print_check(file: str, result: ValidConfig | ConfigError) -> None:
    """Print the result of a check: the hash to standard output, errors and cautions to standard error."""
    if isinstance(result, ConfigError):
        click.echo(str(result), err=True, color=False)
        return
    click.echo(f"{file}: ok, sha256 {result.hash}", color=False)
    for line in result.cautions:
        click.echo(f"caution: {line}", err=True, color=False)


def _check_as_json(file: str, result: ValidConfig | ConfigError) -> dict[str, object]:
    """Return the result of a check as JSON-ready values."""
    if isinstance(result, ValidConfig):
        return {"file": file, "ok": True, "hash": result.hash, "problems": [], "cautions": list(result.cautions)}
    problems = [asdict(problem) for problem in result.problems]
    return {"file": file, "ok": False, "hash": None, "problems": problems, "cautions": []}
