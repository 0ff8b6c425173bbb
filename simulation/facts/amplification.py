"""How much of its own fall a shock to USDJPY reproduces: pairs of runs with and without the shock, the same otherwise.

Large shocks reach stops and margin calls, so they should be amplified more than small ones; with every reaction
switched off a shock passes through unchanged (CALIBRATION section 3).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np

from simulation.conventions import PERCENT, Array
from simulation.ensemble import resolved
from simulation.metrics import FinishedRuns

if TYPE_CHECKING:
    from simulation.recorder import Record
    from simulation.scenario import Scenario

SMALL_PCT, LARGE_PCT = 1.0, 4.0
"""Falls of USDJPY whose amplification is compared, CALIBRATION section 3."""


def peak_amplification(shocked: Record, twin: Record, shock_pct: float) -> Array:
    """Largest fall of log USDJPY below its twin over the size of the shock, ``(runs,)``.

    Parameters
    ----------
    shocked, twin : Record
        The same runs of the same scenario with and without the shock, so that they meet the same news otherwise.  Only
        runs that finished in both count.
    shock_pct : float
        Size of the shock in log percent, positive: a fall of ``100 (ln S - ln S')``.

    Raises
    ------
    ValueError
        If the records do not pair, or the shock has no size.
    """
    if not shock_pct > 0.0:
        raise ValueError(f"shock_pct must be above 0, got {shock_pct}: the size of a fall")
    if not np.array_equal(shocked.runs, twin.runs) or not np.array_equal(shocked.dates, twin.dates):
        raise ValueError("the records must hold the same runs and days: simulate both from one scenario")
    both = FinishedRuns(shocked).rows & FinishedRuns(twin).rows
    fall = np.log(twin.market["usdjpy"][both]) - np.log(shocked.market["usdjpy"][both])
    return np.asarray(fall.max(axis=1) / (shock_pct * PERCENT))


def ratio(large: Array, small: Array) -> tuple[float, float]:
    """Mean amplification of the large shock over that of the small one, and its error over runs.

    ``var = sum [(a_r - R b_r) / mean b]^2 / (n (n - 1))`` (delta method; the runs are paired, so the difference is taken
    run by run).

    Parameters
    ----------
    large, small : array
        Peak amplification of each run, ``(runs,)``.

    Raises
    ------
    ValueError
        If the runs differ in number.
    """
    if large.shape != small.shape:
        raise ValueError(f"{large.size} and {small.size} runs: a ratio needs the same runs of both shocks")
    value = float(large.mean() / small.mean())
    if large.size < 2:
        return value, float("nan")
    residual = (large - value * small) / small.mean()
    return value, float(np.sqrt((residual**2).sum() / (large.size * (large.size - 1))))


def frozen(name: str, settings: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return settings that switch off every reaction of every population that has switches.

    Stops, volatility targets, margin calls, covenants; incentives, momentum and risk budgets.
    """
    return (*settings, *switched_off(resolved(name, settings)))


def switched_off(scenario: Scenario) -> tuple[str, ...]:
    """Return the settings that turn off all switches of a scenario's populations."""
    switches: Mapping[str, object] = {
        population: getattr(parameters, "switches", None) for population, parameters in scenario.populations.items()
    }
    return tuple(
        f"populations.{population}.switches.{switch}=false"
        for population, table in switches.items()
        if table is not None
        for switch in type(table).model_fields  # type: ignore[attr-defined]
    )
