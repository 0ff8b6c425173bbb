"""Priors: inversion, density, and the declared priors."""

import numpy as np
import pytest
from scipy.integrate import quad

from simulation.studies.calibration.august_2024 import PRIORS, PRODUCT_FACTORS
from simulation.studies.calibration.problem import (
    Prior,
    PriorKind,
    from_unit,
    nested_sample,
    prior_log_density,
    prior_sample,
    to_unit,
)

KINDS: tuple[PriorKind, ...] = ("uniform", "log_uniform", "normal", "lognormal")


def prior(kind: PriorKind) -> Prior:
    return Prior("x", "a.x", kind, 0.5, 4.0, "units", "assumption", "X", "nothing", 1.5, 0.6)


@pytest.mark.parametrize("kind", KINDS)
def test_density_is_the_derivative_of_the_distribution_function(kind: PriorKind) -> None:
    own = prior(kind)
    mass, _ = quad(lambda x: float(np.exp(own.log_density(np.array([x])))[0]), 0.5, 2.0)
    assert mass == pytest.approx(own.to_unit(np.array([2.0]))[0], abs=1e-8)
    assert own.log_density(np.array([0.49, 4.01])).tolist() == [-np.inf, -np.inf]


@pytest.mark.parametrize("kind", KINDS)
def test_to_unit_inverts_from_unit(kind: PriorKind) -> None:
    unit = np.linspace(0.001, 0.999, 31)
    values = prior(kind).from_unit(unit)
    assert prior(kind).to_unit(values) == pytest.approx(unit, abs=1e-9)
    assert (np.diff(values) > 0).all()
    assert prior(kind).from_unit(np.array([0.0, 1.0])) == pytest.approx([0.5, 4.0])


def test_medians_against_known_values() -> None:
    assert prior("uniform").from_unit(np.array([0.5]))[0] == pytest.approx(2.25)
    assert prior("log_uniform").from_unit(np.array([0.5]))[0] == pytest.approx(np.sqrt(2.0))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"low": 5.0}, "low must be below high"),
        ({"kind": "log_uniform", "low": -1.0}, "above 0"),
        ({"spread": None}, "centre and a spread"),
    ],
)
def test_invalid_priors_are_rejected(changes: dict[str, object], words: str) -> None:
    values = {"kind": "normal", "low": 0.5, "high": 4.0, "centre": 1.5, "spread": 0.6} | changes
    with pytest.raises(ValueError, match=words):
        Prior("x", "a.x", unit="units", source="assumption", label="X", identified_by="nothing", **values)  # type: ignore[arg-type]


def test_sample_has_the_declared_quantiles_and_follows_the_seed() -> None:
    values = prior_sample(PRIORS, 1000, 5)
    assert to_unit(PRIORS, values).mean(axis=0) == pytest.approx(np.full(len(PRIORS), 0.5), abs=1e-3)
    assert (values == prior_sample(PRIORS, 1000, 5)).all()
    assert (values != prior_sample(PRIORS, 1000, 6)).any()
    point = from_unit(PRIORS, np.full((1, len(PRIORS)), 0.5))
    joint = sum(float(one.log_density(point[:, column])[0]) for column, one in enumerate(PRIORS))
    assert prior_log_density(PRIORS, point)[0] == pytest.approx(joint)


def test_every_part_of_a_nested_sample_is_balanced() -> None:
    unit = nested_sample(3, [50, 400], 1, "test")
    for rows in (unit[:50], unit[50:]):
        cells = np.sort((rows * len(rows)).astype(int), axis=0)
        assert (cells == np.arange(len(rows))[:, None]).all()


def test_every_declared_prior_has_a_source_and_contains_the_default() -> None:
    names = [one.name for one in PRIORS]
    assert len(set(names)) == len({one.key for one in PRIORS}) == len(PRIORS)
    assert set(PRODUCT_FACTORS) <= set(names)
    assert all(one.unit and one.source and one.label and one.identified_by for one in PRIORS)


def test_keys_are_values_of_a_scenario_within_its_prior() -> None:
    from simulation.compute.ensemble import load_scenario

    scenario = load_scenario("december_2025_official")
    for one in PRIORS:
        value: object = scenario
        for part in one.key.split("."):
            value = value[part] if isinstance(value, dict) else getattr(value, part)
        assert isinstance(value, float)
        assert one.low <= value <= one.high, one.key
