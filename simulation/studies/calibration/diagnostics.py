"""What the data taught: prior against posterior, fit of the moments, and which parameters are told apart.

How far the emulator was off on runs that took no part in its fit.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd

from simulation.studies.calibration.fitting import PosteriorFit
from simulation.studies.calibration.problem import (
    UNIFORM_SD,
    CalibrationProblem,
    Prior,
    from_unit,
    prior_scores,
    unit_sample,
)
from simulation.studies.calibration.sampler import unit_to_normal
from simulation.values.conventions import Array

QUANTILES = (0.1, 0.5, 0.9)
TableColumns = dict[str, list[str] | Array]
"""A table by columns, in the order of writing."""
PRIOR_DRAWS = 4096
CLEAR_RATIO = 0.9
"""A ratio counts as smaller than another below this share of it."""


class PosteriorDraws(Protocol):
    """Draws from a posterior: a fit, or parameter sets that were kept of one."""

    @property
    def problem(self) -> CalibrationProblem:
        """What was asked."""

    @property
    def unit(self) -> Array:
        """Points of the unit cube of the priors, ``(n, d)``."""


def parameter_table(drawn: PosteriorDraws) -> TableColumns:
    """Prior and posterior quantiles of each parameter, and how much narrower the posterior is.

    ``shrinkage`` is one minus the ratio of posterior to prior standard deviation, both on the scale where the prior is
    uniform: 0 says that the data taught nothing, 1 that they tell the value.
    """
    priors, particles = drawn.problem.priors, drawn.unit
    levels = np.repeat(np.array(QUANTILES)[:, None], len(priors), axis=1)
    before = from_unit(priors, levels)
    after = from_unit(priors, np.quantile(particles, QUANTILES, axis=0))
    table: TableColumns = {
        "parameter": [prior.name for prior in priors],
        "key": [prior.key for prior in priors],
        "unit": [prior.unit for prior in priors],
    }
    table |= {f"prior_p{round(100 * level)}": row for level, row in zip(QUANTILES, before, strict=True)}
    table |= {f"posterior_p{round(100 * level)}": row for level, row in zip(QUANTILES, after, strict=True)}
    table["shrinkage"] = np.asarray(1.0 - particles.std(axis=0) / UNIFORM_SD)
    table["identified_by"] = [prior.identified_by for prior in priors]
    return table


def moment_table(fit: PosteriorFit) -> TableColumns:
    """Moments of the posterior's sets, simulated once more, beside what was observed.

    ``score`` is the distance of the median from the observation in standard deviations of the target; ``within_two_sd``
    and ``accepted`` are shares of the sets; ``rank`` is the observation's place among the simulations with the target's
    own error added, 0.5 in the middle.
    """
    targets = [target for one in fit.problem.simulators for target in fit.problem.targets_of(one.name)]
    columns = [column[np.isfinite(column)] for one in fit.problem.simulators for column in fit.again[one.name].T]
    levels = np.stack([np.quantile(column, QUANTILES) if len(column) else np.full(3, np.nan) for column in columns])
    seen, sd = np.array([one.observed for one in targets]), np.array([one.sd for one in targets])
    table: TableColumns = {
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
    table["accepted"] = np.array(
        [accepted_share(column, one.accept) for column, one in zip(columns, targets, strict=True)]
    )
    table["rank"] = np.array(
        [observation_rank(column, one.observed, one.sd) for column, one in zip(columns, targets, strict=True)]
    )
    return table


def accepted_share(values: Array, limits: tuple[float, float] | None) -> float:
    """Share of values within the accept range; NaN where there is none."""
    if limits is None or not len(values):
        return float("nan")
    return float(((values >= limits[0]) & (values <= limits[1])).mean())


def observation_rank(values: Array, observed: float, sd: float) -> float:
    """Distribution function at `observed` of simulated values with a normal error added."""
    from scipy.special import ndtr

    return float(ndtr((observed - values) / sd).mean()) if len(values) else float("nan")


def posterior_correlations(drawn: PosteriorDraws) -> Array:
    """Correlation of the parameters in the posterior, on the normal scale, ``(d, d)``."""
    return np.asarray(np.corrcoef(unit_to_normal(drawn.unit), rowvar=False))


@dataclass(frozen=True)
class ProductIdentification:
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
        return bool(self.ratios[2] < CLEAR_RATIO * self.ratios[:2].min())


def log_factors(drawn: PosteriorDraws, pair: tuple[str, str], unit: Array) -> Array:
    """Logarithms of two parameters and of their product at points of the unit cube, ``(n, 3)``."""
    priors = {prior.name: (column, prior) for column, prior in enumerate(drawn.problem.priors)}
    logs = [np.log(_parameter_values(*priors[name], unit)) for name in pair]
    return np.stack([*logs, logs[0] + logs[1]], axis=1)


def _parameter_values(column: int, prior: Prior, unit: Array) -> Array:
    return prior.from_unit(unit[:, column])


def product_identification(drawn: PosteriorDraws, pair: tuple[str, str]) -> ProductIdentification:
    """Compare what was learned of two factors with what was learned of their product."""
    before = log_factors(drawn, pair, unit_sample(len(drawn.problem.priors), PRIOR_DRAWS, 0, "calibration:product"))
    after = log_factors(drawn, pair, drawn.unit)
    covariance = np.cov(after[:, :2], rowvar=False)
    between = float(covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1]))
    power = float(-covariance[0, 1] / covariance[1, 1])
    direction = [(logs[:, 0] + power * logs[:, 1]).std() for logs in (after, before)]
    sds = before.std(axis=0), after.std(axis=0)
    return ProductIdentification((*pair, "product"), *sds, between, power, float(direction[0] / direction[1]))


def product_table(drawn: PosteriorDraws) -> TableColumns:
    """What was learned of each factor and of their product, for every pair of the problem."""
    found = [product_identification(drawn, pair) for pair in drawn.problem.products]
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


def accepted_set_share(fit: PosteriorFit) -> float:
    """Share of the sets of the result, simulated once more, that meet every accept range at once; NaN without ranges."""
    inside = []
    for one in fit.problem.simulators:
        for column, target in zip(fit.again[one.name].T, fit.problem.targets_of(one.name), strict=True):
            if target.accept is not None:
                inside.append((column >= target.accept[0]) & (column <= target.accept[1]))
    shortest = min((len(part) for part in inside), default=0)
    return float(np.all([part[:shortest] for part in inside], axis=0).mean()) if shortest else float("nan")


def posterior_median(fit: PosteriorFit) -> Array:
    """Median of each parameter in the posterior, ``(d,)``."""
    return np.asarray(np.median(from_unit(fit.problem.priors, fit.unit), axis=0))


def write_tables(folder: Path, tables: Mapping[str, TableColumns]) -> None:
    """Write each table as a CSV file of its name."""
    for name, table in tables.items():
        frame = pd.DataFrame(table)
        frame.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n", float_format="%.7g")


def emulator_table(fit: PosteriorFit) -> TableColumns:
    """Errors of the emulator at the sets of the result, simulated once more, a row for each moment.

    ``error`` is the root mean squared error in the moment's unit, noise of the run included; ``mean_error_sd`` and
    ``spread_of_errors_sd`` are in standard deviations that the emulator claims (0 and 1 if it is right, below 1 if it is
    cautious); ``followed_share`` is the part of the error that the parameters explain, about 0 if it is noise.
    """
    rows: list[tuple[str, float, float, float, float, float, float]] = []
    for one in fit.problem.simulators:
        group, moments = fit.likelihood.groups[one.name], fit.again[one.name]
        done = np.isfinite(moments).all(axis=1)
        variables = prior_scores(fit.problem.priors, fit.chosen[: len(moments)][done])
        mean, sd = group.emulator.moments(variables)
        errors = group.bounds.applied(moments[done]) - mean
        root, scaled, shares = np.sqrt((errors**2).mean(axis=0)), errors / sd, explained_error_share(variables, errors)
        for place, target in enumerate(fit.problem.targets_of(one.name)):
            own = scaled[:, place]
            about = float(root[place]), float(own.mean()), float(own.std()), float(shares[place])
            rows.append((target.name, float(done.sum()), group.emulator.emphasis, *about))
    names = ("moment", "sets", "emphasis", "error", "mean_error_sd", "spread_of_errors_sd", "followed_share")
    columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    return {name: values if name == "moment" else np.array(values) for name, values in columns.items()}


def explained_error_share(variables: Array, errors: Array) -> Array:
    """Share of the variance of errors ``(n, moments)`` that is linear in parameters ``(n, d)``, adjusted for their number.

    Not-a-number where there are too few rows to tell.  Source: Theil (1961), the adjusted coefficient of determination.
    """
    rows, dimension = variables.shape
    if rows <= dimension + 1:
        return np.full(errors.shape[1], np.nan)
    terms = np.concatenate([np.ones((rows, 1)), variables], axis=1)
    left = errors - terms @ np.linalg.lstsq(terms, errors, rcond=None)[0]
    unexplained = (left**2).sum(axis=0) / (rows - dimension - 1)
    return np.asarray(1.0 - unexplained / np.maximum(errors.var(axis=0, ddof=1), 1e-300))
