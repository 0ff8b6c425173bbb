"""Commands import only the packages they use."""

import gc
import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import click
import pytest

from simulation.cli import COMMAND_FUNCTIONS, program, run_commands

HEAVY = {
    *("mesa", "networkx", "pandas", "pyarrow", "matplotlib", "dask", "distributed", "asyncio"),
    *("scipy.optimize", "scipy.spatial", "scipy.stats", "scipy.sparse"),
}
ONE_DAY = ("run", "december_2025_official", "--runs", "1", "--quiet", "--set", "end=2025-12-01")
PRINT_LOADED_MODULES = """
import json, sys
from simulation.cli import run_command_line
code = run_command_line(sys.argv[1:])
print(json.dumps([code, sorted(sys.modules)]), file=sys.stderr)
"""
PRINT_IMPORTED_MODULES = """
import importlib, json, sys
for module in sys.argv[1:]:
    importlib.import_module(module)
print(json.dumps(sorted(sys.modules)))
"""


@cache
def modules_of(*arguments: str) -> frozenset[str]:
    """Modules imported by a command that ends with exit code 0."""
    done = subprocess.run(
        [sys.executable, "-c", PRINT_LOADED_MODULES, *arguments], capture_output=True, text=True, check=True
    )
    code, modules = json.loads(done.stderr)
    assert code == 0
    return frozenset(modules)


def loaded_by(*arguments: str) -> set[str]:
    """Heavy packages imported by a command."""
    return HEAVY & modules_of(*arguments)


def test_a_run_without_files_imports_no_heavy_package() -> None:
    assert loaded_by(*ONE_DAY, "--no-save") == set()


def test_tables_import_pandas_but_not_matplotlib(tmp_path: Path) -> None:
    loaded = loaded_by(*ONE_DAY, "--no-figures", "--out", str(tmp_path / "out"))
    assert {"pandas", "pyarrow"} <= loaded
    assert not loaded & {"mesa", "networkx", "matplotlib", "scipy.optimize", "scipy.stats"}


def test_figures_are_drawn_without_mesa(tmp_path: Path) -> None:
    loaded = loaded_by(*ONE_DAY, "--out", str(tmp_path / "out"))
    assert "matplotlib" in loaded
    assert not loaded & {"mesa", "networkx", "scipy.stats"}


def test_workers_import_only_the_engine() -> None:
    """All modules are imported in one process: a package that is absent then is imported by none of them."""
    engine = (
        "simulation.day.capital_flows",
        "simulation.compute.ensemble",
        "simulation.results.run_results",
        "simulation.sweeps.kernel",
    )
    done = subprocess.run(
        [sys.executable, "-c", PRINT_IMPORTED_MODULES, *engine], capture_output=True, text=True, check=True
    )
    modules = set(json.loads(done.stdout))
    assert modules >= set(engine)
    assert HEAVY & modules == set()


def test_only_the_mesa_model_imports_mesa() -> None:
    code = "import simulation as cf, sys; cf.load_scenario; before = 'mesa' in sys.modules; cf.CapitalFlowModel"
    script = f"{code}; print(before, 'mesa' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


def test_a_command_imports_no_other_command() -> None:
    modules = modules_of(*ONE_DAY, "--no-save")
    assert [name for name in modules if name.startswith("simulation.cli.") and "command" in name] == [
        "simulation.cli.run_commands"
    ]


def test_commands_are_found_by_name() -> None:
    assert [program.commands[name].name for name in COMMAND_FUNCTIONS] == list(COMMAND_FUNCTIONS)
    assert program.get_command(click.Context(program), "rnu") is None


def test_the_engine_is_imported_without_collecting_garbage_and_garbage_is_collected_afterwards() -> None:
    code = (
        "import gc",
        "from simulation.cli import run_commands",
        "collections = []",
        "gc.callbacks.append(lambda phase, info: collections.append(phase))",
        "run_commands.load_engine()",
        "loaded, kept = len(collections), gc.get_freeze_count()",
        "run_commands.load_engine()",
        "print(loaded, gc.isenabled(), kept > 10_000, gc.get_freeze_count() == kept)",
    )
    done = subprocess.run([sys.executable, "-c", "\n".join(code)], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0", "True", "True", "True"]


def test_a_failed_import_leaves_garbage_collected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_commands, "ENGINE_MODULES", ("simulation.nowhere",))
    with pytest.raises(ModuleNotFoundError):
        run_commands.load_engine()
    assert gc.isenabled()


def test_pydantic_plugins_are_disabled_and_exit_skips_garbage_collection() -> None:
    code = "import atexit, gc, os; from simulation.cli import main"
    printed = "gc.get_freeze_count() > 10_000, os.environ['PYDANTIC_DISABLE_PLUGINS']"
    ended = f"{code}; atexit.register(lambda: print({printed})); main()"
    done = subprocess.run(
        [sys.executable, "-c", ended, "list", "scenarios"], capture_output=True, text=True, check=True
    )
    assert done.stdout.split()[-2:] == ["True", "__all__"]
