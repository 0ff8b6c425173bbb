"""Sobol indices of a metric from the blocks A, B and AB of a Saltelli design, and the variance shares of parameters and noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulation.results.output_folder import OutputError
from simulation.sweeps.analysis.sweep_table import SweepTable, metric_matrix, point_means, without_common_noise

FloatArray = NDArray[np.float64]
SALTELLI = "saltelli"
FEWEST_ROWS = 8


@dataclass(frozen=True)
class Bootstrap:
    """Settings of bootstrap intervals: coverage, number of resamples, and seed."""

    level: float = 0.95
    resamples: int = 500
    seed: int = 0

    def interval(self, draws: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Lower and upper end of the interval over the first axis of draws, ``(resamples, ...)``."""
        tail = (1.0 - self.level) / 2.0
        low, high = np.quantile(draws, [tail, 1.0 - tail], axis=0)
        return low, high


STANDARD_BOOTSTRAP = Bootstrap()


@dataclass(frozen=True)
class SaltelliBlocks:
    """Means of a metric at the points of a Saltelli design.

    Attributes
    ----------
    first, second
        At the rows of A and B, ``(rows,)``.
    mixed
        At the rows of A with one column of B, ``(keys, rows)``.
    """

    first: FloatArray
    second: FloatArray
    mixed: FloatArray

    def select_rows(self, rows: NDArray[np.intp]) -> SaltelliBlocks:
        """The given rows, in the given order."""
        return SaltelliBlocks(self.first[rows], self.second[rows], self.mixed[:, rows])


@dataclass(frozen=True)
class SobolIndices:
    """First-order and total indices with intervals.

    Attributes
    ----------
    table
        ``key``, ``first``, ``first_low``, ``first_high``, ``total``, ``total_low``, ``total_high``; shares of the variance of
        the mean response.
    interactions
        One minus the sum of the first-order indices, with its interval: the share of interactions between keys.
    rows
        Rows of A that are complete in all blocks.
    """

    table: pd.DataFrame
    interactions: tuple[float, float, float]
    rows: int

    @property
    def adds_up(self) -> bool:
        """Whether the indices are consistent with a variance decomposition, within their intervals.

        First-order indices sum to at most one, total indices to at least one, and no first-order index exceeds the total
        index of its key.
        """
        table = self.table
        within_keys = bool((table["first_low"] <= table["total_high"]).all())
        return within_keys and self.interactions[2] >= 0.0 and float(table["total_high"].sum()) >= 1.0

    def in_words(self) -> str:
        """Describe the sum of the indices in a sentence."""
        # Adding zero turns -0.0 into 0.0.
        total, low, high = (round(100.0 * part) + 0.0 for part in self.interactions)
        shares = 100.0 * float(self.table["first"].sum())
        return (
            f"First-order indices sum to {shares:.0f} %; interactions between keys account for {total:.0f} % "
            f"({low:.0f} to {high:.0f} %)."
        )


def saltelli_blocks(sweep: SweepTable, metric: str) -> SaltelliBlocks:
    """Return the blocks of a metric's point means.

    Incomplete rows are excluded, and of the rest the largest power of two is used, from the first row on.

    Raises
    ------
    OutputError
        If the design is not a Saltelli design or too few of its rows are finished.
    """
    if sweep.design != SALTELLI:
        raise OutputError(f"Sobol indices need design: {{kind: {SALTELLI}}}; {sweep.name} has {sweep.design}")
    keys = len(sweep.axes)
    count = int(sweep.runs["point"].max()) + 1
    runs = sweep.runs_with(metric) if sweep.independent else without_common_noise(sweep.runs_with(metric), metric)
    means = point_means(runs, (), metric)["mean"].reindex(range(count)).to_numpy(dtype=np.float64)
    rows, rest = divmod(count, keys + 2)
    if rest:
        raise OutputError(f"{sweep.name} has {count} points, which do not form {keys + 2} blocks of equal size")
    cells = means.reshape(keys + 2, rows)
    complete = np.flatnonzero(np.isfinite(cells).all(axis=0))
    if len(complete) < FEWEST_ROWS:
        raise OutputError(
            f"only {len(complete)} rows of the design are finished in all blocks; {FEWEST_ROWS} are needed"
        )
    # scipy accepts only powers of two, for which the Sobol sequence is balanced.
    kept = complete[: 1 << (len(complete).bit_length() - 1)]
    return SaltelliBlocks(cells[0, kept], cells[1, kept], cells[2:, kept])


def sobol_estimates(blocks: SaltelliBlocks) -> tuple[FloatArray, FloatArray]:
    """First-order and total indices, ``(keys,)`` each; not-a-number if the metric does not vary.

    Source: Saltelli et al. (2010), estimators of table 2 (b) and (f), by scipy.stats.sobol_indices.
    """
    from scipy.stats import sobol_indices

    keys, rows = blocks.mixed.shape
    if not np.ptp(np.concatenate([blocks.first, blocks.second])) > 0.0:
        return np.full(keys, np.nan), np.full(keys, np.nan)
    values: Any = {"f_A": blocks.first[None, :], "f_B": blocks.second[None, :], "f_AB": blocks.mixed[:, None, :]}
    indices = sobol_indices(func=values, n=rows)
    return np.ravel(indices.first_order), np.ravel(indices.total_order)


def sobol_analysis(sweep: SweepTable, metric: str, bootstrap: Bootstrap = STANDARD_BOOTSTRAP) -> SobolIndices:
    """Return the indices of the mean response of a metric, with bootstrap intervals over the rows of the design.

    Under common random numbers the mean over replications is a function of the parameters, so that noise does not count as an
    interaction. With independent noise, total indices are biased upward by the noise remaining in the means.
    """
    blocks = saltelli_blocks(sweep, metric)
    rows = len(blocks.first)
    first, total = sobol_estimates(blocks)
    random = np.random.default_rng(np.random.SeedSequence([bootstrap.seed, rows]))
    drawn = [sobol_estimates(blocks.select_rows(random.integers(rows, size=rows))) for _ in range(bootstrap.resamples)]
    draws = np.array(drawn)
    low, high = bootstrap.interval(draws)
    columns = {"key": [axis.key for axis in sweep.axes], "first": first, "first_low": low[0], "first_high": high[0]}
    table = pd.DataFrame(columns | {"total": total, "total_low": low[1], "total_high": high[1]})
    rest_low, rest_high = bootstrap.interval(1.0 - draws[:, 0].sum(axis=1))
    return SobolIndices(table, (float(1.0 - first.sum()), float(rest_low), float(rest_high)), rows)


@dataclass(frozen=True)
class VarianceShares:
    """Decomposition of the variance of a single run; the shares sum to one.

    Attributes
    ----------
    parameters
        Mean response to the parameters of the sweep.
    news
        Noise with the same effect at all points; zero if points have independent noise.
    together
        Noise whose effect differs between points.
    """

    parameters: float
    news: float
    together: float

    def in_words(self, independent: bool) -> str:
        """Describe the shares in a sentence."""
        parameters, news, together = (100.0 * part for part in (self.parameters, self.news, self.together))
        head = f"Of the variance of one run {parameters:.0f} % comes from the parameters"
        if independent:
            return f"{head}; the rest is noise."
        return (
            f"{head}, {news:.0f} % from news with the same effect at all points and {together:.0f} % from news whose effect "
            "differs between points."
        )


def variance_shares(sweep: SweepTable, metric: str) -> VarianceShares | None:
    """Decompose the variance of a run into parameters and noise; None if points have fewer than two runs.

    Two-way analysis of variance over points and replications, with a common replication effect under common random numbers and
    without it otherwise; negative estimates count as zero. Source: Searle, Casella and McCulloch (1992), Variance Components,
    chapter 4.
    """
    cells = metric_matrix(sweep.runs_with(metric), metric)
    points, runs = cells.shape
    if points < 2 or runs < 2:
        return None
    across, along = cells.mean(axis=1), cells.mean(axis=0)
    effect = np.zeros_like(along) if sweep.independent else along - cells.mean()
    rest = cells - across[:, None] - effect
    freedom = points * (runs - 1) if sweep.independent else (points - 1) * (runs - 1)
    noise = float((rest**2).sum() / freedom)
    common = 0.0 if sweep.independent else max(0.0, float(along.var(ddof=1)) - noise / points)
    between = max(0.0, float(across.var(ddof=1)) - noise / runs)
    whole = between + common + noise
    return VarianceShares(between / whole, common / whole, noise / whole) if whole > 0.0 else None
