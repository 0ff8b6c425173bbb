"""How large a sweep may be, counted from its file before any point is made.

What a sweep file may say.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator

from simulation.results.metrics import METRICS
from simulation.sweeps.run_rows import USUAL_SERIES, SeriesName
from simulation.values.parameters import BASIS_POINTS_PER, RATE_PATTERN, Parameters, quantity

MOST_POINTS = 2_000_000
"""Points are held in memory as Python objects, about 1 kB each."""
MOST_REPLICATIONS = 2**19
"""Replications share a 63-bit run number with the point (`points.run_number`)."""
MOST_RUNS = 100_000_000
"""Runs of a sweep, all points together: about 80 bytes each while the table is written (docs/scaling.md)."""
SALTELLI_BLOCKS = 2
"""Blocks of a saltelli design beside those of its axes: A and B."""


def number_of_points(kind: str, levels: Mapping[str, int], samples: int | None) -> int:
    """Points of a design.

    Parameters
    ----------
    kind
        Kind of the design; not ``table``, which has as many points as rows.
    levels
        Number of values of each axis; of no account where points are drawn.
    samples
        Points to draw, none where all values are taken.
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
        If there are more than `MOST_POINTS`, with the key to change first.
    """
    points = number_of_points(kind, levels, samples)
    if points <= MOST_POINTS:
        return points
    most = f"allowed: at most {MOST_POINTS:,}"
    if kind == "saltelli":
        fits = 1 << (MOST_POINTS // (len(levels) + SALTELLI_BLOCKS)).bit_length() - 1
        made = f"{samples:,} samples x ({len(levels)} axes + 2) are {points:,} points"
        raise ValueError(f"design.samples: {made}; {most}; use {fits:,} samples")
    sign = " + " if kind == "one_at_a_time" else " x "
    made = sign.join(f"{count:,}" for count in levels.values())
    raise ValueError(
        f"axes: {made} values are {points:,} points in a {kind} design; {most}; take fewer steps, or draw points over "
        "ranges: design: {kind: sobol, samples: 1024}"
    )


def check_run_count(points: int, replications: int, key: str) -> None:
    """Refuse a sweep of more than `MOST_RUNS` runs.

    Parameters
    ----------
    points, replications
        Points, and runs that each of them may get at most.
    key
        Where the replications stand in the sweep file.

    Raises
    ------
    ValueError
        With the key first.
    """
    runs = points * replications
    if runs > MOST_RUNS:
        raise ValueError(
            f"{key}: {replications:,} replications x {points:,} points are {runs:,} runs; allowed: at most {MOST_RUNS:,} in "
            f"one sweep; use {MOST_RUNS // points:,} replications, or cut the axes into several sweeps"
        )


if TYPE_CHECKING:
    MetricName = str
else:
    MetricName = Literal[tuple(metric.name for metric in METRICS)]

DesignKind = Literal["factorial", "one_at_a_time", "latin_hypercube", "sobol", "halton", "saltelli", "table"]
SeriesRecording = Literal["none", "quantiles", "all"]
SAMPLED = ("latin_hypercube", "sobol", "halton", "saltelli")
"""Designs that draw points between the ends of their axes."""
POWERS_OF_TWO = ("sobol", "saltelli")
"""Designs of Sobol points, which are balanced only in powers of two. Source: Owen (2020)."""


SEED_IS_NO_AXIS = (
    "a sweep has one seed, so that its points meet the same noise; write seed: 7 in the sweep, replications for more runs of "
    "each point, independent: true for noise of its own at each point"
)


def rate_bp(value: object) -> float | None:
    """Basis points of a rate written with its unit, such as ``25bp``; none for anything else."""
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
    steps: int | None = Field(None, ge=1, le=MOST_POINTS, description="number of values, both ends included")
    scale: Literal["linear", "log"] = Field("linear", description="steps, or the density of samples, in values or logs")
    whole: bool = Field(False, description="round to whole numbers, for keys that count")

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
    """How points are laid into the space of the axes."""

    kind: DesignKind = "factorial"
    samples: int | None = Field(None, ge=1, le=MOST_POINTS, description="points to draw; rows of A for saltelli")
    seed: int = Field(1, ge=0, le=2**63 - 1, description="seed of the scrambling; no run draws from it")
    file: str | None = Field(None, description="CSV or Parquet file whose columns are keys, for kind table")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.kind in SAMPLED) != (self.samples is not None):
            wanted = "needs samples, the number of points" if self.kind in SAMPLED else "takes no samples"
            raise ValueError(f"kind: {self.kind} {wanted}")
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
    """Stop each point by precision: when the standard error of a metric's mean is small enough."""

    metric: MetricName = Field(description="metric whose mean is to be known")
    standard_error: float = quantity(
        ..., "in the unit of the metric", (1e-12, 1e12), "largest standard error of its mean"
    )
    max_replications: int = Field(ge=2, le=MOST_REPLICATIONS, description="runs after which a point stops anyway")


class Sweep(Parameters):
    """A sweep: a base scenario, the points at which it is run, and what is kept."""

    name: str = Field(min_length=1)
    title: str = ""
    description: str = ""
    source: str = ""
    scenario: str = Field(min_length=1, description="a shipped scenario or event, or a file beside the sweep")
    settings: tuple[str, ...] = Field((), description="changes to the base scenario, as after --set")
    replications: int = Field(100, ge=1, le=MOST_REPLICATIONS, description="runs at each point")
    seed: int | None = Field(None, ge=0, le=2**63 - 1, description="replaces the scenario's seed")
    independent: bool = Field(False, description="every point draws its own noise instead of common random numbers")
    posterior: str | None = Field(None, description="calibrated parameter sets: replication i takes set i")
    axes: dict[str, AxisValues] = Field(default_factory=dict, description="values by config key")
    design: Design = Design()
    metrics: tuple[MetricName, ...] = Field((), description="what is measured; empty: everything")
    record: SeriesRecording = Field("none", description="what is kept of the daily series")
    series: tuple[SeriesName, ...] = Field((), description="daily series that `record` keeps; empty: the usual ones")
    until: Until | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.axes and self.design.kind != "table":
            raise ValueError(f"axes: a {self.design.kind} design needs at least one axis")
        if self.axes and self.design.kind == "table":
            raise ValueError("axes: the columns of the table are the axes; leave axes out")
        if self.series and self.record == "none":
            raise ValueError("series: none are kept with record: none; write record: quantiles or all")
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
        """Refuse more runs at so many points than one sweep may have.

        Raises
        ------
        ValueError
            With the key of the replications first.
        """
        check_run_count(
            points, self.most_replications, "replications" if self.until is None else "until.max_replications"
        )

    @property
    def measured(self) -> tuple[str, ...]:
        """Names of the metrics that are kept, in their usual order."""
        return tuple(metric.name for metric in METRICS if not self.metrics or metric.name in self.metrics)

    @property
    def kept_series(self) -> tuple[str, ...]:
        """Names of the daily series that are kept, each once; nothing where none are recorded."""
        return tuple(dict.fromkeys(self.series or USUAL_SERIES)) if self.record != "none" else ()

    @property
    def most_replications(self) -> int:
        """Runs that a point may get at most."""
        return self.replications if self.until is None else self.until.max_replications
