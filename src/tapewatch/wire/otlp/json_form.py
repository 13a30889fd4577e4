"""
OTLP's JSON, read into the shape that ``protobuf.decode`` gives.

It is protobuf's JSON with two changes: trace and span ids are hexadecimal, and enumerations are
numbers (names are taken as well).
"""

import base64
import binascii
from functools import cache
from typing import Any

import orjson

from tapewatch.wire.errors import BadMessage
from tapewatch.wire.otlp.messages import ENUMERATIONS
from tapewatch.wire.protobuf import encode
from tapewatch.wire.schema import Field, Kind, Message

_DEPTH_MAX = 64
_NAMED_DOUBLES = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


class _Wrong(Exception):
    """A value does not fit its field; ``path`` grows while the exception climbs."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason


def decode_json(message: Message, body: bytes) -> dict[str, Any]:
    """Read one message from JSON; raises ``BadMessage`` with the path of what is wrong."""
    try:
        return _message(message, orjson.loads(body), _DEPTH_MAX)
    except orjson.JSONDecodeError as fault:
        raise BadMessage(message.name, f"it is not JSON: {fault}") from None
    except _Wrong as fault:
        raise BadMessage(message.name, f"{fault.path.lstrip('.')}: {fault.reason}") from None


def _message(message: Message, value: Any, depth: int) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _Wrong("", f"expected an object, found {_shown(value)}")
    if not depth:
        raise _Wrong("", f"objects are nested more than {_DEPTH_MAX} deep")
    result = dict(message.empty)
    for name, field in message.fields.items():
        found = value.get(_camel(name))
        found = value.get(name) if found is None else found
        if found is not None:
            result[name] = _climb(_camel(name), _field, name, field, found, depth)
    return result


def _field(name: str, field: Field, value: Any, depth: int) -> Any:
    if not field.repeated:
        return _value(name, field, value, depth)
    if not isinstance(value, list):
        raise _Wrong("", f"expected a list, found {_shown(value)}")
    return [_climb(f"[{i}]", _value, name, field, item, depth) for i, item in enumerate(value)]


def _value(name: str, field: Field, value: Any, depth: int) -> Any:
    if field.kind is Kind.MESSAGE:
        assert field.message is not None  # every field of this kind names its message
        return _message(field.message, value, depth - 1)
    if field.message is not None:
        return encode(field.message, _message(field.message, value, depth - 1))  # sealed
    if field.kind is Kind.TEXT and isinstance(value, str):
        return value
    if field.kind is Kind.BOOL and isinstance(value, bool):
        return value
    if field.kind is Kind.BYTES and isinstance(value, str):
        return _bytes(name, value)
    if field.kind in (Kind.DOUBLE, Kind.FLOAT):
        return _double(value)
    if field.kind in (Kind.TEXT, Kind.BOOL, Kind.BYTES):
        raise _Wrong("", f"expected a {field.kind.name.lower()}, found {_shown(value)}")
    return _integer(field.kind, value)


def _integer(kind: Kind, value: Any) -> int:
    number = _whole(value)
    low, high = _BOUNDS.get(kind, (-(2**63), 2**63))
    if number is None or not low <= number < high:
        raise _Wrong("", f"expected a whole number, found {_shown(value)}")
    return number


def _whole(value: Any) -> int | None:
    if isinstance(value, str):
        digits = value.removeprefix("-")
        named = ENUMERATIONS.get(value)
        return int(value) if digits.isascii() and digits.isdigit() and len(digits) < 21 else named
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


_BOUNDS = {
    Kind.UINT: (0, 2**64),
    Kind.FIXED64: (0, 2**64),
    Kind.FIXED32: (0, 2**32),
}


def _double(value: Any) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    try:
        return _NAMED_DOUBLES[value] if value in _NAMED_DOUBLES else float(value)
    except (TypeError, ValueError):
        raise _Wrong("", f"expected a number, found {_shown(value)}") from None


def _bytes(name: str, value: str) -> bytes:
    try:
        return bytes.fromhex(value) if name.endswith("_id") else base64.b64decode(value)
    except (ValueError, binascii.Error):
        kind = "hexadecimal" if name.endswith("_id") else "base64"
        raise _Wrong("", f"expected {kind}, found {_shown(value)}") from None


def _climb(step: str, read: Any, *arguments: Any) -> Any:
    try:
        return read(*arguments)
    except _Wrong as fault:
        dot = "" if step.startswith("[") else "."
        raise _Wrong(f"{dot}{step}{fault.path}", fault.reason) from None


@cache
def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:40]}…"
