"""
``/`` and the console's other pages, ``/assets/…``, and addresses that messages and rules carry.

Every page is the same document: its script reads the address and asks the APIs. All addresses in it
are relative and one level deep, so it works behind any prefix that a proxy takes away. The files
hold nothing secret and are open without the token, or nobody could be asked for it.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from tapewatch.server.console import ConsoleFile
from tapewatch.server.errors import Refusal
from tapewatch.server.faces.home import home_page
from tapewatch.server.http.routes import Route

if TYPE_CHECKING:
    from tapewatch.server.server import Server

PAGES: Final = (
    "now",
    "dashboards",
    "explore",
    "desk",
    "alerts",
    "objectives",
    "catalog",
    "platform",
    "drills",
)
OTHER_FILES: Final = ("icon.svg", "licences.txt")
LEADING: Final = ("/silences/new", "/runbooks/", "/dashboards/")
"""Addresses in messages; each only leads to a page."""
HEADERS: Final = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
        "connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    ),
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


def routes(server: "Server") -> Iterator[BaseRoute]:
    """Yield the routes."""
    files = server.console

    async def page(request: Request) -> Response:
        index = files.index()
        return home_page(server) if index is None else sent(index, request)

    async def asset(request: Request) -> Response:
        found = files.get(request.scope["path"].lstrip("/"))
        if found is None:
            raise Refusal(404, "not_found", "the console has no such file")
        return sent(found, request)

    async def graph(request: Request) -> Response:
        return RedirectResponse(f"explore?{urlencode(explored(request))}", 302)

    async def new_silence(request: Request) -> Response:
        wanted = {"tab": "silences", "do": "new", "filter": request.query_params.get("filter", "")}
        return RedirectResponse(f"../alerts?{urlencode(wanted)}", 302)

    async def runbook(request: Request) -> Response:
        wanted = {"tab": "runbooks", "runbook": request.path_params["name"]}
        return RedirectResponse(f"../catalog?{urlencode(wanted)}", 302)

    async def dashboard(request: Request) -> Response:
        wanted = {"name": board_named(server, request.path_params["name"])}
        return RedirectResponse(f"../dashboards?{urlencode(wanted)}", 302)

    yield Route("/", page)
    for name in PAGES:
        yield Route(f"/{name}", page)
    yield Route("/assets/{name}", asset)
    for name in OTHER_FILES:
        yield Route(f"/{name}", asset)
    yield Route("/graph", graph)
    yield Route("/silences/new", new_silence)
    yield Route("/runbooks/{name}", runbook)
    yield Route("/dashboards/{name}", dashboard)


def is_open(server: "Server") -> Callable[[str], bool]:
    """Make the check whether a path may be read without the token: it is a file of the console."""
    pages = {"/", *(f"/{name}" for name in PAGES)}

    def check(path: str) -> bool:
        if path in pages or path.startswith(LEADING):
            return server.console.index() is not None
        return server.console.get(path.lstrip("/")) is not None

    return check


def sent(file: ConsoleFile, request: Request) -> Response:
    """Send a file in its smallest form, or say that the browser's copy still holds."""
    headers = {
        **HEADERS,
        "cache-control": file.cache_control,
        "etag": file.etag,
        "vary": "accept-encoding",
    }
    if file.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    coding, body = file.best_form(request.headers.get("accept-encoding", ""))
    if coding:
        headers["content-encoding"] = coding
    return Response(body, headers=headers, media_type=file.media_type)


def board_named(server: "Server", name: str) -> str:
    """Find the page of a pack by its own name, before which the platform's stands."""
    known = [str(each["name"]) for source in server.boards for each in source.dashboards()]
    return next((each for each in known if each == name or each.endswith(f"-{name}")), name)


def explored(request: Request) -> dict[str, str]:
    """Turn an address of Prometheus' own page, as alerts carry it, into one of Explore."""
    asked = request.query_params
    told = {"expr": asked.get("g0.expr", "")}
    if asked.get("g0.tab", "0") == "1":
        told["view"] = "table"
    if "g0.range_input" in asked:
        told["from"] = f"now-{asked['g0.range_input']}"
    return told
