"""
Channels that make requests: what an answer means, and when to come back.

The general rule: 2xx is delivered; 408, 425, 429 and 5xx are worth another attempt, after the time
that the answer asks for; everything else will not get better. A service with rules of its own
overrides ``judge``.
"""

import hashlib
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

import orjson

from tapewatch.alerting.channels.base import BaseChannel, Ended, Settings
from tapewatch.alerting.channels.channel import Outcome, Refused, Retry
from tapewatch.alerting.channels.limits import fit
from tapewatch.alerting.channels.surroundings import Surroundings
from tapewatch.metrics.scrape.errors import BadAnswer, BodyTooLarge, ScrapeFailed, TimedOut
from tapewatch.metrics.scrape.http.client import Answer, HttpClient, Request
from tapewatch.metrics.scrape.http.origin import split_url
from tapewatch.metrics.scrape.http.settings import HttpSettings
from tapewatch.model.clock import Clock
from tapewatch.sdk.redaction import Redactor

ANSWER_MAX_BYTES: Final = 1024 * 1024
WORDS_MAX: Final = 200
JSON: Final = "application/json"

AFTER_MAX_SECONDS: Final = 24 * 3600.0
"""An answer cannot put us off for longer."""

_WORTH_ANOTHER: Final = frozenset({408, 425, 429})
_CLEAN: Final = Redactor(b"words of answers")


class Client(Protocol):
    """The way out."""

    async def fetch(self, request: Request, *, timeout_seconds: float) -> Answer:
        """Make a request; raises ``ScrapeFailed`` where no answer comes."""
        ...

    def close(self) -> None:
        """Close the connections that are kept."""
        ...


class WebChannel(BaseChannel[Settings]):
    """A channel behind a URL."""

    def __init__(self, settings: Settings, surroundings: Surroundings) -> None:
        super().__init__(settings, surroundings)
        http = settings.http_config or HttpSettings()
        self.client: Client = HttpClient(http, surroundings.clock)

    async def post(
        self, url: str, document: Any, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Post JSON; raises ``Ended`` unless it was taken."""
        body = document if isinstance(document, bytes) else orjson.dumps(document)
        return await self.call(url, body, {"Content-Type": JSON, **(headers or {})})

    async def call(
        self,
        url: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        *,
        method: str = "POST",
    ) -> Answer:
        """Make a request; raises ``Ended`` unless it was taken."""
        answer = await self.ask(url, body, headers, method=method)
        ended = self.judge(answer)
        if ended is not None:
            raise Ended(ended)
        return answer

    async def ask(
        self,
        url: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        *,
        method: str = "POST",
    ) -> Answer:
        """Make a request and return any answer; raises ``Ended`` where none comes."""
        request = Request(
            _checked(url), headers or {}, limit_bytes=ANSWER_MAX_BYTES, method=method, body=body
        )
        try:
            return await self.client.fetch(request, timeout_seconds=self.timeout_seconds)
        except ScrapeFailed as fault:
            raise Ended(self._failure(fault, url)) from None

    def judge(self, answer: Answer) -> Outcome | None:
        """Say what an answer that is no success means; None where it is one."""
        return judge(answer, self.clock)

    def close(self) -> None:
        """Close the connections that are kept."""
        self.client.close()

    def _failure(self, fault: ScrapeFailed, url: str) -> Outcome:
        # The URL may let in whoever knows it, so words name the host alone.
        host = urlsplit(url).netloc.rpartition("@")[2]
        if isinstance(fault, TimedOut):
            return Retry(None, f"{host} did not answer within {fault.timeout_seconds:g} s")
        words = str(fault).replace(url, host)
        if isinstance(fault, BodyTooLarge):
            return Refused(f"{host} answers with more than {ANSWER_MAX_BYTES} bytes")
        return Retry(None, words)


def judge(answer: Answer, clock: Clock) -> Outcome | None:
    """Apply the general rule."""
    if 200 <= answer.status < 300:
        return None
    words = said(answer)
    if answer.status in _WORTH_ANOTHER or answer.status >= 500:
        return Retry(retry_after(answer, clock), words)
    return Refused(words)


def said(answer: Answer) -> str:
    """Quote an answer in one line, without secrets."""
    text = " ".join(answer.body[: 4 * WORDS_MAX].decode("utf-8", "replace").split())
    head = f"{answer.status} {answer.reason}".strip()
    return f"{head}: {fit(_CLEAN.text(text), WORDS_MAX)}" if text else head


def retry_after(answer: Answer, clock: Clock) -> float | None:
    """Read ``Retry-After``: seconds, or a date."""
    text = answer.header("retry-after").strip()
    if not text:
        return None
    try:
        return bounded(float(text))
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    known = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return bounded(known.timestamp() - clock.now_ns() / 1e9)


def bounded(seconds: float) -> float | None:
    """Take a time to wait that makes sense; nonsense is no answer."""
    return min(max(seconds, 0.0), AFTER_MAX_SECONDS) if seconds == seconds else None


def read_json(answer: Answer) -> dict[str, Any]:
    """Read an answer's object; anything else is an empty one."""
    try:
        document = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return {}
    return document if isinstance(document, dict) else {}


def told_by(url: str) -> str:
    """Name the server of a URL, and tell its secret paths apart without telling them."""
    host = urlsplit(url).netloc.rpartition("@")[2]
    return f"{host} {hashlib.sha256(url.encode()).hexdigest()[:6]}"


def _checked(url: str) -> str:
    try:
        split_url(url)
    except BadAnswer:
        raise Ended(Refused("the URL is not one such as https://host/path")) from None
    return url
