"""The readable twin of ``protobuf_fast.pyx``."""

import struct
from collections.abc import Iterator
from typing import Any, Final

from tapewatch.wire.errors import BadMessage
from tapewatch.wire.schema import Kind, Message

DEPTH_MAX: Final = 64

_MASK: Final = 0xFFFF_FFFF_FFFF_FFFF
_SIGN: Final = 1 << 63
_VARINT, _EIGHT_BYTES, _SIZED, _FOUR_BYTES = 0, 1, 2, 5
_FORMATS: Final = {
    Kind.DOUBLE: "<d",
    Kind.FIXED64: "<Q",
    Kind.SFIXED64: "<q",
    Kind.FLOAT: "<f",
    Kind.FIXED32: "<I",
    Kind.SFIXED32: "<i",
}


class _Broken(Exception):
    """The bytes end early, or are no message."""


def decode(message: Message, data: bytes) -> dict[str, Any]:
    """Read one message; raises ``BadMessage``."""
    try:
        return _decode(message, data, DEPTH_MAX)
    except _Broken as fault:
        raise BadMessage(message.name, str(fault)) from None


def delimited(data: bytes, name: str) -> list[bytes]:
    """Split messages that are written one after the other, each behind its length."""
    pieces, at = [], 0
    try:
        while at < len(data):
            size, at = _varint(data, at)
            pieces.append(_slice(data, at, size))
            at += size
    except _Broken as fault:
        raise BadMessage(name, str(fault)) from None
    return pieces


def _decode(message: Message, data: bytes, depth: int) -> dict[str, Any]:
    if not depth:
        raise _Broken(f"messages are nested more than {DEPTH_MAX} deep")
    result = message.empty.copy()
    for number, wire_type, raw in _fields(data):
        planned = message.plan[number] if number < len(message.plan) else None
        if planned is None:
            continue
        name, kind, repeated, inner = planned
        if wire_type == _SIZED and kind < Kind.TEXT and not repeated:
            continue  # only repeated numbers come packed
        values = _values(Kind(kind), wire_type, raw, inner, depth)
        if values is None:
            continue
        if not repeated:
            result[name] = values[-1] if values else result[name]
        elif result[name] == ():
            result[name] = values
        else:
            result[name] += values
    return result


def _fields(data: bytes) -> Iterator[tuple[int, int, int | bytes]]:
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        number, wire_type = tag >> 3, tag & 7
        if number == 0:
            raise _Broken("a field has the number 0")
        if wire_type == _VARINT:
            value, at = _varint(data, at)
            yield number, wire_type, value
            continue
        if wire_type == _SIZED:
            size, at = _varint(data, at)
        else:
            size = {_EIGHT_BYTES: 8, _FOUR_BYTES: 4}.get(wire_type, -1)
        if size < 0:
            raise _Broken(f"field {number} has the unknown wire type {wire_type}")
        yield number, wire_type, _slice(data, at, size)
        at += size


def _values(
    kind: Kind, wire_type: int, raw: int | bytes, inner: Message | None, depth: int
) -> list[Any] | None:
    # None where the field has come in another wire type, which makes it an unknown one.
    if isinstance(raw, int):
        return [_number(kind, raw)] if kind < Kind.DOUBLE else None
    if kind < Kind.TEXT:
        return _packed(kind, wire_type, raw)
    if wire_type != _SIZED:
        return None
    if kind is Kind.MESSAGE:
        assert inner is not None  # every field of this kind names its message
        return [_decode(inner, raw, depth - 1)]
    return [raw if kind is Kind.BYTES else _text(raw)]


def _packed(kind: Kind, wire_type: int, raw: bytes) -> list[Any] | None:
    layout = _FORMATS.get(kind)
    size = struct.calcsize(layout) if layout else 0
    if wire_type != _SIZED and len(raw) != size:
        return None
    if layout is None:
        values, at = [], 0
        while at < len(raw):
            value, at = _varint(raw, at)
            values.append(_number(kind, value))
        return values
    if len(raw) % size:
        raise _Broken(f"{len(raw)} bytes are no whole number of {kind.name} values")
    return [value for (value,) in struct.iter_unpack(layout, raw)]


def _number(kind: Kind, raw: int) -> int | bool:
    if kind is Kind.UINT:
        return raw
    if kind is Kind.INT:
        return raw - (1 << 64) if raw & _SIGN else raw
    if kind is Kind.SINT:
        return (raw >> 1) ^ -(raw & 1)
    return raw != 0


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise _Broken(f"{raw[:40]!r} is not UTF-8") from None


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data):
            raise _Broken("the bytes end inside a number")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & _MASK, at
        shift += 7
        if shift >= 70:
            raise _Broken("a number is longer than ten bytes")


def _slice(data: bytes, at: int, size: int) -> bytes:
    if size > len(data) - at:
        raise _Broken(f"the bytes end before the {size} that a length promises")
    return data[at : at + size]
