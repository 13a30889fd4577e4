"""
Protocol Buffers messages, declared.

A ``Message`` names the fields that are read; others are skipped, as the format asks. A decoded
message is a dictionary with every declared field in it: absent numbers are zero, absent texts
empty, absent repetitions ``()``, and what is ``optional`` (or a message) is None.
"""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Final


class Kind(IntEnum):
    """What a field holds."""

    INT = 0  # a varint, signed
    UINT = 1  # a varint, unsigned
    SINT = 2  # a varint, zigzag
    BOOL = 3
    DOUBLE = 4
    FIXED64 = 5
    SFIXED64 = 6
    FLOAT = 7
    FIXED32 = 8
    SFIXED32 = 9
    TEXT = 10
    BYTES = 11
    MESSAGE = 12


_ZEROS: Final[dict[Kind, Any]] = {
    Kind.BOOL: False,
    Kind.DOUBLE: 0.0,
    Kind.FLOAT: 0.0,
    Kind.TEXT: "",
    Kind.BYTES: b"",
    Kind.MESSAGE: None,
}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a message."""

    number: int
    kind: Kind
    message: "Message | None" = None
    repeated: bool = False
    optional: bool = False

    @property
    def absent(self) -> Any:
        """What stands for a field that was not sent."""
        if self.repeated:
            return ()
        return None if self.optional else _ZEROS.get(self.kind, 0)


@dataclass(frozen=True, slots=True)
class Message:
    """A message by its fields; ``plan`` and ``empty`` are what the decoders work with."""

    name: str
    fields: dict[str, Field]
    plan: tuple[tuple[str, int, bool, "Message | None"] | None, ...] = field(init=False)
    empty: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        last = max(one.number for one in self.fields.values())
        plan: list[tuple[str, int, bool, Message | None] | None] = [None] * (last + 1)
        for name, one in self.fields.items():
            plan[one.number] = (name, int(one.kind), one.repeated, one.message)
        object.__setattr__(self, "plan", tuple(plan))
        empty = {name: one.absent for name, one in self.fields.items()}
        object.__setattr__(self, "empty", empty)


def one(number: int, kind: Kind) -> Field:
    """Declare a field that is zero or empty where it is absent."""
    return Field(number, kind)


def maybe(number: int, kind: Kind) -> Field:
    """Declare a field that is None where it is absent."""
    return Field(number, kind, optional=True)


def many(number: int, kind: Kind) -> Field:
    """Declare a repeated field."""
    return Field(number, kind, repeated=True)


def part(number: int, message: Message) -> Field:
    """Declare a message inside the message."""
    return Field(number, Kind.MESSAGE, message)


def sealed(number: int, message: Message) -> Field:
    """Declare repeated messages that stay bytes: to serve as a key, and be opened where new."""
    return Field(number, Kind.BYTES, message, repeated=True)


def parts(number: int, message: Message) -> Field:
    """Declare repeated messages inside the message."""
    return Field(number, Kind.MESSAGE, message, repeated=True)
