"""``carryflow tipping``: the value of a key at which a metric crosses a level."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulation.cli import options
from simulation.cli.output import no_solution_as_usage_error, point_progress, print_json, result_folder, save_search

if TYPE_CHECKING:
    from simulation.results.figures.style import Drawing
    from simulation.scenario.scenario import Scenario
    from simulation.studies.search.figures import SearchOutcome
    from simulation.studies.search.response import PointEnsemble, Settings
    from simulation.studies.search.search_key import SearchKey
    from simulation.studies.search.tipping import TippingPoint

PARTS_IN_ONE_BATCH = 4
"""Intervals per step of the search when all points fit in one batch."""


@dataclass(frozen=True)
class TippingQuestion:
    """Search for the value of a key at which a metric crosses a level."""

    scenario: str
    settings: Settings
    over: SearchKey
    metric: tuple[str, float]
    ends: tuple[str | None, str | None]
    tolerance: float | None
    ensemble: PointEnsemble


@click.command(short_help="Find the value of a key at which a metric crosses a level.")
@click.argument("scenario")
@options.metric_option
@click.option("--over", required=True, metavar="KEY", help="Config key to vary, such as spread_path.target_pp.")
@click.option("--curve", metavar="KEY=A,B,C", help="Find the tipping value for each value of a second key.")
@click.option(
    "--low", metavar="VALUE", help="Lower end of the search range.  [default: widen from the scenario's value]"
)
@click.option("--high", metavar="VALUE", help="Upper end of the search range.")
@click.option(
    "--tolerance", type=float, metavar="X", help="Width at which the search stops.  [default: 1/500 of the range]"
)
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

    All values are simulated under the same news (common random numbers). The confidence interval reflects sampling of the
    news; the range over single runs is reported too. Figure and numbers are written to --out, or to a folder under results/.
    """
    from simulation.studies.search.response import PointEnsemble
    from simulation.studies.search.search_key import PATH_LENGTH_KEY, describe_exits, path_length_setting, search_key

    if (low is None) != (high is None):
        raise click.UsageError("--low and --high belong together.")
    if tolerance is not None and tolerance <= 0.0:
        raise click.UsageError("--tolerance must be above 0.")
    changes = (*settings, *(() if seed is None else (f"seed={seed}",)))
    ensemble = PointEnsemble(runs, workers, options.selected_parameter_sets(posterior, parameter_sets))
    target_level = options.parse_metric_level(metric)
    key = search_key(scenario, changes, over, low)
    varies_length = (curve or "").startswith(PATH_LENGTH_KEY)
    added = () if varies_length else path_length_setting(scenario, changes, over, key.start)
    changes = (*changes, *added)
    question = TippingQuestion(scenario, changes, key, target_level, (low, high), tolerance, ensemble)
    inputs = {
        "scenario": scenario,
        "settings": changes,
        "metric": metric,
        "over": over,
        "curve": curve,
        "ends": (low, high),
    }
    sets = ensemble.cloud.digest if ensemble.cloud else None
    target = result_folder(f"tipping-{over}", inputs | _further_inputs(question, sets), out, force)
    facts, drawing = _search_and_print(question, curve, (as_json, quiet))
    exit_note = describe_exits(_scenario_at_start(question), added)
    if exit_note and not as_json:
        click.echo(exit_note)
    save_search(target, "tipping", facts, drawing, quiet)


def _further_inputs(question: TippingQuestion, sets: str | None) -> dict[str, Any]:
    """Further inputs that determine the result: config hash, runs, tolerance, parameter sets."""
    from simulation.scenario.config.loading import config_hash

    config = config_hash(_scenario_at_start(question))
    return {"config": config, "runs": question.ensemble.runs, "tolerance": question.tolerance, "sets": sets}


def _scenario_at_start(question: TippingQuestion) -> Scenario:
    """The scenario with the key set; other settings may require it."""
    from simulation.compute.ensemble import load_scenario

    value = question.over.start if question.over.start is not None else question.over.number(question.ends[0] or "0")
    return load_scenario(question.scenario, (*question.settings, question.over.setting(value)))


def _search_and_print(
    question: TippingQuestion, curve: str | None, how: tuple[bool, bool]
) -> tuple[dict[str, Any], Drawing]:
    """Search, print, and return the numbers and the figure; `how` is (as_json, quiet)."""
    from simulation.studies.search.figures import tipping_curve_figure, tipping_figure

    as_json, quiet = how
    labels = _figure_labels(question)
    head = {"scenario": question.scenario, "metric": labels.metric, "level": labels.level, "over": question.over.key}
    head |= {"unit": question.over.unit, "settings": list(question.settings)}
    if curve is None:
        with no_solution_as_usage_error():
            point = find_tipping(question, (), quiet)
        facts = head | point.to_dict()
        text, drawing = describe_tipping(point, question), tipping_figure(point, labels)
    else:
        second_key, values, points = _curve_values(question, curve, quiet)
        rows = [
            {"at": value, "tipping": point.to_dict() if point else None}
            for value, point in zip(values, points, strict=True)
        ]
        facts = head | {"curve": second_key, "tippings": rows}
        lines = [
            f"{second_key} = {value}: {describe_tipping(point, question) if point else 'not crossed'}"
            for value, point in zip(values, points, strict=True)
        ]
        text, drawing = "\n".join(lines), tipping_curve_figure(values, points, labels, second_key)
    print_json(facts) if as_json else click.echo(text)
    return facts, drawing


def _curve_values(
    question: TippingQuestion, curve: str, quiet: bool
) -> tuple[str, list[str], list[TippingPoint | None]]:
    """The second key, its values, and the tipping point at each value (None where the level is not crossed)."""
    from simulation.studies.search.tipping import NoTippingError

    second_key, _, text = curve.partition("=")
    values = [value.strip() for value in text.split(",") if value.strip()]
    if not values:
        raise click.UsageError(f"--curve {curve}: write KEY=A,B,C")
    points: list[TippingPoint | None] = []
    for value in values:
        try:
            points.append(find_tipping(question, (f"{second_key}={value}",), quiet))
        except NoTippingError:
            points.append(None)
    return second_key, values, points


def find_tipping(question: TippingQuestion, more: Settings, quiet: bool) -> TippingPoint:
    """Find the tipping point under additional settings."""
    from simulation.scenario.batch import parameter_may_differ
    from simulation.studies.search.response import ScenarioResponse, scenario_loader
    from simulation.studies.search.search_key import find_bracket
    from simulation.studies.search.tipping import SearchBracket, find_tipping_point

    over, (metric, level) = question.over, question.metric
    scenario_at = scenario_loader(
        question.scenario, (*question.settings, *more), lambda values: (over.setting(float(values[0])),)
    )
    with point_progress(f"{metric} over {over.key}", quiet) as update:
        response = ScenarioResponse(scenario_at, (over.key,), metric, question.ensemble, update)
        low, high = question.ends
        if low is None or high is None:
            assert over.start is not None, "search_key refuses a key without a start"
            ends = find_bracket(response, level, over.start)
        else:
            ends = over.number(low), over.number(high)
        if ends[0] >= ends[1]:
            raise click.UsageError("--low must be below --high.")
        width = question.tolerance or (ends[1] - ends[0]) / 500.0
        parts = PARTS_IN_ONE_BATCH if parameter_may_differ(over.key) else 2
        return find_tipping_point(response, level, SearchBracket(*ends, width, parts))


def describe_tipping(point: TippingPoint, question: TippingQuestion) -> str:
    """The result in two sentences."""
    unit = f" {question.over.unit}" if question.over.unit else ""
    metric, level = question.metric
    single = ", ".join(
        f"{value:.4g}" if abs(value) < float("inf") else "beyond the range"
        for value in (point.history_low, point.history_high)
    )
    return (
        f"{metric} crosses {level:g} at {question.over.key} = {point.value:.4g}{unit}, 95 % interval {point.low:.4g} to "
        f"{point.high:.4g} ({point.runs} runs, {len(point.points)} values). Single runs cross at (10 %, 90 %): {single}."
    )


def _figure_labels(question: TippingQuestion) -> SearchOutcome:
    from simulation.studies.search.figures import SearchOutcome
    from simulation.studies.search.response import metric_unit

    metric, level = question.metric
    key = f"{question.over.key}, {question.over.unit}" if question.over.unit else question.over.key
    source = f"Source: carryflow tipping {question.scenario}, {question.ensemble.runs} runs per value"
    return SearchOutcome(metric, level, metric_unit(metric), key, source)
