"""What the server says to a request: the page, a state, or why not; and that nobody but this page may ask."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from simulation.pages.loopback import HOST
from simulation.pages.serve.controls import RequestError
from simulation.pages.serve.dispatcher import Dispatcher
from simulation.pages.serve.requests import MAX_BODY_BYTES, StateResponse, parse_request

JSON_TYPE: Final = "application/json"
STATUS_CODES: Final = {"state": 200, "superseded": 200, "failed": 500, "busy": 503}
HEADERS: Final = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
}
CURES: Final = {
    404: "ask for / with GET, or for /state with POST",
    405: "ask for / with GET, or for /state with POST",
}


def create_app(desk: Dispatcher, page: str, policy: str, port: int) -> ASGIApp:
    """The application.

    Parameters
    ----------
    desk
        Takes wishes.
    page
        The page as HTML.
    policy
        Its content-security policy.
    port
        Where it is served; a request for another host or port is refused.
    """

    async def shown(_request: Request) -> Response:
        return HTMLResponse(page)

    async def state(request: Request) -> Response:
        return await respond_state(desk, request)

    async def status(_request: Request) -> Response:
        return json_response(server_status(desk))

    routes = [
        Route("/", shown, methods=["GET"]),
        Route("/state", state, methods=["POST"]),
        Route("/status", status, methods=["GET"]),
    ]
    inner = Starlette(
        routes=routes, exception_handlers={HTTPException: handle_http_error, RequestError: handle_request_error}
    )
    return OriginGuard(inner, policy, port)


async def respond_state(desk: Dispatcher, request: Request) -> Response:
    """Answer the question for a state, or leave off when the client does."""
    wish = parse_request(await read_body(request))
    asked = asyncio.ensure_future(desk.ask(wish))
    gone = asyncio.ensure_future(wait_for_disconnect(request.receive))
    try:
        await asyncio.wait({asked, gone}, return_when=asyncio.FIRST_COMPLETED)
        return http_response(await asked) if asked.done() else Response(status_code=499)
    finally:
        asked.cancel()
        gone.cancel()


async def wait_for_disconnect(receive: Callable[[], Awaitable[Message]]) -> None:
    """Wait until the client hangs up."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def read_body(request: Request) -> bytes:
    """The body of a question, of the right kind and not too long."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != JSON_TYPE:
        raise HTTPException(415, f"content-type is {kind[:80] or 'missing'}; send {JSON_TYPE}")
    body = b""
    try:
        async for part in request.stream():
            body += part
            if len(body) > MAX_BODY_BYTES:
                raise HTTPException(
                    413, f"the body has more than {MAX_BODY_BYTES:,} bytes; a state needs fewer than 1,000"
                )
    except ClientDisconnect:
        raise HTTPException(400, "the body ended early; send it whole") from None
    return body


def http_response(reply: StateResponse) -> Response:
    """What the desk says as a response."""
    if reply.kind == "state":
        return Response(f'{{"state":{reply.state},"baseline":{reply.baseline}}}', media_type=JSON_TYPE)
    if reply.kind == "superseded":
        return json_response({"superseded": True, "reason": reply.reason})
    return json_response({"error": reply.reason}, STATUS_CODES[reply.kind])


def server_status(desk: Dispatcher) -> dict[str, int]:
    """Counts for whoever looks after the server."""
    return {
        "waiting": len(desk.waiting),
        "states": len(desk.shelf),
        "passes": desk.passes,
        "runs": desk.runs,
        "workers": desk.bench.workers,
    }


def json_response(content: Mapping[str, Any], status: int = 200) -> Response:
    """A response with JSON in it."""
    return Response(json.dumps(content), status, media_type=JSON_TYPE)


async def handle_request_error(_request: Request, error: Exception) -> Response:
    """A question with mistakes."""
    assert isinstance(error, RequestError)
    return json_response(error.to_dict(), 400)


async def handle_http_error(_request: Request, error: Exception) -> Response:
    """A request that is none of ours."""
    assert isinstance(error, HTTPException)
    content = {"error": error.detail}
    if error.status_code in CURES:
        content["cure"] = CURES[error.status_code]
    return Response(json.dumps(content), error.status_code, error.headers, JSON_TYPE)


class OriginGuard:
    """Lets nobody in who was led here by another site, and puts the safe headers on every response.

    A page of another site can make a browser ask this server, or give its own name this address (DNS rebinding).  The first
    shows in the origin, the second in the host; no response allows another origin to read it.
    """

    def __init__(self, inner: ASGIApp, policy: str, port: int) -> None:
        self.inner, self.policy = inner, policy
        self.hosts = {f"{name}:{port}" for name in (HOST, "localhost")}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self.inner(scope, receive, send)
            return
        added = [(name.encode(), value.encode()) for name, value in self.headers.items()]

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *added]
            await send(message)

        wrong = self.wrong(Request(scope))
        await (wrong or self.inner)(scope, receive, sent)

    @property
    def headers(self) -> dict[str, str]:
        """Headers of every response."""
        return {"content-security-policy": f"{self.policy}; frame-ancestors 'none'", **HEADERS}

    def wrong(self, request: Request) -> Response | None:
        """The response to a request that comes from elsewhere, none if it does not."""
        hosts = sorted(self.hosts)
        host, origin = request.headers.get("host", ""), request.headers.get("origin")
        if host not in self.hosts:
            return json_response(
                {"error": f"host {host[:80]!r} is not this server", "cure": f"ask for {' or '.join(hosts)}"}, 400
            )
        if origin is not None and origin not in {f"http://{name}" for name in hosts}:
            return json_response(
                {"error": f"a page of {origin[:80]!r} may not ask", "cure": f"open http://{hosts[0]}/"}, 403
            )
        return None
