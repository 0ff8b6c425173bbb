"""How far the emulator was off on runs that took no part in its fit."""

import numpy as np

from simulation.studies.calibration.diagnostics import Columns
from simulation.studies.calibration.fitting import Fit
from simulation.studies.calibration.priors import scores
from simulation.values.conventions import Array


def emulator_table(fit: Fit) -> Columns:
    """Errors of the emulator at the sets of the result, simulated once more, a row for each moment.

    ``error`` is the root mean squared error in the moment's unit, noise of the run included; ``mean_error_sd`` and
    ``spread_of_errors_sd`` are in standard deviations that the emulator claims (0 and 1 if it is right, below 1 if it is
    cautious); ``followed_share`` is the part of the error that the parameters explain, about 0 if it is noise.
    """
    rows: list[tuple[str, float, float, float, float, float, float]] = []
    for one in fit.problem.simulators:
        group, moments = fit.likelihood.groups[one.name], fit.again[one.name]
        done = np.isfinite(moments).all(axis=1)
        variables = scores(fit.problem.priors, fit.chosen[: len(moments)][done])
        mean, sd = group.emulator.moments(variables)
        errors = group.bounds.applied(moments[done]) - mean
        root, scaled, shares = np.sqrt((errors**2).mean(axis=0)), errors / sd, followed_share(variables, errors)
        for place, target in enumerate(fit.problem.targets_of(one.name)):
            own = scaled[:, place]
            about = float(root[place]), float(own.mean()), float(own.std()), float(shares[place])
            rows.append((target.name, float(done.sum()), group.emulator.emphasis, *about))
    names = ("moment", "sets", "emphasis", "error", "mean_error_sd", "spread_of_errors_sd", "followed_share")
    columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    return {name: values if name == "moment" else np.array(values) for name, values in columns.items()}


def followed_share(variables: Array, errors: Array) -> Array:
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
