"""The kinds of text that ``alertmanager.yml`` has beside those of every document."""

import re
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from tapewatch.document.nodes import Node
from tapewatch.document.reading import NOTHING, Reader
from tapewatch.document.types import TextForm
from tapewatch.metrics.scrape.secrets import InlineSecret
from tapewatch.model.errors import BadText

_GO_DURATION = re.compile(r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:ns|us|µs|ms|s|m|h)")
_GO_UNITS_MS: Final = {
    "ns": 1e-6,
    "us": 1e-3,
    "µs": 1e-3,
    "ms": 1.0,
    "s": 1e3,
    "m": 60e3,
    "h": 3600e3,
}


def parse_go_duration_ms(text: str) -> int:
    """Read ``1m30s`` or ``1.5s`` as milliseconds; ``0`` needs no unit."""
    if text == "0":
        return 0
    parts = _GO_DURATION.findall(text)
    if not parts or "".join(parts) != text:
        raise BadText("duration", text, "write numbers with units, as in 1m30s, 1.5s or 500ms")
    return round(sum(_part_ms(part) for part in parts))


def parse_url(text: str) -> str:
    """Check that a text is the URL of a web server."""
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError as fault:
        raise BadText("URL", text, str(fault)) from None
    if parts.scheme not in ("http", "https") or not host:
        raise BadText("URL", text, "write http://HOST/ or https://HOST/")
    return text


def parse_host_port(text: str) -> str:
    """Check that a text names a host and its port; nothing is allowed too."""
    _, colon, port = text.rpartition(":")
    if text and (not colon or not port):
        raise BadText("HOST:PORT", text, "write the port too, as in smtp.example.org:587")
    return text


def _part_ms(part: str) -> float:
    number = part.rstrip("nuµmsh")
    return float(number) * _GO_UNITS_MS[part[len(number) :]]


GoDurationMs = Annotated[
    int, TextForm("a duration such as 10s or 1m30s", parse_go_duration_ms, lambda ms: f"{ms}ms")
]
Url = Annotated[str, TextForm("a URL", parse_url, str)]
HostPort = Annotated[str, TextForm("a host and its port", parse_host_port, str)]


class SecretUrl(InlineSecret):
    """A URL that lets in whoever knows it, so it is not shown."""

    __slots__ = ()

    @classmethod
    def read_node(cls, node: Node, reader: Reader, path: str) -> Any:
        """Read as every secret, and check that it is a URL without repeating it."""
        value = super().read_node(node, reader, path)
        if value is NOTHING:
            return value
        try:
            cls._check(value.reveal())
        except BadText:
            return reader.fault(node, path, "is not a URL: write http://HOST/ or https://HOST/")
        return value

    @classmethod
    def _check(cls, text: str) -> None:
        parse_url(text)


class SecretTemplateUrl(SecretUrl):
    """As ``SecretUrl``; with a template in it, it is checked once it is known."""

    __slots__ = ()

    @classmethod
    def _check(cls, text: str) -> None:
        if "{{" not in text:
            parse_url(text)
