"""What one sector did in a day."""

from dataclasses import dataclass, field

from simulation.values.conventions import Array
from simulation.values.orders import Flow, Trade


@dataclass
class Tally:
    """Flows, unwinding by cause and repatriation of one sector in one day.

    Attributes
    ----------
    assets
        Units bought of each asset, ``(runs, assets)``; the first column is spot dollars, USD bn.
    repatriated
        Foreign assets sold and converted to yen by residents, USD bn, ``(runs, 1)``.
    unwound
        Foreign position given up by cause, USD bn at start prices, ``(runs, 1)``.
    """

    assets: Array
    repatriated: Array
    unwound: dict[str, Array] = field(default_factory=dict)

    def add_flow(self, flow: Flow) -> None:
        """Count a flow."""
        self.assets += flow.assets

    def take_side(self, flow: Flow) -> None:
        """Count the other side of a customer's flow."""
        self.assets -= flow.assets

    def add(self, trade: Trade, flow: Flow) -> None:
        """Count a trade whose flow is `flow`."""
        self.add_flow(flow)
        if trade.repatriated is not None:
            self.repatriated += trade.repatriated
        for cause, amount in trade.unwound.items():
            self.unwound[cause] = self.unwound.get(cause, 0.0) + amount
