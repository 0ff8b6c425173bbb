"""Find the configs and experiments that travel with the package, by name and from any directory."""

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
"""Kind of file -> its folder, below the package in a wheel and below the project in a checkout, and its ending."""


def shipped_files(kind: str) -> dict[str, Path]:
    """Return the shipped files of a kind (scenarios, events, facts, ...) by name, in alphabetical order."""
    return {name: path for name, path in shipped_and_base_files(kind).items() if not name.startswith("_")}


def shipped_and_base_files(kind: str) -> dict[str, Path]:
    """Return all shipped files of a kind by name, also those that only serve to be extended (their names begin with _)."""
    folder, ending = FOLDERS[kind]
    found: dict[str, Path] = {}
    for home in _search_folders():
        for path in (home / folder).glob(f"*{ending}"):
            found.setdefault(path.stem, path)
    return dict(sorted(found.items()))


def find_file(kind: str, name: str | Path) -> Path:
    """Return the file that a name or a path stands for.

    Text with a slash or a file ending is a path, everything else the name of a shipped file.  Raises ConfigError with
    the nearest names where there is no such file.
    """
    shipped = shipped_files(kind)
    if isinstance(name, Path) or is_path(name):
        if Path(name).exists():
            return Path(name)
        raise _not_found_error(str(name), "no such file", Path(name).stem, list(shipped))
    if name in shipped:
        return shipped[name]
    raise _not_found_error(name, f"no {kind.removesuffix('s')} of this name", name, list(shipped))


def is_path(name: str) -> bool:
    """Return whether a text names a file by its path rather than a shipped file."""
    return any(sign in name for sign in ("/", "\\")) or name.endswith((".yaml", ".yml", ".py", ".csv"))


def _search_folders() -> Sequence[Path]:
    """Return the places to look: the package as a wheel installs it, then the checkout it is run from.

    An editable install does not copy the data into the package.  The folder above an installed package is
    site-packages, where a stranger may have put a `configs`: only a project folder counts.
    """
    checkout = PACKAGE_FOLDER.parent
    return (PACKAGE_FOLDER, checkout) if (checkout / "pyproject.toml").is_file() else (PACKAGE_FOLDER,)


def _not_found_error(shown: str, message: str, name: str, names: Sequence[str]) -> ConfigError:
    """Return the mistake of a name or path that leads nowhere."""
    return ConfigError([ConfigProblem(shown, None, None, "", message, suggest_name(name, names, "known names"))])
