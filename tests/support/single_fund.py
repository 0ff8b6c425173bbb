"""One carry fund, simulated: its columns day by day."""

import numpy as np

from simulation.day.capital_flows import simulate
from simulation.day.model import CapitalFlowModel
from simulation.scenario.scenario import Scenario
from simulation.values.conventions import Array
from tests.support.scenarios import Changes

MONDAY, TUESDAY, FRIDAY = "2025-12-01", "2025-12-02", "2025-12-05"


def fund(scenario: Scenario) -> dict[str, Array]:
    """Flow columns of the fund in the first run; the run is complete and the ledger holds."""
    record = simulate(scenario, [0])
    assert not record.stopped
    assert record.market["ledger_residual"].max() <= 1e-12
    return {name: values[0] for name, values in record.flows["carry_funds"].items()}


def leverage(multiple: float) -> Changes:
    """Another leverage of the fund."""
    return {"populations.carry_funds.leverage_x.median": multiple, "populations.carry_funds.leverage_x.highest": 100}


def requirement(scenario: Scenario) -> float:
    """Margin that lenders ask per dollar of position at the start."""
    variance = CapitalFlowModel(scenario).economy.long_run_variance[0, 0]
    return float(max(0.04, 2.33 * np.sqrt(variance * 10)))
