"""What every test shares: the same examples everywhere, and one thread of linear algebra for each process."""

import gc
import os

# Two test processes with two threads each would wait for one another; the programs that tests start inherit this.
for library in ("OPENBLAS", "MKL", "OMP"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")

import pytest  # noqa: E402  (numpy reads the number of threads when it is first imported)
from hypothesis import settings  # noqa: E402

# No clock: a slow machine is no mistake of the model.
settings.register_profile("carryflow", deadline=None, derandomize=True, database=None)
settings.load_profile("carryflow")


@pytest.fixture
def unrendered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures are drawn but make no pictures, which takes most of their time; for tests of what lies beside them."""
    for picture in (
        "simulation.results.figures.charts.png_bytes",
        "simulation.studies.experiment.figures.png_bytes",
        "simulation.studies.experiment.figures.svg_bytes",
    ):
        monkeypatch.setattr(picture, lambda _: b"")


def pytest_collection_finish() -> None:
    """Leave modules and collected tests, which stay to the end, out of every later search for garbage."""
    gc.collect()
    gc.freeze()
