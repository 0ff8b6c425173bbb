"""What an installation contains and states."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
import venv
import zipfile
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

import simulation
from tests.support.places import ROOT
from tools import structure

needs_checkout = pytest.mark.skipif(not (ROOT / "pyproject.toml").exists(), reason="needs the checkout")


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@needs_checkout
def test_one_version_everywhere() -> None:
    version = project()["project"]["version"]
    citation = re.search(r"^version: (.*)$", (ROOT / "CITATION.cff").read_text(encoding="utf-8"), re.MULTILINE)
    assert citation is not None
    assert simulation.__version__ == version == citation[1]


def test_installed_command_and_version() -> None:
    try:
        installed = metadata.distribution("carryflow")
    except metadata.PackageNotFoundError:
        pytest.skip("carryflow is not installed in this environment")
    assert installed.version == simulation.__version__
    (script,) = (entry for entry in installed.entry_points if entry.group == "console_scripts")
    assert (script.name, script.value) == ("carryflow", "simulation.cli:main")


@needs_checkout
def test_every_imported_library_is_a_declared_dependency() -> None:
    facts = project()["project"]
    extras = [name for extra in ("discovery", "serve", "viz") for name in facts["optional-dependencies"][extra]]
    stated = " ".join([*facts["dependencies"], *extras]).lower()
    files = (ROOT / "simulation").rglob("*.py")
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in files]
    names_imported = {name for tree in trees for name in structure.imported_names(tree)}
    imported = {name.split(".")[0] for name in names_imported} - set(sys.stdlib_module_names)
    names = {
        "sklearn": "scikit-learn",
        "ruamel": "ruamel.yaml",
        "pydantic_core": "pydantic",
        "annotated_types": "pydantic",
    }
    missing = [name for name in imported - {"simulation"} if names.get(name, name) not in stated]
    assert missing == []


@needs_checkout
def test_wheel_holds_one_package_with_its_data(tmp_path: Path) -> None:
    wheel = built(tmp_path, ROOT)
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"simulation"}
    assert "simulation/py.typed" in names
    assert "simulation/configs/scenarios/december_2025_article.yaml" in names
    for data in ("sweeps/explore.csv", "explore/december_2025.json"):
        assert f"simulation/configs/{data}" in names
    page = ROOT / "simulation" / "pages" / "explore" / "page"
    assert {f"simulation/pages/explore/page/{file.name}" for file in page.iterdir()} <= set(names)
    studies = list((ROOT / "experiments").glob("*.py"))
    assert all(f"simulation/experiments/{study.name}" in names for study in studies)
    assert not any("__pycache__" in name for name in names)


@needs_checkout
def test_wheel_from_the_source_archive_is_the_same(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", tmp_path], cwd=ROOT, check=True)
    (archive,) = tmp_path.glob("*.tar.gz")
    shutil.unpack_archive(archive, tmp_path / "source", filter="data")
    (source,) = (tmp_path / "source").iterdir()
    direct, again = built(tmp_path / "direct", ROOT), built(tmp_path / "again", source)
    assert sorted(zipfile.ZipFile(direct).namelist()) == sorted(zipfile.ZipFile(again).namelist())


@needs_checkout
def test_scenarios_are_found_from_an_installed_wheel(tmp_path: Path) -> None:
    wheel = built(tmp_path, ROOT)
    home = tmp_path / "environment"
    # The libraries come from this environment; only carryflow itself is the installed one.
    venv.create(home, with_pip=False, symlinks=os.name != "nt")
    (site,) = home.glob("lib/python*/site-packages")
    zipfile.ZipFile(wheel).extractall(site)
    libraries = Path(str(metadata.distribution("click").locate_file("")))
    done = subprocess.run(
        [home / "bin" / "python", "-c", "from simulation.cli import main; main(['list', 'scenarios'])"],
        cwd=tmp_path,
        env={"PYTHONPATH": f"{site}{os.pathsep}{libraries}", "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "december_2025_official" in done.stdout


def built(folder: Path, source: Path) -> Path:
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder], cwd=source, check=True)
    (wheel,) = folder.glob("*.whl")
    return wheel
