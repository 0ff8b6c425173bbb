"""Means of metrics as a reader sees them."""

from simulation.results.metrics import DAYS
from simulation.results.summary_table import number_text


def mean_text(value: float, unit: str) -> str:
    """A mean over runs; days too have a decimal, for a mean of whole numbers is none."""
    return f"{value:.1f}" if unit == DAYS else number_text(value, unit)


def shown_unit(unit: str) -> str:
    """A unit as a reader sees it: shares are shown in percent."""
    return "% of stock" if unit.startswith("share") else unit
