"""What a command imports when: no part of the start-up that it does not use."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

# Not scipy.linalg: since SciPy 1.18 scipy.special, which the engine needs, imports it.
HEAVY = {
    *("mesa", "networkx", "pandas", "pyarrow", "matplotlib", "dask", "distributed", "asyncio"),
    *("scipy.optimize", "scipy.spatial", "scipy.stats", "scipy.sparse"),
}
ONE_DAY = ("run", "december_2025_official", "--runs", "1", "--quiet", "--set", "end=2025-12-01")
SAY_MODULES = """
import json, sys
from simulation.cli import exit_code_of
code = exit_code_of(sys.argv[1:])
print(json.dumps([code, sorted(sys.modules)]), file=sys.stderr)
"""
SAY_IMPORTED = (
    "import importlib, json, sys; importlib.import_module(sys.argv[1]); print(json.dumps(sorted(sys.modules)))"
)


def loaded_by(*arguments: str) -> set[str]:
    """Heavy modules that a command has imported when it ends well."""
    done = subprocess.run([sys.executable, "-c", SAY_MODULES, *arguments], capture_output=True, text=True, check=True)
    code, modules = json.loads(done.stderr)
    assert code == 0
    return HEAVY & set(modules)


def test_a_run_without_files_needs_numpy_and_scipy_special_alone() -> None:
    assert loaded_by(*ONE_DAY, "--no-save") == set()


def test_tables_bring_pandas_and_no_figures(tmp_path: Path) -> None:
    loaded = loaded_by(*ONE_DAY, "--no-figures", "--out", str(tmp_path / "out"))
    assert {"pandas", "pyarrow"} <= loaded
    assert not loaded & {"mesa", "networkx", "matplotlib", "scipy.optimize", "scipy.stats"}


def test_figures_are_drawn_without_mesa(tmp_path: Path) -> None:
    loaded = loaded_by(*ONE_DAY, "--out", str(tmp_path / "out"))
    assert "matplotlib" in loaded
    assert not loaded & {"mesa", "networkx", "scipy.stats"}


@pytest.mark.parametrize(
    "module", ["simulation.capital_flows", "simulation.ensemble", "simulation.results", "simulation.sweeps.kernel"]
)
def test_workers_import_only_the_engine(module: str) -> None:
    done = subprocess.run([sys.executable, "-c", SAY_IMPORTED, module], capture_output=True, text=True, check=True)
    modules = set(json.loads(done.stdout))
    assert module in modules
    assert HEAVY & modules == set()


def test_the_mesa_model_is_what_brings_mesa() -> None:
    code = "import simulation as cf, sys; cf.load_scenario; before = 'mesa' in sys.modules; cf.CapitalFlowModel"
    told = f"{code}; print(before, 'mesa' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]
