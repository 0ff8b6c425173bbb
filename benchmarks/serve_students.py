"""Load test of `carryflow serve` over HTTP: lost requests, errors and waiting times of simulated students.

``python -m benchmarks.serve_students --students 30 --seconds 60`` starts a server on a free port of this machine, runs the lesson
of `benchmarks.students`, and stops the server.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from benchmarks.students import Tally, lesson, lesson_summary, options

HOST = "127.0.0.1"
CONTENT = re.compile(r'<script type="application/json" id="content">(.*?)</script>', re.DOTALL)


class Http:
    """HTTP client that sends the requests of the page."""

    def __init__(self, port: int) -> None:
        self.port = port

    async def request(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        """Status and body of a response; cancelling closes the connection."""
        reader, writer = await asyncio.open_connection(HOST, self.port, limit=2**24)
        try:
            head = f"{method} {path} HTTP/1.1\r\nhost: {HOST}:{self.port}\r\nconnection: close\r\n"
            kind = f"content-type: application/json\r\ncontent-length: {len(body)}\r\n" if body else ""
            writer.write(f"{head}{kind}\r\n".encode() + body)
            await writer.drain()
            head_text, _, content = (await reader.read(-1)).partition(b"\r\n\r\n")
            return int(head_text.split()[1]), content
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def state(self, client: str, state: dict[str, Any], beyond: int = 0) -> dict[str, Any]:
        """Response to a state request."""
        body = json.dumps({"client": client, "state": state, "beyond": beyond}).encode()
        status, content = await self.request("POST", "/state", body)
        if status != 200:
            raise RuntimeError(f"status {status}: {content[:200]!r}")
        answer: dict[str, Any] = json.loads(content)
        return answer

    async def content(self) -> dict[str, Any]:
        """Content of the page."""
        _, html = await self.request("GET", "/")
        found = CONTENT.search(html.decode())
        assert found is not None, "the page has no content"
        content: dict[str, Any] = json.loads(found[1])
        return content


async def over_http(port: int, asked: argparse.Namespace) -> Tally:
    """Run a lesson with the server on a port."""
    server = Http(port)
    return await lesson(server, await server.content(), asked)


@contextmanager
def served(*options: str) -> Iterator[int]:
    """Start a server on a free port; yields the port."""
    command = [sys.executable, "-m", "simulation", "serve", "--port", "0", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        found = re.search(r":(\d+)/", process.stdout.readline())
        assert found is not None, "the server did not start"
        yield int(found[1])
    finally:
        process.terminate()
        process.communicate(timeout=30)


def main() -> None:
    """Run the lesson and print the results; exit code 1 for lost requests or errors."""
    asked = argparse.ArgumentParser(description=__doc__, parents=[options()]).parse_args()
    with served() as port:
        tally = asyncio.run(over_http(port, asked))
        load = " ".join(f"{one:.1f}" for one in os.getloadavg())
        print(lesson_summary(tally))
        print(f"load of the machine (1, 5, 15 minutes): {load}, processors {os.cpu_count()}", flush=True)
    sys.exit(1 if tally.lost or tally.errors else 0)


if __name__ == "__main__":
    main()
