"""The part of Mesa's page that this project uses."""

from collections.abc import Callable
from typing import Any

from mesa import Model

class Slider:
    value: float
    min: float
    max: float
    step: float
    def __init__(
        self, label: str = "", *, value: float, min: float, max: float, step: float = 1, dtype: type | None = None
    ) -> None: ...

def SolaraViz(
    model: Model,
    *,
    components: list[tuple[Callable[[Any], None], int]],
    model_params: dict[str, Any] | None = None,
    play_interval: int = 100,
    name: str | None = None,
) -> Any: ...
