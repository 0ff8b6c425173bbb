"""One worker process and the pipe to it: calls go in, what they give comes back, and its death is the end of the pipe."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import threading
import traceback
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import Connection, wait
from typing import Any

Call = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]
"""A function with its arguments."""
CallOutcome = tuple[Any, BaseException | None]
"""What it gives, or the error that it raises."""
SECONDS_TO_END = 5.0
"""What a worker that was told to end is given before it is killed."""


class Worker:
    """A process and the pipe to it; it ends with the process that started it."""

    def __init__(self, context: Any) -> None:
        self._pipe, other = context.Pipe()
        self._process = context.Process(target=_work, args=(other,), daemon=True)
        try:
            self._process.start()
        finally:
            # As long as this process holds the other end, too, the pipe does not end with the worker.
            other.close()

    @property
    def alive(self) -> bool:
        """Whether the process is there."""
        return bool(self._process.is_alive())

    @property
    def idle(self) -> bool:
        """Whether it is there and waits for a task: one that has nothing to do says nothing, unless its pipe has ended."""
        return self.alive and not self._pipe.poll()

    def outcome(self, call: Call) -> CallOutcome:
        """What a call gives or the error that it raises.

        Raises
        ------
        BrokenProcessPool
            If the worker dies over it.
        """
        try:
            self._pipe.send(call)
            found: CallOutcome = self._pipe.recv()
        except (EOFError, OSError) as error:
            self.kill()
            raise BrokenProcessPool("a worker process died over its task") from error
        return found

    def end(self) -> None:
        """Let it end, which takes no time while it has nothing to do."""
        self._pipe.close()
        self._process.join(SECONDS_TO_END)
        self.kill()

    def kill(self) -> None:
        """End it at once."""
        if self.alive:
            self._process.kill()
        self._process.join()


def _work(pipe: Connection) -> None:
    """What a worker does: answer calls until its pipe ends."""
    # Ctrl-C reaches every process of the terminal; the parent answers it and ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_exit_with_parent, daemon=True).start()
    while True:
        try:
            call = pipe.recv_bytes()
        except EOFError:
            return
        _reply(pipe, _outcome(call))


def _outcome(sent: bytes) -> CallOutcome:
    try:
        function, args, kwargs = pickle.loads(sent)
        return function(*args, **kwargs), None
    except BaseException as error:
        # The traceback itself does not cross the border.
        error.add_note("in a worker process:\n" + traceback.format_exc())
        return None, error


def _reply(pipe: Connection, outcome: CallOutcome) -> None:
    try:
        pipe.send(outcome)
    except OSError:
        raise
    except Exception as error:
        pipe.send((None, RuntimeError(f"what a worker found cannot be sent: {type(error).__name__}: {error}")))


def _exit_with_parent() -> None:
    """End this process when its parent is gone, however that ended."""
    parent = multiprocessing.parent_process()
    assert parent is not None, "a worker is always started by another process"
    wait([parent.sentinel])
    os._exit(1)
