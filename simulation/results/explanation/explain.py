"""Explain a price change: simulate the run again with a trace and decompose the day."""

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

COUNTERPARTIES = ("dealers", "real_money")


def explain_price_move(
    scenario: Scenario, day: str | date | None = None, run: int = 0, asset: str = "usdjpy", cloud: Cloud | None = None
) -> DayExplanation:
    """Decompose the price change of an asset on one day of a run into news, orders and their causes.

    Parameters
    ----------
    scenario : Scenario
        The scenario; the run is simulated again and gives identical numbers.
    day : str or date, optional
        A business day of the scenario. Default: the day of the asset's largest move.
    run : int
        Number of the run.
    asset : str
        Asset to explain.
    cloud : Cloud, optional
        The parameter sets of the runs.

    Raises
    ------
    OutputError
        If the day is not a business day of the scenario after its start, the run stopped before it,
        or the scenario lacks the asset.
    """
    requested = None if day is None else parse_business_day(scenario, day)
    if run < 0:
        raise OutputError(f"run {run}: the run number must be 0 or larger, as runs are counted from 0")
    model = trace_run(scenario, run, requested, cloud)
    names = model.economy.roster.names
    if asset not in names:
        raise OutputError(f"asset {asset!r} is not in {scenario.name}; it has {', '.join(names)}")
    return build_explanation(model, select_day(model, requested, asset), run, asset)


def parse_business_day(scenario: Scenario, day: str | date, first: int = 1) -> date:
    """Return a day as a date after checking that the scenario trades on it.

    Parameters
    ----------
    first
        First step allowed: 1 for the first day after the start, 0 to include the start.

    Raises
    ------
    OutputError
        If the text is not a date or the scenario does not trade on the day.
    """
    try:
        parsed = day if isinstance(day, date) else date.fromisoformat(day)
    except ValueError:
        raise OutputError(f"date {day!r} is not a date; write it as 2025-12-19") from None
    days = scenario_days(scenario)[first:]
    if len(days) and np.datetime64(parsed, "D") in days:
        return parsed
    if not len(days) or not days[0] <= np.datetime64(parsed, "D") <= days[-1]:
        span = f"{days[0]} to {days[-1]}" if len(days) else "none"
        raise OutputError(f"{parsed} is not a trading day of {scenario.name}; its trading days are {span}")
    nearest = days[np.searchsorted(days, np.datetime64(parsed, "D"))]
    raise OutputError(f"{parsed} is not a business day; the next one is {nearest}")


def select_day(model: TracedModel, requested: date | None, asset: str) -> DayTrace:
    """Return the trace of the requested day, or of the day with the largest move of the asset.

    Raises
    ------
    OutputError
        If the run stopped before the day.
    """
    complete = [day for day in model.days if np.isfinite(model.recorder.market["usdjpy"][0, day.step])]
    if requested is None and complete:
        column = model.economy.roster.columns[asset]
        return max(complete, key=lambda day: abs(float((day.close.level - day.before.level)[column])))
    for day in complete:
        if day.date == requested:
            return day
    run = model.run_numbers[0]
    stop = model.stopped.get(0)
    why = "" if stop is None else f": run {run} stopped on {stop.date} ({stop.name}: {stop.message})"
    raise OutputError(f"there is no complete day to explain{'' if requested is None else f' on {requested}'}{why}")


def check_matches_record(explanation: DayExplanation, record: Record) -> None:
    """Check that the repeated run equals the recorded one.

    Raises
    ------
    OutputError
        If the record lacks the run, or the two differ.
    """
    rows = np.flatnonzero(record.runs == explanation.run)
    if not rows.size:
        raise OutputError(f"run {explanation.run}: the results hold runs {record.runs[0]} to {record.runs[-1]}")
    day = int(np.searchsorted(record.dates, np.datetime64(explanation.date, "D")))
    recorded = float(record.market[price_column(explanation.asset)][rows[0], day])
    if recorded != explanation.after:
        raise OutputError(
            f"run {explanation.run} gives {explanation.after!r} on {explanation.date}, the results hold {recorded!r}: "
            "another version or machine computed them; run the scenario again"
        )


def build_explanation(model: TracedModel, day: DayTrace, run: int, asset: str) -> DayExplanation:
    """Return the explanation of a traced day."""
    parts, scale = day_parts(model, day, asset)
    inputs = rule_inputs(model, day)
    reasons = tuple(
        trade_reason(model, day, part, reason_text(model, part.key, inputs)) for part in parts if part.group == ORDERS
    )
    column = "spot_usd_bn" if asset == "usdjpy" else f"bought_{asset}_usd_bn"
    others = {name: float(model.recorder.flows[name][column][0, day.step]) for name in COUNTERPARTIES}
    rounds = int(model.recorder.market["cascade_rounds"][0, day.step])
    name = model.scenario.name
    planned = planned_usd(model, day, asset)
    return DayExplanation(
        name, run, day.date, asset, scale.before, scale.after, tuple(parts), reasons, rounds, others, planned
    )


def trade_reason(model: TracedModel, day: DayTrace, part: Part, why: str) -> TradeReason:
    """Return why a population traded, and how many of its investors did."""
    name = part.key.partition(":")[0]
    traders = {
        investor
        for execution in day.session.executions
        if execution.population == name and (execution.round > 0) == part.forced
        for investor in execution.traders
    }
    own = model.scenario.populations.get(name)
    return TradeReason(part.key, part.forced, why, len(traders), 0 if own is None else own.investors)
