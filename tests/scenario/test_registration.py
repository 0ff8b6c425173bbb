"""User-defined kinds of investors: scenarios may contain them, and shipped kinds are unaffected."""

import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any, Literal

import pytest

import simulation as cf
from simulation.compute.ensemble import default_worker_count, run_ensemble
from simulation.investors import REGISTERED, ROSTER
from simulation.investors.carry_funds import CarryFunds
from simulation.investors.population import Population, PopulationParameters
from simulation.scenario.config.loading import load
from simulation.scenario.event import Event
from simulation.scenario.registration import allow_registered_kinds, register
from simulation.scenario.scenario import Scenario
from tests.support.places import ROOT

GUIDE = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
SMALL = ("end=2025-12-03", "populations.carry_funds.investors=20", "populations.crypto_traders.investors=20")
TABLE = "populations.treasurers={stock_usd_bn: 120, cheap_above_yen: 152, per_yen_pct: 0.1}"


@pytest.fixture
def guide() -> Iterator[ModuleType]:
    """The investors of the guide as a module; registrations are removed after each test."""
    (code,) = re.findall(r"```python\n(\"\"\"Corporate.*?)```", GUIDE, flags=re.DOTALL)
    module = ModuleType("a_module_of_a_test")
    exec(compile(code, "docs/extending.md", "exec"), module.__dict__)
    yield module
    REGISTERED.clear()
    allow_registered_kinds(Scenario)


def repatriated(result: Any, name: str) -> float:
    return float(result.flows.query("population == @name")["repatriated_usd_bn"].sum())


def test_a_scenario_holds_a_registered_kind(guide: ModuleType) -> None:
    with pytest.raises(cf.ConfigError, match="treasurers"):
        cf.load_scenario("december_2025_official", [TABLE])
    assert cf.register(guide.Treasurers) is guide.Treasurers
    result = cf.run("december_2025_official", runs=2, settings=(*SMALL, TABLE))
    assert repatriated(result, "treasurers") > 0.0
    residual = result.summary().ledger_max_residual
    assert residual is not None
    assert residual <= 1e-9


def test_it_does_not_change_the_draws_of_others(guide: ModuleType) -> None:
    plain = cf.run("december_2025_official", runs=2, settings=SMALL)
    register(guide.Treasurers)
    idle = cf.run("december_2025_official", runs=2, settings=(*SMALL, TABLE.replace("0.1}", "0}")))
    assert idle.daily["usdjpy"].to_numpy() == pytest.approx(plain.daily["usdjpy"].to_numpy(), rel=1e-12)


def test_a_batch_equals_its_single_runs(guide: ModuleType) -> None:
    register(guide.Treasurers)
    scenario = cf.load_scenario("december_2025_official", (*SMALL, TABLE))
    both = run_ensemble(scenario, 2).market["usdjpy"]
    alone = cf.CapitalFlowModel(scenario, [1])
    alone.run_model()
    assert alone.result().market["usdjpy"][0].tobytes() == both[1].tobytes()


def test_errors_are_reported_as_for_shipped_kinds(guide: ModuleType) -> None:
    register(guide.Treasurers)
    with pytest.raises(cf.ConfigError, match="did you mean cheap_above_yen"):
        cf.load_scenario("december_2025_official", ["populations.treasurers={cheap_over_yen: 152}"])


def test_events_may_contain_it_too(guide: ModuleType) -> None:
    register(guide.Treasurers)
    event = load("august_2024", [TABLE], root=Event, kind="events").scenario
    assert isinstance(event.populations["treasurers"], guide.TreasurerParameters)


def test_a_second_registration_replaces_the_first(guide: ModuleType) -> None:
    register(guide.Treasurers)

    class Idle(guide.Treasurers):  # type: ignore[misc, name-defined]
        def orders(self, now: Any) -> None:
            return None

    register(Idle)
    assert list(REGISTERED.values()) == [Idle]
    assert repatriated(cf.run("december_2025_official", runs=1, settings=(*SMALL, TABLE)), "treasurers") == 0.0


def test_shipped_kinds_are_not_replaced(guide: ModuleType) -> None:
    class Mine(CarryFunds):
        pass

    with pytest.raises(ValueError, match=r"'carry_funds' is the name of a shipped kind.*Mine"):
        register(Mine)
    assert REGISTERED == {}
    assert CarryFunds in ROSTER


@pytest.mark.parametrize("wrong", [3, str, PopulationParameters])
def test_only_populations_are_registered(wrong: Any) -> None:
    with pytest.raises(TypeError, match="derived from Population"):
        register(wrong)


def test_parameters_must_name_the_kind() -> None:
    class Nameless(Population):
        Parameters = PopulationParameters

    class TwoNames(PopulationParameters):
        kind: Literal["one", "two"] = "one"

    class Doubtful(Population):
        Parameters = TwoNames

    for wrong in (Nameless, Doubtful):
        with pytest.raises(TypeError, match=rf"{wrong.__name__}.Parameters must define: kind"):
            register(wrong)


def test_a_class_of_main_runs_in_this_process_only(guide: ModuleType) -> None:
    guide.TreasurerParameters.__module__ = "__main__"
    register(guide.Treasurers)
    scenario = cf.load_scenario("december_2025_official", (*SMALL, TABLE))
    assert default_worker_count(scenario, 10_000_000) == 1
    with pytest.raises(ValueError, match=r"treasurers.*workers=1"):
        run_ensemble(scenario, 300, workers=2)
