"""What every run must be: complete and finite, or ended by a named stop on a dated day."""

from datetime import date

import numpy as np

from simulation.day.recorder import Record
from simulation.values.orders import CAUSES

NAMED = {"price_runaway", "zero_volatility", "forced_at_start"}
"""Reasons for which a run may end; a broken ledger is none of them."""
POSITIVE = ("usdjpy", "us_equity", "japan_equity", "bitcoin_usd")


def assert_complete_or_stopped(record: Record, allowed: set[str] = NAMED) -> None:
    """Check every run of a record."""
    for row in range(len(record.runs)):
        stop = record.stopped.get(row)
        if stop is None:
            assert_finite(record, row, len(record.dates))
            continue
        assert stop.name in allowed, stop
        assert stop.message
        assert_stopped(record, row, stop.date)


def assert_stopped(record: Record, row: int, day: date) -> None:
    """A run is finite before the day of its stop and says nothing from there on."""
    steps = np.flatnonzero(record.dates == np.datetime64(day))
    assert steps.size == 1, f"{day} is not a day of the scenario"
    assert_finite(record, row, int(steps[0]))
    for name, values in record.market.items():
        assert np.isnan(values[row, steps[0] :]).all(), name


def assert_finite(record: Record, row: int, days: int) -> None:
    """Every number before a day is finite, prices are positive, identities hold, rounds are bounded."""
    for name, values in record.market.items():
        assert np.isfinite(values[row, :days]).all(), name
    for population, table in record.flows.items():
        for name, values in table.items():
            assert np.isfinite(values[row, :days]).all(), (population, name)
    for name in POSITIVE:
        if name in record.market:
            assert (record.market[name][row, :days] > 0.0).all(), name
    assert record.market["ledger_residual"][row, :days].max(initial=0.0) <= 1e-9
    assert record.market["cascade_rounds"][row, :days].max(initial=0.0) <= record.scenario.limits.cascade_rounds


def assert_flows_add_up(record: Record) -> None:
    """Causes add up to what is unwound, unwinding to the change of the stock, trades of all sectors to zero."""
    rows = record.finished
    for table in record.flows.values():
        assert_close(
            np.sum([table[f"{cause}_usd_bn"] for cause in CAUSES], axis=0)[rows], table["unwound_usd_bn"][rows]
        )
        if "stock_usd_bn" in table:
            assert_close(-np.diff(table["stock_usd_bn"][rows], axis=1), table["unwound_usd_bn"][rows, 1:])
    for name in traded(record):
        parts = np.stack([table[name][rows] for table in record.flows.values() if name in table])
        gross = np.maximum(np.abs(parts).sum(axis=0), 1.0)
        assert (np.abs(parts.sum(axis=0)) <= 1e-9 * gross).all(), name


def traded(record: Record) -> set[str]:
    """Columns of trades that the recorded sectors make among themselves: not those of bonds that a central bank buys."""
    names = {name for table in record.flows.values() for name in table if name.startswith(("spot_", "bought_"))}
    scenario = record.scenario
    bought = {"bought_ust10_usd_bn": scenario.fed.balance_sheet, "bought_jgb10_usd_bn": scenario.boj.balance_sheet}
    return names - {name for name, flows in bought.items() if flows}


def assert_close(found: np.ndarray, expected: np.ndarray) -> None:
    """Equal to nine digits of the larger of the amounts and one billion."""
    assert (np.abs(found - expected) <= 1e-9 * np.maximum(np.abs(expected), 1.0)).all()
