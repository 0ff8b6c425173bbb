"""Records of the shipped scenarios, simulated once for all tests that only look at them."""

import pytest
from hypothesis import settings

from simulation.model import simulate
from simulation.recorder import Record
from tests.scenarios import SHIPPED, shipped

# The same examples everywhere, and no clock: a slow machine is no mistake of the model.
settings.register_profile("engine", deadline=None, derandomize=True, database=None)
settings.load_profile("engine")


@pytest.fixture(scope="session", params=SHIPPED)
def shipped_record(request: pytest.FixtureRequest) -> Record:
    """Eight runs of a shipped scenario with its default cast, to its end."""
    return simulate(shipped(request.param), range(8))
