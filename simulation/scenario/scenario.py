"""What a config may say: the schema of a scenario, assembled from the parts' own parameters."""

from collections.abc import Mapping
from datetime import date
from itertools import chain
from typing import TYPE_CHECKING, Annotated, Any, Self, Union

from pydantic import Field, SerializerFunctionWrapHandler, field_serializer, field_validator, model_validator

from simulation.investors import cast
from simulation.investors.population import PopulationParameters
from simulation.investors.unwind_rule import UnwindRule
from simulation.market.fundamentals import Noise
from simulation.market.standard import KINDS, STANDARD_MARKETS, AnyMarket
from simulation.policy.central_banks import BankOfJapan, FederalReserve
from simulation.policy.drawn_rates import DrawnRates
from simulation.policy.fiscal import Fiscal
from simulation.policy.ministry_of_finance import MinistryOfFinance
from simulation.scenario.consistency import CHECKS
from simulation.values.given_news import GivenNews
from simulation.values.parameters import Parameters, quantity


def population_type() -> Any:
    """What a config may say of a population: the parameters of one of the kinds, told apart by ``kind``."""
    return Annotated[Union[tuple(kind.Parameters for kind in cast())], Field(discriminator="kind")]  # noqa: UP007


if TYPE_CHECKING:
    AnyPopulation = PopulationParameters
else:
    AnyPopulation = population_type()


class StartValues(Parameters):
    """Prices and yields at the close of the first day."""

    usdjpy: float = quantity(..., "yen per dollar", (20, 1000), "USDJPY")
    usdjpy_high: float | None = Field(
        None, ge=20, le=1000, description="highest close of the 120 days before the start"
    )
    ust2_pct: float = quantity(..., "% per year", (-2, 25), "two-year Treasury yield")
    ust10_pct: float = quantity(..., "% per year", (-2, 25), "ten-year Treasury yield")
    jgb2_pct: float = quantity(..., "% per year", (-2, 25), "two-year JGB yield")
    jgb10_pct: float = quantity(..., "% per year", (-2, 25), "ten-year JGB yield")
    jgb30_pct: float = quantity(..., "% per year", (-2, 25), "thirty-year JGB yield")
    basis_bp_per_100_usd_bn: float = quantity(
        2,
        "bp per 100 $bn",
        (0, 100),
        "widening of the basis with hedging demand",
        "sign: Du, Tepper and Verdelhan (2018)",
    )
    basis_bp: float = quantity(-25, "bp per year", (-500, 200), "three-month cross-currency basis", "MODEL section 2")
    bitcoin_usd: float = quantity(91_000, "dollars", (0.01, 1e8), "price of one bitcoin", "CLAIMS, 28 November 2025")


class SpreadPath(Parameters):
    """An imposed path of the ten-year spread: from the start value to a target, before any flow impact."""

    target_pp: float = quantity(..., "pp", (-10, 20), "ten-year spread, US minus Japan, at the end of the path")
    over_days: int = Field(
        60,
        ge=1,
        le=2600,
        description="business days over which the spread moves in equal steps",
        json_schema_extra={"source": "assumption: a quarter, as long as the December scenarios"},
    )
    surprise: bool = Field(False, description="the whole move comes as an announcement on the first day")
    us_share: float = quantity(
        0.5,
        "share",
        (0, 1),
        "part of the narrowing that comes from lower US yields",
        "assumption: half each; the article names the spread alone (CLAIMS 28)",
    )


class ThinPeriod(Parameters):
    """Days on which markets are thin (year-end, Obon)."""

    first_day: date = Field(description="first thin day")
    last_day: date = Field(description="last thin day")


class Limits(Parameters):
    """Numerical limits of the daily clearing."""

    cascade_tolerance_usd_bn: float = quantity(
        0.05, "$bn", (1e-9, 100), "forced orders below are left to the next day", "MODEL section 5"
    )
    cascade_rounds: int = Field(
        50,
        ge=1,
        le=1000,
        description="most rounds of forced orders in one day",
        json_schema_extra={"source": "MODEL section 5"},
    )


class Scenario(Parameters):
    """A complete scenario."""

    name: str = Field(min_length=1, description="name in tables, files and commands")
    title: str = Field("", description="one line for people")
    description: str = Field("", description="what is simulated, in a few sentences")
    source: str = Field("", description="where the numbers of the scenario come from")
    start: date = Field(ge=date(1971, 1, 1), le=date(2100, 1, 1), description="day whose close is the start state")
    end: date = Field(ge=date(1971, 1, 1), le=date(2100, 1, 1), description="last simulated day")
    seed: int = Field(
        1,
        ge=0,
        le=2**63 - 1,
        description="seed of all random streams",
        json_schema_extra={"source": "1: any number will do; bands over runs are what is reported"},
    )
    start_values: StartValues
    fed: FederalReserve
    boj: BankOfJapan
    credibility_bp_per_bp: float = quantity(
        0.3,
        "bp per bp",
        (0, 5),
        "rise of Japan's ten-year term premium per bp by which guidance lowers the path",
        "assumption: a fully priced hike with soft words weakens the yen, as in December 2025 (MODEL section 2)",
    )
    ministry_of_finance: MinistryOfFinance | None = None
    fiscal: Fiscal = Fiscal()
    spread_path: SpreadPath | None = None
    drawn_rates: DrawnRates | None = None
    unwind: UnwindRule = UnwindRule()
    markets: dict[str, AnyMarket] = Field(
        default_factory=dict,
        validate_default=True,
        description="markets by asset; each standard market is there unless it is null",
    )
    noise: Noise = Noise()
    news: tuple[GivenNews, ...] = Field((), description="news that are given by date instead of drawn")
    thin_periods: tuple[ThinPeriod, ...] = ()
    populations: dict[str, AnyPopulation] = Field(
        description="populations by name; `kind` says what they are, else the name"
    )
    limits: Limits = Limits()

    @field_validator("markets", mode="before")
    @classmethod
    def _standard_markets(cls, given: object) -> object:
        if not isinstance(given, Mapping):
            return given
        merged: dict[str, Any] = {name: dict(values) for name, values in STANDARD_MARKETS.items()}
        for name, values in given.items():
            if name not in merged and isinstance(values, Mapping) and "kind" not in values:
                known = (
                    f"standard: {', '.join(STANDARD_MARKETS)}; a market of its own needs its kind: {', '.join(KINDS)}"
                )
                raise ValueError(f"{name}: there is no market of this name; {known}")
            merged[name] = merged.get(name, {}) | dict(values) if isinstance(values, Mapping) else values
        return {name: values for name, values in merged.items() if values is not None}

    @field_serializer("markets", mode="wrap")
    def _left_out(self, markets: dict[str, Any], handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Say which standard markets were left out, so that what is written reads back as the same scenario."""
        written: dict[str, Any] = handler(markets)
        return written | {name: None for name in STANDARD_MARKETS if name not in markets}

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
    def _check(self) -> Self:
        """Refuse what only several keys together show to be wrong, the first mistake found."""
        for problem in chain(*(check(self) for check in CHECKS)):
            raise ValueError(problem)
        return self


class ImpossibleScenarioError(ValueError):
    """A scenario whose parts do not fit together, found only when the balance sheets are opened."""
