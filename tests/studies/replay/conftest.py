"""A small event that is quick to run."""

from collections.abc import Callable

import pytest

from simulation.scenario.config.loading import load
from simulation.scenario.event import Event

SMALL = (
    *(f"populations.{name}.investors=20" for name in ("carry_funds", "yen_borrowers")),
    *(f"populations.{name}=null" for name in ("life_insurers", "pension_funds", "banks")),
)
Make = Callable[..., Event]


@pytest.fixture
def event() -> Make:
    """Return a function that gives a shipped event with a small cast and further settings."""

    def make(name: str = "august_2024", *settings: str) -> Event:
        return load(name, (*SMALL, *settings), root=Event, kind="events").scenario

    return make
