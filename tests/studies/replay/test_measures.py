"""Measures of an episode, compared with values computed by hand."""

import numpy as np
import pytest

from simulation.studies.replay import measures

PATH = np.array([[100.0, 95.0, 90.0, 96.0, 99.0]])


@pytest.mark.parametrize(
    ("function", "window", "expected"),
    [
        (measures.trough_pct, (0, 0, 4), -10.0),
        (measures.trough_pct, (3, 0, 4), 0.0),
        (measures.peak_pct, (2, 0, 4), 10.0),
        (measures.end_pct, (0, 0, 3), -4.0),
        (measures.move_pct, (2, 0, 2), 100 * (90 / 95 - 1)),
        (measures.retrace_share, (0, 2, 3), 0.6),
        (measures.retrace_share, (0, 2, 4), 0.9),
    ],
)
def test_measures_of_a_path(function: object, window: tuple[int, int, int], expected: float) -> None:
    assert callable(function)
    assert function(PATH, window)[0] == pytest.approx(expected, rel=1e-12)


def test_nothing_comes_back_where_nothing_fell() -> None:
    rising = np.array([[90.0, 96.0, 99.0, 99.5]])
    assert measures.retrace_share(rising, (0, 2, 3))[0] == 0.0


def test_distance_counts_observed_days_and_changes_only() -> None:
    seen = np.array([100.0, np.nan, 90.0, 96.0, np.nan])
    # Twice the level is the same path; one day is off by a known log distance.
    assert measures.path_rmse(2 * PATH, seen)[0] == pytest.approx(0.0, abs=1e-12)
    off = PATH.copy()
    off[0, 3] *= np.exp(0.02)
    assert measures.path_rmse(off, seen)[0] == pytest.approx(100 * np.sqrt(0.02**2 / 2), rel=1e-12)
