"""The part of uvicorn that carryflow viz and carryflow serve use; it belongs to their extras."""

import socket
from types import FrameType
from typing import Any

class Config:
    def __init__(
        self,
        app: Any,
        *,
        log_level: str | None = None,
        lifespan: str = "auto",
        server_header: bool = True,
        timeout_graceful_shutdown: int | None = None,
    ) -> None: ...

class Server:
    def __init__(self, config: Config) -> None: ...
    def handle_exit(self, sig: int, frame: FrameType | None) -> None: ...
    def run(self, sockets: list[socket.socket] | None = None) -> None: ...
    async def startup(self, sockets: list[socket.socket] | None = None) -> None: ...
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None: ...
