"""
Every byte of a region, as data.

The writers, the reader, the tables of ``docs/region.md`` and the check of the C header all derive
from the records below. Numbers are little-endian and lie at multiples of their own size, so each
is written and read whole by one instruction. A region of zeros behind its header is a valid empty
one: no value needs an initial state.

A change that old readers would misread raises ``VERSION``.
"""

import struct
from enum import IntEnum
from typing import Any, Final, NamedTuple

MAGIC: Final = b"TAPEWTCH"
VERSION: Final = 1
ALIGNMENT: Final = 8
LINE_BYTES: Final = 64
"""A cache line: what different cores write lies on different ones."""

SCHEMA: Final = 3
BUCKETS_PER_OCTAVE: Final = 1 << SCHEMA


class Field(NamedTuple):
    """One value inside a record; ``form`` is a code of the module ``struct``."""

    name: str
    offset: int
    form: str
    meaning: str

    @property
    def size(self) -> int:
        """How many bytes the value takes."""
        return struct.calcsize("<" + self.form)


class Record(NamedTuple):
    """A run of bytes with fields at fixed places."""

    name: str
    size: int
    fields: tuple[Field, ...]

    def offset(self, name: str) -> int:
        """Where a field begins."""
        return self.field(name).offset

    def field(self, name: str) -> Field:
        """The field of that name."""
        return next(field for field in self.fields if field.name == name)

    def pack(self, **values: Any) -> bytes:
        """Write the fields that are given; the rest is zero."""
        data = bytearray(self.size)
        for name, value in values.items():
            field = self.field(name)
            struct.pack_into("<" + field.form, data, field.offset, value)
        return bytes(data)

    def unpack(self, data: bytes, at: int = 0) -> dict[str, Any]:
        """Read every field of the record that begins at ``at``."""
        return {
            field.name: struct.unpack_from("<" + field.form, data, at + field.offset)[0]
            for field in self.fields
        }


class Life(IntEnum):
    """What the writer last said about itself."""

    STARTING = 0
    LIVE = 1
    CLOSED = 2


class EntryType(IntEnum):
    """What one entry of the directory tells of."""

    FAMILY = 1
    SERIES = 2
    FORMAT = 3


class Kind(IntEnum):
    """What an instrument is, and so what its value's bytes mean."""

    COUNTER = 1
    GAUGE = 2
    HISTOGRAM = 3
    STATE = 4
    INFO = 5
    NOTE = 6
    CLASSIC = 7
    SUMMARY = 8


class Drop(IntEnum):
    """Why something was not counted; each has a cell in the header."""

    NOT_A_NUMBER = 0
    NOT_FINITE = 1
    NEGATIVE = 2
    UNKNOWN_STATE = 3
    SERIES_OVER_LIMIT = 4
    DIRECTORY_FULL = 5
    VALUES_FULL = 6
    BAD_LABELS = 7
    TOO_LONG = 8
    BAD_EVENT = 9
    BAD_EXEMPLAR = 10
    ERRORS_REPLACED = 11
    BAD_ERROR = 12
    BAD_TEXT = 13


DROP_CELLS: Final = 32
TEXT_BYTES: Final = 128

HEADER: Final = Record(
    "header",
    4096,
    (
        Field("magic", 0, "8s", "the eight letters TAPEWTCH"),
        Field("version", 8, "I", "the version of this layout"),
        Field("header_bytes", 12, "I", "where the directory begins"),
        Field("region_bytes", 16, "Q", "the size of the whole file"),
        Field("pid", 24, "Q", "the writer's process id"),
        Field("process_start_ticks", 32, "Q", "field 22 of /proc/PID/stat: pids are used again"),
        Field("boot_id", 40, "16s", "/proc/sys/kernel/random/boot_id, as 16 bytes"),
        Field("created_realtime_ns", 56, "q", "when the region was made, in Unix time"),
        Field("epoch", 64, "Q", "rises with every change of the directory"),
        Field("in_progress", 72, "Q", "1 while entries that were there before are changed"),
        Field("rewrites", 80, "Q", "rises when entries that were there before have changed"),
        Field("directory_used", 88, "Q", "bytes of whole entries, written last"),
        Field("values_used", 96, "Q", "bytes of values that are taken"),
        Field("life", 104, "Q", "0 starting, 1 live, 2 closed on purpose"),
        Field("pid_namespace", 112, "Q", "the inode of /proc/PID/ns/pid: where the pid counts"),
        Field("ring_next", 128, "Q", "how many slots were ever claimed in the event ring"),
        Field("heartbeat_monotonic_ns", 192, "q", "when the writer last said that it runs"),
        Field("heartbeat_promise_ns", 200, "q", "how often it promised to say so; 0: never"),
        Field("clock_sequence", 208, "Q", "odd while the pair of clocks is being written"),
        Field("clock_monotonic_ns", 216, "q", "CLOCK_MONOTONIC at one moment"),
        Field("clock_realtime_ns", 224, "q", "CLOCK_REALTIME at the same moment"),
        Field("directory_offset", 256, "Q", "where the entries begin"),
        Field("directory_bytes", 264, "Q", "room for entries"),
        Field("values_offset", 272, "Q", "where the values begin"),
        Field("values_bytes", 280, "Q", "room for values"),
        Field("errors_offset", 288, "Q", "where the log of distinct errors begins"),
        Field("errors_slots", 296, "Q", "how many errors it holds"),
        Field("exemplars_offset", 304, "Q", "where the exemplars begin"),
        Field("exemplars_slots", 312, "Q", "how many there are, a power of two"),
        Field("ring_offset", 320, "Q", "where the event ring begins"),
        Field("ring_slots", 328, "Q", "how many slots it has, a power of two"),
        Field("service", 512, f"{TEXT_BYTES}s", "the service, UTF-8, filled up with zeros"),
        Field("instance", 640, f"{TEXT_BYTES}s", "the instance, UTF-8, filled up with zeros"),
        Field("writer", 768, f"{TEXT_BYTES}s", "what wrote this: tapewatch 0.1.0, python 3.11"),
        Field("drops", 1024, f"{DROP_CELLS * 8}s", "how often each reason dropped something"),
    ),
)

ENTRY: Final = Record(
    "entry",
    16,
    (
        Field("size", 0, "I", "bytes of the whole entry, a multiple of 8"),
        Field("type", 4, "H", "1 family, 2 series, 3 format"),
        Field("flags", 6, "H", "1: the series was removed"),
        Field("number", 8, "I", "families, series and formats each count from 0"),
        Field("family", 12, "I", "the family of a series, else 0"),
    ),
)
REMOVED: Final = 1

FAMILY: Final = Record(
    "family",
    56,
    (
        *ENTRY.fields,
        Field(
            "kind",
            16,
            "H",
            "1 counter, 2 gauge, 3 histogram, 4 state, 5 info, 6 note, 7 classic, 8 summary",
        ),
        Field("two_sided", 18, "H", "1: the histogram has buckets below zero"),
        Field("label_count", 20, "H", "how many label names there are"),
        Field("state_count", 22, "H", "how many names of states there are"),
        Field("cut_count", 24, "I", "how many classic bounds there are"),
        Field("index_low", 28, "i", "schema 3's index of the first bucket"),
        Field("bucket_count", 32, "I", "how many buckets there are on each side of zero"),
        Field("series_max", 36, "I", "how many series the instrument may have"),
        Field("refused_offset", 40, "Q", "a double: how often a label set was over the limit"),
        Field("reserved", 48, "Q", "zero"),
    ),
)

SERIES: Final = Record(
    "series",
    48,
    (
        *ENTRY.fields,
        Field("value_offset", 16, "Q", "where its value lies in the region"),
        Field("value_bytes", 24, "Q", "how large that is"),
        Field("created_realtime_ns", 32, "q", "since when it counts, in Unix time"),
        Field("pair_count", 40, "H", "how many labels follow, a name and a value each"),
        Field("reserved", 42, "6s", "zero"),
    ),
)

HISTOGRAM: Final = Record(
    "histogram",
    64,
    (
        Field("sum", 0, "d", "the sum of what was observed"),
        Field("lowest", 8, "d", "the least value observed below zero, else 0"),
        Field("highest", 16, "d", "the greatest value observed above zero, else 0"),
        Field("zero", 24, "q", "values nearer to zero than the first bucket"),
        Field("above", 32, "q", "values beyond the last bucket"),
        Field("below", 40, "q", "values beyond the last bucket on the side below zero"),
        Field("reserved", 48, "16s", "zero"),
    ),
)

CLASSIC: Final = Record(
    "classic",
    8,
    (Field("sum", 0, "d", "the sum of what was observed"),),
)

NOTE: Final = Record(
    "note",
    256,
    (
        Field("sequence", 0, "Q", "odd while the note is being written"),
        Field("realtime_ns", 8, "q", "when it was written, in Unix time"),
        Field("length", 16, "Q", "bytes of its text"),
        Field("text", 24, "232s", "UTF-8"),
    ),
)

ERROR: Final = Record(
    "error",
    512,
    (
        Field("sequence", 0, "Q", "odd while the slot is being written, 0 where it is free"),
        Field("count", 8, "Q", "how often it happened"),
        Field("first_realtime_ns", 16, "q", "the first time, in Unix time"),
        Field("last_realtime_ns", 24, "q", "the last time, in Unix time"),
        Field("length", 32, "Q", "bytes of its text"),
        Field("text", 40, "472s", "type, message and place, UTF-8"),
    ),
)

EXEMPLAR: Final = Record(
    "exemplar",
    64,
    (
        Field("sequence", 0, "Q", "odd while the slot is being written, 0 where it is free"),
        Field("value_offset", 8, "Q", "the histogram it belongs to"),
        Field("value", 16, "d", "what was observed"),
        Field("realtime_ns", 24, "q", "when, in Unix time"),
        Field("trace_id", 32, "16s", "the trace"),
        Field("span_id", 48, "8s", "the span, or zeros"),
        Field("reserved", 56, "8s", "zero"),
    ),
)

SLOT: Final = Record(
    "slot",
    64,
    (
        Field("stamp", 0, "Q", "the slot's position times 4, and its state (see below)"),
        Field("monotonic_ns", 8, "q", "when the event happened, by CLOCK_MONOTONIC"),
        Field("format", 16, "I", "which format its arguments fill"),
        Field("types", 20, "I", "four bits an argument, the first lowest"),
        Field("payload", 24, "40s", "the arguments, one after the other"),
    ),
)
SLOT_CONTINUED: Final = Record(
    "continued slot",
    64,
    (
        Field("stamp", 0, "Q", "the slot's position times 4, and its state"),
        Field("payload", 8, "56s", "what did not fit into the slot before"),
    ),
)


class SlotState(IntEnum):
    """The lowest two bits of a slot's stamp."""

    WRITING = 0
    HEAD = 1
    CONTINUED = 2


class Argument(IntEnum):
    """The type of one argument of an event; NOTHING ends the list."""

    NOTHING = 0
    INTEGER = 1
    NUMBER = 2
    TEXT = 3
    CUT_TEXT = 4
    ABSENT = 5


ARGUMENTS_MAX: Final = 7
SLOTS_PER_EVENT_MAX: Final = 4
EVENT_BYTES_MAX: Final = 40 + 56 * (SLOTS_PER_EVENT_MAX - 1)

RECORDS: Final = (
    HEADER,
    ENTRY,
    FAMILY,
    SERIES,
    HISTOGRAM,
    CLASSIC,
    NOTE,
    ERROR,
    EXEMPLAR,
    SLOT,
    SLOT_CONTINUED,
)


class Sections(NamedTuple):
    """How large the parts of a region are; the file is their sum, whole pages each."""

    directory_bytes: int = 1 << 20
    values_bytes: int = 4 << 20
    errors_slots: int = 64
    exemplars_slots: int = 1024
    ring_slots: int = 16384

    def header(self) -> dict[str, int]:
        """The fields of the header that say where each part lies."""
        exemplars, ring = _power_of_two(self.exemplars_slots), _power_of_two(self.ring_slots)
        parts = {
            "directory": _whole_pages(self.directory_bytes),
            "values": _whole_pages(self.values_bytes),
            "errors": _whole_pages(self.errors_slots * ERROR.size),
            "exemplars": _whole_pages(exemplars * EXEMPLAR.size),
            "ring": _whole_pages(ring * SLOT.size),
        }
        told: dict[str, int] = {"header_bytes": HEADER.size}
        at = HEADER.size
        for name, size in parts.items():
            told[f"{name}_offset"] = at
            at += size
        told |= {"directory_bytes": parts["directory"], "values_bytes": parts["values"]}
        told |= {"errors_slots": self.errors_slots, "exemplars_slots": exemplars}
        return told | {"ring_slots": ring, "region_bytes": at}


def _whole_pages(size: int) -> int:
    return -(-size // 4096) * 4096


def _power_of_two(count: int) -> int:
    return 1 << max(count - 1, 0).bit_length()


def drop_offset(reason: Drop) -> int:
    """Where the cell of one reason lies."""
    return HEADER.offset("drops") + 8 * reason


def histogram_bytes(bucket_count: int, *, signed: bool) -> int:
    """How many bytes the value of a histogram takes."""
    return HISTOGRAM.size + 8 * bucket_count * (2 if signed else 1)


def classic_bytes(bound_count: int) -> int:
    """How many bytes the value of a classic histogram takes, or with no bound of a summary."""
    return CLASSIC.size + 8 * (bound_count + 1)


def text_field(text: str, size: int = TEXT_BYTES) -> bytes:
    """Write a text into a field of ``size`` bytes, cut between two letters where it is longer."""
    data = text.encode("utf-8", "replace")
    if len(data) <= size:
        return data
    return data[:size].decode("utf-8", "ignore").encode("utf-8")


def pack_strings(texts: tuple[str, ...]) -> bytes:
    """Write strings one after the other, each behind its length in two bytes."""
    encoded = [text_field(text, 0xFFFF) for text in texts]
    return b"".join(struct.pack("<H", len(each)) + each for each in encoded)


def unpack_strings(data: bytes, at: int, count: int) -> tuple[list[str], int]:
    """Read ``count`` strings from ``at``, and say where they end."""
    texts = []
    for _ in range(count):
        (size,) = struct.unpack_from("<H", data, at)
        texts.append(data[at + 2 : at + 2 + size].decode("utf-8", "replace"))
        at += 2 + size
    return texts, at


def pack_entry(fixed: bytes, tail: bytes) -> bytes:
    """Join an entry's record and its tail, fill up, and set its size."""
    size = -(-(len(fixed) + len(tail)) // ALIGNMENT) * ALIGNMENT
    return struct.pack("<I", size) + (fixed + tail)[4:].ljust(size - 4, b"\0")
