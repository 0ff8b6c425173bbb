"""``carryflow reverse-stress``: the mildest combination of shocks that reaches an outcome."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulation.cli import options, searching
from simulation.cli.output import print_json

if TYPE_CHECKING:
    from simulation.studies.search.reverse_stress import ReachedOutcome, ReverseStress
    from simulation.studies.search.shocks import ShockPlacement

DEFAULT_SHOCKS = "boj_surprise,us_equity_fall,us_yield_fall"


@click.command("reverse-stress", short_help="Find the mildest shocks at which a metric reaches a level.")
@click.argument("scenario", required=False)
@click.option("--metric", metavar="NAME=LEVEL", help="The outcome to reach, e.g. usdjpy_trough_pct=-10.")
@click.option(
    "--shocks", default=DEFAULT_SHOCKS, show_default=True, metavar="A,B,C", help="Shocks that may be combined."
)
@click.option("--list-shocks", is_flag=True, help="List the shocks with spread, unit and source, and stop.")
@click.option("--correlated", is_flag=True, help="Mahalanobis distance with the shocks' correlations; else Euclidean.")
@click.option(
    "--day",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="D",
    help="Day of the shocks, such as 2025-12-19.  [default: first BOJ decision]",
)
@click.option(
    "--evaluations", type=click.IntRange(5, 1000), default=40, show_default=True, help="Most optimiser points."
)
@click.option("--no-frontier", is_flag=True, help="Leave out the frontiers of pairs, half of the work.")
@click.option(
    "--runs", type=click.IntRange(1, 100_000), default=32, show_default=True, metavar="N", help="Runs at a point."
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
    """Find the mildest combination of shocks at which the mean of a metric reaches a level in SCENARIO.

    Shocks are counted in standard deviations of their priors and happen on one day. Beside the combination stand each shock
    alone and, for pairs, the frontier beyond which the outcome is reached.
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
    own = (*settings, *(() if seed is None else (f"seed={seed}",)))
    wanted = searching.parse_metric_level(metric)
    loaded = load(scenario, own)
    place = shock_placement(loaded.scenario, names, day.date() if day else None)
    ensemble = PointEnsemble(runs, workers, options.selected_parameter_sets(posterior, parameter_sets))
    about = {
        "config": loaded.hash,
        "metric": metric,
        "shocks": names,
        "correlated": correlated,
        "day": place.day,
        "runs": runs,
    }
    about |= {"effort": (evaluations, no_frontier), "sets": ensemble.cloud.digest if ensemble.cloud else None}
    target = searching.result_folder(f"reverse-stress-{loaded.scenario.name}", about, out, force)
    with searching.point_progress("shocks", quiet) as update, searching.no_solution_as_usage_error():
        found = _search_shocks(
            (scenario, own, ensemble, update), place, names, (wanted, correlated, evaluations, not no_frontier)
        )
    facts = _stress_as_json(found, (scenario, own, wanted), place)
    print_json(facts) if as_json else click.echo(describe_stress(found, wanted, place))
    searching.save_search(target, "reverse_stress", facts, _stress_drawing(found, wanted, (scenario, runs)), quiet)


def _search_shocks(
    how: tuple[Any, ...], place: ShockPlacement, names: tuple[str, ...], what: tuple[Any, ...]
) -> ReverseStress:
    import numpy as np

    from simulation.studies.search.response import ScenarioResponse, scenario_loader
    from simulation.studies.search.reverse_stress import ShockSpace
    from simulation.studies.search.reverse_stress import reverse_stress as find
    from simulation.studies.search.shocks import SHOCKS, shock_settings, size_correlation

    (scenario, own, ensemble, update), ((metric, level), correlated, evaluations, frontier) = how, what
    at = scenario_loader(
        scenario, own, lambda sizes: shock_settings(place, dict(zip(names, map(float, sizes), strict=True)))
    )
    response = ScenarioResponse(at, (), metric, ensemble, update)
    space = ShockSpace(names, np.array([SHOCKS[name].most for name in names]), size_correlation(names, correlated))
    return find(response, level, space, evaluations, frontier)


def describe_stress(found: ReverseStress, wanted: tuple[str, float], place: ShockPlacement) -> str:
    """The answer in words: the combination, then each shock alone."""
    from simulation.studies.search.shocks import SHOCKS

    metric, level = wanted
    distance = found.mildest.distance
    sizes = {name: round(size, 1) for name, size in found.sizes().items()}
    parts = [f"{SHOCKS[name].in_words(found.sizes()[name])} ({size:.1f} sd)" for name, size in sizes.items() if size]
    idle = [SHOCKS[name].label for name, size in sizes.items() if not size]
    rest = f"; without {', '.join(idle)}" if idle else ""
    lines = [
        f"Without shocks on {place.day} the mean of {metric} is {found.base:.4g}.",
        f"Mildest combination that reaches {level:g}: {', '.join(parts)}{rest}.",
        f"Distance {distance.value:.2f} standard deviations, 95 % interval {distance.low:.2f} to {distance.high:.2f}.",
        *(_single_shock_line(name, one) for name, one in zip(found.space.names, found.alone, strict=True)),
    ]
    return "\n".join(lines)


def _single_shock_line(name: str, one: ReachedOutcome | None) -> str:
    from simulation.studies.search.shocks import SHOCKS

    shock = SHOCKS[name]
    if one is None:
        return f"{shock.label} alone: not within {shock.most:g} standard deviations."
    return f"{shock.in_words(one.distance.value)} alone: {one.distance.value:.1f} standard deviations."


def _stress_as_json(found: ReverseStress, asked: tuple[Any, ...], place: ShockPlacement) -> dict[str, Any]:
    from simulation.studies.search.reverse_stress import reverse_stress_json
    from simulation.studies.search.shocks import SHOCKS

    scenario, own, (metric, _) = asked
    amounts = {
        name: {"amount": SHOCKS[name].amount(size), "unit": SHOCKS[name].unit} for name, size in found.sizes().items()
    }
    head = {"scenario": scenario, "settings": list(own), "metric": metric, "day": place.day.isoformat()}
    return head | reverse_stress_json(found) | {"amounts": amounts}


def _stress_drawing(found: ReverseStress, wanted: tuple[str, float], how: tuple[str, int]) -> Any:
    from simulation.studies.search.figures import SearchOutcome, reverse_stress_figure
    from simulation.studies.search.response import metric_unit

    source = f"Source: carryflow reverse-stress {how[0]}, {how[1]} runs at each point, same news at all"
    return reverse_stress_figure(found, SearchOutcome(*wanted, metric_unit(wanted[0]), "", source))


def print_shocks(as_json: bool) -> None:
    """Print the named shocks."""
    from simulation.studies.search.shocks import SHOCKS

    if as_json:
        print_json({name: vars(shock) for name, shock in SHOCKS.items()})
        return
    for name, shock in SHOCKS.items():
        kind = "log sd" if shock.multiplies else shock.unit
        click.echo(f"{name:16} {shock.label}: one standard deviation {shock.spread:g} {kind}; {shock.source}")
