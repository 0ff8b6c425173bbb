"""Diagnostics of a calibration: prior and posterior, fit of the moments, identification, and errors of the emulator."""

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
"""Table by columns, in output order."""
PRIOR_DRAWS = 4096
CLEAR_RATIO = 0.9
"""A ratio is clearly smaller than another if it is below this multiple of it."""


class PosteriorDraws(Protocol):
    """Draws from a posterior: a fit, or stored parameter sets."""

    @property
    def problem(self) -> CalibrationProblem:
        """Problem of the posterior."""

    @property
    def unit(self) -> Array:
        """Points of the unit cube of the priors, ``(n, d)``."""


def parameter_table(draws: PosteriorDraws) -> TableColumns:
    """Prior and posterior quantiles of each parameter, and the reduction in the standard deviation.

    ``shrinkage`` is one minus the ratio of posterior to prior standard deviation, both on the scale on which the prior is
    uniform: 0 if the data are uninformative, 1 if they determine the value.
    """
    priors, particles = draws.problem.priors, draws.unit
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
    """Moments of new simulations of the posterior's parameter sets, and observed moments.

    ``score`` is the distance of the median from the observation in standard deviations of the target; ``within_two_sd``
    and ``accepted`` are shares of the parameter sets; ``rank`` is the rank of the observation among the simulations with the
    target's error added, 0.5 in the middle.
    """
    targets = [target for one in fit.problem.simulators for target in fit.problem.targets_of(one.name)]
    columns = [column[np.isfinite(column)] for one in fit.problem.simulators for column in fit.again[one.name].T]
    levels = np.stack([np.quantile(column, QUANTILES) if len(column) else np.full(3, np.nan) for column in columns])
    observed, sd = np.array([one.observed for one in targets]), np.array([one.sd for one in targets])
    table: TableColumns = {
        "moment": [target.name for target in targets],
        "unit": [target.unit for target in targets],
        "group": [target.group for target in targets],
        "observed": observed,
        "sd": sd,
    }
    table |= {f"simulated_p{round(100 * level)}": levels[:, place] for place, level in enumerate(QUANTILES)}
    near = [np.abs(column - one.observed) <= 2.0 * one.sd for column, one in zip(columns, targets, strict=True)]
    table["score"] = (levels[:, 1] - observed) / sd
    table["within_two_sd"] = np.array([part.mean() if len(part) else np.nan for part in near])
    table["accepted"] = np.array(
        [accepted_share(column, one.accept) for column, one in zip(columns, targets, strict=True)]
    )
    table["rank"] = np.array(
        [observation_rank(column, one.observed, one.sd) for column, one in zip(columns, targets, strict=True)]
    )
    return table


def accepted_share(values: Array, limits: tuple[float, float] | None) -> float:
    """Share of values within the accept range; NaN if there is none."""
    if limits is None or not len(values):
        return float("nan")
    return float(((values >= limits[0]) & (values <= limits[1])).mean())


def observation_rank(values: Array, observed: float, sd: float) -> float:
    """Distribution function at `observed` of simulated values with a normal error added."""
    from scipy.special import ndtr

    return float(ndtr((observed - values) / sd).mean()) if len(values) else float("nan")


def posterior_correlations(draws: PosteriorDraws) -> Array:
    """Correlation of the parameters in the posterior, on the normal scale, ``(d, d)``."""
    return np.asarray(np.corrcoef(unit_to_normal(draws.unit), rowvar=False))


@dataclass(frozen=True)
class ProductIdentification:
    """Identification of two parameters and of their product.

    Attributes
    ----------
    names
        The two parameters and ``product``.
    prior_sd, posterior_sd
        Standard deviations of the logarithms of the two and of their product, ``(3,)``.
    correlation
        Correlation of the two logarithms in the posterior.
    exponent, direction_ratio
        The power c for which ``log first + c log second`` is best identified, and the ratio of its posterior to its prior
        standard deviation; c = 1 for the exact product.
    """

    names: tuple[str, str, str]
    prior_sd: Array
    posterior_sd: Array
    correlation: float
    exponent: float
    direction_ratio: float

    @property
    def ratios(self) -> Array:
        """Ratio of posterior to prior standard deviation of each, ``(3,)``."""
        return np.asarray(self.posterior_sd / self.prior_sd)

    @property
    def identified(self) -> bool:
        """Whether the product is clearly better identified than either factor."""
        return bool(self.ratios[2] < CLEAR_RATIO * self.ratios[:2].min())


def log_factors(draws: PosteriorDraws, pair: tuple[str, str], unit: Array) -> Array:
    """Logarithms of two parameters and of their product at points of the unit cube, ``(n, 3)``."""
    priors = {prior.name: (column, prior) for column, prior in enumerate(draws.problem.priors)}
    logs = [np.log(_parameter_values(*priors[name], unit)) for name in pair]
    return np.stack([*logs, logs[0] + logs[1]], axis=1)


def _parameter_values(column: int, prior: Prior, unit: Array) -> Array:
    return prior.from_unit(unit[:, column])


def product_identification(draws: PosteriorDraws, pair: tuple[str, str]) -> ProductIdentification:
    """Compare the identification of two factors with that of their product."""
    before = log_factors(draws, pair, unit_sample(len(draws.problem.priors), PRIOR_DRAWS, 0, "calibration:product"))
    after = log_factors(draws, pair, draws.unit)
    covariance = np.cov(after[:, :2], rowvar=False)
    correlation = float(covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1]))
    power = float(-covariance[0, 1] / covariance[1, 1])
    direction = [(logs[:, 0] + power * logs[:, 1]).std() for logs in (after, before)]
    sds = before.std(axis=0), after.std(axis=0)
    return ProductIdentification((*pair, "product"), *sds, correlation, power, float(direction[0] / direction[1]))


def product_table(draws: PosteriorDraws) -> TableColumns:
    """Identification of the factors and the product for every pair of the problem."""
    pairs = [product_identification(draws, pair) for pair in draws.problem.products]
    return {
        "pair": [" x ".join(pair.names[:2]) for pair in pairs for _ in pair.names],
        "quantity": [name for pair in pairs for name in pair.names],
        "prior_log_sd": np.array([value for pair in pairs for value in pair.prior_sd]),
        "posterior_log_sd": np.array([value for pair in pairs for value in pair.posterior_sd]),
        "ratio": np.array([value for pair in pairs for value in pair.ratios]),
        "correlation": np.array([pair.correlation for pair in pairs for _ in pair.names]),
        "exponent": np.array([pair.exponent for pair in pairs for _ in pair.names]),
        "direction_ratio": np.array([pair.direction_ratio for pair in pairs for _ in pair.names]),
    }


def accepted_set_share(fit: PosteriorFit) -> float:
    """Share of the result's parameter sets that meet every accept range in new simulations; NaN without ranges."""
    inside = []
    for one in fit.problem.simulators:
        for column, target in zip(fit.again[one.name].T, fit.problem.targets_of(one.name), strict=True):
            if target.accept is not None:
                inside.append((column >= target.accept[0]) & (column <= target.accept[1]))
    shortest = min((len(part) for part in inside), default=0)
    return float(np.all([part[:shortest] for part in inside], axis=0).mean()) if shortest else float("nan")


def write_tables(folder: Path, tables: Mapping[str, TableColumns]) -> None:
    """Write each table to a CSV file with its name."""
    for name, table in tables.items():
        frame = pd.DataFrame(table)
        frame.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n", float_format="%.7g")


def emulator_table(fit: PosteriorFit) -> TableColumns:
    """Errors of the emulator in new simulations of the result's parameter sets, one row for each moment.

    ``error`` is the root mean squared error in the moment's unit, including noise of the run.  ``mean_error_sd`` and
    ``spread_of_errors_sd`` are in the emulator's standard deviations: 0 and 1 if these are correct; a spread below 1 is
    conservative.  ``followed_share`` is the share of the error that the parameters explain, about 0 for pure noise.
    """
    rows: list[tuple[str, float, float, float, float, float, float]] = []
    for one in fit.problem.simulators:
        group, moments = fit.likelihood.groups[one.name], fit.again[one.name]
        finished = np.isfinite(moments).all(axis=1)
        variables = prior_scores(fit.problem.priors, fit.chosen[: len(moments)][finished])
        mean, sd = group.emulator.moments(variables)
        errors = group.bounds.clip(moments[finished]) - mean
        root, scaled, shares = np.sqrt((errors**2).mean(axis=0)), errors / sd, explained_error_share(variables, errors)
        for place, target in enumerate(fit.problem.targets_of(one.name)):
            standardised = scaled[:, place]
            statistics = float(root[place]), float(standardised.mean()), float(standardised.std()), float(shares[place])
            rows.append((target.name, float(finished.sum()), group.emulator.emphasis, *statistics))
    names = ("moment", "sets", "emphasis", "error", "mean_error_sd", "spread_of_errors_sd", "followed_share")
    columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    return {name: values if name == "moment" else np.array(values) for name, values in columns.items()}


def explained_error_share(variables: Array, errors: Array) -> Array:
    """Share of the variance of errors ``(n, moments)`` linear in parameters ``(n, d)``, adjusted for their number.

    Not-a-number if there are too few rows.  Source: Theil (1961), the adjusted coefficient of determination.
    """
    rows, dimension = variables.shape
    if rows <= dimension + 1:
        return np.full(errors.shape[1], np.nan)
    terms = np.concatenate([np.ones((rows, 1)), variables], axis=1)
    residuals = errors - terms @ np.linalg.lstsq(terms, errors, rcond=None)[0]
    unexplained = (residuals**2).sum(axis=0) / (rows - dimension - 1)
    return np.asarray(1.0 - unexplained / np.maximum(errors.var(axis=0, ddof=1), 1e-300))
