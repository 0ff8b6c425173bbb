"""What the data taught: prior against posterior, fit of the moments, and which parameters are told apart."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd

from simulation.studies.calibration.fitting import Fit
from simulation.studies.calibration.priors import UNIFORM_SD, Prior, from_unit, unit_sample
from simulation.studies.calibration.problem import Problem
from simulation.studies.calibration.sampler import outside
from simulation.values.conventions import Array

QUANTILES = (0.1, 0.5, 0.9)
Columns = dict[str, list[str] | Array]
"""A table by columns, in the order of writing."""
PRIOR_DRAWS = 4096
CLEARLY = 0.9
"""A ratio counts as smaller than another below this share of it."""


class Drawn(Protocol):
    """Draws from a posterior: a fit, or parameter sets that were kept of one."""

    @property
    def problem(self) -> Problem:
        """What was asked."""

    @property
    def unit(self) -> Array:
        """Points of the unit cube of the priors, ``(n, d)``."""


def parameter_table(drawn: Drawn) -> Columns:
    """Prior and posterior quantiles of each parameter, and how much narrower the posterior is.

    ``shrinkage`` is one minus the ratio of posterior to prior standard deviation, both on the scale where the prior is
    uniform: 0 says that the data taught nothing, 1 that they tell the value.
    """
    priors, particles = drawn.problem.priors, drawn.unit
    levels = np.repeat(np.array(QUANTILES)[:, None], len(priors), axis=1)
    before = from_unit(priors, levels)
    after = from_unit(priors, np.quantile(particles, QUANTILES, axis=0))
    table: Columns = {
        "parameter": [prior.name for prior in priors],
        "key": [prior.key for prior in priors],
        "unit": [prior.unit for prior in priors],
    }
    table |= {f"prior_p{round(100 * level)}": row for level, row in zip(QUANTILES, before, strict=True)}
    table |= {f"posterior_p{round(100 * level)}": row for level, row in zip(QUANTILES, after, strict=True)}
    table["shrinkage"] = np.asarray(1.0 - particles.std(axis=0) / UNIFORM_SD)
    table["identified_by"] = [prior.identified_by for prior in priors]
    return table


def moment_table(fit: Fit) -> Columns:
    """Moments of the posterior's sets, simulated once more, beside what was observed.

    ``score`` is the distance of the median from the observation in standard deviations of the target; ``within_two_sd``
    and ``accepted`` are shares of the sets; ``rank`` is the observation's place among the simulations with the target's
    own error added, 0.5 in the middle.
    """
    targets = [target for one in fit.problem.simulators for target in fit.problem.targets_of(one.name)]
    columns = [column[np.isfinite(column)] for one in fit.problem.simulators for column in fit.again[one.name].T]
    levels = np.stack([np.quantile(column, QUANTILES) if len(column) else np.full(3, np.nan) for column in columns])
    seen, sd = np.array([one.observed for one in targets]), np.array([one.sd for one in targets])
    table: Columns = {
        "moment": [target.name for target in targets],
        "unit": [target.unit for target in targets],
        "group": [target.group for target in targets],
        "observed": seen,
        "sd": sd,
    }
    table |= {f"simulated_p{round(100 * level)}": levels[:, place] for place, level in enumerate(QUANTILES)}
    near = [np.abs(column - one.observed) <= 2.0 * one.sd for column, one in zip(columns, targets, strict=True)]
    table["score"] = (levels[:, 1] - seen) / sd
    table["within_two_sd"] = np.array([part.mean() if len(part) else np.nan for part in near])
    table["accepted"] = np.array([accepted(column, one.accept) for column, one in zip(columns, targets, strict=True)])
    table["rank"] = np.array([rank(column, one.observed, one.sd) for column, one in zip(columns, targets, strict=True)])
    return table


def accepted(values: Array, limits: tuple[float, float] | None) -> float:
    """Share of values within the accept range; NaN where there is none."""
    if limits is None or not len(values):
        return float("nan")
    return float(((values >= limits[0]) & (values <= limits[1])).mean())


def rank(values: Array, observed: float, sd: float) -> float:
    """Distribution function at `observed` of simulated values with a normal error added."""
    from scipy.special import ndtr

    return float(ndtr((observed - values) / sd).mean()) if len(values) else float("nan")


def correlations(drawn: Drawn) -> Array:
    """Correlation of the parameters in the posterior, on the normal scale, ``(d, d)``."""
    return np.asarray(np.corrcoef(outside(drawn.unit), rowvar=False))


@dataclass(frozen=True)
class Product:
    """Whether two parameters are known only by their product.

    Attributes
    ----------
    names
        The two parameters and ``product``.
    prior_sd, posterior_sd
        Standard deviations of the logarithms of the two and of their product, ``(3,)``.
    correlation
        Of the two logarithms in the posterior.
    exponent, direction_ratio
        The power c for which ``log first + c log second`` is known best, and its posterior over prior standard deviation; a
        product in the strict sense has c = 1.
    """

    names: tuple[str, str, str]
    prior_sd: Array
    posterior_sd: Array
    correlation: float
    exponent: float
    direction_ratio: float

    @property
    def ratios(self) -> Array:
        """Posterior over prior standard deviation of each, ``(3,)``."""
        return np.asarray(self.posterior_sd / self.prior_sd)

    @property
    def identified(self) -> bool:
        """The product is learned better than either factor."""
        return bool(self.ratios[2] < CLEARLY * self.ratios[:2].min())


def log_factors(drawn: Drawn, pair: tuple[str, str], unit: Array) -> Array:
    """Logarithms of two parameters and of their product at points of the unit cube, ``(n, 3)``."""
    priors = {prior.name: (column, prior) for column, prior in enumerate(drawn.problem.priors)}
    logs = [np.log(_values(*priors[name], unit)) for name in pair]
    return np.stack([*logs, logs[0] + logs[1]], axis=1)


def _values(column: int, prior: Prior, unit: Array) -> Array:
    return prior.from_unit(unit[:, column])


def product(drawn: Drawn, pair: tuple[str, str]) -> Product:
    """Compare what was learned of two factors with what was learned of their product."""
    before = log_factors(drawn, pair, unit_sample(len(drawn.problem.priors), PRIOR_DRAWS, 0, "calibration:product"))
    after = log_factors(drawn, pair, drawn.unit)
    covariance = np.cov(after[:, :2], rowvar=False)
    between = float(covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1]))
    power = float(-covariance[0, 1] / covariance[1, 1])
    direction = [(logs[:, 0] + power * logs[:, 1]).std() for logs in (after, before)]
    sds = before.std(axis=0), after.std(axis=0)
    return Product((*pair, "product"), *sds, between, power, float(direction[0] / direction[1]))


def product_table(drawn: Drawn) -> Columns:
    """What was learned of each factor and of their product, for every pair of the problem."""
    found = [product(drawn, pair) for pair in drawn.problem.products]
    return {
        "pair": [" x ".join(one.names[:2]) for one in found for _ in one.names],
        "quantity": [name for one in found for name in one.names],
        "prior_log_sd": np.array([value for one in found for value in one.prior_sd]),
        "posterior_log_sd": np.array([value for one in found for value in one.posterior_sd]),
        "ratio": np.array([value for one in found for value in one.ratios]),
        "correlation": np.array([one.correlation for one in found for _ in one.names]),
        "exponent": np.array([one.exponent for one in found for _ in one.names]),
        "direction_ratio": np.array([one.direction_ratio for one in found for _ in one.names]),
    }


def draws_inside(fit: Fit) -> float:
    """Share of the sets of the result, simulated once more, that meet every accept range at once; NaN without ranges."""
    inside = []
    for one in fit.problem.simulators:
        for column, target in zip(fit.again[one.name].T, fit.problem.targets_of(one.name), strict=True):
            if target.accept is not None:
                inside.append((column >= target.accept[0]) & (column <= target.accept[1]))
    shortest = min((len(part) for part in inside), default=0)
    return float(np.all([part[:shortest] for part in inside], axis=0).mean()) if shortest else float("nan")


def posterior_median(fit: Fit) -> Array:
    """Median of each parameter in the posterior, ``(d,)``."""
    return np.asarray(np.median(from_unit(fit.problem.priors, fit.unit), axis=0))


def write_tables(folder: Path, tables: Mapping[str, Columns]) -> None:
    """Write each table as a CSV file of its name."""
    for name, table in tables.items():
        frame = pd.DataFrame(table)
        frame.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n", float_format="%.7g")
