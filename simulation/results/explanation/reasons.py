"""The rules behind a day's trades in words, with the numbers that the rules looked at."""

from dataclasses import dataclass

import numpy as np

from simulation.results.explanation.decomposition import HEDGING, OWN_RULE
from simulation.results.explanation.trace import DayTrace, TracedModel
from simulation.values.conventions import PERCENT, TRADING_DAYS_PER_YEAR
from simulation.values.labels import capitalized_name, readable_name
from simulation.values.orders import INCENTIVE, LIQUIDATION, MARGIN, SLOW_REPATRIATION, STOP, VOLATILITY_TARGET

NEWS_WORDS = {
    "curve": "expected policy rates, macro news and term premium",
    "ministry_signal": "what the Ministry of Finance signals",
    "growth": "expected growth",
    "own_news": "other news",
    "given_news": "other news, given by the scenario",
    "target_surprise": "the decision",
    "path_surprise": "what was said of the path",
    "ten_year_surprise": "what was said of long yields",
    "other_two_year": "odds, signals and macro news",
    "term_premium": "the term premium (credibility)",
}
CENTRAL_BANK_COUNTRIES = {"fed": "United States", "boj": "Japan"}
CAUSE_WORDS = {
    INCENTIVE: "incentive",
    VOLATILITY_TARGET: "volatility target",
    MARGIN: "margin call",
    STOP: "stop",
    LIQUIDATION: "closed by brokers",
    SLOW_REPATRIATION: "money brought home",
    HEDGING: "hedges",
    OWN_RULE: "rule of their own",
}
OWN_RULE_TEXT = "by a rule of their own"
SENT_ABROAD = "money sent abroad"
KIND_RULES = {
    "foreigners_in_japan": "they change the yen hedges of Japanese equities, and hold bills and bonds by habit",
    "pension_funds": "weights are pulled back to the policy mix",
    "investment_trusts": "savings plans send money abroad, more after good months for equities; "
    "only the unexpected part moves prices",
    "banks": "bonds that pay less than their funding, or have lost too much, are sold",
    "retail_fx": "they buy dollars below the rate they remember, sell above it, and hold less when carry falls",
    "bitcoin_etf_holders": "flows follow recent returns",
    "life_insurers": "dollar bonds pay another margin over yen bonds than at the start",
    "real_money_japan": "dollar bonds pay another margin over yen bonds than at the start",
    "crypto_traders": "longs are cut after a fall and replaced slowly",
}
OFFICIAL_TRADES = {
    "ministry_of_finance": "an intervention of the Ministry of Finance",
    "abroad": "a funding shock outside the model, given by the scenario",
}


@dataclass(frozen=True)
class RuleInputs:
    """What the rules looked at on a day: percent per year, and yen per dollar."""

    volatility: float
    long_run_volatility: float
    carry: float
    start_carry: float
    high: float
    opened: float
    closed: float
    by_threshold: bool

    @property
    def below_high(self) -> float:
        """How far the close lies below the high of 120 days, %."""
        return 100.0 * (1.0 - self.closed / self.high)


def rule_inputs(model: TracedModel, day: DayTrace) -> RuleInputs:
    """The numbers of a day."""
    now, usdjpy = day.now, model.recorder.market["usdjpy"][0]
    annual = [
        100.0 * float(np.sqrt(part[0, 0] * TRADING_DAYS_PER_YEAR)) for part in (now.variance, now.long_run_variance)
    ]
    start = model.recorder.market["carry_pct"][0, 0]
    return RuleInputs(
        annual[0], annual[1], float(now.carry[0, 0]) / PERCENT, float(start), float(now.recent_high[0, 0]),
        float(usdjpy[day.step - 1]), float(usdjpy[day.step]), any(one.by_threshold for one in model.populations),
    )  # fmt: skip


def news_label(key: str) -> str:
    """A piece of news in words."""
    bank, _, what = key.rpartition(":")
    return f"{CENTRAL_BANK_COUNTRIES[bank]}: {NEWS_WORDS[what]}" if bank else NEWS_WORDS[what].capitalize()


def order_label(key: str, forced: bool, bought: bool) -> str:
    """A population and its cause in a few words."""
    name, _, cause = key.partition(":")
    if name in OFFICIAL_TRADES:
        return capitalized_name(name)
    told = SENT_ABROAD if cause == SLOW_REPATRIATION and bought else CAUSE_WORDS.get(cause, readable_name(cause))
    return f"{capitalized_name(name)}: {told}{', forced' if forced else ''}"


def reason_text(model: TracedModel, key: str, scene: RuleInputs) -> str:
    """Why a population traded, with the numbers its rule looked at."""
    name, _, cause = key.partition(":")
    if name in OFFICIAL_TRADES:
        return OFFICIAL_TRADES[name]
    population = next(one for one in model.populations if one.name == name)
    if population.by_threshold:
        return "the imposed spread is below their personal thresholds"
    told = _reason_by_cause(cause, population.role, scene)
    return (
        KIND_RULES.get(population.parameters.kind, told) if cause in (INCENTIVE, SLOW_REPATRIATION, OWN_RULE) else told
    )


def _reason_by_cause(cause: str, role: str, scene: RuleInputs) -> str:
    """Why, by cause."""
    rates = f"carry is {scene.carry:.2f} % a year, {scene.start_carry:.2f} % at the start"
    return {
        VOLATILITY_TARGET: f"volatility is {scene.volatility:.1f} % a year, {scene.long_run_volatility:.1f} % in the long run, "
        "and positions are scaled by it",
        INCENTIVE: f"risk budgets and expected carry set the position ({rates})"
        if role == "levered"
        else OWN_RULE_TEXT,
        MARGIN: f"equity no longer covered what lenders ask at {scene.closed:.2f} yen",
        STOP: f"at {scene.closed:.2f} yen USDJPY is {scene.below_high:.1f} % below its high of 120 days ({scene.high:.2f})",
        LIQUIDATION: "the margin ratio fell below the limit at which accounts are closed",
        HEDGING: "hedge ratios follow the cost of hedging, volatility and the level of USDJPY",
    }.get(cause, OWN_RULE_TEXT)
