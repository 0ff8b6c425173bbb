"""A port on this machine alone, for what is served to a browser on it."""

from __future__ import annotations

import socket
from typing import Final

HOST: Final = "127.0.0.1"


class ServingError(RuntimeError):
    """Something cannot be served; says why and what to do."""


def bound(port: int) -> socket.socket:
    """A socket on 127.0.0.1 that is ours and takes connections.

    Parameters
    ----------
    port
        The port; 0 takes a free one.

    Raises
    ------
    ServingError
        If the port is taken.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        # Who comes before the server is ready waits instead of being turned away.
        listener.listen()
    except OSError as error:
        listener.close()
        raise ServingError(
            f"port {port} on {HOST} is not free ({error.strerror}); choose another with --port"
        ) from None
    return listener
