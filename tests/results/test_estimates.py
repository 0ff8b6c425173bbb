"""A mean with its standard error."""

import numpy as np
import pytest

from simulation.results.estimates import (
    EstimateWithError,
    finding_text,
    join_names,
    leading_names,
    more_or_less,
    move_clause,
    paired_difference,
)


def test_mean_and_standard_error() -> None:
    estimate = EstimateWithError.of(np.array([1.0, 2.0, 3.0, 6.0]))
    assert estimate.value == 3.0
    # Sample variance 14 / 3 of four values.
    assert estimate.error == pytest.approx(np.sqrt(14.0 / 3.0 / 4.0))


def test_clear_at_two_standard_errors() -> None:
    assert EstimateWithError(-2.1, 1.0).is_clear
    assert not EstimateWithError(2.0, 1.0).is_clear
    assert str(EstimateWithError(-1.94, 0.44)) == "−1.9 ± 0.4"


@pytest.mark.parametrize(
    ("value", "error", "expected"),
    [
        (2.1, 1.0, "more"),
        (-2.1, 1.0, "less"),
        (2.0, 1.0, "alike"),
        (-1.9, 1.0, "alike"),
        (0.0, 0.0, "alike"),
        (1e-12, 0.0, "alike"),
        (0.5, 0.0, "more"),
        (5.0, float("nan"), "alike"),
        (float("nan"), 1.0, "alike"),
    ],
)
def test_what_differs_by_less_than_two_standard_errors_is_not_called_different(
    value: float, error: float, expected: str
) -> None:
    assert finding_text(EstimateWithError(value, error), "more", "less", "alike") == expected


def test_the_leader_stands_alone_only_where_it_clearly_leads() -> None:
    noise = np.random.default_rng(4).standard_normal((3, 100))
    news = 10.0 * np.random.default_rng(5).standard_normal(100)

    def leaders(*means: float) -> tuple[str, ...]:
        runs = {name: mean + news + own for name, mean, own in zip("abc", means, noise, strict=True)}
        sizes = {name: float(values.mean()) for name, values in runs.items()}
        return leading_names(sizes, lambda first, second: paired_difference(runs[first], runs[second]))

    # The news that all share does not count: differences are taken run by run.
    assert leaders(3.0, 1.0, 0.0) == ("a",)
    assert leaders(0.0, 1.0, 3.0) == ("c",)
    assert set(leaders(3.0, 3.0, 0.0)) == {"a", "b"}


def test_median_and_its_error_in_normal_samples() -> None:
    draws = np.random.default_rng(6).standard_normal((2000, 101))
    estimates = [EstimateWithError.of_median(row) for row in draws]
    spread = np.std([estimate.value for estimate in estimates])
    assert np.mean([estimate.error for estimate in estimates]) == pytest.approx(spread, rel=0.1)
    # The standard error of a median of normals is sqrt(pi / 2) / sqrt(n).
    assert spread == pytest.approx(np.sqrt(np.pi / 2.0) / np.sqrt(101), rel=0.1)


def test_words_for_differences() -> None:
    assert more_or_less(EstimateWithError(-3.0, 0.5), "points") == "3.0 ± 0.5 points less"
    assert more_or_less(EstimateWithError(0.3, 0.5), "points") == "not clearly more or less (+0.3 ± 0.5 points)"
    assert move_clause(EstimateWithError(-3.0, 0.5), "X", "%") == "moves X by −3.0 ± 0.5 %"
    assert move_clause(EstimateWithError(-0.3, 0.5), "X", "%") == "does not clearly move X (−0.3 ± 0.5 %)"
    assert [join_names(names) for names in (["a"], ["a", "b"], ["a", "b", "c"])] == ["a", "a and b", "a, b and c"]


def test_one_run_has_no_error_and_no_finding() -> None:
    single = EstimateWithError.of(np.array([3.0]))
    assert str(single) == "+3.0"
    assert not single.is_clear
