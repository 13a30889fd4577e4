"""
Hands: how each kind of action is done, and what it would do.

A webhook is signed as our other webhooks are; a program must stand on the list of allowed ones and
gets the pull as JSON on its standard input; a kill switch is tripped in the regions of processes
that run on this machine.
"""

import asyncio
import hashlib
import hmac
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import orjson

from tapewatch.agent.finding import default_folders, find
from tapewatch.alerting.actions.pull import Pull
from tapewatch.alerting.actions.settings import ActionSettings
from tapewatch.alerting.channels.base import Ended, reveal
from tapewatch.alerting.channels.channel import Delivered, Outcome, Refused, Retry
from tapewatch.alerting.channels.command import run_program
from tapewatch.alerting.channels.web import ANSWER_MAX_BYTES, JSON, judge, said
from tapewatch.alerting.channels.webhook import (
    DELIVERY_HEADER,
    SIGNATURE_HEADER,
    TIME_HEADER,
)
from tapewatch.metrics.scrape.errors import ScrapeFailed
from tapewatch.metrics.scrape.http.client import HttpClient, Request
from tapewatch.metrics.scrape.http.settings import HttpSettings
from tapewatch.model.clock import Clock
from tapewatch.sdk.errors import RegionUnreadable
from tapewatch.sdk.region.reader import Reader, Standing
from tapewatch.sdk.trading.switchboard import switches, trip

Folders = Callable[[], Sequence[Path]]
GONE: Final = frozenset({Standing.CLOSED, Standing.DEAD})
"""A process that is not there any more has nothing to stop."""


class Hands:
    """Does what was decided."""

    def __init__(self, clock: Clock, folders: Folders | None = None) -> None:
        self._clock = clock
        self._named = folders or (lambda: ())

    async def do(self, action: ActionSettings, pull: Pull) -> Outcome:
        """Do it; says how it went and never raises for what the other side does."""
        try:
            if action.kind == "webhook":
                return await self._call(action, pull)
            if action.kind == "command":
                return await self._run(action, pull)
            return await asyncio.to_thread(self._trip, action, pull)
        except Ended as ended:
            return ended.outcome
        except OSError as fault:
            return Retry(None, fault.strerror or str(fault))

    def intention(self, action: ActionSettings) -> str:
        """Say what would be done."""
        if action.kind == "webhook":
            # The rest of the address may let in whoever knows it.
            return f"call {urlsplit(action.to).netloc.rpartition('@')[2]}"
        if action.kind == "command":
            return f"run {' '.join((action.to, *action.arguments))}"
        regions = list(self._regions(action))
        return f"trip the switch {action.to!r} of {_whose(action)} ({len(regions)} found)"

    async def _call(self, action: ActionSettings, pull: Pull) -> Outcome:
        body = orjson.dumps(pull.told())
        headers = {"Content-Type": JSON, DELIVERY_HEADER: pull.key}
        if token := reveal(action.token, action.token_file):
            headers["Authorization"] = f"Bearer {token}"
        headers |= self._signature(action, pull, body)
        client = HttpClient(HttpSettings(), self._clock)
        request = Request(
            action.to, headers, limit_bytes=ANSWER_MAX_BYTES, method="POST", body=body
        )
        try:
            answer = await client.fetch(request, timeout_seconds=action.timeout / 1000)
        except ScrapeFailed as fault:
            host = urlsplit(action.to).netloc.rpartition("@")[2]
            return Retry(None, str(fault).replace(action.to, host))
        finally:
            client.close()
        return judge(answer, self._clock) or Delivered(detail=said(answer))

    def _signature(self, action: ActionSettings, pull: Pull, body: bytes) -> dict[str, str]:
        secret = reveal(action.hmac_secret, action.hmac_secret_file)
        if not secret:
            return {}
        time = str(self._clock.now_ns() // 1_000_000_000)
        signed = b".".join((time.encode(), pull.key.encode(), body))
        digest = hmac.digest(secret.encode(), signed, hashlib.sha256).hex()
        return {TIME_HEADER: time, SIGNATURE_HEADER: f"sha256={digest}"}

    async def _run(self, action: ActionSettings, pull: Pull) -> Outcome:
        return await run_program(
            (action.to, *action.arguments),
            orjson.dumps(pull.told()),
            environment={},
            timeout_seconds=action.timeout / 1000,
        )

    def _trip(self, action: ActionSettings, pull: Pull) -> Outcome:
        regions = list(self._regions(action))
        tripped, faults = 0, []
        for path in regions:
            try:
                trip(path, action.to, who=pull.by, why=pull.why)
                tripped += 1
            except RegionUnreadable as fault:
                faults.append(str(fault))
        words = (
            f"tripped {action.to!r} in {tripped} of {len(regions)} processes of {_whose(action)}"
        )
        if faults:
            return Retry(None, f"{words}; {'; '.join(faults)}")
        return Delivered(detail=words) if tripped else Refused(words)

    def _regions(self, action: ActionSettings) -> Iterator[Path]:
        """Yield the regions that have the switch and whose process is there."""
        for found in find(self._named() or default_folders(os.environ)):
            with suppress(RegionUnreadable):
                with Reader(found.path) as reader:
                    service = reader.snapshot().head.service
                if action.service not in ("", service):
                    continue
                seen = {each.name: each for each in switches(found.path)}
                if action.to in seen and seen[action.to].standing not in GONE:
                    yield found.path


def _whose(action: ActionSettings) -> str:
    return action.service or "every service"
