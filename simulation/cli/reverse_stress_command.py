"""``carryflow reverse-stress``: the smallest combination of shocks that reaches an outcome."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulation.cli import options
from simulation.cli.output import (
    Progress,
    no_solution_as_usage_error,
    point_progress,
    print_json,
    result_folder,
    save_search,
)

if TYPE_CHECKING:
    from simulation.results.figures.style import Drawing
    from simulation.studies.search.response import PointEnsemble, Settings
    from simulation.studies.search.reverse_stress import ReachedOutcome, ReverseStress
    from simulation.studies.search.shocks import ShockPlacement

DEFAULT_SHOCKS = "boj_surprise,us_equity_fall,us_yield_fall"


@dataclass(frozen=True)
class StressRequest:
    """A reverse stress test: scenario with overrides, metric and level, shocks, their day, and runs per point."""

    scenario: str
    settings: Settings
    metric: tuple[str, float]
    shocks: tuple[str, ...]
    placement: ShockPlacement
    ensemble: PointEnsemble


@click.command("reverse-stress", short_help="Find the smallest shocks that move a metric to a level.")
@click.argument("scenario", required=False)
@click.option("--metric", metavar="NAME=LEVEL", help="Metric and target level, such as usdjpy_trough_pct=-10.")
@click.option(
    "--shocks", default=DEFAULT_SHOCKS, show_default=True, metavar="A,B,C", help="Shocks that may be combined."
)
@click.option("--list-shocks", is_flag=True, help="List the shocks with standard deviation, unit and source, and exit.")
@click.option(
    "--correlated",
    is_flag=True,
    help="Use the Mahalanobis distance with the correlations of the shocks.  [default: Euclidean]",
)
@click.option(
    "--day",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="D",
    help="Day of the shocks, such as 2025-12-19.  [default: day of the first BOJ decision]",
)
@click.option(
    "--evaluations",
    type=click.IntRange(5, 1000),
    default=40,
    show_default=True,
    help="Largest number of points of the optimiser.",
)
@click.option("--no-frontier", is_flag=True, help="Skip the frontiers of pairs of shocks, half of the work.")
@click.option(
    "--runs", type=click.IntRange(1, 100_000), default=32, show_default=True, metavar="N", help="Runs per point."
)
@options.seed
@options.settings
@options.posterior
@options.parameter_sets
@options.out
@options.force
@options.workers
@options.as_json
@options.quiet
def reverse_stress(
    scenario: str | None,
    metric: str | None,
    shocks: str,
    list_shocks: bool,
    correlated: bool,
    day: datetime | None,
    evaluations: int,
    no_frontier: bool,
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
    """Find the smallest combination of shocks that moves the mean of a metric to a level in SCENARIO.

    Shocks are measured in standard deviations of their priors and occur on one day. Also reports the required size of each
    shock alone and, for each pair, the frontier beyond which the level is reached.
    """
    from simulation.scenario.config.loading import load
    from simulation.studies.search.response import PointEnsemble
    from simulation.studies.search.shocks import check_shock_names, shock_placement

    if list_shocks:
        print_shocks(as_json)
        return
    if scenario is None or metric is None:
        raise click.UsageError("give a SCENARIO and --metric NAME=LEVEL, or --list-shocks.")
    names = check_shock_names([name.strip() for name in shocks.split(",") if name.strip()])
    changes = (*settings, *(() if seed is None else (f"seed={seed}",)))
    loaded = load(scenario, changes)
    request = StressRequest(
        scenario,
        changes,
        options.parse_metric_level(metric),
        names,
        shock_placement(loaded.scenario, names, day.date() if day else None),
        PointEnsemble(runs, workers, options.selected_parameter_sets(posterior, parameter_sets)),
    )
    cloud = request.ensemble.cloud
    inputs = {
        "config": loaded.hash,
        "metric": metric,
        "shocks": names,
        "correlated": correlated,
        "day": request.placement.day,
        "runs": runs,
        "effort": (evaluations, no_frontier),
        "sets": cloud.digest if cloud else None,
    }
    target = result_folder(f"reverse-stress-{loaded.scenario.name}", inputs, out, force)
    with point_progress("shocks", quiet) as update, no_solution_as_usage_error():
        result = _search_shocks(request, update, correlated, evaluations, not no_frontier)
    facts = _stress_as_json(result, request)
    print_json(facts) if as_json else click.echo(describe_stress(result, request.metric, request.placement))
    save_search(target, "reverse_stress", facts, _stress_drawing(result, request), quiet)


def _search_shocks(
    request: StressRequest, update: Progress, correlated: bool, evaluations: int, frontier: bool
) -> ReverseStress:
    import numpy as np

    from simulation.studies.search import reverse_stress
    from simulation.studies.search.response import ScenarioResponse, scenario_loader
    from simulation.studies.search.shocks import SHOCKS, shock_settings, size_correlation

    names, (metric, level) = request.shocks, request.metric
    scenario_at = scenario_loader(
        request.scenario,
        request.settings,
        lambda sizes: shock_settings(request.placement, dict(zip(names, map(float, sizes), strict=True))),
    )
    response = ScenarioResponse(scenario_at, (), metric, request.ensemble, update)
    largest = np.array([SHOCKS[name].most for name in names])
    space = reverse_stress.ShockSpace(names, largest, size_correlation(names, correlated))
    return reverse_stress.reverse_stress(response, level, space, evaluations, frontier)


def describe_stress(result: ReverseStress, target: tuple[str, float], placement: ShockPlacement) -> str:
    """The result as text: the combination of shocks, then each shock alone; `target` is metric and level."""
    from simulation.studies.search.shocks import SHOCKS

    metric, level = target
    distance = result.mildest.distance
    sizes = {name: round(size, 1) for name, size in result.sizes().items()}
    parts = [f"{SHOCKS[name].in_words(result.sizes()[name])} ({size:.1f} sd)" for name, size in sizes.items() if size]
    unused = [SHOCKS[name].label for name, size in sizes.items() if not size]
    rest = f"; without {', '.join(unused)}" if unused else ""
    lines = [
        f"Without shocks on {placement.day} the mean of {metric} is {result.base:.4g}.",
        f"Smallest combination that reaches {level:g}: {', '.join(parts)}{rest}.",
        f"Distance {distance.value:.2f} standard deviations, 95 % interval {distance.low:.2f} to {distance.high:.2f}.",
        *(_single_shock_line(name, alone) for name, alone in zip(result.space.names, result.alone, strict=True)),
    ]
    return "\n".join(lines)


def _single_shock_line(name: str, alone: ReachedOutcome | None) -> str:
    from simulation.studies.search.shocks import SHOCKS

    shock = SHOCKS[name]
    if alone is None:
        return f"{shock.label} alone: not within {shock.most:g} standard deviations."
    return f"{shock.in_words(alone.distance.value)} alone: {alone.distance.value:.1f} standard deviations."


def _stress_as_json(result: ReverseStress, request: StressRequest) -> dict[str, Any]:
    from simulation.studies.search.reverse_stress import reverse_stress_json
    from simulation.studies.search.shocks import SHOCKS

    amounts = {
        name: {"amount": SHOCKS[name].amount(size), "unit": SHOCKS[name].unit} for name, size in result.sizes().items()
    }
    inputs = {
        "scenario": request.scenario,
        "settings": list(request.settings),
        "metric": request.metric[0],
        "day": request.placement.day.isoformat(),
    }
    return inputs | reverse_stress_json(result) | {"amounts": amounts}


def _stress_drawing(result: ReverseStress, request: StressRequest) -> Drawing:
    from simulation.studies.search.figures import SearchOutcome, reverse_stress_figure
    from simulation.studies.search.response import metric_unit

    runs = request.ensemble.runs
    source = f"Source: carryflow reverse-stress {request.scenario}, {runs} runs per point, same news at all points"
    return reverse_stress_figure(result, SearchOutcome(*request.metric, metric_unit(request.metric[0]), "", source))


def print_shocks(as_json: bool) -> None:
    """Print all shocks with standard deviation, unit and source."""
    from simulation.studies.search.shocks import SHOCKS

    if as_json:
        print_json({name: vars(shock) for name, shock in SHOCKS.items()})
        return
    for name, shock in SHOCKS.items():
        kind = "log sd" if shock.multiplies else shock.unit
        click.echo(f"{name:16} {shock.label}: one standard deviation {shock.spread:g} {kind}; {shock.source}")
