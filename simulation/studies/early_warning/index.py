"""One index from several indicators: a logistic regression, fitted on training runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from simulation.studies.early_warning.panel import Indicator, Panel
from simulation.values.conventions import Array, Flags

RIDGE: Final = 1e-3
"""Penalty on squared weights of standardised indicators, per day: it decides between indicators that move together, no more."""


@dataclass(frozen=True)
class WarningIndex:
    """Log odds of a cascade as a weighted sum of standardised indicators.

    Attributes
    ----------
    indicators
        What goes in.
    centre, scale
        Mean and standard deviation of each in the training runs, ``(indicators,)``.
    weights, intercept
        Effect of one standard deviation on the log odds, ``(indicators,)``, and the log odds of an average day.
    """

    indicators: tuple[Indicator, ...]
    centre: Array
    scale: Array
    weights: Array
    intercept: float

    def score(self, panel: Panel) -> Array:
        """Log odds of the event on each row."""
        standard = (stacked(panel, self.indicators) - self.centre) / self.scale
        return np.asarray((standard * self.weights).sum(axis=1) + self.intercept)


def stacked(panel: Panel, indicators: Sequence[Indicator]) -> Array:
    """Indicators side by side, ``(rows, indicators)``."""
    return np.stack([panel.values[each.column] for each in indicators], axis=1)


def fitted_index(training: Panel, event: Flags, indicators: Sequence[Indicator]) -> WarningIndex:
    """Logistic regression of the event on the standardised indicators by penalised maximum likelihood.

    ``min_w  mean[ln(1 + e^z) - y z] + RIDGE/2 |w|^2``,  ``z = a + x'w``

    Parameters
    ----------
    training
        Rows to fit on.
    event
        Whether a cascade follows, ``(rows,)``.
    indicators
        What goes in; one that never moves gets no weight.

    Raises
    ------
    ValueError
        If all rows are of one kind.

    Source: Cox (1958); le Cessie and van Houwelingen (1992) for the penalty; Demirgüç-Kunt and Detragiache (1998) for logit
    models of financial crises.
    """
    from scipy.optimize import minimize

    if not event.any() or event.all():
        raise ValueError(f"{int(event.sum())} of {event.size} training days have the event; take more runs")
    values = stacked(training, indicators)
    centre, spread = values.mean(axis=0), values.std(axis=0)
    scale = np.where(spread > 0.0, spread, 1.0)
    standard = np.concatenate([np.ones((event.size, 1)), (values - centre) / scale], axis=1)
    start = np.zeros(1 + len(indicators))
    start[0] = np.log(event.mean() / (1.0 - event.mean()))
    found = minimize(loss, start, args=(standard, event.astype(np.float64)), jac=True, method="L-BFGS-B")
    return WarningIndex(tuple(indicators), centre, scale, found.x[1:], float(found.x[0]))


def loss(parameters: Array, standard: Array, event: Array) -> tuple[float, Array]:
    """Penalised mean loss and its gradient; the first parameter is the intercept, which is not penalised."""
    odds = (standard * parameters).sum(axis=1)
    weights = np.concatenate([[0.0], parameters[1:]])
    value = (np.logaddexp(0.0, odds) - event * odds).mean() + 0.5 * RIDGE * (weights**2).sum()
    surprise = 1.0 / (1.0 + np.exp(-np.clip(odds, -500.0, 500.0))) - event
    return float(value), (surprise[:, None] * standard).mean(axis=0) + RIDGE * weights
