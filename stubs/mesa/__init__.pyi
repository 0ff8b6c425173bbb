"""The part of Mesa's interface that this project uses; Mesa itself ships without types."""

from collections.abc import Iterator
from random import Random
from typing import Any

import numpy as np

class AgentSet:
    def __iter__(self) -> Iterator[Agent]: ...
    def __len__(self) -> int: ...

class Model:
    running: bool
    steps: int
    random: Random
    rng: np.random.Generator
    datacollector: Any
    def __init__(self, *args: Any, seed: float | None = None, rng: Any = None, **kwargs: Any) -> None: ...
    @property
    def agents(self) -> AgentSet: ...
    def step(self) -> None: ...
    def run_model(self) -> None: ...

class Agent:
    model: Model
    unique_id: int | None
    def __init__(self, model: Model, *args: Any, **kwargs: Any) -> None: ...
    def step(self) -> None: ...
    def remove(self) -> None: ...
