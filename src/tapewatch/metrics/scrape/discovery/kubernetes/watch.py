"""
A copy of one kind of object, kept up to date: listed once, then watched.

A watch ends whenever the server likes; it goes on from the last version that was seen, and lists
anew where the server has forgotten that version.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

import orjson

from tapewatch.metrics.scrape.discovery.kubernetes.objects import Cache, Key, key_of
from tapewatch.metrics.scrape.errors import BadStatus, DiscoveryFailed, ScrapeFailed
from tapewatch.metrics.scrape.http.client import HttpClient, Request

LIST_TIMEOUT_SECONDS: Final = 30.0
WATCH_SECONDS: Final = 300
"""How long one watch is asked to last."""

_GONE: Final = 410
_HEADERS: Final = {"Accept": "application/json"}


@dataclass(frozen=True, slots=True)
class Resource:
    """A kind of object in one place."""

    path: str
    label_selector: str = ""
    field_selector: str = ""

    def url(self, server: str, more: Mapping[str, str | int]) -> str:
        """Return the URL that asks for the objects."""
        asked: dict[str, str | int] = dict(more)
        if self.label_selector:
            asked["labelSelector"] = self.label_selector
        if self.field_selector:
            asked["fieldSelector"] = self.field_selector
        return f"{server}{self.path}?{urlencode(asked)}" if asked else f"{server}{self.path}"


class Watch:
    """Keeps ``cache`` up to date with what the server has at one place."""

    def __init__(self, client: HttpClient, server: str, resource: Resource, cache: Cache) -> None:
        self.ready = False
        self._client = client
        self._server = server
        self._resource = resource
        self._cache = cache
        self._own: set[Key] = set()
        self._version = ""

    async def changes(self) -> AsyncIterator[set[Key]]:
        """Yield the keys of what has changed; raises ``DiscoveryFailed`` to be called again."""
        try:
            if not self._version:
                yield await self._list()
            async for line in self._client.lines(
                self._watch_request(), timeout_seconds=WATCH_SECONDS + LIST_TIMEOUT_SECONDS
            ):
                if line.strip():
                    key = self._take(orjson.loads(line))
                    if key is not None:
                        yield {key}
        except BadStatus as fault:
            if fault.status == _GONE:
                self._version = ""
                return
            raise DiscoveryFailed("kubernetes", f"{self._resource.path}: {fault}") from None
        except (ScrapeFailed, ValueError, KeyError) as fault:
            raise DiscoveryFailed("kubernetes", f"{self._resource.path}: {fault}") from None

    async def _list(self) -> set[Key]:
        url = self._resource.url(self._server, {})
        answer = await self._client.get(url, headers=_HEADERS, timeout_seconds=LIST_TIMEOUT_SECONDS)
        document = orjson.loads(answer.body)
        found = {key_of(each): each for each in document.get("items") or []}
        changed = self._own | set(found)
        for key in self._own - set(found):
            self._cache.objects.pop(key, None)
        self._cache.objects.update(found)
        self._own = set(found)
        self._version = document["metadata"]["resourceVersion"]
        self.ready = True
        return changed

    def _watch_request(self) -> Request:
        more: dict[str, str | int] = {
            "watch": 1,
            "allowWatchBookmarks": "true",
            "resourceVersion": self._version,
            "timeoutSeconds": WATCH_SECONDS,
        }
        return Request(self._resource.url(self._server, more), _HEADERS)

    def _take(self, event: Mapping[str, Any]) -> Key | None:
        kind, found = event["type"], event["object"]
        if kind == "ERROR":
            self._version = ""
            if found.get("code") == _GONE:
                return None
            raise DiscoveryFailed("kubernetes", str(found.get("message", "the watch failed")))
        self._version = found["metadata"]["resourceVersion"]
        if kind == "BOOKMARK":
            return None
        key = key_of(found)
        if kind == "DELETED":
            self._cache.objects.pop(key, None)
            self._own.discard(key)
        else:
            self._cache.objects[key] = found
            self._own.add(key)
        return key
