"""Reading the event ring: the events that are whole, in order, and how many were missed."""

import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from tapewatch.sdk.region.layout import (
    ARGUMENTS_MAX,
    SLOT,
    SLOT_CONTINUED,
    SLOTS_PER_EVENT_MAX,
    Argument,
    SlotState,
)

Value = int | float | str | None
_NUMBERS: Final = {Argument.INTEGER: "<q", Argument.NUMBER: "<d"}


class Event(NamedTuple):
    """One event; its format's text is in the directory."""

    position: int
    monotonic_ns: int
    format: int
    arguments: tuple[Value, ...]


class Events(NamedTuple):
    """What was read, where to read on, and how many slots were overwritten before that."""

    events: tuple[Event, ...]
    next_position: int
    missed_slots: int


def read_events(claimed: int, ring: bytes, begin: int = 0) -> Events:
    """Read the events from slot ``begin`` on, of a ring of which ``claimed`` slots were written."""
    capacity = len(ring) // SLOT.size
    oldest = max(begin, claimed - capacity)
    found, position = [], oldest
    while position < claimed:
        event, position = _at(ring, capacity, position, claimed)
        if event is not None:
            found.append(event)
        elif position >= claimed - SLOTS_PER_EVENT_MAX and _unfinished(ring, capacity, position):
            # The newest event may be amid being written; it is read the next time.
            break
        else:
            position += 1
    return Events(tuple(found), position, oldest - begin)


def _at(ring: bytes, capacity: int, position: int, claimed: int) -> tuple[Event | None, int]:
    at = position % capacity * SLOT.size
    slot = SLOT.unpack(ring, at)
    if slot["stamp"] != position * 4 + SlotState.HEAD:
        return None, position
    payload, following = bytearray(slot["payload"]), position + 1
    while following < claimed and _continues(ring, capacity, following):
        begin = following % capacity * SLOT.size
        payload += SLOT_CONTINUED.unpack(ring, begin)["payload"]
        following += 1
    arguments = tuple(_arguments(slot["types"], bytes(payload)))
    return Event(position, slot["monotonic_ns"], slot["format"], arguments), following


def _continues(ring: bytes, capacity: int, position: int) -> bool:
    return _stamp(ring, capacity, position) == position * 4 + SlotState.CONTINUED


def _unfinished(ring: bytes, capacity: int, position: int) -> bool:
    return _stamp(ring, capacity, position) <= position * 4 + SlotState.WRITING


def _stamp(ring: bytes, capacity: int, position: int) -> int:
    (stamp,) = struct.unpack_from("<Q", ring, position % capacity * SLOT.size)
    return int(stamp)


def _arguments(types: int, payload: bytes) -> Iterator[Value]:
    at = 0
    for place in range(ARGUMENTS_MAX):
        kind = types >> (4 * place) & 15
        if kind == Argument.NOTHING:
            return
        if kind == Argument.ABSENT:
            yield None
        elif kind in (Argument.TEXT, Argument.CUT_TEXT):
            size = payload[at]
            text = payload[at + 1 : at + 1 + size].decode("utf-8", "ignore")
            yield text if kind == Argument.TEXT else text + "…"
            at += 1 + size
        else:
            (value,) = struct.unpack_from(_NUMBERS[Argument(kind)], payload, at)
            yield value
            at += 8
