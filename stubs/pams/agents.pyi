from typing import Any

class FCNAgent:
    def submit_orders(self, markets: list[Any]) -> list[Any]: ...
