"""The structure of the code, read from its own imports: folders, their order, and the figure and table of docs/architecture.md.

``python -m tools.structure`` writes docs/figures/structure.png, docs/figures/structure.csv and the table of folders.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "simulation"
PAGE = ROOT / "docs" / "architecture.md"
FIGURE = ROOT / "docs" / "figures" / "structure.png"
ARROWS = ROOT / "docs" / "figures" / "structure.csv"
TABLE_START, TABLE_END = "<!-- folders: start -->\n", "<!-- folders: end -->\n"

FOLDERS: tuple[dict[str, str], ...] = (
    {"values": "units, dates, assets, quotes, orders, balance sheets, parameters, random streams"},
    {
        "accounts": "settlement of trades and the ledger's identities",
        "policy": "meetings, odds, guidance, reaction functions, interventions, the interest bill",
        "market": "price impact, price rules, fundamentals, the parameters of each market",
        "investors": "one file per population, and the rules that they share",
    },
    {"expectations": "what the market expects of both central banks, and the news of a day"},
    {"scenario": "what a scenario or event may say; batches of scenarios; reading and checking files (`config/`)"},
    {"day": "the business day, the Mesa model, the record of a run"},
    {"results": "tables, metrics, summary, output folders; `figures/`; `explanation/` of a day"},
    {"compute": "batches of runs on one or several processes"},
    {"studies": "experiments, paired comparison, replays, facts, claims, calibration, searches"},
    {"sweeps": "many variants of a scenario, their store, and what it says (`analysis/`)"},
    {"pages": "the teaching page, its server, Mesa's page, HTML reports"},
    {"cli": "the commands"},
)
"""From the bottom up: a folder may import folders of earlier rows and itself, never its neighbours or what stands above."""

BESIDE_THE_MIDDLE = {"expectations": 0.385, "scenario": 0.75}
"""Horizontal places, 0 to 1, of folders that would hide arrows in the middle of the picture."""

LEVEL = {folder: level for level, row in enumerate(FOLDERS) for folder in row}


def module_files(package: Path = PACKAGE) -> dict[str, Path]:
    """Files of the package by the name of their module."""
    files: dict[str, Path] = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package.parent).with_suffix("").parts
        files[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return files


def imported_names(tree: ast.AST) -> Iterator[str]:
    """Dotted names that code imports when it runs, also inside functions; imports for types only are left out."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level or node.module is None:
                raise ValueError("relative import: name the module from `simulation` on")
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif not _is_for_types(node):
            yield from imported_names(node)


def _is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


@cache
def names_imported_by(path: Path) -> tuple[str, ...]:
    """`imported_names` of a file."""
    return tuple(imported_names(ast.parse(path.read_text(encoding="utf-8"))))


def module_imports(files: Mapping[str, Path]) -> dict[str, set[str]]:
    """Modules among `files` that each module imports; an index of public names (the package itself) does not count."""
    found: dict[str, set[str]] = {}
    for module, path in files.items():
        owners = (name if name in files else name.rpartition(".")[0] for name in names_imported_by(path))
        found[module] = {owner for owner in owners if owner in files and owner not in (module, PACKAGE.name)}
    return found


def import_circles(imports: Mapping[str, set[str]]) -> list[list[str]]:
    """Groups of modules that import one another, directly or through others, each in alphabetical order."""
    reach = {module: _reachable(module, imports) for module in imports}
    circles = {tuple(sorted(other for other in reach[m] if m in reach[other])) for m in imports if m in reach[m]}
    return sorted(list(circle) for circle in circles)


def _reachable(module: str, imports: Mapping[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    open_modules = [module]
    while open_modules:
        for other in imports[open_modules.pop()] - seen:
            seen.add(other)
            open_modules.append(other)
    return seen


def folder_of(module: str) -> str:
    """Folder of a module of the package: the first name after `simulation`."""
    return module.split(".")[1] if "." in module else ""


def folder_arrows(imports: Mapping[str, set[str]]) -> Counter[tuple[str, str]]:
    """Number of imports from each folder to each other folder."""
    pairs = ((folder_of(module), folder_of(other)) for module, others in imports.items() for other in others)
    return Counter((folder, other) for folder, other in pairs if folder in LEVEL and other in LEVEL and folder != other)


def arrows_csv(arrows: Mapping[tuple[str, str], int]) -> str:
    """The arrows between folders as CSV: importing folder, imported folder, whether an import exists.

    The number of imports is in no row, so that the file changes only when the structure does.
    """
    rows = sorted(arrows, key=lambda pair: (-LEVEL[pair[0]], pair[0], LEVEL[pair[1]], pair[1]))
    return "".join(["folder,imports\n", *(f"{folder},{other}\n" for folder, other in rows)])


def folder_table() -> str:
    """The folders from the top down as a Markdown table."""
    lines = ["| Folder | What it holds |\n", "|---|---|\n"]
    for row in reversed(FOLDERS):
        lines += [f"| `simulation/{folder}/` | {holds} |\n" for folder, holds in row.items()]
    return "".join(lines)


def page_with_table(page: str) -> str:
    """A page with the table of folders between its two marks."""
    before, _, rest = page.partition(TABLE_START)
    _, _, after = rest.partition(TABLE_END)
    return f"{before}{TABLE_START}{folder_table()}{TABLE_END}{after}"


def direct_arrows(arrows: Mapping[tuple[str, str], int]) -> set[tuple[str, str]]:
    """The arrows that no chain of other arrows implies."""
    imports = {folder: {other for start, other in arrows if start == folder} for folder in LEVEL}
    implied = {
        (folder, far) for folder, others in imports.items() for near in others for far in _reachable(near, imports)
    }
    return set(arrows) - implied


def draw(arrows: Mapping[tuple[str, str], int], path: Path) -> None:
    """Draw the folders as boxes with the direct imports that do not follow from others, and all imports as a matrix."""
    from simulation.results.figures.charts import png_bytes
    from simulation.results.figures.style import Heading, new_figure

    subtitle = "Folders of simulation/: direct imports that do not follow from others (left), all imports (right)"
    figure = new_figure(Heading("Imports point downwards", subtitle, "python -m tools.structure"))
    draw_boxes(figure.add_axes((0.03, 0.06, 0.5, 0.78)), direct_arrows(arrows))
    draw_matrix(figure.add_axes((0.66, 0.08, 0.32, 0.62)), arrows)
    path.write_bytes(png_bytes(figure))


def draw_boxes(axes: Axes, arrows: set[tuple[str, str]]) -> None:
    """Draw one box per folder, a row of FOLDERS per level, and arrows from importing to imported folders."""
    from matplotlib.patches import FancyBboxPatch

    places: dict[str, tuple[float, float]] = {}
    for level, row in enumerate(FOLDERS):
        for index, folder in enumerate(row):
            places[folder] = (BESIDE_THE_MIDDLE.get(folder, (index + 0.5) / len(row)), float(level))
    for folder, (x, y) in places.items():
        box = FancyBboxPatch((x - 0.11, y - 0.24), 0.22, 0.48, boxstyle="round,pad=0.01", fc="#eef3f8", ec="#4a6785")
        axes.add_patch(box)
        axes.text(x, y, folder, ha="center", va="center", fontsize=8)
    for start, end in sorted(arrows):
        (x1, y1), (x2, y2) = places[start], places[end]
        style = {"arrowstyle": "-|>", "color": "#7a8794", "lw": 0.9}
        axes.annotate("", (x2, y2 + 0.27), (x1, y1 - 0.27), arrowprops=style)
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.5, len(FOLDERS) - 0.5))
    axes.set_axis_off()


def draw_matrix(axes: Axes, arrows: Mapping[tuple[str, str], int]) -> None:
    """Draw a dot for each pair of folders with imports; the row imports the column."""
    from simulation.results.figures.style import remove_frame

    order = list(LEVEL)
    for (folder, other), count in arrows.items():
        axes.scatter(order.index(other), order.index(folder), s=10 + 4 * count**0.9, color="#2b6ca3", linewidths=0)
    axes.set(xlim=(-0.6, len(order) - 0.4), ylim=(-0.6, len(order) - 0.4))
    axes.set_xticks(range(len(order)), order, rotation=90)
    axes.set_yticks(range(len(order)), order)
    remove_frame(axes)
    axes.yaxis.tick_left()
    axes.xaxis.tick_top()
    axes.tick_params(length=0, labelsize=8)
    axes.grid(True, color="#e3e7eb", linewidth=0.6)
    axes.set_title("The row imports the column; size: number of imports", fontsize=8, loc="left", pad=62)


def main() -> None:
    """Write the figure, its data and the table of folders."""
    arrows = folder_arrows(module_imports(module_files()))
    draw(arrows, FIGURE)
    ARROWS.write_text(arrows_csv(arrows), encoding="utf-8")
    PAGE.write_text(page_with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
