"""
Reading a region from outside: the agent's, the post-mortem's and the tests' view of the bytes.

A reader copies with ``pread`` and maps nothing, so it cannot be hurt by a file that is cut off, and
its copying does not touch the writer. It is optimistic: the directory only grows, and what is
changed in it is announced by two counters in the header. A histogram's count is the sum of its
buckets, so a quantile always agrees with them; only the sum may lag by operations in flight.
"""

import os
import struct
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Self

from tapewatch.model.histograms import CUSTOM_SCHEMA, Histogram
from tapewatch.model.labels import Labels
from tapewatch.sdk.errors import RegionUnreadable
from tapewatch.sdk.region.file import SUFFIX
from tapewatch.sdk.region.identity import Identity
from tapewatch.sdk.region.layout import (
    BUCKETS_PER_OCTAVE,
    CLASSIC,
    DROP_CELLS,
    ENTRY,
    ERROR,
    EXEMPLAR,
    FAMILY,
    HEADER,
    HISTOGRAM,
    MAGIC,
    NOTE,
    REMOVED,
    SCHEMA,
    SERIES,
    VERSION,
    Drop,
    EntryType,
    Kind,
    Life,
    unpack_strings,
)

_TRIES: Final = 16
_PROMISES_BROKEN: Final = 3
"""So many promised intervals without a beat, and a process is taken to hang."""


class Standing(StrEnum):
    """How a writer is, seen from outside."""

    LIVE = "live"
    QUIET = "quiet"
    """It runs, and never promised to say so."""
    HUNG = "hung"
    STOPPED = "stopped"
    CLOSED = "closed"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Head:
    """What a region says of itself."""

    service: str
    instance: str
    writer: str
    identity: Identity
    life: Life
    created_ns: int
    heartbeat_monotonic_ns: int
    promise_ns: int
    clock_monotonic_ns: int
    clock_realtime_ns: int
    fields: Mapping[str, Any] = field(repr=False)

    def realtime_ns(self, monotonic_ns: int) -> int:
        """Convert a time of the writer's steady clock into Unix time."""
        return monotonic_ns - self.clock_monotonic_ns + self.clock_realtime_ns

    def standing(self, now_monotonic_ns: int | None = None) -> Standing:
        """Say how the writer is; the clock is the one that every process of a machine shares."""
        if self.life is Life.CLOSED:
            return Standing.CLOSED
        if not self.identity.foreign:
            state = self.identity.state
            if state in {"", "Z", "X"}:
                return Standing.DEAD
            if state in {"T", "t"}:
                return Standing.STOPPED
        if not self.promise_ns:
            return Standing.QUIET
        now_ns = time.monotonic_ns() if now_monotonic_ns is None else now_monotonic_ns
        silence_ns = now_ns - self.heartbeat_monotonic_ns
        return Standing.HUNG if silence_ns > _PROMISES_BROKEN * self.promise_ns else Standing.LIVE


@dataclass(frozen=True, slots=True)
class FamilySeen:
    """An instrument, as the directory tells of it."""

    number: int
    kind: Kind
    name: str
    help: str
    unit: str
    labels: tuple[str, ...]
    states: tuple[str, ...]
    cuts: tuple[float, ...]
    signed: bool
    index_low: int
    bucket_count: int
    series_max: int
    refused_offset: int

    @property
    def zero_threshold(self) -> float:
        """Up to where a histogram's values count as zero."""
        return float(2.0 ** ((self.index_low - 1) // BUCKETS_PER_OCTAVE))


@dataclass(frozen=True, slots=True)
class SeriesSeen:
    """A series, as the directory tells of it."""

    number: int
    family: FamilySeen
    labels: Labels
    value_offset: int
    value_bytes: int
    created_ns: int
    removed: bool


@dataclass(frozen=True, slots=True)
class Directory:
    """Everything that was declared and bound, in the order in which it was."""

    families: Sequence[FamilySeen] = ()
    series: Sequence[SeriesSeen] = ()
    formats: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ErrorSeen:
    """One of the distinct errors."""

    text: str
    count: int
    first_ns: int
    last_ns: int


@dataclass(frozen=True, slots=True)
class ExemplarSeen:
    """One observation that leads to its trace."""

    value_offset: int
    value: float
    realtime_ns: int
    trace_id: str
    span_id: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A region at one moment."""

    head: Head
    directory: Directory
    values: bytes = field(repr=False)
    values_offset: int
    drops: Mapping[Drop, int]
    """How often each reason dropped something, without those that never did."""

    @property
    def series(self) -> Iterator[SeriesSeen]:
        """The series that were not removed."""
        return (series for series in self.directory.series if not series.removed)

    def number(self, series: SeriesSeen) -> float:
        """The value of a counter, a gauge, an info or (as a place) a state."""
        return self._double(series.value_offset)

    def state(self, series: SeriesSeen) -> str:
        """Which state a series is in, empty where somebody wrote a place that has no name."""
        place, states = self.number(series), series.family.states
        return states[int(place)] if 0 <= place < len(states) else ""

    def refused(self, family: FamilySeen) -> float:
        """How often a label set of this instrument was over its limit."""
        return self._double(family.refused_offset)

    def histogram(self, series: SeriesSeen) -> Histogram:
        """
        The histogram of a series, native or with its own bounds.

        Values beyond the buckets of a native one are in one just behind. A summary is a histogram
        without bounds: a count and a sum.
        """
        if series.family.kind in (Kind.CLASSIC, Kind.SUMMARY):
            return self._classic(series)
        family, at = series.family, series.value_offset - self.values_offset
        head = HISTOGRAM.unpack(self.values, at)
        positive = self._buckets(at + HISTOGRAM.size, family, head["above"])
        behind = at + HISTOGRAM.size + 8 * family.bucket_count
        negative = self._buckets(behind, family, head["below"]) if family.signed else {}
        count = head["zero"] + sum(positive.values()) + sum(negative.values())
        return Histogram(
            schema=SCHEMA,
            count=float(count),
            sum=head["sum"],
            zero_threshold=family.zero_threshold,
            zero_count=float(head["zero"]),
            positive=positive,
            negative=negative,
        )

    def _classic(self, series: SeriesSeen) -> Histogram:
        bounds, at = series.family.cuts, series.value_offset - self.values_offset
        counts = struct.unpack_from(f"<{len(bounds) + 1}q", self.values, at + CLASSIC.size)
        return Histogram(
            schema=CUSTOM_SCHEMA,
            count=float(sum(counts)),
            sum=CLASSIC.unpack(self.values, at)["sum"],
            positive={place: float(count) for place, count in enumerate(counts) if count},
            custom_bounds=bounds,
        )

    def extremes(self, series: SeriesSeen) -> tuple[float, float]:
        """The least value below zero and the greatest above it that were observed, else 0."""
        at = series.value_offset
        lowest, highest = HISTOGRAM.offset("lowest"), HISTOGRAM.offset("highest")
        return self._double(at + lowest), self._double(at + highest)

    def _buckets(self, at: int, family: FamilySeen, beyond: int) -> dict[int, float]:
        cells = struct.unpack_from(f"<{family.bucket_count}q", self.values, at)
        low = family.index_low
        counts = {low + place: float(count) for place, count in enumerate(cells) if count}
        if beyond:
            counts[low + family.bucket_count] = float(beyond)
        return counts

    def _double(self, offset: int) -> float:
        (value,) = struct.unpack_from("<d", self.values, offset - self.values_offset)
        return float(value)


class Reader:
    """One region's file, opened; it stays readable when its name is gone."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise RegionUnreadable(str(path), _why_not_opened(path, error)) from None
        self._directory = _Catalogue()

    def close(self) -> None:
        """Let go of the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def head(self) -> Head:
        """Read what the region says of itself."""
        return _head(self._header())

    def snapshot(self) -> Snapshot:
        """Copy the values and, where it has changed, the directory."""
        header = self._refreshed()
        values = self._read(header["values_offset"], header["values_used"])
        drops = struct.unpack(f"<{DROP_CELLS}Q", header["drops"])
        return Snapshot(
            head=_head(header),
            directory=self._directory.seen(),
            values=values,
            values_offset=header["values_offset"],
            drops={reason: drops[reason] for reason in Drop if drops[reason]},
        )

    def note(self, series: SeriesSeen) -> str:
        """Read a note whole."""
        fields: dict[str, Any] = {}
        for _ in range(_TRIES):
            fields = NOTE.unpack(self._read(series.value_offset, NOTE.size))
            after = self._read(series.value_offset, 8)
            if fields["sequence"] % 2 == 0 and after == fields["sequence"].to_bytes(8, "little"):
                break
        return _text(fields["text"][: fields["length"]])

    def errors(self) -> list[ErrorSeen]:
        """Read the distinct errors, the newest first."""
        slots = self._slots("errors", ERROR.size)
        seen = [ERROR.unpack(slots, at) for at in range(0, len(slots), ERROR.size)]
        whole = [each for each in seen if each["sequence"] and each["sequence"] % 2 == 0]
        told = [
            ErrorSeen(
                _text(each["text"][: each["length"]]),
                each["count"],
                each["first_realtime_ns"],
                each["last_realtime_ns"],
            )
            for each in whole
        ]
        return sorted(told, key=lambda error: -error.last_ns)

    def exemplars(self) -> list[ExemplarSeen]:
        """Read the exemplars that are whole."""
        slots = self._slots("exemplars", EXEMPLAR.size)
        seen = [EXEMPLAR.unpack(slots, at) for at in range(0, len(slots), EXEMPLAR.size)]
        return [
            ExemplarSeen(
                each["value_offset"],
                each["value"],
                each["realtime_ns"],
                each["trace_id"].hex(),
                each["span_id"].hex() if any(each["span_id"]) else "",
            )
            for each in seen
            if each["sequence"] and each["sequence"] % 2 == 0
        ]

    def ring(self) -> "tuple[int, bytes]":
        """Copy the event ring: how many slots were ever claimed, then its bytes."""
        header = self._header()
        slots = self._read(header["ring_offset"], header["ring_slots"] * 64)
        return header["ring_next"], slots

    def _slots(self, name: str, size: int) -> bytes:
        header = self._header()
        return self._read(header[f"{name}_offset"], header[f"{name}_slots"] * size)

    def _header(self) -> dict[str, Any]:
        header = HEADER.unpack(self._read(0, HEADER.size))
        if header["magic"] != MAGIC:
            raise RegionUnreadable(str(self.path), "it does not begin with TAPEWTCH")
        if header["version"] != VERSION:
            raise RegionUnreadable(
                str(self.path),
                f"its layout has version {header['version']}, this reader knows {VERSION}: "
                "read it with the release that wrote it",
            )
        return header

    def _refreshed(self) -> dict[str, Any]:
        # A writer that died amid a change leaves its mark up; then what is there has to do.
        for _ in range(_TRIES):
            header = self._header()
            if not header["in_progress"]:
                self._directory.follow(self, header)
                after = self._header()
                if (after["rewrites"], after["in_progress"]) == (header["rewrites"], 0):
                    return header
        header = self._header()
        self._directory.follow(self, header)
        return header

    def fill(self, at: int, buffer: memoryview) -> None:
        """Copy the bytes from ``at`` on into a buffer that is used again and again."""
        filled = os.preadv(self._descriptor, [buffer], at)
        if filled < len(buffer):
            raise _cut_off(self.path, at + filled, at + len(buffer))

    def read_directory(self, begin: int, end: int, header: Mapping[str, Any]) -> bytes:
        """Copy a part of the directory."""
        return self._read(header["directory_offset"] + begin, end - begin)

    def _read(self, at: int, size: int) -> bytes:
        data = os.pread(self._descriptor, size, at)
        if len(data) < size:
            raise _cut_off(self.path, at + len(data), at + size)
        return data


class _Catalogue:
    """The directory as far as it was read; only what is new is read again."""

    def __init__(self) -> None:
        self._clear(0)

    def _clear(self, rewrites: int) -> None:
        self._rewrites = rewrites
        self._end = 0
        self._families: dict[int, FamilySeen] = {}
        self._series: list[SeriesSeen] = []
        self._formats: dict[int, str] = {}
        self._seen: Directory | None = None

    def seen(self) -> Directory:
        """The directory as a value; the same object as long as nothing is new."""
        if self._seen is None:
            families, series = tuple(self._families.values()), tuple(self._series)
            self._seen = Directory(families, series, dict(self._formats))
        return self._seen

    def follow(self, reader: Reader, header: Mapping[str, Any]) -> None:
        if header["rewrites"] != self._rewrites:
            self._clear(header["rewrites"])
        if header["directory_used"] > self._end:
            begin = self._end
            self._take(reader.read_directory(begin, header["directory_used"], header))
            self._seen = None

    def _take(self, data: bytes) -> None:
        at = 0
        while at + ENTRY.size <= len(data):
            entry = ENTRY.unpack(data, at)
            if entry["size"] < ENTRY.size:
                # Claimed by a thread that was interrupted; the next reading finds it whole.
                break
            self._take_one(data, at, entry)
            at += entry["size"]
        self._end += at

    def _take_one(self, data: bytes, at: int, entry: Mapping[str, Any]) -> None:
        if entry["type"] == EntryType.FAMILY:
            family = _family(data, at)
            self._families[family.number] = family
        elif entry["type"] == EntryType.SERIES:
            self._series.append(_series(data, at, self._families[entry["family"]]))
        elif entry["type"] == EntryType.FORMAT:
            (text,), _ = unpack_strings(data, at + ENTRY.size, 1)
            self._formats[entry["number"]] = text


def regions(folder: Path) -> list[Path]:
    """The regions of a folder, the oldest first."""
    found = [path for path in folder.glob(f"*{SUFFIX}") if path.is_symlink() or path.is_file()]
    return sorted(found, key=lambda path: (path.lstat().st_mtime_ns, path.name))


def counts_up_to(histogram: Histogram, cuts: Sequence[float]) -> list[int]:
    """
    Count the values up to each classic bound, as an old reader wants them.

    A bound inside of a bucket gets the bucket's share below it, on the bucket's own scale, so the
    answer is off by a part of one bucket (9 % wide) at most. It never falls while values come in.
    """
    buckets = list(histogram.buckets())
    return [round(sum(_share(bucket, cut) * bucket.count for bucket in buckets)) for cut in cuts]


def _share(bucket: Any, cut: float) -> float:
    lower, upper = bucket.lower, bucket.upper
    if cut >= upper:
        return 1.0
    if cut <= lower:
        return 0.0
    if lower <= 0 <= upper:
        return float((cut - lower) / (upper - lower))
    from math import log

    return log(cut / lower) / log(upper / lower)


def _family(data: bytes, at: int) -> FamilySeen:
    fixed = FAMILY.unpack(data, at)
    cuts = struct.unpack_from(f"<{fixed['cut_count']}d", data, at + FAMILY.size)
    begin = at + FAMILY.size + 8 * len(cuts)
    count = 3 + fixed["label_count"] + fixed["state_count"]
    (name, help_text, unit, *rest), _ = unpack_strings(data, begin, count)
    return FamilySeen(
        number=fixed["number"],
        kind=Kind(fixed["kind"]),
        name=name,
        help=help_text,
        unit=unit,
        labels=tuple(rest[: fixed["label_count"]]),
        states=tuple(rest[fixed["label_count"] :]),
        cuts=cuts,
        signed=bool(fixed["two_sided"]),
        index_low=fixed["index_low"],
        bucket_count=fixed["bucket_count"],
        series_max=fixed["series_max"],
        refused_offset=fixed["refused_offset"],
    )


def _series(data: bytes, at: int, family: FamilySeen) -> SeriesSeen:
    fixed = SERIES.unpack(data, at)
    texts, _ = unpack_strings(data, at + SERIES.size, 2 * fixed["pair_count"])
    return SeriesSeen(
        number=fixed["number"],
        family=family,
        labels=Labels.from_pairs(zip(texts[::2], texts[1::2], strict=True)),
        value_offset=fixed["value_offset"],
        value_bytes=fixed["value_bytes"],
        created_ns=fixed["created_realtime_ns"],
        removed=bool(fixed["flags"] & REMOVED),
    )


def _head(header: Mapping[str, Any]) -> Head:
    return Head(
        service=_text(header["service"]),
        instance=_text(header["instance"]),
        writer=_text(header["writer"]),
        identity=Identity(
            header["pid"],
            header["process_start_ticks"],
            header["boot_id"],
            header["pid_namespace"],
        ),
        life=Life(header["life"]),
        created_ns=header["created_realtime_ns"],
        heartbeat_monotonic_ns=header["heartbeat_monotonic_ns"],
        promise_ns=header["heartbeat_promise_ns"],
        clock_monotonic_ns=header["clock_monotonic_ns"],
        clock_realtime_ns=header["clock_realtime_ns"],
        fields=header,
    )


def _text(data: bytes) -> str:
    return data.rstrip(b"\0").decode("utf-8", "replace")


def _cut_off(path: Path, there_bytes: int, wanted_bytes: int) -> RegionUnreadable:
    reason = f"it was cut off: {there_bytes:,} bytes of {wanted_bytes:,} are there"
    return RegionUnreadable(str(path), reason)


def _why_not_opened(path: Path, error: OSError) -> str:
    if isinstance(error, FileNotFoundError) and path.is_symlink():
        return "it was sealed and without a name, and its process is gone"
    return error.strerror or str(error)
