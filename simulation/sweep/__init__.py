"""Sweeps: one scenario at many points of its parameter space, many times each, safe to interrupt, the same bytes anywhere.

The package is called like the function that runs one, ``cf.sweep(...)``, so it can be called, too.
"""

import sys
from types import ModuleType
from typing import Any


class _Callable(ModuleType):
    """The package itself, which Python puts in the place of the function of its name once it is imported."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run a sweep, see `simulation.sweep.opened.sweep`."""
        from simulation.sweep.opened import sweep

        return sweep(*args, **kwargs)


sys.modules[__name__].__class__ = _Callable
