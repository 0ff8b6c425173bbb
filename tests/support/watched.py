"""A model that keeps what the ledger saw of its last day."""

from simulation.accounts.ledger import DayFlows
from simulation.day.model import CapitalFlowModel
from simulation.scenario.scenario import Scenario


class Watched(CapitalFlowModel):
    """A model with the flows of its last day."""

    seen: DayFlows

    def check_ledger(self, flows: DayFlows) -> None:
        self.seen = flows
        super().check_ledger(flows)


def after(scenario: Scenario, days: int = 1) -> Watched:
    """A model that some days have passed in without a stop."""
    model = Watched(scenario)
    for _ in range(days):
        model.step()
    assert not model.stopped
    return model
