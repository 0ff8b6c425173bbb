"""Loopback socket and package checks shared by the local servers."""

from __future__ import annotations

import importlib.util
import socket
from collections.abc import Sequence
from typing import Final

HOST: Final = "127.0.0.1"
GRACE_SECONDS: Final = 2
"""Grace period for open connections at shutdown, s; an open page would keep its connection indefinitely."""


class ServingError(RuntimeError):
    """A server cannot start; the message names the reason and the cure."""


def install_hint(extra: str) -> str:
    """How to install an optional extra."""
    return f"install the extra: python -m pip install 'carryflow[{extra}]'"


def require_packages(extra: str, packages: Sequence[str]) -> None:
    """Check that the packages of an extra are installed; the extra has the name of its command.

    Raises
    ------
    ServingError
        If a package is missing; the message says what to install.
    """
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        raise ServingError(f"carryflow {extra} needs {', '.join(missing)}; {install_hint(extra)}")


def bind_loopback(port: int) -> socket.socket:
    """Listening socket on 127.0.0.1.

    Parameters
    ----------
    port
        Port number; 0 selects a free port.

    Raises
    ------
    ServingError
        If the port is not free.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        # Connections made before the server is ready wait instead of being refused.
        listener.listen()
    except OSError as error:
        listener.close()
        raise ServingError(
            f"port {port} on {HOST} is not free ({error.strerror}); choose another with --port"
        ) from None
    return listener
