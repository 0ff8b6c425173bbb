"""Shipped files by name: from a wheel, from a checkout, from any directory."""

from pathlib import Path

import pytest

from simulation.scenario.config import catalog
from simulation.scenario.config.catalog import find_file, shipped_files
from simulation.scenario.config.errors import ConfigError


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with two scenarios and an experiment; the working directory is elsewhere."""
    for name in ("configs/scenarios/official.yaml", "configs/scenarios/article.yaml", "experiments/who_first.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("checkout")
    (tmp_path / "experiments" / "__init__.py").write_text("")
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "simulation").mkdir()
    monkeypatch.setattr(catalog, "PACKAGE_FOLDER", tmp_path / "simulation")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    return tmp_path


def install(project: Path, name: str) -> None:
    """Put a file where a wheel puts it."""
    path = project / "simulation" / name
    path.parent.mkdir(parents=True)
    path.write_text("wheel")


def test_names_are_found_in_a_checkout_in_order(project: Path) -> None:
    assert list(shipped_files("scenarios")) == ["article", "official"]
    assert list(shipped_files("experiments")) == ["who_first"]
    assert shipped_files("sweeps") == {}
    assert find_file("scenarios", "official").read_text() == "checkout"


def test_the_package_has_priority_over_the_checkout(project: Path) -> None:
    install(project, "configs/scenarios/official.yaml")
    assert find_file("scenarios", "official").read_text() == "wheel"
    assert find_file("scenarios", "article").read_text() == "checkout"


def test_a_wheel_needs_no_checkout(project: Path) -> None:
    install(project, "configs/scenarios/only.yaml")
    (project / "pyproject.toml").unlink()
    # The folder above an installed package is site-packages, which may hold unrelated folders.
    assert list(shipped_files("scenarios")) == ["only"]


def test_an_unknown_name_lists_the_nearest(project: Path) -> None:
    with pytest.raises(ConfigError, match=r"^oficial: no scenario of this name; did you mean official\?$"):
        find_file("scenarios", "oficial")
    with pytest.raises(ConfigError, match=r"^xyz: no scenario of this name; known names: article, official$"):
        find_file("scenarios", "xyz")
    with pytest.raises(ConfigError, match=r"^xyz: no sweep of this name$"):
        find_file("sweeps", "xyz")


@pytest.mark.parametrize("text", ["own.yaml", "./own.yaml", "sub/own.yml", "own.py"])
def test_a_path_is_used_as_it_is(text: str, project: Path) -> None:
    path = Path(text)
    path.parent.mkdir(exist_ok=True)
    path.write_text("own")
    assert find_file("scenarios", text) == path
    assert find_file("scenarios", path) == path


def test_a_bare_name_is_never_a_file_of_the_working_directory(project: Path) -> None:
    Path("mine").write_text("own")
    with pytest.raises(ConfigError):
        find_file("scenarios", "mine")


def test_a_missing_path_suggests_a_shipped_file(project: Path) -> None:
    with pytest.raises(ConfigError, match=r"^official\.yaml: no such file; did you mean official\?$"):
        find_file("scenarios", "official.yaml")


def test_an_event_given_as_a_scenario_names_the_command_that_takes_it() -> None:
    with pytest.raises(ConfigError, match="carryflow replay august_2024"):
        find_file("scenarios", "august_2024")
