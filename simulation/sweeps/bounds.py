"""How large a sweep may be, counted from its file before any point is made."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

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


def check_points(kind: str, levels: Mapping[str, int], samples: int | None) -> int:
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


def check_runs(points: int, replications: int, key: str) -> None:
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
