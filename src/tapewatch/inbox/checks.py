"""What readers check again and again: lengths, shapes, addresses."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import orjson

from tapewatch.alerting.channels.limits import utf16_units
from tapewatch.inbox.errors import Unreadable

Faults = Iterator[str]


def object_of(service: str, body: bytes) -> dict[str, Any]:
    """Read a body that must be a JSON object; raises ``Unreadable``."""
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError as fault:
        raise Unreadable(service, f"the body is no JSON ({fault})") from None
    if not isinstance(told, dict):
        raise Unreadable(service, "the body is no JSON object")
    return told


def text_of(told: Mapping[str, Any], name: str) -> str:
    """Return a text, or an empty one where there is something else."""
    value = told.get(name)
    return value if isinstance(value, str) else ""


def list_of(told: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """Return the objects of a list."""
    value = told.get(name)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def too_long(name: str, text: str, most: int) -> Faults:
    """Say whether a text is longer than its service takes, in UTF-16 units as they count."""
    length = utf16_units(text)
    if length > most:
        yield f"{name} has {length} characters, above {most}"


def too_many(name: str, given: Sequence[object], most: int) -> Faults:
    """Say whether a list has more entries than its service takes."""
    if len(given) > most:
        yield f"{name} has {len(given)} entries, above {most}"


def no_address(name: str, url: str) -> Faults:
    """Say whether an address cannot be followed."""
    try:
        parts = urlsplit(url)
    except ValueError:
        yield f"{name} is no address: {url[:80]!r}"
        return
    if parts.scheme not in ("http", "https", "mailto") or not (parts.netloc or parts.path):
        yield f"{name} is no address that can be followed: {url[:80]!r}"
