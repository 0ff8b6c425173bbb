"""Records of the shipped scenarios, simulated once for all tests that only look at them."""

import pytest

from simulation.day.capital_flows import simulate
from simulation.day.recorder import Record
from tests.support.scenarios import SHIPPED, shipped


@pytest.fixture(scope="session", params=SHIPPED)
def shipped_record(request: pytest.FixtureRequest) -> Record:
    """Eight runs of a shipped scenario with its default cast, to its end."""
    return simulate(shipped(request.param), range(8))
