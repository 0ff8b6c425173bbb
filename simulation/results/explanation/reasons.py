"""Labels of news and orders, and the trading rules behind orders with the values they used."""

from dataclasses import dataclass

import numpy as np

from simulation.results.explanation.decomposition import HEDGING, OWN_RULE
from simulation.results.explanation.trace import DayTrace, TracedModel
from simulation.values.conventions import PERCENT, TRADING_DAYS_PER_YEAR
from simulation.values.labels import capitalized, capitalized_name, readable_name
from simulation.values.orders import INCENTIVE, LIQUIDATION, MARGIN, SLOW_REPATRIATION, STOP, VOLATILITY_TARGET

NEWS_WORDS = {
    "curve": "expected policy rates, macro news and term premium",
    "ministry_signal": "signals of the Ministry of Finance",
    "growth": "expected growth",
    "own_news": "other news",
    "given_news": "other news, specified by the scenario",
    "target_surprise": "policy decision",
    "path_surprise": "guidance on the policy path",
    "ten_year_surprise": "guidance on long yields",
    "other_two_year": "meeting odds, signals and macro news",
    "term_premium": "term premium (credibility)",
}
CENTRAL_BANK_COUNTRIES = {"fed": "United States", "boj": "Japan"}
CAUSE_WORDS = {
    INCENTIVE: "incentive",
    VOLATILITY_TARGET: "volatility target",
    MARGIN: "margin call",
    STOP: "stop",
    LIQUIDATION: "liquidation by broker",
    SLOW_REPATRIATION: "repatriation",
    HEDGING: "hedging",
    OWN_RULE: "other rule",
}
OWN_RULE_TEXT = "a rule of this population"
OUTFLOW_LABEL = "net outflow"
KIND_RULES = {
    "foreigners_in_japan": "currency hedges follow the value of Japanese equity; bond purchases are random",
    "pension_funds": "portfolio weights are rebalanced towards the policy mix",
    "investment_trusts": "savings plans buy foreign assets, more after months of rising equities; "
    "only the unexpected part moves prices",
    "banks": "bonds are sold if they yield less than their funding costs or exceed the loss limit",
    "retail_fx": "dollars are bought below the remembered exchange rate and sold above it; positions shrink when carry falls",
    "bitcoin_etf_holders": "flows follow recent returns of bitcoin",
    "life_insurers": "the yield advantage of dollar over yen bonds differs from its initial value",
    "real_money_japan": "the yield advantage of dollar over yen bonds differs from its initial value",
    "crypto_traders": "long positions are cut after a fall and rebuilt slowly",
}
OFFICIAL_TRADES = {
    "ministry_of_finance": "foreign exchange intervention by the Ministry of Finance",
    "abroad": "funding shock from outside the model, specified by the scenario",
}


@dataclass(frozen=True)
class RuleInputs:
    """Values that trading rules used on a day: volatility and carry in % per year, USDJPY in yen per dollar."""

    volatility: float
    long_run_volatility: float
    carry: float
    start_carry: float
    high: float
    closed: float

    @property
    def below_high(self) -> float:
        """Distance of the close below the 120-day high, %."""
        return 100.0 * (1.0 - self.closed / self.high)


def rule_inputs(model: TracedModel, day: DayTrace) -> RuleInputs:
    """Return the values that trading rules used on a day."""
    now, usdjpy = day.information, model.recorder.market["usdjpy"][0]
    annual = [
        100.0 * float(np.sqrt(part[0, 0] * TRADING_DAYS_PER_YEAR)) for part in (now.variance, now.long_run_variance)
    ]
    start = model.recorder.market["carry_pct"][0, 0]
    return RuleInputs(
        annual[0], annual[1], float(now.carry[0, 0]) / PERCENT, float(start), float(now.recent_high[0, 0]),
        float(usdjpy[day.step]),
    )  # fmt: skip


def news_label(key: str) -> str:
    """Return the label of a piece of news."""
    bank, _, kind = key.rpartition(":")
    return f"{CENTRAL_BANK_COUNTRIES[bank]}: {NEWS_WORDS[kind]}" if bank else capitalized(NEWS_WORDS[kind])


def order_label(key: str, forced: bool, bought: bool) -> str:
    """Return the label of an order: population, cause, and whether it was forced."""
    name, _, cause = key.partition(":")
    if name in OFFICIAL_TRADES:
        return capitalized_name(name)
    label = OUTFLOW_LABEL if cause == SLOW_REPATRIATION and bought else CAUSE_WORDS.get(cause, readable_name(cause))
    return f"{capitalized_name(name)}: {label}{', forced' if forced else ''}"


def reason_text(model: TracedModel, key: str, inputs: RuleInputs) -> str:
    """Return why a population traded, with the values its rule used."""
    name, _, cause = key.partition(":")
    if name in OFFICIAL_TRADES:
        return OFFICIAL_TRADES[name]
    population = next(one for one in model.populations if one.name == name)
    if population.by_threshold:
        return "the imposed spread is below the investors' individual thresholds"
    general = _reason_by_cause(cause, population.role, inputs)
    specific = cause in (INCENTIVE, SLOW_REPATRIATION, OWN_RULE)
    return KIND_RULES.get(population.parameters.kind, general) if specific else general


def _reason_by_cause(cause: str, role: str, inputs: RuleInputs) -> str:
    rates = f"carry is {inputs.carry:.2f} % a year, {inputs.start_carry:.2f} % at the start"
    return {
        VOLATILITY_TARGET: f"volatility is {inputs.volatility:.1f} % a year, {inputs.long_run_volatility:.1f} % in the long run, "
        "and positions scale inversely with volatility",
        INCENTIVE: f"risk budgets and expected carry determine the position ({rates})"
        if role == "levered"
        else OWN_RULE_TEXT,
        MARGIN: f"equity fell below the margin requirement at {inputs.closed:.2f} yen",
        STOP: f"at {inputs.closed:.2f} yen USDJPY is {inputs.below_high:.1f} % below its 120-day high ({inputs.high:.2f})",
        LIQUIDATION: "the margin ratio fell below the liquidation limit",
        HEDGING: "hedge ratios depend on hedging cost, volatility and the level of USDJPY",
    }.get(cause, OWN_RULE_TEXT)
