"""The benchmark command: table and figure, error messages, exit codes."""

import csv
import sys
from pathlib import Path

import pytest

from benchmarks import models
from benchmarks.__main__ import main
from benchmarks.contestants import Contestant, Setting
from benchmarks.models import TWIN

SMALL_CAST = (
    "carry_funds", "yen_borrowers", "life_insurers", "pension_funds", "banks", "investment_trusts", "retail_fx",
    "crypto_traders", "bitcoin_etf_holders", "foreigners_in_japan",
)  # fmt: skip


@pytest.mark.slow
def test_the_command_writes_table_and_figure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    few = [f"--set=populations.{name}.investors=3" for name in SMALL_CAST]
    monkeypatch.setattr(models, "BATCHES", (1, 64))
    command = ["benchmarks", "--rounds", "1", "--no-peers", "--out", str(tmp_path), "--set", "end=2025-12-02", *few]
    monkeypatch.setattr(sys, "argv", command)
    assert main() == 0
    assert {path.name for path in tmp_path.iterdir()} == {"bench.csv", "bench.md", "bench.png", "bench.svg"}
    with (tmp_path / "bench.csv").open(encoding="utf-8") as file:
        rows = {row["contestant"]: row for row in csv.DictReader(file)}
    assert float(rows[TWIN]["largest_metric_difference"]) <= 1e-9
    assert float(rows[TWIN]["median_ns"]) > 0.0
    assert "Quick estimate" in capsys.readouterr().out


def test_an_unknown_key_is_reported_without_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["benchmarks", "--out", str(tmp_path / "new"), "--set", "nonsense=1"])
    assert main() == 2
    assert "nonsense" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    "words", [["--rounds", "0"], ["--rounds", "-3"], ["--rounds", "two"], ["guard", "--rounds", "0"]]
)
def test_rounds_are_counted_from_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["benchmarks", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "not a whole number of at least 1" in capsys.readouterr().err


def test_a_folder_that_is_a_file_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "taken").write_text("mine")
    monkeypatch.setattr(sys, "argv", ["benchmarks", "--out", str(tmp_path / "taken")])
    assert main() == 2
    assert "taken" in capsys.readouterr().err
    assert (tmp_path / "taken").read_text() == "mine"


def test_an_interruption_is_reported_without_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(setting: Setting, with_peers: bool) -> list[Contestant]:
        raise KeyboardInterrupt

    monkeypatch.setattr("benchmarks.__main__.contestants", interrupted)
    monkeypatch.setattr(sys, "argv", ["benchmarks", "--out", str(tmp_path)])
    assert main() == 130
    assert capsys.readouterr().err == "Interrupted; measurements were not saved.\n"
    assert list(tmp_path.iterdir()) == []


def test_rounds_before_the_word_guard_count(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def measured(rounds: int) -> list[float]:
        asked.append(rounds)
        return [1.0]

    monkeypatch.setattr("benchmarks.guard.measure_ratios", measured)
    for words in (["--rounds", "3", "guard"], ["guard", "--rounds", "4"], ["guard"]):
        monkeypatch.setattr(sys, "argv", ["benchmarks", *words])
        assert main() == 0
    assert asked == [3, 4, 11]
