"""Explain a day of a run: simulate the run again up to it and take the day apart."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from simulation.day.capital_flows import scenario_days
from simulation.results.explanation.day_explanation import DayExplanation, TradeReason
from simulation.results.explanation.decomposition import ORDERS, Part, day_parts, planned_usd, price_column
from simulation.results.explanation.reasons import reason_text, rule_inputs
from simulation.results.explanation.trace import DayTrace, TracedModel, trace_run
from simulation.results.output_folder import OutputError

if TYPE_CHECKING:
    from simulation.day.recorder import Record
    from simulation.scenario.config.parameter_sets import Cloud
    from simulation.scenario.scenario import Scenario

OTHER_SIDE = ("dealers", "real_money")


def explain_price_move(
    scenario: Scenario, day: str | date | None = None, run: int = 0, asset: str = "usdjpy", cloud: Cloud | None = None
) -> DayExplanation:
    """Say who sold on a day of a run, by which rule, and what it did to a price.

    Parameters
    ----------
    scenario : Scenario
        What was simulated; the run is simulated again, bit for bit.
    day : str or date, optional
        A business day of the scenario; the day of the asset's largest move if none is given.
    run : int
        Number of the run.
    asset : str
        Asset whose move is taken apart.
    cloud : Cloud, optional
        The parameter sets of the runs.

    Raises
    ------
    OutputError
        If the day is not a business day of the scenario after its start, the run stopped before it, or the asset is not there.
    """
    wanted = None if day is None else parse_business_day(scenario, day)
    if run < 0:
        raise OutputError(f"run {run}: runs are counted from 0")
    model = trace_run(scenario, run, wanted, cloud)
    names = model.economy.roster.names
    if asset not in names:
        raise OutputError(f"asset {asset!r} is not in {scenario.name}; it has {', '.join(names)}")
    return build_explanation(model, select_day(model, wanted, asset), run, asset)


def parse_business_day(scenario: Scenario, day: str | date, first: int = 1) -> date:
    """A day as a date; it must be a business day on which the scenario trades, or from its start on where `first` is 0."""
    try:
        wanted = day if isinstance(day, date) else date.fromisoformat(day)
    except ValueError:
        raise OutputError(f"date {day!r} is not a date; write it as 2025-12-19") from None
    days = scenario_days(scenario)[first:]
    if len(days) and np.datetime64(wanted, "D") in days:
        return wanted
    if not len(days) or not days[0] <= np.datetime64(wanted, "D") <= days[-1]:
        span = f"{days[0]} to {days[-1]}" if len(days) else "no day"
        raise OutputError(f"{wanted} is not a day on which {scenario.name} trades; it trades {span}")
    nearest = days[np.searchsorted(days, np.datetime64(wanted, "D"))]
    raise OutputError(f"{wanted} is no business day; the next one is {nearest}")


def select_day(model: TracedModel, wanted: date | None, asset: str) -> DayTrace:
    """The notes of the day asked for, or of the one with the largest move."""
    whole = [day for day in model.days if np.isfinite(model.recorder.market["usdjpy"][0, day.step])]
    if wanted is None and whole:
        column = model.economy.roster.columns[asset]
        return max(whole, key=lambda day: abs(float((day.close.level - day.before.level)[column])))
    found = [day for day in whole if day.date == wanted]
    if found:
        return found[0]
    run = model.run_numbers[0]
    stop = model.stopped.get(0)
    why = "" if stop is None else f": run {run} stopped on {stop.date} ({stop.name}: {stop.message})"
    raise OutputError(f"there is nothing to explain{'' if wanted is None else f' on {wanted}'}{why}")


def check_matches_record(found: DayExplanation, record: Record) -> None:
    """Refuse an explanation of a run that comes out otherwise than it was recorded: another version made the record.

    Raises
    ------
    OutputError
        If the record lacks the run, or the two differ.
    """
    rows = np.flatnonzero(record.runs == found.run)
    if not rows.size:
        raise OutputError(f"run {found.run}: the results hold runs {record.runs[0]} to {record.runs[-1]}")
    day = int(np.searchsorted(record.dates, np.datetime64(found.date, "D")))
    recorded = float(record.market[price_column(found.asset)][rows[0], day])
    if recorded != found.after:
        raise OutputError(
            f"run {found.run} gives {found.after!r} on {found.date}, the results hold {recorded!r}: "
            "another version or machine made them; run the scenario again"
        )


def build_explanation(model: TracedModel, day: DayTrace, run: int, asset: str) -> DayExplanation:
    """A day with its parts and stories."""
    parts, scale = day_parts(model, day, asset)
    scene = rule_inputs(model, day)
    stories = tuple(
        trade_reason(model, day, part, reason_text(model, part.key, scene)) for part in parts if part.group == ORDERS
    )
    column = "spot_usd_bn" if asset == "usdjpy" else f"bought_{asset}_usd_bn"
    others = {name: float(model.recorder.flows[name][column][0, day.step]) for name in OTHER_SIDE}
    rounds = int(model.recorder.market["cascade_rounds"][0, day.step])
    name = model.scenario.name
    planned = planned_usd(model, day, asset)
    return DayExplanation(
        name, run, day.date, asset, scale.before, scale.after, tuple(parts), stories, rounds, others, planned
    )


def trade_reason(model: TracedModel, day: DayTrace, part: Part, why: str) -> TradeReason:
    """Who of a population traded, and why."""
    name = part.key.partition(":")[0]
    moved = {
        investor
        for done in day.session.done
        if done.population == name and (done.round > 0) == part.forced
        for investor in done.moved
    }
    own = model.scenario.populations.get(name)
    return TradeReason(part.key, part.forced, why, len(moved), 0 if own is None else own.investors)
