"""Records whose every number is known, and one from a small real simulation."""

from collections.abc import Callable
from datetime import date

import numpy as np
import pytest
from numpy.typing import NDArray

from simulation.compute.ensemble import run_ensemble
from simulation.day.recorder import Record, RunStop
from simulation.scenario.config.loading import load
from simulation.scenario.scenario import Scenario
from tests.support.places import SMALL_SCENARIO

SMALL = SMALL_SCENARIO
DAYS = 4
ROLES = {
    "carry_funds": "levered",
    "dealers": "dealer",
    "life_insurers": "resident",
    "crypto_traders": "other",
    "real_money": "value",
}

MakeRecord = Callable[..., Record]


@pytest.fixture(scope="session")
def small_scenario() -> Scenario:
    return load(SMALL).scenario


@pytest.fixture(scope="session")
def small_record(small_scenario: Scenario) -> Record:
    return run_ensemble(small_scenario, 6)


def constant(runs: int, value: float) -> NDArray[np.float64]:
    return np.full((runs, DAYS + 1), value)


def path(runs: int, *values: float) -> NDArray[np.float64]:
    """The same five values in every run, moved by the run's number for the days after the start."""
    moved = np.arange(runs)[:, None] * np.array([0.0, 1.0, 1.0, 1.0, 1.0])
    return np.asarray(np.array(values)[None, :] + moved)


def market_of(runs: int) -> dict[str, NDArray[np.float64]]:
    return {
        "usdjpy": path(runs, 150.0, 149.0, 141.0, 144.0, 147.0),
        "ust10_pct": constant(runs, 4.0) + np.linspace(0.0, -0.1, DAYS + 1),
        "jgb10_pct": constant(runs, 1.8) + np.linspace(0.0, 0.05, DAYS + 1),
        "spread_10y_pp": constant(runs, 2.2) + np.linspace(0.0, -0.15, DAYS + 1),
        "us_equity": constant(runs, 100.0) * np.linspace(1.0, 0.96, DAYS + 1),
        "japan_equity": constant(runs, 100.0) * np.linspace(1.0, 1.02, DAYS + 1),
        "bitcoin_usd": constant(runs, 90000.0) * np.linspace(1.0, 0.8, DAYS + 1),
        "loop_gain": constant(runs, 0.5) + np.array([0.0, 0.1, 0.3, 0.0, 0.0]),
        "cascade": constant(runs, 0.0) + np.array([0.0, 1.0, 1.0, 0.0, 0.0]),
        "ledger_residual": constant(runs, 1e-14) + np.array([0.0, 0.0, 2e-13, 0.0, 0.0]),
    }


def holder(runs: int, stock: float, unwound: float, home: float, spot: float) -> dict[str, NDArray[np.float64]]:
    """A population that does the same on each of the four days."""
    days = np.array([0.0, 1.0, 1.0, 1.0, 1.0])
    return {
        "spot_usd_bn": constant(runs, spot) * days,
        "unwound_usd_bn": constant(runs, unwound) * days,
        "repatriated_usd_bn": constant(runs, home) * days,
        "stock_usd_bn": stock - np.cumsum(constant(runs, unwound) * days, axis=1),
        "stop_usd_bn": constant(runs, unwound) * days,
    }


def flows_of(runs: int) -> dict[str, dict[str, NDArray[np.float64]]]:
    flows = {
        "carry_funds": holder(runs, 250.0, 10.0, 0.0, -12.0),
        "dealers": holder(runs, 0.0, 0.0, 0.0, 5.0),
        "life_insurers": holder(runs, 600.0, 3.0, 2.0, -2.0),
        "crypto_traders": holder(runs, 28.0, 1.0, 0.0, 0.0),
        "real_money": holder(runs, 0.0, 0.0, 0.0, 9.0),
    }
    # Dealers keep no foreign stock: a column that not every population has.
    del flows["dealers"]["stock_usd_bn"]
    return flows


@pytest.fixture
def make_record(small_scenario: Scenario) -> MakeRecord:
    """Return a maker of records of five runs, in which some may have stopped on the third day."""

    def make(runs: int = 5, stopped: tuple[int, ...] = (), without: tuple[str, ...] = ()) -> Record:
        dates = np.array(["2025-12-01", "2025-12-02", "2025-12-03", "2025-12-04", "2025-12-05"], dtype="datetime64[D]")
        market = {name: values for name, values in market_of(runs).items() if name not in without}
        for run in stopped:
            for values in market.values():
                values[run, 2:] = np.nan
        stops = {run: RunStop(date(2025, 12, 3), "price_not_finite", "USDJPY is not a number") for run in stopped}
        return Record(small_scenario, np.arange(runs), dates, market, flows_of(runs), ROLES, stops)

    return make
