"""Histories with known values."""

from collections.abc import Callable
from datetime import date

import numpy as np
import pytest

from simulation.studies.facts.history import History
from simulation.values.conventions import Array, business_days

MakeHistory = Callable[..., History]


@pytest.fixture(scope="session")
def make_history() -> MakeHistory:
    """Return a function that creates histories from log returns in percent; yields are constant by default."""

    def make(returns_pct: Array, first: date = date(2023, 1, 2), **columns: Array) -> History:
        runs, moves = returns_pct.shape
        dates = business_days(first, date(first.year + 60, 1, 1))[: moves + 1]
        start = np.zeros((runs, 1))
        usdjpy = 100.0 * np.exp(np.cumsum(np.concatenate([start, returns_pct], axis=1), axis=1) / 100.0)
        still = {name: np.full(usdjpy.shape, level) for name, level in YIELDS.items()}
        return History(dates, usdjpy, **(still | columns))

    return make


YIELDS = {"ust2_pct": 4.0, "jgb2_pct": 1.0, "ust10_pct": 4.5, "jgb10_pct": 2.0}
