"""The way between two servers: messages at once where there is news, else one a second."""

import asyncio
import logging
from typing import Final

import orjson

from tapewatch.alerting.channels.web import JSON, said
from tapewatch.alerting.peers.peers import Neighbour, Peers
from tapewatch.metrics.scrape.errors import ScrapeFailed
from tapewatch.metrics.scrape.http.client import HttpClient, Request
from tapewatch.metrics.scrape.http.settings import HttpSettings
from tapewatch.model.clock import Clock

log = logging.getLogger(__name__)

EXCHANGE: Final = "/api/v1/alerting/peers/exchange"
EVERY_SECONDS: Final = 1.0
SOON_SECONDS: Final = 0.02
TIMEOUT_SECONDS: Final = 2.0
ANSWER_MAX_BYTES: Final = 64 * 1024


class Link:
    """Tells every neighbour what is new."""

    def __init__(self, peers: Peers, clock: Clock, token: str) -> None:
        self._peers = peers
        self._clock = clock
        self._token = token
        self._client = HttpClient(HttpSettings(), clock)

    async def run(self) -> None:
        """Talk to all neighbours until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                for neighbour in self._peers.neighbours:
                    tasks.create_task(self._talk(neighbour))
        finally:
            self._client.close()

    async def _talk(self, neighbour: Neighbour) -> None:
        while True:
            await self._tell(neighbour)
            waited = 0.0
            while waited < EVERY_SECONDS:
                await self._clock.sleep(SOON_SECONDS)
                waited += SOON_SECONDS
                if neighbour.last_error is None and self._peers.is_behind(neighbour):
                    break

    async def _tell(self, neighbour: Neighbour) -> None:
        message, number = self._peers.outgoing(neighbour)
        headers = {"Content-Type": JSON, "Authorization": f"Bearer {self._token}"}
        request = Request(
            f"{neighbour.url}{EXCHANGE}",
            headers,
            limit_bytes=ANSWER_MAX_BYTES,
            method="POST",
            body=orjson.dumps(message),
        )
        try:
            answer = await self._client.fetch(request, timeout_seconds=TIMEOUT_SECONDS)
        except ScrapeFailed as fault:
            self._fail(neighbour, str(fault))
            return
        if answer.status != 200:
            self._fail(neighbour, said(answer))
            return
        told = orjson.loads(answer.body)
        self._peers.answered(neighbour, number, told, self._clock.now_ns())

    def _fail(self, neighbour: Neighbour, words: str) -> None:
        if neighbour.last_error is None:
            log.warning("a peer cannot be reached", extra={"peer": neighbour.url, "fault": words})
        neighbour.last_error = words
