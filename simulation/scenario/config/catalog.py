"""Shipped configuration and experiment files by name, from any working directory."""

from collections.abc import Sequence
from pathlib import Path

from simulation.scenario.config.errors import ConfigError, ConfigProblem
from simulation.scenario.config.formatting import suggest_name

PACKAGE_FOLDER = Path(__file__).resolve().parents[2]
FOLDERS = {
    "scenarios": ("configs/scenarios", ".yaml"),
    "events": ("configs/events", ".yaml"),
    "sweeps": ("configs/sweeps", ".yaml"),
    "facts": ("configs/facts", ".yaml"),
    "experiments": ("experiments", ".py"),
    "calibration": ("configs/calibration", ".csv"),
    "explore": ("configs/explore", ".json"),
}
"""Folder and file extension of each kind; folders are relative to the package in a wheel, to the project in a checkout."""


def shipped_files(kind: str) -> dict[str, Path]:
    """Return the shipped files of a kind (scenarios, events, facts, ...) by name, in alphabetical order, without bases."""
    return {name: path for name, path in shipped_and_base_files(kind).items() if not name.startswith("_")}


def shipped_and_base_files(kind: str) -> dict[str, Path]:
    """Return the shipped files of a kind by name, including bases for other files (names that start with _)."""
    folder, ending = FOLDERS[kind]
    files: dict[str, Path] = {}
    for root in _search_folders():
        for path in (root / folder).glob(f"*{ending}"):
            files.setdefault(path.stem, path)
    return dict(sorted(files.items()))


def find_file(kind: str, name: str | Path) -> Path:
    """Return the path of a file given by name or path.

    Text with a slash or a file extension is a path; other text is the name of a shipped file.

    Raises
    ------
    ConfigError
        If there is no such file; the message suggests the nearest name.
    """
    shipped = shipped_files(kind)
    if isinstance(name, Path) or is_path(name):
        if Path(name).exists():
            return Path(name)
        raise _not_found_error(str(name), "no such file", Path(name).stem, list(shipped))
    if name in shipped:
        return shipped[name]
    if kind == "scenarios" and name in shipped_files("events"):
        message = f"no scenario of this name, but an event: carryflow replay {name}"
        raise ConfigError([ConfigProblem(name, None, None, "", message)])
    raise _not_found_error(name, f"no {kind.removesuffix('s')} of this name", name, list(shipped))


def is_path(name: str) -> bool:
    """Return whether text is a path rather than the name of a shipped file."""
    return any(sign in name for sign in ("/", "\\")) or name.endswith((".yaml", ".yml", ".py", ".csv"))


def _search_folders() -> Sequence[Path]:
    """Return the package folder and, in a checkout, the project folder.

    An editable install does not copy the data into the package.  The folder above an installed package is
    site-packages, which may hold an unrelated `configs`; only a folder with pyproject.toml is searched.
    """
    checkout = PACKAGE_FOLDER.parent
    return (PACKAGE_FOLDER, checkout) if (checkout / "pyproject.toml").is_file() else (PACKAGE_FOLDER,)


def _not_found_error(file: str, message: str, name: str, names: Sequence[str]) -> ConfigError:
    """Return the error for a name or path without a file."""
    return ConfigError([ConfigProblem(file, None, None, "", message, suggest_name(name, names, "known names"))])
