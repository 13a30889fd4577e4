"""
The addresses of the inbox: those of the services, the list, the stream, and the page.

Only this machine may come in, and no page of a browser but our own: a name in ``Host`` that is not
the loopback's, and any ``Origin``, are turned away.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Final

import orjson
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from tapewatch.inbox.box import Box
from tapewatch.inbox.counter import Counter, Reply

PAGE: Final = Path(__file__).parent / "page"
FILES: Final = {
    "index.html": "text/html; charset=utf-8",
    "inbox.css": "text/css; charset=utf-8",
    "inbox.js": "text/javascript; charset=utf-8",
}
GUARDS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
HOSTS: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})
BODY_MAX_BYTES: Final = 10 * 1024 * 1024
KEEP_ALIVE_SECONDS: Final = 15.0

Handler = Callable[[Request], Awaitable[Response]]


class Guard:
    """Lets this machine in, and no foreign page."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what may not come in, and pass on the rest."""
        request = Request(scope)
        host = request.headers.get("host", "")
        name = host.rpartition(":")[0] if not host.endswith("]") and ":" in host else host
        origin = request.headers.get("origin", "")
        if name not in HOSTS or (origin and origin != f"http://{host}"):
            refusal = PlainTextResponse("the inbox is not for pages from elsewhere\n", 403)
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)


def application(counter: Counter) -> Starlette:
    """Build the web application of an inbox."""
    addresses = _Addresses(counter)
    routes = [Route(path, handler, methods=[method]) for method, path, handler in addresses.all()]
    return Starlette(routes=routes, middleware=[Middleware(Guard)])


class _Addresses:
    """What is answered where."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self._box: Box = counter.box

    def all(self) -> list[tuple[str, str, Handler]]:
        """List method, path and who answers."""
        to = "/to/{receiver:path}"
        return [
            ("GET", "/", self._page),
            ("GET", "/page/{file}", self._page),
            ("GET", "/api/messages", self._messages),
            ("DELETE", "/api/messages", self._clear),
            ("GET", "/api/events", self._events),
            ("POST", f"{to}/slack/webhook", self._slack_webhook),
            ("POST", f"{to}/slack/api/{{method}}", self._slack_api),
            ("POST", f"{to}/pagerduty/v2/enqueue", self._pagerduty),
            ("POST", f"{to}/discord/api/webhooks/{{id}}/{{token}}", self._discord),
            ("PATCH", f"{to}/discord/api/webhooks/{{id}}/{{token}}/messages/{{message}}",
             self._discord),
            ("POST", f"{to}/telegram/bot{{token}}/{{method}}", self._telegram),
            ("POST", f"{to}/webhook", self._webhook),
        ]  # fmt: skip

    async def _page(self, request: Request) -> Response:
        name = request.path_params.get("file", "index.html")
        if name not in FILES:
            return PlainTextResponse("there is no such file\n", 404)
        return Response((PAGE / name).read_bytes(), media_type=FILES[name], headers=GUARDS)

    async def _messages(self, request: Request) -> Response:
        told = [each.as_json() for each in self._box.since(_since(request))]
        return _json(200, {"revision": self._box.revision, "messages": told})

    async def _clear(self, _request: Request) -> Response:
        self._box.clear()
        return _json(200, {"revision": self._box.revision})

    async def _events(self, request: Request) -> Response:
        last = request.headers.get("last-event-id", "")
        since = int(last) if last.isdigit() else _since(request)
        return StreamingResponse(
            self._stream(since), media_type="text/event-stream", headers=GUARDS
        )

    async def _stream(self, since: int) -> AsyncIterator[bytes]:
        box, revision = self._box, since
        yield b"retry: 1000\n\n"
        while True:
            for each in box.since(revision):
                data = orjson.dumps(each.as_json())
                yield b"id: %d\nevent: message\ndata: %s\n\n" % (each.revision, data)
            if not box.since() and box.revision > revision:
                yield b"id: %d\nevent: clear\ndata: \n\n" % box.revision
            revision = box.revision
            try:
                async with asyncio.timeout(KEEP_ALIVE_SECONDS):
                    await box.wait(revision)
            except TimeoutError:
                yield b": still here\n\n"

    async def _slack_webhook(self, request: Request) -> Response:
        return _answer(self._counter.slack_webhook(_receiver(request), await _body(request)))

    async def _slack_api(self, request: Request) -> Response:
        receiver, method = _receiver(request), request.path_params["method"]
        if method == "files.getUploadURLExternal":
            upload = f"{request.url.scheme}://{request.url.netloc}/to/{receiver}/slack/api/upload"
            return _json(200, {"ok": True, "upload_url": upload, "file_id": "F1"})
        return _answer(self._counter.slack_api(receiver, method, await _body(request)))

    async def _pagerduty(self, request: Request) -> Response:
        return _answer(self._counter.pagerduty(_receiver(request), await _body(request)))

    async def _discord(self, request: Request) -> Response:
        kind = request.headers.get("content-type", "")
        message_id = request.path_params.get("message", "")
        reply = self._counter.discord(_receiver(request), kind, await _body(request), message_id)
        return _answer(reply)

    async def _telegram(self, request: Request) -> Response:
        kind, method = request.headers.get("content-type", ""), request.path_params["method"]
        body = await _body(request)
        return _answer(self._counter.telegram(_receiver(request), method, kind, body))

    async def _webhook(self, request: Request) -> Response:
        return _answer(self._counter.webhook(_receiver(request), await _body(request)))


def _receiver(request: Request) -> str:
    receiver: str = request.path_params["receiver"]
    return receiver


def _since(request: Request) -> int:
    text = request.query_params.get("since", "")
    return int(text) if text.isdigit() else 0


async def _body(request: Request) -> bytes:
    pieces, size = [], 0
    async for piece in request.stream():
        size += len(piece)
        if size <= BODY_MAX_BYTES:
            pieces.append(piece)
    return b"".join(pieces)


def _answer(reply: Reply) -> Response:
    if isinstance(reply.content, str):
        return PlainTextResponse(reply.content, reply.status)
    return _json(reply.status, reply.content)


def _json(status: int, content: object) -> Response:
    return Response(orjson.dumps(content), status, GUARDS, "application/json")
