"""What every run needs, imported at once before any of it is used."""

from __future__ import annotations

import gc
import sys
from importlib import import_module

PARTS = (
    "simulation.scenario.config.loading",
    "simulation.compute.ensemble",
    "simulation.results.results",
    "simulation.day.capital_flows",
)


def load() -> None:
    """Import the engine, the first time without looking for garbage on the way.

    An import makes many objects and hardly any garbage; looking for it takes a tenth of the time, and looking later once more
    through what has been imported takes some more.
    """
    if set(PARTS) <= set(sys.modules):
        return
    gc.disable()
    try:
        for part in PARTS:
            import_module(part)
    finally:
        gc.freeze()
        gc.enable()
