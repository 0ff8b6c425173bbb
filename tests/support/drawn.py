"""Random scenarios over wide ranges, for properties that must hold whatever a config says."""

from typing import Any

from hypothesis import strategies as st

from simulation.investors import ROSTER
from simulation.scenario.scenario import Scenario
from tests.support.scenarios import COARSE, GONE, SWITCHES, Changes, official

DAYS = ("2025-12-01", "2025-12-03", "2025-12-05", "2025-12-09", "2025-12-11")
ENDS = ("2025-12-10", "2025-12-12", "2025-12-17", "2025-12-19")
WORDS = (None, "six_monthly", "vague", "wage_dependent", "hawkish", "dovish", "unchanged")

KINDS = {kind.Parameters.model_fields["kind"].default: kind for kind in ROSTER}

ROOM: Changes = {"fed.meetings": [], "boj.meetings": [], "markets.jgb10.outstanding_jpy_bn": 4e6}
"""No meeting but the drawn ones, and yen bonds for several populations that hold as many as all insurers do."""

shares = st.floats(0.0, 1.0)


def changed(**strategies: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Changes with some of the keys: a double underscore stands for a dot."""
    named = {key.replace("__", "."): value for key, value in strategies.items()}
    return st.fixed_dictionaries({}, optional=named)


def basis_points(most: float) -> st.SearchStrategy[str]:
    """A rate in basis points."""
    return st.floats(-most, most).map(lambda size: f"{size:.6f}bp")


@st.composite
def meetings(draw: st.DrawFn, words: tuple[str | None, ...]) -> list[dict[str, Any]]:
    """Up to three meetings with odds, a signal and words."""
    held = []
    for day in sorted(draw(st.sets(st.sampled_from(DAYS), max_size=3))):
        signals = [{"date": "2025-12-01", "strength": draw(st.floats(-6.0, 6.0))}] if draw(st.booleans()) else []
        held.append({
            "date": day, "decision": draw(basis_points(75)), "step": draw(st.sampled_from(["25bp", "-25bp", "10bp"])),
            "priced_probability": draw(shares), "guidance": draw(st.sampled_from(words)), "signals": signals,
        })  # fmt: skip
    return held


def policy() -> st.SearchStrategy[dict[str, Any]]:
    """Meetings, words, signals, bond purchases and an imposed spread."""
    purchases = st.lists(
        st.fixed_dictionaries(
            {"first_day": st.just("2025-12-02"), "bought_usd_bn_per_month": st.floats(-200.0, 200.0)}
        ),
        max_size=2,
    )
    path = st.fixed_dictionaries(
        {
            "target_pp": st.floats(0.3, 4.0),
            "over_days": st.integers(1, 20),
            "surprise": st.booleans(),
            "us_share": shares,
        }
    )
    return changed(
        boj__meetings=meetings(WORDS), fed__meetings=meetings((None, "gradual_cuts", "unchanged")),
        boj__guidance=st.sampled_from(WORDS[1:]), fed__balance_sheet=purchases, spread_path=path,
        boj__signal_multiplier=st.floats(0.0, 5.0), credibility_bp_per_bp=st.floats(0.0, 3.0),
    )  # fmt: skip


def markets() -> st.SearchStrategy[dict[str, Any]]:
    """Impact from none to twenty times the default, curvature, release, costs, noise."""
    return changed(
        markets__usdjpy__fast_impact_pct_per_usd_bn=st.floats(0.0, 0.7),
        markets__usdjpy__slow_impact_pct_per_usd_bn=st.floats(0.0, 0.25),
        markets__usdjpy__fast_scale_usd_bn=st.sampled_from([0.5, 50.0, 1e9]),
        markets__usdjpy__release_pct_per_day=st.floats(0.0, 100.0), markets__usdjpy__lasting_share=shares,
        markets__usdjpy__stress_cap=st.floats(1.0, 10.0), markets__usdjpy__half_spread_bp=st.floats(0.0, 100.0),
        markets__usdjpy__own_volatility_pct=st.floats(0.5, 60.0),
        markets__usdjpy__announcement_beta_pct_per_bp=st.floats(0.0, 0.6),
        markets__ust10__fast_impact_bp_per_100_usd_bn=st.floats(0.0, 140.0),
        markets__ust10__yield_volatility_bp=st.floats(1.0, 400.0), markets__us_equity__multiplier_x=st.floats(0.0, 60.0),
        markets__bitcoin=st.sampled_from([{"impact_pct_per_usd_bn": 24.0}, {"own_volatility_pct": 150.0}, {}]),
        noise__scale_x=st.sampled_from([0.0, 0.3, 1.0, 3.0]), noise__student_t_df=st.floats(2.5, 100.0),
        noise__clustering=st.floats(0.0, 1.0), limits__cascade_rounds=st.integers(1, 60),
        limits__cascade_tolerance_usd_bn=st.sampled_from([1e-6, 0.05, 2.0]),
    )  # fmt: skip


@st.composite
def funds(draw: st.DrawFn) -> dict[str, Any]:
    """Carry funds with any stock, leverage, basket, speeds and switches."""
    median, bonds = draw(st.floats(0.3, 40.0)), draw(shares)
    return {
        "kind": "carry_funds", "investors": draw(st.integers(1, 12)), "stock_usd_bn": draw(st.floats(0.0, 1500.0)),
        "leverage_x": {"median": median, "log_sd": draw(st.floats(0.0, 1.0)), "highest": 60},
        "leverage_cap_x": draw(st.floats(1.0, 80.0)), "funding_spread_bp": draw(st.floats(0.0, 800.0)),
        "basket": {"ust10": bonds, "us_equity": draw(st.floats(0.0, 1.0 - bonds))},
        "switches": {name: draw(st.booleans()) for name in SWITCHES},
        "margin": {"floor_pct": draw(st.floats(0.1, 10.0)), "restore_share": draw(st.floats(0.3, 1.0))},
        "trailing_stop": {"cut_share": draw(shares), "distance_pct": {"median": draw(st.floats(0.5, 20.0))}},
        "adjustment": {"band_pct": draw(st.floats(0.0, 30.0)), "cut_pct_per_day": draw(st.floats(0.0, 100.0))},
    }  # fmt: skip


@st.composite
def residents(draw: st.DrawFn) -> dict[str, Any]:
    """Life insurers with strong or weak programmes."""
    return {
        "kind": "life_insurers", "investors": draw(st.integers(1, 12)), "stock_usd_bn": draw(st.floats(0.0, 2000.0)),
        "hedge_ratio": draw(shares), "hedged_sale_per_pp": draw(st.floats(0.0, 4.0)),
        "unhedged_sale_per_pp": draw(st.floats(0.0, 4.0)), "hedge_ratio_per_pp": draw(shares),
        "hedge_ratio_per_yen": draw(st.floats(0.0, 0.1)), "band_share": draw(st.floats(0.0, 0.1)),
        "speed_pct_per_day": {"median": draw(st.floats(0.1, 20.0)), "log_sd": draw(st.floats(0.0, 1.0)), "highest": 100},
    }  # fmt: skip


@st.composite
def traders(draw: st.DrawFn) -> dict[str, Any]:
    """Bitcoin longs with any leverage and maintenance margin."""
    weights = draw(st.lists(st.floats(0.05, 1.0), min_size=1, max_size=4))
    mix = {float(draw(st.integers(2, 60))): weight for weight in weights}
    return {
        "kind": "crypto_traders", "investors": draw(st.integers(1, 12)), "stock_usd_bn": draw(st.floats(0.0, 200.0)),
        "leverage_mix": mix, "maintenance_share": draw(st.floats(0.0, 0.95)), "degrossing": draw(st.floats(0.0, 20.0)),
        "rebuild_pct_per_day": draw(st.floats(0.0, 100.0)),
    }  # fmt: skip


@st.composite
def anybody(draw: st.DrawFn) -> dict[str, Any]:
    """A population of any kind there is, with its defaults, of any size."""
    kind = draw(st.sampled_from(sorted(KINDS)))
    return {"kind": kind, "investors": draw(st.integers(1, 12)), "stock_usd_bn": draw(st.floats(0.0, 150.0))}


def casts() -> st.SearchStrategy[dict[str, Any]]:
    """Some of the standard cast replaced, and up to three more populations under names of their own."""
    anyone = st.one_of(funds(), residents(), traders(), anybody())
    more = st.dictionaries(st.sampled_from(["one", "other", "zero"]), anyone, max_size=3)
    standard = changed(
        populations__carry_funds=funds(), populations__life_insurers=residents(),
        populations__crypto_traders=st.one_of(traders(), st.just(GONE)), populations__real_money_japan=st.just(GONE),
    )  # fmt: skip
    return st.tuples(standard, more).map(
        lambda drawn: drawn[0] | {f"populations.{name}": values for name, values in drawn[1].items()}
    )


def without_bitcoin(whole: Changes, missing: bool) -> Changes:
    """Leave bitcoin out, with everybody who needs it."""
    if not missing:
        return whole
    kinds = {key: KINDS[value["kind"]] for key, value in whole.items() if isinstance(value, dict) and "kind" in value}
    gone = {key for key, kind in kinds.items() if "bitcoin" in kind.needs}
    kept = {key: value for key, value in whole.items() if key not in gone and "bitcoin" not in key}
    return kept | {"populations.crypto_traders": GONE, "markets.bitcoin": None}


def scenarios(*parts: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[Scenario]:
    """Short scenarios with few investors, with the drawn parts over the official one."""
    horizon = st.fixed_dictionaries({"end": st.sampled_from(ENDS), "seed": st.integers(0, 2**32)})

    def built(drawn: tuple[Any, ...]) -> Scenario:
        *changes, missing = drawn
        merged = {key: value for part in changes for key, value in part.items()}
        return official(ROOM, COARSE, without_bitcoin(merged, missing))

    missing = st.sampled_from([False, False, False, True])
    return st.tuples(horizon, *parts, missing).map(built)
