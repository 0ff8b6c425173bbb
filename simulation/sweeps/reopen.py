"""A plan from its store alone, so that a store can be rebuilt from, merged and read without the files it was made from."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq

from simulation.results.store import OutputError
from simulation.scenario.cloud import parsed_cloud
from simulation.sweeps.plan import Plan
from simulation.sweeps.points import Base, text_of
from simulation.sweeps.schema import Sweep
from simulation.sweeps.store import PARAMETER_SETS, POINTS, read_manifest


def plan_from(store: Path) -> Plan:
    """Return the plan that a store was made from.

    Raises
    ------
    OutputError
        If the folder holds no sweep, or files of it that do not belong together.
    """
    manifest = read_manifest(store)
    if not (store / POINTS).is_file():
        raise OutputError(f"{store} has no {POINTS}; run its sweep again")
    points = tuple(json.loads(text) for text in pq.read_table(store / POINTS).column("values").to_pylist())
    base = Base(manifest["base"]["kind"], text_of(manifest["base"]["config"]))
    sets = store / PARAMETER_SETS
    name = manifest["parameter_sets"]
    cloud = None if name is None else parsed_cloud(name, sets.read_text(encoding="utf-8"), str(sets))
    plan = Plan(Sweep.model_validate(manifest["sweep"]), base, points, cloud)
    if plan.hash != manifest["config_hash"]:
        raise OutputError(f"{store}: {POINTS} and the manifest are not of one sweep; run the sweep again")
    return plan
