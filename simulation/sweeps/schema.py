"""The sweep file: its keys, and limits on the number of points and runs."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator

from simulation.results.metrics import METRICS, outcomes
from simulation.sweeps.run_rows import USUAL_SERIES, SeriesName
from simulation.values.parameters import BASIS_POINTS_PER, RATE_PATTERN, Parameters, quantity

MOST_POINTS = 2_000_000
"""Points are held in memory as Python objects, about 1 kB each."""
MOST_REPLICATIONS = 2**19
"""A replication and the key of its point share a 63-bit run number (`points.run_number`)."""
MOST_RUNS = 100_000_000
"""Runs of a sweep over all points: about 80 bytes of memory each when the table is written (docs/scaling.md)."""
SALTELLI_BLOCKS = 2
"""Blocks A and B of a Saltelli design, in addition to one block per axis."""


def number_of_points(kind: str, levels: Mapping[str, int], samples: int | None) -> int:
    """Number of points of a design.

    Parameters
    ----------
    kind
        Kind of the design; not ``table``, which has one point per row.
    levels
        Number of values of each axis; not used by sampled designs.
    samples
        Number of samples; None for designs that take all values.
    """
    if kind == "saltelli":
        return (samples or 0) * (len(levels) + SALTELLI_BLOCKS)
    if samples is not None:
        return samples
    return 1 + sum(levels.values()) if kind == "one_at_a_time" else prod(levels.values())


def check_point_count(kind: str, levels: Mapping[str, int], samples: int | None) -> int:
    """Return the number of points of a design.

    Raises
    ------
    ValueError
        If there are more than `MOST_POINTS`; the message starts with the key to change.
    """
    points = number_of_points(kind, levels, samples)
    if points <= MOST_POINTS:
        return points
    most = f"allowed: at most {MOST_POINTS:,}"
    if kind == "saltelli":
        fits = 1 << (MOST_POINTS // (len(levels) + SALTELLI_BLOCKS)).bit_length() - 1
        product = f"{samples:,} samples x ({len(levels)} axes + 2) are {points:,} points"
        raise ValueError(f"design.samples: {product}; {most}; use {fits:,} samples")
    sign = " + " if kind == "one_at_a_time" else " x "
    counts = sign.join(f"{count:,}" for count in levels.values())
    raise ValueError(
        f"axes: {counts} values are {points:,} points in a {kind} design; {most}; use fewer steps, or sample points over "
        "ranges: design: {kind: sobol, samples: 1024}"
    )


def check_run_count(points: int, replications: int, key: str) -> None:
    """Reject a sweep of more than `MOST_RUNS` runs.

    Parameters
    ----------
    points, replications
        Number of points, and maximum number of runs of each.
    key
        Key of the replications in the sweep file.

    Raises
    ------
    ValueError
        The message starts with the key.
    """
    runs = points * replications
    if runs > MOST_RUNS:
        raise ValueError(
            f"{key}: {replications:,} replications x {points:,} points are {runs:,} runs; allowed: at most {MOST_RUNS:,} in "
            f"one sweep; use {MOST_RUNS // points:,} replications, or divide the axes among several sweeps"
        )


if TYPE_CHECKING:
    MetricName = str
else:
    MetricName = Literal[tuple(outcome.name for outcome in outcomes())]

DesignKind = Literal["factorial", "one_at_a_time", "latin_hypercube", "sobol", "halton", "saltelli", "table"]
SeriesRecording = Literal["none", "quantiles", "all"]
SAMPLED = ("latin_hypercube", "sobol", "halton", "saltelli")
"""Designs that sample points between the ends of their axes."""
POWERS_OF_TWO = ("sobol", "saltelli")
"""Designs of Sobol points, which are balanced only for powers of two. Source: Owen (2020)."""
SEED_IS_NO_AXIS = (
    "a sweep has one seed, so that all points have the same noise; write seed: 7 in the sweep, raise replications for more "
    "runs of each point, or set independent: true for separate noise at each point"
)


def rate_bp(value: object) -> float | None:
    """Basis points of a rate with its unit, such as ``25bp``; None for anything else."""
    match = RATE_PATTERN.match(value) if isinstance(value, str) else None
    return None if match is None else float(match.group(1)) * BASIS_POINTS_PER[match.group(2).lower()]


def _check_bound(value: float | str) -> float | str:
    if isinstance(value, str) and rate_bp(value) is None:
        raise ValueError(f"{value!r} is neither a number nor a rate such as 25bp")
    return value


AxisBound = Annotated[float | str, AfterValidator(_check_bound)]


class Range(Parameters):
    """Numbers from `low` to `high`."""

    low: AxisBound = Field(description="smallest value: a number in the unit of the key, or a rate with its unit")
    high: AxisBound = Field(description="largest value, as `low`")
    steps: int | None = Field(None, ge=1, le=MOST_POINTS, description="number of values, including both ends")
    scale: Literal["linear", "log"] = Field("linear", description="even steps, or even sampling, in values or in logs")
    whole: bool = Field(False, description="round to whole numbers, for keys that are counts")

    @property
    def is_rate(self) -> bool:
        """Whether the ends are rates."""
        return isinstance(self.low, str)

    @property
    def ends(self) -> tuple[float, float]:
        """Both ends as numbers; rates in basis points."""
        low, high = (rate_bp(end) if isinstance(end, str) else end for end in (self.low, self.high))
        assert low is not None
        assert high is not None
        return low, high

    @model_validator(mode="after")
    def _check(self) -> Self:
        if isinstance(self.low, str) != isinstance(self.high, str):
            raise ValueError("low: low and high must both be numbers or both rates with their unit")
        low, high = self.ends
        if not low < high:
            raise ValueError(f"high: {self.high} is not above low ({self.low})")
        if self.scale == "log" and low <= 0.0:
            raise ValueError(f"low: a log scale needs numbers above 0, got {self.low}")
        return self


def _axis_form(axis: object) -> str:
    return "list" if isinstance(axis, list | tuple) else "range"


AxisValues = Annotated[
    Annotated[tuple[Any, ...], Tag("list")] | Annotated[Range, Tag("range")], Discriminator(_axis_form)
]
"""Values in a list, or a range."""


class Design(Parameters):
    """How points are chosen from the axes."""

    kind: DesignKind = "factorial"
    samples: int | None = Field(None, ge=1, le=MOST_POINTS, description="points to sample; rows of A for saltelli")
    seed: int = Field(1, ge=0, le=2**63 - 1, description="seed of the scrambling; independent of the noise of the runs")
    file: str | None = Field(None, description="CSV or Parquet file whose columns are keys, for kind table")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.kind in SAMPLED) != (self.samples is not None):
            rule = "needs samples, the number of points" if self.kind in SAMPLED else "takes no samples"
            raise ValueError(f"kind: {self.kind} {rule}")
        if (self.kind == "table") != (self.file is not None):
            raise ValueError(f"kind: {self.kind} {'needs' if self.kind == 'table' else 'takes no'} file")
        samples = self.samples or 1
        if self.kind in POWERS_OF_TWO and samples & (samples - 1):
            near = 1 << (samples.bit_length() - 1)
            raise ValueError(
                f"samples: {samples} is not a power of two, as {self.kind} needs; use {near} or {2 * near}"
            )
        return self


class Until(Parameters):
    """Stop each point by precision: when the standard error of the mean of a metric is small enough."""

    metric: MetricName = Field(description="metric whose mean is estimated")
    standard_error: float = quantity(
        ..., "in the unit of the metric", (1e-12, 1e12), "largest standard error of its mean"
    )
    max_replications: int = Field(ge=2, le=MOST_REPLICATIONS, description="runs after which a point stops in any case")


class Sweep(Parameters):
    """A sweep: a base scenario, the points at which it is run, and the results to keep."""

    name: str = Field(min_length=1)
    title: str = ""
    description: str = ""
    source: str = ""
    scenario: str = Field(min_length=1, description="a shipped scenario or event, or a file in the folder of the sweep")
    settings: tuple[str, ...] = Field((), description="changes to the base scenario, as after --set")
    replications: int = Field(100, ge=1, le=MOST_REPLICATIONS, description="runs at each point")
    seed: int | None = Field(None, ge=0, le=2**63 - 1, description="replaces the scenario's seed")
    independent: bool = Field(False, description="separate noise at each point instead of common random numbers")
    posterior: str | None = Field(None, description="calibrated parameter sets: replication i uses set i")
    axes: dict[str, AxisValues] = Field(default_factory=dict, description="values by config key")
    design: Design = Design()
    metrics: tuple[MetricName, ...] = Field(
        (),
        description="metrics to keep; empty: all. `effect.` before a metric: less that of the same run without policy",
    )
    record: SeriesRecording = Field("none", description="daily values to keep")
    series: tuple[SeriesName, ...] = Field(
        (), description="daily series that `record` keeps; empty: the default series"
    )
    until: Until | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.axes and self.design.kind != "table":
            raise ValueError(f"axes: a {self.design.kind} design needs at least one axis")
        if self.axes and self.design.kind == "table":
            raise ValueError("axes: the columns of the table are the axes; remove axes")
        if self.series and self.record == "none":
            raise ValueError("series: record: none keeps no series; write record: quantiles or record: all")
        for key, axis in self.axes.items():
            self._check_axis(key, axis)
        self._check_size()
        if self.until is not None and self.until.max_replications < self.replications:
            raise ValueError(f"until: max_replications is below replications ({self.replications})")
        if self.until is not None and self.until.metric not in self.measured:
            raise ValueError(f"until: {self.until.metric} is not among the metrics of this sweep")
        return self

    def _check_axis(self, key: str, axis: tuple[Any, ...] | Range) -> None:
        if key == "seed":
            raise ValueError(f"axes.{key}: {SEED_IS_NO_AXIS}")
        if isinstance(axis, Range):
            if axis.steps is None and self.design.kind not in SAMPLED:
                raise ValueError(f"axes.{key}: a {self.design.kind} design needs steps, the number of values")
        elif not axis:
            raise ValueError(f"axes.{key}: the axis has no values")

    def _check_size(self) -> None:
        if self.design.kind != "table":
            levels = {key: axis.steps or 0 if isinstance(axis, Range) else len(axis) for key, axis in self.axes.items()}
            self.check_runs_at(check_point_count(self.design.kind, levels, self.design.samples))

    def check_runs_at(self, points: int) -> None:
        """Reject more runs than one sweep may have, for a given number of points.

        Raises
        ------
        ValueError
            The message starts with the key of the replications.
        """
        check_run_count(
            points, self.most_replications, "replications" if self.until is None else "until.max_replications"
        )

    @property
    def measured(self) -> tuple[str, ...]:
        """Names of the metrics to keep, in standard order; effects of policy only if they are named."""
        kept = self.metrics or tuple(metric.name for metric in METRICS)
        return tuple(outcome.name for outcome in outcomes() if outcome.name in kept)

    @property
    def kept_series(self) -> tuple[str, ...]:
        """Names of the daily series to keep, each once; empty if none are recorded."""
        return tuple(dict.fromkeys(self.series or USUAL_SERIES)) if self.record != "none" else ()

    @property
    def most_replications(self) -> int:
        """Maximum number of runs of a point."""
        return self.replications if self.until is None else self.until.max_replications
