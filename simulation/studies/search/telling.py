"""What a reverse stress found, as JSON-ready values."""

from __future__ import annotations

from typing import Any

from simulation.studies.search.reverse_stress import Reached, ReverseStress


def as_json(found: ReverseStress) -> dict[str, Any]:
    """The numbers as JSON-ready values."""

    def told(one: Reached | None) -> dict[str, Any] | None:
        if one is None:
            return None
        sizes = {name: float(size) for name, size in zip(found.space.names, one.sizes, strict=True)}
        interval = {"distance": one.distance.value, "low": one.distance.low, "high": one.distance.high}
        return interval | {"sizes_sd": sizes}

    alone = dict(zip(found.space.names, map(told, found.alone), strict=True))
    frontiers = [
        {
            "pair": list(one.pair),
            "points": [{"angle": a, "reached": told(r)} for a, r in zip(one.angles, one.reached, strict=True)],
        }
        for one in found.frontiers
    ]
    return {
        "level": found.level, "without_shocks": found.base, "mildest": told(found.mildest), "alone": alone,
        "frontiers": frontiers, "evaluations": found.evaluations,
    }  # fmt: skip
