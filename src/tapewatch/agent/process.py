"""
One process, seen through its region.

The values are copied first and the header after them. When the header's epoch is still the one of
the plan, the directory was the plan's while the values were copied, and one small copy has told
both that and whether somebody waits for us in the ring. A directory that changes often is planned
again only now and then; until then the old plan is good for what it knows.
"""

import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple
from zlib import crc32

import numpy as np

from tapewatch.agent.finding import FileKey, Found
from tapewatch.agent.frame import Frame, Reading
from tapewatch.agent.plan import ExemplarHome, Plan, plan_of
from tapewatch.model.clock import Clock
from tapewatch.model.errors import TapewatchError
from tapewatch.model.labels import Labels
from tapewatch.model.samples import Exemplar
from tapewatch.sdk.errors import RegionUnreadable
from tapewatch.sdk.region.layout import ERROR, EXEMPLAR, HEADER, Drop
from tapewatch.sdk.region.reader import ErrorSeen, Head, Reader, Snapshot, Standing

UNREADABLE: Final = "unreadable"
READABLE_FAULTS: Final = (
    TapewatchError,
    OSError,
    ValueError,
    LookupError,
    MemoryError,
    ArithmeticError,
    struct.error,
)
"""What bytes that somebody else wrote may lead to; none of it may end the agent."""

REGION_MAX_BYTES: Final = 1 << 31
ENDED: Final = frozenset({Standing.CLOSED, Standing.DEAD})
UP: Final = frozenset({Standing.LIVE, Standing.QUIET})

_PLANNING_SHARE: Final = 10
"""Planning may take one part in so many of the time."""

_PULSE: Final = struct.Struct("<QQQQQQ")
_PULSE_AT: Final = HEADER.offset("epoch")
_RING_NEXT_AT: Final = HEADER.offset("ring_next")
_DROPS_AT: Final = HEADER.offset("drops")
_EXEMPLAR_TYPE: Final = np.dtype(
    {
        "names": ["sequence", "value_offset", "value", "realtime_ns", "trace_id", "span_id"],
        "formats": ["<u8", "<u8", "<f8", "<i8", "V16", "V8"],
        "offsets": [
            EXEMPLAR.offset(name)
            for name in ("sequence", "value_offset", "value", "realtime_ns", "trace_id", "span_id")
        ],
        "itemsize": EXEMPLAR.size,
    }
)


class ExemplarFound(NamedTuple):
    """An exemplar and the column of its histogram."""

    column: int
    exemplar: Exemplar


class Process:
    """A region while somebody looks at it."""

    def __init__(self, found: Found, clock: Clock) -> None:
        self.path: Path = found.path
        self.key: FileKey = found.key
        self.changed_ns = found.changed_ns
        self.standing: Standing | None = None
        """How the process is; None while its region cannot be read."""
        self.since_ns = clock.now_ns()
        """When this was first seen to be so."""
        self.fault = ""
        self.head: Head | None = None
        self.instance = ""
        """The instance as it is told: another process may have the same one."""
        self.readings = 0
        self.ring_next = 0
        self.missed_slots = 0
        self.errors: list[ErrorSeen] = []
        """The distinct errors, the newest first."""
        self._clock = clock
        self._reader: Reader | None = None
        self._frame: Frame | None = None
        self._epoch = -1
        self._header = bytearray(HEADER.size)
        self._plan_at_ns = 0
        self._error_count = 0
        self._errors_counted: dict[tuple[str, int], int] = {}
        self._errors_check = 0
        self._exemplars_ms: dict[int, int] = {}

    def open(self) -> bool:
        """Look whether it is a region, and how its process is."""
        try:
            self._reader = self._reader or Reader(self.path)
        except RegionUnreadable as fault:
            self._note(fault)
            return False
        return self.look() is not None

    def _size_bytes(self) -> int | None:
        # Somebody may have taken the name away; the file that is open is still there.
        try:
            return self.path.stat().st_size
        except OSError:
            return None

    @property
    def service(self) -> str:
        """The service, as the process calls itself."""
        return self.head.service if self.head else ""

    @property
    def identity(self) -> dict[str, str]:
        """What is added to every series of the process."""
        return {"service": self.service, "instance": self.instance}

    @property
    def state(self) -> str:
        """How the process is, in one word."""
        return self.standing.value if self.standing else UNREADABLE

    @property
    def up(self) -> bool:
        """Whether the process runs and does what it promised."""
        return self.standing in UP

    @property
    def ended(self) -> bool:
        """Whether nothing will be written any more."""
        return self.standing in ENDED

    @property
    def plan(self) -> Plan | None:
        """The columns at present."""
        return self._frame.plan if self._frame else None

    @property
    def last_seen_ns(self) -> int:
        """When the process is known to have run: its last beat, or the beginning."""
        if self.head is None:
            return 0
        beat_ns = self.head.heartbeat_monotonic_ns
        beaten_ns = self.head.realtime_ns(beat_ns) if beat_ns else 0
        return max(beaten_ns, self.head.created_ns)

    def look(self) -> Standing | None:
        """See how the process is."""
        if self._reader is None:
            return None
        try:
            self.head = self._reader.head()
            _check_room(self.path, self.head.fields, self._size_bytes())
            self.instance = self.instance or self.head.instance
            standing = self.head.standing(self._clock.monotonic_ns())
            self._count_errors(self._reader, self.head.fields)
        except READABLE_FAULTS as fault:
            self._note(fault)
            return None
        if standing is not self.standing:
            self.standing, self.since_ns = standing, self._clock.now_ns()
        self.fault = ""
        return standing

    def read(self) -> Reading | None:
        """Take the numbers; None where they cannot be read, and then ``fault`` says why."""
        if self._reader is None:
            return None
        try:
            reading = self._read(self._reader)
        except READABLE_FAULTS as fault:
            self._note(fault)
            return None
        self.readings += 1
        return reading

    def _read(self, reader: Reader) -> Reading:
        if self._frame is None:
            self._frame = self._planned(reader)
        self._fill(reader, self._frame)
        epoch, changing, *_ = _PULSE.unpack_from(self._header, _PULSE_AT)
        now_ns = self._clock.monotonic_ns()
        if (epoch != self._epoch or changing) and now_ns >= self._plan_at_ns:
            self._frame = self._planned(reader)
            self._fill(reader, self._frame)
            took_ns = self._clock.monotonic_ns() - now_ns
            self._plan_at_ns = now_ns + _PLANNING_SHARE * took_ns
        (self.ring_next,) = struct.unpack_from("<Q", self._header, _RING_NEXT_AT)
        drops = np.frombuffer(self._header, np.uint64, len(Drop), _DROPS_AT)
        own = (*drops.tolist(), self._error_count, self.missed_slots)
        return self._frame.read(self._clock.now_ns() // 1_000_000, own)

    def _fill(self, reader: Reader, frame: Frame) -> None:
        assert self.head is not None
        reader.fill(self.head.fields["values_offset"], frame.buffer)
        reader.fill(0, memoryview(self._header))

    def _planned(self, reader: Reader) -> Frame:
        snapshot = reader.snapshot()
        self.head = snapshot.head
        _check_room(self.path, snapshot.head.fields, None)
        self._epoch = snapshot.head.fields["epoch"]
        plan = plan_of(snapshot.directory, snapshot.head.fields, self.identity)
        return Frame(plan)

    def call(self, instance: str) -> None:
        """Tell the process under another instance from now on."""
        if instance != self.instance:
            self.instance, self._frame, self._epoch = instance, None, -1

    def snapshot(self) -> Snapshot | None:
        """Copy everything there is, the slow and simple way."""
        if self._reader is None:
            return None
        try:
            return self._reader.snapshot()
        except READABLE_FAULTS as fault:
            self._note(fault)
            return None

    @property
    def reader(self) -> Reader | None:
        """What reads the file; None before it was opened and after it was closed."""
        return self._reader

    def heartbeat_ns(self) -> int:
        """When the process last said that it runs, in Unix time; 0 where it never did."""
        beat_ns = self.head.heartbeat_monotonic_ns if self.head else 0
        return self.head.realtime_ns(beat_ns) if self.head and beat_ns else 0

    @property
    def beats(self) -> bool:
        """Whether the process promised a heartbeat, and has not ended on purpose."""
        head = self.head
        return head is not None and head.promise_ns > 0 and self.standing is not Standing.CLOSED

    @property
    def drops(self) -> dict[str, int]:
        """How often each reason dropped something, without those that never did."""
        told = np.frombuffer(self._header, np.uint64, len(Drop), _DROPS_AT).tolist()
        return {reason.name.lower(): told[reason] for reason in Drop if told[reason]}

    def _count_errors(self, reader: Reader, header: Mapping[str, Any]) -> None:
        """Add what is new in the log of errors: a slot that is used again must not count back."""
        slots = bytearray(header["errors_slots"] * ERROR.size)
        reader.fill(header["errors_offset"], memoryview(slots))
        check = crc32(slots)
        if check == self._errors_check:
            return
        self.errors = reader.errors()
        counted = {(error.text, error.first_ns): error.count for error in self.errors}
        for key, count in counted.items():
            self._error_count += max(count - self._errors_counted.get(key, 0), 0)
        self._errors_counted, self._errors_check = counted, check

    def exemplars(self) -> list[ExemplarFound]:
        """Read the exemplars that are there, of histograms in the plan."""
        plan, reader, head = self.plan, self._reader, self.head
        if plan is None or reader is None or head is None or not plan.exemplar_homes:
            return []
        slots = bytearray(head.fields["exemplars_slots"] * EXEMPLAR.size)
        try:
            reader.fill(head.fields["exemplars_offset"], memoryview(slots))
        except READABLE_FAULTS as fault:
            self._note(fault)
            return []
        return list(_exemplars(slots, plan.exemplar_homes))

    def new_exemplars(self) -> list[ExemplarFound]:
        """Read the exemplars that were not there the last time."""
        fresh = []
        for column, exemplar in self.exemplars():
            time_ms = exemplar.timestamp_ms or 0
            if time_ms > self._exemplars_ms.get(column, 0):
                fresh.append(ExemplarFound(column, exemplar))
        for column, exemplar in fresh:
            latest = max(self._exemplars_ms.get(column, 0), exemplar.timestamp_ms or 0)
            self._exemplars_ms[column] = latest
        return fresh

    def close(self) -> None:
        """Let go of the file; what is known stays."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _note(self, fault: BaseException) -> None:
        told = fault.reason if isinstance(fault, RegionUnreadable) else f"{fault}"
        self.fault = told or type(fault).__name__
        if self.standing is not None:
            self.standing, self.since_ns = None, self._clock.now_ns()


def _check_room(path: Path, header: Mapping[str, Any], size_bytes: int | None) -> None:
    """Refuse a header that promises more than there can be, before memory is asked for."""
    size = header["region_bytes"]
    if size > REGION_MAX_BYTES or (size_bytes is not None and size_bytes < size):
        raise RegionUnreadable(str(path), f"it says that it has {size:,} bytes")
    for section, room in (
        ("directory", header["directory_bytes"]),
        ("values", header["values_bytes"]),
        ("errors", header["errors_slots"] * 512),
        ("exemplars", header["exemplars_slots"] * EXEMPLAR.size),
        ("ring", header["ring_slots"] * 64),
    ):
        if header[f"{section}_offset"] + room > size:
            raise RegionUnreadable(str(path), f"its {section} would lie beyond its end")
    for section in ("directory", "values"):
        if header[f"{section}_used"] > header[f"{section}_bytes"]:
            raise RegionUnreadable(str(path), f"its {section} would be more than full")


def _exemplars(slots: bytearray, homes: Mapping[int, ExemplarHome]) -> Iterator[ExemplarFound]:
    table = np.frombuffer(slots, _EXEMPLAR_TYPE)
    whole = table[(table["sequence"] > 0) & (table["sequence"] % 2 == 0)]
    for slot in whole:
        home = homes.get(int(slot["value_offset"]))
        if home is not None:
            ids = {"trace_id": bytes(slot["trace_id"]).hex()}
            span_id = bytes(slot["span_id"])
            if any(span_id):
                ids["span_id"] = span_id.hex()
            time_ms = int(slot["realtime_ns"]) // 1_000_000
            value = float(slot["value"])
            yield ExemplarFound(home.column_of(value), Exemplar(Labels.of(ids), value, time_ms))
