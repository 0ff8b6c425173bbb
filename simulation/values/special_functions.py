"""SciPy's normal distribution and logistic function, without running the packages around them.

``import scipy.special`` runs numpy.f2py, numpy.testing, tools for documentation and, since SciPy 1.18, scipy.linalg: it takes
longer than ``import numpy``, and was a fifth of the start of a run (docs/performance_profile.md).  The functions lie in one
compiled module of that package and are the same objects whichever way they are imported.
"""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Any

__all__ = ["expit", "ndtr", "ndtri"]


class Later(ModuleType):
    """A package of which only modules have been imported: it runs when anybody asks for something else of it."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._run(), name)

    def __dir__(self) -> Iterable[str]:
        return dir(self._run())

    def _run(self) -> ModuleType:
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        package = import_module(self.__name__)
        for name, value in vars(self).items():
            vars(package).setdefault(name, value)  # modules imported before are not imported again
        return package


@contextmanager
def later(name: str) -> Iterator[None]:
    """Let modules of a package be imported inside without running the package, unless it has run already."""
    spec = None if name in sys.modules else find_spec(name)
    if spec is None:
        yield
        return
    package = sys.modules[name] = module_from_spec(spec)
    try:
        yield
    finally:
        package.__class__ = Later


try:
    with later("scipy.special"), later("scipy.linalg"):
        from scipy.special._ufuncs import expit, ndtr, ndtri
except ImportError:  # a SciPy that keeps them elsewhere
    from scipy.special import expit, ndtr, ndtri
