"""The file of parameter sets."""

from pathlib import Path

import numpy as np
import pytest

from simulation.calibration.cloud import Cloud, CloudError, read, rounded, text_of, weighted_quantiles, write


def cloud(weights: list[float]) -> Cloud:
    sets = len(weights)
    values = rounded(np.random.default_rng(1).random((sets, 2)) * [1.0, 300.0])
    return Cloud(("x", "k"), ("markets.x", "funds.k"), np.array(weights), values, {"problem": "toy", "seed": 7})


def test_written_and_read_back_is_the_same(tmp_path: Path) -> None:
    own = cloud([0.25, 0.5, 0.125, 0.125])
    write(own, tmp_path / "cloud.csv")
    found = read(tmp_path / "cloud.csv")
    assert (found.names, found.keys, dict(found.facts)) == (own.names, own.keys, dict(own.facts))
    assert found.values.tolist() == own.values.tolist()
    assert found.weights.tolist() == own.weights.tolist()
    assert text_of(found) == text_of(own)


def test_equal_weights_give_run_i_the_set_i_mod_n() -> None:
    own = cloud([0.2] * 5)
    assert own.rows_for(range(12)).tolist() == [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1]
    assert own.for_runs([1, 6])["funds.k"].tolist() == [[own.values[1, 1]], [own.values[1, 1]]]
    assert own.effective_size == pytest.approx(5.0)


def test_runs_follow_the_weights() -> None:
    own = cloud([0.5, 0.25, 0.25, 0.0])
    assert np.bincount(own.rows_for(range(4)), minlength=4).tolist() == [2, 1, 1, 0]
    assert own.effective_size == pytest.approx(1 / 0.375)


def test_weighted_quantiles_by_hand() -> None:
    values, weights = np.array([3.0, 1.0, 2.0]), np.array([0.25, 0.25, 0.5])
    assert weighted_quantiles(values, weights, (0.0, 0.5, 1.0)).tolist() == [1.0, 2.0, 3.0]
    repeated = np.array([1.0, 2.0, 2.0, 3.0])
    assert cloud([0.25] * 4).quantiles((0.5,)).shape == (1, 2)
    assert weighted_quantiles(repeated, np.full(4, 0.25), (0.5,))[0] == 2.0


def test_values_by_name_or_key() -> None:
    own = cloud([0.5, 0.5])
    assert own.of(["k", "markets.x"]).tolist() == own.values[:, ::-1].tolist()
    with pytest.raises(KeyError, match="not one of the calibrated parameters"):
        own.of(["y"])


@pytest.mark.parametrize(
    "text", ["", "a,b\n1,2\n", "# format: 2\nset,weight,x\n0,1,2\n", "# format: 1\nset,weight,x\n0,one,2\n"]
)
def test_other_files_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "other.csv").write_text(text, encoding="utf-8")
    with pytest.raises(CloudError, match=r"other\.csv"):
        read(tmp_path / "other.csv")


@pytest.mark.parametrize("weights", [[0.5, -0.5], [0.0, 0.0], [np.nan, 1.0]])
def test_impossible_weights_are_refused(weights: list[float]) -> None:
    with pytest.raises(CloudError):
        cloud(weights)
