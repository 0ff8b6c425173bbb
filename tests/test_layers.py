"""Import fences: values at the bottom, what acts on them above, the command line on top."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "simulation"
MOST_LINES = 250

# From the bottom up. A part may import parts of earlier rows and itself, never its neighbours or what stands above.
LAYERS: tuple[tuple[str, ...], ...] = (
    ("conventions", "loopback", "special_functions", "spelling", "episode_measures"),
    ("parameters", "calendar", "quote", "randomness"),
    ("assets",),
    ("orders", "information", "balance_sheet"),
    ("policy", "tally", "ledger", "given_news"),
    ("expectations",),
    ("investors", "market", "settlement"),
    ("news", "reactions", "cascade", "stated_orders"),
    ("consistency",),
    ("scenario",),
    ("event", "officials", "recorder", "batch", "cloud", "registration"),
    ("cautions",),
    ("config",),
    ("clearing", "economy", "fragility", "calendars_apart"),
    ("settling", "day_record", "forced_rounds"),
    ("capital_flows",),
    ("model",),
    ("metrics", "tables", "store", "worker_process", "fingerprint"),
    ("findings", "summary_table"),
    ("summary", "figures"),
    ("explanation",),
    ("results", "workers"),
    ("ensemble", "run_folder"),
    (
        "claims",
        "replay",
        "experiment_workload",
        "experiment_figures",
        "experiment_files",
        "experiment_exposures",
    ),
    ("experiment", "facts"),
    ("experiment_runner", "early_warning", "calibration", "sweeps", "paired_words"),
    ("analysis",),
    ("search", "paired_figure", "explore", "shapley", "reporting"),
    ("paired",),
    ("adapters", "viz", "serve"),
    ("cli",),
)
LEVEL = {part: level for level, parts in enumerate(LAYERS) for part in parts}

# Who may touch a heavy library: everybody else gets along with arrays.
FENCED = {
    "mesa": ("model.py", "viz/"),
    "pandas": ("recorder.py", "tables.py"),
    "pyarrow": ("tables.py", "experiment_files.py"),
    "matplotlib": (
        "figures/",
        "replay/figure.py",
        "replay/given_marks.py",
        "replay/replay.py",
        "facts/figure.py",
        "calibration/figures.py",
        "calibration/rank_figure.py",
        "calibration/kept.py",
        "results.py",
        "experiment_runner.py",
        "experiment_figures.py",
        "experiment_files.py",
        "analysis/figures.py",
        "search/figures.py",
        "paired.py",
        "paired_figure.py",
        "explanation/day.py",
        "shapley/shares.py",
        "explanation/waterfall.py",
        "viz/plots.py",
        "viz/page.py",
    ),
    "solara": ("viz/",),
    "uvicorn": ("viz/server.py", "serve/server.py"),
    "starlette": ("serve/app.py",),
    "rich": ("summary_table.py", "summary.py", "cli/"),
    "click": ("cli/",),
    "ruamel": ("config/",),
    "dask": ("sweeps/cluster.py",),
    "distributed": ("sweeps/cluster.py",),
}
# Free for all from this part upwards.
FREE_FROM = {"pandas": "results", "pyarrow": "results"}
# Loaded only when asked for, so that the engine and the help of the command line start without them.
ONLY_INSIDE_FUNCTIONS = (
    ("pandas", "recorder.py"),
    ("pandas", "tables.py"),
    ("pyarrow", "tables.py"),
    ("pandas", "results.py"),
    ("pyarrow", "results.py"),
    ("matplotlib", "results.py"),
)

FILES = sorted(PACKAGE.rglob("*.py"))


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def imports(tree: ast.AST) -> Iterator[str]:
    """Yield every module imported when the code runs; an import for types only binds nothing."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative import"
            assert node.module is not None
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif not is_for_types(node):
            yield from imports(node)


@cache
def imports_of(path: Path) -> tuple[str, ...]:
    return tuple(imports(ast.parse(path.read_text(encoding="utf-8"))))


def imported_parts(path: Path) -> set[str]:
    names = (name.split(".") for name in imports_of(path))
    return {name[1] for name in names if name[0] == "simulation" and len(name) > 1}


def test_every_part_has_its_place() -> None:
    parts = {part_of(path) for path in FILES} - {"__init__"}
    assert parts - set(LEVEL) == set(), "give a new part its row in LAYERS"
    assert set(LEVEL) - parts == set(), "a part in LAYERS is gone"


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_imports_point_downwards(path: Path) -> None:
    part = part_of(path)
    if part not in LEVEL:
        return
    upward = {other for other in imported_parts(path) & set(LEVEL) if other != part and LEVEL[other] >= LEVEL[part]}
    assert upward == set(), f"{name_of(path)} reaches up or sideways"


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_heavy_libraries_stay_behind_their_fence(path: Path) -> None:
    used = {name.split(".")[0] for name in imports_of(path)}
    for library in used & set(FENCED):
        allowed = FENCED[library]
        above = library in FREE_FROM and LEVEL.get(part_of(path), -1) >= LEVEL[FREE_FROM[library]]
        assert above or name_of(path).startswith(allowed), f"{library} is for {', '.join(allowed)}"


@pytest.mark.parametrize(("library", "file"), ONLY_INSIDE_FUNCTIONS)
def test_loaded_only_when_asked_for(library: str, file: str) -> None:
    tree = ast.parse((PACKAGE / file).read_text(encoding="utf-8"))
    outside = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    assert library not in {name.split(".")[0] for name in imports(ast.Module(list(outside), []))}


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_files_stay_short(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


def test_the_fence_sees_every_kind_of_import() -> None:
    code = """
import simulation.cli
from simulation.day import model
def later():
    from simulation.results.figures.charts import style
if TYPE_CHECKING:
    from simulation.results.run_results import Result
"""
    assert set(imports(ast.parse(code))) == {
        "simulation.cli",
        "simulation.day.model",
        "simulation.results.figures.style",
    }
