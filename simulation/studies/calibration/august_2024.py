"""Calibration of carryflow to the path of August 2024 and the stylised facts of USDJPY: priors, targets, simulators.

Prior ranges are those of MODEL section 4 where it gives them.  Positive quantities that are known up to a factor are uniform
in the logarithm.  Values are in the units of the config.  Targets are those of CALIBRATION sections 1 and 3.

There is one function ``simulate(theta, runs, seed) -> moments`` for each group of moments.  Each simulates all parameter sets
in one batch, in which every run has its own parameters.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final

import numpy as np

from simulation import __version__
from simulation.compute.ensemble import with_seed
from simulation.day.capital_flows import simulate
from simulation.day.recorder import Record
from simulation.scenario.config.loading import load
from simulation.scenario.config.parameter_sets import with_values
from simulation.scenario.event import Event, Expectation
from simulation.scenario.scenario import Scenario
from simulation.studies.calibration.problem import CalibrationProblem, CalibrationTarget, Prior, Priors, Simulator
from simulation.studies.facts.comparison import load_facts
from simulation.studies.facts.measures import MEASURES_BY_NAME
from simulation.studies.facts.simulated import (
    LARGE_SHOCK_PCT,
    RECORD_COLUMNS,
    SMALL_SHOCK_PCT,
    first_measured_day,
    history_from_record,
    peak_amplification,
    shock_settings,
)
from simulation.studies.replay import measures
from simulation.values.conventions import Array

MARKET_KEY, FUNDS_KEY, NOISE_KEY = "markets.usdjpy", "populations.carry_funds", "noise"
STATED_SOURCE = "MODEL section 4"
FALL_PERIOD, REBOUND_PERIOD, DAILY_FACTS = (
    "fall of 31 July to 5 August 2024",
    "path after 5 August 2024",
    "stylised facts of daily returns",
)

IMPACT_PRIORS: Final[Priors] = (
    Prior(
        "fast_impact", f"{MARKET_KEY}.fast_impact_pct_per_usd_bn", "log_uniform", 0.02, 0.08, "% per $bn",
        "Evans and Lyons (2002) with turnover of BIS (2025); MODEL section 4", "Fast impact λ", f"{FALL_PERIOD}, times the stock",
    ),
    Prior(
        "slow_impact", f"{MARKET_KEY}.slow_impact_pct_per_usd_bn", "log_uniform", 0.005, 0.025, "% per $bn",
        "MoF interventions 2022-24; MODEL section 4", "Slow impact", "path after the interventions of 11-12 July 2024",
    ),
    Prior(
        "release", f"{MARKET_KEY}.release_pct_per_day", "log_uniform", 5.0, 40.0, "% per day",
        STATED_SOURCE, "Dealers' release κ", REBOUND_PERIOD,
    ),
    Prior(
        "decay", f"{MARKET_KEY}.decay_pct_per_day", "uniform", 1.5, 7.0, "% per day",
        STATED_SOURCE, "Decay of impact", REBOUND_PERIOD,
    ),
    Prior(
        "lasting_share", f"{MARKET_KEY}.lasting_share", "uniform", 0.19, 0.86, "share",
        STATED_SOURCE, "Lasting share π", REBOUND_PERIOD,
    ),
    Prior(
        "stress_slope", f"{MARKET_KEY}.stress_slope", "uniform", 0.36, 1.35, "per unit of stress",
        STATED_SOURCE, "Stress slope ζ", "trough of 5 August 2024 against the days before",
    ),
)  # fmt: skip
RATE_PRIORS: Final[Priors] = (
    Prior(
        "announcement_beta", f"{MARKET_KEY}.announcement_beta_pct_per_bp", "uniform", 0.05, 0.30, "% per bp",
        "MODEL section 2", "Announcement beta", "31 July 2024: surprise of 7-8 bp",
    ),
    Prior(
        "spread_beta", f"{MARKET_KEY}.spread_beta_pct_per_pp", "uniform", 3.5, 8.0, "% per pp",
        "MODEL section 2", "Spread beta", "1-2 August 2024: US two-year yield",
    ),
)  # fmt: skip
FUNDS_PRIORS: Final[Priors] = (
    Prior(
        "stock_scale", f"{FUNDS_KEY}.position_scale_x", "log_uniform", 0.6, 2.0, "multiple of the stated stock",
        "BIS Bulletin 90 (2024): 150-500 $bn around 250", "Carry stock K", f"{FALL_PERIOD}, times the fast impact",
    ),
    Prior(
        "stop_median", f"{FUNDS_KEY}.trailing_stop.distance_pct.median", "log_uniform", 5.0, 12.0, "% below the high",
        "MODEL section 3: 7.6-8.8 from a trial, widened", "Stop distance, median", "day on which the fall accelerates",
    ),
    Prior(
        "stop_log_sd", f"{FUNDS_KEY}.trailing_stop.distance_pct.log_sd", "uniform", 0.2, 0.7, "of the logarithm",
        "MODEL section 3: 0.5, widened", "Stop distance, spread", "how sudden the fall is",
    ),
    Prior(
        "stop_cut", f"{FUNDS_KEY}.trailing_stop.cut_share", "uniform", 0.4, 0.8, "share of the position",
        "MODEL section 3: 0.6, widened", "Cut at the stop", "share unwound by 5 August 2024",
    ),
    Prior(
        "leverage_median", f"{FUNDS_KEY}.leverage_x.median", "log_uniform", 3.0, 6.0, "multiple of equity",
        "MODEL section 3: 4, widened (assumption)", "Leverage, median", "share unwound by 5 August 2024",
    ),
    Prior(
        "cut_speed", f"{FUNDS_KEY}.adjustment.cut_pct_per_day", "log_uniform", 4.0, 12.0, "% of the gap per day",
        "MODEL section 3: 7.5, widened", "Speed of cutting", "path of 11-30 July 2024",
    ),
    Prior(
        "rebuild_speed", f"{FUNDS_KEY}.adjustment.rebuild_pct_per_day", "log_uniform", 0.5, 4.0, "% of the gap per day",
        "MODEL section 3: 1, widened", "Speed of rebuilding", REBOUND_PERIOD,
    ),
)  # fmt: skip
NEWS_PRIORS: Final[Priors] = (
    Prior(
        "own_volatility", f"{MARKET_KEY}.own_volatility_pct", "uniform", 6.0, 10.0, "% per year",
        "H.10 1990-2024, less rates", "Volatility of other news", "daily standard deviation",
    ),
    Prior(
        "tail", f"{NOISE_KEY}.student_t_df", "log_uniform", 3.5, 20.0, "degrees of freedom",
        "CALIBRATION section 3: excess kurtosis 4.6, tail index 3.5", "Tails of news", DAILY_FACTS,
    ),
    Prior(
        "clustering", f"{NOISE_KEY}.clustering", "uniform", 0.1, 0.6, "log standard deviation",
        "CALIBRATION section 3: autocorrelation of |returns|", "Clustering of news", DAILY_FACTS,
    ),
    Prior(
        "clustering_memory", f"{NOISE_KEY}.clustering_memory", "uniform", 0.95, 0.995, "per day",
        "CALIBRATION section 3: autocorrelation of |returns| at 100 days", "Memory of clustering", DAILY_FACTS,
    ),
)  # fmt: skip

PRIORS: Final[Priors] = (*IMPACT_PRIORS, *RATE_PRIORS, *FUNDS_PRIORS, *NEWS_PRIORS)
"""All calibrated parameters, in the order of the columns of a parameter set."""
PRODUCT_FACTORS: Final = ("fast_impact", "stock_scale")
"""August 2024 identifies lambda times K, not K (MODEL section 4, identification warning)."""


PROBLEM_NAME: Final = "august_2024"
EVENT_NAME: Final = "august_2024"
HISTORY_NAME: Final = "long_history"
COARSE_INVESTORS: Final = {
    "carry_funds": 300, "yen_borrowers": 60, "retail_fx": 60, "crypto_traders": 60, "life_insurers": 30, "pension_funds": 30,
    "banks": 30, "investment_trusts": 30, "bitcoin_etf_holders": 30, "foreigners_in_japan": 30,
}  # fmt: skip
"""Investors of each kind in the fit.  This is a numerical resolution, not a quantity; the measures differ from those with
the default numbers by less than their tolerance (tested)."""
BLOCK_RUNS: Final = 96
"""Runs of a history simulated together, limited by memory."""
HISTORY_RUNS: Final = 3
"""Simulated decades for each parameter set: about the length of 1990-2024, so that the moments have similar sampling error."""
EPISODE_SETS, SHOCK_SETS, HISTORY_SETS = 12_288, 4_096, 768


def episode_targets() -> tuple[CalibrationTarget, ...]:
    """Targets of section 1: fit to the path, trough, share unwound, retracement, and the day of the decision.

    Discrepancies are half of the accept range where there is one: a central path cannot reproduce the unknown news of each day.
    """
    source = "CALIBRATION section 1; Federal Reserve H.10"
    return (
        CalibrationTarget("path_rmse", 0.0, 0.6, "pp", source, "Distance from the path", "episode", (0.0, 1.5)),
        CalibrationTarget("trough", -10.99, 1.0, "%", source, "Trough", "episode", (-14.0, -9.0)),
        CalibrationTarget(
            "unwound", 0.625, 0.06, "share", "street estimates, 50-75 %", "Levered unwind", "episode", (0.5, 0.75)
        ),
        CalibrationTarget("retrace", 0.355, 0.1, "share", source, "Retracement", "episode", (0.3, 1.0)),
        CalibrationTarget("decision_day", -2.17, 0.8, "%", source, "31 July 2024", "episode"),
    )


EPISODE_MEASURES: Final = (
    {"measure": "path_rmse_pp"},
    {"measure": "trough_pct"},
    {"measure": "unwound_share", "last_day": "2024-08-05"},
    {"measure": "retrace_share", "first_day": "2024-07-30", "turning_day": "2024-08-05", "last_day": "2024-08-08"},
    {"measure": "move_pct", "first_day": "2024-07-31", "last_day": "2024-07-31"},
)
"""Measures of the episode, in the order of the targets."""
HISTORY_TARGETS: Final = {
    "daily_sd_pct": 0.02,
    "daily_skew": 0.1,
    "daily_kurtosis": 1.0,
    "weekly_skew": 0.2,
    "tail_index": 0.2,
    "acf_size_1": 0.02,
    "acf_size_20": 0.02,
    "acf_size_100": 0.02,
    "days_below_2": 0.3,
    "days_above_2": 0.2,
    "skew_slope": 0.02,
}
"""Fitted statistics of section 3, each with the discrepancy allowed for the model, in its unit.  Sampling error is included
automatically, because a simulated history is as long as the observed one."""


SHOCK_TARGET: Final = CalibrationTarget(
    "amplification", 2.0, 0.12, "ratio", "CALIBRATION section 3: at least 1.7; 2.0 leaves a margin (assumption)",
    "Amplification, 4 % over 1 %", "shock", (1.7, 10.0),
)  # fmt: skip


def history_targets() -> tuple[CalibrationTarget, ...]:
    """Targets of section 3: stored moments of 1990-2024.

    Raises
    ------
    ValueError
        If a fitted statistic has no historical value.
    """
    facts, targets = load_facts().facts, []
    for name, sd in HISTORY_TARGETS.items():
        fact = facts[name]
        if fact.value is None:
            raise ValueError(f"{name} has no historical value to fit: recompute the stored facts (make facts-history)")
        targets.append(CalibrationTarget(name, fact.value, sd, fact.unit, fact.source, fact.label, "history"))
    return tuple(targets)


@lru_cache(maxsize=8)
def episode_event(seed: int) -> Event:
    """Event without random news, at the resolution of the fit."""
    settings = [
        "noise.scale_x=0",
        *(f"populations.{name}.investors={count}" for name, count in COARSE_INVESTORS.items()),
    ]
    event: Event = load(EVENT_NAME, settings, root=Event, kind="events").scenario
    return event.model_copy(update={"seed": seed})


@lru_cache(maxsize=8)
def history_scenario(seed: int) -> Scenario:
    """Long history with the given seed."""
    return with_seed(load(HISTORY_NAME).scenario, seed)


def scenario_variants(scenario: Scenario, theta: Array) -> list[Scenario]:
    """Scenario of each parameter set; `theta` is ``(sets, parameters)`` in the order of `PRIORS`."""
    return [
        with_values(scenario, {prior.key: float(value) for prior, value in zip(PRIORS, row, strict=True)})
        for row in theta
    ]


def simulate_episode(theta: Array, runs: int, seed: int) -> Array:
    """Moments of August 2024 for each parameter set, ``(sets, 5)``: means over `runs` draws of the investors.

    Parameters
    ----------
    theta
        Parameter sets ``(sets, parameters)`` in the order and units of `PRIORS`.
    runs
        Draws of the investors for each set; there is no random news.
    seed
        Seed of all draws.
    """
    event = episode_event(seed)
    numbers = range(len(theta) * runs)
    expectations = [Expectation.model_validate(item) for item in EPISODE_MEASURES]
    columns = frozenset(measures.measure_column(item) for item in expectations)
    record = simulate(event, numbers, scenario_variants(event, np.repeat(theta, runs, axis=0)), columns)
    values_by_measure = (measures.simulated_values(event, record, item) for item in expectations)
    padded = [pad_stopped_runs(record, None if values is None else values[:, None]) for values in values_by_measure]
    return np.asarray(np.concatenate(padded, axis=1).reshape(len(theta), runs, len(expectations)).mean(axis=1))


def pad_stopped_runs(record: Record, finished: Array | None) -> Array:
    """Values of all runs, ``(runs, k)``, from those of the finished runs, ``(finished, k)``; not-a-number for stopped runs."""
    padded = np.full((len(record.runs), 1 if finished is None else finished.shape[1]), np.nan)
    if finished is not None:
        padded[record.finished] = finished
    return padded


def simulate_history(theta: Array, runs: int, seed: int) -> Array:
    """Moments of a long history for each parameter set, ``(sets, moments)``, pooled over `runs` decades.

    Parameters are those of `simulate_episode`; news and rate paths are random.
    """
    scenario = history_scenario(seed)
    repeated = np.repeat(theta, runs, axis=0)
    parts = [_sums_of_terms(scenario, repeated, block) for block in _run_blocks(len(repeated))]
    moments = []
    for place, name in enumerate(HISTORY_TARGETS):
        sums = np.concatenate([part[place] for part in parts])
        pooled = sums.reshape(len(theta), runs, -1).sum(axis=1)
        moments.append(MEASURES_BY_NAME[name].statistic(pooled))
    return np.stack(moments, axis=1)


def _run_blocks(count: int) -> Iterator[range]:
    return (range(first, min(first + BLOCK_RUNS, count)) for first in range(0, count, BLOCK_RUNS))


def _sums_of_terms(scenario: Scenario, repeated: Array, block: range) -> list[Array]:
    """Sums of the terms of each fitted statistic in a block, each ``(runs, terms)``; not-a-number for stopped runs."""
    record = simulate(scenario, block, scenario_variants(scenario, repeated[block.start : block.stop]), RECORD_COLUMNS)
    simulated = history_from_record(record).between(first_measured_day(scenario), scenario.end)
    return [pad_stopped_runs(record, MEASURES_BY_NAME[name].terms(simulated).sum(axis=1)) for name in HISTORY_TARGETS]


def simulate_shock(theta: Array, runs: int, seed: int) -> Array:
    """Amplification of a fall of 4 % over that of 1 %, ``(sets, 1)``, without other news: means over `runs` draws of investors.

    Parameters are those of `simulate_episode`.
    """
    repeated, numbers = np.repeat(theta, runs, axis=0), range(len(theta) * runs)
    records = {}
    for size in (0.0, SMALL_SHOCK_PCT, LARGE_SHOCK_PCT):
        scenario = shock_scenario(size, seed)
        records[size] = simulate(scenario, numbers, scenario_variants(scenario, repeated), frozenset({"usdjpy"}))
    # A run is used only if it finished with every shock.
    stopped = {row: stop for record in records.values() for row, stop in record.stopped.items()}
    twin, small, large = (replace(record, stopped=stopped) for record in records.values())
    peaks = (
        peak_amplification(record, twin, size) for record, size in ((small, SMALL_SHOCK_PCT), (large, LARGE_SHOCK_PCT))
    )
    by_small, by_large = (pad_stopped_runs(twin, values[:, None]) for values in peaks)
    return np.asarray((by_large / by_small).reshape(len(theta), runs).mean(axis=1)[:, None])


@lru_cache(maxsize=8)
def shock_scenario(size_pct: float, seed: int) -> Scenario:
    """First days of the long history with a fall in the value of USDJPY and no other news."""
    base = load(HISTORY_NAME).scenario
    return with_seed(load(HISTORY_NAME, ("noise.scale_x=0", *shock_settings(base, size_pct))).scenario, seed)


def problem() -> CalibrationProblem:
    """Problem that ``carryflow calibrate`` solves by default."""
    simulators: Sequence[Simulator] = (
        Simulator("episode", simulate_episode, EPISODE_SETS, batch=128, runs=1),
        Simulator("shock", simulate_shock, SHOCK_SETS, batch=128, runs=1),
        Simulator("history", simulate_history, HISTORY_SETS, batch=32, runs=HISTORY_RUNS, checks=256),
    )
    targets = (*episode_targets(), SHOCK_TARGET, *history_targets())
    return CalibrationProblem(
        PROBLEM_NAME, __version__, PRIORS, targets, tuple(simulators), (PRODUCT_FACTORS,), (EVENT_NAME,)
    )
