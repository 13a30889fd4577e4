"""
A region, written: its header, its directory and the cells that are handed out.

Everything here runs when something is declared or bound; the trading path runs in ``cells.py``.
The directory only grows. An entry is whole before ``directory_used`` says that it is there, so a
reader, and a post-mortem, never see half of one.
"""

import os
import struct
import time
from collections.abc import Sequence
from typing import Final, NamedTuple

from tapewatch.sdk.errors import RegionUnusable
from tapewatch.sdk.region.cells import Memory, clock_ns
from tapewatch.sdk.region.file import Place, RegionFile, create, prepare_folder
from tapewatch.sdk.region.identity import own_identity, writer_name
from tapewatch.sdk.region.layout import (
    ENTRY,
    FAMILY,
    HEADER,
    LINE_BYTES,
    MAGIC,
    NOTE,
    REMOVED,
    SERIES,
    VERSION,
    Drop,
    EntryType,
    Kind,
    Life,
    Sections,
    pack_entry,
    pack_strings,
    text_field,
)
from tapewatch.sdk.region.remains import remove_remains

_REMAINS_KEPT: Final = 4

Pairs = Sequence[tuple[str, str]]


class FamilyEntry(NamedTuple):
    """What the directory tells of an instrument."""

    kind: Kind
    name: str
    help: str
    unit: str
    labels: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    cuts: tuple[float, ...] = ()
    signed: bool = False
    index_low: int = 0
    bucket_count: int = 0
    series_max: int = 0


class Region:
    """The region of this process."""

    def __init__(self, sections: Sections, service: str, instance: str) -> None:
        self.sections = sections
        self.service = service
        self.instance = instance
        self.file: RegionFile | None = None
        self._shape = sections.header()
        self._directory_used = 0
        self._values_used = NOTE.size  # What is refused goes to the first bytes.
        self._counts = dict.fromkeys(EntryType, 0)
        self.memory = Memory(self._shape["region_bytes"])
        self._write_header()

    @property
    def place_of_refused(self) -> int:
        """Where handles write whose series could not be made: cells that nobody reads."""
        return self._shape["values_offset"]

    def open(self, place: Place) -> None:
        """Put a file behind the region, with what the region holds."""
        stem = f"{_plain(self.service)}-{own_identity().pid}"
        file = self._create(place, stem)
        self._adopt(file, self.memory.read(0, self.memory.size))

    def _create(self, place: Place, stem: str) -> RegionFile:
        prepare_folder(place)
        remove_remains(place.folder, keep=_REMAINS_KEPT)
        try:
            return create(place, stem, self.memory.size)
        except RegionUnusable:
            # What the dead left may be what fills the place.
            if not remove_remains(place.folder, keep=0):
                raise
            return create(place, stem, self.memory.size)

    def open_anew(self, place: Place) -> None:
        """Go on in a new file as the same instruments at zero: what a forked child does."""
        former, self.file = self.file, None
        directory = self.memory.read(self._shape["directory_offset"], self._directory_used)
        self.memory.detach(keep=False)
        if former is not None:
            _close(former)
        self._write_header()
        self.memory.write(self._shape["directory_offset"], directory)
        self.open(place)

    def _adopt(self, file: RegionFile, held: bytes) -> None:
        self.memory.replace(file.descriptor)
        self.memory.write(0, held)
        self.memory.store(HEADER.offset("life"), Life.LIVE)
        self.file = file

    def _write_header(self) -> None:
        identity = own_identity()
        self.memory.write(
            0,
            HEADER.pack(
                magic=MAGIC,
                version=VERSION,
                pid=identity.pid,
                process_start_ticks=identity.start_ticks,
                boot_id=identity.boot_id,
                pid_namespace=identity.namespace,
                created_realtime_ns=time.time_ns(),
                epoch=1,
                rewrites=1,
                directory_used=self._directory_used,
                values_used=self._values_used,
                service=text_field(self.service),
                instance=text_field(self.instance),
                writer=text_field(writer_name()),
                **self._shape,
            ),
        )
        self._write_clocks()

    def close(self) -> None:
        """Say that the end is wanted, and go on in private memory."""
        self.memory.store(HEADER.offset("life"), Life.CLOSED)
        self.memory.detach()
        if self.file is not None:
            _close(self.file)
            self.file = None

    def rename(self, service: str, instance: str) -> None:
        """Call the process by other names."""
        self.service, self.instance = service, instance
        self._begin_rewrite()
        for name, text in (("service", service), ("instance", instance)):
            field = HEADER.field(name)
            self.memory.write(field.offset, text_field(text).ljust(field.size, b"\0"))
        self._end_rewrite()

    def beat(self) -> None:
        """Say that the process runs."""
        self.memory.store(HEADER.offset("heartbeat_monotonic_ns"), clock_ns())
        self._write_clocks()

    def promise(self, interval_ns: int) -> None:
        """Promise to beat so often, so that its absence tells something; 0 promises nothing."""
        self.memory.store(HEADER.offset("heartbeat_promise_ns"), interval_ns)
        self.beat()

    def _write_clocks(self) -> None:
        sequence = self.memory.load(HEADER.offset("clock_sequence")) | 1
        self.memory.store(HEADER.offset("clock_sequence"), sequence)
        self.memory.store(HEADER.offset("clock_monotonic_ns"), clock_ns())
        self.memory.store(HEADER.offset("clock_realtime_ns"), time.time_ns())
        self.memory.store(HEADER.offset("clock_sequence"), sequence + 1)

    def family(self, told: FamilyEntry) -> tuple[int, int] | None:
        """Add an instrument: its number and where its refusals are counted; None without room."""
        refused = self.cells(8)
        if refused is None:
            return None
        fixed = {"kind": told.kind, "two_sided": told.signed, "label_count": len(told.labels)}
        fixed |= {"state_count": len(told.states), "cut_count": len(told.cuts)}
        fixed |= {"index_low": told.index_low, "bucket_count": told.bucket_count}
        fixed |= {"series_max": told.series_max, "refused_offset": refused}
        strings = (told.name, told.help, told.unit, *told.labels, *told.states)
        tail = struct.pack(f"<{len(told.cuts)}d", *told.cuts) + pack_strings(strings)
        number = self._number(EntryType.FAMILY)
        head = {"type": EntryType.FAMILY, "number": number}
        added = self._append(pack_entry(FAMILY.pack(**head, **fixed), tail))
        return (number, refused) if added is not None else None

    def series(self, family: int, pairs: Pairs, value_bytes: int) -> "SeriesPlace | None":
        """Add a series with a value of so many bytes; None without room."""
        value = self.cells(value_bytes)
        if value is None:
            return None
        fixed = SERIES.pack(
            type=EntryType.SERIES,
            number=self._number(EntryType.SERIES),
            family=family,
            value_offset=value,
            value_bytes=value_bytes,
            created_realtime_ns=time.time_ns(),
            pair_count=len(pairs),
        )
        strings = tuple(text for pair in pairs for text in pair)
        entry = self._append(pack_entry(fixed, pack_strings(strings)))
        return SeriesPlace(entry, value, value_bytes) if entry is not None else None

    def format(self, text: str) -> int | None:
        """Add a format of events and return its number; None without room."""
        number = self._number(EntryType.FORMAT)
        fixed = ENTRY.pack(type=EntryType.FORMAT, number=number)
        added = self._append(pack_entry(fixed, pack_strings((text,))))
        return number if added is not None else None

    def remove(self, place: "SeriesPlace") -> None:
        """Take a series out of what readers see; its place stays its own."""
        self._set_flags(place, REMOVED)

    def restore(self, place: "SeriesPlace") -> None:
        """Bring a removed series back, at zero and counting from now."""
        self.memory.write(place.value, bytes(place.value_bytes))
        self.memory.store(place.entry + SERIES.offset("created_realtime_ns"), time.time_ns())
        self._set_flags(place, 0)

    def _set_flags(self, place: "SeriesPlace", flags: int) -> None:
        self._begin_rewrite()
        self.memory.write(place.entry + ENTRY.offset("flags"), flags.to_bytes(2, "little"))
        self._end_rewrite()

    def cells(self, size: int) -> int | None:
        """Take ``size`` bytes of values; more than a cache line begins on a line of its own."""
        step = LINE_BYTES if size >= LINE_BYTES else 8
        begin = -(-self._values_used // step) * step
        if begin + size > self._shape["values_bytes"]:
            self.memory.drop(Drop.VALUES_FULL)
            return None
        self._values_used = begin + size
        self.memory.store(HEADER.offset("values_used"), self._values_used)
        return self._shape["values_offset"] + begin

    def _number(self, kind: EntryType) -> int:
        number = self._counts[kind]
        self._counts[kind] = number + 1
        return number

    def _append(self, entry: bytes) -> int | None:
        at = self._directory_used
        if at + len(entry) > self._shape["directory_bytes"]:
            self.memory.drop(Drop.DIRECTORY_FULL)
            return None
        self._directory_used = at + len(entry)
        place = self._shape["directory_offset"] + at
        self.memory.write(place, entry)
        self.memory.store(HEADER.offset("directory_used"), self._directory_used)
        self._raise("epoch")
        return place

    def _begin_rewrite(self) -> None:
        self.memory.store(HEADER.offset("in_progress"), 1)

    def _end_rewrite(self) -> None:
        self._raise("rewrites")
        self._raise("epoch")
        self.memory.store(HEADER.offset("in_progress"), 0)

    def _raise(self, name: str) -> None:
        at = HEADER.offset(name)
        self.memory.store(at, self.memory.load(at) + 1)


class SeriesPlace(NamedTuple):
    """Where a series lies: its entry and its value."""

    entry: int
    value: int
    value_bytes: int


def _close(file: RegionFile) -> None:
    if file.descriptor >= 0:
        os.close(file.descriptor)


def _plain(service: str) -> str:
    kept = [letter if letter.isalnum() or letter in "-_." else "_" for letter in service]
    return "".join(kept)[:64].lstrip(".") or "process"
