"""``carryflow tipping``: the value of a key at which a metric crosses a level."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulation.cli import options, searching
from simulation.cli.output import print_json

if TYPE_CHECKING:
    from simulation.results.figures import Drawing
    from simulation.scenario.scenario import Scenario
    from simulation.studies.search.figures import Asked
    from simulation.studies.search.keys import Searched
    from simulation.studies.search.response import Ensemble, Settings
    from simulation.studies.search.tipping import Tipping

PARTS_IN_ONE_BATCH = 4


@dataclass(frozen=True)
class Question:
    """Where to look for the level of a metric, and how."""

    scenario: str
    settings: Settings
    over: Searched
    metric: tuple[str, float]
    ends: tuple[str | None, str | None]
    tolerance: float | None
    ensemble: Ensemble


@click.command(short_help="Find the value of a key at which a metric crosses a level.")
@click.argument("scenario")
@searching.metric
@click.option("--over", required=True, metavar="KEY", help="Key of the config to move, e.g. spread_path.target_pp.")
@click.option("--curve", metavar="KEY=A,B,C", help="A tipping value for each value of a second key.")
@click.option(
    "--low", metavar="VALUE", help="Lower end of where to look.  [default: outward from the scenario's value]"
)
@click.option("--high", metavar="VALUE", help="Upper end of where to look.")
@click.option("--tolerance", type=float, metavar="X", help="Width to find it to.  [default: 1/500 of the range]")
@options.runs
@options.seed
@options.settings
@options.posterior
@options.parameter_sets
@options.out
@options.force
@options.workers
@options.as_json
@options.quiet
def tipping(
    scenario: str,
    metric: str,
    over: str,
    curve: str | None,
    low: str | None,
    high: str | None,
    tolerance: float | None,
    runs: int,
    seed: int | None,
    settings: tuple[str, ...],
    posterior: bool,
    parameter_sets: str | None,
    out: Path | None,
    force: bool,
    workers: int | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Find the value of KEY at which the mean of a metric crosses a level in SCENARIO.

    Every value meets the same news (common random numbers). The interval says how far the answer depends on the news that
    were drawn; beside it stands where single runs cross. The figure and the numbers go to --out, or to a folder under results/.
    """
    from simulation.studies.search.exits import LENGTH, room_for_exits
    from simulation.studies.search.exits import told as told_exits
    from simulation.studies.search.keys import searched
    from simulation.studies.search.response import Ensemble

    if (low is None) != (high is None):
        raise click.UsageError("--low and --high belong together.")
    if tolerance is not None and tolerance <= 0.0:
        raise click.UsageError("--tolerance must be above 0.")
    own = (*settings, *(() if seed is None else (f"seed={seed}",)))
    ensemble = Ensemble(runs, workers, options.cloud_of(posterior, parameter_sets))
    wanted = searching.metric_and_level(metric)
    key = searched(scenario, own, over, low)
    added = () if (curve or "").startswith(LENGTH) else room_for_exits(scenario, own, over, key.start)
    own = (*own, *added)
    question = Question(scenario, own, key, wanted, (low, high), tolerance, ensemble)
    about = {"scenario": scenario, "settings": own, "metric": metric, "over": over, "curve": curve, "ends": (low, high)}
    sets = ensemble.cloud.digest if ensemble.cloud else None
    target = searching.target_of(f"tipping-{over}", about | _rest(question, sets), out, force)
    facts, drawing = _answered(question, curve, (as_json, quiet))
    about_exits = told_exits(_somewhere(question), added)
    if about_exits and not as_json:
        click.echo(about_exits)
    searching.save(target, "tipping", facts, drawing, quiet)


def _rest(question: Question, sets: str | None) -> dict[str, Any]:
    """What else the answer follows from: the config as it is now, runs, tolerance, parameter sets."""
    from simulation.scenario.config.loading import config_hash

    config = config_hash(_somewhere(question))
    return {"config": config, "runs": question.ensemble.runs, "tolerance": question.tolerance, "sets": sets}


def _somewhere(question: Question) -> Scenario:
    """The scenario with some value of the key, which other settings may need."""
    from simulation.compute.ensemble import resolved

    value = question.over.start if question.over.start is not None else question.over.number(question.ends[0] or "0")
    return resolved(question.scenario, (*question.settings, question.over.setting(value)))


def _answered(question: Question, curve: str | None, how: tuple[bool, bool]) -> tuple[dict[str, Any], Drawing]:
    """Search, print, and return the numbers and the figure; `how` is whether to print JSON and to be quiet."""
    from simulation.studies.search.figures import curve_figure, tipping_figure

    as_json, quiet = how
    asked = _asked(question)
    head = {"scenario": question.scenario, "metric": asked.metric, "level": asked.level, "over": question.over.key}
    head |= {"unit": question.over.unit, "settings": list(question.settings)}
    if curve is None:
        with searching.refusals():
            found = sought(question, (), quiet)
        facts = head | found.to_dict()
        text, drawing = told(found, question), tipping_figure(found, asked)
    else:
        second, values, all_found = _along(question, curve, quiet)
        rows = [
            {"at": value, "tipping": one.to_dict() if one else None}
            for value, one in zip(values, all_found, strict=True)
        ]
        facts = head | {"curve": second, "tippings": rows}
        lines = [
            f"{second} = {value}: {told(one, question) if one else 'not crossed'}"
            for value, one in zip(values, all_found, strict=True)
        ]
        text, drawing = "\n".join(lines), curve_figure(values, all_found, asked, second)
    print_json(facts) if as_json else click.echo(text)
    return facts, drawing


def _along(question: Question, curve: str, quiet: bool) -> tuple[str, list[str], list[Tipping | None]]:
    """The tipping value at each value of a second key; none where the level is not crossed."""
    from simulation.studies.search.tipping import NoTippingError

    second, _, text = curve.partition("=")
    values = [value.strip() for value in text.split(",") if value.strip()]
    if not values:
        raise click.UsageError(f"--curve {curve}: write KEY=A,B,C")
    found: list[Tipping | None] = []
    for value in values:
        try:
            found.append(sought(question, (f"{second}={value}",), quiet))
        except NoTippingError:
            found.append(None)
    return second, values, found


def sought(question: Question, more: Settings, quiet: bool) -> Tipping:
    """Find the tipping value with some more settings."""
    from simulation.scenario.batch import may_differ
    from simulation.studies.search.keys import bracket_around
    from simulation.studies.search.response import ScenarioResponse, loaded_with
    from simulation.studies.search.tipping import Bracket
    from simulation.studies.search.tipping import tipping as find

    over, (metric, level) = question.over, question.metric
    at = loaded_with(question.scenario, (*question.settings, *more), lambda values: (over.setting(float(values[0])),))
    with searching.counting(f"{metric} over {over.key}", quiet) as update:
        response = ScenarioResponse(at, (over.key,), metric, question.ensemble, update)
        low, high = question.ends
        if low is None or high is None:
            assert over.start is not None, "searched refuses a key without a start"
            ends = bracket_around(response, level, over.start)
        else:
            ends = over.number(low), over.number(high)
        if ends[0] >= ends[1]:
            raise click.UsageError("--low must be below --high.")
        width = question.tolerance or (ends[1] - ends[0]) / 500.0
        return find(response, level, Bracket(*ends, width, PARTS_IN_ONE_BATCH if may_differ(over.key) else 2))


def told(found: Tipping, question: Question) -> str:
    """The answer in two sentences."""
    unit = f" {question.over.unit}" if question.over.unit else ""
    metric, level = question.metric
    single = ", ".join(f"{value:.4g}" if abs(value) < float("inf") else "beyond the range" for value in _single(found))
    return (
        f"{metric} crosses {level:g} at {question.over.key} = {found.value:.4g}{unit}, 95 % interval {found.low:.4g} to "
        f"{found.high:.4g} ({found.runs} runs, {len(found.points)} values). Single runs cross at (10 %, 90 %): {single}."
    )


def _single(found: Tipping) -> tuple[float, float]:
    return found.history_low, found.history_high


def _asked(question: Question) -> Asked:
    from simulation.studies.search.figures import Asked
    from simulation.studies.search.response import unit_of

    metric, level = question.metric
    key = f"{question.over.key}, {question.over.unit}" if question.over.unit else question.over.key
    source = f"Source: carryflow tipping {question.scenario}, {question.ensemble.runs} runs at each value"
    return Asked(metric, level, unit_of(metric), key, source)
