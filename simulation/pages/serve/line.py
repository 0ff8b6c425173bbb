"""Who is next: every client has one place in the line, however often it asks."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Line(Generic[Item]):
    """Clients in the order in which they came, each with what it wants now.

    A client that asks again before its turn keeps its place and has its new wish in it; one that was served goes to the end
    when it asks the next time.  So turns go round by client, and fifty moves of one slider take one turn.
    """

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, Item] = OrderedDict()

    def __len__(self) -> int:
        """Return the number of clients that wait."""
        return len(self._waiting)

    def __iter__(self) -> Iterator[Item]:
        """Yield what is wanted, the next first."""
        return iter(list(self._waiting.values()))

    def put(self, client: str, item: Item) -> None:
        """Let a client want something, in the place of what it still waits for."""
        self._waiting[client] = item

    def drop(self, client: str, item: Item) -> None:
        """Let a client leave, unless it wants something else by now."""
        if self._waiting.get(client) is item:
            del self._waiting[client]
