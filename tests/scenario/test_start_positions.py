"""Start positions in docs/events.md: the bases, the scaling rule and the sensitivities of October 2008."""

import re
from functools import cache
from typing import Any

import numpy as np
import pytest

from simulation.scenario.config.catalog import shipped_and_base_files
from simulation.scenario.config.layers import read_layers
from simulation.scenario.config.loading import load
from simulation.scenario.config.tree import descend
from simulation.scenario.event import Event
from simulation.studies.replay.replay import run_replay
from tests.studies.replay.test_replay import EXAMPLES, GUIDE

TEXT = GUIDE.read_text(encoding="utf-8")
PROSE = " ".join(TEXT.split())
BASES = re.findall(
    r"^\| `(_base_\d+s)` \(\d+\) \| ([\d.]+) \| ([\d.]+) \| (?:([\d,]+) \(.*?\)|none.*?) \| ([\d.]*) ?\|", TEXT, re.M
)
OTHERS = (
    "yen_borrowers",
    "life_insurers",
    "pension_funds",
    "banks",
    "investment_trusts",
    "retail_fx",
    "foreigners_in_japan",
)
SIZES = ("ust10.outstanding_usd_bn", "jgb10.outstanding_jpy_bn", "us_equity.size", "japan_equity.size")


@cache
def lowest(*settings: str) -> float:
    """Median lowest USDJPY of October 2008 with overrides, %."""
    found = (
        run_replay(load("october_2008", settings, root=Event, kind="events").scenario, 2).scores["trough_pct"].quantiles
    )
    assert found is not None
    return found[1]


def quoted(pattern: str) -> float:
    """A number in the guide."""
    (found,) = re.findall(pattern, PROSE)
    return float(found)


def scaled(key: str, factor: float) -> str:
    """An override that multiplies a value of October 2008."""
    held: Any = load("october_2008", root=Event, kind="events").scenario.model_dump()
    for name in key.split("."):
        held = held[name]
    return f"{key}={held * factor:.10g}"


def test_the_table_of_bases_equals_their_values() -> None:
    assert {row[0] for row in BASES} == {name for name in shipped_and_base_files("events") if name.startswith("_")}
    for name, stock, depth, *_ in BASES:
        tree = read_layers(shipped_and_base_files("events")[name], "events").tree
        held, deep = (
            descend(tree, ("populations", "carry_funds", "stock_usd_bn")),
            descend(tree, ("markets", "usdjpy", "depth_x")),
        )
        assert held is not None
        assert held.content == float(stock)
        assert (1.0 if deep is None else deep.content) == float(depth)


def test_the_worked_stock_follows_from_the_rule() -> None:
    (_, stock, _, contracts, price) = next(row for row in BASES if row[0] == "_base_2010s")
    worked = float(stock) * 42_602 / float(contracts.replace(",", "")) * float(price) / 118.61
    assert "200 × 42,602 / 113,040 × 97.6 / 118.61 = 62" in PROSE
    assert round(worked) == 62
    assert "carry_funds: {stock_usd_bn: 62}" in EXAMPLES[1]
    # July 2024 scaled to 2013 and to 2007 by the contracts alone.
    to_2013, to_2007 = 250 * 113_040 / 220_937 * 161.5 / 97.6, 250 * 117_580 / 220_937 * 161.5 / 117.8
    assert quoted(r"the contracts give (\d+) \$bn for 2013") == pytest.approx(to_2013, abs=0.6)
    assert quoted(r"For 2007 they give (\d+),") == pytest.approx(to_2007, abs=0.6)


def test_stock_and_depth_decide_in_october_2008() -> None:
    carry, base = "populations.carry_funds.stock_usd_bn", lowest()
    more, less = lowest(scaled(carry, 1.5)), lowest(scaled(carry, 0.5))
    assert quoted(r"lowest USDJPY ([\d.]+) points lower \(") == pytest.approx(base - more, abs=0.06)
    assert (more, base) == pytest.approx((-10.1, -8.1), abs=0.06)
    assert quoted(r"smaller by half ([\d.]+) points higher") == pytest.approx(less - base, abs=0.06)
    deeper = lowest(scaled("markets.usdjpy.depth_x", 1.25)) - base
    assert quoted(r"deeper by a quarter ([\d.]+) points higher") == pytest.approx(deeper, abs=0.06)
    at_the_high = lowest("start_values.usdjpy_high=105.94") - base
    assert quoted(r"instead of 4 % below it ([\d.]+) points") == pytest.approx(at_the_high, abs=0.06)


def test_the_other_positions_have_little_effect() -> None:
    base = lowest()
    assert max(abs(lowest(scaled(f"populations.{name}.stock_usd_bn", 1.5)) - base) for name in OTHERS) < 0.5
    assert max(abs(lowest(scaled(f"markets.{key}", 1.5)) - base) for key in SIZES) < 0.1
    lower = lowest("populations.carry_funds.leverage_x.median=2.5") - base
    assert quoted(r"lowest USDJPY of `october_2008` moves by ([\d.]+) points, because stops") == pytest.approx(
        lower, abs=0.06
    )


RATES = {
    "october_1998": ("29 September 5.25, 15 October 5", "9 September 1998 0.25"),
    "october_2008": ("30 April 2, 8 October 1.5", "21 February 0.5"),
    "february_2007": ("29 June 2006 5.25", "21 February 0.5"),
    "march_2020": ("30 October 1.625; 3 March 1.125", "29 January -0.1"),
    "december_2022": ("14 December 4.375", "29 January -0.1"),
    "august_2024": ("26 July 5.375", "19 March 0.05"),
    "january_2025": ("18 December 4.375", "31 July 0.25"),
}
"""Excerpts of the table with the rates at the start of shipped events."""


@pytest.mark.parametrize("name", RATES)
def test_policy_rates_of_the_shipped_events_are_in_the_table(name: str) -> None:
    event, (fed, boj) = load(name, root=Event, kind="events").scenario, RATES[name]
    assert fed in PROSE
    assert boj in PROSE
    assert f" {event.fed.rate_pct:g}" in fed
    assert boj.endswith(f" {event.boj.rate_pct:g}")


@pytest.mark.parametrize(("name", "words"), [("october_1998", "of the 1990s"), ("october_2008", "of 1999 to 2019")])
def test_impact_times_stock_of_the_bases_is_as_stated(name: str, words: str) -> None:
    assert "(10.8 with the base of the 1990s, 12.8 with those of 1999 to 2019)" in PROSE
    found = run_replay(load(name, root=Event, kind="events").scenario, 2).central.market["depth_weighted_stock_pct"][
        :, 0
    ]
    assert float(np.median(found)) == pytest.approx(10.8 if words == "of the 1990s" else 12.8, abs=0.06)
