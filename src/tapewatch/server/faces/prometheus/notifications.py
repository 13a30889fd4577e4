"""``/notifications`` and ``/notifications/live``: what an operator should know at once."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute

from tapewatch.metrics.vitals import read_only_reason
from tapewatch.model.durations import format_time_ns
from tapewatch.server.faces.prometheus.answers import PREFIX, Call, Data, endpoint

if TYPE_CHECKING:
    from tapewatch.server.server import Server

LOOK_SECONDS: Final = 1.0
SILENCE_SECONDS: Final = 20.0
"""A stream that has had nothing to say for this long says so, and proxies keep it open."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to know, since when, and whether it still holds."""

    text: str
    since_ns: int
    active: bool = True

    def told(self) -> dict[str, Any]:
        """Return it as the API shows it."""
        return {"text": self.text, "date": format_time_ns(self.since_ns), "active": self.active}


class Notices:
    """Remembers since when each notice holds."""

    def __init__(self, server: "Server") -> None:
        self._server = server
        self._known: dict[str, Notice] = {}

    def current(self) -> list[Notice]:
        """Look again, and return what holds at this moment."""
        texts = dict.fromkeys(_texts(self._server))
        now_ns = self._server.clock.now_ns()
        self._known = {text: self._known.get(text) or Notice(text, now_ns) for text in texts}
        return list(self._known.values())


def _texts(server: "Server") -> Iterator[str]:
    if not server.reload_good:
        yield "Configuration reload has failed."
    reason = read_only_reason(server.metrics.database)
    if reason:
        yield f"Metrics cannot be kept at the moment: {reason}"
    for each in server.supervisor.health():
        if each.last_error and not each.good:
            yield f"{each.name} is {each.state.value}: {each.last_error}"


def routes(server: "Server") -> Iterator[BaseRoute]:
    """Yield the routes."""
    notices = Notices(server)

    async def listed(_call: Call) -> Data:
        return Data([each.told() for each in notices.current()])

    async def live(call: Call) -> Response:
        call.allow(None)
        headers = {"cache-control": "no-cache"}
        return StreamingResponse(
            _events(call.server, notices), headers=headers, media_type="text/event-stream"
        )

    yield endpoint(server, f"{PREFIX}/notifications", listed)
    yield endpoint(server, f"{PREFIX}/notifications/live", live)


async def _events(server: "Server", notices: Notices) -> AsyncIterator[bytes]:
    told: dict[str, Notice] = {}
    silent = SILENCE_SECONDS
    while not server.stopping:
        current = {each.text: each for each in notices.current()}
        gone = [
            Notice(each.text, server.clock.now_ns(), active=False)
            for text, each in told.items()
            if text not in current
        ]
        fresh = [each for text, each in current.items() if text not in told]
        for each in (*fresh, *gone):
            yield b"data: %b\n\n" % orjson.dumps(each.told())
        silent = 0.0 if fresh or gone else silent + LOOK_SECONDS
        if silent >= SILENCE_SECONDS:
            silent = 0.0
            yield b":\n\n"
        told = current
        await server.clock.sleep(LOOK_SECONDS)
