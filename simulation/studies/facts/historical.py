"""The historical column, recomputed: ``python -m simulation.studies.facts.historical DATA_DIR`` prints configs/facts/*.yaml.

DATA_DIR is a folder of official series that are not shipped.  Values are rounded to four digits.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from simulation.studies.facts.history import History
from simulation.studies.facts.measured import BY_NAME, MEASURES, Measure
from simulation.studies.facts.observed import CALM_BELOW, STRESS_ABOVE, skew_on_position
from simulation.studies.facts.official import FIRST_DAY, LAST_DAY, POSITIONS_FROM, read_history, read_positions
from simulation.studies.facts.resampling import REPLICATIONS, SEED, history_error, pooled
from simulation.studies.facts.statistics import slope
from simulation.studies.facts.stored import Accept, StoredFact, StoredFacts

COMMAND: Final = "python -m simulation.studies.facts.historical DATA_DIR"
DIGITS: Final = 4
H10, CFTC = "Federal Reserve H.10, noon New York", "CFTC Commitments of Traders, non-commercial net short yen"
YIELDS: Final = "Federal Reserve H.15, Ministry of Finance Japan"
QUOTED: Final = "CALIBRATION section 3"
EQUITY_REMARK: Final = (
    "quoted, not recomputed: index series are copyrighted. In the model a day is calm when yesterday's volatility was "
    f"below {CALM_BELOW:g} times its long-run value, and under stress when it was above {STRESS_ABOVE:g} times."
)
PER_CONTRACT: Final = Measure(
    "skew_on_contracts", "Skewness to come on position", "per 100k", skew_on_position, slope, 52, "Newey-West", 13
)
"""Newey-West over 13 weeks: windows of 90 days overlap for 18, and this many reproduce CALIBRATION's error of 0.13."""
ACCEPT: Final = {
    "skew_slope": Accept(low=-0.16, high=-0.04, source=QUOTED),
    "skew_large_gap": Accept(low=-0.9, high=-0.3, source=QUOTED),
    "skew_no_gap": Accept(low=-0.2, high=0.2, source=f"{QUOTED} says near zero; the width is ours"),
}


@dataclass(frozen=True)
class Line:
    """One fact to recompute: the measure, its sample and what the reader should know."""

    name: str
    measure: Measure
    source: str = H10
    sample: tuple[date, date] = (FIRST_DAY, LAST_DAY)
    label: str = ""
    in_model: bool = True


@dataclass(frozen=True)
class Official:
    """The histories that facts are computed from."""

    prices: History
    positions: History

    def of(self, line: Line) -> History:
        """Return the history of a line's sample."""
        if line.measure.terms is skew_on_position:
            return self.positions
        return self.prices.between(*line.sample)


def lines() -> Iterator[Line]:
    """Yield every fact that the series allow, in the order of the table."""
    for measure in MEASURES:
        if measure.name in ("spread_beta", "spread_r2"):
            yield from _by_period(measure)
        elif measure.name == "skew_on_position":
            sample = (POSITIONS_FROM, LAST_DAY)
            yield Line(measure.name, measure, f"{H10}; {CFTC}", sample)
            yield Line(PER_CONTRACT.name, PER_CONTRACT, f"{H10}; {CFTC}", sample, in_model=False)
        elif measure.name not in ("equity_calm", "equity_stress"):
            on_yields = measure.name.startswith(("skew_", "carry_"))
            yield Line(measure.name, measure, f"{H10}; {YIELDS}" if on_yields else H10)


def _by_period(measure: Measure) -> Iterator[Line]:
    for first, last in ((2013, 2019), (2020, 2024), (1990, 2024)):
        sample, label = (date(first, 1, 1), date(last, 12, 31)), f"{measure.label}, {first}-{last % 100}"
        # Over the whole sample there is hardly a relation: the model is held against the years that have one.
        whole = first == FIRST_DAY.year
        yield Line(f"{measure.name}_{first}_{last}", measure, f"{H10}; {YIELDS}", sample, label, in_model=not whole)


def recomputed(line: Line, official: Official) -> StoredFact:
    """Return one fact from the official series."""
    measure, history = line.measure, official.of(line)
    terms = measure.terms(history)
    return StoredFact(
        label=line.label or measure.label,
        measure=measure.name if line.in_model else None,
        unit=measure.unit,
        value=rounded(pooled(measure, terms.sum(axis=1))),
        standard_error=rounded(history_error(measure, terms[0])),
        error_method=method(measure),
        first_day=history.dates[0].item(),
        last_day=history.dates[-1].item(),
        observations=int(terms[..., 0].sum()),
        source=line.source,
        accept=ACCEPT.get(line.name),
    )


def quoted() -> dict[str, StoredFact]:
    """Return the facts that the series cannot give."""
    fisher = "analytic, (1 - r²) / sqrt(n - 2) with the 43 business days of July and August 2024"
    calm, stress = BY_NAME["equity_calm"], BY_NAME["equity_stress"]
    aim = "no counterpart in the series: a property of the model"
    return {
        "equity_calm": StoredFact(
            label=calm.label,
            measure=calm.name,
            value=0.01,
            source=QUOTED,
            remark=f"{EQUITY_REMARK} No error: the number of days is not stated.",
        ),
        "equity_stress": StoredFact(
            label=stress.label,
            measure=stress.name,
            value=0.36,
            standard_error=0.136,
            error_method=fisher,
            first_day=date(2024, 7, 1),
            last_day=date(2024, 8, 31),
            observations=43,
            source=QUOTED,
            remark=EQUITY_REMARK,
        ),
        "amplification_ratio": StoredFact(
            label="Amplification ratio, 4 % over 1 %",
            measure="amplification_ratio",
            source=aim,
            accept=Accept(low=1.7, source=QUOTED),
        ),
        "amplification_in_news": StoredFact(
            label="Amplification ratio among daily news",
            measure="amplification_in_news",
            source=aim,
            accept=Accept(low=1.7, source=f"{QUOTED}, which does not say whether other news is there"),
        ),
        "amplification_frozen": StoredFact(
            label="Amplification, behaviour frozen",
            measure="amplification_frozen",
            source=aim,
            accept=Accept(low=0.98, high=1.02, source=QUOTED),
        ),
    }


def facts_from(folder: Path) -> StoredFacts:
    """Recompute every fact from a folder of official series."""
    official = Official(read_history(folder), read_positions(folder))
    found = {line.name: recomputed(line, official) for line in lines()}
    return StoredFacts(title="Stylised facts of USDJPY, 1990-2024", made_by=COMMAND, facts=found | quoted())


def method(measure: Measure) -> str:
    """Say how the standard error of a measure was computed."""
    if measure.error == "block bootstrap":
        return f"circular block bootstrap, blocks of {measure.block}, {REPLICATIONS} replications, seed {SEED}"
    if measure.error == "least squares":
        return "least squares, independent quarters"
    return f"Newey-West, {measure.lags} lags"


def rounded(value: float) -> float:
    """Round to the digits that are stored."""
    return float(f"{value:.{DIGITS}g}")


def yaml_text(facts: StoredFacts) -> str:
    """Return facts as the text of a file; the same facts give the same bytes."""
    head = [f"# Written by {facts.made_by}: change the program, not this file.", f"title: {_scalar(facts.title)}"]
    body = [f"made_by: {_scalar(facts.made_by)}", "facts:"]
    for name, fact in facts.facts.items():
        stated = fact.model_dump(mode="json", exclude_defaults=True)
        body += [f"  {name}:", *(f"    {key}: {_scalar(value)}" for key, value in stated.items())]
    return "\n".join([*head, *body]) + "\n"


def _scalar(value: Any) -> str:
    # JSON is YAML, also for a table on one line; dates are the exception that reads better bare.
    is_day = isinstance(value, str) and len(value) == 10 and value[:4].isdigit() and value[4] == "-"
    return value if is_day else json.dumps(value, ensure_ascii=False)


def main(arguments: Sequence[str]) -> int:
    """Print the facts of the folder named on the command line."""
    if len(arguments) != 1 or not Path(arguments[0]).is_dir():
        print(f"usage: {COMMAND}; DATA_DIR is the folder of official series", file=sys.stderr)
        return 2
    print(yaml_text(facts_from(Path(arguments[0]))), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
