"""Event regressions on simulated announcements: only the surprise part of a decision moves USDJPY.

CALIBRATION section 2: expected part |t| < 1, surprise |t| > 3.  Decisions are drawn from the market's odds, so surprises have
mean zero; other news is the same as in any scenario.
"""

import numpy as np
import pytest
from numpy.typing import NDArray

from simulation.compute.ensemble import load_scenario
from simulation.day.capital_flows import simulate
from simulation.studies.experiment.design import NO_POLICY_SETTINGS

ANNOUNCEMENTS, RUNS_EACH = 60, 4
DAY = "2025-12-04"
SETTINGS = (
    *NO_POLICY_SETTINGS,
    f"end={DAY}",
    *(f"populations.{name}=null" for name in ("life_insurers", "pension_funds", "banks", "crypto_traders")),
    "populations.bitcoin_etf_holders=null",
    "populations.carry_funds.investors=100",
)  # fmt: skip
Floats = NDArray[np.float64]


@pytest.fixture(scope="module")
def announcements() -> tuple[Floats, Floats, Floats]:
    """Expected step and surprise in bp, and the day's move of USDJPY in percent, of each simulated announcement."""
    stream = np.random.default_rng(20251219)
    parts, variants = [], []
    for _ in range(ANNOUNCEMENTS):
        priced = float(np.round(stream.uniform(0.02, 0.98), 3))
        decided = 25.0 * (stream.random() < priced)
        meeting = f"{{date: {DAY}, decision: {decided}bp, priced_probability: {priced}, path_surprise: 0bp}}"
        variants += [load_scenario("december_2025_official", (*SETTINGS, f"boj.meetings=[{meeting}]"))] * RUNS_EACH
        parts += [(25.0 * priced, decided - 25.0 * priced)] * RUNS_EACH
    usdjpy = simulate(variants[0], range(len(variants)), variants).market["usdjpy"]
    expected, surprise = np.array(parts).T
    return expected, surprise, 100.0 * np.log(usdjpy[:, -1] / usdjpy[:, -2])


def t_statistics(announcements: tuple[Floats, Floats, Floats]) -> tuple[Floats, Floats]:
    """Coefficients and t statistics of a regression of moves on a constant, the expected part and the surprise."""
    expected, surprise, moved = announcements
    design = np.column_stack([np.ones_like(moved), expected, surprise])
    inverse = np.linalg.inv(design.T @ design)
    fitted = inverse @ design.T @ moved
    residual = moved - design @ fitted
    errors = np.sqrt(np.diag(inverse) * (residual @ residual) / (len(moved) - 3))
    return fitted, fitted / errors


def test_only_the_surprise_moves_usdjpy(announcements: tuple[Floats, Floats, Floats]) -> None:
    fitted, t = t_statistics(announcements)
    assert abs(t[1]) < 1.0
    assert t[2] < -3.0
    # The coefficient is the announcement beta amplified by positions.
    beta = load_scenario("december_2025_official").markets["usdjpy"].announcement_beta_pct_per_bp  # type: ignore[attr-defined]
    assert 0.9 * beta < -fitted[2] < 2.0 * beta
