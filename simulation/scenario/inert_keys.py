"""Why a numeric key moves no outcome: what its field says, and what the scenario itself shows.

`inert_reason` states what is certain before anything runs; `dormant_reason` gives the condition that a key waits for, as the
reason of a key that moved nothing in some runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from simulation.scenario.config.tree import KeyPath
from simulation.scenario.numeric_keys import NumericKey, numeric_keys
from simulation.values.parameters import EVERY_KEY

if TYPE_CHECKING:
    from simulation.scenario.scenario import Scenario

BANKS: Final = ("fed", "boj")
GUIDED_STEPS: Final = ("months_between_steps", "step", "terminal_pct")
"""Keys of a guidance regime that describe steps."""
SWITCHED: Final = {
    ("incentive", "surprise_aversion_pct"): "incentive",
    ("incentive", "least_start_pct"): "incentive",
    ("incentive", "momentum_weight"): "momentum",
    ("adjustment", "budget_pct_per_day"): "risk_budget",
    ("volatility_target_cap_x",): "volatility_target",
    ("margin",): "margin",
    ("trailing_stop",): "trailing_stop",
    ("covenant",): "covenant",
}
"""Keys and tables of a population, with the switch that turns them on."""
LEVELS: Final = ("ust10_pct", "jgb10_pct", "basis_bp")
LEVEL_REASON: Final = (
    "a level: incentives count what changes from the start, so that only income from coupons and hedges follows it; a spread "
    "that holders answer to is `spread_path`"
)


def inert_reason(scenario: Scenario, key: NumericKey) -> str | None:
    """Return why a key can move no outcome of a scenario, whatever the draws; None where it may move one."""
    return _field_text(key, "INERT") or _turned_off(scenario, key.path)


def level_reason(scenario: Scenario, key: NumericKey) -> str | None:
    """Return why a ten-year yield or the basis at the start does not do what one may expect; None for any other key.

    Such a key moves a level, and outcomes by coupons and the cost of hedges alone.
    """
    as_level = scenario.spread_path is None and scenario.unwind.rule == "structural"
    return LEVEL_REASON if key.path[0] == "start_values" and key.path[-1] in LEVELS and as_level else None


def stated_reasons(scenario: Scenario, given: Iterable[str]) -> dict[str, str]:
    """Return, for each given key or table below which every numeric key is inert or a level, what it moves and why."""
    reasons: dict[str, str | None] = {}
    for key in numeric_keys(scenario):
        inert, level = inert_reason(scenario, key), level_reason(scenario, key)
        reasons[key.key] = f"moves no outcome: {inert}" if inert else level and f"hardly moves an outcome: {level}"
    return _common_reasons(given, reasons)


def turned_off_reasons(scenario: Scenario, given: Iterable[str]) -> dict[str, str]:
    """Return the same for each given key or table that something else in the scenario turns off."""
    reasons = {key.key: _turned_off(scenario, key.path) for key in numeric_keys(scenario)}
    return _common_reasons(given, {key: reason and f"moves no outcome: {reason}" for key, reason in reasons.items()})


def _common_reasons(given: Iterable[str], reasons: Mapping[str, str | None]) -> dict[str, str]:
    """The first reason below each given key under which all numeric keys have one."""
    found: dict[str, str] = {}
    for name in given:
        below = [reason for key, reason in reasons.items() if key == name or key.startswith((f"{name}.", f"{name}["))]
        found_reasons = [reason for reason in below if reason]
        if found_reasons and len(found_reasons) == len(below):
            found[name] = found_reasons[0]
    return found


def dormant_reason(scenario: Scenario, key: NumericKey) -> str | None:
    """Return the reason of a key that moved nothing in some runs: the condition that it waits for; None where none is stated."""
    if key.path[0] == "populations" and scenario.populations[str(key.path[1])].stock_usd_bn == 0.0:
        return f"populations.{key.path[1]}.stock_usd_bn is 0: the population holds no positions"
    condition = _field_text(key, "ACTS_WHEN")
    return level_reason(scenario, key) or (f"in none of these runs: acts when {condition}" if condition else None)


def _turned_off(scenario: Scenario, path: KeyPath) -> str | None:
    """What the scenario shows about a key path before anything runs; None where nothing is certain."""
    return next(filter(None, (check(scenario, path) for check in CERTAIN)), None)


def _field_text(key: NumericKey, name: str) -> str | None:
    """What the field of a key says under a name, or the tables that it stands in, the closest first."""
    for depth in range(len(key.path) - 1, -1, -1):
        for part in (str(key.path[depth]), EVERY_KEY):
            for table in getattr(key.shapes[depth].model, "__mro__", ()):
                text = table.__dict__.get(name, {}).get(part)
                if text:
                    return str(text)
    return None


def _without_policy(scenario: Scenario, path: KeyPath) -> str | None:
    if scenario.policy != "none":
        return None
    of_bank = path[0] in BANKS and (
        path[1] in ("statements", "balance_sheet", "signal_multiplier")
        or path[-1] in ("decision", "path_surprise", "ten_year_surprise")
        or "signals" in path
    )
    others = path[0] == "spread_path" or path[:2] == ("ministry_of_finance", "interventions")
    return (
        "policy is none: no meeting, statement, signal, flow or imposed spread takes place"
        if of_bank or others
        else None
    )


def _threshold_rule(scenario: Scenario, path: KeyPath) -> str | None:
    off = path[0] == "unwind" and scenario.unwind.rule == "structural"
    return "unwind.rule is structural: the threshold rule is off" if off else None


def _unused_regime(scenario: Scenario, path: KeyPath) -> str | None:
    if path[0] not in BANKS or path[1] != "guidance_regimes":
        return None
    bank, name = getattr(scenario, str(path[0])), str(path[2])
    if name not in set(_announced_regimes(bank, scenario.end)):
        return f"no meeting or statement of this scenario announces the regime {name}"
    if path[-1] in GUIDED_STEPS and bank.guidance_regimes[name].step_probability == 0.0:
        return f"the step_probability of {name} is 0: no step is expected"
    return None


def _announced_regimes(bank: Any, end: date) -> Iterator[str]:
    """Guidance regime of the start, and those that may be announced up to the end."""
    yield bank.guidance
    announced = [item.guidance for item in (*bank.meetings, *bank.statements) if item.date <= end]
    yield from (name for name in announced if name)
    pause = getattr(bank.reaction, "stress_pause", None)
    if pause is not None:
        yield pause.guidance


def _after_the_end(scenario: Scenario, path: KeyPath) -> str | None:
    if path[0] not in BANKS or len(path) < 4:
        return None
    bank = getattr(scenario, str(path[0]))
    if path[1] == "meetings":
        meeting, what = bank.meetings[path[2]], str(path[3])
        if what == "signals" and meeting.signals[path[4]].date > scenario.end:
            return f"the signal of {meeting.signals[path[4]].date} comes after the end, {scenario.end}"
        if what in ("decision", "path_surprise", "ten_year_surprise") and meeting.date > scenario.end:
            return f"the meeting of {meeting.date} comes after the end, {scenario.end}"
    if path[1] == "balance_sheet" and bank.balance_sheet[path[2]].first_day > scenario.end:
        return f"the flow starts after the end, {scenario.end}"
    return None


def _no_signals(scenario: Scenario, path: KeyPath) -> str | None:
    if path[0] not in BANKS or path[1] != "signal_multiplier":
        return None
    bank = getattr(scenario, str(path[0]))
    signals = [signal for meeting in bank.meetings for signal in meeting.signals if signal.date <= scenario.end]
    return None if any(signal.strength for signal in signals) else f"{path[0]} gives no signal before a meeting"


def _whole_impact_stays(scenario: Scenario, path: KeyPath) -> str | None:
    if path[0] != "markets" or path[-1] != "decay_pct_per_day":
        return None
    stays = scenario.markets[str(path[1])].lasting_share == 1.0
    return f"markets.{path[1]}.lasting_share is 1: no part of the slow impact fades" if stays else None


def _no_thin_day(scenario: Scenario, path: KeyPath) -> str | None:
    if path[0] != "markets" or path[-1] != "thin_factor_x":
        return None
    thin = any(item.first_day <= scenario.end and item.last_day > scenario.start for item in scenario.thin_periods)
    return None if thin else "no thin period lies in the scenario"


def _no_news(scenario: Scenario, path: KeyPath) -> str | None:
    drawn = path[0] == "noise" and path[1] in ("student_t_df", "clustering", "clustering_memory")
    return "noise.scale_x is 0: no news are drawn" if drawn and scenario.noise.scale_x == 0.0 else None


def _switched_off(scenario: Scenario, path: KeyPath) -> str | None:
    if path[0] != "populations":
        return None
    switches = getattr(scenario.populations[str(path[1])], "switches", None)
    if switches is None:
        return None
    for part, switch in SWITCHED.items():
        if path[2 : 2 + len(part)] == part and not getattr(switches, switch, True):
            return f"populations.{path[1]}.switches.{switch} is false"
    return None


CERTAIN: Final = (
    _without_policy, _threshold_rule, _unused_regime, _after_the_end, _no_signals, _whole_impact_stays, _no_thin_day,
    _no_news, _switched_off,
)  # fmt: skip
"""What a scenario shows about a key path before anything runs."""
