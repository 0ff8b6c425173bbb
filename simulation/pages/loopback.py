"""A port on this machine alone, for what is served to a browser on it."""

from __future__ import annotations

import importlib.util
import socket
from collections.abc import Sequence
from typing import Final

HOST: Final = "127.0.0.1"
GRACE_SECONDS: Final = 2
"""What an open page is given at the end; it would hold its connection for ever."""


class ServingError(RuntimeError):
    """Something cannot be served; says why and what to do."""


def install_hint(extra: str) -> str:
    """What to do without the packages of an extra."""
    return f"install the extra: python -m pip install 'carryflow[{extra}]'"


def require_packages(extra: str, packages: Sequence[str]) -> None:
    """Refuse to start without the packages of the extra of a command, which has its name.

    Raises
    ------
    ServingError
        With what to install.
    """
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        raise ServingError(f"carryflow {extra} needs {', '.join(missing)}; {install_hint(extra)}")


def bind_loopback(port: int) -> socket.socket:
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
