"""The fiscal block: how a change of rates passes through the stock of government debt into the interest bill."""

import numpy as np

from simulation.values.conventions import PERCENT, Array
from simulation.values.parameters import Parameters, quantity


class Fiscal(Parameters):
    """Japan's public debt."""

    debt_to_gdp_pct: float = quantity(
        229.6,
        "% of GDP",
        (0, 1000),
        "gross debt, for reference: no rule reads it, bonds_jpy_tn reprice",
        "IMF WEO October 2025; CLAIMS 40",
    )
    gdp_jpy_tn: float = quantity(635, "JPY tn", (1, 1e5), "nominal GDP", "Cabinet Office, 2025; CLAIMS 42")
    bonds_jpy_tn: float = quantity(1_100, "JPY tn", (0, 1e5), "JGBs that reprice", "MoF Japan, 2025; CLAIMS 42")
    average_maturity_years: float = quantity(9, "years", (0.1, 50), "average maturity", "MoF Japan; CLAIMS 42")

    def share_of_gdp(self, bill_jpy_bn: Array | float) -> Array:
        """A yearly amount in JPY bn as a share of GDP."""
        return np.asarray(bill_jpy_bn) / (self.gdp_jpy_tn * 1000.0)


def interest_bill_rise(rate_change: Array | float, years: Array | float, fiscal: Fiscal) -> Array:
    """Rise of the yearly interest bill `years` after rates moved by `rate_change` for good, JPY bn a year.

    ``B dr (1 - exp(-t / m))``: a stock B of average maturity m reprices as it is refinanced, not at once.

    Parameters
    ----------
    rate_change
        Decimal per year.
    years
        Time since the change.

    Source: MoF Japan, debt-servicing projections (assumed-rate exercise); MODEL section 2.
    Departure: maturities are taken as memoryless; the true redemption profile is close to it below ten years.
    """
    passed = 1.0 - np.exp(-np.asarray(years) / fiscal.average_maturity_years)
    return np.asarray(fiscal.bonds_jpy_tn * 1000.0 * np.asarray(rate_change) * passed)


def next_bill(bill_jpy_bn: Array, yield_change: Array, years: float, fiscal: Fiscal) -> Array:
    """The rise of the bill one step later, when new debt costs `yield_change` more than at the start; JPY bn a year.

    ``b' = b + (B dy - b) (1 - exp(-dt / m))``: the recursion whose answer to a lasting change is `interest_bill_rise`.
    """
    passed = 1.0 - np.exp(-years / fiscal.average_maturity_years)
    return np.asarray(bill_jpy_bn + (fiscal.bonds_jpy_tn * 1000.0 * yield_change - bill_jpy_bn) * passed)


def neutral_gap_pp(rate: Array, lowest_pct: float, highest_pct: float) -> Array:
    """How far the policy rate lies outside the neutral band, pp: negative is loose, zero inside, positive tight.

    Source: Bank of Japan staff range for the neutral rate, 1-2.5 % (CLAIMS 38).
    """
    rate_pct = rate / PERCENT
    return np.asarray(np.minimum(rate_pct - lowest_pct, 0.0) + np.maximum(rate_pct - highest_pct, 0.0))
