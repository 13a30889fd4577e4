"""
The processes of a drill on the machine's own clock: the server, the floor and the inbox.

They are those of ``tapewatch up --floor``: where they run already they are joined, else they are
started. A server whose messages would reach people is left alone.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import orjson

from tapewatch.drill.companions import Companion
from tapewatch.drill.errors import NotReachable, NotRedirected
from tapewatch.floor.ledger import Cost
from tapewatch.metrics.scrape.errors import ScrapeFailed
from tapewatch.metrics.scrape.http.client import HttpClient, Request
from tapewatch.metrics.scrape.http.settings import HttpSettings
from tapewatch.model.clock import Clock, SystemClock

SERVER: Final = "http://127.0.0.1:7600"
FLOOR: Final = "http://127.0.0.1:7602"
INBOX: Final = "http://127.0.0.1:7603"
REDIRECTED: Final = b"tapewatch_alerting_redirected 1"
START_SECONDS: Final = 60.0
ASK_SECONDS: Final = 10.0
AGAIN_SECONDS: Final = 0.25


class Site:
    """A server, a floor and an inbox that can be asked."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._client = HttpClient(HttpSettings(), clock)

    async def begin(self, fault: str, seconds: float) -> None:
        """Let a fault begin."""
        await self._ask("the floor", f"{FLOOR}/faults/{fault}?for={seconds:.0f}s", method="POST")

    async def end(self, fault: str) -> Cost:
        """End a fault; says what it came to on all desks together."""
        body = await self._ask("the floor", f"{FLOOR}/faults/{fault}", method="DELETE")
        return sum((Cost(**each) for each in orjson.loads(body)["costs"].values()), Cost())

    async def alerts(self) -> list[dict[str, Any]]:
        """List the alerts of the rules, pending ones too."""
        told: list[dict[str, Any]] = (await self._json("/api/v1/alerts"))["data"]["alerts"]
        return told

    async def holds(self, expr: str, begin_s: float, end_s: float, step_s: float) -> list[float]:
        """List the times on a grid at which an expression holds."""
        asked = {"query": expr, "start": begin_s, "end": end_s, "step": step_s}
        answer = await self._json(f"/api/v1/query_range?{urlencode(asked)}")
        series = answer["data"]["result"]
        return sorted({moment for each in series for moment, _ in each.get("values", ())})

    async def up(self) -> int:
        """Count the services that answer their scraper."""
        answer = await self._json(f"/api/v1/query?{urlencode({'query': 'count(up == 1)'})}")
        result = answer["data"]["result"]
        return int(float(result[0]["value"][1])) if result else 0

    async def messages(self, since: int) -> tuple[int, list[dict[str, Any]]]:
        """List what came into the inbox after a revision, and give the newest one."""
        body = await self._ask("the inbox", f"{INBOX}/api/messages?since={since}")
        told = orjson.loads(body)
        return told["revision"], told["messages"]

    async def is_there(self) -> bool:
        """Say whether everything answers."""
        try:
            await self._ask("the server", f"{SERVER}/-/ready")
            await self._ask("the floor", f"{FLOOR}/faults")
            await self.messages(0)
        except NotReachable:
            return False
        return True

    async def check_redirected(self) -> None:
        """Make sure that nobody is paged; raises ``NotRedirected``."""
        body = await self._ask("the server", f"{SERVER}/metrics")
        if REDIRECTED not in body:
            raise NotRedirected(SERVER)

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()

    async def _json(self, path: str) -> Any:
        return orjson.loads(await self._ask("the server", SERVER + path))

    async def _ask(self, what: str, url: str, *, method: str = "GET") -> bytes:
        try:
            answer = await self._client.fetch(
                Request(url, method=method), timeout_seconds=ASK_SECONDS
            )
        except ScrapeFailed as fault:
            raise NotReachable(what, url, str(fault)) from None
        if answer.status >= 300:
            words = answer.body[:200].decode("utf-8", "replace").strip()
            raise NotReachable(what, url, f"{answer.status} {words}")
        return answer.body


@asynccontextmanager
async def site(packs: Sequence[str], folder: Path) -> AsyncIterator[Site]:
    """Join what runs here, or start it for as long as it is needed."""
    found = Site(SystemClock())
    companion: Companion | None = None
    try:
        if not await found.is_there():
            named = [word for pack in packs for word in ("--pack", pack)]
            companion = Companion("up", "--floor", *named, "--data", str(folder / "data"))
            await _until_there(found, companion)
        await found.check_redirected()
        yield found
    finally:
        found.close()
        if companion is not None:
            await asyncio.to_thread(companion.stop)


async def _until_there(found: Site, companion: Companion) -> None:
    lost = asyncio.Event()
    loop = asyncio.get_running_loop()

    def give_up(_companion: Companion) -> None:
        loop.call_soon_threadsafe(lost.set)

    companion.on_death(give_up)
    left = START_SECONDS
    while not await found.is_there():
        await found.clock.sleep(AGAIN_SECONDS)
        left -= AGAIN_SECONDS
        if lost.is_set() or left <= 0:
            why = " ".join(companion.said[-3:]) or f"it did not start within {START_SECONDS:g} s"
            raise NotReachable("the sample floor", SERVER, why)
