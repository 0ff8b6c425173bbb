"""What the shipped parameter sets say, for the pages that quote it."""

from functools import cache

import numpy as np

from simulation.scenario.config import load
from simulation.scenario.config.parameter_sets import load_cloud
from simulation.studies.calibration.august_2024 import problem
from simulation.studies.calibration.diagnostics import ProductIdentification, product_identification
from simulation.studies.calibration.figures import posterior_sets
from simulation.studies.calibration.problem import from_unit, to_unit
from simulation.studies.search.shocks import scenario_number
from simulation.values.conventions import Array

IMPACT, STOCK = "fast_impact", "stock_scale"
PRIOR_DRAWS = 100_000
DEFAULTS = "december_2025_official"
"""A scenario that leaves the fitted parameters at their defaults."""


@cache
def shipped() -> tuple[Array, Array]:
    """Values of the fitted parameters in the shipped sets, ``(sets, parameters)``, and of draws from the prior."""
    priors, cloud = problem().priors, load_cloud("august_2024")
    values = cloud.values[:, [cloud.keys.index(prior.key) for prior in priors]]
    uniform = np.random.default_rng(1).uniform(size=(PRIOR_DRAWS, len(priors)))
    return values, from_unit(priors, uniform)


def narrowed(less_than_pct: float) -> int:
    """Number of parameters whose spread, where the prior is uniform, shrank by less than so many percent."""
    spread = to_unit(problem().priors, shipped()[0]).std(axis=0) * np.sqrt(12.0)
    return int((spread > 1.0 - less_than_pct / 100.0).sum())


def width_of_log(impact: float, stock: float) -> float:
    """Posterior over prior spread of the logarithm of impact and stock, each to a power."""
    after, before = (impact * columns[0] + stock * columns[1] for columns in map(log_factors, shipped()))
    return float(after.std() / before.std())


@cache
def impact_and_stock() -> ProductIdentification:
    """What was learned of impact and stock, of their product, and of impact times the power of the stock that is known best."""
    sets = posterior_sets(problem(), load_cloud("august_2024"))
    found = product_identification(sets, sets.problem.products[0])
    assert found.names[:2] == (IMPACT, STOCK)
    return found


def log_factors(values: Array) -> tuple[Array, Array]:
    """Logarithms of impact and stock."""
    names = [prior.name for prior in problem().priors]
    return np.log(values[:, names.index(IMPACT)]), np.log(values[:, names.index(STOCK)])


def distances_of_defaults() -> dict[str, float]:
    """Median of each parameter less its default, in posterior standard deviations where the prior is uniform.

    The stock stays as stated, and the default impact stands for the product of the two.
    """
    priors, values, scenario = problem().priors, shipped()[0], load(DEFAULTS).scenario
    defaults = np.array([[scenario_number(scenario, prior.key) for prior in priors]])
    unit, place = to_unit(priors, values), to_unit(priors, defaults)[0]
    found = dict(
        zip([prior.name for prior in priors], (np.median(unit, axis=0) - place) / unit.std(axis=0), strict=True)
    )
    product, (impact, stock) = np.sum(log_factors(values), axis=0), log_factors(defaults)
    away = {name: float(value) for name, value in found.items() if name not in (IMPACT, STOCK)}
    return away | {"product": float((np.median(product) - impact[0] - stock[0]) / product.std())}


def farthest_default() -> float:
    """Largest distance of a default from the posterior's median, in posterior standard deviations."""
    return max(map(abs, distances_of_defaults().values()))
