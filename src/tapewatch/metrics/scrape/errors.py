"""
What can go wrong on the way to a sample.

* TapewatchError
  - ScrapeError
    - TargetRefused: what was discovered does not make a target
    - GroupsRefused: a document does not hold a list of target groups
    - LookupFailed: no DNS server gives an answer that can be used
    - DiscoveryFailed: the source of targets gives no answer that can be used
    - ScrapeFailed: one scrape brings nothing; its ``cause`` is a label of the failure counter
      - TimedOut
      - Unreachable: no connection, or it broke
      - BadAnswer: what came is not HTTP, or not to be followed
      - BadStatus: the target answered, and not with 200
      - BodyTooLarge
      - ContentRefused: a content type that nobody here reads
      - BadExposition: a body that does not follow its format
      - LimitExceeded: more or longer than the job allows
      - SeriesRefused: a series that cannot be stored under its labels
"""

from typing import ClassVar

from tapewatch.model.errors import TapewatchError


class ScrapeError(TapewatchError):
    """Something is wrong with a target, or with finding it."""


class TargetRefused(ScrapeError):
    """The labels that were discovered, after relabelling, do not make a target."""


class GroupsRefused(ScrapeError):
    """A document does not hold a list of target groups; the message says where it goes wrong."""


class LookupFailed(ScrapeError):
    """No DNS server gives an answer that can be used."""


class DiscoveryFailed(ScrapeError):
    """A source of targets gives no answer that can be used; what it said before still holds."""

    def __init__(self, mechanism: str, reason: str) -> None:
        super().__init__(mechanism, reason)
        self.mechanism = mechanism
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.mechanism} discovery: {self.reason}"


class ScrapeFailed(ScrapeError):
    """One scrape brings nothing."""

    cause: ClassVar[str] = "internal"


class TimedOut(ScrapeFailed):
    """The target did not answer in time."""

    cause = "timeout"

    def __init__(self, url: str, timeout_seconds: float) -> None:
        super().__init__(url, timeout_seconds)
        self.url = url
        self.timeout_seconds = timeout_seconds

    def __str__(self) -> str:
        return f"{self.url} did not answer within {self.timeout_seconds:g} s"


class Unreachable(ScrapeFailed):
    """There is no connection to the target, or it broke."""

    cause = "connection"

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(address, reason)
        self.address = address
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.address}: {self.reason}"


class BadAnswer(ScrapeFailed):
    """What the target sent is not HTTP, or leads nowhere."""

    cause = "http"


class BadStatus(ScrapeFailed):
    """The target answered, and not with 200."""

    cause = "status"

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(status, reason)
        self.status = status
        self.reason = reason

    def __str__(self) -> str:
        return f"server returned HTTP status {self.status} {self.reason}".rstrip()


class BodyTooLarge(ScrapeFailed):
    """The body, unpacked, is larger than the job allows."""

    cause = "body_size"

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(limit_bytes)
        self.limit_bytes = limit_bytes

    def __str__(self) -> str:
        return f"the body is larger than body_size_limit, {self.limit_bytes} bytes"


class ContentRefused(ScrapeFailed):
    """The target sends a content type that nobody here reads."""

    cause = "content_type"

    def __init__(self, content_type: str) -> None:
        super().__init__(content_type)
        self.content_type = content_type

    def __str__(self) -> str:
        said = f"Content-Type {self.content_type!r}" if self.content_type else "no Content-Type"
        return f"the target sent {said}: name a known format there, or set fallback_scrape_protocol"


class BadExposition(ScrapeFailed):
    """The body does not follow its format; the message says where."""

    cause = "exposition"


class LimitExceeded(ScrapeFailed):
    """A scrape brings more, or something longer, than the job allows."""

    cause = "limit"

    def __init__(self, setting: str, limit: int, found: int, where: str = "") -> None:
        super().__init__(setting, limit, found, where)
        self.setting = setting
        self.limit = limit
        self.found = found
        self.where = where

    def __str__(self) -> str:
        place = f" in {self.where}" if self.where else ""
        return f"{self.setting} exceeded: {self.found}{place}, the limit is {self.limit}"


class SeriesRefused(ScrapeFailed):
    """A series cannot be stored under the labels that it has."""

    cause = "series"
