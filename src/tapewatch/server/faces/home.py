"""Where a person lands while no console is built in: what runs here, and where to go on."""

from html import escape
from typing import TYPE_CHECKING, Final

from starlette.responses import HTMLResponse, Response

from tapewatch.version import VERSION

if TYPE_CHECKING:
    from tapewatch.server.server import Server

PLACES: Final = (
    ("/-/ready", "whether every component does its work"),
    ("/metrics", "the server's own metrics"),
    ("/api/v1/status/config", "the configuration in use"),
    ("/api/v1/status/runtimeinfo", "since when it runs, and where"),
)

HEADERS: Final = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}

_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Tapewatch</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
  :root {{ color-scheme: dark light; }}
  body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 42rem; margin: 4rem auto;
         padding: 0 1rem; background: Canvas; color: CanvasText; }}
  h1 {{ font-weight: 600; margin-bottom: 0; }}
  .state {{ margin-top: .2rem; opacity: .75; }}
  td {{ padding: .25rem 1.5rem .25rem 0; }}
  code, a {{ font-family: ui-monospace, monospace; }}
</style></head><body>
<h1>Tapewatch {version}</h1>
<p class="state">{state}</p>
<p>The console is not built into this installation; everything else works.
From the sources, <code>make console</code> builds it (it needs Node 20 or later).</p>
<table>{places}</table>
<h2>Components</h2>
<table>{components}</table>
</body></html>
"""


def home_page(server: "Server") -> Response:
    """Draw the page."""
    ready = server.supervisor.ready()
    return HTMLResponse(
        _PAGE.format(
            version=escape(VERSION),
            state="Every component does its work." if ready else "Not ready.",
            places="".join(_row(f'<a href="{path}">{path}</a>', told) for path, told in PLACES),
            components="".join(
                _row(f"<code>{escape(each.name)}</code>", each.last_error or each.state.value)
                for each in server.supervisor.health()
            ),
        ),
        headers=HEADERS,
    )


def _row(left: str, right: str) -> str:
    return f"<tr><td>{left}</td><td>{escape(right)}</td></tr>"
