"""The start-up benchmark, without measuring times."""

import sys
from pathlib import Path

import pytest

from benchmarks.startup import (
    CARRYFLOW,
    FIRST_DAY,
    ONE_DAY,
    YARDSTICK,
    Part,
    import_times,
    measure,
    processor_seconds,
    table,
)


def test_imports_are_added_up_by_package() -> None:
    report = """import time: self [us] | cumulative | imported package
import time:       120 |        120 |   numpy._core
import time:        30 |        150 | numpy
something else
import time:         7 |          7 | simulation.day.capital_flows
""".splitlines()
    assert import_times(report) == {"numpy": 150, "simulation": 7}


def test_the_table_holds_medians_against_the_yardstick() -> None:
    rows = table([Part(YARDSTICK, "", seconds=[0.4, 0.5, 9.0]), Part("other", "", seconds=[1.0])]).splitlines()
    assert rows[2] == f"| {YARDSTICK} | 0.50 | 0.40 to 9.00 | 1.00 |"
    assert rows[3] == "| other | 1.00 | 1.00 to 1.00 | 2.00 |"


def test_the_first_day_is_simulated_and_nothing_after_it(tmp_path: Path) -> None:
    step = "step(model)\n        print(model.today)\n        open('day', 'w').write(str(model.today))\n"
    later = FIRST_DAY.replace("step(model)\n", step)
    measure(
        Part("", later.replace("'day'", repr(str(tmp_path / "day"))), (*ONE_DAY[:-1], "end=2025-12-05", "--no-save")),
        tmp_path,
    )
    assert (tmp_path / "day").read_text() == "2025-12-01"


def test_a_first_run_finds_no_compiled_file_and_leaves_nothing(tmp_path: Path) -> None:
    code = "import os, sys, simulation; assert os.path.isdir(sys.pycache_prefix), sys.pycache_prefix"
    assert measure(Part("", code, fresh=True), tmp_path) > 0.0
    assert list(tmp_path.iterdir()) == []


def test_a_failing_command_raises_an_error(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="exit code 2"):
        processor_seconds([sys.executable, "-c", CARRYFLOW, "run"], tmp_path, {})
