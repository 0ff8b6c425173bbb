"""A mean with its standard error."""

import numpy as np
import pytest

from simulation.results.estimates import EstimateWithError


def test_mean_and_standard_error() -> None:
    estimate = EstimateWithError.of(np.array([1.0, 2.0, 3.0, 6.0]))
    assert estimate.value == 3.0
    # Sample variance 14 / 3 of four values.
    assert estimate.error == pytest.approx(np.sqrt(14.0 / 3.0 / 4.0))


def test_clear_at_two_standard_errors() -> None:
    assert EstimateWithError(-2.1, 1.0).is_clear
    assert not EstimateWithError(2.0, 1.0).is_clear
    assert str(EstimateWithError(-1.94, 0.44)) == "−1.9 ± 0.4"
