"""The structure of the code: folders and their order, heavy libraries behind their fence, names, and the picture of all this."""

import ast
from collections import defaultdict
from pathlib import Path

import pytest

from tests.support.places import ROOT
from tools import structure

FILES = structure.module_files()
IMPORTS = structure.module_imports(FILES)
MOST_LINES = 450

# Who may touch a heavy library: everybody else gets along with arrays.
FENCED = {
    "mesa": ("day/model.py", "pages/viz/"),
    "pandas": ("day/recorder.py", "results/", "compute/", "studies/", "sweeps/", "pages/", "cli/"),
    "pyarrow": ("results/", "compute/", "studies/", "sweeps/", "pages/", "cli/"),
    "matplotlib": (
        *(
            "results/figures/",
            "results/explanation/",
            "results/run_results.py",
            "pages/viz/plots.py",
            "sweeps/analysis/figures.py",
        ),
        *("studies/experiment/figures.py", "studies/paired.py", "studies/replay/", "studies/facts/figure.py"),
        *(
            "studies/calibration/figures.py",
            "studies/search/figures.py",
            "studies/shapley/",
            "sweeps/analysis/figures.py",
        ),
    ),
    "solara": ("pages/viz/",),
    "uvicorn": ("pages/viz/server.py", "pages/serve/server.py"),
    "starlette": ("pages/serve/app.py",),
    "rich": ("results/summary.py", "cli/"),
    "click": ("cli/",),
    "ruamel": ("scenario/config/",),
    "dask": ("sweeps/",),
    "distributed": ("sweeps/",),
}
# Loaded only when asked for, so that the engine and the help of the command line start without them.
ONLY_INSIDE_FUNCTIONS = (
    ("pandas", "day/recorder.py"),
    ("pandas", "results/tables.py"),
    ("pyarrow", "results/tables.py"),
    ("pyarrow", "results/run_results.py"),
    ("matplotlib", "results/run_results.py"),
)
NAMES_WITHOUT_OBJECT = {"told", "shown", "joined", "numbers", "measured", "checked"}
# Classes of one name in several files: the public name of banks in a fire sale, and the population of that name.
SHARED_CLASS_NAMES = {"Banks"}


def name_of(path: Path) -> str:
    return path.relative_to(structure.PACKAGE).as_posix()


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def test_every_module_lies_in_a_folder_that_has_its_place() -> None:
    loose = {path.name for path in structure.PACKAGE.glob("*.py")}
    assert loose == {"__init__.py", "__main__.py"}
    folders = {structure.folder_of(module) for module in FILES} - {"", "__main__"}
    assert folders == set(structure.LEVEL), "give a folder its row in tools/structure.py"


@pytest.mark.parametrize("module", [module for module in FILES if structure.folder_of(module) in structure.LEVEL])
def test_imports_point_downwards(module: str) -> None:
    folder = structure.folder_of(module)
    others = {other for other in IMPORTS[module] if structure.folder_of(other) != folder}
    upward = {other for other in others if structure.LEVEL[structure.folder_of(other)] >= structure.LEVEL[folder]}
    assert upward == set(), f"{module} imports from a folder above or beside its own"


def test_no_files_import_one_another() -> None:
    assert structure.import_circles(IMPORTS) == []


def test_a_circle_is_found_with_all_its_files() -> None:
    imports = {"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "d": set(), "e": {"a", "e"}}
    assert structure.import_circles(imports) == [["b", "c"], ["e"]]


@pytest.mark.parametrize("path", FILES.values(), ids=name_of)
def test_heavy_libraries_stay_behind_their_fence(path: Path) -> None:
    used = {name.split(".")[0] for name in structure.names_imported_by(path)}
    for library in used & set(FENCED):
        assert name_of(path).startswith(FENCED[library]), f"{library} is for {', '.join(FENCED[library])}"


@pytest.mark.parametrize(("library", "file"), ONLY_INSIDE_FUNCTIONS)
def test_loaded_only_when_asked_for(library: str, file: str) -> None:
    outside: list[ast.stmt] = [
        n for n in tree_of(structure.PACKAGE / file).body if isinstance(n, ast.Import | ast.ImportFrom)
    ]
    assert library not in {name.split(".")[0] for name in structure.imported_names(ast.Module(outside, []))}


@pytest.mark.parametrize("path", [*FILES.values(), *(ROOT / "experiments").glob("*.py")], ids=lambda path: path.stem)
def test_a_file_is_one_subject(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


def module_level_names(tree: ast.Module) -> set[str]:
    names: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            names |= {
                child.id for child in ast.walk(node) if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store)
            }
    return names


@pytest.mark.parametrize("path", FILES.values(), ids=name_of)
def test_names_carry_their_object(path: Path) -> None:
    assert module_level_names(tree_of(path)) & NAMES_WITHOUT_OBJECT == set()


def test_one_class_name_means_one_thing() -> None:
    homes = defaultdict(list)
    for module, path in FILES.items():
        for node in tree_of(path).body:
            if isinstance(node, ast.ClassDef):
                homes[node.name].append(module)
    assert {name for name, modules in homes.items() if len(modules) > 1} == SHARED_CLASS_NAMES


def test_the_picture_of_the_structure_is_current() -> None:
    drawn = structure.ARROWS.read_text(encoding="utf-8")
    assert drawn == structure.arrows_csv(structure.folder_arrows(IMPORTS)), "run python -m tools.structure"
    page = structure.PAGE.read_text(encoding="utf-8")
    assert page == structure.page_with_table(page), "run python -m tools.structure"


def test_only_arrows_that_others_imply_are_left_out() -> None:
    arrows = {("day", "values"): 3, ("day", "market"): 1, ("market", "values"): 2}
    assert structure.direct_arrows(arrows) == {("day", "market"), ("market", "values")}


def test_every_kind_of_import_is_seen() -> None:
    code = """
import simulation.cli
from simulation.day import model
def later():
    from simulation.results.figures import style
if TYPE_CHECKING:
    from simulation.results.run_results import Result
"""
    found = set(structure.imported_names(ast.parse(code)))
    assert found == {"simulation.cli", "simulation.day.model", "simulation.results.figures.style"}
