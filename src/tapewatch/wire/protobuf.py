"""
Protocol Buffers, without generated code.

``decode`` and ``delimited`` read (compiled where possible), ``encode`` writes what ``schema``
declares. Hot protocols have readers of their own and use these as their oracle.
"""

import struct
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from tapewatch.model.compiled import twin
from tapewatch.wire.schema import Field, Kind, Message

if TYPE_CHECKING:
    from tapewatch.wire.protobuf_pure import decode, delimited
else:
    _twin = twin("tapewatch.wire.protobuf")
    decode = _twin.decode
    delimited = _twin.delimited

_MASK: Final = 0xFFFF_FFFF_FFFF_FFFF
_FIXED: Final = {
    Kind.DOUBLE: (1, "<d"),
    Kind.FIXED64: (1, "<Q"),
    Kind.SFIXED64: (1, "<q"),
    Kind.FLOAT: (5, "<f"),
    Kind.FIXED32: (5, "<I"),
    Kind.SFIXED32: (5, "<i"),
}


def encode(message: Message, values: Mapping[str, Any]) -> bytes:
    """Write one message; fields that are missing, zero or empty are left out."""
    written: list[bytes] = []
    for name, field in message.fields.items():
        value = values.get(name)
        if value is None or value == field.absent:
            continue
        if not field.repeated:
            written.append(_tagged(field, value))
        elif field.kind < Kind.TEXT and len(value):
            body = b"".join(_scalar(field.kind, item) for item in value)
            written.append(varint(field.number << 3 | 2) + varint(len(body)) + body)
        else:
            written.extend(_tagged(field, item) for item in value)
    return b"".join(written)


def sized(data: bytes) -> bytes:
    """Put the length before ``data``, as messages stand one after the other in a stream."""
    return varint(len(data)) + data


def varint(value: int) -> bytes:
    """Write an unsigned number, seven bits a byte."""
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)


def _tagged(field: Field, value: Any) -> bytes:
    if field.kind is Kind.MESSAGE:
        assert field.message is not None  # every field of this kind names its message
        return varint(field.number << 3 | 2) + sized(encode(field.message, value))
    if field.kind in (Kind.TEXT, Kind.BYTES):
        body = value.encode() if field.kind is Kind.TEXT else _sealed(field, value)
        return varint(field.number << 3 | 2) + sized(body)
    wire_type = _FIXED[field.kind][0] if field.kind in _FIXED else 0
    return varint(field.number << 3 | wire_type) + _scalar(field.kind, value)


def _sealed(field: Field, value: Any) -> bytes:
    if field.message is not None and isinstance(value, Mapping):
        return encode(field.message, value)
    return bytes(value)


def _scalar(kind: Kind, value: Any) -> bytes:
    fixed = _FIXED.get(kind)
    if fixed is not None:
        return struct.pack(fixed[1], value)
    if kind is Kind.SINT:
        return varint((value << 1 ^ value >> 63) & _MASK)
    return varint(int(value) & _MASK)


__all__ = ["decode", "delimited", "encode", "sized", "varint"]
