"""The daily quantiles that the page shows, each in whole steps of the precision at which it is shown."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from simulation.results.store import OutputError
from simulation.sweeps.daily import CAUSES_TO_DATE, population_of
from simulation.values.spelling import title

FAN: Final = ("p10", "p50", "p90")
MIDDLE: Final = ("p50",)
YEN, INDEX, DOLLARS, SHARE, USD_BN = 0.01, 0.01, 10.0, 1e-4, 0.1
"""Precision shown: yen per dollar, index points, 10 dollars (0.01 thousand) a bitcoin, 0.01 %, $bn."""
TWO, ONE = 2, 1


@dataclass(frozen=True)
class Column:
    """One quantile of one series.

    Attributes
    ----------
    series, quantile
        As in the store.
    step
        Unit of the whole numbers that the page holds, in the unit of the series.
    decimals
        With which the page shows it: a step is one in the last of them.
    panel
        Where it is shown: the series itself for a fan, ``yen`` or ``cause`` for a bar.
    words
        Label of a bar.
    colour
        Fill of a bar.
    """

    series: str
    quantile: str
    step: float
    decimals: int
    panel: str
    words: str = ""
    colour: str = ""


FANS: Final = {
    "usdjpy": (FAN, YEN),
    "levered_unwind_share_to_date": (FAN, SHARE),
    "unwound_share_to_date": (MIDDLE, SHARE),
    "us_equity": (FAN, INDEX),
    "japan_equity": (FAN, INDEX),
    "bitcoin_usd": (FAN, DOLLARS),
}
OPTIONAL: Final = ("us_equity", "japan_equity", "bitcoin_usd")
"""Assets that a scenario may lack."""
CAUSE_COLOURS: Final = ("#0072B2", "#56B4E9", "#E69F00", "#D55E00", "#661100", "#9a9a9a")


def columns_of(store: Path, there: Sequence[str]) -> list[Column]:
    """The columns of a store.

    Parameters
    ----------
    store
        The folder, for the message.
    there
        Names of the series in it; bars of populations keep their order.

    Raises
    ------
    OutputError
        If it lacks series that the page needs.
    """
    yen = [name for name in there if population_of(name) is not None]
    missing = [name for name in (*FANS, *CAUSES_TO_DATE) if name not in there and name not in OPTIONAL]
    if missing or not yen:
        wanted = missing or ["yen_bought_POPULATION_to_date_usd_bn"]
        raise OutputError(
            f"{store} cannot be shown: it has no daily series {', '.join(wanted)}; name them under `series` as in the "
            "shipped sweep `explore`"
        )
    fans = [
        Column(name, quantile, step, TWO, name)
        for name, (quantiles, step) in FANS.items()
        if name in there
        for quantile in quantiles
    ]
    return [*fans, *bars_of_causes(), *(bar_of_yen(name) for name in yen)]


def bars_of_causes() -> list[Column]:
    """A bar for each cause of unwinding."""
    return [
        Column(name, "p50", USD_BN, ONE, "cause", title(cause), colour)
        for (name, cause), colour in zip(CAUSES_TO_DATE.items(), CAUSE_COLOURS, strict=True)
    ]


def bar_of_yen(series: str) -> Column:
    """The bar of a population, in its colour."""
    from simulation.results.figures.style import colour

    population = str(population_of(series))
    return Column(series, "p50", USD_BN, ONE, "yen", title(population), colour(population))


def packed(steps: NDArray[np.float64]) -> dict[str, Any]:
    """Numbers rounded to whole steps, little-endian in base64: 16 bits each where all fit, else 32.

    Parameters
    ----------
    steps
        Values in units of their column's step, ``(states, columns, days)``.
    """
    whole = np.rint(steps)
    size = 16 if np.abs(whole).max(initial=0.0) < 2**15 else 32
    return {"bits": size, "base64": base64.b64encode(whole.astype(f"<i{size // 8}").tobytes()).decode("ascii")}


def unpacked(data: dict[str, Any], shape: tuple[int, int, int]) -> NDArray[np.int64]:
    """The whole numbers that `packed` holds, ``(states, columns, days)``."""
    raw = np.frombuffer(base64.b64decode(data["base64"]), dtype=f"<i{data['bits'] // 8}")
    return raw.astype(np.int64).reshape(shape)
