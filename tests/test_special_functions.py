"""The functions taken from SciPy are its own, and SciPy is as it was for everybody else."""

import json
import subprocess
import sys

import numpy as np
import pytest

from simulation.values.special_functions import expit, ndtr, ndtri

FIRST_OURS = "import simulation.values.special_functions as ours, scipy.special as its"
FIRST_ITS = "import scipy.special as its, simulation.values.special_functions as ours"
SAME = "assert all(getattr(ours, name) is getattr(its, name) for name in ours.__all__)"


def printed(*lines: str) -> str:
    """What a new interpreter prints."""
    command = [sys.executable, "-W", "error", "-c", "\n".join(lines)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_values_known_by_hand() -> None:
    assert ndtr(0.0) == expit(0.0) == 0.5
    assert ndtri(ndtr(1.25)) == pytest.approx(1.25, rel=1e-12)
    assert expit(np.log(3.0)) == pytest.approx(0.75, rel=1e-15)


@pytest.mark.parametrize("imports", [FIRST_OURS, FIRST_ITS])
def test_they_are_the_very_functions_of_scipy(imports: str) -> None:
    assert printed(imports, SAME, "print(its.gamma(5.0))") == "24.0"


def test_neither_package_of_scipy_runs_for_them() -> None:
    modules = set(
        json.loads(
            printed("import json, sys, simulation.values.special_functions", "print(json.dumps([*sys.modules]))")
        )
    )
    assert "scipy.special._ufuncs" in modules
    assert not modules & {"scipy.special._basic", "scipy.linalg._basic", "numpy.f2py", "numpy.testing"}


def test_afterwards_the_packages_are_whole() -> None:
    code = (
        "import scipy, scipy.special, scipy.linalg.cython_lapack, scipy.special as named",
        "from scipy.special import *",
        "from scipy import stats",
        "assert gamma(5.0) == scipy.special.gamma(5.0) == named.gamma(5.0) == 24.0",
        "assert scipy.linalg.det([[2.0, 0.0], [0.0, 3.0]]) == 6.0 and scipy.linalg.cython_lapack.__pyx_capi__",
        "assert scipy.special._ufuncs is sys.modules['scipy.special._ufuncs']",
        "assert {'gamma', 'ndtr'} <= set(dir(named)) and named.__all__ == scipy.special.__all__",
        "print(stats.norm.cdf(0.0), type(scipy.special).__name__, type(scipy.linalg).__name__)",
    )
    assert printed("import sys, simulation.values.special_functions", *code) == "0.5 module module"


def test_a_scipy_that_keeps_them_elsewhere_is_asked_for_the_package() -> None:
    code = (
        "import importlib.util, pathlib, sys",
        "source = pathlib.Path(importlib.util.find_spec('simulation.values.special_functions').origin).read_text(encoding='utf-8')",
        "ours = {'__name__': 'ours'}",
        "exec(source.replace('scipy.special._ufuncs', 'scipy.special._elsewhere'), ours)",
        "import scipy.special as its",
        "print(all(ours[name] is getattr(its, name) for name in ours['__all__']), '_elsewhere' in source)",
    )
    assert printed(*code) == "True False"
