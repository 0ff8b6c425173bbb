"""The part of uvicorn that carryflow viz uses; it belongs to an extra."""

import socket
from typing import Any

class Config:
    def __init__(
        self, app: Any, *, log_level: str | None = None, timeout_graceful_shutdown: int | None = None
    ) -> None: ...

class Server:
    def __init__(self, config: Config) -> None: ...
    def run(self, sockets: list[socket.socket] | None = None) -> None: ...
