"""Historical values of the stylised facts, computed from official series.

``python -m simulation.studies.facts.historical DATA_DIR`` prints configs/facts/*.yaml.  DATA_DIR is a folder of official
series that are not part of the project.  Values are rounded to four significant digits.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from simulation.studies.facts.comparison import AcceptRange, StoredFact, StoredFacts
from simulation.studies.facts.history import History
from simulation.studies.facts.measures import (
    BOOTSTRAP_REPLICATIONS,
    BOOTSTRAP_SEED,
    CALM_BELOW,
    MEASURES,
    MEASURES_BY_NAME,
    STRESS_ABOVE,
    FactMeasure,
    history_error,
    pooled_value,
    skew_on_position_terms,
)
from simulation.studies.facts.statistics import slope
from simulation.values.conventions import Array

FIRST_DAY, LAST_DAY = date(1990, 1, 2), date(2024, 12, 31)
POSITIONS_FROM: Final = date(2005, 1, 4)
CONTRACTS: Final = 100_000.0
"""Unit of positions: this number of contracts of JPY 12.5 million each."""
YIELD_COLUMNS: Final = {"DGS2": "ust2_pct", "2Y": "jgb2_pct", "DGS10": "ust10_pct", "10Y": "jgb10_pct"}


def read_history(folder: Path) -> History:
    """Read the official series as one run, on the days of H.10 from 1990 to 2024.

    Missing yields take the last known value.  JGB yields begin on 4 January 1990; the two days before use the first value.

    Parameters
    ----------
    folder
        Contains ``usdjpy_h10.csv``, ``us_treasury_yields.csv`` and ``jgb_yields.csv``.

    Raises
    ------
    OSError
        If a file is missing.
    """
    usdjpy = _read_series(folder / "usdjpy_h10.csv")["value"].dropna()
    yields = [_read_series(folder / "us_treasury_yields.csv"), _read_series(folder / "jgb_yields.csv")]
    days = usdjpy.index
    known = pd.concat(
        [table[[name for name in YIELD_COLUMNS if name in table]] for table in yields], axis=1, sort=True
    ).ffill()
    aligned = known.reindex(days, method="ffill").bfill().rename(columns=YIELD_COLUMNS)
    columns = {name: _single_run(aligned[name]) for name in YIELD_COLUMNS.values()}
    history = History(days.to_numpy().astype("datetime64[D]"), _single_run(usdjpy), **columns)
    return history.between(FIRST_DAY, LAST_DAY)


def read_positions(folder: Path) -> History:
    """Read the same series with non-commercial net short yen positions, from January 2005.

    Positions refer to Tuesdays and are published on Fridays.  They are used from the Tuesday on; the statistics read them at week
    ends.
    """
    history = read_history(folder).between(POSITIONS_FROM, LAST_DAY)
    short = -_read_series(folder / "cot_jpy.csv")["noncomm_net"].dropna() / CONTRACTS
    aligned = short.reindex(pd.DatetimeIndex(history.dates), method="ffill")
    return History(
        history.dates,
        history.usdjpy,
        history.ust2_pct,
        history.jgb2_pct,
        history.ust10_pct,
        history.jgb10_pct,
        position=_single_run(aligned),
    )


def _read_series(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, parse_dates=["date"], index_col="date")


def _single_run(series: "pd.Series[float]") -> Array:
    return np.asarray(series, dtype=np.float64)[None, :]


COMMAND: Final = "python -m simulation.studies.facts.historical DATA_DIR"
DIGITS: Final = 4
H10, CFTC = "Federal Reserve H.10, noon New York", "CFTC Commitments of Traders, non-commercial net short yen"
YIELDS: Final = "Federal Reserve H.15, Ministry of Finance Japan"
QUOTED: Final = "CALIBRATION section 3"
EQUITY_REMARK: Final = (
    "quoted, not recomputed: index series are copyrighted. In the model a day is calm when yesterday's volatility was "
    f"below {CALM_BELOW:g} times its long-run value, and under stress when it was above {STRESS_ABOVE:g} times."
)
PER_CONTRACT: Final = FactMeasure(
    "skew_on_contracts", "Later skewness on position", "per 100k", skew_on_position_terms, slope, 52, "Newey-West", 13
)
"""Newey-West with 13 weekly lags reproduces the error of 0.13 in CALIBRATION; windows of 90 days overlap for 18 weeks."""
ACCEPT_RANGES: Final = {
    "skew_slope": AcceptRange(low=-0.16, high=-0.04, source=QUOTED),
    "skew_large_gap": AcceptRange(low=-0.9, high=-0.3, source=QUOTED),
    "skew_no_gap": AcceptRange(low=-0.2, high=0.2, source=f"{QUOTED} says near zero; the width is an assumption"),
}


@dataclass(frozen=True)
class FactDefinition:
    """One fact to recompute: measure, sample, source and label."""

    name: str
    measure: FactMeasure
    source: str = H10
    sample: tuple[date, date] = (FIRST_DAY, LAST_DAY)
    label: str = ""
    in_model: bool = True


@dataclass(frozen=True)
class OfficialSeries:
    """Histories from which the facts are computed."""

    prices: History
    positions: History

    def of(self, definition: FactDefinition) -> History:
        """Return the history for the sample of a fact."""
        if definition.measure.terms is skew_on_position_terms:
            return self.positions
        return self.prices.between(*definition.sample)


def fact_definitions() -> Iterator[FactDefinition]:
    """Yield all facts that the series can provide, in the order of the table."""
    for measure in MEASURES:
        if measure.name in ("spread_beta", "spread_r2"):
            yield from _period_definitions(measure)
        elif measure.name == "skew_on_position":
            sample = (POSITIONS_FROM, LAST_DAY)
            yield FactDefinition(measure.name, measure, f"{H10}; {CFTC}", sample)
            yield FactDefinition(PER_CONTRACT.name, PER_CONTRACT, f"{H10}; {CFTC}", sample, in_model=False)
        elif measure.name not in ("equity_calm", "equity_stress"):
            on_yields = measure.name.startswith(("skew_", "carry_"))
            yield FactDefinition(measure.name, measure, f"{H10}; {YIELDS}" if on_yields else H10)


def _period_definitions(measure: FactMeasure) -> Iterator[FactDefinition]:
    for first, last in ((2013, 2019), (2020, 2024), (1990, 2024)):
        sample, label = (date(first, 1, 1), date(last, 12, 31)), f"{measure.label}, {first}-{last % 100}"
        # There is hardly any relation over the whole sample; the model is compared with the periods that have one.
        whole_sample = first == FIRST_DAY.year
        yield FactDefinition(
            f"{measure.name}_{first}_{last}", measure, f"{H10}; {YIELDS}", sample, label, in_model=not whole_sample
        )


def recompute_fact(definition: FactDefinition, official: OfficialSeries) -> StoredFact:
    """Return one fact from the official series."""
    measure, history = definition.measure, official.of(definition)
    terms = measure.terms(history)
    return StoredFact(
        label=definition.label or measure.label,
        measure=measure.name if definition.in_model else None,
        unit=measure.unit,
        value=round_value(pooled_value(measure, terms.sum(axis=1))),
        standard_error=round_value(history_error(measure, terms[0])),
        error_method=describe_error_method(measure),
        first_day=history.dates[0].item(),
        last_day=history.dates[-1].item(),
        observations=int(terms[..., 0].sum()),
        source=definition.source,
        accept=ACCEPT_RANGES.get(definition.name),
    )


def quoted_facts() -> dict[str, StoredFact]:
    """Return the facts that the series cannot provide."""
    fisher = "analytic, (1 - r²) / sqrt(n - 2) with the 43 business days of July and August 2024"
    calm, stress = MEASURES_BY_NAME["equity_calm"], MEASURES_BY_NAME["equity_stress"]
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
            accept=AcceptRange(low=1.7, source=QUOTED),
        ),
        "amplification_in_news": StoredFact(
            label="Amplification ratio among daily news",
            measure="amplification_in_news",
            source=aim,
            accept=AcceptRange(low=1.7, source=f"{QUOTED}, which does not say whether other news is there"),
        ),
        "amplification_frozen": StoredFact(
            label="Amplification, behaviour frozen",
            measure="amplification_frozen",
            source=aim,
            accept=AcceptRange(low=0.98, high=1.02, source=QUOTED),
        ),
    }


def recompute_facts(folder: Path) -> StoredFacts:
    """Recompute all facts from a folder of official series."""
    official = OfficialSeries(read_history(folder), read_positions(folder))
    recomputed = {definition.name: recompute_fact(definition, official) for definition in fact_definitions()}
    return StoredFacts(title="Stylised facts of USDJPY, 1990-2024", made_by=COMMAND, facts=recomputed | quoted_facts())


def describe_error_method(measure: FactMeasure) -> str:
    """Return a description of the standard error of a measure."""
    if measure.error == "block bootstrap":
        draws = f"{BOOTSTRAP_REPLICATIONS} replications, seed {BOOTSTRAP_SEED}"
        return f"circular block bootstrap, blocks of {measure.block}, {draws}"
    if measure.error == "least squares":
        return "least squares, independent quarters"
    return f"Newey-West, {measure.lags} lags"


def round_value(value: float) -> float:
    """Round to the number of significant digits that is stored."""
    return float(f"{value:.{DIGITS}g}")


def facts_yaml(facts: StoredFacts) -> str:
    """Return facts as YAML text; the same facts give the same bytes."""
    head = [f"# Written by {facts.made_by}: change the program, not this file.", f"title: {_scalar(facts.title)}"]
    body = [f"made_by: {_scalar(facts.made_by)}", "facts:"]
    for name, fact in facts.facts.items():
        values = fact.model_dump(mode="json", exclude_defaults=True)
        body += [f"  {name}:", *(f"    {key}: {_scalar(value)}" for key, value in values.items())]
    return "\n".join([*head, *body]) + "\n"


def _scalar(value: Any) -> str:
    # JSON is valid YAML; dates are written without quotes.
    is_day = isinstance(value, str) and len(value) == 10 and value[:4].isdigit() and value[4] == "-"
    return value if is_day else json.dumps(value, ensure_ascii=False)


def main(arguments: Sequence[str]) -> int:
    """Print the facts of the folder given on the command definition."""
    if len(arguments) != 1 or not Path(arguments[0]).is_dir():
        print(f"usage: {COMMAND}; DATA_DIR is an existing folder with the official series", file=sys.stderr)
        return 2
    print(facts_yaml(recompute_facts(Path(arguments[0]))), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
