"""A small model with the features of a scenario: units, ranges, dates, rates, kinds, lists, optional tables."""

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import pytest
from pydantic import Field, field_validator, model_validator

from simulation.scenario.config.errors import ConfigError
from simulation.scenario.config.loading import LoadedConfig, load
from simulation.values.parameters import Parameters, Rate, quantity


class Meeting(Parameters):
    date: date
    decision: Rate
    priced_probability: float = quantity(0.5, "probability", (0, 1), "p")
    guidance: Literal["six_monthly", "vague", "hawkish"] = "vague"


class Bank(Parameters):
    rate_pct: float = quantity(..., "%", (-2, 25), "policy rate")
    meetings: tuple[Meeting, ...] = ()


class CarryFunds(Parameters):
    kind: Literal["carry_funds"] = "carry_funds"
    investors: int = Field(100, ge=1, le=10_000)
    stock_usd_bn: float = quantity(250, "$bn", (0, 10_000), "stock")
    leverage_x: float = quantity(5, "x", (1, 50), "leverage")
    stops: bool = True


class LifeInsurers(Parameters):
    kind: Literal["life_insurers"] = "life_insurers"
    investors: int = Field(50, ge=1, le=10_000)
    hedge_ratio: float = quantity(0.44, "share", (0, 1), "h")
    shares: dict[str, float] = Field(default_factory=dict)


Population = Annotated[CarryFunds | LifeInsurers, Field(discriminator="kind")]


class SpreadPath(Parameters):
    target_pp: float = quantity(..., "pp", (-10, 20), "target")
    over_days: int = Field(60, ge=1, le=2600)


class Noise(Parameters):
    scale_x: float = quantity(1, "x", (0, 10), "scale")
    weights: tuple[float, ...] = ()
    tails: float | list[float] = 5.0


class Sample(Parameters):
    name: str = Field(min_length=1)
    title: str = ""
    start: date
    end: date = Field(ge=date(1971, 1, 1), le=date(2100, 1, 1))
    seed: int = Field(1, ge=0)
    boj: Bank
    spread_path: SpreadPath | None = None
    noise: Noise = Noise()
    other_outcomes: dict[Rate, float] = Field(default_factory=dict)
    populations: dict[str, Population]

    @field_validator("populations", mode="before")
    @classmethod
    def _kind_from_name(cls, given: object) -> object:
        if not isinstance(given, Mapping):
            return given
        return {
            name: {"kind": name} | dict(values) if isinstance(values, Mapping) else values
            for name, values in given.items()
        }

    @model_validator(mode="after")
    def _check_days(self) -> Self:
        if self.end <= self.start:
            raise ValueError(f"end {self.end} must come after start {self.start}")
        for meeting in self.boj.meetings:
            if meeting.date.weekday() > 4:
                raise ValueError(f"boj.meetings: {meeting.date} is not a business day")
        return self


GOOD = """\
# yaml-language-server: $schema=../schema.json
name: sample
title: A sample
start: 2025-11-28
end: 2026-03-31
boj:
  rate_pct: 0.5
  meetings:
    - date: 2025-12-19
      decision: 25bp
      priced_probability: 0.62
    - {date: 2026-01-23, decision: 0bp}
populations:
  carry_funds:
    investors: 400
    leverage_x: 5
  lifers:
    kind: life_insurers
"""


@pytest.fixture
def good() -> str:
    """A valid config."""
    return GOOD


@pytest.fixture
def sample_root() -> type[Sample]:
    """The model that `good` is a config of."""
    return Sample


Write = Callable[..., Path]
LoadSample = Callable[..., LoadedConfig[Any]]
Failure = Callable[..., ConfigError]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write files into an empty working directory; returns the first."""
    monkeypatch.chdir(tmp_path)

    def written(text: str = GOOD, /, name: str = "a.yaml", **others: str) -> Path:
        for stem, content in others.items():
            (tmp_path / f"{stem}.yaml").write_text(content, encoding="utf-8")
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return written


@pytest.fixture
def load_sample() -> LoadSample:
    """Load a config of the sample model."""

    def loaded(name: str | Path = "./a.yaml", *overrides: str) -> LoadedConfig[Sample]:
        return load(name, overrides, root=Sample)

    return loaded


@pytest.fixture
def failure(write: Write, load_sample: LoadSample) -> Failure:
    """Return the error from loading a text."""

    def failed(text: str = GOOD, /, *overrides: str, **others: str) -> ConfigError:
        write(text, **others)
        with pytest.raises(ConfigError) as caught:
            load_sample("./a.yaml", *overrides)
        return caught.value

    return failed
