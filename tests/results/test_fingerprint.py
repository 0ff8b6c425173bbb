"""The code fingerprint changes with the code that results depend on and with no other code."""

import shutil
from pathlib import Path

import pytest

from simulation.results import fingerprint as tested
from simulation.results.fingerprint import code_fingerprint, source_files

KERNEL = "simulation.sweeps.kernel"


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the package that the test may change."""
    copied = tmp_path / "simulation"
    shutil.copytree(tested.PACKAGE, copied, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(tested, "PACKAGE", copied)
    return copied


def uncached(*modules: str) -> str:
    return code_fingerprint.__wrapped__(*modules)


def test_the_engine_is_part_of_it_and_presentation_is_not() -> None:
    found = {name.removeprefix("simulation.") for name in source_files((KERNEL,))}
    engine = {"day.capital_flows", "day.clearing", "accounts.settlement", "investors.carry_funds", "results.metrics"}
    assert engine <= found
    imported_in_functions = {"policy.rate_paths", "sweeps.points", "scenario.config.loading", "scenario.event"}
    assert imported_in_functions <= found
    assert not {name for name in found if name.split(".")[0] in ("cli", "pages", "studies", "compute")}
    assert {name for name in found if name.startswith("results.")} == {"results.metrics", "results.tables"}


def test_it_changes_with_the_engine_alone(copy: Path) -> None:
    before = uncached(KERNEL)
    with (copy / "cli" / "output.py").open("a") as file:
        file.write("ANOTHER = 1\n")
    assert uncached(KERNEL) == before
    for path in copy.rglob("*.py"):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert uncached(KERNEL) == before, "line endings do not count"
    with (copy / "investors" / "rules.py").open("a") as file:
        file.write("ANOTHER = 1\n")
    assert uncached(KERNEL) != before


def test_a_module_outside_the_package_counts_too() -> None:
    assert __name__ in source_files((KERNEL, __name__))
    assert code_fingerprint(KERNEL, __name__) != code_fingerprint(KERNEL)
