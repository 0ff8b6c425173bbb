"""HTTP application: routes, error responses, and a check that requests come from the served page."""

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
    404: "send GET to /, or POST to /state",
    405: "send GET to /, or POST to /state",
}


def create_app(dispatcher: Dispatcher, page: str, policy: str, port: int) -> ASGIApp:
    """The ASGI application.

    Parameters
    ----------
    dispatcher
        Handles requests for states.
    page
        The page as HTML.
    policy
        Its content-security policy.
    port
        Port of the server; requests for another host or port are refused.
    """

    async def get_page(_request: Request) -> Response:
        return HTMLResponse(page)

    async def post_state(request: Request) -> Response:
        return await respond_state(dispatcher, request)

    async def get_status(_request: Request) -> Response:
        return json_response(server_status(dispatcher))

    routes = [
        Route("/", get_page, methods=["GET"]),
        Route("/state", post_state, methods=["POST"]),
        Route("/status", get_status, methods=["GET"]),
    ]
    inner = Starlette(
        routes=routes, exception_handlers={HTTPException: handle_http_error, RequestError: handle_request_error}
    )
    return OriginGuard(inner, policy, port)


async def respond_state(dispatcher: Dispatcher, request: Request) -> Response:
    """Response to a request for a state; the wait ends when the client disconnects."""
    state_request = parse_request(await read_body(request))
    response = asyncio.ensure_future(dispatcher.request(state_request))
    disconnect = asyncio.ensure_future(wait_for_disconnect(request.receive))
    try:
        await asyncio.wait({response, disconnect}, return_when=asyncio.FIRST_COMPLETED)
        return http_response(await response) if response.done() else Response(status_code=499)
    finally:
        response.cancel()
        disconnect.cancel()


async def wait_for_disconnect(receive: Callable[[], Awaitable[Message]]) -> None:
    """Wait until the client disconnects."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def read_body(request: Request) -> bytes:
    """Read a request body after checking its content type and size."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != JSON_TYPE:
        raise HTTPException(415, f"content-type is {kind[:80] or 'missing'}; send {JSON_TYPE}")
    body = b""
    try:
        async for part in request.stream():
            body += part
            if len(body) > MAX_BODY_BYTES:
                raise HTTPException(
                    413, f"the body exceeds {MAX_BODY_BYTES:,} bytes; a valid request needs fewer than 1,000"
                )
    except ClientDisconnect:
        raise HTTPException(400, "the request body is incomplete; send it again") from None
    return body


def http_response(response: StateResponse) -> Response:
    """HTTP response of a state response."""
    if response.kind == "state":
        return Response(f'{{"state":{response.state},"baseline":{response.baseline}}}', media_type=JSON_TYPE)
    if response.kind == "superseded":
        return json_response({"superseded": True, "reason": response.reason})
    return json_response({"error": response.reason}, STATUS_CODES[response.kind])


def server_status(dispatcher: Dispatcher) -> dict[str, int]:
    """Counters of the server."""
    return {
        "waiting": len(dispatcher.waiting),
        "states": len(dispatcher.cache),
        "passes": dispatcher.batches,
        "runs": dispatcher.runs,
        "workers": dispatcher.pool.workers,
    }


def json_response(content: Mapping[str, Any], status: int = 200) -> Response:
    """JSON response."""
    return Response(json.dumps(content), status, media_type=JSON_TYPE)


async def handle_request_error(_request: Request, error: Exception) -> Response:
    """Response 400 listing the mistakes of a request."""
    assert isinstance(error, RequestError)
    return json_response(error.to_dict(), 400)


async def handle_http_error(_request: Request, error: Exception) -> Response:
    """Response to an unknown path, a wrong method or a wrong body."""
    assert isinstance(error, HTTPException)
    content = {"error": error.detail}
    if error.status_code in CURES:
        content["cure"] = CURES[error.status_code]
    return Response(json.dumps(content), error.status_code, error.headers, JSON_TYPE)


class OriginGuard:
    """Middleware that refuses cross-origin requests and adds security headers to every response.

    A page of another site can send requests to this server, or point its own host name at this address (DNS rebinding).  The
    `Origin` header reveals the first, the `Host` header the second.  No response allows another origin to read it.
    """

    def __init__(self, inner: ASGIApp, policy: str, port: int) -> None:
        self.inner, self.policy = inner, policy
        self.hosts = {f"{name}:{port}" for name in (HOST, "localhost")}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] != "http":
            await self.inner(scope, receive, send)
            return
        added = [(name.encode(), value.encode()) for name, value in self.headers.items()]

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *added]
            await send(message)

        refusal = self.refusal(Request(scope))
        await (refusal or self.inner)(scope, receive, send_with_headers)

    @property
    def headers(self) -> dict[str, str]:
        """Headers of every response."""
        return {"content-security-policy": f"{self.policy}; frame-ancestors 'none'", **HEADERS}

    def refusal(self, request: Request) -> Response | None:
        """Error response to a request with a wrong host or origin, None for an allowed request."""
        hosts = sorted(self.hosts)
        host, origin = request.headers.get("host", ""), request.headers.get("origin")
        if host not in self.hosts:
            return json_response(
                {"error": f"host {host[:80]!r} is not this server", "cure": f"use the host {' or '.join(hosts)}"}, 400
            )
        if origin is not None and origin not in {f"http://{name}" for name in hosts}:
            return json_response(
                {"error": f"requests from origin {origin[:80]!r} are not allowed", "cure": f"open http://{hosts[0]}/"},
                403,
            )
        return None
