from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

class DecisionTreeClassifier:
    tree_: Any
    def __init__(
        self, *, max_depth: int, min_samples_leaf: float, min_impurity_decrease: float, random_state: int
    ) -> None: ...
    def fit(self, X: NDArray[np.float64], y: NDArray[np.bool_]) -> Self: ...  # noqa: N803
    def apply(self, X: NDArray[np.float64]) -> NDArray[np.intp]: ...  # noqa: N803
