"""A model that keeps what the ledger saw of its last day."""

from simulation.ledger import DayFlows
from simulation.mesa_model import CapitalFlowModel


class Watched(CapitalFlowModel):
    """A model with the flows of its last day."""

    seen: DayFlows

    def check_ledger(self, flows: DayFlows) -> None:
        self.seen = flows
        super().check_ledger(flows)
