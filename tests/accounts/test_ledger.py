"""The ledger identities: each detects its own violation, and a run that violates one is stopped with its name."""

from collections.abc import Callable

import numpy as np
import pytest

from simulation.accounts.ledger import (
    TOLERANCE,
    DayFlows,
    equity_explained,
    hedges_leave_spot_alone,
    holdings_add_up,
    ledger_residuals,
    losses_are_borne,
    money_adds_up,
    relative_residual,
    reserves_follow_bonds,
    spot_trades_balance,
)
from simulation.day.model import CapitalFlowModel
from simulation.values.conventions import column
from tests.support.scenarios import AROUND_THE_HIKE, COARSE, ONE_WEEK, Changes, official

SURPRISE: Changes = {**AROUND_THE_HIKE, "end": "2025-12-24", "boj.meetings.0.priced_probability": 0.0}


def model_of(runs: int = 3) -> CapitalFlowModel:
    model = CapitalFlowModel(official(COARSE, ONE_WEEK), range(runs))
    model.step()
    return model


def found(model: CapitalFlowModel) -> dict[str, np.ndarray]:
    return ledger_residuals(model.economy.books, DayFlows.none(len(model.run_numbers)), model.economy.market.last)


def population(model: CapitalFlowModel, name: str = "carry_funds") -> object:
    return next(held for held in model.populations if held.name == name)


def test_an_honest_day_is_far_below_the_tolerance() -> None:
    worst = {name: residual.max() for name, residual in found(model_of()).items()}
    assert max(worst.values()) < 1e-3 * TOLERANCE, worst


Corrupt = Callable[[CapitalFlowModel], None]


def more_bonds(model: CapitalFlowModel) -> None:
    """A bond out of nowhere that somebody also counts as equity."""
    sheet = population(model, "life_insurers").sheet  # type: ignore[attr-defined]
    price = sheet.value_usd("ust10", model.economy.market.last)[1, 0]
    sheet.holdings["ust10"][1, 0] += 1e-3
    sheet.equity_usd[1, 0] += 1e-3 * price


def more_money(model: CapitalFlowModel) -> None:
    """A deposit that nobody owes."""
    model.economy.books.accounts["real_money"].usd_cash[1] += 1e-3


def less_debt(model: CapitalFlowModel) -> None:
    """A yen loan that the lender has forgotten."""
    model.economy.books.accounts["money_market"].jpy_cash[1] -= 1.0


def one_sided_swap(model: CapitalFlowModel) -> None:
    """A hedge without its other leg."""
    model.economy.books.accounts["money_market"].hedge_usd[1] += 1e-3


def more_equity(model: CapitalFlowModel) -> None:
    """Profit that is not in the balance."""
    population(model).sheet.equity_usd[1, 0] += 1e-5  # type: ignore[attr-defined]


CORRUPTIONS: dict[str, tuple[Corrupt, str]] = {
    "more_bonds": (more_bonds, "holdings_add_up"),
    "more_money": (more_money, "money_adds_up"),
    "less_debt": (less_debt, "money_adds_up"),
    "one_sided_swap": (one_sided_swap, "money_adds_up"),
    "more_equity": (more_equity, "equity_explained"),
}


@pytest.mark.parametrize(("corrupt", "identity"), CORRUPTIONS.values(), ids=CORRUPTIONS.keys())
def test_each_identity_finds_its_mistake_and_no_other(corrupt: Corrupt, identity: str) -> None:
    model = model_of()
    corrupt(model)
    broken = {name: residual > TOLERANCE for name, residual in found(model).items() if (residual > TOLERANCE).any()}
    assert list(broken) == [identity]
    np.testing.assert_array_equal(broken[identity], [False, True, False])


@pytest.mark.parametrize(("corrupt", "identity"), CORRUPTIONS.values(), ids=CORRUPTIONS.keys())
def test_a_broken_identity_stops_its_run_with_its_name(corrupt: Corrupt, identity: str) -> None:
    model = model_of()
    corrupt(model)
    model.step()
    assert {run: stop.name for run, stop in model.stopped.items()} == {1: f"ledger:{identity}"}
    assert model.stopped[1].date == model.today
    assert model.alive[:, 0].tolist() == [True, False, True]
    while model.running:
        model.step()
    market = model.result().market
    assert np.isnan(market["usdjpy"][1, 2:]).all()
    assert np.isfinite(market["usdjpy"][[0, 2]]).all()
    assert market["ledger_residual"][[0, 2]].max() <= TOLERANCE


def test_a_number_that_is_none_stops_its_run() -> None:
    model = model_of()
    population(model).sheet.usd_cash[1, 0] = np.nan  # type: ignore[attr-defined]
    model.step()
    assert model.stopped[1].name.startswith("ledger:")
    assert len(model.stopped) == 1


def test_relative_residuals_count_small_amounts_as_one() -> None:
    differences = np.array([[1e-3, 0.0], [2.0, -9.0]])
    np.testing.assert_allclose(relative_residual(differences, np.array([[1e-6, 5.0], [-100.0, 3.0]])), [1e-3, 3.0])


def test_unequal_spot_trades_are_found_in_both_moneys() -> None:
    flows = DayFlows.none(1)
    flows.spot_trade(column(40.0, 1), column(150.0, 1))
    flows.spot_trade(column(-40.0, 1), column(150.0, 1))
    assert spot_trades_balance(flows)[0] == 0.0
    other_price = DayFlows.none(1)
    other_price.spot_trade(column(40.0, 1), column(150.0, 1))
    other_price.spot_trade(column(-40.0, 1), column(151.0, 1))
    # The dollars agree, 40 of 12,040 JPY bn do not.
    assert spot_trades_balance(other_price)[0] == pytest.approx(40 / 12_040, rel=1e-12)


@pytest.mark.parametrize(
    ("field", "identity"),
    [
        ("unhedged_gap", hedges_leave_spot_alone),
        ("lender_loss", losses_are_borne),
        ("negative_equity", losses_are_borne),
        ("reserves", reserves_follow_bonds),
        ("official_purchases", reserves_follow_bonds),
    ],
)
def test_identities_of_flows_find_one_sided_amounts(field: str, identity: Callable[[DayFlows], np.ndarray]) -> None:
    flows = DayFlows.none(2)
    assert not identity(flows).any()
    getattr(flows, field)[1] = 0.01
    assert (identity(flows) > TOLERANCE).tolist() == [False, True]


def test_equity_of_small_investors_counts() -> None:
    # A mistake in the smallest sheet is judged against its own size, not against the sector's.
    model = model_of(1)
    sheet = population(model).sheet  # type: ignore[attr-defined]
    smallest = int(np.argmin(sheet.holdings["basket"][0]))
    sheet.equity_usd[0, smallest] += 1e-6 * sheet.holdings["basket"][0, smallest]
    assert equity_explained(model.economy.books, model.economy.market.last)[0] > 1e-8


def test_holdings_add_up_to_what_the_config_says_is_outstanding() -> None:
    model = model_of()
    books = model.economy.books
    expected = [0, 29_000, 1_100_000, 62_000, 1_090_000, 1_815]
    np.testing.assert_allclose(books.outstanding, np.tile(expected, (3, 1)), rtol=1e-12)
    assert holdings_add_up(books).max() < 1e-13
    assert money_adds_up(books).max() < 1e-13


def test_losses_of_a_crash_are_borne_by_lenders() -> None:
    class Watched(CapitalFlowModel):
        """Adds up what lenders lose."""

        lost = 0.0

        def check_ledger(self, flows: DayFlows) -> None:
            Watched.lost += float(flows.lender_loss.sum())
            super().check_ledger(flows)

    thin_margins: Changes = {"populations.crypto_traders.maintenance_share": 0.0, "noise.scale_x": 3}
    model = Watched(official(SURPRISE, COARSE, thin_margins), range(4))
    while model.running:
        model.step()
    assert not model.stopped
    assert Watched.lost > 0.01
    assert model.result().market["ledger_residual"].max() <= TOLERANCE


def test_more_than_is_outstanding_is_refused_with_the_cure() -> None:
    with pytest.raises(
        ValueError, match=r"more of ust10 than is outstanding.*lower their stocks or raise markets\.ust10"
    ):
        CapitalFlowModel(official(COARSE, {"populations.life_insurers.stock_usd_bn": 40_000}))
