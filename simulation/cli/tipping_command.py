"""``carryflow tipping``: the value of a key at which a metric crosses a level."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulation.cli import options, searching
from simulation.cli.output import print_json

if TYPE_CHECKING:
    from simulation.results.figures.style import Drawing
    from simulation.scenario.scenario import Scenario
    from simulation.studies.search.figures import SearchOutcome
    from simulation.studies.search.response import PointEnsemble, Settings
    from simulation.studies.search.search_key import SearchKey
    from simulation.studies.search.tipping import TippingPoint

PARTS_IN_ONE_BATCH = 4


@dataclass(frozen=True)
class TippingQuestion:
    """Where to look for the level of a metric, and how."""

    scenario: str
    settings: Settings
    over: SearchKey
    metric: tuple[str, float]
    ends: tuple[str | None, str | None]
    tolerance: float | None
    ensemble: PointEnsemble


@click.command(short_help="Find the value of a key at which a metric crosses a level.")
@click.argument("scenario")
@searching.metric_option
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
    from simulation.studies.search.response import PointEnsemble
    from simulation.studies.search.search_key import PATH_LENGTH_KEY, path_length_setting, search_key
    from simulation.studies.search.search_key import describe_exits as told_exits

    if (low is None) != (high is None):
        raise click.UsageError("--low and --high belong together.")
    if tolerance is not None and tolerance <= 0.0:
        raise click.UsageError("--tolerance must be above 0.")
    own = (*settings, *(() if seed is None else (f"seed={seed}",)))
    ensemble = PointEnsemble(runs, workers, options.selected_parameter_sets(posterior, parameter_sets))
    wanted = searching.parse_metric_level(metric)
    key = search_key(scenario, own, over, low)
    added = () if (curve or "").startswith(PATH_LENGTH_KEY) else path_length_setting(scenario, own, over, key.start)
    own = (*own, *added)
    question = TippingQuestion(scenario, own, key, wanted, (low, high), tolerance, ensemble)
    about = {"scenario": scenario, "settings": own, "metric": metric, "over": over, "curve": curve, "ends": (low, high)}
    sets = ensemble.cloud.digest if ensemble.cloud else None
    target = searching.result_folder(f"tipping-{over}", about | _further_inputs(question, sets), out, force)
    facts, drawing = _search_and_print(question, curve, (as_json, quiet))
    about_exits = told_exits(_scenario_at_start(question), added)
    if about_exits and not as_json:
        click.echo(about_exits)
    searching.save_search(target, "tipping", facts, drawing, quiet)


def _further_inputs(question: TippingQuestion, sets: str | None) -> dict[str, Any]:
    """What else the answer follows from: the config as it is now, runs, tolerance, parameter sets."""
    from simulation.scenario.config.loading import config_hash

    config = config_hash(_scenario_at_start(question))
    return {"config": config, "runs": question.ensemble.runs, "tolerance": question.tolerance, "sets": sets}


def _scenario_at_start(question: TippingQuestion) -> Scenario:
    """The scenario with some value of the key, which other settings may need."""
    from simulation.compute.ensemble import load_scenario

    value = question.over.start if question.over.start is not None else question.over.number(question.ends[0] or "0")
    return load_scenario(question.scenario, (*question.settings, question.over.setting(value)))


def _search_and_print(
    question: TippingQuestion, curve: str | None, how: tuple[bool, bool]
) -> tuple[dict[str, Any], Drawing]:
    """Search, print, and return the numbers and the figure; `how` is whether to print JSON and to be quiet."""
    from simulation.studies.search.figures import tipping_curve_figure, tipping_figure

    as_json, quiet = how
    asked = _figure_labels(question)
    head = {"scenario": question.scenario, "metric": asked.metric, "level": asked.level, "over": question.over.key}
    head |= {"unit": question.over.unit, "settings": list(question.settings)}
    if curve is None:
        with searching.no_solution_as_usage_error():
            found = find_tipping(question, (), quiet)
        facts = head | found.to_dict()
        text, drawing = describe_tipping(found, question), tipping_figure(found, asked)
    else:
        second, values, all_found = _curve_values(question, curve, quiet)
        rows = [
            {"at": value, "tipping": one.to_dict() if one else None}
            for value, one in zip(values, all_found, strict=True)
        ]
        facts = head | {"curve": second, "tippings": rows}
        lines = [
            f"{second} = {value}: {describe_tipping(one, question) if one else 'not crossed'}"
            for value, one in zip(values, all_found, strict=True)
        ]
        text, drawing = "\n".join(lines), tipping_curve_figure(values, all_found, asked, second)
    print_json(facts) if as_json else click.echo(text)
    return facts, drawing


def _curve_values(
    question: TippingQuestion, curve: str, quiet: bool
) -> tuple[str, list[str], list[TippingPoint | None]]:
    """The tipping value at each value of a second key; none where the level is not crossed."""
    from simulation.studies.search.tipping import NoTippingError

    second, _, text = curve.partition("=")
    values = [value.strip() for value in text.split(",") if value.strip()]
    if not values:
        raise click.UsageError(f"--curve {curve}: write KEY=A,B,C")
    found: list[TippingPoint | None] = []
    for value in values:
        try:
            found.append(find_tipping(question, (f"{second}={value}",), quiet))
        except NoTippingError:
            found.append(None)
    return second, values, found


def find_tipping(question: TippingQuestion, more: Settings, quiet: bool) -> TippingPoint:
    """Find the tipping value with some more settings."""
    from simulation.scenario.batch import parameter_may_differ
    from simulation.studies.search.response import ScenarioResponse, scenario_loader
    from simulation.studies.search.search_key import find_bracket
    from simulation.studies.search.tipping import SearchBracket
    from simulation.studies.search.tipping import find_tipping_point as find

    over, (metric, level) = question.over, question.metric
    at = scenario_loader(
        question.scenario, (*question.settings, *more), lambda values: (over.setting(float(values[0])),)
    )
    with searching.point_progress(f"{metric} over {over.key}", quiet) as update:
        response = ScenarioResponse(at, (over.key,), metric, question.ensemble, update)
        low, high = question.ends
        if low is None or high is None:
            assert over.start is not None, "searched refuses a key without a start"
            ends = find_bracket(response, level, over.start)
        else:
            ends = over.number(low), over.number(high)
        if ends[0] >= ends[1]:
            raise click.UsageError("--low must be below --high.")
        width = question.tolerance or (ends[1] - ends[0]) / 500.0
        return find(
            response, level, SearchBracket(*ends, width, PARTS_IN_ONE_BATCH if parameter_may_differ(over.key) else 2)
        )


def describe_tipping(found: TippingPoint, question: TippingQuestion) -> str:
    """The answer in two sentences."""
    unit = f" {question.over.unit}" if question.over.unit else ""
    metric, level = question.metric
    single = ", ".join(
        f"{value:.4g}" if abs(value) < float("inf") else "beyond the range" for value in _single_run_values(found)
    )
    return (
        f"{metric} crosses {level:g} at {question.over.key} = {found.value:.4g}{unit}, 95 % interval {found.low:.4g} to "
        f"{found.high:.4g} ({found.runs} runs, {len(found.points)} values). Single runs cross at (10 %, 90 %): {single}."
    )


def _single_run_values(found: TippingPoint) -> tuple[float, float]:
    return found.history_low, found.history_high


def _figure_labels(question: TippingQuestion) -> SearchOutcome:
    from simulation.studies.search.figures import SearchOutcome
    from simulation.studies.search.response import metric_unit

    metric, level = question.metric
    key = f"{question.over.key}, {question.over.unit}" if question.over.unit else question.over.key
    source = f"Source: carryflow tipping {question.scenario}, {question.ensemble.runs} runs at each value"
    return SearchOutcome(metric, level, metric_unit(metric), key, source)
